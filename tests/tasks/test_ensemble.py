"""An ensemble of fitted models is one exact model: it sums to one and is the average it says."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.column import Column
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.storage.model_files import load, save
from arden.tasks.ensemble import ensemble
from arden.tasks.sample import sample
from arden.tasks.score import score
from tests.core.models import build, chi_square, every_event, shake
from tests.training.toys import bits, fresh, symbols

SHAPE = (3, 3)
EVENTS = every_event(SHAPE, 2)


def members() -> list[AutoregressiveModel]:
    """() -> three networks of 3 × 3 bits, each of its own order, shaken well apart."""
    made = [
        build(FVSBN, FVSBNOptions(), Bernoulli(), Raster(SHAPE)),
        build(NADE, NADEOptions(hidden=5), Bernoulli(), Column(SHAPE)),
        build(NADE, NADEOptions(hidden=4), Bernoulli(), Shuffled(SHAPE, 1)),
    ]
    for place, model in enumerate(made):
        shake(model, 0.8, seed=place + 1)
    return made


def probabilities(model: AutoregressiveModel | Mixture) -> Tensor:
    """-> (512,): p of every event there is."""
    return score(model, EVENTS).exp()


@pytest.mark.parametrize("weights", [None, [0.5, 0.3, 0.2], [3, 0, 1]])
def test_it_sums_to_one_and_is_the_average_over_members_of_different_orders(
    weights: list[float] | None,
) -> None:
    models = members()
    both = ensemble(models, weights)
    assert not both.same_order
    shares = torch.tensor(weights or [1.0] * 3, dtype=torch.float64)
    expected = sum(s * probabilities(m) for s, m in zip(shares / shares.sum(), models, strict=True))
    assert probabilities(both).sum().item() == pytest.approx(1, abs=1e-12)
    assert probabilities(both).tolist() == pytest.approx(expected.tolist(), rel=1e-12)


def test_what_averages_log_probabilities_instead_would_be_seen() -> None:
    logs = torch.stack([score(model, EVENTS) for model in members()])
    assert logs.mean(dim=0).exp().sum().item() < 0.9


def test_mixtures_are_taken_apart_and_their_weights_multiplied() -> None:
    models = members()
    inner = Mixture(models[:2], [1, 3])
    outer = ensemble([inner, models[2]], [0.4, 0.6])
    assert outer.models == models
    assert outer.log_weights.exp().tolist() == pytest.approx([0.1, 0.3, 0.6])
    expected = 0.4 * probabilities(inner) + 0.6 * probabilities(models[2])
    assert probabilities(outer).tolist() == pytest.approx(expected.tolist(), rel=1e-12)


def test_without_weights_the_given_models_count_the_same_however_many_they_hold() -> None:
    models = members()
    outer = ensemble([Mixture(models[:2]), models[2]])
    assert outer.log_weights.exp().tolist() == pytest.approx([0.25, 0.25, 0.5])


def test_its_mean_is_at_least_the_weighted_mean_of_its_members() -> None:
    models = members()
    weights = [0.2, 0.5, 0.3]
    x = EVENTS[::5]
    means = [score(model, x).mean().item() for model in models]
    bound = sum(w * mean for w, mean in zip(weights, means, strict=True))
    assert score(ensemble(models, weights), x).mean().item() > bound + 0.01


def test_samples_come_from_what_is_scored() -> None:
    both = ensemble(members(), [0.5, 0.3, 0.2])
    drawn = sample(both, 20_000, seed=0).flatten(1).long()
    places = (drawn * 2 ** torch.arange(8, -1, -1)).sum(dim=1)
    counts = torch.bincount(places, minlength=512)
    assert abs(chi_square(counts, probabilities(both))) < 5
    single = probabilities(members()[0])
    assert chi_square(counts, single) > 50  # one member alone would be noticed


def test_it_is_saved_and_loaded_whole(tmp_path: Path) -> None:
    both = ensemble([Mixture(members()[:2], [1, 2]), members()[2]], [1, 4])
    again = load(save(both, tmp_path / "ensemble"))
    assert isinstance(again, Mixture)
    assert again.log_weights.tolist() == both.log_weights.tolist()
    assert score(again, EVENTS).tolist() == score(both, EVENTS).tolist()


def test_one_model_is_an_ensemble_of_itself() -> None:
    [model] = members()[:1]
    assert probabilities(ensemble([model])).tolist() == pytest.approx(
        probabilities(model).tolist(), rel=1e-12
    )


@pytest.mark.parametrize(
    "weights", [[1.0], [1.0, 2.0, -1.0], [0.0, 0.0, 0.0], [1.0, math.nan, 1.0], [math.inf, 1, 1]]
)
def test_weights_that_are_none_are_refused(weights: list[float]) -> None:
    with pytest.raises(InputError, match="weights: expected 3 non-negative numbers, got"):
        ensemble(members(), weights)


def test_what_has_no_common_events_is_refused() -> None:
    data = bits()
    model = fresh("fvsbn", data)
    with pytest.raises(InputError, match="at least one model, got none"):
        ensemble([])
    with pytest.raises(InputError, match="expected models of one event shape"):
        ensemble([model, fresh("fvsbn", bits(shape=(2, 4)))])
    with pytest.raises(InputError, match="contexts of one size, got sizes 0 and 2"):
        ensemble([model, fresh("fvsbn", data, context_size=2)])
    tables = [fresh("independent", symbols(levels=levels)) for levels in (2, 3)]
    with pytest.raises(InputError, match="models of the same values"):
        ensemble(tables)
    with pytest.raises(InputError, match="AutoregressiveModels or Mixtures, got Linear"):
        ensemble([model, torch.nn.Linear(2, 2)])  # type: ignore[list-item]
