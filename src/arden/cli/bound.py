"""`arden bound RUN DATA`: what ln p of every row is at least, where it cannot be computed."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated, Literal

from arden.cli.whole_number import WHOLE

__all__ = ["bound"]

_MOST_ROWS = 4096


def bound(
    run: Path,
    data: str,
    /,
    *,
    samples: Annotated[int, WHOLE] = 64,
    out: Path | None = None,
    split: Literal["train", "valid", "test"] | None = None,
    seed: Annotated[int, WHOLE] = 0,
    batch_size: Annotated[int | None, WHOLE] = None,
    overwrite: bool = False,
    data_dir: Path | None = None,
    device: str = "auto",
    json: bool = False,
) -> int:
    """A lower bound on ln p(x) of every row: that of importance weighting, in nats.

    Parameters
    ----------
    run
        A run directory written by arden fit, of a model whose ln p(x) cannot be computed.
    data
        A data set or file that follows the schema stored with the model.
    samples
        Draws of the latent variables per row: more of them give a higher bound.
    out
        Write one number per row to this .csv or .npz.
    split
        Which rows of a data set that has splits; test when not given.
    seed
        Of those draws.
    batch_size
        Rows at a time; only memory depends on it.
    overwrite
        Replace the file that is there.
    data_dir
        Where named data sets lie; ARDEN_DATA when not given.
    device
        auto, cpu or cuda.
    json
        Print JSON, and nothing else, on standard output.
    """
    # Imported here, so that --help does not wait for torch.
    from rich.console import Console
    from torch import Generator

    from arden.cli.outputs import ColumnFile, claim_output, say_where
    from arden.cli.reading import ReadingDisplay
    from arden.cli.running import Running
    from arden.cli.runs import open_any_run
    from arden.data.reading import read_chunks
    from arden.tasks.bound import bound as bound_rows
    from arden.training.context import class_context

    claim_output(out, (".csv", ".npz"), overwrite)
    model, schema = open_any_run(run, device, "bound")
    labels, generator, found = model.context_size > 0, Generator().manual_seed(seed), Running()
    chunks = read_chunks(
        data, schema, _MOST_ROWS, split=split, with_labels=labels, data_dir=data_dir
    )
    with ColumnFile(out) as file, ReadingDisplay("bound", "row") as display:
        for rows, share in chunks:
            context = class_context(rows, model.context_size)
            nats = bound_rows(
                model,
                rows.values,
                context,
                rows.observed,
                samples=samples,
                generator=generator,
                batch_size=batch_size,
            )
            found.add(nats)
            file.add({"lower_bound": nats.numpy()})
            display.show(share, found.count)
    if json:
        print(json_module.dumps({**found.summary("lower_bound"), "samples": samples}))
        return 0
    draws = "1 draw" if samples == 1 else f"{samples:,} draws"
    title = f"ln p(x) of {found.count:,} rows is at least (nats, {draws} a row)"
    Console().print(found.table(title, sign="≥ "))
    if out:
        say_where("Written", out)
    return 0
