"""The benchmark of tables: recipes fit, cells are hidden fairly, the page is of its results."""

from __future__ import annotations

import math

import pytest
import torch

from arden.assembly import split_options
from arden.data.dataset import Dataset, Split
from arden.data.schema import Column, Schema
from benchmarks.tables import run


def toy(rows: int = 2000) -> Dataset:
    source = torch.Generator().manual_seed(0)
    words = torch.randint(0, 3, (rows,), generator=source)
    numbers = torch.randint(0, 50, (rows,), generator=source)
    values = torch.stack([words, numbers], dim=1).double()
    observed = torch.rand(values.shape, generator=source) < 0.9
    columns = (
        Column("word", "categorical", 3, levels=("a", "b", "c"), dtype="string"),
        Column("number", "integer", 50, low=0, dtype="int64"),
    )
    split = Split(values, observed=observed)
    return Dataset("toy", Schema("table", (2,), None, columns), split, split, split, "Toy.")


def test_recipes_are_of_systems_and_their_options() -> None:
    for recipe in run.recipes().values():
        split_options(recipe["system"], recipe["options"])


def test_only_known_cells_are_hidden_the_same_for_all() -> None:
    data = toy()
    values, shown, hidden = run.hidden_rows(data.test, 1)
    again = run.hidden_rows(data.test, 1)
    assert all(torch.equal(a, b) for a, b in zip((values, shown, hidden), again, strict=True))
    assert not bool((shown & hidden).any())
    assert hidden.double().mean().item() == pytest.approx(0.9 * run.HIDDEN, abs=0.03)


def test_errors_are_shares_of_words_and_deviations_of_numbers() -> None:
    data = toy()
    values, _, hidden = run.hidden_rows(data.test, 2)
    right = run.errors_of(values, values, values, hidden, data)
    assert (right["accuracy"], right["root_mean_square"], right["mean_absolute"]) == (1, 0, 0)
    [most] = run.fill_by_most_frequent(data, (2,))
    assert most["accuracy"] == pytest.approx(1 / 3, abs=0.1)
    assert most["root_mean_square"] == pytest.approx(1.0, abs=0.1)
    assert most["mean_absolute"] == pytest.approx(math.sqrt(3) / 2, abs=0.1)
    [imputed] = run.fill_by_imputer(data, (2,))
    assert imputed["root_mean_square"] == pytest.approx(1.0, abs=0.1)  # nothing can be learned


def test_the_page_is_made_of_the_results() -> None:
    page = run.PAGE.read_text(encoding="utf-8")
    assert run.density_table() in page
    assert run.filled_table() in page
