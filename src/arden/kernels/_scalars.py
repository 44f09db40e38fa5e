"""One scalar of a walk, of any family: it is drawn, noted and shown to the network."""

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

__all__ = ["draw_scalar", "family_of"]


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


def draw_scalar(
    family: Any,
    masses: Any,
    noises: Any,
    row: Any,
    place: Any,
    step: Any,
    drawn: Any,
    values: Any,
    at: Any,
) -> None:
    """(P,) float64 -> (): drawn[row, place], kept where it is known, and its features in
    values[at] from step · F on (inside compiled code only)."""
    raise NotImplementedError


def _draw_symbol(family, masses, noises, row, place, step, drawn, values, at):  # type: ignore[no-untyped-def]
    (table,) = family
    noise, known, given = noises
    if known.shape[0] > 0 and known[row, place]:
        symbol = given[row, place]
    else:
        symbol = draw_value(masses, table.shape[0], noise[row, place, 0])
    drawn[row, place] = symbol
    for k in range(table.shape[1]):
        values[at, step * table.shape[1] + k] = table[symbol, k]


def _draw_real(family, masses, noises, row, place, step, drawn, values, at):  # type: ignore[no-untyped-def]
    components, shift, scale, least = family
    noise, known, given = noises
    if known.shape[0] > 0 and known[row, place]:
        value = given[row, place]
    else:
        uniform, normal = noise[row, place, 0], noise[row, place, 1]
        value = draw_of_parts(masses, components, least[step], uniform, normal)
        value = value * scale[step] + shift[step]
    drawn[row, place] = value
    values[at, step] = (value - shift[step]) / scale[step]


@overload(draw_scalar)
def _draw_scalar_of(family, masses, noises, row, place, step, drawn, values, at):  # type: ignore[no-untyped-def]
    return _draw_symbol if len(family) == 1 else _draw_real
