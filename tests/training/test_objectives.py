"""What is minimised: masks and orders drawn anew, and an evaluation that draws nothing."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.dataset import Dataset, Split
from arden.errors import InputError
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
from arden.orderings.observed_first import observed_first
from arden.orderings.raster import Raster
from arden.orderings.zigzag import Zigzag
from arden.tasks.score import score
from arden.training.fit import fit_model
from arden.training.objectives import (
    Likelihood,
    Objective,
    RandomComponent,
    RandomMask,
    RandomOrder,
    default_objective,
)
from arden.training.options import TrainingOptions
from tests.core.models import build, generator
from tests.storage.models import made_of_masks
from tests.training.toys import bits, fresh, minimised

OPTIONS = TrainingOptions(epochs=8, batch_size=16, learning_rate=0.01)


def any_order(dtype: torch.dtype = torch.float64, width: int = 8) -> AutoregressiveModel:
    """() -> a small Transformer over six bits, trained for every order."""
    options = AnyOrderTransformerOptions(width=width, heads=2, layers=1)
    return build(AnyOrderTransformer, options, Bernoulli(), Raster((2, 3)), dtype=dtype)


def orderless(length: int = 3, dtype: torch.dtype = torch.float64) -> AutoregressiveModel:
    """() -> a small orderless NADE over bits."""
    options = OrderlessNADEOptions((6, 5))
    return build(OrderlessNADE, options, Bernoulli(), Raster((length,)), dtype=dtype)


def every_mask(length: int, observed: Tensor) -> Tensor:
    """T, (T,) bool -> (R, T + 1): noise for each order with each d, of the observed alone.

    Orders of the unobserved are gone through too: they must not matter.
    """
    total = max(int(observed.sum()), 1)
    noise = []
    for order in itertools.permutations(range(length)):
        keys = torch.empty(length)
        keys[list(order)] = (torch.arange(length) + 0.5) / length
        for shown in range(total):
            noise.append(torch.cat([keys, torch.tensor([(shown + 0.5) / total])]))
    return torch.stack(noise)


def two(orderings: tuple[Any, Any]) -> Mixture:
    """Two orderings -> a mixture of two NADEs with weights of their own."""
    options = NADEOptions(hidden=3)
    return Mixture([build(NADE, options, Bernoulli(), o, seed=i) for i, o in enumerate(orderings)])


def test_every_model_has_the_objective_that_suits_it() -> None:
    assert isinstance(default_objective(fresh("nade", bits())), Likelihood)
    assert isinstance(default_objective(any_order()), RandomOrder)
    assert isinstance(default_objective(orderless()), RandomMask)
    assert isinstance(default_objective(made_of_masks()), RandomComponent)
    assert isinstance(default_objective(two((Raster((6,)), Raster((6,))))), Likelihood)
    with pytest.raises(InputError, match="random orders need an any-order network, got NADE"):
        RandomOrder(fresh("nade", bits()))
    with pytest.raises(InputError, match="random masks need an orderless network, got AnyOrder"):
        RandomMask(any_order())


def test_likelihood_is_the_likelihood() -> None:
    model, x = fresh("nade", bits()), bits().test.values
    assert torch.equal(minimised(Likelihood(model), x, generator()), -model.log_prob(x))


def test_components_are_drawn_evenly_and_one_for_all_rows() -> None:
    mixture, x = made_of_masks(3), bits().test.values
    terms = [-m.log_prob(x) for m in mixture.models]
    drawn, counts = generator(), [0, 0, 0]
    for _ in range(300):
        loss = minimised(RandomComponent(mixture), x, drawn)
        matches = [torch.equal(loss, term) for term in terms]
        assert sum(matches) == 1
        counts[matches.index(True)] += 1
    assert min(counts) > 60  # expected 100 ± 8


def test_shared_masks_get_better_and_are_evaluated_all_together() -> None:
    data = bits(400)
    model = fresh("made", data, masks=4, hidden=(20,))
    assert isinstance(model, Mixture)
    before = -score(model, data.test.values).mean().item()
    masks = [mask.clone() for _, mask in model.named_buffers()]
    result = fit_model(model, data, OPTIONS)
    first = score(model, data.test.values)
    assert -first.mean().item() < before - 0.3
    assert torch.equal(score(model, data.test.values), first)  # no mask is drawn anew
    assert result.best_valid == -score(model, data.valid.values).mean().item()
    # Averaged probabilities: at least as likely as the mean of the log probabilities (Jensen).
    each = torch.stack([score(m, data.test.values) for m in model.models])
    assert bool((first >= each.mean(dim=0) - 1e-5).all())
    assert all(torch.equal(a, b) for a, (_, b) in zip(masks, model.named_buffers(), strict=True))


def test_components_of_their_own_are_trained_as_a_whole() -> None:
    data = bits(400)
    mixture = two((Raster((2, 3)), Zigzag((2, 3)))).float()
    before = -score(mixture, data.test.values).mean().item()
    weights = [p.detach().clone() for p in mixture.parameters()]
    fit_model(mixture, data, OPTIONS)
    assert -score(mixture, data.test.values).mean().item() < before - 0.2
    moved = [not torch.equal(p, w) for p, w in zip(mixture.parameters(), weights, strict=True)]
    assert all(moved)


def test_random_orders_are_one_per_row_and_follow_the_generator() -> None:
    model, x = any_order(), torch.ones(200, 2, 3, dtype=torch.uint8)
    losses = minimised(RandomOrder(model), x, generator(1))
    assert torch.equal(losses, minimised(RandomOrder(model), x, generator(1)))
    assert not torch.equal(losses, minimised(RandomOrder(model), x, generator(2)))
    assert len(losses.unique()) > 50  # all rows are alike: only their orders differ


def test_what_was_not_observed_comes_last_and_counts_for_nothing() -> None:
    model = any_order()
    observed = torch.rand(30, 2, 3, generator=generator()) < 0.5
    observed[0], observed[1] = True, False
    x = torch.randint(0, 2, (30, 2, 3), generator=generator(1)).double()
    seen: list[Tensor] = []
    whole = model.log_prob

    def spy(values: Tensor, context: Any, order: Tensor, observed: Tensor) -> Tensor:
        seen.append(order)
        return whole(values, context, order=order, observed=observed)

    object.__setattr__(model, "log_prob", spy)
    losses = minimised(RandomOrder(model), x, generator(2), observed)
    known = observed.flatten(1).gather(1, seen[0])
    assert torch.equal(known, known.sort(dim=1, descending=True).values)
    assert losses[1] == 0
    x[~observed] = float("nan")  # what is unknown may be anything
    assert torch.equal(minimised(RandomOrder(model), x, generator(2), observed), losses)


def test_rows_that_each_miss_other_cells_train_an_any_order_network() -> None:
    data = bits(400)
    observed = torch.rand(200, 2, 3, generator=generator()) < 0.7
    unread = torch.where(observed, data.train.values, 7)  # no bit: must never be looked at
    train = Split(unread, observed=observed)
    holed = Dataset("holed", data.schema, train, data.valid, data.test, "Bits with holes.")
    model = any_order(torch.float32, width=32)
    before = -score(model, data.test.values).mean().item()
    fit_model(model, holed, TrainingOptions(epochs=25, batch_size=16, learning_rate=0.01))
    assert -score(model, data.test.values).mean().item() < before - 0.3
    # And its conditionals serve any order: each of two twins settles the other.
    known = torch.zeros(1, 2, 3, dtype=torch.bool)
    known[0, 0, 1] = True
    for value in (0, 1):
        x = torch.full((1, 2, 3), value, dtype=torch.uint8)
        terms = model.log_conditionals(x, order=observed_first(known))
        assert terms[0, 0, 0].exp().item() > 0.75  # were they independent: about 0.5


class Halved(Objective):
    """An objective of the user's own: half the likelihood, counting how often it was asked."""

    def __init__(self, model: AutoregressiveModel) -> None:
        super().__init__()
        self.model, self.calls = model, 0

    def forward(
        self, x: Tensor, context: Tensor | None, observed: Tensor | None, noise: Tensor
    ) -> Tensor:
        self.calls += 1
        return -0.5 * self.model.log_prob(x, context, observed=observed)


