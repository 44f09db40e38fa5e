"""`arden verify RUN`: the audit, as a table and an exit code."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from arden.cli.whole_number import WHOLE
from arden.data import read_rows
from arden.errors import ArdenError, InputError

__all__ = ["verify"]

_ROWS = 64


def verify(
    run: Path,
    /,
    *,
    data: str | None = None,
    seed: Annotated[int, WHOLE] = 0,
    picture: Path | None = None,
    overwrite: bool = False,
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
    picture
        Write which step reads which, beside what the network promises, to this .png.
    overwrite
        Replace the picture that is there.
    data_dir
        Where named data sets lie; ARDEN_DATA when not given.
    json
        Print JSON, and nothing else, on standard output.
    """
    # Imported here, so that --help does not wait for torch.
    from arden.audit.predecessors import predecessors
    from arden.audit.verify import verify as audit
    from arden.cli.outputs import claim_output, say_where
    from arden.cli.runs import open_run
    from arden.core.model import AutoregressiveModel
    from arden.storage.model_files import read_card
    from arden.training.context import class_context

    claim_output(picture, (".png",), overwrite, "picture")
    model, schema = open_run(run, "cpu", "verify")
    if picture and not isinstance(model, AutoregressiveModel):
        raise InputError("picture: a mixture has no one structure; expected a single model")
    source = read_card(run).get("data", "") if data is None else data
    rows = context = None
    try:
        found = read_rows(source, schema, with_labels=model.context_size > 0, data_dir=data_dir)
        rows, context = found.values[:_ROWS], class_context(found, model.context_size)
    except ArdenError:
        if data is not None:
            raise  # the run's own data need not be where they were
    some = None if context is None else context[:_ROWS]
    report = audit(model, rows, some, seed=seed)
    if picture and isinstance(model, AutoregressiveModel):
        read, promised = predecessors(model, rows, some)
        from arden.plots.dependency_map import dependency_map  # which takes a second

        dependency_map(read, picture, f"Steps read by {run.name}", promised)
    if json:
        print(json_module.dumps(report.to_dict()))
        return 0 if report.passed else 1
    console = Console()
    console.print(f"[bold]Audit of {escape(str(run))}")
    console.print(f"[dim]      {'check':<34}{'figure':>9}{'tolerance':>11}")
    for check in report.checks:
        colour = {True: "green", False: "bold red", None: "dim"}[check.passed]
        figure = "" if check.figure is None else f"{check.figure:.1e}"
        tolerance = "" if check.tolerance is None else f"{check.tolerance:.0e}"
        verdict = f"[{colour}]{check.verdict:<4}[/]"
        line = f"{verdict}  {check.name:<34}{figure:>9}{tolerance:>11}"
        console.print(line, highlight=False)
        # Under its line, so that it reads well on a terminal of any width.
        console.print(Padding(f"[dim]{escape(check.explanation)}", (0, 0, 0, 6)))
    verdict = (
        "[bold green]Every check passed." if report.passed else "[bold red]Some checks failed."
    )
    console.print(verdict)
    if picture:
        say_where("Picture", picture)
    return 0 if report.passed else 1
