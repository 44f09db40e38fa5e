"""Background models: rows with some values replaced by chance, in every kind of data."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import arden
from arden.assembly import assemble, split_options
from arden.data.dataset import Dataset
from arden.errors import InputError
from arden.training.fit import fit_model
from arden.training.mutation import Mutation, mutated
from arden.training.options import TrainingOptions
from tests.core.models import generator
from tests.training.toys import bits, mixed, reals, symbols


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_a_share_is_replaced_evenly(rate: float) -> None:
    data = symbols(4_000)
    x = torch.zeros_like(data.train.values)
    found = Mutation(data, rate)(x, generator(0))
    assert found.dtype == x.dtype
    for level in (1, 2):
        share = (found == level).double().mean().item()
        assert abs(share - rate / 3) < 0.02


def test_real_columns_stay_between_their_bounds() -> None:
    data = mixed(2_000)
    found = Mutation(data, 1.0)(data.train.values, generator(0))
    known = data.train.values
    assert set(found[:, 0].tolist()) == {0.0, 1.0}
    assert set(found[:, 1].tolist()) == {0.0, 1.0, 2.0}
    assert known[:, 2].min() <= found[:, 2].min() < found[:, 2].max() <= known[:, 2].max()
    middle = (known[:, 2].min() + known[:, 2].max()) / 2
    assert abs(found[:, 2].mean() - middle) < 0.3


def test_what_was_never_observed_sets_no_bounds() -> None:
    data = reals(40)
    observed = torch.ones_like(data.train.values, dtype=torch.bool)
    observed[:, 1] = False
    values = data.train.values.masked_fill(~observed, torch.nan)
    holed = replace(data, train=replace(data.train, values=values, observed=observed))
    found = Mutation(holed, 1.0)(values, generator(0))
    assert bool(found.isfinite().all())


def strings() -> Dataset:
    from arden.data.documents import Document, DocumentSource
    from arden.data.strings import infer_strings

    text = "".join(word + "\n" for word in ("anna", "bob", "al", "nina", "ada", "ben") * 8)
    values = torch.tensor([ord(sign) for sign in text]).numpy().astype("uint32")
    return infer_strings(DocumentSource("names", "text", {"all": [Document("names", values)]}))


def test_strings_keep_their_ends() -> None:
    data = strings()
    end = data.schema.end
    x = data.train.values
    found = Mutation(data, 1.0)(x, generator(0))
    assert torch.equal(found == end, x == end)
    assert not torch.equal(found, x)


def test_a_background_is_fitted_to_mutated_rows() -> None:
    data = bits(2_000)
    ones = replace(
        data,
        **{
            name: replace(data.split(name), values=torch.ones_like(data.split(name).values))
            for name in ("train", "valid", "test")
        },
    )
    for system, options in (("nade", {"hidden": 2, "epochs": 30}), ("independent", {})):
        model = arden.fit(system, ones, mutate=0.5, progress=False, **options)
        # Half of the values are fair coins, so that three of four are ones.
        nats = arden.score(model, ones.test.values).mean().item() / 6
        assert nats == pytest.approx(torch.tensor(0.75).log().item(), abs=0.05)


def test_rows_are_mutated_anew_and_the_fit_depends_on_its_seed_alone() -> None:
    data, weights = bits(80), []
    for seed in (0, 0, 1):
        options = {"mutate": 0.3, "epochs": 2, "seed": seed, "hidden": 3}
        chosen = split_options("nade", options)
        model = assemble("nade", data, chosen)
        fit_model(model, data, chosen[2])
        weights.append(torch.cat([w.flatten() for w in model.parameters()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    mutation, source = Mutation(data, 0.3), generator(0)
    first, second = (mutation(data.train.values, source) for _ in range(2))
    assert not torch.equal(first, second)


def test_only_what_chooses_the_epoch_is_mutated_beforehand() -> None:
    data = bits(80)
    options = TrainingOptions(mutate=0.4)
    found = mutated(data, options, train=False)
    assert found.train is data.train
    assert found.test is data.test
    assert not torch.equal(found.valid.values, data.valid.values)
    assert not torch.equal(mutated(data, options, train=True).train.values, data.train.values)


@pytest.mark.parametrize("rate", [-0.1, 1.5])
def test_a_share_beyond_all_is_refused(rate: float) -> None:
    with pytest.raises(InputError, match=r"mutate: expected a share in 0\.\.1"):
        arden.fit("nade", bits(40), mutate=rate, progress=False)
