"""Fused walks over images against the generic walk: the same uniforms give the same draws."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

pytest.importorskip("numba", reason="kernels need the extra `fast`")

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.tempered import Tempered
from arden.core.draw import draw, generic_draw, uniform_noise
from arden.errors import InputError
from arden.kernels import _threads, raster_draw, register
from arden.networks.diagonal_bilstm import DiagonalBiLSTM, DiagonalBiLSTMOptions
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.gated_pixelcnn import GatedPixelCNN, GatedPixelCNNOptions
from arden.networks.pixelcnn import PixelCNN, PixelCNNOptions
from arden.networks.row_lstm import RowLSTM, RowLSTMOptions
from arden.orderings.column import Column
from arden.orderings.raster import Raster
from tests.kernels.networks import discrete_model, random_context

GREY, RGB, TWO = Raster((5, 7)), Raster((4, 5, 3)), Raster((3, 6, 2))
SIDEWAYS = Column((5, 6, 2))
COLUMN, ROW, PIXEL = Raster((6, 1)), Raster((1, 6)), Raster((1, 1, 3))
BITS, SYMBOLS, LEVELS = Bernoulli(), Categorical(3), Categorical(5, "scalar")

# Network, its options, family, ordering, size of the context.
CASES = {
    "PixelCNN": (PixelCNN, PixelCNNOptions(32, 2), BITS, GREY, 0),
    "PixelCNN in colour": (PixelCNN, PixelCNNOptions(11, 2, 5), LEVELS, RGB, 0),
    "PixelCNN with classes": (PixelCNN, PixelCNNOptions(9, 1, 3), SYMBOLS, SIDEWAYS, 3),
    "PixelCNN of one column": (PixelCNN, PixelCNNOptions(6, 2, 3), BITS, COLUMN, 2),
    "PixelCNN of one row": (PixelCNN, PixelCNNOptions(6, 2, 3), SYMBOLS, ROW, 0),
    "PixelCNN without blocks": (PixelCNN, PixelCNNOptions(7, 0, 1), SYMBOLS, RGB, 2),
    "PixelCNN of many levels": (PixelCNN, PixelCNNOptions(8, 1), Categorical(20), TWO, 0),
    "Gated": (GatedPixelCNN, GatedPixelCNNOptions(16, 3), BITS, GREY, 0),
    "Gated in colour": (GatedPixelCNN, GatedPixelCNNOptions(7, 3, 5), LEVELS, RGB, 3),
    "Gated with classes": (GatedPixelCNN, GatedPixelCNNOptions(20, 2, 3), BITS, SIDEWAYS, 3),
    "Gated of one column": (GatedPixelCNN, GatedPixelCNNOptions(6, 2, 5), SYMBOLS, COLUMN, 0),
    "Gated of one layer": (GatedPixelCNN, GatedPixelCNNOptions(5, 1, 3), SYMBOLS, TWO, 2),
    "Row LSTM": (RowLSTM, RowLSTMOptions(16), BITS, GREY, 0),
    "Row LSTM in colour": (RowLSTM, RowLSTMOptions(5, 3, 5, 5), LEVELS, RGB, 3),
    "Row LSTM without window": (RowLSTM, RowLSTMOptions(4, 2, 3, 1), SYMBOLS, SIDEWAYS, 2),
    "Row LSTM of one column": (RowLSTM, RowLSTMOptions(3, 1, 3), BITS, COLUMN, 0),
    "Diagonal": (DiagonalBiLSTM, DiagonalBiLSTMOptions(16), BITS, GREY, 0),
    "Diagonal in colour": (DiagonalBiLSTM, DiagonalBiLSTMOptions(5, 3, 3), LEVELS, RGB, 3),
    "Diagonal with classes": (DiagonalBiLSTM, DiagonalBiLSTMOptions(4, 1), SYMBOLS, SIDEWAYS, 3),
    "Diagonal of one pixel": (DiagonalBiLSTM, DiagonalBiLSTMOptions(3), SYMBOLS, PIXEL, 2),
    "Diagonal of one row": (DiagonalBiLSTM, DiagonalBiLSTMOptions(3), BITS, ROW, 0),
}
SOME = ["PixelCNN", "Gated in colour", "Row LSTM in colour", "Diagonal in colour"]


@pytest.fixture(autouse=True)
def _registered():
    register()


def model_of(case, dtype=torch.float64):
    # Shaken harder, so many sums would leave no symbol to chance.
    return discrete_model(*CASES[case], dtype=dtype, size=0.15)


def noise_of(model, batch_size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return uniform_noise(generator, (batch_size, *model.event_shape, 1))


@pytest.mark.parametrize("case", CASES)
def test_draws_are_those_of_the_generic_walk(case):
    model = model_of(case)
    noise, context = noise_of(model, 22), random_context(model, 22)
    drawn = raster_draw.draw(model, noise, None, None, context)
    assert drawn.dtype == torch.int64
    assert torch.equal(drawn, generic_draw(model, noise, context=context))
    assert len(drawn.unique(dim=0)) > 10


@pytest.mark.parametrize("case", CASES)
def test_every_threshold_is_that_of_the_parallel_pass(case):
    model = model_of(case)
    generator = torch.Generator().manual_seed(2)
    shape = (9, *model.event_shape)
    x = torch.randint(model.conditional.num_symbols, shape, generator=generator)
    context = random_context(model, 9)
    with torch.no_grad():
        masses = model.conditional.log_pmf(model.params(x, context)).exp()
    own = x[..., None]
    mass, upper = masses.gather(-1, own), masses.cumsum(-1).gather(-1, own)
    inwards = mass.clamp(max=1e-6) * 1e-3
    for noise in (upper - mass + inwards, upper - inwards):
        assert torch.equal(raster_draw.draw(model, noise, None, None, context), x)


@pytest.mark.parametrize("case", CASES)
def test_known_values_are_kept_and_seen(case):
    model = model_of(case)
    noise, context = noise_of(model, 13), random_context(model, 13)
    generator = torch.Generator().manual_seed(1)
    known = torch.rand(noise.shape[:-1], generator=generator) < 0.4
    given = torch.randint(model.conditional.num_symbols, known.shape, generator=generator)
    drawn = raster_draw.draw(model, noise, known, given, context)
    assert torch.equal(drawn[known], given[known])
    assert torch.equal(drawn, generic_draw(model, noise, known, given, context))


@pytest.mark.parametrize("case", SOME)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_row_draws_the_same_in_any_batch_and_on_any_number_of_threads(case, dtype, monkeypatch):
    monkeypatch.setattr(_threads, "_WORTH_SHARING", 0)
    model = model_of(case, dtype)
    noise, context = noise_of(model, 90), random_context(model, 90)
    whole = draw(model, noise, context=context)
    chunks = [
        draw(model, noise[low:high], context=None if context is None else context[low:high])
        for low, high in pairwise([0, 1, 2, 5, 23, 90])
    ]
    assert torch.equal(whole, torch.cat(chunks))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert torch.equal(whole, draw(model, noise, context=context))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("case", SOME)
def test_float32_draws_differ_only_where_a_uniform_falls_between_two_roundings(case):
    model = model_of(case, torch.float32)
    noise, context = noise_of(model, 1500), random_context(model, 1500)
    drawn = raster_draw.draw(model, noise, None, None, context)
    different = drawn != generic_draw(model, noise, context=context)
    # Thresholds agree to some 1e-6; what follows a difference in its row may differ as well.
    assert different.flatten(1).any(dim=1).double().mean() < 2e-3


@pytest.mark.parametrize("case", SOME)
def test_the_lookup_finds_the_kernels(case, monkeypatch):
    model = model_of(case)
    noise, context = noise_of(model, 3), random_context(model, 3)
    expected = generic_draw(model, noise, context=context)
    monkeypatch.setattr("arden.core.draw.generic_draw", None)
    assert torch.equal(draw(model, noise, context=context), expected)


def test_cases_that_are_not_plain_are_declined():
    class Other(PixelCNN):
        pass

    model = model_of("PixelCNN")
    noise = noise_of(model, 3)
    assert raster_draw.draw(model, noise[:0], None, None, None) is None
    assert raster_draw.draw(model, noise.expand(3, 5, 7, 2), None, None, None) is None
    bits = discrete_model(FVSBN, FVSBNOptions(), BITS, GREY)
    assert raster_draw.draw(bits, noise, None, None, None) is None
    other = discrete_model(Other, *CASES["PixelCNN"][1:])
    assert raster_draw.draw(other, noise, None, None, None) is None
    tempered = discrete_model(PixelCNN, PixelCNNOptions(8, 1), Tempered(BITS, 0.8), GREY)
    assert raster_draw.draw(tempered, noise, None, None, None) is None
    known, given = torch.ones(3, 5, 7, dtype=torch.bool), torch.full((3, 5, 7), 2)
    assert raster_draw.draw(model, noise, known, given, None) is None
    assert raster_draw.draw(model.to(torch.bfloat16), noise, None, None, None) is None


def test_a_missing_context_is_reported_as_by_the_generic_walk():
    model = model_of("Gated with classes")
    with pytest.raises(InputError, match="context"):
        draw(model, noise_of(model, 2))


def test_weights_are_read_at_every_draw():
    model = model_of("PixelCNN")
    noise = noise_of(model, 20)
    first = draw(model, noise)
    model.network.head.output.bias.data.add_(1)
    second = draw(model, noise)
    assert not torch.equal(first, second)
    assert torch.equal(second, generic_draw(model, noise))


@pytest.mark.parametrize("case", SOME)
@pytest.mark.parametrize("defect", ["taps are lost", "rows do not move up"])
def test_a_planted_defect_is_seen(case, defect, monkeypatch):
    def defective(works, phases, weights, *others):
        if defect == "taps are lost":
            group = np.arange(len(weights)) // 16  # those of one alone may meet a unit that is 0
            weights = np.where(group % 7 == 3, 0, weights)
        else:
            phases = phases.copy()
            phases[0] = phases[1]
        walk(works, phases, weights, *others)

    walk = raster_draw.walk
    monkeypatch.setattr(raster_draw, "walk", defective)
    with pytest.raises(AssertionError):
        test_every_threshold_is_that_of_the_parallel_pass(case)
