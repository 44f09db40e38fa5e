"""The compiled walk of the Transformer, and the functions it computes its own way."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("numba", reason="kernels need the extra `fast`")

import numpy as np
from numba import njit

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.tempered import Tempered
from arden.core.draw import draw, generic_draw, uniform_noise
from arden.kernels import _gelu, _transformer_walk, register, transformer_draw
from arden.networks.transformer import Transformer, TransformerOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from arden.orderings.zigzag import Zigzag
from tests.kernels.networks import discrete_model, random_context

SHUFFLED = Shuffled((4, 5), seed=3)

# Width, heads and layers; family, ordering, size of the context.
CASES = {
    "bits": ((8, 2, 2), Bernoulli(), SHUFFLED, 0),
    "classes": ((12, 4, 1), Bernoulli(), Zigzag((4, 5)), 3),
    "odd widths": ((9, 3, 2), Categorical(3), Raster((4, 5)), 2),
    "wide heads": ((14, 2, 1), Categorical(5, "scalar"), SHUFFLED, 0),
    "more steps than a span": ((4, 1, 2), Bernoulli(), Raster((10, 13)), 0),
    "one variable": ((1, 1, 1), Bernoulli(), Raster((1,)), 0),
    "nothing to tell": ((4, 2, 1), Categorical(1), Raster((3,)), 0),
}


def model_of(case, dtype=torch.float64):
    (width, heads, layers), *others = CASES[case]
    options = TransformerOptions(width=width, heads=heads, layers=layers)
    return discrete_model(Transformer, options, *others, dtype=dtype)


def noise_of(model, batch_size):
    generator = torch.Generator().manual_seed(0)
    return uniform_noise(generator, (batch_size, *model.event_shape, 1))


@pytest.mark.parametrize("case", CASES)
def test_draws_are_those_of_the_generic_walk(case):
    model = model_of(case)
    noise, context = noise_of(model, 35), random_context(model, 35)
    drawn = transformer_draw.draw(model, noise, None, None, context)
    assert torch.equal(drawn, generic_draw(model, noise, context=context))
    assert drawn.dtype == torch.int64


@pytest.mark.parametrize("case", CASES)
def test_known_values_are_kept_and_seen(case):
    model = model_of(case)
    noise, context = noise_of(model, 21), random_context(model, 21)
    generator = torch.Generator().manual_seed(1)
    known = torch.rand(noise.shape[:-1], generator=generator) < 0.4
    given = torch.randint(model.conditional.num_symbols, known.shape, generator=generator)
    drawn = transformer_draw.draw(model, noise, known, given, context)
    assert torch.equal(drawn[known], given[known])
    assert torch.equal(drawn, generic_draw(model, noise, known, given, context))


@pytest.mark.parametrize("case", ["classes", "odd widths"])
def test_a_row_draws_the_same_in_any_batch(case, monkeypatch):
    register()
    model = model_of(case, torch.float32)
    noise, context = noise_of(model, 64), random_context(model, 64)
    whole = draw(model, noise, context=context)
    seen = []
    for low, high in ((0, 1), (1, 4), (4, 40), (40, 64)):
        some = None if context is None else context[low:high]
        seen.append(draw(model, noise[low:high], context=some))
    assert torch.equal(whole, torch.cat(seen))
    monkeypatch.setattr(transformer_draw, "_CACHED", 0)  # every row for itself
    assert torch.equal(whole, draw(model, noise, context=context))


@pytest.mark.parametrize("count", [3, 4, 7])
def test_a_row_of_products_does_not_depend_on_the_rows_beside_it(count):
    @njit
    def products(total, values, weights):
        _transformer_walk.add_products(total, values, weights)

    generator = np.random.default_rng(0)
    values = generator.standard_normal((count, 39)).astype(np.float32)
    weights = generator.standard_normal((39, 50)).astype(np.float32)
    together = np.zeros((count, 50), np.float32)
    products(together, values, weights)
    np.testing.assert_allclose(together, values @ weights, rtol=1e-4, atol=1e-4)
    for row in range(count):
        alone = np.zeros((1, 50), np.float32)
        products(alone, values[row : row + 1], weights)
        assert (alone[0] == together[row]).all()


@pytest.mark.parametrize("case", ["bits", "odd widths"])
def test_float32_draws_differ_only_where_a_uniform_falls_between_two_roundings(case):
    model = model_of(case, torch.float32)
    noise, context = noise_of(model, 3000), random_context(model, 3000)
    drawn = transformer_draw.draw(model, noise, None, None, context)
    different = drawn != generic_draw(model, noise, context=context)
    # Thresholds agree to some 1e-7; what follows a difference in its row may differ as well.
    assert different.double().mean() < 1e-4


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1.5e-7), (np.float64, 1e-15)])
def test_exponential_and_gelu_are_as_exact_as_their_numbers(dtype, tolerance):
    @njit
    def both(x, power, unit):
        for k in range(len(x)):
            power[k] = _gelu.exponential(-abs(x[k]))
            unit[k] = _gelu.gelu(x[k])

    x = np.concatenate([np.linspace(-9, 9, 20001), [-1e4, -40, 40, 1e4, 0]]).astype(dtype)
    power, unit = np.empty_like(x), np.empty_like(x)
    both(x, power, unit)
    exact = torch.from_numpy(x).double()
    error = (torch.from_numpy(power).double() - (-exact.abs()).exp()).abs()
    assert error.max() <= tolerance
    expected = torch.nn.functional.gelu(exact)
    error = (torch.from_numpy(unit).double() - expected).abs()
    assert (error / expected.abs().clamp(min=1)).max() <= tolerance


def test_the_lookup_finds_the_kernel(monkeypatch):
    register()
    for case in ("bits", "odd widths"):
        model = model_of(case)
        noise, context = noise_of(model, 3), random_context(model, 3)
        expected = generic_draw(model, noise, context=context)
        monkeypatch.setattr("arden.core.draw.generic_draw", None)
        assert torch.equal(draw(model, noise, context=context), expected)
        monkeypatch.undo()


def test_cases_that_are_not_plain_are_declined():
    model = model_of("bits")
    noise = noise_of(model, 3)
    assert transformer_draw.draw(model, noise[:0], None, None, None) is None
    assert transformer_draw.draw(model.to(torch.bfloat16), noise, None, None, None) is None
    options = TransformerOptions(width=8, heads=2, layers=1)
    tempered = discrete_model(Transformer, options, Tempered(Bernoulli(), 0.8), SHUFFLED)
    assert transformer_draw.draw(tempered, noise, None, None, None) is None
    strings = discrete_model(Transformer, options, Categorical(3), UntilEnd(2))
    assert transformer_draw.draw(strings, torch.rand(3, 9, 1), None, None, None) is None


@pytest.mark.parametrize("defect", ["epsilon", "keys"])
def test_a_planted_defect_is_seen(defect, monkeypatch):
    def defective(ends, blocks, epsilon, *others):
        if defect == "epsilon":
            epsilon = epsilon + 0.5
        else:
            into = blocks[1].copy()
            into[:, :, 8:16] *= -1
            blocks = (blocks[0], into, *blocks[2:])
        walk(ends, blocks, epsilon, *others)

    walk = transformer_draw.walk
    monkeypatch.setattr(transformer_draw, "walk", defective)
    with pytest.raises(AssertionError):
        test_draws_are_those_of_the_generic_walk("bits")