def test_an_objective_of_the_users_own_replaces_counting_too() -> None:
    data = bits()
    for name in ("nade", "table"):
        model = fresh(name, data)
        mine = Halved(model)
        result = fit_model(model, data, OPTIONS, objective=mine)
        assert mine.calls == 8 * 4
        # The validation figure stays the likelihood, whatever was minimised.
        assert result.best_valid == -score(model, data.valid.values).mean().item()
        assert result.records[-1]["train"] < 0.75 * result.records[-1]["valid"]


@pytest.mark.parametrize(
    "observed", [(True, True, True), (True, False, True), (False, True, False), (False,) * 3]
)
def test_random_masks_estimate_the_mean_over_orders_without_bias(
    observed: tuple[bool, ...],
) -> None:
    model, known = orderless(), torch.tensor(observed)
    x = torch.tensor([1.0, 0.0, 1.0])
    noise = every_mask(3, known)
    rows = len(noise)
    unread = torch.where(known, x, float("nan"))
    losses = RandomMask(model)(unread.expand(rows, 3), None, known.expand(rows, 3), noise)
    assert losses.shape == (rows,)
    orders = torch.tensor(list(itertools.permutations(range(3))))
    first = observed_first(known.expand(len(orders), 3), orders)
    nats = -model.log_prob(
        x.expand(len(orders), 3), order=first, observed=known.expand(len(orders), 3)
    )
    assert losses.mean().item() == pytest.approx(nats.mean().item(), rel=1e-12)
    if known.sum() > 1:  # single masks are far from it: it is the mean that is right
        assert (losses - nats.mean()).abs().max().item() > 0.01
    if not known.any():
        assert bool((losses == 0).all())


