"""One any-order network under several orders: one distribution, its weights kept once."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
from arden.orderings.column import Column
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.storage.model_files import WEIGHTS, load, save
from arden.tasks.ensemble import ensemble
from arden.tasks.orders import in_orders
from arden.tasks.sample import sample
from arden.tasks.score import score
from tests.core.models import build, chi_square, every_event

SHAPE = (3, 3)
EVENTS = every_event(SHAPE, 2)


def orderless(seed: int = 0, context_size: int = 0) -> AutoregressiveModel:
    """() -> a small orderless NADE of 3 × 3 bits, shaken so that its orders disagree."""
    options = OrderlessNADEOptions((7, 6), "tanh")
    return build(OrderlessNADE, options, Bernoulli(), Column(SHAPE), context_size, seed)


def probabilities(model: AutoregressiveModel | Mixture) -> Tensor:
    """-> (512,): p of every event there is."""
    return score(model, EVENTS).exp()


def test_it_is_its_own_order_first_then_shuffled_ones_by_seed() -> None:
    model = orderless()
    members = in_orders(model, 4, seed=5)
    assert members[0] is model
    assert [m.ordering for m in members[1:]] == [Shuffled(SHAPE, seed) for seed in (5, 6, 7)]
    assert all(m.network is model.network for m in members)
    again = in_orders(members[2], 4, seed=5)  # its own order is not taken twice
    assert [m.ordering for m in again] == [Shuffled(SHAPE, seed) for seed in (6, 5, 7, 8)]


@pytest.mark.parametrize("orders", [1, 2, 6])
def test_the_probabilities_of_all_events_sum_to_one_and_are_the_average(orders: int) -> None:
    model = orderless()
    both = arden.ensemble(model, orders=orders, seed=3)
    by_hand = torch.zeros(len(EVENTS), dtype=torch.float64)
    for ordering in [Column(SHAPE), *(Shuffled(SHAPE, s) for s in range(3, 2 + orders))]:
        order = ordering.order()
        with torch.no_grad():
            by_hand += model.log_prob(EVENTS, order=order).exp() / orders
    assert probabilities(both).sum().item() == pytest.approx(1, abs=1e-12)
    assert probabilities(both).tolist() == pytest.approx(by_hand.tolist(), rel=1e-10)
    if orders > 1:
        assert (probabilities(model) / by_hand).log().abs().max().item() > 0.05
        assert not both.same_order


def test_weights_are_shared_and_stored_once(tmp_path: Path) -> None:
    model = orderless(context_size=2)
    both = ensemble(model, orders=5)
    assert both.num_parameters == model.num_parameters + 4  # and the weights of the mixture
    folder = save(both, tmp_path / "five")
    alone = load_file(save(model, tmp_path / "one") / WEIGHTS)
    stored = load_file(folder / WEIGHTS)
    assert sum(t.numel() for t in stored.values()) == 5 + sum(t.numel() for t in alone.values())
    back = load(folder)
    assert isinstance(back, Mixture)
    assert len(list(back.parameters())) == len(list(model.parameters()))
    context = torch.eye(2, dtype=torch.float64)[torch.arange(len(EVENTS)) % 2]
    assert torch.equal(score(back, EVENTS, context), score(both, EVENTS, context))
    assert back.num_parameters == both.num_parameters
    with torch.no_grad():
        next(back.models[0].network.parameters()).add_(1.0)  # one storage: every order moves
    for changed, member in zip(back.models, both.models, strict=True):
        some, here = EVENTS[-4:], context[-4:]
        assert not torch.equal(changed.log_prob(some, here), member.log_prob(some, here))


def test_samples_come_from_what_is_scored() -> None:
    both = ensemble(orderless(), orders=4)
    drawn = sample(both, 20_000, seed=0).flatten(1).long()
    counts = torch.bincount((drawn * 2 ** torch.arange(8, -1, -1)).sum(dim=1), minlength=512)
    assert abs(chi_square(counts, probabilities(both))) < 5
    assert chi_square(counts, probabilities(both.models[0])) > 50


def test_several_models_come_with_their_orders() -> None:
    models = [orderless(0), orderless(1)]
    both = ensemble(models, [1, 3], orders=2)
    assert both.log_weights.exp().tolist() == pytest.approx([0.125, 0.125, 0.375, 0.375])
    parts = [probabilities(ensemble(model, orders=2)) for model in models]
    expected = (parts[0] + 3 * parts[1]) / 4
    assert probabilities(both).tolist() == pytest.approx(expected.tolist(), rel=1e-10)


def test_a_transformer_of_any_order_is_no_other() -> None:
    options = AnyOrderTransformerOptions(8, heads=2, layers=1)
    model = build(AnyOrderTransformer, options, Bernoulli(), Raster(SHAPE))
    both = ensemble(model, orders=3)
    joints = torch.stack([score(member, EVENTS) for member in both.models])
    assert torch.equal(joints[0], score(model, EVENTS))
    expected = joints.logsumexp(dim=0) - math.log(3)
    assert score(both, EVENTS).tolist() == pytest.approx(expected.tolist(), rel=1e-10)


def test_what_has_no_other_orders_is_refused() -> None:
    nade = build(NADE, NADEOptions(3), Bernoulli(), Raster(SHAPE))
    sentence = "orders: NADE has one order, its own; expected a model with an any-order network"
    with pytest.raises(InputError, match=sentence):
        ensemble(nade, orders=3)
    with pytest.raises(InputError, match=sentence):
        ensemble([orderless(), nade], orders=3)
    with pytest.raises(InputError, match=r"orders: .* got a Mixture"):
        ensemble(ensemble(orderless(), orders=2), orders=3)
    with pytest.raises(InputError, match="orders: expected at least 1, got 0"):
        ensemble(orderless(), orders=0)
