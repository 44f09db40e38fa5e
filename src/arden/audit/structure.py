"""Does every step see what its network promises to use, and nothing else?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from arden.audit.points import other_value, supports
from arden.audit.report import Finding, within
from arden.audit.subject import Subject, in_steps, one_pass, shaken
from arden.core.model import AutoregressiveModel

__all__ = ["changes", "no_leak", "structure_as_promised"]

# Rows of one batch may round differently; a smaller influence than this is none.
_LEAK = 1e-9
_SEEN = 1e-12
# (strength, whether all weights are made positive): noise so strong that one network saturates
# may be needed by another, and rectified units that are dead in one copy live in the next.
_SHAKES = ((0.5, False), (1.0, False), (0.5, True), (0.2, False), (2.0, False))
_LEAST_SHAKES = 2
_GRADIENTS_FROM = 2  # shakes without success, after which derivatives are looked at as well
_MOST_GRADIENTS = 64
_NUMBERS_AT_ONCE = 2**23  # parameters of changed rows: 64 MB in float64


@dataclass
class _Seen:
    """change[t, j]: how far step t's parameters moved when only step j's value was changed."""

    change: Tensor
    changed: Tensor  # (J,) bool: whether the column was changed at all
    inputs: list[int]

    def leak(self, allowed: Tensor) -> tuple[float, str]:
        """(T, T) bool -> the largest forbidden change, and which steps it is between."""
        forbidden = torch.where(allowed[:, self.inputs], 0.0, self.change)
        worst = float(forbidden.max()) if forbidden.numel() else 0.0
        place = int(forbidden.argmax()) if forbidden.numel() else 0
        step, column = divmod(place, max(len(self.inputs), 1))
        return worst, f"step {step} sees step {self.inputs[column]}"


def no_leak(subject: Subject) -> Finding:
    """Changes one step's value at a time, on the real weights: only what is promised may move."""
    generator = subject.generator("no leak")
    worst, where = 0.0, ""
    for part in subject.parts():
        allowed = _allowed(part, subject.length)
        inputs = _inputs(subject, generator)
        for row in range(min(2, len(subject.values))):
            seen = changes(subject, part, row, inputs, generator)
            found, place = seen.leak(allowed)
            if found > worst:
                worst, where = found, place
    return within(
        worst,
        _LEAK,
        f"No step sees itself, a later step, or one outside its window{_coverage(subject)}.",
        f"A leak: {where}, which it must not.",
    )


def structure_as_promised(subject: Subject) -> Finding:
    """The same with noise on every weight, over several points: no leak, and nothing missing."""
    generator = subject.generator("structure as promised")
    missing, first_missing, used_context = 0, "", True
    for part in subject.parts():
        allowed = _allowed(part, subject.length)
        inputs = _inputs(subject, generator)
        seen = torch.zeros(subject.length, len(inputs), dtype=torch.bool)
        wanted = allowed[:, inputs].clone()
        context_seen = subject.context is None or len(subject.values) < 2
        for shake in range(subject.budget.shakes):
            strength, positive = _SHAKES[shake % len(_SHAKES)]
            noisy = shaken(part, strength, generator, positive=positive)
            for row in range(min(2, len(subject.values))):
                here = changes(subject, noisy, row, inputs, generator, fresh=True)
                found, place = here.leak(allowed)
                if found > _LEAK:
                    return Finding(
                        False,
                        found,
                        _LEAK,
                        f"A leak once all weights are shaken: {place}; a weight that is zero by a "
                        "mask needs that mask in a buffer named after it, <weight>_mask.",
                    )
                wanted &= here.changed  # a scalar with one value only cannot be seen
                seen |= here.change > _SEEN
            if shake >= _GRADIENTS_FROM and bool((wanted & ~seen).any()):
                seen |= _derivatives(subject, noisy, inputs, wanted & ~seen, generator)
            context_seen = context_seen or _uses_context(subject, noisy)
            left = wanted & ~seen
            if shake + 1 >= _LEAST_SHAKES and context_seen and not bool(left.any()):
                break
        used_context = used_context and context_seen
        if bool(left.any()) and not missing:
            step, column = left.nonzero()[0].tolist()
            first_missing = f"step {step} never sees step {inputs[column]}"
        missing += int(left.sum())
    if not used_context:
        return Finding(False, 1.0, 0.0, "No parameter depends on the context.")
    return within(
        float(missing),
        0.0,
        "With all weights shaken, every step sees all it promises to use and nothing else"
        f"{_coverage(subject)}.",
        f"{missing} promised dependences are missing: {first_missing}, which it promises to use.",
    )


