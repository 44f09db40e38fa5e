"""What `arden fit` does once its words are understood, and the table it ends with."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from arden.assembly import FitOptions
from arden.cli.outputs import say_where
from arden.data import load_data
from arden.errors import InputError
from arden.runs import Figures, fit_run
from arden.runs.floors import floors_in_words
from arden.storage.plain import without_nan
from arden.training.device import resolve_device
from arden.training.display import FitDisplay
from arden.training.outcome import STOPPED
from arden.training.world import joined

__all__ = ["fit_and_report"]


def fit_and_report(
    name: str,
    data: str,
    options: FitOptions,
    out: Path | None,
    *,
    overwrite: bool,
    resume: bool,
    checkpoint_seconds: float,
    window: int | None,
    stride: int | None,
    data_dir: Path | None,
    device: str,
    json: bool,
) -> int:
    """A parsed command -> exit code, after the run was written and reported: 130 if stopped."""
    options[2].check()
    if not checkpoint_seconds >= 0:
        raise InputError(f"checkpoint_seconds: expected a number ≥ 0, got {checkpoint_seconds}")
    dataset = load_data(data, data_dir=data_dir, window=window, stride=stride)
    folder = out or Path("runs") / f"{name}-{Path(data).stem or 'data'}"
    with (
        joined(resolve_device(device)) as (world, where),
        FitDisplay(name, Console(stderr=True, quiet=not world.leads)) as display,
    ):
        console = Console(quiet=json or not world.leads)
        together = f", {world.size} processes" if world.size > 1 else ""
        told = f"[bold]{name}[/bold]{together} on {escape(dataset.protocol)}"
        console.print(told, highlight=False)
        _, figures, pictures = fit_run(
            name,
            dataset,
            options,
            folder,
            overwrite=overwrite,
            resume=resume,
            checkpoint_seconds=checkpoint_seconds,
            device=where,
            report=display,
        )
    code = 130 if figures.ended == STOPPED else 0
    if not world.leads:
        return code
    if json:
        print(json_module.dumps({"run": str(folder), **without_nan(asdict(figures))}))
        return code
    console.print(_table(name, figures))
    say_where("Model", folder)
    for picture in pictures:
        say_where("Picture", picture)
    if code:
        console.print("Not finished: the same command with --resume goes on where it stopped.")
    return code


def _table(name: str, figures: Figures) -> Table:
    rows = "rows" if figures.unit == "row" else "windows"
    table = Table(title=f"{name}, density estimation on {figures.test_rows:,} test {rows}")
    table.add_column("figure")
    table.add_column("value", justify="right")
    error = f"{figures.test_nats:.3f} ± {figures.standard_error:.3f}"
    table.add_row(f"−ln p(x), nats per {figures.unit} ± standard error", error)
    if figures.bfloat16_nats is not None:
        cost = figures.bfloat16_nats - figures.test_nats
        table.add_row(
            "the same in bfloat16 arithmetic", f"{figures.bfloat16_nats:.3f} ({cost:+.4f})"
        )
    bits = "bits per dimension" if figures.unit == "row" else f"bits per {figures.unit}"
    table.add_row(bits, f"{figures.bits_per_dim:.4f}")
    table.add_row("free parameters", f"{figures.num_parameters:,}")
    table.add_row("a full table would need", figures.full_table)
    if figures.floors:
        table.add_row("least standard deviation", floors_in_words(figures.floors))
    table.add_row("best epoch / epochs", f"{figures.best_epoch} / {figures.epochs}")
    table.add_row("ended", figures.ended)
    table.add_row("seconds", f"{figures.seconds:.1f}")
    return table
