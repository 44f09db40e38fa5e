"""`arden bench`: what the systems cost on this machine, beside what they would cost at least."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from arden.cli.whole_number import WHOLE

if TYPE_CHECKING:
    from arden.timing import Trial

__all__ = ["bench"]


def bench(
    systems: list[str] | None = None,
    /,
    *,
    data: str = "digits",
    rows: Annotated[tuple[int, ...], WHOLE] = (1, 64),
    rounds: Annotated[int, WHOLE] = 5,
    threads: Annotated[int | None, WHOLE] = None,
    data_dir: Path | None = None,
    json: bool = False,
) -> int:
    """Time a training step, a score and a sample of systems with fresh weights, in rows a second.

    Kernels and plain torch take turns, so that their ratio holds on a busy machine. The share is
    that of the least time the counted work can take at the rates this machine was measured at.

    Parameters
    ----------
    systems
        Names of arden models; every exact one that takes the data when none is given.
    data
        A data set or file: its rows are what is scored and trained on.
    rows
        Batch sizes.
    rounds
        Turns that the median is taken of.
    threads
        Of torch and the kernels; as many as torch takes when not given.
    data_dir
        Where named data sets lie; ARDEN_DATA when not given.
    json
        Print JSON, and nothing else, on standard output.
    """
    # Imported here, so that --help does not wait for torch.
    import torch
    from rich.console import Console
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    from arden.assembly import assemble, find_system, split_options
    from arden.data import load_data
    from arden.errors import InputError
    from arden.live_line import LiveLine
    from arden.timing import measure_rates, trials

    _check(rows, rounds, threads)
    for name in systems or ():
        if "score" not in find_system(name).verbs:
            raise InputError(f"systems: {name} has no ln p(x) to be timed; expected exact systems")
    found = load_data(data, data_dir=data_dir)
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    told: list[dict[str, Any]] = []
    try:
        rates = measure_rates(rounds=rounds)
        with LiveLine(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        ) as live:
            line = live.progress.add_task("bench", total=None)
            for name in systems or _exact():
                try:
                    options = split_options(name, {})
                    model = assemble(name, found, options)
                except InputError:
                    if systems:
                        raise
                    continue  # of all systems only those that take the data
                for size in rows:
                    live.progress.update(line, description=f"{name}, {size} rows at a time")
                    for trial in trials(model, found, options[2], size, rates, rounds):  # type: ignore[arg-type]
                        told.append({"system": name, **_figures(trial)})
    finally:
        torch.set_num_threads(before)
    if json:
        machine = {"threads": threads or before, **rates.__dict__}
        print(json_module.dumps({"data": found.name, "machine": machine, "trials": told}))
        return 0
    Console().print(_table(told, found.name))
    return 0


def _check(rows: tuple[int, ...], rounds: int, threads: int | None) -> None:
    from arden.errors import InputError

    for name, number in (*(("rows", size) for size in rows), ("rounds", rounds)):
        if number < 1:
            raise InputError(f"{name}: expected at least 1, got {number}")
    if threads is not None and threads < 1:
        raise InputError(f"threads: expected at least 1, got {threads}")


def _exact() -> list[str]:
    from arden.systems import SYSTEMS

    return [name for name, system in SYSTEMS.items() if "score" in system.verbs]


def _figures(trial: Trial) -> dict[str, Any]:
    return {
        "task": trial.task,
        "rows": trial.rows,
        "seconds": trial.seconds,
        "first_call": trial.ways["arden"].first,
        "spread": trial.ways["arden"].spread,
        "rows_per_second": trial.rows / trial.seconds,
        "times_torch": trial.gain,
        "share_of_limit": trial.share,
        "extra_bytes": trial.memory,
        **{name: getattr(trial.work, name) for name in ("flops", "transcendentals", "weights")},
    }


def _table(told: list[dict[str, Any]], data: str) -> Any:
    from rich.table import Table

    table = Table(title=f"Rows of {data} a second", title_justify="left")
    table.add_column("system")
    table.add_column("task")
    for name in ("rows", "rows/s", "× torch", "of the limit", "extra MB"):
        table.add_column(name, justify="right")
    for one in told:
        gain, extra = one["times_torch"], one["extra_bytes"]
        table.add_row(
            one["system"],
            one["task"],
            f"{one['rows']:,}",
            f"{one['rows_per_second']:,.0f}",
            "–" if gain is None else f"{gain:.1f}",
            f"{one['share_of_limit']:.1%}",
            "–" if extra is None else f"{extra / 1e6:,.0f}",
        )
    return table
