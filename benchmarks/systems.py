"""The README's table of systems, from the catalogue: python benchmarks/systems.py"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # a script finds what lies beside it alone
from benchmarks.provenance import ROOT
from benchmarks.reporting import write_between

README = ROOT / "README.md"
MARKS = ("<!-- systems: made by benchmarks/systems.py -->", "<!-- end of systems -->")
_COLUMNS = ("system", "what it is", "takes", "answers", "parameters on digits")


def table() -> str:
    """() -> the catalogue as Markdown."""
    from arden.systems import EXACT_VERBS, SYSTEMS

    lines = ["| " + " | ".join(_COLUMNS) + " |", "|---" * len(_COLUMNS) + "|"]
    for name, system in SYSTEMS.items():
        what = f"{system.title}: {system.formula}".replace("|", "\\|")
        takes = "any values" if len(system.data) == 3 else ", ".join(system.data)
        takes += "".join(f"; {need}" for need in system.needs)
        answers = _answers(system.verbs, EXACT_VERBS)
        lines.append(f"| `{name}` | {what} | {takes} | {answers} | {_parameters(name)} |")
    lines += ["", f"All: {', '.join(EXACT_VERBS)}."]
    return "\n".join(lines)


def _answers(verbs: tuple[str, ...], every: tuple[str, ...]) -> str:
    """What a system answers, what every exact one does -> the difference in words, if short."""
    missing, more = [v for v in every if v not in verbs], [v for v in verbs if v not in every]
    if len(missing) > 2:
        return ", ".join(verbs)
    return ", ".join(["all" + (f" but {', '.join(missing)}" if missing else ""), *more])


def _parameters(name: str) -> str:
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
    write_between(README, MARKS, table())
