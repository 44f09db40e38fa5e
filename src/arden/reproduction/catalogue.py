"""What can be reproduced: recipes by name, their published figures, and how far ours are."""

from __future__ import annotations

import json
import math
import statistics
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from arden.errors import InputError

__all__ = [
    "RESULTS",
    "Standing",
    "find_recipe",
    "judged_by",
    "recipes",
    "rivals",
    "standing",
    "standings",
]

_HERE = Path(__file__).parent
RESULTS = _HERE / "results"
"""A JSON file for every recipe that was run: what it was, where, and the figures of each seed."""


@dataclass(frozen=True)
class _Figure:
    """What a run is judged by, the error of that, and the sign that makes less of it better."""

    name: str
    error: str
    sign: int


_FIGURES = (
    _Figure("test_nats", "standard_error", 1),
    _Figure("bound", "bound_error", -1),
    _Figure("reconstruction_error", "standard_error", 1),
)


def judged_by(run: Mapping[str, Any]) -> _Figure:
    """The figures of a run -> what it is judged by: the first that it has."""
    return next(figure for figure in _FIGURES if figure.name in run)


@cache
def _told() -> dict[str, dict[str, Any]]:
    return _read("recipes") | _of_binary_tables()


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / f"{name}.toml").read_text(encoding="utf-8"))


def _of_binary_tables() -> dict[str, dict[str, Any]]:
    """() -> a recipe for every system and every binary table."""
    told, found = _read("binary_tables"), {}
    for name, system in told["systems"].items():
        for table, there in told["tables"].items():
            recipe = {"system": name, "data": table, **system}
            if "options" in system:
                for kind in ("options", "choices"):
                    recipe[kind] = system[kind] | there.get(kind, {})
            published = recipe.pop("published", {})
            if table in published:
                recipe |= {"published": published[table], "source": told["source"]}
            if "of" in recipe:
                recipe["of"] = f"{recipe['of']}-{table}"
            if "members" in recipe:
                recipe["members"] = [f"{member}-{table}" for member in recipe["members"]]
            found[f"{name}-{table}"] = recipe
    return found


def recipes() -> dict[str, dict[str, Any]]:
    """() -> the recipes by name; one `of` another has all that the other has, but its choices."""
    told = _told()
    found = {name: told.get(recipe.get("of", ""), {}) | recipe for name, recipe in told.items()}
    for recipe in found.values():
        if "of" in recipe:
            recipe.pop("choices", None)
    return found


def rivals() -> dict[str, dict[str, float]]:
    """() -> by name, the figures of models that are not ours on binary tables, by table."""
    return _read("binary_tables")["rivals"]


def find_recipe(name: str) -> dict[str, Any]:
    """A name -> its recipe.

    Raises:
        InputError: no recipe is called so; those that come closest are named.
    """
    from difflib import get_close_matches

    known = recipes()
    if name not in known:
        close = ", ".join(get_close_matches(name, known)) or "arden reproduce lists them"
        raise InputError(
            f"recipe: expected a name that arden reproduce lists, got {name!r} ({close})"
        )
    return known[name]


@dataclass(frozen=True)
class Standing:
    """A recipe beside the figure it is held against: nats per row or symbol, less is better."""

    name: str
    recipe: dict[str, Any]
    published: float | None
    ours: float | None
    """The mean over the seeds; None where it was not run."""
    standard_error: float | None
    """Of one run's test rows."""
    seeds: int
    figure: str
    """What ``ours`` is: test_nats, bound (of −ln p, from above) or reconstruction_error."""

    @property
    def machine(self) -> str:
        """What its recipe asks for: CPU, where two cores take two hours at most, or GPU."""
        return self.recipe.get("machine", "CPU")

    @property
    def status(self) -> str:
        """not run; measured, where nothing was published; reached; or short by how much."""
        if self.ours is None:
            return "not run"
        if self.published is None:
            return "measured"
        gap = self.ours - self.published
        return "reached" if gap <= 0 else f"short by {gap:.2f}"


def standing(name: str, recipe: dict[str, Any], result: dict[str, Any] | None) -> Standing:
    """A recipe, what it came to (as its JSON file tells) or None -> how it stands.

    >>> recipe, runs = {"published": 88.33}, [{"test_nats": 87.2}, {"test_nats": 87.4}]
    >>> told = standing("nade", recipe, {"recipe": recipe, "runs": runs})
    >>> round(told.ours, 2), told.seeds, told.status
    (87.3, 2, 'reached')
    >>> standing("nade", recipe, None).status
    'not run'
    """
    published = recipe.get("published")
    if result is None:
        return Standing(name, recipe, published, None, None, 0, "test_nats")
    runs = result["runs"]
    figure = judged_by(runs[0])
    ours = figure.sign * statistics.mean(run.get(figure.name, math.inf) for run in runs)
    error = runs[0].get(figure.error)
    return Standing(name, recipe, published, ours, error, len(runs), figure.name)


def standings(folder: Path = RESULTS) -> list[Standing]:
    """A folder of results -> how every recipe stands, in the order of the recipes."""
    found = []
    for name, recipe in recipes().items():
        path = folder / f"{name}.json"
        told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        found.append(standing(name, recipe, told))
    return found
