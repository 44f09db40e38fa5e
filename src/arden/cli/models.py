"""`arden models`: the catalogue."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from arden.errors import InputError, suggestion
from arden.systems import NEEDS, SYSTEMS

__all__ = ["models"]


def models(names: list[str] | None = None, /, *, json: bool = False) -> int:
    """List the systems: what they are, what they take, what can be asked of them.

    Parameters
    ----------
    names
        Systems to tell of; all when none is given.
    json
        Print JSON on standard output.
    """
    for name in names or ():
        if name not in SYSTEMS:
            raise InputError(
                f"names: expected systems, got {name!r}; arden models lists them."
                + suggestion(name, SYSTEMS)
            )
    chosen = {name: SYSTEMS[name] for name in names or SYSTEMS}
    if json:
        print(json_module.dumps({name: asdict(system) for name, system in chosen.items()}))
        return 0
    console = Console()
    if not names:
        console.print("Systems: arden fit NAME DATA\n")
    for name, system in chosen.items():
        console.print(f"[bold]{name}[/]  {system.title}", highlight=False)
        needs = "".join(f", {NEEDS[need]}" for need in system.needs)
        takes, verbs = ", ".join(system.data) + " values" + needs, ", ".join(system.verbs)
        about = [escape(system.formula), f"takes {takes}; answers {verbs}"]
        if system.refusal:
            about.append(f"nothing else: {escape(system.refusal)}")
        options = f"; its options: arden fit {name} --help" if names else ""
        about += [system.paper, f"arden fit {name} {system.example}{options}"]
        # Under its name, so that it reads well on a terminal of any width.
        console.print(Padding("[dim]" + "\n".join(filter(None, about)), (0, 0, 1, 4)))
    return 0
