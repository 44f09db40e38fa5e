"""One scalar of a walk, of any family: it is drawn, and shown to the network."""

from __future__ import annotations

from typing import Any

import torch
from numba.extending import overload

from arden.conditionals._real_columns import RealColumns
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.standardised import Standardised
from arden.core.model import AutoregressiveModel
from arden.kernels._draw_inputs import features_of_symbols
from arden.kernels._symbols import draw_of_parts, draw_value

__all__ = ["draw_scalar", "family_of", "show_scalar"]


def family_of(model: AutoregressiveModel, dtype: torch.dtype) -> tuple[Any, ...] | None:
    """A model over bits, symbols or mixtures of Gaussians -> its family as arrays; None of others.

    (features (K, F),) of symbols; of reals (K,) components and (T,) shifts, scales and least
    scales, in step order.
    """
    steps = model.network.spec.num_steps or 0
    family = model.conditional.at(model.dims(1, steps))
    if type(family) in (Bernoulli, Categorical) and model.conditional.num_noise == 1:
        return (features_of_symbols(family, dtype).numpy(),)
    shift, scale = torch.zeros(1), torch.ones(1)
    if isinstance(family, Standardised):
        shift, scale = (
            torch.tensor([x], dtype=torch.float64) for x in (family.shift, family.scale)
        )
        family = family.family
    if isinstance(family, RealColumns):
        shift, scale, least = family.shift, family.scale, family.min_scale
        family = family.family
    elif isinstance(family, GaussianMixture):
        least = torch.tensor([family.min_scale], dtype=torch.float64)
    else:
        return None
    columns = (each.double().expand(steps).contiguous().numpy() for each in (shift, scale, least))
    return (family.components, *columns)


def draw_scalar(family: Any, masses: Any, uniform: Any, normal: Any, step: Any) -> Any:
    """(P,) float64, a uniform, a standard normal value of reals, step -> a draw (inside compiled
    code only). It is given numbers, not the arrays they lie in: counting references to these for
    every scalar takes longer than the draw."""
    raise NotImplementedError


def _draw_symbol(family, masses, uniform, normal, step):  # type: ignore[no-untyped-def]
    (table,) = family
    return draw_value(masses, table.shape[0], uniform)


def _draw_real(family, masses, uniform, normal, step):  # type: ignore[no-untyped-def]
    components, shift, scale, least = family
    value = draw_of_parts(masses, components, least[step], uniform, normal)
    return value * scale[step] + shift[step]


@overload(draw_scalar)
def _draw_scalar_of(family, masses, uniform, normal, step):  # type: ignore[no-untyped-def]
    return _draw_symbol if len(family) == 1 else _draw_real


def show_scalar(family: Any, value: Any, values: Any, row: Any, step: Any) -> None:
    """A value -> (): its features in values[row] from step · F on (inside compiled code only)."""
    raise NotImplementedError


def _show_symbol(family, value, values, row, step):  # type: ignore[no-untyped-def]
    (table,) = family
    for k in range(table.shape[1]):
        values[row, step * table.shape[1] + k] = table[value, k]


def _show_real(family, value, values, row, step):  # type: ignore[no-untyped-def]
    _, shift, scale, _ = family
    values[row, step] = (value - shift[step]) / scale[step]


@overload(show_scalar)
def _show_scalar_of(family, value, values, row, step):  # type: ignore[no-untyped-def]
    return _show_symbol if len(family) == 1 else _show_real
