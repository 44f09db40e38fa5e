"""`arden score RUN DATA`: ln p of every row or string, or of every symbol of a text or a sound."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from arden.cli.common import BatchSize, DataDir, Device, Json, Overwrite, SplitName

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
    """
    # Imported here, so that --help does not wait for torch.
    from arden.cli.outputs import claim_output
    from arden.cli.runs import open_run
    from arden.cli.score_documents import score_documents
    from arden.cli.score_rows import score_rows
    from arden.cli.score_strings import score_strings
    from arden.data.reading import read_chunks, read_windows
    from arden.errors import InputError
    from arden.tasks.score import chunk_rows

    claim_output(out, (".csv", ".npz"), overwrite)
    claim_output(picture, (".png",), overwrite, "picture")
    model, schema = open_run(run, device, "score")
    if picture and schema.kind == "table":
        raise InputError(f"picture: expected a model of images, got one of {schema.kind} rows")
    if batch_size is not None and batch_size < 1:
        raise InputError(f"batch_size: expected at least 1, got {batch_size}")
    size = batch_size or chunk_rows(model, schema.num_variables)
    # Whole batches, so that every row is scored in the batch it would be in anyway.
    most_rows = size * max(1, min(_MOST_ROWS, _MOST_NUMBERS // schema.num_variables) // size)
    labels = model.context_size > 0
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
    return score_rows(
        model,
        schema,
        chunks,
        size,
        unit=unit,
        out=out,
        picture=picture,
        json=json,
        complete_rows=complete_rows,
    )


_MOST_ROWS = 4096
_MOST_NUMBERS = 2**22  # 32 MB of float64
