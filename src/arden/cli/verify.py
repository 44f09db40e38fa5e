"""`arden verify RUN`: the audit, as a table and an exit code."""

from __future__ import annotations

import json as json_module
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from arden.audit.verify import verify as audit
from arden.cli.runs import open_run
from arden.data import read_rows
from arden.errors import ArdenError
from arden.storage.model_files import read_card
from arden.training.context import class_context

__all__ = ["verify"]

_ROWS = 64


def verify(
    run: Path,
    /,
    *,
    data: str | None = None,
    seed: int = 0,
    data_dir: Path | None = None,
    json: bool = False,
) -> int:
    """Prove that a fitted model's numbers are right. The exit code is 0 only if every check passes.

    Parameters
    ----------
    run
        A run directory written by arden fit.
    data
        Rows to check at, besides random ones; the data the model was fitted to when at hand.
    seed
        Of the random points and samples.
    data_dir
        Where named data sets lie; ARDEN_DATA when not given.
    json
        Print JSON, and nothing else, on standard output.
    """
    model, schema = open_run(run, "cpu")
    source = read_card(run).get("data", "") if data is None else data
    rows = context = None
    try:
        found = read_rows(source, schema, with_labels=model.context_size > 0, data_dir=data_dir)
        rows, context = found.values[:_ROWS], class_context(found, model.context_size)
    except ArdenError:
        if data is not None:
            raise  # the run's own data need not be where they were
    report = audit(model, rows, None if context is None else context[:_ROWS], seed=seed)
    if json:
        print(json_module.dumps(report.to_dict()))
        return 0 if report.passed else 1
    table = Table(title=escape(f"Audit of {run}"))
    table.add_column("")
    table.add_column("check")
    table.add_column("figure", justify="right")
    table.add_column("tolerance", justify="right")
    table.add_column("what it means")
    for check in report.checks:
        mark = {True: "[green]pass", False: "[bold red]FAIL", None: "[dim]n/a"}[check.passed]
        figure = "" if check.figure is None else f"{check.figure:.2g}"
        tolerance = "" if check.tolerance is None else f"{check.tolerance:.2g}"
        table.add_row(mark, check.name, figure, tolerance, escape(check.explanation))
    console = Console()
    console.print(table)
    verdict = (
        "[bold green]Every check passed." if report.passed else "[bold red]Some checks failed."
    )
    console.print(verdict)
    return 0 if report.passed else 1
