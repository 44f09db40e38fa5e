"""NADE's likelihood and gradients in one pass, against the plain torch path."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("numba", reason="kernels need the extra `fast`")

from arden.conditionals.bernoulli import Bernoulli
from arden.errors import InputError
from arden.kernels import _threads, nade_likelihood, register, without_kernels
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from tests.kernels.networks import discrete_model, random_context


@pytest.fixture(autouse=True)
def _registered():
    register()


# Options, ordering, size of the context, rows, share of ones.
CASES = {
    "raster": (NADEOptions(9), Raster((4, 5)), 0, 6, 0.3),
    "shuffled": (NADEOptions(17), Shuffled((4, 5), seed=3), 0, 5, 0.3),
    "tanh": (NADEOptions(16, "tanh"), Raster((4, 5)), 0, 6, 0.3),
    "relu, classes": (NADEOptions(33, "relu"), Raster((4, 5)), 3, 6, 0.3),
    "several pieces": (NADEOptions(40), Raster((5, 7)), 0, 101, 0.13),
    "wide": (NADEOptions(530), Raster((19,)), 0, 3, 0.3),
    "all zero": (NADEOptions(8), Raster((18,)), 0, 2, 0.0),
    "all one": (NADEOptions(8), Raster((18,)), 0, 2, 1.0),
    "one variable": (NADEOptions(4), Raster((1,)), 0, 3, 0.5),
    "two variables, one unit, one row": (NADEOptions(1), Raster((2,)), 0, 1, 1.0),
}


def case_of(name, dtype=torch.float64):
    options, ordering, context_size, rows, density = CASES[name]
    model = discrete_model(NADE, options, Bernoulli(), ordering, context_size, dtype)
    generator = torch.Generator().manual_seed(1)
    x = (torch.rand(rows, *model.event_shape, generator=generator) < density).long()
    return model, x, random_context(model, rows)


def passes(model, x, context, each):
    """ln p and the gradient of every weight when row b counts each[b] times."""
    model.zero_grad()
    total = model.log_prob(x, context)
    (total * each).sum().backward()
    grads = {name: parameter.grad for name, parameter in model.named_parameters()}
    return {"ln p": total.detach(), **grads}


def assert_same(found, expected, tolerance):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        error = (found[name] - value).norm() / value.norm().clamp(min=1e-30)
        assert error <= tolerance, f"{name}: relative error {error:.1e}"


@pytest.mark.parametrize("weights", ["mean", "sum", "each its own", "one zero"])
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_equal_the_plain_path(name, weights):
    model, x, context = case_of(name)
    each = torch.full((len(x),), -1.0, dtype=torch.float64)
    if weights == "mean":
        each /= len(x)
    elif weights == "each its own":
        each = torch.arange(1.0, len(x) + 1, dtype=torch.float64)
    elif weights == "one zero":
        each[-1] = 0
    found = passes(model, x, context, each)
    with without_kernels():
        expected = passes(model, x, context, each)
    assert_same(found, expected, 1e-12)


def test_the_pass_is_made_once_for_a_mean_and_again_for_other_weights(monkeypatch):
    times = []

    def counted(*arguments):
        times.append(1)
        return one_pass(*arguments)

    one_pass = nade_likelihood._pass
    monkeypatch.setattr(nade_likelihood, "_pass", counted)
    model, x, context = case_of("raster")
    (-model.log_prob(x, context)).mean().backward()
    assert len(times) == 1
    model.log_prob(x, context).sum().backward()
    assert len(times) == 3


def test_gradients_add_up_over_steps_and_over_two_backward_passes():
    model, x, context = case_of("raster")
    loss = -model.log_prob(x, context).mean()
    loss.backward(retain_graph=True)
    once = [parameter.grad.clone() for parameter in model.parameters()]
    loss.backward()
    for parameter, first in zip(model.parameters(), once, strict=True):
        torch.testing.assert_close(parameter.grad, 2 * first, rtol=1e-12, atol=1e-12)


def test_float32_is_as_near_to_the_truth_as_float32_can_be():
    model, x, context = case_of("several pieces", torch.float32)
    each = torch.full((len(x),), -1.0 / len(x))
    found = passes(model, x, context, each)
    with without_kernels():
        truth = passes(model.double(), x, context, each.double())
    assert_same(found, truth, 1e-6)


def test_no_result_depends_on_threads_and_no_row_on_the_others(monkeypatch):
    monkeypatch.setattr(_threads, "_WORTH_SHARING", 0)
    model, x, context = case_of("several pieces", torch.float32)
    each = torch.full((len(x),), -1.0 / len(x))
    together = passes(model, x, context, each)
    alone = torch.cat([model.log_prob(row[None]) for row in x])
    assert torch.equal(together["ln p"], alone.detach())
    before = torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            again = passes(model, x, context, each)
            assert all(torch.equal(again[name], value) for name, value in together.items())
    finally:
        torch.set_num_threads(before)


def test_what_is_not_plain_is_declined_and_still_right():
    model, x, context = case_of("raster")
    with torch.no_grad():
        assert nade_likelihood.log_prob(model.network, x.flatten(1), context) is None
    with torch.autocast("cpu", torch.bfloat16):
        assert nade_likelihood.log_prob(model.network, x.flatten(1), context) is None
    frozen = model.requires_grad_(False)
    assert nade_likelihood.log_prob(frozen.network, x.flatten(1), context) is None
    half, x, context = case_of("raster")
    assert nade_likelihood.log_prob(half.network.bfloat16(), x.flatten(1), context) is None


def test_a_value_outside_the_support_is_reported_as_without_the_kernel():
    model, x, _ = case_of("raster")
    x[1, 2, 2] = 2
    with pytest.raises(InputError, match="row 1, variable 12"):
        model.log_prob(x)


def test_a_second_derivative_is_refused():
    model, x, context = case_of("raster")
    (grad,) = torch.autograd.grad(
        model.log_prob(x, context).pow(2).sum(), model.network.inputs, create_graph=True
    )
    with pytest.raises(RuntimeError, match="once_differentiable"):
        grad.sum().backward()


@pytest.mark.parametrize("defect", ["last one dropped", "weights of rows ignored"])
def test_a_planted_defect_is_seen(defect, monkeypatch):
    def defective(seen, weights, kind, each, *others):
        start, ones = seen
        if defect == "last one dropped":
            start = start.copy()
            start[-1] -= 1
        else:
            each = each * 0 + each[0]
        return gradients((start, ones), weights, kind, each, *others)

    gradients = nade_likelihood.gradients
    monkeypatch.setattr(nade_likelihood, "gradients", defective)
    with pytest.raises(AssertionError, match="relative error"):
        test_values_and_gradients_equal_the_plain_path("shuffled", "each its own")
