"""`arden classify RUN DATA`: p(class | row) of every row, string, text or sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from arden.cli.common import BatchSize, DataDir, Device, Json, Overwrite, SplitName
from arden.cli.whole_number import WHOLE

__all__ = ["classify"]


def classify(
    run: Path,
    data: str,
    /,
    *,
    out: Path | None = None,
    picture: Path | None = None,
    progressive: Path | None = None,
    row: Annotated[int, WHOLE] = 0,
    column: str | None = None,
    observed_first: bool = False,
    prior: str = "training",
    per: Literal["document", "window"] | None = None,
    split: SplitName = None,
    batch_size: BatchSize = None,
    overwrite: Overwrite = False,
    data_dir: DataDir = None,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Which class every row is of, by Bayes, from a model of p(row | class) or of a whole table.

    Parameters
    ----------
    run
        A run directory written by arden fit, with --condition label unless a column is named.
    data
        A data set or file that follows the schema stored with the model. Its own classes, where it
        has them, are only compared with those found.
    out
        Write the class of every row and ln p of each class (nats) to this .csv or .npz.
    picture
        Write the confusion of the true classes with those found to this .png.
    progressive
        Write how the posterior of one row changes with every value read to this .png.
    row
        Which row (of texts and sounds: which window) that picture shows, counted from 0.
    column
        The variable that is the class, by its name or its place counted from 0, for a model of
        p(row, class) fitted without classes.
    observed_first
        With a column, of an any-order model: by the order that visits the column last.
    prior
        Of the classes: as in training, uniform, or their weights with commas between them.
    per
        Of texts and sounds: a class for each document (the default), or for each window.
    """
    # Imported here, so that --help does not wait for torch.
    from arden.cli.classify_pieces import Asked, classes_of, pieces_of_documents, pieces_of_rows
    from arden.cli.classify_report import Report, draw_progressive
    from arden.cli.outputs import ColumnFile, claim_output, say_where
    from arden.cli.reading import ReadingDisplay
    from arden.cli.runs import open_run
    from arden.data.reading import read_chunks, read_windows
    from arden.errors import InputError
    from arden.tasks.classify import class_log_prior

    claim_output(out, (".csv", ".npz"), overwrite)
    claim_output(picture, (".png",), overwrite, "picture")
    claim_output(progressive, (".png",), overwrite, "progressive")
    model, schema = open_run(run, device, "classify")
    place, names = classes_of(model, schema, column)
    if progressive and place is not None:
        raise InputError("progressive: expected a model fitted with --condition label, no column")
    if prior != "training" and place is not None:
        raise InputError("prior: expected none with a column, whose own the joint model has")
    weights = None if prior == "training" else _weights(prior, len(names))
    if place is None:
        class_log_prior(model, weights)  # refused before anything is read
    asked = Asked(model, weights, place, observed_first, batch_size)
    how: dict[str, Any] = {"split": split, "data_dir": data_dir, "with_labels": place is None}
    found = read_windows(data, schema, **how) if schema.is_sequence else None
    if per is not None and found is None:
        raise InputError(f"per: expected a text or a sound, got rows of kind {schema.kind}")
    if found is None:
        chunks = read_chunks(data, schema, _MOST_ROWS, **how)
        pieces, unit = pieces_of_rows(asked, chunks, row), schema.unit if schema.end else "row"
    else:
        unit = per or "document"
        pieces = pieces_of_documents(asked, *found, row, _MOST_ROWS, whole=unit == "document")
    report = Report(names, unit)
    with ColumnFile(out) as file, ReadingDisplay("classify", unit) as display:
        for piece in pieces:
            file.add(report.take(piece, as_table=out is not None and out.suffix == ".csv"))
            display.show(piece.share, report.count)
        if report.count:
            file.put_beside("classes", report.names)
    source = f"{data}:{split}" if split and not data.endswith(f":{split}") else data
    if picture:
        if not report.judged:
            raise InputError("picture: expected data whose classes are known, to compare them")
        from arden.plots.confusion import confusion  # which takes a second

        confusion(report.judge.confusion, names, picture, f"Classes found in {source}")
    if progressive:
        draw_progressive(asked, schema, report.shown(row), progressive, f"Row {row} of {source}")
    report.tell(source, json=json)
    if not json:
        for path in filter(None, (out, picture, progressive)):
            say_where("Written", path)
    return 0


_MOST_ROWS = 1024


def _weights(prior: str, size: int) -> list[float]:
    from arden.errors import InputError

    if prior == "uniform":
        return [1.0] * size
    try:
        return [float(weight) for weight in prior.split(",")]
    except ValueError:
        raise InputError(
            f"prior: expected training, uniform or {size} weights with commas, got {prior!r}"
        ) from None
