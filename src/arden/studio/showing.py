"""Gallery: what a run is, how its fit went, what it draws, and whether its numbers are right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from arden.audit.report import Report
from arden.audit.verify import verify
from arden.core.latent import LatentModel
from arden.errors import ArdenError, InputError
from arden.plots.training_curve import LIKELIHOOD, training_curve
from arden.runs.pictures import PICTURES
from arden.studio.markup import facts, note, table, written_picture
from arden.studio.shelf import Run, Shelf
from arden.systems import SYSTEMS
from arden.training.context import class_context

__all__ = ["audit_run", "list_runs", "show_run"]

_ROWS = 64
_CAPTIONS = {
    "training_curve.png": "Training and validation nats by epoch",
    "ordering.png": "The ordering",
    "attention.png": "Where each step looks",
    "samples_beside_probabilities.png": "Draws, and the probabilities x̂ they were drawn from",
    "reconstructions.png": "Rows and their reconstructions",
    "samples.png": "Draws",
    "features.png": "Features of test rows",
    "surprise.png": "Surprise at each symbol",
}


def list_runs(runs: Sequence[Run]) -> str:
    """Runs -> a table of them, with the figures their cards hold."""
    names = ["run", "system", "data", "test", "parameters", "epochs"]
    rows = [
        [
            run.name,
            str(run.card.get("system", "")),
            str(run.card.get("data", "")),
            _figure(run.card.get("figures") or {}),
            _whole((run.card.get("figures") or {}).get("num_parameters")),
            _whole((run.card.get("figures") or {}).get("epochs")),
        ]
        for run in runs
    ]
    return table(names, rows)


def show_run(run: Run) -> str:
    """A run -> its figures and the pictures that were drawn when its fit had ended."""
    figures = run.card.get("figures") or {}
    system = SYSTEMS.get(str(run.card.get("system")))
    told = [("Model", f"{run.card.get('system', '')}{f': {system.title}' if system else ''}")]
    if system:
        told.append(("Formula", system.formula))
    told.append(("Test", _figure(figures) or "not measured"))
    if figures.get("bits_per_dim") is not None:
        told.append(("The same", f"{figures['bits_per_dim']:.4f} bits per scalar"))
    for name, words in (
        ("num_parameters", "Free parameters"),
        ("full_table", "A full table has"),
        ("ended", "The fit ended by"),
        ("protocol", "Protocol"),
    ):
        if figures.get(name) is not None:
            told.append((words, _whole(figures[name])))
    plates = [
        f"<figure>{written_picture(run.folder / name, words)}"
        f"<figcaption>{escape(words)}</figcaption></figure>"
        for name, words in _CAPTIONS.items()
        if name in PICTURES and (run.folder / name).is_file()
    ]
    if not (run.folder / "training_curve.png").is_file():
        plates = [*_curve(run), *plates]
    return facts(told) + f'<div class="plates">{"".join(plates)}</div>'


def audit_run(shelf: Shelf, run: Run, budget: str = "quick") -> str:
    """A run -> the audit of its model, check by check.

    Raises:
        InputError: a model without a density, of which nothing can be proved.
    """
    model = shelf.model(run)
    if isinstance(model, LatentModel):
        raise InputError(f"audit: {model.refusal}")
    rows = context = None
    try:
        found = shelf.data(run).test
        rows = found.values[:_ROWS]
        context = class_context(found, model.context_size)
    except ArdenError:
        pass  # the audit draws points of its own
    report = verify(model, rows, None if context is None else context[:_ROWS], budget=budget)
    return _report(report)


def _report(report: Report) -> str:
    applied = [check for check in report.checks if check.passed is not None]
    verdict = (
        f"All {len(applied)} checks that apply have passed."
        if report.passed
        else f"{len(report.failures)} of {len(applied)} checks failed."
    )
    rows, colours = [], []
    for check in report.checks:
        figure = "" if check.figure is None else f"{check.figure:.1e}"
        tolerance = "" if check.tolerance is None else f"{check.tolerance:.0e}"
        rows.append([check.verdict, check.name, figure, tolerance, check.explanation])
        look = {True: "color:#0a7d4f", False: "color:#d55e00;font-weight:600", None: "opacity:.6"}
        colours.append([look[check.passed], "", "", "", "white-space:normal;min-width:36ch"])
    names = ["", "check", "figure", "tolerance", "what it says"]
    return note(verdict, kind="warn" if report.failures else "") + table(
        names, rows, colours=colours
    )


def _curve(run: Run) -> list[str]:
    """The curve of a run whose picture is not there (any more), drawn from its lines."""
    records = run.curve()
    if len(records) < 2:
        return []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "curve.png"
        training_curve(records, path, run.title, None, LIKELIHOOD, "nats")
        words = _CAPTIONS[PICTURES[0]]
        return [f"<figure>{written_picture(path, words)}</figure>"]


def _figure(figures: dict[str, Any]) -> str:
    if figures.get("test_nats") is not None:
        error = figures.get("standard_error")
        spread = f" ± {error:.2f}" if error is not None and math.isfinite(error) else ""
        return f"{figures['test_nats']:.2f}{spread} nats / {figures.get('unit', 'row')}"
    if figures.get("bound") is not None:
        return f"at most {-figures['bound']:.2f} nats / row"
    if figures.get("reconstruction_error") is not None:
        return f"error {figures['reconstruction_error']:.3f}"
    return ""


def _whole(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else "" if value is None else str(value)
