"""A model is exact under every ordering, and so is an ensemble over orderings."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.core.mixture import Mixture
from arden.core.network import CausalNetwork
from arden.core.ordering import Ordering
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.column import Column
from arden.orderings.diagonal import Diagonal
from arden.orderings.hilbert import Hilbert
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.spiral import Spiral
from arden.orderings.zigzag import Zigzag
from arden.training.fit import fit_model
from tests.core.models import build, every_event
from tests.training.toys import bits, fresh, quick

RULES = (Raster, Column, Zigzag, Diagonal, Spiral, Hilbert, Shuffled)
NETWORKS = [(FVSBN, FVSBNOptions()), (NADE, NADEOptions(5)), (MADE, MADEOptions((7,)))]
every_network = pytest.mark.parametrize(("network", "options"), NETWORKS)


def eight_orders(shape: tuple[int, ...]) -> list[Ordering]:
    """shape -> the orders of the likelihood table."""
    return [*(rule(shape) for rule in RULES), Shuffled(shape, 1)]


@every_network
@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2), (1, 3, 3), (5,)], ids=str)
def test_probabilities_of_all_images_sum_to_one(
    network: type[CausalNetwork], options: Any, shape: tuple[int, ...]
) -> None:
    events = every_event(shape, 2)
    for ordering in eight_orders(shape):
        model = build(network, options, Bernoulli(), ordering)
        assert abs(model.log_prob(events).exp().sum().item() - 1) < 1e-10, ordering


@every_network
@pytest.mark.parametrize("weights", [None, [3, 1, 0, 2, 1, 1, 5, 1]], ids=["even", "uneven"])
def test_an_ensemble_of_eight_orders_sums_to_one(
    network: type[CausalNetwork], options: Any, weights: list[float] | None
) -> None:
    events = every_event((3, 3), 2)
    members = [
        build(network, options, Bernoulli(), ordering, seed=seed)
        for seed, ordering in enumerate(eight_orders((3, 3)))
    ]
    ensemble = Mixture(members, weights)
    assert not ensemble.same_order
    with torch.no_grad():
        assert abs(ensemble.log_prob(events).exp().sum().item() - 1) < 1e-10
        joints = torch.stack([member.log_prob(events) for member in members])
    # The members differ, or averaging anything would have passed.
    assert (joints - joints[0]).abs().amax(dim=1)[1:].min().item() > 0.1
    assert abs(joints.mean(dim=0).exp().sum().item() - 1) > 1e-3


def test_thirty_two_masks_sum_to_one() -> None:
    """Fitted, not fresh: members that share their weights under masks of their own."""
    data = bits(200, (3, 3))
    ensemble = fresh("made", data, masks=32, hidden=(11, 9), degrees="random")
    assert isinstance(ensemble, Mixture)
    fit_model(ensemble, data, quick())
    ensemble.double()
    with torch.no_grad():
        joints = torch.stack([m.log_prob(every_event((3, 3), 2)) for m in ensemble.models])
        together = ensemble.log_prob(every_event((3, 3), 2))
    assert joints.shape == (32, 512)
    assert (joints.exp().sum(dim=1) - 1).abs().max().item() < 1e-10
    assert abs(together.exp().sum().item() - 1) < 1e-10
    assert (joints - joints[0]).abs().amax(dim=1)[1:].min().item() > 1e-3
