"""What every network promises, tried on each line of `cases.py`: in float64, all weights shaken."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import Tensor

from arden.core.draw import draw, generic_draw
from arden.core.model import AutoregressiveModel
from arden.core.network import Replay, used_entries
from arden.networks import NETWORKS
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from tests.core.models import every_event, generator, noise_for, some_events
from tests.networks.cases import CASES, DISCRETE, PAIRS, Case, model_of, names, orderings

CLASSES = 3
every_pair = pytest.mark.parametrize(("case", "family"), PAIRS, ids=names)
with_and_without_context = pytest.mark.parametrize("context_size", [0, CLASSES])
discrete = [pair for pair in PAIRS if pair[1] in DISCRETE]


def contexts(model: AutoregressiveModel, batch_size: int) -> Tensor | None:
    """model, B -> (B, C): another class for neighbouring rows, or None where it takes none."""
    if not model.context_size:
        return None
    return torch.eye(model.context_size, dtype=torch.float64)[
        torch.arange(batch_size) % model.context_size
    ]


def test_every_network_of_the_catalogue_has_a_case() -> None:
    assert {case.network.__name__ for case in CASES} == {
        entry.partition(":")[2] for entry in NETWORKS.values()
    }


@pytest.mark.parametrize(
    ("case", "family", "ordering"),
    [(case, family, rule) for case, family in discrete for rule in orderings(case)],
    ids=names,
)
@with_and_without_context
def test_probabilities_of_all_events_sum_to_one(
    case: Case, family: str, ordering: type, context_size: int
) -> None:
    shape = (2, 4) if family == "bernoulli" else (2, 3)
    model = model_of(case, family, context_size=context_size, ordering=ordering(shape))
    events = every_event(shape, model.conditional.num_symbols or 0)
    for group in range(max(context_size, 1)):
        one_class = torch.eye(CLASSES)[group].expand(len(events), -1) if context_size else None
        with torch.no_grad():
            total = model.log_prob(events, one_class).exp().sum().item()
        assert abs(total - 1) < 1e-10


@every_pair
@with_and_without_context
def test_cached_steps_equal_forward_equal_replay_at_every_fill_level(
    case: Case, family: str, context_size: int
) -> None:
    model = model_of(case, family, context_size=context_size)
    batch_size, length = 5, 6
    x, context = some_events(model.conditional, (length,), batch_size), contexts(model, 5)
    dims = model.dims(batch_size, length)
    features = model.conditional.features(x).double()
    with torch.no_grad():
        expected = model.network(features, context, **model.order_argument(dims))
        for network in (model.network, Replay(model.network)):
            params, state = network.start(batch_size, context, **model.order_argument(dims))
            seen = [params.clone()]
            for step in range(length - 1):
                params, state = network.step(state, features[:, step])
                seen.append(params.clone())
            # Not bit for bit: matrices of other shapes are multiplied in another order.
            torch.testing.assert_close(torch.stack(seen, 1), expected, rtol=1e-10, atol=1e-10)


@every_pair
@with_and_without_context
def test_a_walk_scores_what_log_conditionals_scores(
    case: Case, family: str, context_size: int
) -> None:
    model = model_of(case, family, context_size=context_size)
    x, context = some_events(model.conditional, model.event_shape, 4), contexts(model, 4)
    with torch.no_grad():
        terms = model.log_conditionals(x, context).flatten(1)
    flat = x.flatten(1)
    in_step_order = flat[:, model.dims(4, flat.shape[1])]
    for fill in range(flat.shape[1]):
        step = model.begin(4, context, prefix=in_step_order[:, :fill]).step
        dim = int(step.dims[0])
        assert step.index == fill
        assert bool((step.dims == dim).all())
        scored = step.family.log_prob(step.params, flat[:, dim])
        torch.testing.assert_close(scored, terms[:, dim], rtol=1e-10, atol=1e-10)
    full = model.begin(4, context, prefix=in_step_order)
    assert full.done
    assert torch.equal(full.event(), x.to(model.conditional.value_dtype))


@every_pair
def test_a_row_does_not_depend_on_its_batch(case: Case, family: str) -> None:
    model = model_of(case, family, context_size=CLASSES)
    x, context = some_events(model.conditional, model.event_shape, 9), contexts(model, 9)
    assert context is not None
    with torch.no_grad():
        together = model.log_prob(x, context)
        alone = torch.cat([model.log_prob(x[i : i + 1], context[i : i + 1]) for i in range(9)])
        reversed_ = model.log_prob(x.flip(0), context.flip(0)).flip(0)
        again = model.log_prob(x, context)
    torch.testing.assert_close(alone, together, rtol=1e-10, atol=0)
    torch.testing.assert_close(reversed_, together, rtol=1e-10, atol=0)
    assert torch.equal(again, together)
    assert model.log_prob(x[:0], context[:0]).shape == (0,)


@every_pair
def test_forked_rows_go_their_own_ways(case: Case, family: str) -> None:
    model = model_of(case, family, context_size=CLASSES)
    context = contexts(model, 3)
    assert context is not None
    flat = some_events(model.conditional, (6,), 8)
    walker = model.begin(3, context)
    for step in range(2):
        walker.advance(flat[:3, step])
    rows = torch.tensor([2, 0, 2, 1])
    fork = walker.select(rows)
    fork_values = torch.cat([flat[:3, :2][rows], flat[3:7, 2:]], dim=1)
    for step in range(2, 5):  # in turns, so that one walk could disturb the other
        fork.advance(fork_values[:, step])
        walker.advance(flat[:3, step])
    for walk, values, own in ((walker, flat[:3], context), (fork, fork_values, context[rows])):
        fresh = model.begin(len(values), own, prefix=values[:, :5])
        torch.testing.assert_close(walk.step.params, fresh.step.params, rtol=1e-10, atol=1e-10)
        assert torch.equal(walk.event(), fresh.event())
        assert torch.equal(walk.step.dims, fresh.step.dims)


@every_pair
@with_and_without_context
def test_draws_depend_on_their_noise_alone(case: Case, family: str, context_size: int) -> None:
    model = model_of(case, family, context_size=context_size)
    noise, context = noise_for(model, 11), contexts(model, 11)
    whole = draw(model, noise, context=context)
    assert whole.shape == (11, *model.event_shape)
    assert whole.dtype == model.conditional.value_dtype
    assert bool(model.conditional.contains(whole).all())
    assert torch.equal(whole, draw(model, noise, context=context))
    rows = torch.arange(11).split([1, 4, 6])
    chunks = [draw(model, noise[r], context=None if context is None else context[r]) for r in rows]
    torch.testing.assert_close(torch.cat(chunks), whole, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(
        generic_draw(model, noise, context=context), whole, rtol=1e-10, atol=1e-10
    )
    assert not torch.equal(whole, draw(model, noise.flip(0), context=context))
    assert draw(model, noise[:0], context=None if context is None else context[:0]).numel() == 0


@pytest.mark.parametrize(
    ("case", "family", "shape"),
    [
        (case, family, shape)
        for case, family in PAIRS
        for shape in (((3, 4), (2, 2, 3)) if case.on_grid else ((7,),))
    ],
    ids=names,
)
def test_every_step_uses_what_is_promised_and_nothing_else(
    case: Case, family: str, shape: tuple[int, ...]
) -> None:
    length = math.prod(shape)
    model, source = model_of(case, family, shape, ordering=Raster(shape)), generator(1)
    used = torch.zeros(length, length, dtype=torch.bool)
    order = model.order_argument(torch.arange(length))
    for attempt in range(25):  # a dead ReLU may hide a dependence, so look from many points
        x = some_events(model.conditional, (length,), 1, seed=attempt)
        # Every symbol of every variable at once: row j differs from x in variable j alone.
        others = (x + torch.randint(1, 3, (length, 1), generator=source)) % 3
        if family == "bernoulli":
            others = 1 - x.expand(length, -1)
        moved = torch.where(torch.eye(length, dtype=torch.bool), others, x)
        with torch.no_grad():
            features = model.conditional.features(torch.cat([x, moved])).double()
            params = model.network(features, **order)
        size = 1 + params[:1].abs()  # the log weights of a mixture may be thousands
        used |= (((params[1:] - params[:1]).abs() / size).amax(dim=2) > 1e-12).T  # [step, moved]
    assert torch.equal(used, model.network.promised(length))


@every_pair
@pytest.mark.parametrize("shape", [(1,), (1, 1), (3,), (1, 3), (3, 1), (1, 2, 3), (3, 3)])
def test_awkward_shapes(case: Case, family: str, shape: tuple[int, ...]) -> None:
    model = model_of(case, family, shape)
    symbols = model.conditional.num_symbols
    if symbols is not None and shape != (3, 3):
        with torch.no_grad():
            total = model.log_prob(every_event(shape, symbols)).exp().sum().item()
        assert abs(total - 1) < 1e-10
    noise = noise_for(model, 1)
    drawn = draw(model, noise)
    walker, walked = model.begin(1), torch.zeros((), dtype=torch.float64)
    while not walker.done:
        value = drawn.flatten(1)[:, walker.step.dims[0]]
        walked = walked + walker.step.family.log_prob(walker.step.params, value)
        walker.advance(value)
    torch.testing.assert_close(model.log_prob(drawn), walked, rtol=1e-10, atol=1e-10)


@every_pair
def test_single_precision_runs_and_is_close(case: Case, family: str) -> None:
    exact = model_of(case, family, context_size=CLASSES)
    single = copy.deepcopy(exact).float()
    x, context = some_events(exact.conditional, exact.event_shape, 6), contexts(exact, 6)
    scored = single.log_prob(x, context)
    assert scored.dtype == torch.float32
    # Six terms of a few nats each, and 2⁻²⁴ ≈ 6e-8 lost in every operation.
    torch.testing.assert_close(scored.double(), exact.log_prob(x, context), rtol=1e-4, atol=1e-4)
    drawn = draw(single, noise_for(single, 6), context=context)
    assert drawn.dtype == exact.conditional.value_dtype
    assert bool(single.conditional.contains(drawn).all())


@every_pair
def test_every_row_listens_to_its_context(case: Case, family: str) -> None:
    model = model_of(case, family, context_size=CLASSES)
    x = some_events(model.conditional, model.event_shape, 1).expand(CLASSES, *model.event_shape)
    with torch.no_grad():
        scores = model.log_prob(x, contexts(model, CLASSES))
    assert len({round(score, 6) for score in scores.tolist()}) == CLASSES


@every_pair
def test_a_fresh_model_that_loads_the_weights_is_the_same_model(case: Case, family: str) -> None:
    model, fresh = model_of(case, family, seed=1), model_of(case, family, seed=2)
    noise = noise_for(model, 5)
    fresh.load_state_dict(model.state_dict())
    drawn = draw(fresh, noise)  # before any forward pass
    assert torch.equal(drawn, draw(model, noise))
    assert torch.equal(fresh.log_prob(drawn), model.log_prob(drawn))


@every_pair
@with_and_without_context
def test_gradients_reach_every_weight_and_masked_ones_stay_zero(
    case: Case, family: str, context_size: int
) -> None:
    model = model_of(case, family, context_size=context_size).train()
    x, context = some_events(model.conditional, model.event_shape, 64), contexts(model, 64)
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)
    losses = []
    for _ in range(10):
        optimiser.zero_grad()
        loss = -model.log_prob(x, context).mean()
        loss.backward()
        losses.append(loss.item())
        for name, parameter in model.named_parameters():
            used = used_entries(model)[parameter]
            assert parameter.grad is not None, name
            assert bool(parameter.grad.isfinite().all()), name
            assert bool((parameter.grad[~used] == 0).all()), name
            # At first only: a ReLU may die on the way.
            reached = len(losses) > 1 or bool((parameter.grad[used] != 0).any())
            assert reached or not bool(used.any()), name
        optimiser.step()
    assert losses[-1] < losses[0]
    for name, mask in model.named_buffers():
        if name.endswith("weight_mask"):
            weight = model.get_parameter(name.removesuffix("_mask"))
            assert bool((weight[mask == 0] == 0).all()), name


@pytest.mark.parametrize(
    ("case", "family"), [pair for pair in discrete if pair[0].free_length], ids=names
)
def test_strings_of_any_length(case: Case, family: str) -> None:
    end, longest = 1, 5
    model = model_of(case, family, ordering=UntilEnd(end))
    symbols = model.conditional.num_symbols or 0
    letters = [symbol for symbol in range(symbols) if symbol != end]
    total = 0.0
    with torch.no_grad():
        for length in range(longest + 1):
            stems = every_event((length,), len(letters))
            strings = torch.tensor(letters)[stems]
            ended = torch.cat([strings, torch.full((len(strings), 1), end)], dim=1)
            # An unfinished string is all those that it may yet become.
            total += model.log_prob(ended if length < longest else strings).exp().sum().item()
    assert abs(total - 1) < 1e-10
    assert torch.equal(model.log_prob(torch.zeros(2, 0)), torch.zeros(2, dtype=torch.float64))
