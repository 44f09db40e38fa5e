"""Walks written for GPUs against the generic walk: on a GPU, or else in Triton's interpreter."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("triton", reason="kernels for GPUs need the extra `gpu`")

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.tempered import Tempered
from arden.core.draw import generic_draw, uniform_noise
from arden.errors import InputError
from arden.kernels import _triton, gpu_masked_draw, gpu_nade_draw
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.zigzag import Zigzag
from tests.kernels.networks import discrete_model, random_context

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
RASTER, ZIGZAG, SHUFFLED = Raster((2, 3)), Zigzag((3, 3)), Shuffled((2, 5), seed=3)
RANDOM = MADEOptions((20, 9), "tanh", degrees="random", masks=3, seed=1, mask=2)

# Network, its options, family, ordering, size of the context.
CASES = {
    "NADE": (NADE, NADEOptions(9), Bernoulli(), SHUFFLED, 0),
    "NADE with classes": (NADE, NADEOptions(33, "relu"), Bernoulli(), RASTER, 3),
    "NADE of one variable": (NADE, NADEOptions(1), Bernoulli(), Raster((1,)), 0),
    "NADE over symbols": (NADE, NADEOptions(9, "tanh"), Categorical(3), ZIGZAG, 2),
    "NADE over many": (NADE, NADEOptions(9), Categorical(20), Raster((3,)), 0),
    "NADE over levels": (NADE, NADEOptions(9), Categorical(5, "scalar"), SHUFFLED, 0),
    "NADE over nothing": (NADE, NADEOptions(9), Categorical(1), RASTER, 0),
    "FVSBN": (FVSBN, FVSBNOptions(), Bernoulli(), SHUFFLED, 0),
    "FVSBN with window": (FVSBN, FVSBNOptions(memory=4), Bernoulli(), ZIGZAG, 2),
    "FVSBN of one variable": (FVSBN, FVSBNOptions(), Bernoulli(), Raster((1,)), 0),
    "MADE": (MADE, MADEOptions((40,)), Bernoulli(), SHUFFLED, 0),
    "MADE, narrow": (MADE, MADEOptions((3,)), Bernoulli(), RASTER, 0),
    "MADE, deep": (MADE, MADEOptions((20, 9, 13), "sigmoid", False), Bernoulli(), ZIGZAG, 3),
    "MADE, random masks": (MADE, RANDOM, Bernoulli(), SHUFFLED, 0),
    "MADE without units": (MADE, MADEOptions(()), Bernoulli(), RASTER, 0),
    "MADE of one variable": (MADE, MADEOptions((4,)), Bernoulli(), Raster((1,)), 0),
}
ONE_OF_EACH = ["NADE", "NADE over symbols", "FVSBN", "MADE, deep"]


def model_of(case, dtype=torch.float64):
    return discrete_model(*CASES[case], dtype=dtype).to(DEVICE)


def kernel_draw(model, *arguments):
    module = gpu_nade_draw if isinstance(model.network, NADE) else gpu_masked_draw
    return module.draw(model, *arguments)


def noise_of(model, batch_size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return uniform_noise(generator, (batch_size, *model.event_shape, 1))


@pytest.mark.parametrize("case", CASES)
def test_draws_are_those_of_the_generic_walk(case):
    model = model_of(case)
    noise, context = noise_of(model, 5), random_context(model, 5)
    drawn = kernel_draw(model, noise, None, None, context)
    assert drawn.dtype == torch.int64
    assert torch.equal(drawn, generic_draw(model, noise, context=context))


@pytest.mark.parametrize("case", ONE_OF_EACH)
@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_any_number_of_rows(case, batch_size):
    model = model_of(case)
    noise, context = noise_of(model, batch_size, 1), random_context(model, batch_size)
    drawn = kernel_draw(model, noise, None, None, context)
    assert torch.equal(drawn, generic_draw(model, noise, context=context))


@pytest.mark.parametrize("case", CASES)
def test_known_values_are_kept_and_seen(case):
    model = model_of(case)
    noise, context = noise_of(model, 5), random_context(model, 5)
    generator = torch.Generator().manual_seed(1)
    known = torch.rand(noise.shape[:-1], generator=generator) < 0.4
    given = torch.randint(model.conditional.num_symbols, known.shape, generator=generator)
    drawn = kernel_draw(model, noise, known, given, context)
    assert torch.equal(drawn.cpu()[known], given[known])
    assert torch.equal(drawn, generic_draw(model, noise, known, given, context))


@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_a_row_draws_the_same_in_any_batch(case):
    model = model_of(case, torch.float32)
    noise, context = noise_of(model, 9), random_context(model, 9)
    whole = kernel_draw(model, noise, None, None, context)
    for low, high in ((0, 1), (3, 9)):
        part = None if context is None else context[low:high]
        assert torch.equal(kernel_draw(model, noise[low:high], None, None, part), whole[low:high])


@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_float32_draws_differ_only_where_a_uniform_falls_between_two_roundings(case):
    model = model_of(case, torch.float32)
    noise, context = noise_of(model, 24), random_context(model, 24)
    drawn = kernel_draw(model, noise, None, None, context)
    different = (drawn != generic_draw(model, noise, context=context)).flatten(1).any(dim=1)
    # Thresholds agree to some 1e-6: of 240 uniforms one in a thousand runs falls between.
    assert int(different.sum()) <= 1


def test_cases_that_are_not_plain_are_declined():
    model = model_of("NADE")
    noise = noise_of(model, 3)
    assert gpu_nade_draw.draw(model, noise[:0], None, None, None) is None
    assert gpu_nade_draw.draw(model, noise.expand(3, 2, 5, 2), None, None, None) is None
    assert gpu_nade_draw.draw(model, noise[:, :1], None, None, None) is None
    assert gpu_masked_draw.draw(model, noise, None, None, None) is None
    assert gpu_nade_draw.draw(model.to(torch.bfloat16), noise, None, None, None) is None
    tempered = discrete_model(NADE, NADEOptions(9), Tempered(Bernoulli(), 0.8), SHUFFLED)
    assert gpu_nade_draw.draw(tempered.to(DEVICE), noise, None, None, None) is None
    symbols = model_of("NADE over symbols")
    noise, context = noise_of(symbols, 2), random_context(symbols, 2)
    known = torch.ones(noise.shape[:-1], dtype=torch.bool)
    assert gpu_nade_draw.draw(symbols, noise, known, known.long() * 3, context) is None


def test_what_does_not_fit_into_registers_is_declined(monkeypatch):
    monkeypatch.setattr(gpu_nade_draw, "_MOST_UNITS", 8)
    monkeypatch.setattr(gpu_masked_draw, "_MOST_SUMS", 8)
    for case in ("NADE", "FVSBN"):
        model = model_of(case)
        assert kernel_draw(model, noise_of(model, 2), None, None, None) is None


def test_a_missing_context_is_reported_as_by_the_generic_walk():
    model = model_of("NADE with classes")
    with pytest.raises(InputError, match="context"):
        kernel_draw(model, noise_of(model, 2), None, None, None)


def test_a_planted_defect_of_the_plan_is_seen(monkeypatch):
    def defective(*arguments):
        found = plan(*arguments)
        units = found.units.clone()
        units[:, 3] -= 1  # what a unit is added to lacks the last
        return gpu_masked_draw._Plan(found.begin, units)

    plan = gpu_masked_draw._plan
    monkeypatch.setattr(gpu_masked_draw, "_plan", defective)
    with pytest.raises(AssertionError):
        test_any_number_of_rows("MADE, deep", 64)  # the last variable's bits must show it


@pytest.mark.parametrize("case", ["NADE", "NADE over symbols"])
def test_a_planted_defect_of_nonlinearities_is_seen(case, monkeypatch):
    wrong = dict.fromkeys(_triton.ACTIVATIONS, 2)
    monkeypatch.setattr(gpu_nade_draw, "ACTIVATIONS", wrong)
    with pytest.raises(AssertionError):
        test_draws_are_those_of_the_generic_walk(case)
