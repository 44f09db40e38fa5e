"""`arden represent RUN DATA --out FILE`: the features of every row of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from arden.cli.common import BatchSize, DataDir, Device, SplitName

__all__ = ["represent"]

_MOST_ROWS = 4096


def represent(
    run: Path,
    data: str,
    /,
    *,
    out: Path,
    pool: Literal["mean", "last"] | None = None,
    split: SplitName = None,
    batch_size: BatchSize = None,
    overwrite: bool = False,
    data_dir: DataDir = None,
    device: Device = "auto",
) -> int:
    """The features of every row: an encoder's code, or an exact model's hidden units.

    Parameters
    ----------
    run
        A run directory written by arden fit, of a model with an encoder or with hidden units.
    data
        A data set or file that follows the schema stored with the model.
    out
        Write the features to this .npz (an array of rows and features) or .csv (a column each).
    pool
        Of an exact model, whose units belong to steps or pixels: their mean, or the last, which has
        seen most; each network has its own way when not given.
    overwrite
        Replace the file that is there.
    """
    # Imported here, so that --help does not wait for torch.
    from arden.cli.outputs import ColumnFile, claim_output, say_where
    from arden.cli.reading import ReadingDisplay
    from arden.cli.runs import open_any_run
    from arden.data.reading import read_chunks
    from arden.tasks.represent import represent as represent_rows
    from arden.training.context import class_context

    claim_output(out, (".csv", ".npz"), overwrite)
    model, schema = open_any_run(run, device, "represent")
    labels, count, width = model.context_size > 0, 0, 0
    chunks = read_chunks(
        data, schema, _MOST_ROWS, split=split, with_labels=labels, data_dir=data_dir
    )
    with ColumnFile(out) as file, ReadingDisplay("represent", "row") as display:
        for rows, share in chunks:
            context = class_context(rows, model.context_size)
            features = represent_rows(
                model, rows.values, context, rows.observed, pool=pool, batch_size=batch_size
            ).numpy()
            count, width = count + len(features), features.shape[1]
            columns = {f"h{place}": features[:, place] for place in range(width)}
            file.add({"features": features} if out.suffix == ".npz" else columns)
            display.show(share, count)
    print(f"{width} features of {count:,} rows")
    say_where("Written", out)
    return 0
