"""Do steps taken one at a time give what the one pass gives, whoever else is walking?"""

from __future__ import annotations

import torch
from torch import Tensor

from arden.audit.report import Finding, not_applicable, within
from arden.audit.subject import Subject, discrepancy, in_steps, one_pass, shaken
from arden.core.model import AutoregressiveModel
from arden.core.network import Replay

__all__ = ["cached_steps_equal_one_pass", "forked_walks_stay_apart"]

_TOLERANCE = 1e-10  # relative, in float64: sums in another order, over hundreds of terms
_SHAKEN_LENGTH = 64  # steps of a second walk, with noise on all weights
_REPLAYED_LENGTH = 16  # replaying costs the square of it


def cached_steps_equal_one_pass(subject: Subject) -> Finding:
    """Walks a batch of different rows through every fill level, and again after prefixes."""
    generator = subject.generator("caching")
    worst, where = 0.0, ""

    def compare(found: Tensor, expected: Tensor, place: str) -> None:
        nonlocal worst, where
        difference = discrepancy(found, expected)
        if difference > worst:
            worst, where = difference, place

    walked = 0
    for part in subject.parts():
        walked = subject.walked_steps(part)
        noisy = shaken(part, 0.5, generator)  # a weight of zero hides a defect
        for model, end in ((part, walked), (noisy, min(walked, _SHAKEN_LENGTH))):
            rows = len(subject.values)
            order = subject.orders(model, generator, rows)
            dims = model.dims(rows, subject.length, order)
            steps = in_steps(subject.values, dims)
            params = one_pass(model, steps, dims, subject.context)
            walker = model.begin(rows, subject.context, order, max_steps=subject.length)
            for step in range(end):
                compare(walker.step.params, params[:, step], f"step {step} of a walk")
                walker.advance(steps[:, step])
            for fill in sorted({1, end // 2, end - 1} - {0, end, -1}):
                resumed = model.begin(rows, subject.context, order, steps[:, :fill], subject.length)
                for step in range(fill, min(fill + 2, end)):
                    compare(resumed.step.params, params[:, step], f"step {step} after a prefix")
                    resumed.advance(steps[:, step])
            if subject.length <= _REPLAYED_LENGTH:
                for step, replayed in enumerate(_replayed(model, steps, dims, subject.context)):
                    compare(replayed, params[:, step], f"step {step} of a replay")
    return within(
        worst,
        _TOLERANCE,
        f"{walked} of {subject.length} steps, {len(subject.values)} rows at a time: the cache "
        "gives what the one pass gives.",
        f"At {where} the parameters are not those of the one pass.",
    )


def forked_walks_stay_apart(subject: Subject) -> Finding:
    """Selects rows of a walk (all, reordered, repeated), then walks both sides in turn.

    State that is kept in a module, or shared by the two sides, shows on one of them.
    """
    if subject.length < 2:
        return not_applicable("A walk of one step has nothing to fork.")
    generator = subject.generator("forks")
    worst, where = 0.0, ""
    count = len(subject.values)
    picks = (torch.arange(count), torch.randint(count, (count + 1,), generator=generator))
    for part in subject.parts():
        order = subject.orders(part, generator, count)
        dims = part.dims(count, subject.length, order)
        steps = in_steps(subject.values, dims)
        params = one_pass(part, steps, dims, subject.context)
        walked = subject.walked_steps(part)
        for fill in sorted({0, 1, walked // 2, max(walked - 3, 0)}):
            for rows in picks:
                end = min(fill + 4, walked)
                rows = rows.to(steps.device)
                forked_dims = dims[rows] if dims.dim() == 2 else dims
                others = in_steps(subject.other_values(generator, len(rows)), forked_dims)
                forked = torch.cat([steps[rows, :fill], others[:, fill:]], dim=1)
                expected = one_pass(part, forked, forked_dims, subject.rows_of_context(rows))
                prefix = steps[:, :fill]
                walker = part.begin(count, subject.context, order, prefix, subject.length)
                fork = walker.select(rows)
                # The fork goes ahead, the original passes it, then the fork goes on.
                ahead = (fork, "the fork", expected, forked, fill + 2)
                original = (walker, "the original", params, steps, end)
                for side, name, wanted, values, until in (ahead, original, (*ahead[:4], end)):
                    while not side.done and side.step.index < until:
                        step = side.step.index
                        found = discrepancy(side.step.params, wanted[:, step])
                        if found > worst:
                            worst, where = found, f"step {step} of {name}, forked at step {fill}"
                        side.advance(values[:, step])
    return within(
        worst,
        _TOLERANCE,
        "Walks that were forked, reordered and repeated do not influence each other.",
        f"At {where}, the other walk shows: state is shared, or kept outside the state.",
    )


@torch.no_grad()
def _replayed(
    part: AutoregressiveModel, steps: Tensor, dims: Tensor, context: Tensor | None
) -> list[Tensor]:
    """(B, T) in step order -> T times (B, P): each by a pass that has not seen the future."""
    network = Replay(part.network)
    given = part.check_context(context, len(steps))
    params, state = network.start(len(steps), given, **part.order_argument(dims))
    replayed = [params]
    features = part.conditional.at(dims).features(steps).to(part.dtype)
    for step in range(steps.shape[1] - 1):
        params, state = network.step(state, features[:, step])
        replayed.append(params)
    return replayed
