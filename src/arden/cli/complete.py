"""`arden complete RUN DATA --out FILE`: what is missing in every row, drawn given the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from arden.cli.common import DataDir, Device, Json, Overwrite, SplitName
from arden.cli.whole_number import WHOLE

__all__ = ["complete"]


def complete(
    run: Path,
    data: str,
    /,
    *,
    out: Path,
    mask: str | None = None,
    number: Annotated[int, Parameter(name=["--number", "-n"]), WHOLE] = 1,
    rows: Annotated[int | None, WHOLE] = None,
    greedy: bool = False,
    candidates: Annotated[int, WHOLE] = 64,
    seed: Annotated[int | None, WHOLE] = None,
    picture: Path | None = None,
    split: SplitName = None,
    label: str | None = None,
    longest: Annotated[int | None, WHOLE] = None,
    overwrite: Overwrite = False,
    data_dir: DataDir = None,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """What is missing in every row, drawn from p(missing | the rest); says whether exactly.

    Parameters
    ----------
    run
        A run directory written by arden fit.
    data
        A data set or file that follows the schema stored with the model; cells may be missing.
    out
        Write the completed rows to this .npz, .npy or .csv, strings and texts also to a .txt,
        sounds to a .wav, images to a .png (as --picture). Of a table's file a .csv or a .parquet
        is the same table with its gaps filled.
    mask
        What is hidden and to be filled, besides what is missing: lower-half, upper-half, left-half,
        right-half (of images), random:0.5 (that share of each row), after:20 (all but the first
        20 values), columns:age,sex (of a table), or a .npy, .npz or .png file.
    number
        How many completions of every row.
    rows
        How many rows, the first ones; all when not given.
    greedy
        The most likely value at every step instead of a draw.
    candidates
        How many walks are weighed for one row, where it cannot be completed exactly.
    seed
        The same seed hides and draws the same; without one they differ every time.
    picture
        Write what is observed, the completions and the originals of the first rows to this .png.
    label
        The class of all rows, for a class-conditional model; those of the data when not given.
    longest
        Of strings: how many symbols one may have, the end included.
    """
    # Imported here, so that --help does not wait for torch.
    from arden.cli.complete_rows import Asked, complete_rows
    from arden.cli.outputs import claim_output
    from arden.cli.runs import open_run
    from arden.data.reading import read_chunks, read_tables
    from arden.data.spelling import most_steps
    from arden.errors import InputError

    claim_output(out, (".npz", ".npy", ".csv", ".parquet", ".png", ".txt", ".wav"), overwrite)
    claim_output(picture, (".png",), overwrite, "picture")
    for name, given in (("number", number), ("rows", rows)):
        if given is not None and given < 1:
            raise InputError(f"{name}: expected at least 1, got {given}")
    model, schema = open_run(run, device, "complete")
    own = {"text": (".txt",), "strings": (".txt",), "audio": (".wav",), "image": (".png",)}
    fitting = (".npz", ".npy", ".csv", *own.get(schema.kind, ()))
    fitting = (*fitting, ".parquet") if schema.by_column else fitting
    if out.suffix not in fitting:
        what = "strings" if schema.end is not None else f"{schema.kind} rows"
        raise InputError(f"out: expected {', '.join(fitting)} for {what}, got {out.suffix}")
    if picture and schema.kind != "image":
        raise InputError(f"picture: expected a model of images, got one of {schema.kind} rows")
    labels = model.context_size > 0 and label is None
    chunks = read_chunks(
        data, schema, _MOST_ROWS, split=split, with_labels=labels, data_dir=data_dir
    )
    asked = Asked(mask, number, rows, greedy, candidates, seed, label, most_steps(longest, schema))
    tables = read_tables(data, schema, _MOST_ROWS, split=split)
    return complete_rows(
        model, schema, chunks, tables, asked, data, out=out, picture=picture, json=json
    )


_MOST_ROWS = 256
