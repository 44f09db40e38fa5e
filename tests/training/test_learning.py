"""What a fit learns: classes, strings, reals, mixed tables, models of a user's own."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.data.dataset import Dataset
from arden.networks.gru import GRU, GRUOptions
from arden.orderings.raster import Raster
from arden.orderings.until_end import UntilEnd
from arden.tasks.score import score
from arden.training.fit import fit_model
from tests.core.models import build
from tests.storage.models import Fading, FadingOptions
from tests.training.toys import (
    REAL_SYSTEMS,
    bits,
    fresh,
    mixed,
    nats,
    one_hot,
    parts,
    quick,
    reals,
    symbols,
)


@pytest.mark.parametrize(
    "name",
    [
        *("nade", "made", "fvsbn", "independent", "markov", "table"),
        *("rnn", "lstm", "gru", "transformer", "wavenet"),
        *("untied-nade", "categorical-nade"),
    ],
)
def test_classes_are_learnt(name: str) -> None:
    data = bits(400)
    plain, model = fresh(name, data), fresh(name, data, context_size=2)
    options = quick(epochs=10)
    fit_model(plain, data, options)
    fit_model(model, data, options)
    x, context = data.test.values, one_hot(data.test.labels)
    right, wrong = (-score(model, x, c).mean().item() for c in (context, context.flip(1)))
    assert right < nats(plain, data, "test") - 0.15
    assert right < wrong - 2.0


def test_a_model_of_the_users_own_trains_in_place() -> None:
    data = bits(400)
    model = build(Fading, FadingOptions(), Bernoulli(), Raster((2, 3)), dtype=torch.float32)
    before = nats(model, data, "test")
    back = arden.fit(model, data, progress=False, device="cpu", epochs=8, learning_rate=0.02)
    assert back is model
    assert nats(model, data, "test") < before - 0.15


def test_strings_with_an_end_symbol_train() -> None:
    """Rows 2 2 2 0 0: an end symbol, then padding, which counts for nothing."""
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 5, (80,), generator=generator)
    values = torch.where(torch.arange(5) < lengths[:, None], 2, 0)
    data = symbols(columns=5)
    strings = Dataset("strings", data.schema, **parts(values), protocol="Strings for a test.")
    model = build(GRU, GRUOptions(hidden=6), Categorical(3), UntilEnd(0), dtype=torch.float32)
    result = fit_model(model, strings, quick(epochs=30, batch_size=8))
    # Four lengths, all equally likely: ln 4 nats, and nothing for what follows an end.
    assert result.best_valid == pytest.approx(math.log(4), abs=0.25)


@pytest.mark.parametrize("name", REAL_SYSTEMS)
@pytest.mark.parametrize("make", [reals, mixed])
def test_reals_and_mixed_tables_train(name: str, make: Callable[[], Dataset]) -> None:
    data = make()
    model = fresh(name, data, components=3)
    before = nats(model, data, "test")
    result = fit_model(model, data, quick(epochs=15))
    assert nats(model, data, "test") < before - 0.2
    assert result.ended != "counted in closed form"


@pytest.mark.parametrize("name", REAL_SYSTEMS)
def test_a_density_is_one_per_unit_of_the_data(name: str) -> None:
    """In units ten times smaller every density is a tenth, for each of the three columns."""
    scores = []
    for scale in (1.0, 10.0):
        data = reals(scale=scale)
        model = fresh(name, data, components=2)
        fit_model(model, data, quick(epochs=3))
        scores.append(score(model, data.test.values))
    # The values differ in the last place once they are divided by their deviation.
    assert torch.allclose(scores[0] - scores[1], torch.tensor(3 * math.log(10)).double(), atol=1e-3)
