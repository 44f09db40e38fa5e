"""NADE's fused forward and backward pass against the plain torch path."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot

pytest.importorskip("numba", reason="kernels need the extra `fast`")

from arden.core.network import NetworkSpec
from arden.kernels import _threads, nade, register, without_kernels
from arden.networks.nade import NADE, NADEOptions
from tests.kernels.networks import shaken


@pytest.fixture(autouse=True)
def _registered():
    register()


def network_of(steps, features=1, params=1, hidden=7, activation="sigmoid", context=0):
    spec = NetworkSpec(steps, features, params, None, context)
    return shaken(NADE(spec, NADEOptions(hidden, activation)).double())


def bits(batch_size, steps, density=0.3):
    generator = torch.Generator().manual_seed(1)
    return (torch.rand(batch_size, steps, 1, generator=generator) < density).double()


def symbols(batch_size, steps, count):
    generator = torch.Generator().manual_seed(2)
    return one_hot(torch.randint(count, (batch_size, steps), generator=generator), count).double()


def reals(batch_size, steps, features):
    generator = torch.Generator().manual_seed(3)
    values = torch.randn(batch_size, steps, features, generator=generator, dtype=torch.float64)
    return values * (values > -0.5)  # some of a step's features zero, some steps all zero


def passes(network, features, context=None) -> dict[str, Tensor]:
    """The output and the gradient of every weight, for another weight on every number put out."""
    network.zero_grad()
    output = network(features, context)
    generator = torch.Generator().manual_seed(4)
    weight = torch.randn(output.shape, generator=generator, dtype=torch.float64).to(output.dtype)
    (weight * output).sum().backward()
    grads = {name: parameter.grad for name, parameter in network.named_parameters()}
    return {"output": output.detach(), **grads}


def served(network, features) -> bool:
    """Whether the kernel takes the case."""
    bias = network.hidden_bias.expand(len(features), -1)
    return nade.params(network, features, bias) is not None


def assert_same(found, expected, tolerance):
    for name, value in expected.items():
        error = (found[name] - value).norm() / value.norm().clamp(min=1e-300)
        assert error <= tolerance, f"{name}: relative error {error:.1e}"


CASES = {
    "bits": lambda: (network_of(21), bits(6, 21)),
    "tanh": lambda: (network_of(21, activation="tanh"), bits(6, 21)),
    "relu": lambda: (network_of(21, activation="relu"), bits(6, 21)),
    "wide": lambda: (network_of(19, hidden=530), bits(3, 19)),
    "many rows": lambda: (network_of(40, hidden=33), bits(200, 40, 0.13)),
    "all zero": lambda: (network_of(18), torch.zeros(2, 18, 1).double()),
    "all one": lambda: (network_of(18), torch.ones(2, 18, 1).double()),
    "one step": lambda: (network_of(1), bits(2, 1)),
    "two steps, one unit, one row": lambda: (network_of(2, hidden=1), bits(1, 2, 1.0)),
    "one-hot": lambda: (network_of(23, 3, 3, 17), symbols(5, 23, 3)),
    "many params": lambda: (network_of(5, 1, 40, 17, "tanh"), reals(5, 5, 1)),
    "real vectors": lambda: (network_of(23, 2, 5, 17, "relu"), reals(5, 23, 2)),
}


@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_equal_the_plain_path(case):
    network, features = CASES[case]()
    assert served(network, features)
    found = passes(network, features)
    with without_kernels():
        expected = passes(network, features)
    assert_same(found, expected, 1e-12)


def test_context_reaches_the_hidden_units_and_gets_its_gradient():
    network, features = network_of(12, context=3), bits(4, 12)
    context = torch.randn(4, 3, generator=torch.Generator().manual_seed(6)).double()
    found = passes(network, features, context)
    with without_kernels():
        expected = passes(network, features, context)
    assert set(found) > {"hidden_context.weight", "output_context.weight"}
    assert_same(found, expected, 1e-12)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_float32_is_as_near_to_the_truth_as_float32_can_be(activation):
    network, features = network_of(200, hidden=60, activation=activation), bits(9, 200, 0.13)
    with without_kernels():
        truth = passes(network.float().double(), features)
    network = network.float()
    assert served(network, features.float())
    assert_same(passes(network, features.float()), truth, 1e-6)


def test_float32_sigmoid_and_tanh_are_exact_to_a_few_ulps_everywhere():
    # One step whose one unit is the activation of the bias: the output is act(a) itself.
    sums = torch.cat([torch.linspace(-80, 80, 4001), torch.logspace(-12, 0, 500)])
    for activation in ("sigmoid", "tanh"):
        network = network_of(1, activation=activation, hidden=1).float()
        with torch.no_grad():
            network.outputs.fill_(1.0)
            units = nade.params(network, torch.zeros(len(sums), 1, 1), sums[:, None])[:, 0, 0]
        truth = getattr(torch, activation)(sums.double())
        # 6e-8 is half a unit in the last place.
        assert ((units.double() - truth).abs() / truth.abs().clamp(min=1e-30)).max() < 3e-7


def test_derivative_is_that_of_the_function():
    network = network_of(6, 2, 2, 3)
    features = reals(2, 6, 2)
    bias = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)

    def function(bias, inputs, outputs):
        kind = 0
        return nade._Params.apply(features, bias, inputs, outputs, kind)

    assert torch.autograd.gradcheck(function, (bias, network.inputs, network.outputs))


def test_a_row_does_not_depend_on_the_others_nor_any_result_on_threads(monkeypatch):
    monkeypatch.setattr(_threads, "_WORTH_SHARING", 0)
    network, features = network_of(50, hidden=70).float(), bits(70, 50).float()
    together = passes(network, features)
    alone = torch.cat([network(row[None]) for row in features]).detach()
    assert torch.equal(together["output"], alone)
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            again = passes(network, features)
            assert all(torch.equal(again[name], value) for name, value in together.items())
    finally:
        torch.set_num_threads(before)


def test_keeping_the_units_of_a_few_rows_at_a_time_changes_nothing(monkeypatch):
    network, features = network_of(30, 3, 3, 20), symbols(9, 30, 3)
    expected = passes(network, features)
    monkeypatch.setattr(nade, "_KEPT", 1)  # then just one row fits
    found = passes(network, features)
    assert_same(found, expected, 1e-14)


def test_a_gradient_of_features_is_left_to_the_plain_path_and_right():
    network, features = network_of(9), reals(3, 9, 1).requires_grad_()
    assert not served(network, features)
    found = torch.autograd.grad(network(features).pow(2).sum(), features)[0]
    with without_kernels():
        expected = torch.autograd.grad(network(features).pow(2).sum(), features)[0]
    assert torch.equal(found, expected)
    assert found.abs().max() > 0


def test_cases_that_are_not_plain_are_declined():
    class Other(NADE):
        pass

    network, features = network_of(9), bits(3, 9)
    other = Other(network.spec, network.options).double()
    assert not served(other, features)
    assert not served(network_of(9).to(torch.bfloat16), features)
    assert not served(network, features[:0])
    assert not served(network, features[:, :5])
    # Per-row gradients by vmap go through the plain path.
    single = torch.func.vmap(lambda row: network(row[None])[0])(features)
    torch.testing.assert_close(single, network(features))


def test_a_compiler_reads_the_plain_path():
    network, features = network_of(5), bits(2, 5)
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(features), network(features))


def test_without_a_gradient_no_graph_is_kept():
    with torch.no_grad():
        assert network_of(9)(bits(3, 9)).grad_fn is None


def test_a_second_derivative_is_refused():
    network = network_of(4)
    (grad,) = torch.autograd.grad(
        network(bits(2, 4)).pow(2).sum(), network.inputs, create_graph=True
    )
    with pytest.raises(RuntimeError, match="once_differentiable"):
        grad.sum().backward()


def test_autocast_leaves_the_weights_precision():
    network, features = network_of(12, context=2).float(), bits(4, 12).float()
    context = torch.ones(4, 2)
    with torch.autocast("cpu", torch.bfloat16):
        found = passes(network, features, context)
    assert found["output"].dtype == torch.float32
    with without_kernels():
        expected = passes(network, features, context)
    assert_same(found, expected, 2e-2)  # the two linear maps of the context are bfloat16


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_a_nan_weight_is_not_hidden(activation):
    network = network_of(6, activation=activation).float()
    with torch.no_grad():
        network.inputs[2, 0, 3] = torch.nan
        found = network(torch.ones(1, 6, 1))[0, :, 0].isnan()
    assert found.tolist() == [False, False, False, True, True, True]


@pytest.mark.parametrize("defect", ["last change dropped", "value ignored"])
def test_a_planted_defect_is_seen(defect, monkeypatch):
    def defective(features):
        start, column, value = changes(features)
        if defect == "last change dropped":
            start[-1] -= 1
        else:
            value[:] = 1
        return start, column, value

    changes = nade.changes
    network, features = network_of(23, 2, 5, 17, "relu"), reals(5, 23, 2)
    with without_kernels():
        expected = passes(network, features)
    monkeypatch.setattr(nade, "changes", defective)
    with pytest.raises(AssertionError, match="relative error"):
        assert_same(passes(network, features), expected, 1e-12)
