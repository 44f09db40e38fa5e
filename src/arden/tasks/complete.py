"""Complete: what is not observed, drawn from p(unobserved | observed)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from arden.core.draw import RowGenerators, Source, draw, uniform_noise
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AnyOrderNetwork
from arden.core.walker import Step
from arden.errors import InputError
from arden.kernels import register
from arden.tasks.candidates import DIRECT, WEIGHED, Candidates, kinds_of, propose
from arden.tasks.evidence import (
    Evidence,
    components_of,
    evidence_of,
    joint_in_words,
    log_evidence,
    order_of,
)
from arden.tasks.particles import systematic
from arden.tasks.verbs import check_verb, exact

__all__ = ["Completion", "complete"]

_MOST_NUMBERS = 2**22  # uniforms drawn at a time: 32 MB
_MOST_WALKS = 4096


@dataclass(frozen=True, eq=False)
class Completion:
    """n completions of each of N rows, and what is known of how they were drawn.

    ``values`` (N, n, *event) keep what was observed. ``exact`` says that every completion of every
    row is an independent draw from p(unobserved | observed) of the joint that ``joint`` names in
    words (greedy ones: the most likely value of each scalar, given all that is observed and what
    was filled in before it); ``exact_rows`` (N,) says it row by row. ``order`` (N, D) is the order
    in which an any-order network visited each row, None for other models: the joint of a row is the
    one of that order.

    In rows that are not exact several candidates were walked and weighed: ``log_weight`` (N, W) are
    ln of their weights, −∞ where a row has fewer, so that their logsumexp is an estimate of
    ln p(observed), and in exact rows that very number. ``effective_sample_size`` (N,) is how many
    independent draws those candidates are worth (copies of one made by resampling count as one), ∞
    in exact rows.
    """

    values: Tensor
    exact: bool
    joint: str
    exact_rows: Tensor
    order: Tensor | None
    log_weight: Tensor
    effective_sample_size: Tensor

    @property
    def log_observed(self) -> Tensor:
        """() -> (N,) float64: ln p(observed) in nats; an estimate in rows that are not exact."""
        return self.log_weight.logsumexp(dim=1)


@torch.no_grad()
def complete(
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    observed: Tensor,
    context: Tensor | None = None,
    *,
    num: int = 1,
    greedy: bool = False,
    seed: int | None = None,
    generator: Source | None = None,
    candidates: int = 64,
    max_steps: int | None = None,
    batch_size: int | None = None,
) -> Completion:
    """(N, *event), (N, *event) bool, (N, C) -> a `Completion`: n fillings of what is not observed.

    One mask per row. What is not observed may hold anything, NaN included: it is never looked at.
    Exact in three cases: where what is observed comes first in the model's order, or would change
    nothing that comes before it (a network that promises not to read it); for every mask with an
    any-order network, which then visits the observed first; and where what is missing before an
    observed scalar has few enough values to list them all. Otherwise ``candidates`` walks of every
    row are forced through what is observed, weighed by how likely it was, resampled on the way, and
    the completions drawn from them. Of a mixture, a component is chosen by its posterior given what
    is observed. ``greedy`` takes the most likely value at every step, in exact rows only. Strings
    end somewhere within ``max_steps``. ``batch_size`` bounds the rows taken at a time.

    Raises:
        InputError: a model without a density, wrong shapes, known values outside the support, a
            seed together with a generator, num or candidates below 1, greedy where it would not
            heed what is observed, observed values that no candidate can have.

    >>> import arden, torch
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("nade", data, hidden=16, epochs=2, progress=False)
    >>> x = data.test.values[:3]
    >>> upper = torch.zeros(x.shape, dtype=torch.bool)
    >>> upper[:, :4] = True
    >>> found = complete(model, x, upper, num=5, seed=0)
    >>> found.values.shape, found.exact, found.joint
    (torch.Size([3, 5, 8, 8]), True, 'the joint in raster order')
    """
    check_verb("complete", model)
    model = exact("complete", model)
    for name, number in (("num", num), ("candidates", candidates)):
        if number < 1:
            raise InputError(f"{name}: expected at least 1, got {number}")
    if seed is not None and generator is not None:
        raise InputError("seed, generator: expected one of them, got both")
    if batch_size is not None and batch_size < 1:
        raise InputError(f"batch_size: expected at least 1, got {batch_size}")
    if greedy and num > 1:
        raise InputError(f"num: expected 1 with greedy, which has one answer, got {num}")
    register()
    if generator is None:
        generator = Generator()
        generator.seed() if seed is None else generator.manual_seed(seed)
    # Candidates take their chance elsewhere: rows that need none draw the same beside others.
    other = _another(generator)
    training = model.training
    model.eval()
    try:
        evidence = evidence_of("complete", model, x, observed, context, max_steps)
        parts = []
        chunks = _chunks(model, evidence, num, candidates, batch_size)
        if isinstance(generator, RowGenerators) and len(chunks) > 1:
            # Cut as each part would be alone, so that its candidates take the same chances.
            chunks = _chunks_of_parts(chunks[0].stop, generator.owner)
        for rows in chunks:
            here = evidence.rows(rows)
            if greedy:
                parts.append(_greedy(model, here, rows.start))
            else:
                mine, others = _for_rows(generator, rows), _for_rows(other, rows)
                parts.append(_drawn(model, here, num, candidates, mine, others, rows.start))
    finally:
        if training:
            model.train()
    exact_rows = torch.cat([part[1] for part in parts])
    width = max(part[2].shape[1] for part in parts)
    weights = [
        torch.nn.functional.pad(part[2], (0, width - part[2].shape[1]), value=-torch.inf)
        for part in parts
    ]
    longest = max(part[0].shape[2] for part in parts)
    fill = components_of(model)[0][0].ordering.end or 0
    values = [
        torch.nn.functional.pad(part[0], (0, longest - part[0].shape[2]), value=fill)
        for part in parts
    ]
    order = order_of(model, evidence.known) if isinstance(model, AutoregressiveModel) else None
    return Completion(
        values=torch.cat(values).reshape(len(x), num, *(model.event_shape or (longest,))).cpu(),
        exact=bool(exact_rows.all()),
        joint=joint_in_words(model),
        exact_rows=exact_rows.cpu(),
        order=None if order is None else order.cpu(),
        log_weight=torch.cat(weights).cpu(),
        effective_sample_size=torch.cat([part[3] for part in parts]).cpu(),
    )


_Part = tuple[Tensor, Tensor, Tensor, Tensor]
"""(R, n, D) values, (R,) exact, (R, W) ln weights, (R,) effective sample sizes."""


def _chunks(
    model: AutoregressiveModel | Mixture,
    evidence: Evidence,
    num: int,
    candidates: int,
    batch_size: int | None,
) -> list[slice]:
    """Rows taken at a time, so that memory stays bounded."""
    uniforms = max(part.conditional.num_noise for part, _ in components_of(model))
    told = all(isinstance(part.network, AnyOrderNetwork) for part, _ in components_of(model))
    walks = num if told else max(num, candidates)
    per_row = walks * max(evidence.values.shape[1] * uniforms, 1)
    size = batch_size or max(1, min(_MOST_WALKS // walks, _MOST_NUMBERS // per_row))
    return [slice(at, min(at + size, len(evidence))) for at in range(0, len(evidence), size)]


def _chunks_of_parts(size: int, owner: Tensor) -> list[slice]:
    """Rows at a time, whose generator each of N rows is -> slices that hold rows of one only."""
    ends = [*(owner.diff().nonzero()[:, 0] + 1).tolist(), len(owner)]
    return [
        slice(at, min(at + size, end))
        for start, end in zip([0, *ends], ends, strict=False)
        for at in range(start, end, size)
    ]


def _another(source: Source) -> Source:
    """A source of chance -> another one, which follows from it."""
    if isinstance(source, RowGenerators):
        others = [_another(generator) for generator in source.generators]
        return RowGenerators([o for o in others if isinstance(o, Generator)], source.owner)
    return Generator().manual_seed(int(torch.randint(2**62, (1,), generator=source)))


def _for_rows(source: Source, rows: slice | Tensor) -> Source:
    return source.of(rows) if isinstance(source, RowGenerators) else source


def _drawn(
    model: AutoregressiveModel | Mixture,
    evidence: Evidence,
    num: int,
    candidates: int,
    generator: Source,
    other: Source,
    first_row: int,
) -> _Part:
    parts = components_of(model)
    (rows, length), device = evidence.values.shape, evidence.values.device
    uniforms = max(part.conditional.num_noise for part, _ in parts)
    together = uniform_noise(generator, (rows, num * (1 + length * uniforms))).to(device)
    choice = together[:, :num]
    noise = together[:, num:].reshape(rows, num, length, uniforms)
    kinds = torch.stack([kinds_of(part, evidence) for part, _ in parts], dim=1)
    dtype = parts[0][0].conditional.value_dtype
    values = torch.empty(rows, num, length, dtype=dtype, device=device)
    weights: list[tuple[Tensor, Tensor]] = []
    size = torch.full((rows,), torch.inf, dtype=torch.float64, device=device)
    for kind in kinds.unique(dim=0):  # usually one: all rows alike
        here = (kinds == kind).all(dim=1).nonzero()[:, 0]
        some = evidence.rows(here)
        pools = [
            propose(part, some, each, candidates, _for_rows(other, here.cpu()))
            for (part, _), each in zip(parts, kind.tolist(), strict=True)
        ]
        log_weight = torch.cat(
            [pool.log_weight + w for pool, (_, w) in zip(pools, parts, strict=True)], dim=1
        )
        total = log_weight.logsumexp(dim=1)
        _check_possible(total, here + first_row)
        weighed = bool((kind == WEIGHED).any())
        if weighed:
            chosen = systematic(log_weight, choice[here, 0], num)
            size[here] = _worth(pools, log_weight)
            weights.append((here, log_weight))
        else:
            cumulative = (log_weight - total[:, None]).exp().cumsum(dim=1)
            targets = choice[here] * cumulative[:, -1:]
            chosen = torch.searchsorted(cumulative.contiguous(), targets.contiguous(), right=True)
            chosen = chosen.clamp(max=log_weight.shape[1] - 1)
            weights.append((here, total[:, None]))
        begin = 0
        for (part, _), pool in zip(parts, pools, strict=True):
            mine = (chosen >= begin) & (chosen < begin + pool.log_weight.shape[1])
            row, place = mine.nonzero(as_tuple=True)
            if row.numel():
                which = chosen[row, place] - begin
                context = None if some.context is None else some.context[row]
                start = Evidence(pool.values[row, which], pool.known[row, which], context)
                finished = _finish(part, start, noise[here[row], place])
                values[here[row], place] = finished.to(dtype)
            begin += pool.log_weight.shape[1]
    width = max(log_weight.shape[1] for _, log_weight in weights)
    log_weight = torch.full((rows, width), -torch.inf, dtype=torch.float64, device=device)
    for here, found in weights:
        log_weight[here, : found.shape[1]] = found
    return values, (kinds != WEIGHED).all(dim=1), log_weight, size


def _finish(model: AutoregressiveModel, start: Evidence, noise: Tensor) -> Tensor:
    """(R, D, U) uniforms -> (R, D): walks that keep what is known and draw the rest."""
    if bool(start.known.all()):
        return start.values
    noise = noise[..., : model.conditional.num_noise]
    event = model.event_shape if model.ordering.num_steps is not None else noise.shape[1:2]
    drawn = draw(
        model,
        noise.reshape(len(noise), *event, noise.shape[-1]),
        start.known.reshape(len(noise), *event),
        start.values.reshape(len(noise), *event),
        start.context,
        order_of(model, start.known),
    ).flatten(1)
    missing = noise.shape[1] - drawn.shape[1]  # strings that have all ended
    return torch.nn.functional.pad(drawn, (0, missing), value=model.ordering.end or 0)


def _worth(pools: list[Candidates], log_weight: Tensor) -> Tensor:
    """(R, W) -> (R,): how many independent draws the candidates of all components are worth."""
    counts = [pool.log_weight.shape[1] for pool in pools]
    share = torch.stack([part.logsumexp(dim=1) for part in log_weight.split(counts, dim=1)], dim=1)
    size = torch.stack([pool.size for pool in pools], dim=1)
    return 1 / (share.softmax(dim=1) ** 2 / size).sum(dim=1)


def _check_possible(log_observed: Tensor, rows: Tensor) -> None:
    impossible = log_observed.isneginf() | log_observed.isnan()
    if bool(impossible.any()):
        raise InputError(
            f"observed: what is observed in row {int(rows[impossible][0])} has probability 0 under "
            "this model as far as its candidates tell; nothing can be drawn given it"
        )


def _greedy(model: AutoregressiveModel | Mixture, evidence: Evidence, first_row: int) -> _Part:
    parts = components_of(model)
    direct = torch.stack([kinds_of(part, evidence, listing=False) for part, _ in parts], dim=1)
    late = (direct != DIRECT).any(dim=1)
    if bool(late.any()):
        raise InputError(
            f"greedy: expected what is observed to come first in the model's order, but in row "
            f"{int(late.nonzero()[0]) + first_row} something observed comes after something that "
            "is not, and would not be heeded; draw instead, or use an any-order model"
        )
    log_weight = torch.stack([log_evidence(part, evidence) + w for part, w in parts], dim=1)
    rows, length = evidence.values.shape

    def choose(step: Step) -> Tensor:
        dims = step.dims[:, None]
        best = step.family.mode(step.params.double())
        given = evidence.values.gather(1, dims)[:, 0].to(best.dtype)
        return torch.where(evidence.known.gather(1, dims)[:, 0], given, best)

    if isinstance(model, AutoregressiveModel):
        order = order_of(model, evidence.known)
        walked = model.walk(choose, rows, evidence.context, order, max_steps=length).flatten(1)
    elif model.same_order and all(order_of(part, evidence.known) is None for part, _ in parts):
        walked = model.walk(choose, rows, evidence.context, max_steps=length).flatten(1)
    else:
        raise InputError(
            "greedy: a mixture over different orders has no steps whose most likely value could be "
            "taken; draw instead, or ask one of its components"
        )
    missing = length - walked.shape[1]
    fill = parts[0][0].ordering.end or 0
    values = torch.nn.functional.pad(walked, (0, missing), value=fill)[:, None]
    size = torch.full((rows,), torch.inf, dtype=torch.float64, device=values.device)
    return values, ~late, log_weight.logsumexp(dim=1, keepdim=True), size