def _allowed(part: AutoregressiveModel, length: int) -> Tensor:
    """part -> (T, T) bool: the promise, never more than the steps before."""
    promised = part.network.promised(length).cpu().bool()
    return promised & torch.ones_like(promised).tril(-1)


def _inputs(subject: Subject, generator: Generator) -> list[int]:
    """-> the steps to change: all, or the ends and random neighbours."""
    length, most = subject.length, subject.budget.inputs
    if length <= most:
        return list(range(length))
    chosen = {0, 1, length - 2, length - 1}
    for step in torch.randperm(length - 1, generator=generator).tolist():
        if len(chosen) >= most:
            break
        chosen |= {step, step + 1}
    return sorted(chosen)


def _coverage(subject: Subject) -> str:
    length, most = subject.length, subject.budget.inputs
    return "" if length <= most else f" ({most} of {length} steps were changed in turn)"


def _point(
    subject: Subject, part: AutoregressiveModel, row: int, generator: Generator, fresh: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    """-> one point: (1, T) in step order, its dims (T,), its context (1, C)."""
    dims = part.dims(1, subject.length, subject.orders(part, generator))
    values = subject.other_values(generator, 1) if fresh else subject.values[row : row + 1]
    context = None if subject.context is None else subject.context[row : row + 1]
    return in_steps(values, dims), dims, context


def changes(
    subject: Subject,
    part: AutoregressiveModel,
    row: int,
    inputs: list[int],
    generator: Generator,
    fresh: bool = False,
) -> _Seen:
    """One point with one step changed at a time -> what moved."""
    base, dims, context = _point(subject, part, row, generator, fresh)
    kinds = supports(part.conditional, subject.length, part.ordering.end)
    changed = torch.zeros(len(inputs), dtype=torch.bool)
    rows = base.repeat(len(inputs), 1)
    redrawn = in_steps(subject.other_values(generator, 1), dims)[0]
    for number, step in enumerate(inputs):
        value = other_value(base[0, step], kinds[int(dims[step])], redrawn[step], generator)
        if value is not None:
            rows[number, step] = value.to(rows)
            changed[number] = True
    # Some rows at a time: 3072 steps of 256 levels are six megabytes a row.
    size = max(1, _NUMBERS_AT_ONCE // max(len(dims) * part.conditional.num_params, 1))
    moved, still = [], torch.empty(0)
    for some in rows.split(size):
        repeated = None if context is None else context.expand(len(some), -1)
        if len(still) != len(some):
            # Every row against itself unchanged, at its own place in the batch: products round
            # by place, and a recurrent network with noise on its weights may be chaotic.
            still = one_pass(part, base.expand(len(some), -1), dims, repeated)
        params = one_pass(part, some, dims, repeated)
        moved.append((params - still).abs().amax(dim=-1) / (1 + still.abs().amax(dim=-1)))
    return _Seen(torch.cat(moved).nan_to_num(nan=math.inf).T.cpu(), changed, inputs)


def _derivatives(
    subject: Subject,
    part: AutoregressiveModel,
    inputs: list[int],
    wanted: Tensor,
    generator: Generator,
) -> Tensor:
    """(T, J) still unseen -> (T, J): where a derivative is not zero.

    An influence that fades over many steps is lost in a sum's rounding long before its derivative
    is zero. A network without derivatives (a table of symbols) simply shows none.
    """
    steps, dims, context = _point(subject, part, 0, generator, True)
    family = part.conditional.at(dims)
    features = family.features(steps).to(part.dtype).requires_grad_(True)
    seen = torch.zeros_like(wanted)
    with torch.enable_grad():
        params = part.network(features, part.check_context(context, 1), **part.order_argument(dims))
        if not params.requires_grad:
            return seen
        weights = torch.randn(params.shape[-1], generator=generator, dtype=params.dtype)
        for step in wanted.any(dim=1).nonzero()[:_MOST_GRADIENTS, 0].tolist():
            total = params[0, step] @ weights.to(params.device)
            if not total.requires_grad:
                continue
            (slope,) = torch.autograd.grad(total, features, retain_graph=True, allow_unused=True)
            if slope is not None:
                seen[step] = (slope[0] != 0).any(dim=-1)[inputs].cpu()
    return seen


def _uses_context(subject: Subject, part: AutoregressiveModel) -> bool:
    """Whether any parameter moves when only the context does."""
    assert subject.context is not None
    dims = part.dims(1, subject.length, subject.orders(part, subject.generator("context")))
    steps = in_steps(subject.values[:1], dims)
    context = subject.context
    if bool((context == context[0]).all()):  # all rows alike: move it by hand
        context = torch.cat([context[:1], context[:1] + 1])
    params = one_pass(part, steps.expand(len(context), -1), dims, context)
    return bool((params - params[0]).abs().max() > _SEEN)
