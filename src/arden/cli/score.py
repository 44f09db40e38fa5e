"""`arden score RUN DATA`: ln p of every row or string, or of every symbol of a text or a sound."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from arden.cli.common import BatchSize, DataDir, Device, Json, Overwrite, SplitName
from arden.cli.whole_number import WHOLE

__all__ = ["score"]


def score(
    run: Path,
    data: str,
    /,
    *,
    out: Path | None = None,
    picture: Path | None = None,
    split: SplitName = None,
    unit: Literal["nats", "bits_per_dim"] = "nats",
    complete_rows: bool = False,
    batch_size: BatchSize = None,
    overwrite: Overwrite = False,
    data_dir: DataDir = None,
    device: Device = "auto",
    engine: Literal["plain", "ray"] = "plain",
    workers: Annotated[int | None, WHOLE] = None,
    json: Json = False,
) -> int:
    """ln p(x) of every row or string, by a fitted model; of texts and sounds, of every symbol.

    Parameters
    ----------
    run
        A run directory written by arden fit.
    data
        A data set or file that follows the schema stored with the model.
    out
        Write one number per row (of texts and sounds: per symbol) to this .csv or .npz; the .csv
        holds the strings as well.
    picture
        Write the surprise of every pixel of the first rows, or of the first symbols, to this .png.
    unit
        Of the numbers: nats (ln p) or bits_per_dim (−log2 p per scalar).
    complete_rows
        Leave out the rows that have a missing cell; they are counted, and nan in --out. Otherwise
        the score of such a row is ln p of what it holds, where the model can tell it.
    engine
        Who scores rows: this command itself, divided among its processes under torchrun, or the
        workers of Ray, on this machine or the cluster that RAY_ADDRESS names. Same numbers.
    workers
        How many workers of Ray, one CPU each; all that it has when not given.
    """
    # Imported here, so that --help does not wait for torch.
    from arden.cli.outputs import claim_output
    from arden.cli.runs import open_run
    from arden.cli.score_divided import check_divisible, score_divided
    from arden.cli.score_documents import score_documents
    from arden.cli.score_rows import FirstRows, report_rows
    from arden.cli.score_strings import score_strings
    from arden.data.reading import read_chunks, read_windows
    from arden.engines.arrow_batches import RowSource
    from arden.engines.row_scores import ScoringOptions, score_here
    from arden.errors import InputError
    from arden.tasks.score import chunk_rows
    from arden.training.device import resolve_device
    from arden.training.world import joined

    claim_output(out, (".csv", ".npz"), overwrite)
    claim_output(picture, (".png",), overwrite, "picture")
    for name, number in (("batch_size", batch_size), ("workers", workers)):
        if number is not None and number < 1:
            raise InputError(f"{name}: expected at least 1, got {number}")
    if workers is not None and engine != "ray":
        raise InputError("workers: expected --engine ray beside it, got the plain engine")
    with joined(resolve_device(device)) as (world, where):
        model, schema = open_run(run, str(where), "score")
        divided = engine == "ray" or world.size > 1
        if divided:
            check_divisible(schema, world, engine, picture)
        if picture and schema.kind == "table":
            raise InputError(f"picture: expected a model of images, got one of {schema.kind} rows")
        size = batch_size or chunk_rows(model, schema.num_variables)
        # Whole batches, so that every row is scored in the batch it would be in anyway.
        most_rows = size * max(1, min(_MOST_ROWS, _MOST_NUMBERS // schema.num_variables) // size)
        labels = model.context_size > 0
        options = ScoringOptions(size, complete_rows)
        if divided:
            rows = RowSource(data, schema, most_rows, split, labels, data_dir)
            return score_divided(
                run, model, rows, options, world, workers, unit=unit, out=out, json=json
            )
    found = (
        read_windows(data, schema, split=split, with_labels=labels, data_dir=data_dir)
        if schema.is_sequence
        else None
    )
    if found is not None:
        return score_documents(
            model, schema, *found, most_rows, size, unit=unit, out=out, picture=picture, json=json
        )
    if picture and schema.is_sequence:
        raise InputError(f"picture: expected a {schema.kind} file, got rows of numbers")
    chunks = read_chunks(
        data, schema, most_rows, split=split, with_labels=labels, data_dir=data_dir
    )
    if schema.end is not None:
        return score_strings(
            model, schema, chunks, size, unit=unit, out=out, picture=picture, json=json
        )
    first = FirstRows(model, complete_rows)
    seen = first.seen(chunks) if picture else chunks
    return report_rows(
        score_here(model, seen, options),
        schema,
        unit=unit,
        out=out,
        json=json,
        complete_rows=complete_rows,
        picture=(picture, first) if picture else None,
    )


_MOST_ROWS = 4096
_MOST_NUMBERS = 2**22  # 32 MB of float64
