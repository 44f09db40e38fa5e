"""`arden reproduce`: published figures, ours beside them, and the recipes to measure them again."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.console import Console
from rich.table import Table

from arden.cli.whole_number import WHOLE

if TYPE_CHECKING:
    from arden.reproduction import Standing

__all__ = ["reproduce"]


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
    if json:
        print(json_module.dumps([{**asdict(told), "status": told.status} for told in found]))
        return
    table = Table("recipe", "data", "published", "ours", "status", title="nats per row or symbol")
    for told in found:
        ours = "" if told.ours is None else f"{told.ours:.2f}"
        if told.standard_error is not None:
            ours += f" ± {told.standard_error:.2f}"
        if told.seeds > 1:
            ours += f", {told.seeds} seeds"
        if told.figure == "bound":
            ours = f"≤ {ours}"
        if told.figure == "reconstruction_error":
            ours += ", an error"
        published = "" if told.published is None else f"{told.published:.2f}"
        table.add_row(told.name, told.recipe["data"], published, ours, told.status)
    Console().print(table)
