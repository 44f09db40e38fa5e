"""Another family for every column: tables of mixed type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from arden.conditionals._real_columns import RealColumns
from arden.core.conditional import Conditional, Discrete
from arden.errors import InputError

__all__ = ["Mixed"]


@dataclass(frozen=True)
class Mixed(Conditional):
    """families[d] is the family of event index d. Values are float64, whole numbers if discrete.

    Parameters and features are padded to the widest family; a family reads its own first entries.
    A mixed model's log_prob is a mass times a density. Ask for the family of given scalars with
    `at`; without it the columns are taken to be the last axis of the values.

    >>> import torch
    >>> from arden.conditionals.bernoulli import Bernoulli
    >>> from arden.conditionals.categorical import Categorical
    >>> family = Mixed((Bernoulli(), Categorical(3)))
    >>> family.log_prob(torch.zeros(5, 2, 3), torch.zeros(5, 2))[0].exp()
    tensor([0.5000, 0.3333])
    """

    families: tuple[Conditional, ...]

    def __post_init__(self) -> None:
        if not self.families:
            raise InputError("families: expected at least one, got none")

    @property
    def num_params(self) -> int:
        """The most parameters any column needs."""
        return max(family.num_params for family in self.families)

    @property
    def num_features(self) -> int:
        """The most features any column shows."""
        return max(family.num_features for family in self.families)

    @property
    def num_noise(self) -> int:
        """The most uniforms any column takes."""
        return max(family.num_noise for family in self.families)

    def at(self, dims: Tensor) -> Conditional:
        """(D,), (B,) or (B, D) -> the family of those columns, discrete when all of them are."""
        if self._reals is not None:
            return self._reals.at(dims)
        kinds, kind_of_column = self._kinds
        kind = kind_of_column.to(dims.device)[dims]
        found = kind.unique().tolist()
        present = tuple(kinds[index] for index in found)
        if len(present) == 1 and not self._pads(present[0]):
            return present[0]
        # Numbered anew: symbols that only other columns have are not looked at.
        number = torch.zeros(len(kinds), dtype=torch.int64, device=dims.device)
        number[found] = torch.arange(len(found), device=dims.device)
        columns: type[_Columns] | type[_DiscreteColumns] = _Columns
        if all(isinstance(family, Discrete) for family in present):
            columns = _DiscreteColumns
        return columns(self, present, number[kind])

    @cached_property
    def _kinds(self) -> tuple[tuple[Conditional, ...], Tensor]:
        """The different families, and which of them each column's is."""
        kinds = tuple(dict.fromkeys(self.families))
        return kinds, torch.tensor([kinds.index(family) for family in self.families])

    @cached_property
    def _reals(self) -> RealColumns | None:
        """All columns at once, where all are real and of one kind: many times as fast."""
        return RealColumns.of(self.families)

    def _pads(self, family: Conditional) -> bool:
        return (family.num_params, family.num_features, family.num_noise) != (
            self.num_params,
            self.num_features,
            self.num_noise,
        )

    def _all(self, value: Tensor) -> Conditional:
        return self.at(torch.arange(len(self.families), device=value.device))

    def features(self, value: Tensor) -> Tensor:
        """(…, D) -> (…, D, F)."""
        return self._all(value).features(value)

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        """(…, D, P), (…, D) -> (…, D): nats; log mass or log density by column."""
        return self._all(value).log_prob(params, value)

    def draw(self, params: Tensor, noise: Tensor) -> Tensor:
        """(…, D, P), (…, D, U) -> (…, D) float64."""
        return self._all(params).draw(params, noise)

    def contains(self, value: Tensor) -> Tensor:
        """(…, D) -> (…, D) bool."""
        return self._all(value).contains(value)

    def mode(self, params: Tensor) -> Tensor:
        """(…, D, P) -> (…, D) float64."""
        return self._all(params).mode(params)


