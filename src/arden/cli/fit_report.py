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
from arden.runs import Figures, fit_run
from arden.storage.plain import without_nan
from arden.training.device import resolve_device
from arden.training.display import FitDisplay

__all__ = ["fit_and_report"]


def fit_and_report(
    name: str,
    data: str,
    options: FitOptions,
    out: Path | None,
    *,
    overwrite: bool,
    data_dir: Path | None,
    device: str,
    json: bool,
) -> int:
    """A parsed command -> exit code 0, after the run was written and reported."""
    options[2].check()
    where = resolve_device(device)
    dataset = load_data(data, data_dir=data_dir)
    folder = out or Path("runs") / f"{name}-{Path(data).stem or 'data'}"
    console = Console(quiet=json)
    console.print(f"[bold]{name}[/bold] on {escape(dataset.protocol)}", highlight=False)
    with FitDisplay(name) as display:
        _, figures, pictures = fit_run(
            name, dataset, options, folder, overwrite=overwrite, device=where, report=display
        )
    if json:
        print(json_module.dumps({"run": str(folder), **without_nan(asdict(figures))}))
        return 0
    console.print(_table(name, figures))
    say_where("Model", folder)
    for picture in pictures:
        say_where("Picture", picture)
    return 0


def _table(name: str, figures: Figures) -> Table:
    table = Table(title=f"{name}, density estimation on {figures.test_rows:,} test rows")
    table.add_column("figure")
    table.add_column("value", justify="right")
    error = f"{figures.test_nats:.3f} ± {figures.standard_error:.3f}"
    table.add_row("−ln p(x), nats per row ± standard error", error)
    table.add_row("bits per dimension", f"{figures.bits_per_dim:.4f}")
    table.add_row("free parameters", f"{figures.num_parameters:,}")
    table.add_row("a full table would need", figures.full_table)
    table.add_row("best epoch / epochs", f"{figures.best_epoch} / {figures.epochs}")
    table.add_row("ended", figures.ended)
    table.add_row("seconds", f"{figures.seconds:.1f}")
    return table
