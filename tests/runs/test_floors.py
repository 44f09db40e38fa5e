"""The floors under a density: read off the model itself, in the unit of each column."""

from __future__ import annotations

import pytest
import torch

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.standardised import Standardised
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.schema import Column, Schema
from arden.runs.floors import floors_in_words, floors_of, least_deviations
from tests.training.toys import bits, fresh, mixed


def test_floors_are_told_in_the_unit_of_their_column() -> None:
    columns = (Column("flag", "binary", 2), Column("length", "real"), Column("width", "real"))
    families = (
        Bernoulli(),
        Standardised(GaussianMixture(2, "learned", 0.5), 7.0, 20.0),
        Standardised(GaussianMixture(2, "uniform", 0.25), -1.0, 0.1),
    )
    told = floors_of(Mixed(families), Schema("table", (3,), None, columns))
    assert told == {"length": 10.0, "width": pytest.approx(0.025)}
    image = floors_of(families[1], Schema("image", (2, 2)))
    assert image == {"every variable": 10.0}
    assert floors_of(Bernoulli(), Schema("image", (2, 2), 2)) == {}


def test_floors_of_a_model_and_of_a_mixture() -> None:
    data = mixed()
    model = fresh("rnade", data, min_scale=0.5)
    assert isinstance(model, AutoregressiveModel)
    deviation = data.train.values[:, 2].std(correction=0).item()
    expected = {"y": pytest.approx(0.5 * deviation)}
    assert least_deviations(model, data.schema) == expected
    assert least_deviations(Mixture([model, model]), data.schema) == expected
    assert least_deviations(fresh("nade", bits()), bits().schema) == {}


def test_of_many_columns_the_ends_are_named() -> None:
    floors = {f"x{index}": float(1 + (index * 7) % 30) for index in torch.arange(30).tolist()}
    told = floors_in_words(floors)
    assert told.startswith("x0 1 … x17 30\n")
    assert "(30 columns, all in config.json)" in told
