"""How narrow a Gaussian of a fitted model can be: no density figure means much without it."""

from __future__ import annotations

from collections.abc import Mapping

from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.quantile_mapped import QuantileMapped
from arden.conditionals.standardised import Standardised
from arden.core.conditional import Conditional
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.schema import Schema

__all__ = ["floors_in_words", "floors_of", "least_deviations"]

EVERY_VARIABLE = "every variable"
_MOST_NAMED = 20


def least_deviations(model: AutoregressiveModel | Mixture, schema: Schema) -> dict[str, float]:
    """A model and its data's schema -> the least standard deviation of each real column.

    As `floors_of`; all members of a mixture are laid out alike.
    """
    first = model.models[0] if isinstance(model, Mixture) else model
    return floors_of(first.conditional, schema)


def floors_of(family: Conditional, schema: Schema) -> dict[str, float]:
    """The family of a model's scalars, the schema -> the least deviation of each real column.

    In the column's own unit, by its name; of real images one for "every variable". Nothing for
    symbols.
    """
    if isinstance(family, Mixed):
        floors = map(_floor, family.families)
        named = zip(schema.columns, floors, strict=True)
        return {column.name: floor for column, floor in named if floor is not None}
    floor = _floor(family)
    return {} if floor is None else {EVERY_VARIABLE: floor}


def _floor(family: Conditional) -> float | None:
    if isinstance(family, Standardised):
        inner = _floor(family.family)
        return None if inner is None else inner * family.scale
    if isinstance(family, QuantileMapped):
        inner = _floor(family.family)
        return None if inner is None else inner / family.steepest
    return family.min_scale if isinstance(family, GaussianMixture) else None


def floors_in_words(floors: Mapping[str, float]) -> str:
    """Floors by column -> a line a column; of many, the least and the greatest alone.

    >>> print(floors_in_words({"pH": 0.005, "alcohol": 0.05}))
    pH 0.005
    alcohol 0.05
    """
    if len(floors) <= _MOST_NAMED:
        return "\n".join(f"{name} {floor:.3g}" for name, floor in floors.items())
    low, high = min(floors, key=floors.__getitem__), max(floors, key=floors.__getitem__)
    return (
        f"{low} {floors[low]:.3g} … {high} {floors[high]:.3g}\n"
        f"({len(floors)} columns, all in config.json)"
    )
