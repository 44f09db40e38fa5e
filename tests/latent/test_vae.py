"""The bounds of a VAE against the true ln p(x), its gradients, its draws."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

import arden
from arden.errors import InputError
from arden.latent.vae import VAE, divergence
from arden.tasks import bound as of_bounds
from tests.core.models import chi_square, every_event, generator
from tests.latent.models import FAMILIES, midpoints, noise, rows, true_log_prob, vae

DISCRETE = ("bits", "symbols", "levels")


@pytest.mark.parametrize("family", DISCRETE)
def test_the_true_probabilities_sum_to_one(family: str) -> None:
    """What the bounds are held against is a distribution."""
    model = vae(family)
    events = every_event((2, 2), model.conditional.num_symbols or 0)
    assert true_log_prob(model, events).exp().sum().item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_elbo_is_below_ln_p_by_the_divergence_of_the_guess(family: str) -> None:
    """ELBO = ln p(x) − KL(q(z | x) ‖ p(z | x)), both by integrals."""
    model, x = vae(family), rows(family, 6)
    truth = true_log_prob(model, x)
    with torch.no_grad():
        found = model.elbo(x, midpoints(6, 40_001))
        weights = model.log_weights(x, midpoints(6, 40_001))
    gap = -(weights - truth[:, None]).mean(dim=1)  # E_q[ln q(z | x) − ln p(z | x)]
    assert bool((gap > 1e-4).all())
    assert torch.allclose(truth - found, gap, atol=2e-4)  # the tails of the midpoint rule


@pytest.mark.parametrize("family", FAMILIES)
def test_many_samples_come_to_ln_p(family: str) -> None:
    model, x = vae(family), rows(family, 6)
    with torch.no_grad():
        found = model.bound(x, midpoints(6, 40_001))
    assert torch.allclose(found, true_log_prob(model, x), atol=2e-3)


def test_the_bound_rises_with_k_in_expectation() -> None:
    model, x = vae(), rows("bits", 5)
    truth = true_log_prob(model, x)
    with torch.no_grad():
        elbo = model.elbo(x, midpoints(5, 40_001))
        weights = model.log_weights(x, noise(5, 64_000))
    means, errors = [], []
    for samples in (1, 4, 16, 64):
        bounds = weights.reshape(5, -1, samples).logsumexp(dim=2) - math.log(samples)
        means.append(bounds.mean(dim=1))
        errors.append(bounds.std(dim=1) / bounds.shape[1] ** 0.5)
    assert bool((abs(means[0] - elbo) < 5 * errors[0]).all())  # one sample: the ELBO
    for before, after in pairwise(means):
        assert bool((after > before).all())
    assert bool((means[-1] < truth + 5 * errors[-1]).all())
    assert bool((truth - means[-1] < 0.5 * (truth - means[0])).all())


def test_divergence_is_that_of_normals() -> None:
    source = generator()
    mean, log_scale = (torch.randn(7, 3, generator=source, dtype=torch.float64) for _ in "ab")
    zero, one = torch.zeros_like(mean), torch.ones_like(mean)
    expected = kl_divergence(Normal(mean, log_scale.exp()), Normal(zero, one)).sum(dim=1)
    assert torch.allclose(divergence(mean, log_scale), expected, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("what", ["elbo", "bound"])
def test_gradients_are_those_of_differences(family: str, what: str) -> None:
    """Through the draw as well: moving μ or σ moves z, whose noise stays as it is."""
    model, x, uniforms = vae(family, latents=2), rows(family, 4), noise(4, 3, 2)

    def value() -> Tensor:
        return getattr(model, what)(x, uniforms).sum()

    gradients = torch.autograd.grad(value(), model.parameters())
    assert all(bool((gradient != 0).any()) for gradient in gradients)
    source, step = generator(1), 1e-5
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        way = torch.randn(parameter.shape, generator=source, dtype=torch.float64)
        with torch.no_grad():
            parameter += step * way
            above = value()
            parameter -= 2 * step * way
            below = value()
            parameter += step * way
        found = ((above - below) / (2 * step)).item()
        assert found == pytest.approx((gradient * way).sum().item(), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_not_observed_counts_for_nothing(family: str) -> None:
    model, x = vae(family), rows(family, 6)
    observed = torch.rand(x.shape, generator=generator(2)) < 0.6
    junk = torch.where(observed, x.double(), torch.nan)
    with torch.no_grad():
        for read in (model.encode, model.reconstruct):
            assert torch.equal(read(x, observed=observed), read(junk, observed=observed))
        few, many = noise(6, 3), midpoints(6, 40_001)
        found = model.elbo(x, few, observed=observed)
        assert torch.equal(found, model.elbo(junk, few, observed=observed))
        assert bool(found.isfinite().all())
        none = model.bound(junk, many, observed=torch.zeros_like(observed))
    assert torch.allclose(none, torch.zeros(6).double(), atol=2e-3)  # ln p of nothing


def test_of_what_was_observed_it_bounds_the_marginal() -> None:
    model = vae()
    observed = torch.tensor([[[True, False], [True, True]]])
    x = torch.tensor([[[1, 0], [0, 1]], [[1, 1], [0, 1]]])
    expected = true_log_prob(model, x).logsumexp(dim=0)
    with torch.no_grad():
        found = model.bound(x[:1], midpoints(1, 40_001), observed=observed)
    assert found.item() == pytest.approx(expected.item(), abs=2e-3)


@pytest.mark.parametrize("family", DISCRETE)
def test_draws_come_from_p(family: str) -> None:
    model = vae(family)
    events = every_event((2, 2), model.conditional.num_symbols or 0)
    drawn = arden.sample(model, 20_000, seed=0)
    equal = (drawn[:, None] == events[None]).flatten(2).all(dim=2)
    counts = equal.sum(dim=0)
    assert counts.sum() == 20_000
    assert abs(chi_square(counts, true_log_prob(model, events).exp())) < 5


def test_draws_of_mixed_columns_have_each_its_values() -> None:
    drawn = arden.sample(vae("mixed"), 500, seed=0)
    assert set(drawn[:, 0].tolist()) == {0.0, 1.0}
    assert set(drawn[:, 1].tolist()) == {0.0, 1.0, 2.0}
    assert len(drawn[:, 2].unique()) == 500


def test_draws_are_a_function_of_the_seed() -> None:
    model = vae("reals", latents=3)
    few, many = (arden.sample(model, count, seed=3) for count in (5, 2000))
    assert torch.allclose(few, many[:5], rtol=1e-10)
    assert not torch.equal(arden.sample(model, 5, seed=4), few)
    assert not torch.equal(arden.sample(model, 5), arden.sample(model, 5))
    source = generator(3)
    first, second = (arden.sample(model, 5, generator=source) for _ in "ab")
    assert torch.equal(first, few)
    assert torch.allclose(second, many[5:10], rtol=1e-10)


def test_a_context_is_read_by_both_halves() -> None:
    model, x = vae(latents=2, context_size=2), rows("bits", 4)
    one, other = (torch.eye(2, dtype=torch.float64)[[place] * 4] for place in (0, 1))
    with torch.no_grad():
        assert not torch.allclose(model.encode(x, one), model.encode(x, other))
        z = torch.zeros(4, 2, dtype=torch.float64)
        assert not torch.allclose(model._decode(z, one), model._decode(z, other))
        both = torch.cat([one[:2], other[:2]])
        assert torch.allclose(
            model.bound(x, noise(4, 3, 2), both)[:2], model.bound(x, noise(4, 3, 2), one)[:2]
        )
    for ask in (arden.bound, arden.represent):
        with pytest.raises(InputError, match=r"context: expected shape \(4, 2\), got None"):
            ask(model, x)
    with pytest.raises(InputError, match="context"):
        arden.sample(model, 4)
    assert arden.sample(model, 4, context=one, seed=0).shape == (4, 2, 2)


def test_a_real_decoder_keeps_to_its_floor() -> None:
    """The density of a real value is at most that of a Gaussian as narrow as the floor allows."""
    model = vae("reals")
    final = model.decoder.layers[-1]
    assert isinstance(final, nn.Linear)
    with torch.no_grad():
        final.weight.zero_()
        final.bias.copy_(torch.tensor([0.0, -1000.0] * 4))
        x = torch.full((1, 2, 2), 2.0, dtype=torch.float64)  # each value at its mean
        found = model._given_latents(*model._given(x, None), torch.zeros(1, 1, 1).double(), None)
    narrowest = 1e-3 * 3.0  # min_scale, in the units of the data
    assert found.item() == pytest.approx(-4 * math.log(narrowest * math.sqrt(2 * math.pi)))


@pytest.fixture
def decoded() -> Iterator[list[int]]:
    """() -> how many latent vectors were decoded at a time, in the order of the calls."""
    sizes: list[int] = []
    whole = VAE._decode

    def spy(self: VAE, z: Tensor, context: Tensor | None) -> Tensor:
        sizes.append(z[..., 0].numel())
        return whole(self, z, context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VAE, "_decode", spy)
        yield sizes


@pytest.mark.parametrize(("numbers", "decoding"), [(2**21, 18), (100, 9), (7, 90)])
def test_neither_rows_nor_samples_at_a_time_change_the_bound(
    numbers: int, decoding: int, decoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, x = vae(latents=2), rows("bits", 11)
    whole = arden.bound(model, x, samples=20)
    assert whole.dtype == torch.float64
    assert decoded == [220]
    decoded.clear()
    monkeypatch.setattr(of_bounds, "_NOISE_NUMBERS", numbers)
    monkeypatch.setattr(of_bounds, "_DECODED_NUMBERS", decoding)
    assert torch.allclose(arden.bound(model, x, samples=20), whole, atol=1e-12)
    per_sample = 4 + 5  # parameters and hidden units
    assert max(decoded) <= max(decoding // per_sample, numbers // (2 * 20), 1)
    assert sum(decoded) == 220
    for batch_size in (1, 4):
        found = arden.bound(model, x, samples=20, batch_size=batch_size)
        assert torch.allclose(found, whole, atol=1e-12)


def test_a_bound_is_a_function_of_its_seed() -> None:
    model, x = vae(latents=2), rows("bits", 6)
    assert torch.equal(arden.bound(model, x, samples=3), arden.bound(model, x, samples=3, seed=0))
    assert not torch.equal(
        arden.bound(model, x, samples=3), arden.bound(model, x, samples=3, seed=1)
    )
    source = generator(0)
    parts = [arden.bound(model, part, samples=3, generator=source) for part in x.split(4)]
    assert torch.allclose(torch.cat(parts), arden.bound(model, x, samples=3), atol=1e-12)


def test_wrong_input() -> None:
    model, x = vae(), rows("bits", 4)
    with pytest.raises(InputError, match="samples: expected at least 1, got 0"):
        arden.bound(model, x, samples=0)
    with pytest.raises(InputError, match="batch_size: expected at least 1, got 0"):
        arden.bound(model, x, batch_size=0)
    with pytest.raises(InputError, match=r"x: expected shape \(B, 2, 2\), got \(4, 4\)"):
        arden.bound(model, x.flatten(1))
    with pytest.raises(InputError, match="x: row 0, variable 0 holds 2, outside the support"):
        arden.represent(model, x + 2 - x % 2)
    with pytest.raises(InputError, match="context: this model takes none"):
        arden.represent(model, x, torch.zeros(4, 2))
    with pytest.raises(InputError, match="latents: expected at least 1, got 0"):
        vae(latents=0)
    with pytest.raises(InputError, match=r"hidden: expected widths of at least 1, got \(0,\)"):
        vae(hidden=(0,))
