"""From options to a model: families, orderings, standardised reals, first weights by seed."""

from __future__ import annotations

import math

import pytest
import torch

from arden.assembly import assemble, choose_conditional, split_options
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.standardised import Standardised
from arden.core.mixture import Mixture
from arden.data.dataset import Dataset, Split
from arden.data.schema import Column, Schema
from arden.errors import InputError
from arden.orderings.column import Column as ColumnByColumn
from arden.orderings.given import Given
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.zigzag import Zigzag
from arden.storage.model_files import fingerprint
from arden.systems import LayoutOptions
from tests.training.toys import bits, fresh, mixed, parts, reals, symbols


def levels(count: int) -> Dataset:
    """K -> a table of K levels."""
    return symbols(levels=count)


def test_families_follow_the_values() -> None:
    def chosen(data: Dataset, layout: LayoutOptions = LayoutOptions()) -> object:  # noqa: B008
        return choose_conditional(data, layout)

    assert chosen(bits()) == Bernoulli()
    assert chosen(levels(3)) == Categorical(3, "one_hot")
    assert chosen(levels(32)) == Categorical(32, "one_hot")
    assert chosen(levels(33)) == Categorical(33, "scalar")
    assert chosen(levels(3), LayoutOptions(encoding="scalar")) == Categorical(3, "scalar")
    assert chosen(levels(33), LayoutOptions(encoding="one_hot")) == Categorical(33, "one_hot")


def test_reals_are_standardised_by_their_training_rows() -> None:
    data = reals()
    family = choose_conditional(data, LayoutOptions(components=4, min_scale=0.01))
    assert isinstance(family, Mixed)
    for column, part in enumerate(family.families):
        values = data.train.values[:, column]
        assert isinstance(part, Standardised)
        assert part.family == GaussianMixture(4, "learned", 0.01)
        assert part.shift == pytest.approx(values.mean().item())
        assert part.scale == pytest.approx(values.std(correction=0).item())


def test_unobserved_and_constant_columns() -> None:
    values = torch.tensor([[1.0, 5.0, math.nan], [3.0, 5.0, math.nan], [math.nan, 5.0, math.nan]])
    splits = [Split(values.double(), observed=~values.isnan())] * 3
    data = Dataset("holed", Schema("table", (3,)), *splits, protocol="With holes.")
    family = choose_conditional(data, LayoutOptions())
    assert isinstance(family, Mixed)
    found = [(part.shift, part.scale) for part in family.families if isinstance(part, Standardised)]
    assert found == [(2.0, 1.0), (5.0, 1.0), (0.0, 1.0)]
    pixels = values.double().reshape(3, 1, 3)
    splits = [Split(pixels, observed=~pixels.isnan())] * 3
    image = Dataset("holed", Schema("image", (1, 3)), *splits, protocol="With holes.")
    one = choose_conditional(image, LayoutOptions())
    assert isinstance(one, Standardised)
    assert one.shift == pytest.approx((1 + 3 + 3 * 5) / 5)


def test_mixed_tables_have_a_family_for_every_column() -> None:
    family = choose_conditional(mixed(), LayoutOptions())
    assert isinstance(family, Mixed)
    assert family.families[:2] == (Bernoulli(), Categorical(3, "one_hot"))
    assert isinstance(family.families[2], Standardised)
    columns = (Column("a", "binary", 2), Column("b", "categorical", 5))
    values = torch.tensor([[0, 4]] * 8)
    data = Dataset("x", Schema("table", (2,), None, columns), **parts(values), protocol="x.")
    assert choose_conditional(data, LayoutOptions()) == Mixed((Bernoulli(), Categorical(5)))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, Raster((2, 3))),
        ({"ordering": "zigzag"}, Zigzag((2, 3))),
        ({"ordering": "column"}, ColumnByColumn((2, 3))),
        ({"ordering": "shuffled", "ordering_seed": 4}, Shuffled((2, 3), 4)),
        ({"ordering": "given", "steps": [5, 4, 3, 2, 1, 0]}, Given((2, 3), (5, 4, 3, 2, 1, 0))),
    ],
)
def test_orderings(options: dict[str, object], expected: object) -> None:
    assert fresh("nade", bits(), **options).ordering == expected


def test_orderings_that_cannot_be() -> None:
    with pytest.raises(InputError, match=r"steps: expected the 6 variables' numbers .* got 2"):
        fresh("nade", bits(), ordering="given", steps=(0, 1))
    with pytest.raises(InputError, match="steps: expected every number from 0 to 5 once"):
        fresh("nade", bits(), ordering="given", steps=(0,) * 6)


def test_first_weights_follow_the_seed_and_nothing_else() -> None:
    first = fingerprint(fresh("nade", bits(), seed=1))
    torch.rand(7)
    assert fingerprint(fresh("nade", bits(), seed=1)) == first
    assert fingerprint(fresh("nade", bits(), seed=2)) != first


def test_masks_are_a_mixture_that_shares_its_weights() -> None:
    model = fresh("made", bits(), masks=3)
    assert isinstance(model, Mixture)
    assert len(model.models) == 3
    alone = fresh("made", bits())
    assert len(list(model.parameters())) == len(list(alone.parameters()))


def test_a_full_table_over_25_variables_says_what_it_would_need() -> None:
    values = torch.zeros(8, 25, dtype=torch.uint8)
    data = Dataset("wide", Schema("table", (25,), 2), **parts(values), protocol="Zeros.")
    with pytest.raises(InputError) as caught:
        assemble("table", data, split_options("table", {}))
    assert "2^25 − 1 = 33,554,431 numbers" in str(caught.value)
    assert "expected at most 1,048,576 configurations" in str(caught.value)