@dataclass(frozen=True, eq=False)
class _ByKind:
    """Columns of several kinds: each kind's rows are computed together and put in their places."""

    mixed: Mixed
    kinds: tuple[Conditional, ...]
    kind: Tensor

    @property
    def num_params(self) -> int:
        return self.mixed.num_params

    @property
    def num_features(self) -> int:
        return self.mixed.num_features

    @property
    def num_noise(self) -> int:
        return self.mixed.num_noise

    def _scatter(
        self,
        shape: tuple[int, ...],
        compute: Callable[[Conditional, _Picked], Tensor],
        out: Tensor,
    ) -> Tensor:
        """A shape of scalars, what to compute of each kind -> ``out``, filled with all of them.

        ``compute`` is given a family and where its scalars are.
        """
        further = out.dim() - len(shape)
        if self.kind.dim() == 1 and shape and 0 < shape[-1] == len(self.kind):
            # The same columns in every row: slices, which cost less than masks.
            places = [(self.kind == index).nonzero()[:, 0] for index in range(len(self.kinds))]
            parts = [
                _widened(compute(family, _Picked(columns=columns)), out, further)
                for family, columns in zip(self.kinds, places, strict=True)
                if len(columns)
            ]
            axis = len(shape) - 1
            return torch.cat(parts, dim=axis).index_select(axis, torch.cat(places).argsort())
        kind = self.kind.expand(shape)
        for index in kind.unique().tolist():
            here = kind == index
            part = _widened(compute(self.kinds[index], _Picked(mask=here)), out, further)
            out = out.masked_scatter(here.reshape(here.shape + (1,) * further).expand_as(out), part)
        return out

    def features(self, value: Tensor) -> Tensor:
        out = torch.zeros(
            *value.shape, self.mixed.num_features, dtype=torch.float64, device=value.device
        )
        return self._scatter(tuple(value.shape), lambda f, at: f.features(at(value)), out)

    def contains(self, value: Tensor) -> Tensor:
        out = torch.zeros_like(value, dtype=torch.bool)
        return self._scatter(tuple(value.shape), lambda f, at: f.contains(at(value)), out)

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        return self._scatter(
            tuple(value.shape),
            lambda f, at: f.log_prob(at(params, 1)[..., : f.num_params], at(value)),
            params.new_zeros(value.shape),
        )

    def draw(self, params: Tensor, noise: Tensor) -> Tensor:
        shape = tuple(params.shape[:-1])
        return self._scatter(
            shape,
            lambda f, at: f.draw(
                at(params, 1)[..., : f.num_params], at(noise, 1)[..., : f.num_noise]
            ),
            torch.zeros(shape, dtype=torch.float64, device=params.device),
        )

    def mode(self, params: Tensor) -> Tensor:
        shape = tuple(params.shape[:-1])
        return self._scatter(
            shape,
            lambda f, at: f.mode(at(params, 1)[..., : f.num_params]),
            torch.zeros(shape, dtype=torch.float64, device=params.device),
        )


class _Picked:
    """Where the scalars of one kind are: in some columns of every row, or wherever a mask says."""

    def __init__(self, columns: Tensor | None = None, mask: Tensor | None = None) -> None:
        self._columns, self._mask = columns, mask

    def __call__(self, of: Tensor, further: int = 0) -> Tensor:
        """A tensor with ``further`` axes behind those of the scalars -> what it holds of them."""
        if self._columns is None:
            return of[self._mask]
        return of.index_select(of.dim() - 1 - further, self._columns)


def _widened(part: Tensor, out: Tensor, further: int) -> Tensor:
    """What one kind computed -> the same as wide as the widest family's, in the dtype of all."""
    if further:
        part = torch.nn.functional.pad(part, (0, out.shape[-1] - part.shape[-1]))
    return part.to(out.dtype)


@dataclass(frozen=True, eq=False)
class _Columns(_ByKind, Conditional):
    """Some columns of a table, not all discrete."""


@dataclass(frozen=True, eq=False)
class _DiscreteColumns(_ByKind, Discrete):
    """Some columns of a table, all discrete: symbols beyond a column's own have no mass."""

    @property
    def num_symbols(self) -> int:  # type: ignore[override]  # derived, not stored
        return max(kind.num_symbols or 0 for kind in self.kinds)

    def log_pmf(self, params: Tensor) -> Tensor:
        return self._masses(params, self.num_symbols, lambda f, own, at: f.log_pmf(own))

    def log_block_mass(self, params: Tensor, width: int) -> Tensor:
        count = -(-self.num_symbols // width)
        return self._masses(params, count, lambda f, own, at: f.log_block_mass(own, width))

    def log_pmf_from(self, params: Tensor, first: Tensor, width: int) -> Tensor:
        return self._masses(params, width, lambda f, own, at: f.log_pmf_from(own, first[at], width))

    def _masses(
        self, params: Tensor, width: int, compute: Callable[[Discrete, Tensor, Tensor], Tensor]
    ) -> Tensor:
        """(…, P), W, ln masses of each kind's rows -> (…, W): what a kind has none of is −∞."""
        shape = tuple(params.shape[:-1])
        out = params.new_full((*shape, width), -torch.inf)
        for index in self.kind.expand(shape).unique().tolist():
            family = self.kinds[index]
            assert isinstance(family, Discrete)
            here = self.kind.expand(shape) == index
            part = compute(family, params[here][..., : family.num_params], here)
            room = (0, width - part.shape[-1])
            padded = torch.nn.functional.pad(part, room, value=-torch.inf)
            out = out.masked_scatter(here[..., None].expand_as(out), padded.to(out.dtype))
        return out

    def params_of(self, log_pmf: Tensor) -> Tensor:
        raise InputError("conditional: mixed columns have no table of counts")
