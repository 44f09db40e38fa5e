"""Fused walks over real values against the generic walk: the same uniforms, the same draws."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("numba", reason="kernels need the extra `fast`")

from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.standardised import Standardised
from arden.core.draw import draw, generic_draw, uniform_noise
from arden.core.model import AutoregressiveModel
from arden.core.network import NetworkSpec
from arden.kernels import masked_draw, real_nade_draw, register
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from tests.kernels.networks import random_context, shaken

RASTER, SHUFFLED = Raster((7,)), Shuffled((7,), seed=3)
UNITS = [(5.0, 0.1, 1e-3), (-300.0, 70.0, 0.2), (0.0, 1.0, 0.0), (1e4, 1e-2, 0.5)] * 2
COLUMNS = tuple(
    Standardised(GaussianMixture(3, min_scale=least), shift, scale) for shift, scale, least in UNITS
)[:7]

# Network, its options, family, ordering, size of the context.
CASES = {
    "MADE": (MADE, MADEOptions((20,)), GaussianMixture(4), SHUFFLED, 0),
    "MADE, deep": (MADE, MADEOptions((20, 9), "tanh", False), Mixed(COLUMNS), RASTER, 3),
    "MADE of one Gaussian": (MADE, MADEOptions((9,)), GaussianMixture(1), RASTER, 0),
    "MADE, equal weights": (MADE, MADEOptions((9,)), GaussianMixture(3, "uniform"), SHUFFLED, 2),
    "MADE, one unit for all": (MADE, MADEOptions((9,)), COLUMNS[1], RASTER, 0),
    "MADE, own units": (MADE, MADEOptions((30,)), Mixed(COLUMNS), SHUFFLED, 0),
    "FVSBN": (FVSBN, FVSBNOptions(), Mixed(COLUMNS), SHUFFLED, 2),
    "RNADE": (NADE, NADEOptions(20, "tanh"), Mixed(COLUMNS), SHUFFLED, 2),
    "RNADE, one family": (NADE, NADEOptions(5), GaussianMixture(4), RASTER, 0),
    "RNADE, equal weights": (NADE, NADEOptions(33, "relu"), COLUMNS[0], SHUFFLED, 0),
}


def kernel_draw(model, *arguments):
    file = real_nade_draw if type(model.network) is NADE else masked_draw
    return file.draw(model, *arguments)


def model_of(case, dtype=torch.float64):
    network, options, family, ordering, context_size = CASES[case]
    spec = NetworkSpec(7, family.num_features, family.num_params, None, context_size, None)
    built = shaken(network(spec, options).to(dtype), size=0.3)
    return AutoregressiveModel(ordering, built, family)


def noise_of(rows, seed=0):
    return uniform_noise(torch.Generator().manual_seed(seed), (rows, 7, 2))


@pytest.fixture(autouse=True)
def _registered():
    register()


@pytest.mark.parametrize("rows", [1, 3, 64])
@pytest.mark.parametrize("case", CASES)
def test_draws_are_those_of_the_generic_walk(case, rows):
    model = model_of(case)
    noise, context = noise_of(rows), random_context(model, rows)
    drawn = kernel_draw(model, noise, None, None, context)
    expected = generic_draw(model, noise, context=context)
    assert drawn.dtype == torch.float64
    torch.testing.assert_close(drawn, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("case", CASES)
def test_known_values_are_kept_and_seen(case):
    model = model_of(case)
    noise, context = noise_of(30), random_context(model, 30)
    generator = torch.Generator().manual_seed(1)
    known = torch.rand(30, 7, generator=generator) < 0.4
    given = 2 * torch.randn(30, 7, generator=generator, dtype=torch.float64)
    given = torch.where(known, given, torch.nan)
    drawn = kernel_draw(model, noise, known, given, context)
    assert torch.equal(drawn[known], given[known])
    expected = generic_draw(model, noise, known, given.nan_to_num(), context)
    torch.testing.assert_close(drawn, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("case", ["MADE, own units", "RNADE, one family"])
def test_the_lookup_finds_the_kernel_and_rows_do_not_depend_on_each_other(case, monkeypatch):
    model = model_of(case, torch.float32)
    noise = noise_of(70)
    monkeypatch.setattr("arden.core.draw.generic_draw", None)
    together = draw(model, noise)
    parts = [draw(model, noise[low:high]) for low, high in ((0, 1), (1, 6), (6, 70))]
    assert torch.equal(together, torch.cat(parts))


def test_given_values_that_are_no_numbers_are_declined():
    model = model_of("MADE")
    known = torch.ones(2, 7, dtype=torch.bool)
    given = torch.full((2, 7), torch.inf)
    assert kernel_draw(model, noise_of(2), known, given, None) is None


@pytest.mark.parametrize(
    ("file", "case"), [(masked_draw, "MADE, own units"), (real_nade_draw, "RNADE")]
)
def test_a_planted_defect_is_seen(file, case, monkeypatch):
    def defective(model, dtype):
        components, shift, scale, least = family_of(model, dtype)
        return components, shift, scale, least[::-1].copy()

    family_of = file.family_of
    monkeypatch.setattr(file, "family_of", defective)
    with pytest.raises(AssertionError):
        test_draws_are_those_of_the_generic_walk(case, 3)
