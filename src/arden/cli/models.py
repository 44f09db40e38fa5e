"""`arden models`: the catalogue."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from arden.systems import SYSTEMS

__all__ = ["models"]


def models(*, json: bool = False) -> int:
    """List the systems: what they are, what they take, what can be asked of them.

    Parameters
    ----------
    json
        Print JSON on standard output.
    """
    if json:
        print(json_module.dumps({name: asdict(system) for name, system in SYSTEMS.items()}))
        return 0
    table = Table(title="Systems: arden fit NAME DATA", show_lines=True)
    for column in ("name", "system", "conditionals", "takes", "verbs"):
        table.add_column(column)
    for name, system in SYSTEMS.items():
        title = system.title + (f"\n[dim]{system.paper}[/dim]" if system.paper else "")
        table.add_row(name, title, system.formula, ", ".join(system.data), ", ".join(system.verbs))
    Console().print(table)
    return 0