def test_random_masks_show_every_number_of_values_equally_often() -> None:
    model, rows, length = orderless(4), 4000, 4
    shown: list[Tensor] = []
    network = model.network
    assert isinstance(network, OrderlessNADE)
    given = network.given

    def spy(features: Tensor, seen: Tensor, context: Tensor | None = None) -> Tensor:
        shown.append(seen)
        return given(features, seen, context)

    object.__setattr__(network, "given", spy)
    x = torch.zeros(rows, length)
    losses = minimised(RandomMask(model), x, generator(1))
    assert torch.equal(losses, minimised(RandomMask(model), x, generator(1)))
    [seen, _] = shown
    counts = torch.bincount(seen.sum(dim=1), minlength=length)
    assert counts.tolist() == pytest.approx([rows / length] * length, abs=6 * math.sqrt(rows / 4))
    assert len(counts) == length  # never all of them: nothing would be left to predict
    each = seen.double().mean(dim=0)
    assert each.tolist() == pytest.approx([0.375] * length, abs=0.05)
    # And the mean is near what it estimates: −ln p over random orders.
    model.requires_grad_(False)
    orders = minimised(RandomOrder(model), x, generator(2))
    spread = (losses.std() / math.sqrt(rows)).item()
    assert losses.mean().item() == pytest.approx(orders.mean().item(), abs=6 * spread)


def test_random_masks_refuse_what_cannot_be() -> None:
    x = torch.tensor([[0, 1, 0], [0, 1, 7]])
    with pytest.raises(InputError, match="x: row 1, variable 2 holds 7"):
        minimised(RandomMask(orderless()), x, generator())


def test_rows_that_each_miss_other_cells_train_an_orderless_network() -> None:
    data = bits(400)
    observed = torch.rand(200, 2, 3, generator=generator()) < 0.7
    unread = torch.where(observed, data.train.values, 7)  # no bit: must never be looked at
    train = Split(unread, observed=observed)
    holed = Dataset("holed", data.schema, train, data.valid, data.test, "Bits with holes.")
    model = fresh("orderless-nade", data, hidden=(16,))
    assert isinstance(model, AutoregressiveModel)
    before = -score(model, data.test.values).mean().item()
    fit_model(model, holed, TrainingOptions(epochs=25, batch_size=16, learning_rate=0.02))
    assert -score(model, data.test.values).mean().item() < before - 0.3
    known = torch.zeros(1, 2, 3, dtype=torch.bool)
    known[0, 0, 1] = True  # each of two twins settles the other, whichever comes first
    for value in (0, 1):
        x = torch.full((1, 2, 3), value, dtype=torch.uint8)
        terms = model.log_conditionals(x, order=observed_first(known))
        assert terms[0, 0, 0].exp().item() > 0.75  # were they independent: about 0.5
