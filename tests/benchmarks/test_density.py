"""Densities of real tables: baselines that are what they say, one floor, one unit."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from arden.assembly import split_options
from arden.data.dataset import Dataset
from arden.data.schema import Column, Schema
from benchmarks.density import run
from benchmarks.density.baselines import FactorAnalysers, Gaussian, choose_factor_analysers
from tests.training.toys import parts

FLOORS = np.array([0.3, 0.02, 0.5])


def table(rows: int = 400, scale: float = 1.0) -> Dataset:
    """A table (N, 3) of two clusters, its columns on scales of their own; the last on a grid."""
    source = np.random.default_rng(0)
    side = source.choice([-1.0, 1.0], rows)
    first = side + 0.3 * source.normal(size=rows)
    x = np.stack([first, 30 * (side * first + 0.1 * source.normal(size=rows)), 2 * side], axis=1)
    x[:, 2] += np.rint(source.normal(size=rows) * 2) / 2
    columns = tuple(Column(name, "real") for name in "abc")
    schema = Schema("table", (3,), None, columns)
    return Dataset("red-wine", schema, **parts(torch.tensor(x * scale)), protocol="For a test.")


@pytest.mark.parametrize("name", run.recipes()["models"])
@pytest.mark.parametrize("data", run.DATA)
def test_a_recipe_names_what_there_is(name: str, data: str) -> None:
    recipe = run.recipes()["models"][name]
    assert ("system" in recipe) != ("baseline" in recipe)
    if "system" in recipe:
        split_options(recipe["system"], {**recipe.get("options", {}), **recipe.get(data, {})})
    else:
        assert recipe["baseline"] in ("gaussian", "factor-analysers")
    for published in run.recipes()["published"].values():
        assert set(published) <= set(run.recipes()["models"])


def mass(model: Gaussian | FactorAnalysers) -> float:
    """A density over two columns -> its integral, by a fine grid."""
    grid = np.linspace(-12, 12, 481)
    points = np.array(list(itertools.product(grid, grid)))
    return float(np.exp(model.log_prob(points)).sum() * (grid[1] - grid[0]) ** 2)


def test_baselines_are_densities() -> None:
    source, floors = np.random.default_rng(1), np.array([0.2, 0.2])
    rows = source.normal(size=(300, 2)) @ np.array([[1.0, 0.5], [0.0, 0.7]]) + 0.5
    rows[:150] += 3
    assert mass(Gaussian.fit(rows, floors)) == pytest.approx(1, abs=1e-4)
    model = FactorAnalysers.fit(rows, rows[:50], floors, (3, 1), seed=0)
    assert mass(model) == pytest.approx(1, abs=1e-4)
    assert model.log_prob(rows).mean() > Gaussian.fit(rows, floors).log_prob(rows).mean() + 0.1


def test_a_gaussian_without_a_binding_floor_is_the_maximum_likelihood_one() -> None:
    rows = np.random.default_rng(2).normal(size=(200, 3)) * [1, 2, 3] + [5, 0, -5]
    model = Gaussian.fit(rows, np.full(3, 1e-3))
    np.testing.assert_allclose(model.covariance, np.cov(rows.T, bias=True), rtol=1e-9)
    expected = torch.distributions.MultivariateNormal(
        torch.tensor(rows.mean(axis=0)), torch.tensor(np.cov(rows.T, bias=True))
    )
    np.testing.assert_allclose(model.log_prob(rows), expected.log_prob(torch.tensor(rows)))
    assert model.num_parameters == 3 + 6


def conditional_deviations(covariance: np.ndarray) -> np.ndarray:
    """(D, D) -> (D,): the deviation of every column given all others."""
    return np.diag(np.linalg.inv(covariance)) ** -0.5


def test_no_conditional_of_a_baseline_is_narrower_than_its_floor() -> None:
    """Columns that repeat each other exactly would else have no width at all."""
    first = np.random.default_rng(3).normal(size=(300, 1))
    rows = np.concatenate([first, 2 * first, first**2], axis=1)
    gaussian = Gaussian.fit(rows, FLOORS)
    assert (conditional_deviations(gaussian.covariance) >= FLOORS * (1 - 1e-6)).all()
    loose = Gaussian.fit(rows, FLOORS / 1e3)
    assert (conditional_deviations(loose.covariance) < FLOORS).any()
    mixture = FactorAnalysers.fit(rows, rows[:60], FLOORS, (4, 2), seed=0)
    for loading, noise in zip(mixture.loadings, mixture.noise, strict=True):
        assert (noise >= FLOORS**2).all()
        covariance = loading @ loading.T + np.diag(noise)
        assert (conditional_deviations(covariance) >= FLOORS * (1 - 1e-6)).all()


def test_expectation_maximisation_climbs() -> None:
    rows = (table().train.values.numpy() - [0, 15, 0]) / [1, 20, 2]
    floors = np.full(3, 0.01)
    source = np.random.default_rng(5)
    now = FactorAnalysers(np.full(2, 0.5), rows[:2], source.normal(size=(2, 3, 1)), np.ones((2, 3)))
    found = []
    for _ in range(30):
        found.append(now.log_prob(rows).mean())
        terms = now._terms(rows)
        shares = np.exp(terms - now.log_prob(rows)[:, None])
        np.testing.assert_allclose(shares.sum(axis=1), 1)
        now = now._maximised(rows, shares, floors)
    assert all(after >= before - 1e-9 for before, after in itertools.pairwise(found))
    assert found[-1] > found[0] + 0.5


def test_sizes_are_chosen_on_validation_rows() -> None:
    data = table()
    rows, valid = data.train.values.numpy() / [1, 30, 2], data.valid.values.numpy() / [1, 30, 2]
    model, size = choose_factor_analysers(rows, valid, FLOORS, [(1, 1), (2, 1)])
    assert size == (2, 1)
    other, _ = choose_factor_analysers(rows, valid, FLOORS, [(1, 1)])
    assert model.log_prob(valid).mean() > other.log_prob(valid).mean()


RECIPES = {
    "gaussian": {"baseline": "gaussian"},
    "rnade": {
        "system": "rnade",
        "options": {"hidden": 8, "components": 3, "epochs": 8, "batch_size": 16},
        "red-wine": {"weight_decay": 0.0},
    },
}


@pytest.mark.parametrize("name", RECIPES)
def test_figures_do_not_depend_on_the_unit_of_the_data(name: str) -> None:
    """Standardised units: a table in units ten times smaller has the same figures."""
    found = [run.measure(table(scale=scale), RECIPES[name], 1e-3, 1) for scale in (1.0, 10.0)]
    assert found[0]["test"] == pytest.approx(found[1]["test"], abs=2e-2)
    assert set(found[0]["floors"]) == set("abc")
    for column, floor in found[0]["floors"].items():
        assert found[1]["floors"][column] == pytest.approx(10 * floor, rel=1e-6)
    assert found[0]["floors"]["c"] == pytest.approx(0.25)  # half of a recording step


def test_all_models_stand_under_one_floor() -> None:
    floors = [run.measure(table(), recipe, 1e-3, 1)["floors"] for recipe in RECIPES.values()]
    assert floors[0] == pytest.approx(floors[1])


def test_a_gaussian_in_standardised_units_is_the_gaussian() -> None:
    data = dataclasses.replace(table(), valid=table().train)
    told = run.measure(data, RECIPES["gaussian"], 1e-6, 1)
    x, test = data.train.values, data.test.values
    normal = torch.distributions.MultivariateNormal(
        x.mean(dim=0), torch.from_numpy(np.cov(x.T.numpy(), bias=True))
    )
    unit = x.std(dim=0, correction=0).log().sum()
    expected = (normal.log_prob(test) + unit).mean().item()
    assert told["test"] == pytest.approx(expected, abs=0.02)  # but for the grid's floor


def test_folds_are_measured_once_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def fold(data: str, number: int, data_dir: str | None) -> Dataset:
        asked.append(number)
        return table(rows=200 + 4 * number)

    known = {"published": {"red-wine": {"gaussian": -13.18}}, "models": RECIPES, "sizes": {}}
    monkeypatch.setattr(run, "RESULTS", tmp_path)
    monkeypatch.setattr(run, "recipes", lambda: known)
    monkeypatch.setattr(run, "fold_of", fold)
    run.run("red-wine", "gaussian", 1e-3, [3, 1], None)
    path = run.run("red-wine", "gaussian", 1e-3, [1, 2, 3], None)
    assert asked == [3, 1, 2]
    told = json.loads(path.read_text(encoding="utf-8"))
    assert [one["fold"] for one in told["folds"]] == [1, 2, 3]
    other = {**told, "model": "factor-analysers", "folds": told["folds"][:2]}
    for one in other["folds"]:
        one["test"] += 0.5
    (tmp_path / "other.json").write_text(json.dumps(other))
    lines = run.table().splitlines()
    assert "For a test." in lines[0]
    assert "c 0.25" in lines[2]
    tests = [one["test"] for one in json.loads(path.read_text(encoding="utf-8"))["folds"]]
    mean, error = np.mean(tests), np.std(tests, ddof=1) / math.sqrt(3)
    [row] = [line for line in lines if line.startswith("| gaussian")]
    assert f"{mean:.2f} ± {error:.2f}".replace("-", "−") in row
    assert "| −0.50 ± 0.00 | 3 | −13.18 |" in row
