"""NADE's passes written for GPUs against plain torch: on a GPU, or else in Triton's interpreter."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("triton", reason="kernels for GPUs need the extra `gpu`")

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.core.network import NetworkSpec
from arden.kernels import gpu_nade, without_kernels
from arden.networks.nade import NADE, NADEOptions
from tests.kernels.networks import shaken

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# Family, steps, hidden units, nonlinearity, rows.
CASES = {
    "bits": (Bernoulli(), 7, 9, "sigmoid", 5),
    "wide": (Bernoulli(), 4, 37, "tanh", 1),
    "many rows": (Bernoulli(), 3, 5, "relu", 67),
    "one variable": (Bernoulli(), 1, 3, "sigmoid", 2),
    "symbols": (Categorical(3), 4, 9, "relu", 3),
    "reals": (GaussianMixture(2), 5, 17, "sigmoid", 3),
}


def network_of(case, dtype=torch.float64):
    family, steps, hidden, activation, rows = CASES[case]
    spec = NetworkSpec(steps, family.num_features, family.num_params, family.num_symbols)
    network = shaken(NADE(spec, NADEOptions(hidden, activation)).to(dtype)).to(DEVICE)
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(rows, steps, family.num_features, generator=generator, dtype=dtype)
    if family.num_symbols == 2:
        features = (features > 0).to(dtype)
    return network, features.to(DEVICE)


def passed(network, features, kernel):
    """The output, and the gradients of weights for gradients that differ from row to row."""
    hidden_bias = network.hidden_bias.expand(len(features), -1)
    if kernel:
        told = gpu_nade.params(network, features, hidden_bias) + network.output_bias
    else:
        with without_kernels():
            told = network(features)
    weights = torch.linspace(-1, 2, told.numel(), dtype=told.dtype, device=told.device)
    gradients = torch.autograd.grad(
        (told * weights.view_as(told)).sum(), list(network.parameters())
    )
    return told, gradients


@pytest.mark.parametrize("case", CASES)
def test_both_passes_are_those_of_plain_torch(case):
    network, features = network_of(case)
    told, gradients = passed(network, features, kernel=True)
    expected, expected_gradients = passed(network, features, kernel=False)
    torch.testing.assert_close(told, expected, rtol=1e-10, atol=1e-10)
    for gradient, other in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(gradient, other, rtol=1e-9, atol=1e-9)


def test_float32_is_as_close_as_its_rounding():
    network, features = network_of("bits", torch.float32)
    for ours, theirs in zip(
        passed(network, features, True)[1], passed(network, features, False)[1], strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_a_row_does_not_depend_on_the_others():
    network, features = network_of("many rows", torch.float32)
    whole = gpu_nade.params(network, features, network.hidden_bias.expand(67, -1))
    part = gpu_nade.params(network, features[3:8], network.hidden_bias.expand(5, -1))
    assert torch.equal(whole[3:8], part)


def test_what_it_cannot_do_is_declined():
    class Other(NADE):
        pass

    network, features = network_of("bits")
    bias = network.hidden_bias.expand(len(features), -1)
    assert gpu_nade.params(network, features[:0], bias[:0]) is None
    assert gpu_nade.params(network, features[:, :3], bias) is None
    assert gpu_nade.params(network, features.clone().requires_grad_(), bias) is None
    assert gpu_nade.params(Other(network.spec, network.options), features, bias) is None
    assert gpu_nade.params(network.to(torch.bfloat16), features, bias) is None


def test_a_planted_defect_is_seen(monkeypatch):
    wrong = dict.fromkeys(gpu_nade.ACTIVATIONS, 2)
    monkeypatch.setattr(gpu_nade, "ACTIVATIONS", wrong)
    with pytest.raises(AssertionError):
        test_both_passes_are_those_of_plain_torch("bits")
