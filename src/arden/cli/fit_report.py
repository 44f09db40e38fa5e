"""What `arden fit` does once its words are understood, and the table it ends with."""

from __future__ import annotations

import json as json_module
import math
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from arden.assembly import FitOptions
from arden.cli.outputs import say_where
from arden.cli.table_reading import TableReading
from arden.data import load_data
from arden.data.dataset import EVENTS_OF_UNIT
from arden.errors import InputError
from arden.runs import AnyFigures, BoundFigures, Figures, ReconstructionFigures, fit_run
from arden.runs.floors import floors_in_words
from arden.storage.plain import without_nan
from arden.systems import SYSTEMS
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
    lines: bool,
    table: TableReading,
    data_dir: Path | None,
    device: str,
    json: bool,
) -> int:
    """A parsed command -> exit code, after the run was written and reported: 130 if stopped."""
    options[2].check()
    if not checkpoint_seconds >= 0:
        raise InputError(f"checkpoint_seconds: expected a number ≥ 0, got {checkpoint_seconds}")
    dataset = load_data(
        data, data_dir=data_dir, window=window, stride=stride, lines=lines, **table.words()
    )
    # Of what is minimised; only an error is not told in nats throughout.
    unit = "nats" if {"score", "bound"} & set(SYSTEMS[name].verbs) else "error"
    folder = out or Path("runs") / f"{name}-{Path(data).stem or 'data'}"
    with (
        joined(resolve_device(device)) as (world, where),
        FitDisplay(name, Console(stderr=True, quiet=not world.leads), unit) as display,
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


def _table(name: str, figures: AnyFigures) -> Table:
    what, lines = _exact(figures) if isinstance(figures, Figures) else _latent(figures)
    events = EVENTS_OF_UNIT[figures.unit]
    table = Table(title=f"{name}, {what} {figures.test_rows:,} test {events}")
    table.add_column("figure")
    table.add_column("value", justify="right")
    lines |= {
        "free parameters": f"{figures.num_parameters:,}",
        "a full table would need": figures.full_table,
        "best epoch / epochs": f"{figures.best_epoch} / {figures.epochs}",
        "ended": figures.ended,
        "seconds": f"{figures.seconds:.1f}",
    }
    for line, value in lines.items():
        table.add_row(line, value)
    return table


def _exact(figures: Figures) -> tuple[str, dict[str, str]]:
    """Figures -> what they are of, and each beside its name."""
    error = f"{figures.test_nats:.3f} ± {figures.standard_error:.3f}"
    lines = {f"−ln p(x), nats per {figures.unit} ± standard error": error}
    if figures.bfloat16_nats is not None:
        cost = figures.bfloat16_nats - figures.test_nats
        half = f"{figures.bfloat16_nats:.3f} ({cost:+.4f})"
        lines["the same in bfloat16 arithmetic"] = half
    if figures.unit == "string":
        per_symbol = figures.bits_per_dim * math.log(2)
        lines["nats per symbol, the end being one"] = f"{per_symbol:.4f}"
    bits = "bits per dimension" if figures.unit == "row" else "bits per symbol"
    lines[bits] = f"{figures.bits_per_dim:.4f}"
    if figures.receptive_field is not None:
        lines["steps before it that a step sees"] = f"{figures.receptive_field:,}"
    if figures.floors:
        lines["least standard deviation"] = floors_in_words(figures.floors)
    return "density estimation on", lines


def _latent(figures: BoundFigures | ReconstructionFigures) -> tuple[str, dict[str, str]]:
    """The same of models through hidden features: a bound, or an error, and called that."""
    if isinstance(figures, ReconstructionFigures):
        line = f"reconstruction error, {figures.measure} per {figures.unit} ± standard error"
        error = f"{figures.reconstruction_error:.3f} ± {figures.standard_error:.3f}"
        return "reconstruction of", {line: error, "ln p(x)": "none: it has no density"}
    line = f"ln p(x), nats per {figures.unit} ± standard error"
    return "a lower bound on", {
        f"{line}, by the ELBO": f"≥ {figures.elbo:.3f} ± {figures.elbo_error:.3f}",
        f"by the bound of {figures.samples} samples": (
            f"≥ {figures.bound:.3f} ± {figures.bound_error:.3f}"
        ),
    }
