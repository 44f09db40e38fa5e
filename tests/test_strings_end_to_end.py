"""Strings through the package's own doors: every system that can, normalised over strings."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import pytest
import torch

import arden
from arden.assembly import assemble, split_options
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import Dataset, load_data, read_rows
from arden.errors import InputError
from arden.orderings.until_end import UntilEnd
from arden.runs import measure
from arden.systems import SYSTEMS
from tests.core.models import generator

WORDS = [
    "".join(letters)
    for length in (1, 2, 3, 4)
    for letters in itertools.product("ab", repeat=length)
]
FREE = [
    name
    for name, system in SYSTEMS.items()
    if "score" in system.verbs and not system.needs and "discrete" in system.data
]
BOUND = [name for name in SYSTEMS if name not in FREE]
OWN = {"markov": {"homogeneous": True}}


@pytest.fixture(scope="module")
def data() -> Dataset:
    """() -> thirty strings over a and b, with their ends."""
    return load_data(WORDS, lines=True)


def small(name: str, data: Dataset, **options: object) -> AutoregressiveModel:
    """A system's name, strings -> a small instance in float64 with noise on every weight."""
    given = {**SYSTEMS[name].small, **OWN.get(name, {}), **options}
    model = assemble(name, data, split_options(name, given)).double()
    assert not isinstance(model, Mixture)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.4 * torch.randn(parameter.shape, generator=generator()).double()
    return model


