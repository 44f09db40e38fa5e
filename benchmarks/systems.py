"""The READMEs' table of systems, from the catalogue: python benchmarks/systems.py"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))  # a script finds what lies beside it alone
from benchmarks.reporting import READMES, write_between

if TYPE_CHECKING:
    from arden.systems import System

__all__ = ["parameters", "table", "takes"]

MARKS = ("<!-- systems: made by benchmarks/systems.py -->", "<!-- end of systems -->")
_COLUMNS = ("system", "what it is", "takes", "answers", "parameters on digits")


def table(say: Callable[[str], str] = str) -> str:
    """What says a word in the reader's language -> the catalogue as Markdown."""
    from arden.systems import EXACT_VERBS, SYSTEMS

    lines = ["| " + " | ".join(map(say, _COLUMNS)) + " |", "|---" * len(_COLUMNS) + "|"]
    for name, system in SYSTEMS.items():
        what = f"{say(system.title)}: {say(system.formula)}".replace("|", "\\|")
        answers = _answers(system.verbs, EXACT_VERBS, say)
        cells = (f"`{name}`", what, takes(system, say), answers, parameters(name))
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", f"{say('All')}: {', '.join(EXACT_VERBS)}."]
    return "\n".join(lines)


def takes(system: System, say: Callable[[str], str] = str) -> str:
    """A system -> the values it takes, and what else it asks of them."""
    kinds = say("any values") if len(system.data) == 3 else ", ".join(map(say, system.data))
    return kinds + "".join(f"; {say(need)}" for need in system.needs)


def _answers(verbs: tuple[str, ...], every: tuple[str, ...], say: Callable[[str], str]) -> str:
    """What a system answers, what every exact one does -> the difference in words, if short."""
    missing, more = [v for v in every if v not in verbs], [v for v in verbs if v not in every]
    if len(missing) > 2:
        return ", ".join(verbs)
    all_of_them = f"{say('all but')} {', '.join(missing)}" if missing else say("all")
    return ", ".join([all_of_them, *more])


def parameters(name: str) -> str:
    """A system's name -> how many free parameters its defaults have on 64 bits."""
    from arden.assembly import assemble, split_options
    from arden.data import load_data
    from arden.errors import InputError

    try:
        model = assemble(name, load_data("digits"), split_options(name, {}))
    except InputError:
        return "2⁶⁴ − 1" if name == "table" else "–"
    return f"{model.num_parameters:,}"


if __name__ == "__main__":
    for readme, say in READMES.items():
        write_between(readme, MARKS, table(say))
