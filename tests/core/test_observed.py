"""Rows with gaps: ln p of what is known is the sum over what is not, wherever it can be told."""

from __future__ import annotations

import itertools

import pytest
import torch

from arden.assembly import assemble, split_options
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.integer_mixture import IntegerMixture
from arden.conditionals.mixed import Mixed
from arden.core.model import AutoregressiveModel, spec_for
from arden.core.observed import direct_rows
from arden.data.dataset import Dataset, Split
from arden.data.schema import Column, Schema
from arden.errors import InputError
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.independent import Independent, IndependentOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
from arden.orderings.shuffled import Shuffled
from arden.training.missing import tellable
from arden.training.objectives import default_objective
from tests.core.models import generator, shake

FAMILY = Mixed((Bernoulli(), Categorical(3), IntegerMixture(2.0, 1.5, 5, 2, (1,)), Bernoulli()))
COUNTS = [2, 3, 5, 2]
EVENTS = torch.cartesian_prod(*(torch.arange(count) for count in COUNTS)).double()


def model_of(cls, options) -> AutoregressiveModel:
    ordering = Shuffled((4,), 1)
    torch.manual_seed(0)
    network = cls(spec_for(ordering, FAMILY), options)
    model = AutoregressiveModel(ordering, network, FAMILY).double().eval()
    shake(model)
    return model


ANY_ORDER = {
    "transformer": (AnyOrderTransformer, AnyOrderTransformerOptions(width=8, heads=2, layers=1)),
    "orderless": (OrderlessNADE, OrderlessNADEOptions(hidden=(6, 5))),
    "independent": (Independent, IndependentOptions()),
}
MASKS = [torch.tensor(mask) for mask in itertools.product([True, False], repeat=4)]


@pytest.mark.parametrize("name", ANY_ORDER)
def test_every_mask_is_the_sum_over_what_is_missing(name: str) -> None:
    """Against enumeration of the joint that visits the known first, for all sixteen masks."""
    model = model_of(*ANY_ORDER[name])
    row = torch.tensor([1.0, 2.0, 3.0, 0.0])
    found = model.log_prob(row.expand(16, -1), observed=torch.stack(MASKS))
    for mask, ours in zip(MASKS, found.tolist(), strict=True):
        alike = (EVENTS[:, mask] == row[mask]).all(dim=1)
        order = None
        if name != "independent":
            own = model.ordering.order().tolist()
            order = torch.tensor([d for d in own if mask[d]] + [d for d in own if not mask[d]])
        joint = model.log_prob(EVENTS[alike], order=order).logsumexp(dim=0)
        assert ours == pytest.approx(joint.item(), abs=1e-10)
    assert found[-1].item() == 0.0  # of a row that holds nothing nothing is told


@pytest.mark.parametrize("name", ANY_ORDER)
def test_what_is_missing_is_never_looked_at(name: str) -> None:
    model = model_of(*ANY_ORDER[name])
    source = generator(3)
    known = torch.rand(len(EVENTS), 4, generator=source) < 0.6
    other = EVENTS[torch.randperm(len(EVENTS), generator=source)]
    nan = torch.full_like(EVENTS, torch.nan)
    objective = default_objective(model)
    noise = objective.noise(len(EVENTS), 4, generator(4))
    told = [
        (model.log_prob(x, observed=known), objective(x, None, known, noise))
        for x in (torch.where(known, EVENTS, filler) for filler in (other, nan, EVENTS))
    ]
    for scored, minimised in told[1:]:
        assert torch.equal(scored, told[0][0])
        assert torch.equal(minimised, told[0][1])
    assert bool(told[0][1].isfinite().all())


def test_random_masks_of_rows_with_gaps_estimate_without_bias() -> None:
    """Their mean is that of −ln p over the orders of what is known, and of nothing else."""
    model = model_of(*ANY_ORDER["orderless"])
    x = torch.tensor([[1.0, 2.0, 3.0, 0.0]])
    known = torch.tensor([[True, False, True, True]])
    orders = [[*order, 1] for order in itertools.permutations([0, 2, 3])]
    expected = -model.log_prob(
        x.expand(6, -1), order=torch.tensor(orders), observed=known.expand(6, -1)
    ).mean()
    objective, rows = default_objective(model), 6000
    noise = objective.noise(rows, 4, generator(5))
    drawn = objective(x.expand(rows, -1), None, known.expand(rows, -1), noise)
    error = drawn.std() / rows**0.5
    assert abs(drawn.mean() - expected) < 5 * error


def test_one_order_tells_only_what_it_reads_first() -> None:
    model = model_of(MADE, MADEOptions(hidden=(8,)))
    order = model.ordering.order()
    known = torch.ones(4, 4, dtype=torch.bool)
    known[1, order[-1]] = False  # the last
    known[2, order[0]] = False  # the first
    assert direct_rows(model, known).tolist() == [True, True, False, True]
    assert tellable(model, known).tolist() == [True, True, False, True]
    row = torch.tensor([1.0, 2.0, 3.0, 0.0])
    alike = (EVENTS[:, known[1]] == row[known[1]]).all(dim=1)
    expected = model.log_prob(EVENTS[alike]).logsumexp(dim=0)
    assert model.log_prob(row[None], observed=known[1:2]).item() == pytest.approx(expected.item())
    with pytest.raises(InputError, match="every observed scalar must come before"):
        model.log_prob(row.expand(4, -1), observed=known)


def test_systems_of_one_order_refuse_gaps_before_they_are_fitted() -> None:
    values = EVENTS.repeat(3, 1)
    known = torch.rand(values.shape, generator=generator(6)) < 0.8
    split = Split(values, observed=known)
    columns = tuple(
        Column(f"c{k}", "binary" if count == 2 else "integer", count)
        for k, count in enumerate(COUNTS)
    )
    data = Dataset("gaps", Schema("table", (4,), None, columns), split, split, split, "Gaps.")
    for name in ("fvsbn", "made", "nade", "transformer"):
        with pytest.raises(InputError, match=rf"missing cells .* {name} reads .*--complete-rows"):
            assemble(name, data, split_options(name, {}))
    for name in ("independent", "orderless-nade", "any-order-transformer"):
        assemble(name, data, split_options(name, {}))
