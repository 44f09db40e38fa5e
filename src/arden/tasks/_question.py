"""One set of conditions asked of a model: listed where there are few cases, else weighed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from arden.core.conditional import Discrete
from arden.core.draw import uniform_noise
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AnyOrderNetwork
from arden.core.walker import Step
from arden.kernels import register
from arden.orderings.observed_first import observed_first
from arden.tasks.evidence import components_of, family_of
from arden.tasks.particles import Particles, effective_size, systematic, weighted_walk
from arden.tasks.regions import Region

__all__ = ["Question", "Solved"]

_MOST_LISTED = 4096
_MOST_NUMBERS = 2**22
_MOST_WALKS = 4096


@dataclass(frozen=True, eq=False)
class Solved:
    """ln P of the conditions, how sure that is, and rows that fulfil them, if any were wanted."""

    log_probability: float
    relative_error: float
    exact: bool
    size: float
    rows: Tensor | None


class Question:
    """One set of conditions asked of a model, component by component."""

    def __init__(
        self,
        model: AutoregressiveModel | Mixture,
        regions: dict[int, Region],
        first: list[int],
        context: Tensor | None,
        candidates: int,
        seed: int,
    ) -> None:
        self._parts = components_of(model)
        self._model = model
        self._regions = regions
        self._first = first
        self._context = self._parts[0][0].check_context(context, 1)
        self._candidates = candidates
        self._generator = Generator().manual_seed(seed)

    def solve(self, num_rows: int = 0) -> Solved:
        """n -> ln P of the conditions, and n rows that fulfil them (none where P is 0)."""
        register()
        training = self._model.training
        self._model.eval()
        try:
            return self._solve(num_rows)
        finally:
            self._model.train(training)

    def _solve(self, num_rows: int) -> Solved:
        if any(region.is_empty for region in self._regions.values()):
            return Solved(-math.inf, 0.0, True, math.inf, None)
        found = [self._component(part, num_rows) for part, _ in self._parts]
        weights = torch.tensor([w for _, w in self._parts], dtype=torch.float64)
        logs = weights + torch.tensor([one.log_probability for one in found], dtype=torch.float64)
        total = float(logs.logsumexp(dim=0))
        if total == -math.inf:
            return Solved(total, 0.0, all(one.exact for one in found), math.inf, None)
        share = (logs - total).exp()
        errors = torch.tensor([one.relative_error for one in found], dtype=torch.float64)
        sizes = torch.tensor([one.size for one in found], dtype=torch.float64)
        rows = None
        if num_rows:
            uniform = uniform_noise(self._generator, (num_rows,))
            below = share.cumsum(dim=0)[None] <= uniform[:, None] * share.sum()
            chosen = below.sum(dim=1).clamp(max=len(found) - 1)
            drawn = [one.rows for one in found]
            some = next(one for one in drawn if one is not None)
            rows = torch.stack([some if one is None else one for one in drawn])[
                chosen, torch.arange(num_rows)
            ]
        return Solved(
            total,
            float((share * errors).norm()),
            all(one.exact for one in found),
            float(1 / (share**2 / sizes).sum()),
            rows,
        )

    def _component(self, model: AutoregressiveModel, num_rows: int) -> Solved:
        order = self._order(model)
        dims = (model.dims(1, model.ordering.num_steps or 0) if order is None else order).tolist()
        last = max((dims.index(dim) for dim in self._regions), default=-1)
        if last < 0 and not num_rows:
            return Solved(0.0, 0.0, True, math.inf, None)
        listed = self._fillings(model, dims[:last])
        if listed is not None:
            return self._by_listing(model, order, listed, dims[:last], last, num_rows)
        return self._by_weighing(model, order, last, num_rows)

    def _order(self, model: AutoregressiveModel) -> Tensor | None:
        """An any-order network visits what is given, then what is asked, then the rest."""
        if not isinstance(model.network, AnyOrderNetwork):
            return None
        length = model.ordering.num_steps or 0
        concerned, given = torch.zeros(2, 1, length, dtype=torch.bool, device=model.device)
        concerned[0, list(self._regions)] = True
        given[0, self._first] = True
        return observed_first(given, observed_first(concerned, model.dims(1, length)))[0]

    def _fillings(self, model: AutoregressiveModel, dims: list[int]) -> Tensor | None:
        """Scalars -> (C, D): all that they may be, or None where there is too much to list."""
        levels, count = [], 1
        for dim in dims:
            family = family_of(model.conditional, dim)
            if not isinstance(family, Discrete):
                return None
            region = self._regions.get(dim)
            allowed = range(family.num_symbols) if region is None else region.levels
            levels.append(torch.tensor(list(allowed or ())))
            count *= len(levels[-1])
            if count > _MOST_LISTED:
                return None
        filled = torch.zeros(count, model.ordering.num_steps or 0, dtype=torch.float64)
        if dims:
            filled[:, dims] = torch.cartesian_prod(*levels).reshape(count, len(dims)).double()
        return filled.to(model.device)

    def _by_listing(
        self,
        model: AutoregressiveModel,
        order: Tensor | None,
        listed: Tensor,
        dims: list[int],
        last: int,
        num_rows: int,
    ) -> Solved:
        weights = torch.cat(
            [
                self._walk(model, order, part, dims, last + 1).log_weight[0]
                for part in listed.split(self._walks_at_once(model))
            ]
        )
        total = weights.logsumexp(dim=0)
        rows = None
        if num_rows and not bool(total.isneginf()):
            uniform = uniform_noise(self._generator, (num_rows,)).to(weights.device)
            cumulative = (weights - total).exp().cumsum(dim=0)
            chosen = torch.searchsorted(cumulative, uniform * cumulative[-1], right=True)
            begun = listed[chosen.clamp(max=len(listed) - 1)]
            rows = torch.cat(
                [
                    self._walk(model, order, part, dims, None).values[0]
                    for part in begun.split(self._walks_at_once(model))
                ]
            )
        return Solved(float(total), 0.0, True, math.inf, rows)

    def _by_weighing(
        self, model: AutoregressiveModel, order: Tensor | None, last: int, num_rows: int
    ) -> Solved:
        weights, walked = [], []
        most = self._walks_at_once(model)
        # Walks are begun piece by piece: all at once would be a table of candidates × scalars.
        for start in range(0, self._candidates, most):
            count = min(most, self._candidates - start)
            blank = torch.zeros(count, model.ordering.num_steps or 0, dtype=torch.float64)
            steps = None if num_rows else last + 1
            found = self._walk(model, order, blank.to(model.device), [], steps)
            weights.append(found.log_weight[0])
            if num_rows:
                walked.append(found.values[0])
        log_weight = torch.cat(weights)
        total = log_weight.logsumexp(dim=0)
        if bool(total.isneginf()):
            return Solved(-math.inf, 0.0, False, 1.0, None)
        log_mean = float(total) - math.log(self._candidates)
        relative = (log_weight - log_mean).exp().std() / math.sqrt(self._candidates)
        rows = None
        if num_rows:
            uniform = uniform_noise(self._generator, (1,)).to(log_weight.device)
            chosen = systematic(log_weight[None], uniform, num_rows)[0]
            # In no order: those drawn from one walk would stand beside each other.
            shuffled = torch.randperm(num_rows, generator=self._generator)
            rows = torch.cat(walked)[chosen][shuffled]
        size = float(effective_size(log_weight[None])[0])
        return Solved(log_mean, float(relative), False, size, rows)

    def _walks_at_once(self, model: AutoregressiveModel) -> int:
        widest = max(
            family_of(model.conditional, dim).num_symbols or 1 for dim in (*self._regions, 0)
        )
        length = (model.ordering.num_steps or 1) * model.conditional.num_noise
        return max(1, min(_MOST_WALKS, _MOST_NUMBERS // max(length, widest)))

    def _walk(
        self,
        model: AutoregressiveModel,
        order: Tensor | None,
        begun: Tensor,
        forced: list[int],
        num_steps: int | None,
    ) -> Particles:
        """(K, D) values, which of them are forced -> K walks held within what is allowed."""
        count, length = begun.shape
        noise = uniform_noise(self._generator, (1, count, length, model.conditional.num_noise))
        held = set(forced)

        def restrict(step: Step, uniforms: Tensor) -> tuple[Tensor, Tensor]:
            dim = int(step.dims[0])  # all walks of a question are of one order
            params = step.params.double()
            if dim in held:
                values = begun[:, dim]
                return values, step.family.log_prob(params, values).double()
            region = self._regions.get(dim)
            if region is None:
                drawn = step.family.draw(params, uniforms)
                return drawn, torch.zeros(count, dtype=torch.float64, device=drawn.device)
            family = family_of(model.conditional, dim)
            narrow = params[:, : family.num_params]
            values, mass = region.restricted(family, narrow, uniforms[:, : family.num_noise])
            return values, mass.double()

        return weighted_walk(model, noise, restrict, self._context, order, num_steps=num_steps)
