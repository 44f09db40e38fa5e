"""Regions: what a scalar is allowed to be, its mass under a family, and a draw from within it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from arden.core.conditional import Conditional, Density, Discrete
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.tasks.evidence import components_of, family_of

__all__ = ["Allowed", "Region", "regions_of"]

Allowed = Iterable[int] | tuple[float, float]
"""What a question says of a scalar: a set of levels, or a tuple (low, high) with both ends in."""


@dataclass(frozen=True)
class Region:
    """Levels of a discrete scalar, or an interval of a real one."""

    levels: tuple[int, ...] | None
    low: float = -math.inf
    high: float = math.inf

    def within(self, other: Region) -> Region:
        """Another region of the same scalar -> what lies in both."""
        if self.levels is None or other.levels is None:
            return Region(None, max(self.low, other.low), min(self.high, other.high))
        return Region(tuple(level for level in self.levels if level in other.levels))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is allowed."""
        return self.levels == () if self.levels is not None else self.low >= self.high

    def restricted(
        self, family: Conditional, params: Tensor, noise: Tensor
    ) -> tuple[Tensor, Tensor]:
        """A family, (B, P), (B, U) uniforms -> (B,) draws from within, (B,) ln of their mass."""
        if self.levels is None:
            assert isinstance(family, Density)
            low = torch.full_like(params[:, 0], self.low)
            high = torch.full_like(params[:, 0], self.high)
            mass = family.log_mass(params, low, high)
            return family.draw_between(params, noise, low, high), mass
        assert isinstance(family, Discrete)
        levels = torch.tensor(self.levels, device=params.device)
        log_pmf = family.log_pmf(params)[:, levels].double()
        mass = log_pmf.logsumexp(dim=1)
        share = (log_pmf - torch.where(mass.isneginf(), 0.0, mass)[:, None]).exp()
        below = (share.cumsum(dim=1) <= noise[:, :1]).sum(dim=1)
        last_with_mass = torch.where(share > 0, torch.arange(len(levels)).to(levels), 0).amax(dim=1)
        return levels[torch.minimum(below, last_with_mass)], mass


def regions_of(
    name: str, model: AutoregressiveModel | Mixture, asked: Mapping[int, Allowed]
) -> dict[int, Region]:
    """An argument's name, a model, what each flat event index is allowed to be -> regions, checked.

    Raises:
        InputError: events of no fixed length, an unknown scalar, a level that it does not have,
            levels of a real scalar, an interval whose ends are out of order or no numbers.
    """
    first, _ = components_of(model)[0]
    if first.ordering.num_steps is None:
        raise InputError("model: expected events of one fixed length, got strings")
    found = {}
    for dim, allowed in asked.items():
        if (
            isinstance(dim, bool)
            or not isinstance(dim, int)
            or not 0 <= dim < first.ordering.num_steps
        ):
            raise InputError(
                f"{name}: expected scalars 0 … {first.ordering.num_steps - 1}, got {dim!r}"
            )
        found[dim] = _region(f"{name}[{dim}]", family_of(first.conditional, dim), allowed)
    return found


def _region(where: str, family: Conditional, allowed: Allowed) -> Region:
    interval = isinstance(allowed, tuple)
    if interval:
        low, high = _ends(where, allowed)
    symbols = family.num_symbols if isinstance(family, Discrete) else None
    if symbols is None:
        if not interval:
            raise InputError(f"{where}: a real number has no levels; expected (low, high)")
        if not isinstance(family, Density):
            raise InputError(f"{where}: {type(family).__name__} has no mass of an interval")
        return Region(None, low, high)
    if interval:
        levels = [level for level in range(symbols) if low <= level <= high]
    else:
        levels = sorted(set(allowed))  # type: ignore[arg-type]
        for level in levels:
            if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level < symbols:
                raise InputError(f"{where}: expected levels 0 … {symbols - 1}, got {level!r}")
    return Region(tuple(levels))


def _ends(where: str, allowed: Allowed) -> tuple[float, float]:
    ends = tuple(allowed)
    if (
        len(ends) != 2
        or any(isinstance(e, str) or math.isnan(e) for e in ends)
        or ends[0] > ends[1]
    ):
        raise InputError(f"{where}: expected (low, high) with low ≤ high, got {allowed!r}")
    return float(ends[0]), float(ends[1])
