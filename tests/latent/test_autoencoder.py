"""An autoencoder: the lecture's formula, its errors, and nothing that looks like a density."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import binary_cross_entropy, cross_entropy

import arden
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.errors import InputError
from arden.latent.autoencoder import Autoencoder, AutoencoderOptions
from tests.core.models import generator
from tests.latent.models import FAMILIES, autoencoder, rows


def test_it_is_the_formula_of_the_lecture() -> None:
    """e(x) = σ(W²(W¹x + b¹) + b²), d(h) = σ(V h + c), and the cross-entropy of d(e(x))."""
    model, x = autoencoder(), rows("bits", 7)
    first, second = model.encoder.layers
    flat = x.flatten(1).double()
    inner = flat @ first.weight.T + first.bias
    code = torch.sigmoid(inner @ second.weight.T + second.bias)
    back = torch.sigmoid(code @ model.decoder.weight.T + model.decoder.bias)
    error = binary_cross_entropy(back, flat, reduction="none").sum(dim=1)
    assert torch.allclose(model.encode(x), code)
    assert torch.allclose(model.reconstruct(x).flatten(1), back)
    assert torch.allclose(model.reconstruction_error(x), error)
    assert model.num_parameters == 4 * 5 + 5 + 5 * 3 + 3 + 3 * 4 + 4
    assert torch.equal(arden.represent(model, x), code.detach())


def test_symbols_have_the_cross_entropy_of_a_softmax() -> None:
    model, x = autoencoder("symbols"), rows("symbols", 7)
    logits = model.decoder(model.encode(x)).reshape(7, 4, 3)
    expected = cross_entropy(logits.transpose(1, 2), x.flatten(1), reduction="none").sum(dim=1)
    assert torch.allclose(model.reconstruction_error(x), expected)
    means = (logits.softmax(dim=2) * torch.arange(3.0)).sum(dim=2)
    assert torch.allclose(model.reconstruct(x).flatten(1), means)


def test_reals_have_the_squared_error_of_standardised_values() -> None:
    model, x = autoencoder("reals"), rows("reals", 7)
    outputs = model.decoder(model.encode(x))
    assert outputs.shape == (7, 4)  # a mean for each, and no scale
    error = ((x.flatten(1) - 2.0) / 3.0 - outputs).square().sum(dim=1)
    assert torch.allclose(model.reconstruction_error(x), error)
    assert torch.allclose(model.reconstruct(x).flatten(1), outputs * 3.0 + 2.0)


def test_mixed_columns_have_each_its_error() -> None:
    model, x = autoencoder("mixed"), rows("mixed", 7)
    outputs = model.decoder(model.encode(x))
    assert outputs.shape == (7, 1 + 3 + 1 + 1)  # no weights that nothing reads
    bits = binary_cross_entropy(outputs[:, [0, 5]].sigmoid(), x[:, [0, 3]], reduction="none")
    symbols = cross_entropy(outputs[:, 1:4], x[:, 1].long(), reduction="none")
    squares = ((x[:, 2] - 2.0) / 3.0 - outputs[:, 4]).square()
    expected = bits.sum(dim=1) + symbols + squares
    assert torch.allclose(model.reconstruction_error(x), expected)
    back = model.reconstruct(x)
    assert torch.allclose(back[:, 2], outputs[:, 4] * 3.0 + 2.0)
    assert torch.allclose(back[:, 3], outputs[:, 5].sigmoid())


def test_the_unit_of_the_error_is_told() -> None:
    units = {family: autoencoder(family).objective_unit for family in FAMILIES}
    assert units == {
        "bits": "nats",
        "symbols": "nats",
        "levels": "nats",
        "reals": "squared error",
        "mixed": "nats + squared error",
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_not_observed_counts_for_nothing(family: str) -> None:
    model, x = autoencoder(family), rows(family, 6)
    observed = torch.rand(x.shape, generator=generator(2)) < 0.6
    junk = torch.where(observed, x.double(), torch.nan)
    for read in (model.encode, model.reconstruct, model.reconstruction_error):
        assert torch.equal(read(x, observed=observed), read(junk, observed=observed))
    nothing = model.reconstruction_error(junk, observed=torch.zeros_like(observed))
    assert torch.equal(nothing, torch.zeros(6, dtype=torch.float64))
    parts = [model.reconstruction_error(x, observed=observed) for _ in "a"]
    assert bool((parts[0] > 0).any())


def test_a_context_is_read_by_both_halves() -> None:
    model, x = autoencoder(context_size=2), rows("bits", 4)
    one, other = (torch.eye(2, dtype=torch.float64)[[place] * 4] for place in (0, 1))
    assert not torch.allclose(model.encode(x, one), model.encode(x, other))
    code = torch.full((4, 3), 0.5, dtype=torch.float64)
    assert not torch.allclose(model._decode(code, one), model._decode(code, other))
    with pytest.raises(InputError, match=r"context: expected shape \(4, 2\), got None"):
        model.encode(x)


@pytest.mark.parametrize("name", ["log_prob", "log_conditionals", "begin"])
def test_it_has_nothing_of_an_exact_model(name: str) -> None:
    model = autoencoder()
    assert not hasattr(model, name)
    with pytest.raises(AttributeError, match=f"{name}: an autoencoder has no density"):
        getattr(model, name)
    with pytest.raises(AttributeError, match="has no attribute 'elbow'"):
        model.elbow  # noqa: B018


def test_families_it_cannot_copy() -> None:
    options = AutoencoderOptions()
    for family in (GaussianMixture(2, "uniform"), GaussianMixture(1, "learned")):
        with pytest.raises(InputError, match="expected one Gaussian for a real value"):
            Autoencoder((3,), family, 0, options)
    with pytest.raises(InputError, match="expected the families of 3 scalars, got 1"):
        Autoencoder((3,), Mixed((GaussianMixture(1, "uniform"),)), 0, options)
    with pytest.raises(InputError, match="event_shape: expected sizes of at least one scalar"):
        Autoencoder((), FAMILIES["bits"], 0, options)
    with pytest.raises(InputError, match="latents: expected at least 1, got 0"):
        autoencoder(latents=0)


def test_layers_between_may_have_a_nonlinearity() -> None:
    x = rows("bits", 3)
    linear, bent = autoencoder(hidden=(5, 4)), autoencoder(hidden=(5, 4), inner="tanh")
    assert [layer.out_features for layer in bent.encoder.layers] == [5, 4, 3]
    assert not torch.allclose(linear.encode(x), bent.encode(x))
