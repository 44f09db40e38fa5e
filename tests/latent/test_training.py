"""Fitting a model through hidden features: what is minimised, what chooses the epoch, figures."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import arden
from arden.core.latent import LatentModel
from arden.data import Dataset, load_data
from arden.errors import InputError
from arden.latent.autoencoder import Autoencoder
from arden.latent.vae import VAE
from arden.runs import latent_figures, measure_latent, read_figures
from arden.storage.model_files import fingerprint
from arden.storage.plain import without_nan
from arden.training.fit import fit_model
from arden.training.objectives import ELBO, Likelihood, Reconstruction, default_objective
from arden.training.validation import mean_nats, nats_of_rows
from arden.training.world import World
from tests.core.models import generator
from tests.training.toys import (
    LATENT_SYSTEMS,
    bits,
    fresh_any,
    minimised,
    mixed,
    one_hot,
    quick,
    reals,
    symbols,
)

every_latent = pytest.mark.parametrize("name", LATENT_SYSTEMS)


def fresh_latent(name: str, data: Dataset, context_size: int = 0, **options: object) -> LatentModel:
    model = fresh_any(name, data, context_size, **options)
    assert isinstance(model, LatentModel)
    return model


def test_the_catalogue_has_both() -> None:
    assert set(LATENT_SYSTEMS) >= {"autoencoder", "vae"}


@every_latent
@pytest.mark.parametrize("make", [bits, symbols, reals, mixed])
def test_every_kind_of_value_is_learnt(name: str, make: Callable[[], Dataset]) -> None:
    data = make()
    model = fresh_latent(name, data, latents=3, hidden=(16,))
    before = mean_nats(model, data, "test", World())
    result = fit_model(model, data, quick(epochs=40))
    assert mean_nats(model, data, "test", World()) < before - 0.15
    assert result.best_valid == pytest.approx(mean_nats(model, data, "valid", World()), rel=1e-6)


@every_latent
def test_missing_values_take_part_in_a_fit(name: str) -> None:
    data = reals()
    known = torch.rand(data.train.values.shape, generator=generator()) < 0.7
    holes = torch.where(known, data.train.values, torch.nan)
    holed = dataclasses.replace(
        data, train=dataclasses.replace(data.train, values=holes, observed=known)
    )
    model = fresh_latent(name, holed)
    result = fit_model(model, holed, quick(epochs=3))
    assert math.isfinite(result.best_valid)
    assert all(math.isfinite(record["train"]) for record in result.records)


@every_latent
def test_classes_are_learnt(name: str) -> None:
    data = bits(400)
    model = fresh_latent(name, data, context_size=2, latents=1)
    fit_model(model, data, quick(epochs=10))
    context = one_hot(data.test.labels)
    errors = []
    for told in (context, context.flip(1)):
        noise = torch.full((100, 1), 0.5, dtype=torch.float64)
        with torch.no_grad():
            errors.append(default_objective(model)(data.test.values, told, None, noise).mean())
    assert errors[0] < errors[1] - 0.5


def test_objectives_are_those_of_the_models() -> None:
    data = bits(40)
    vae, autoencoder = fresh_latent("vae", data), fresh_latent("autoencoder", data)
    assert isinstance(vae, VAE)
    assert isinstance(autoencoder, Autoencoder)
    assert isinstance(default_objective(vae), ELBO)
    assert isinstance(default_objective(autoencoder), Reconstruction)
    x = data.test.values
    noise = ELBO(vae).noise(len(x), 6, generator(3))
    assert noise.shape == (len(x), 2)
    found = minimised(ELBO(vae), x, generator(3))
    assert torch.equal(found, -vae.elbo(x, noise[:, None]))
    assert Reconstruction(autoencoder).noise(len(x), 6, generator()).shape == (len(x), 0)
    found = minimised(Reconstruction(autoencoder), x, generator())
    assert torch.equal(found, autoencoder.reconstruction_error(x))


def test_one_of_a_users_own_needs_an_objective() -> None:
    class Mine(Autoencoder.__base__):  # type: ignore[misc, name-defined]
        verbs, refusal, objective, objective_unit = ("fit",), "mine", "mine", "nats"
        num_latents = 1

        def encode(self, x, context=None, observed=None):  # type: ignore[no-untyped-def]
            return x.flatten(1)[:, :1]

        def reconstruct(self, x, context=None, observed=None):  # type: ignore[no-untyped-def]
            return x

    model = Mine((2,), bits().schema, 0, None)
    with pytest.raises(InputError, match="objective: expected one for Mine, got none"):
        default_objective(model)


@every_latent
def test_the_figure_of_an_epoch_draws_nothing_anew(name: str) -> None:
    """Two epochs differ by their weights alone, and shares of the rows make up the whole."""
    data = bits(300)
    model = fresh_latent(name, data)
    split, before = data.train, torch.get_rng_state()
    whole = nats_of_rows(model, split, slice(0, len(split)))
    assert whole.dtype == torch.float64
    assert torch.equal(whole, nats_of_rows(model, split, slice(0, len(split))))
    assert torch.equal(before, torch.get_rng_state())
    parts = [nats_of_rows(model, split, World(rank, 3).share(len(split))) for rank in range(3)]
    assert torch.allclose(torch.cat(parts), whole, atol=1e-5)


@every_latent
def test_a_fit_is_a_function_of_its_seed(name: str) -> None:
    found = []
    for seed in (0, 0, 1):
        model = arden.fit(name, bits(), epochs=2, seed=seed, latents=2, hidden=(4,), progress=False)
        found.append(fingerprint(model))
    assert found[0] == found[1] != found[2]


@every_latent
def test_bfloat16_trains(name: str) -> None:
    data = bits()
    model = fresh_latent(name, data)
    before = mean_nats(model, data, "valid", World())
    result = fit_model(model, data, quick(precision="bfloat16", epochs=20))
    assert result.best_valid < before - 0.2


@every_latent
def test_what_cannot_be_fitted(name: str, tmp_path: Path) -> None:
    text = tmp_path / "words.txt"
    text.write_text("the cat sat on the mat.\n" * 60, encoding="utf-8")
    data = load_data(text, window=8)
    with pytest.raises(InputError, match=r"expected rows, but words\.txt is read in windows"):
        arden.fit(name, data, progress=False)
    with pytest.raises(InputError, match=f"ordering: {name} does not visit the variables"):
        arden.fit(name, bits(), ordering="zigzag", progress=False)
    with pytest.raises(InputError, match="data: expected events of shape"):
        fit_model(fresh_any(name, bits()), reals())


def test_an_autoencoder_takes_one_gaussian_for_a_real() -> None:
    with pytest.raises(InputError, match="expected one Gaussian for a real value"):
        fresh_any("autoencoder", reals(), components=3)
    assert fresh_any("vae", reals(), components=3).conditional.num_params == 6


def test_windows_are_refused_for_a_model_of_ones_own(tmp_path: Path) -> None:
    text = tmp_path / "words.txt"
    text.write_text("the cat sat on the mat.\n" * 60, encoding="utf-8")
    data = load_data(text, window=8)
    rows = symbols(columns=8, levels=data.schema.num_symbols or 0)
    with pytest.raises(InputError, match="is read in windows that overlap"):
        fit_model(fresh_any("vae", rows), data)


def test_figures_are_those_of_the_test_rows() -> None:
    data = bits()
    vae, autoencoder = fresh_any("vae", data), fresh_any("autoencoder", data)
    assert isinstance(vae, VAE)
    assert isinstance(autoencoder, Autoencoder)
    x = data.test.values
    found = measure_latent(vae, data)
    assert isinstance(found, latent_figures.BoundFigures)
    rows = arden.bound(vae, x, samples=64)
    assert found.bound == pytest.approx(rows.mean().item())
    assert found.bound_error == pytest.approx(rows.std().item() / math.sqrt(len(x)))
    assert found.elbo == pytest.approx(-nats_of_rows(vae, data.test, slice(0, 30)).mean().item())
    assert found.bound > found.elbo
    assert found.valid_elbo is None
    copied = measure_latent(autoencoder, data)
    assert isinstance(copied, latent_figures.ReconstructionFigures)
    errors = autoencoder.reconstruction_error(x).detach()
    assert copied.reconstruction_error == pytest.approx(errors.mean().item(), rel=1e-5)
    for figures in (found, copied):
        assert figures.test_rows == 30
        assert read_figures(without_nan(dataclasses.asdict(figures))) == figures
    with pytest.raises(AttributeError):
        found.test_nats  # type: ignore[attr-defined]  # noqa: B018


def test_bounds_of_a_share_are_those_of_the_whole() -> None:
    data = bits()
    vae = fresh_any("vae", data)
    assert isinstance(vae, VAE)
    whole = latent_figures._bounds(vae, data, slice(0, 30))
    parts = [latent_figures._bounds(vae, data, part) for part in (slice(0, 13), slice(13, 30))]
    assert torch.allclose(torch.cat(parts), whole, atol=1e-5)
    assert len(latent_figures._bounds(vae, data, slice(30, 30))) == 0


def test_an_exact_objective_is_not_theirs() -> None:
    model = fresh_any("vae", bits())
    with pytest.raises(AttributeError, match=r"log_prob: .* only a lower bound"):
        Likelihood(model)(bits().test.values, None, None, torch.empty(0))  # type: ignore[arg-type]