def all_strings(data: Dataset, limit: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Strings, n -> all ended ones of fewer than n letters (N, n), all beginnings of n letters."""
    texts = ["".join(t) for n in range(1, limit) for t in itertools.product("ab", repeat=n)]
    ended = read_rows(texts, data.schema).values
    letters = [data.schema.symbols.index(letter) for letter in "ab"]
    begun = torch.tensor(list(itertools.product(letters, repeat=limit)))
    empty = torch.full((1, limit), data.schema.end)
    return torch.cat([empty, ended]), begun


@pytest.mark.parametrize("name", FREE)
def test_all_strings_and_all_longer_ones_have_a_mass_of_one(name: str, data: Dataset) -> None:
    model = small(name, data)
    assert model.ordering == UntilEnd(0)
    ended, begun = all_strings(data, 5)
    finished, longer = (arden.score(model, x).exp().sum().item() for x in (ended, begun))
    assert 1e-4 < longer < 0.99
    assert finished + longer == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("name", FREE)
def test_classes_have_a_mass_of_one_each(name: str, data: Dataset) -> None:
    labelled = load_data(WORDS, lines=True)
    schema = labelled.schema.to_dict() | {"class_names": ["x", "y", "z"]}
    parts = {}
    for split in ("train", "valid", "test"):
        rows = labelled.split(split)
        parts[split] = arden.data.Split(rows.values, torch.arange(len(rows)) % 3)
    told = Dataset("told", arden.data.Schema.from_dict(schema), **parts, protocol="Told.")
    model = small(name, told, condition="label")
    ended, begun = all_strings(data, 4)
    x = torch.cat([ended, begun])
    for label in range(3):
        context = torch.eye(3)[[label] * len(x)]
        assert arden.score(model, x, context).exp().sum().item() == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("name", FREE)
def test_padding_never_counts_nor_do_the_other_rows(name: str, data: Dataset) -> None:
    model = small(name, data)
    rows = read_rows(["ab", "b", "bbaab", "a" * 30], data.schema).values
    together = arden.score(model, rows)
    wide = torch.nn.functional.pad(rows, (0, 20))
    wide[0, 5:] = torch.tensor([1, 2, 0] * 20)[: wide.shape[1] - 5]
    assert arden.score(model, wide).tolist() == pytest.approx(together.tolist(), abs=1e-10)
    for row, expected in zip(rows, together.tolist(), strict=True):
        alone = row[: int((row == 0).long().argmax()) + 1][None]
        assert arden.score(model, alone).item() == pytest.approx(expected, abs=1e-10)
    assert arden.score(model, rows, batch_size=1).tolist() == pytest.approx(
        together.tolist(), abs=1e-10
    )


@pytest.mark.parametrize("name", FREE)
def test_draws_are_strings_of_the_model(name: str, data: Dataset) -> None:
    """The share of each short string among 4000 draws is its probability."""
    model = small(name, data)
    drawn = arden.sample(model, 4000, seed=0, max_steps=6)
    short = all_strings(data, 3)[0]
    chances = arden.score(model, short).exp()
    for row, chance in zip(short, chances.tolist(), strict=True):
        wide = torch.nn.functional.pad(row, (0, drawn.shape[1] - len(row)))
        share = (drawn == wide).all(dim=1).double().mean().item()
        assert abs(share - chance) < 6 * math.sqrt(chance * (1 - chance) / 4000)


@pytest.mark.parametrize("name", BOUND)
def test_systems_of_one_length_refuse_strings(name: str, data: Dataset) -> None:
    with pytest.raises(InputError, match=f"{re.escape(name)} (needs|takes) .* but strings holds"):
        assemble(name, data, split_options(name, {}))


def test_options_that_strings_cannot_have(data: Dataset) -> None:
    with pytest.raises(InputError, match="homogeneous: expected true"):
        arden.fit("markov", data, progress=False)
    for ordering in ("zigzag", "shuffled", "given"):
        with pytest.raises(InputError, match=f"expected raster, got {ordering}"):
            arden.fit("gru", data, ordering=ordering, progress=False)
    with pytest.raises(InputError, match="nade needs events of one fixed length, but strings"):
        arden.fit("nade", data, progress=False)


def test_figures_are_per_string_and_per_symbol(data: Dataset) -> None:
    model = arden.fit("gru", data, hidden=5, epochs=3, progress=False, device="cpu")
    figures = measure(model, data)
    symbols = 0
    nats = []
    for row in data.test.values:
        alone = row[: int((row == 0).long().argmax()) + 1][None]
        nats.append(-model.log_prob(alone).item())
        symbols += alone.shape[1]
    assert symbols == data.num_scalars("test")
    assert figures.test_nats == pytest.approx(sum(nats) / len(nats), rel=1e-5)
    assert figures.bits_per_dim == pytest.approx(sum(nats) / symbols / math.log(2), rel=1e-5)
    spread = torch.tensor(nats).std().item() / math.sqrt(len(nats))
    assert figures.standard_error == pytest.approx(spread, rel=1e-4)
    assert (figures.unit, figures.full_table) == ("string", "infinitely many")


def test_counts_of_strings_are_their_frequencies(data: Dataset) -> None:
    """A chain without memory, without smoothing: each symbol as often as it comes, ends too."""
    options = {"memory": 0, "homogeneous": True, "smoothing": 0.0}
    model = arden.fit("markov", data, progress=False, device="cpu", **options)
    valid = UntilEnd(0).valid(data.train.values)
    counts = torch.bincount(data.train.values[valid].long(), minlength=3).double()
    expected = (counts / counts.sum()).log().tolist()
    terms = model.log_conditionals(torch.tensor([[1, 2, 0]]))[0]
    assert terms.tolist() == pytest.approx([expected[1], expected[2], expected[0]], abs=1e-5)


def test_longer_strings_than_were_trained_on(data: Dataset) -> None:
    model = arden.fit("transformer", data, width=8, heads=2, layers=1, epochs=1, progress=False)
    found = arden.score(model, read_rows(["ab" * 200], data.schema).values)
    assert math.isfinite(found.item())
    assert found.item() < -10


def test_a_model_and_strings_round_trip(data: Dataset, tmp_path: Path) -> None:
    model = arden.fit("lstm", data, hidden=4, epochs=1, progress=False, device="cpu")
    arden.save(model, tmp_path / "run")
    again = arden.load(tmp_path / "run")
    assert again.ordering == model.ordering
    assert torch.equal(arden.score(again, data.test.values), arden.score(model, data.test.values))
    first, second = (arden.sample(m, 7, seed=1, max_steps=9) for m in (model, again))
    assert torch.equal(first, second)
