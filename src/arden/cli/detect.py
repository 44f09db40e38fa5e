"""`arden detect RUN DATA --out FILE`: which rows are not like the normal ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from arden.cli.common import BatchSize, DataDir, Device, Json, Overwrite, SplitName
from arden.cli.whole_number import WHOLE

__all__ = ["detect"]


def detect(
    run: Path,
    data: str,
    /,
    *,
    out: Path,
    calibrate: str | None = None,
    false_alarms: float = 0.01,
    score: Literal["likelihood", "ratio", "typicality", "complexity"] = "likelihood",
    background: Path | None = None,
    classes: Literal["given", "mixture", "max"] = "given",
    per: Literal["document", "window"] | None = None,
    group: Annotated[int, WHOLE] = 1,
    explain: Annotated[int, WHOLE] = 3,
    picture: Path | None = None,
    split: SplitName = None,
    batch_size: BatchSize = None,
    overwrite: Overwrite = False,
    data_dir: DataDir = None,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Flag the rows that are not like normal ones, at a guaranteed false-alarm rate.

    Parameters
    ----------
    run
        A run directory written by arden fit, of a model of normal data.
    data
        The rows to judge: a data set or file that follows the schema stored with the model.
    out
        Write score, p-value, flag and the most surprising variables of every row to this .csv, or
        .npz.
    calibrate
        Normal rows that the model was not fitted to: a data set or file. The validation rows of the
        named set that the model was fitted to, when not given.
    false_alarms
        The share of normal rows that may be flagged.
    score
        likelihood (ln p), ratio (ln p − ln p of a background), typicality (|ln p + entropy|), or
        complexity (ln p + bits of a compressor).
    background
        For a ratio: the run of a background model (arden fit … --mutate 0.2).
    classes
        Of a class-conditional model: the class each row is given with, a mixture over all classes,
        or the class that gives it most.
    per
        Of texts and sounds: a p-value for each window (the default), or for each document.
    group
        Rows judged together, by their mean; consecutive rows make a group.
    explain
        How many of the most surprising variables of every row are written; 0 for none.
    picture
        Write the most suspicious rows, and what is surprising in them, to this .png.
    """
    # Imported here, so that --help does not wait for torch.
    import json as json_module

    from arden.cli.detect_documents import JudgedDocuments, document_scores
    from arden.cli.detect_report import guarantee, note_on, summary_of
    from arden.cli.detect_rows import Judged, Rows, normal_scores
    from arden.cli.outputs import claim_output, say_where
    from arden.cli.runs import open_run
    from arden.errors import InputError
    from arden.tasks.detect import Detector
    from arden.tasks.normality import check_score

    claim_output(out, (".csv", ".npz"), overwrite)
    claim_output(picture, (".png",), overwrite, "picture")
    if group < 1 or explain < 0:
        raise InputError(f"group, explain: expected ≥ 1 and ≥ 0, got {group} and {explain}")
    if picture and group > 1:
        raise InputError("picture: expected single rows to show, got groups of them")
    if batch_size is not None and batch_size < 1:
        raise InputError(f"batch_size: expected at least 1, got {batch_size}")
    model, schema = open_run(run, device, "detect")
    check_score(score, background)
    if per is not None and not schema.is_sequence:
        raise InputError(f"per: expected a text or a sound, got rows of kind {schema.kind}")
    other = None if background is None else open_run(background, device, "detect")[0]
    detector = Detector(
        model, score=score, background=other, classes=classes, batch_size=batch_size
    )
    labels = classes == "given" and bool(
        model.context_size or (other is not None and other.context_size)
    )
    normal, note = note_on(run, calibrate)
    normal_rows = Rows(normal, schema, labels, None, data_dir)
    whole = per == "document"
    if whole:
        ranked = document_scores(detector, normal_rows, "calibrate")[-1]
    else:
        ranked = normal_scores(detector, normal_rows)
    detector = detector.ranking(ranked, group)
    assert detector.calibration is not None
    detector.calibration.threshold(false_alarms)  # refused before more work is done
    judged: Judged | JudgedDocuments
    if whole:
        judged = JudgedDocuments(detector, schema, false_alarms, picture)
    else:
        judged = Judged(detector, schema, false_alarms, explain, picture)
    judged.read(Rows(data, schema, labels, split, data_dir), out)
    found = summary_of(judged, detector.calibration, false_alarms, score, normal)
    if json:
        print(json_module.dumps(found))
        return 0
    unit = (per or "window") if schema.is_sequence else "row"
    for line in guarantee(found, note, unit):
        print(line)
    say_where("Written", out)
    if picture:
        say_where("Written", picture)
    return 0
