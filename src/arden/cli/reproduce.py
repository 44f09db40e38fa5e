"""`arden reproduce`: published figures, ours beside them, and the recipes to measure them again."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from arden.cli.whole_number import WHOLE

if TYPE_CHECKING:
    from arden.reproduction import Standing

__all__ = ["reproduce"]

_WIDE = 120


def reproduce(
    names: list[str] | None = None,
    /,
    *,
    list: bool = False,
    out: Path = Path("runs/reproduced"),
    seeds: Annotated[tuple[int, ...], WHOLE] = (),
    data_dir: Path | None = None,
    json: bool = False,
) -> int:
    """Carry out recipes, or list them: what was published, what we measured, and how far it is.

    A recipe is a fit by a stated protocol: the epoch selected on validation rows, test rows scored
    once. What was interrupted goes on with the same command.

    Parameters
    ----------
    names
        Recipes; all are listed when none is given.
    list
        Show how they stand, and fit nothing.
    out
        Run directories and results (NAME.json) are written here.
    seeds
        The recipe's own when none is given.
    data_dir
        Where named data sets lie; ARDEN_DATA when not given.
    json
        Print JSON on standard output.
    """
    from arden.reproduction import find_recipe, standing, standings

    chosen = dict.fromkeys(names or ())
    for name in chosen:
        find_recipe(name)
    if list or not chosen:
        _show([told for told in standings() if not chosen or told.name in chosen], json)
        return 0
    # Imported here, so that the list does not wait for torch.
    import platform

    import torch

    from arden import __version__
    from arden.reproduction.measuring import reproduce as measured

    found = []
    for name in chosen:
        about = {
            "command": f"arden reproduce {name}",
            "versions": {
                "arden": __version__,
                "python": platform.python_version(),
                "torch": torch.__version__,
            },
        }
        path = measured(name, out, out, data_dir, seeds, about)
        result = json_module.loads(path.read_text(encoding="utf-8"))
        found.append(standing(name, find_recipe(name), result))
    _show(found, json)
    if not json:
        Console().print(f"Results and runs: {out}", highlight=False)
    return 0


def _show(found: list[Standing], json: bool) -> None:
    """Standings -> (): printed, a table for every data set."""
    if json:
        print(json_module.dumps([_as_json(told) for told in found]))
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)  # a file has room for every name on one line
    console.print("Nats per row or symbol, ± the standard error of one run's test rows.")
    for data in dict.fromkeys(told.recipe["data"] for told in found):
        table = Table(title=data, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        # A name is what the command wants: it is folded, never cut.
        table.add_column("recipe", overflow="fold", min_width=24)
        for title in ("on", "published", "ours", "seeds", "status"):
            table.add_column(title, no_wrap=True)
        for told in found:
            if told.recipe["data"] == data:
                table.add_row(*_row(told))
        console.print(table)


def _as_json(told: Standing) -> dict[str, Any]:
    return {**asdict(told), "machine": told.machine, "status": told.status}


def _row(told: Standing) -> list[str]:
    """A standing -> the cells of its row."""
    ours = "" if told.ours is None else f"{told.ours:.2f}"
    if told.standard_error is not None:
        ours += f" ± {told.standard_error:.2f}"
    if told.figure == "bound":
        ours = f"≤ {ours}"
    # What a model without ln p(x) is judged by is no likelihood, and says so.
    status = "an error" if told.figure == "reconstruction_error" else told.status
    published = "" if told.published is None else f"{told.published:.2f}"
    seeds = str(told.seeds) if told.seeds else ""
    return [told.name, told.machine, published, ours, seeds, status]
