"""`arden score RUN DATA`: ln p of every row of a file."""

from __future__ import annotations

import json as json_module
import math
from pathlib import Path
from typing import Annotated, Literal

from arden.cli.whole_number import WHOLE
from arden.errors import InputError

__all__ = ["score"]

_PICTURED = 16


def score(
    run: Path,
    data: str,
    /,
    *,
    out: Path | None = None,
    picture: Path | None = None,
    split: Literal["train", "valid", "test"] | None = None,
    unit: Literal["nats", "bits_per_dim"] = "nats",
    batch_size: Annotated[int | None, WHOLE] = None,
    overwrite: bool = False,
    data_dir: Path | None = None,
    device: str = "auto",
    json: bool = False,
) -> int:
    """ln p(x) of every row, by a fitted model.

    Parameters
    ----------
    run
        A run directory written by arden fit.
    data
        A data set or file that follows the schema stored with the model.
    out
        Write one number per row to this .csv or .npz.
    picture
        Write the surprise of every pixel of the first rows to this .png.
    split
        Which rows of a data set that has splits; test when not given.
    unit
        Of the numbers: nats (ln p) or bits_per_dim (−log2 p per scalar).
    batch_size
        Rows at a time; only memory depends on it.
    overwrite
        Replace files that are there.
    data_dir
        Where named data sets lie; ARDEN_DATA when not given.
    device
        auto, cpu or cuda.
    json
        Print JSON, and nothing else, on standard output.
    """
    # Imported here, so that --help does not wait for torch.
    from rich.console import Console
    from rich.table import Table

    from arden.cli.outputs import claim_output, say_where, write_columns
    from arden.cli.runs import open_run
    from arden.data import read_rows
    from arden.plots.conditionals_map import conditionals_map
    from arden.storage.plain import without_nan
    from arden.tasks.score import score as score_rows
    from arden.tasks.score import score_conditionals
    from arden.training.context import class_context

    claim_output(out, (".csv", ".npz"), overwrite)
    claim_output(picture, (".png",), overwrite, "picture")
    model, schema = open_run(run, device)
    if picture and schema.kind != "image":
        raise InputError(f"picture: expected a model of images, got one of {schema.kind} rows")
    rows = read_rows(
        data, schema, split=split, with_labels=model.context_size > 0, data_dir=data_dir
    )
    context = class_context(rows, model.context_size)
    log_prob = score_rows(model, rows.values, context, rows.observed, batch_size=batch_size)
    scale = 1.0 if unit == "nats" else -1.0 / (schema.num_variables * math.log(2))
    values = log_prob * scale
    name = "log_prob" if unit == "nats" else "bits_per_dim"
    if out:
        write_columns(out, {name: values.numpy()})
    if picture:
        first = rows.values[:_PICTURED]
        some = None if context is None else context[:_PICTURED]
        surprise = score_conditionals(model, first, some)
        conditionals_map(surprise, first, picture, num_symbols=schema.num_symbols)
    error = (values.std() / math.sqrt(len(values))).item() if len(values) > 1 else math.nan
    summary = {
        "rows": len(values),
        f"mean_{name}": values.mean().item(),
        "standard_error": error,
        f"least_{name}": values.min().item(),
        f"most_{name}": values.max().item(),
    }
    if json:
        print(json_module.dumps(without_nan(summary)))
        return 0
    table = Table(title=f"{name} of {len(values):,} rows ({unit.replace('_', ' ')})")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_row("mean ± standard error", f"{values.mean().item():.4f} ± {error:.4f}")
    table.add_row("least", f"{values.min().item():.4f} (row {int(values.argmin())})")
    table.add_row("most", f"{values.max().item():.4f} (row {int(values.argmax())})")
    Console().print(table)
    for path in filter(None, (out, picture)):
        say_where("Written", path)
    return 0
