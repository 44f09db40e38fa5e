"""The worked example of the lecture, digit by digit."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.core.model import AutoregressiveModel
from arden.core.network import CausalNetwork
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.untied_nade import UntiedNADE, UntiedNADEOptions
from arden.orderings.raster import Raster
from tests.core.models import build, every_event

X = torch.tensor([0, 1, 1, 0])


def by_hand_fvsbn(model: AutoregressiveModel, x: torch.Tensor) -> torch.Tensor:
    """x (4,) -> x̂ (4,): x̂ᵢ = σ(bᵢ + Σ_{j<i} αᵢⱼ xⱼ)."""
    weight, bias = (model.network.get_parameter(f"linear.{name}") for name in ("weight", "bias"))
    return torch.stack(
        [torch.sigmoid(bias[i] + sum(weight[i, j] * x[j] for j in range(i))) for i in range(4)]
    )


def by_hand_nade(model: AutoregressiveModel, x: torch.Tensor) -> torch.Tensor:
    """x (4,) -> x̂ (4,): hᵢ = σ(W_{·,<i} x_<i + c), x̂ᵢ = σ(Vᵢ hᵢ + bᵢ)."""
    network = model.network
    assert isinstance(network, NADE)
    means = []
    for i in range(4):
        total = network.hidden_bias * 1.0
        for j in range(i):
            total = total + network.inputs[j, 0] * x[j]
        hidden = torch.sigmoid(total)
        means.append(torch.sigmoid(network.outputs[i, 0] @ hidden + network.output_bias[i, 0]))
    return torch.stack(means)


def by_hand_untied(model: AutoregressiveModel, x: torch.Tensor) -> torch.Tensor:
    """x (4,) -> x̂ (4,): hᵢ = σ(Aᵢ x_<i + cᵢ), x̂ᵢ = σ(Vᵢ hᵢ + bᵢ), the Aᵢ one under the other."""
    network = model.network
    assert isinstance(network, UntiedNADE)
    means, row = [], 0
    for i in range(4):
        total = network.hidden_bias[i] * 1.0
        for j in range(i):
            total = total + network.inputs[row] * x[j]
            row += 1
        hidden = torch.sigmoid(total)
        means.append(torch.sigmoid(network.outputs[i, 0] @ hidden + network.output_bias[i, 0]))
    return torch.stack(means)


@pytest.mark.parametrize(
    ("network", "options", "by_hand"),
    [
        (FVSBN, FVSBNOptions(), by_hand_fvsbn),
        (NADE, NADEOptions(3), by_hand_nade),
        (UntiedNADE, UntiedNADEOptions(3), by_hand_untied),
    ],
)
def test_a_joint_probability_is_the_product_of_its_conditionals(
    network: type[CausalNetwork], options: Any, by_hand: Any
) -> None:
    """p(X₁=0, X₂=1, X₃=1, X₄=0) = (1 − x̂₁) · x̂₂ · x̂₃ · (1 − x̂₄)."""
    model = build(network, options, Bernoulli(), Raster((4,)))
    hat = by_hand(model, X)
    expected = (1 - hat[0]) * hat[1] * hat[2] * (1 - hat[3])
    torch.testing.assert_close(model.log_prob(X[None])[0].exp(), expected, rtol=1e-12, atol=0)
    for x in every_event((4,), 2):
        mass = torch.where(x == 1, by_hand(model, x), 1 - by_hand(model, x)).prod()
        torch.testing.assert_close(model.log_prob(x[None])[0].exp(), mass, rtol=1e-12, atol=0)


def test_the_first_conditional_is_a_number_of_its_own() -> None:
    """(0.5, 0.6, 0.7, 0.8) by hand: (1 − 0.5) · 0.6 · 0.7 · (1 − 0.8) = 0.042."""
    model = build(FVSBN, FVSBNOptions(), Bernoulli(), Raster((4,)))
    with torch.no_grad():
        model.network.get_parameter("linear.weight").zero_()
        hat = torch.tensor([0.5, 0.6, 0.7, 0.8], dtype=torch.float64)
        model.network.get_parameter("linear.bias").copy_(hat.logit())
    assert model.log_prob(X[None]).exp().item() == pytest.approx(0.042, rel=1e-12)
