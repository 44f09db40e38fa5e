"""From options to a model: families, orderings, standardised reals, first weights by seed."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from arden.assembly import assemble, choose_conditional, split_options
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.integer_mixture import IntegerMixture
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.quantile_mapped import QuantileMapped
from arden.conditionals.standardised import Standardised
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.dataset import Dataset, Split
from arden.data.recording import recording_step
from arden.data.schema import Column, Schema
from arden.errors import InputError
from arden.orderings.column import Column as ColumnByColumn
from arden.orderings.given import Given
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.zigzag import Zigzag
from arden.runs.floors import least_deviations
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


@pytest.mark.parametrize("value", [0.1, -0.0316, 1e8 + 0.3])
def test_a_constant_column_has_no_spread_whatever_its_mean_is_rounded_to(value: float) -> None:
    values = torch.full((900, 2), value, dtype=torch.float64)
    assert values[:, 0].std(correction=0) > 0  # which is what a scale must not be taken from
    values[:, 1] = torch.arange(900)
    rows = Split(values)
    data = Dataset("rows", Schema("table", (2,)), rows, rows, rows, "Made up.")
    family = choose_conditional(data, LayoutOptions(min_scale=0.1))
    assert isinstance(family, Mixed)
    constant = family.families[0]
    assert isinstance(constant, Standardised)
    assert constant.scale == 1.0
    assert constant.shift == pytest.approx(value)


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


def rounded(step: float = 0.5, rows: int = 80) -> Dataset:
    """A table (N, 2): a column recorded at a step, and the same column a million times as fine."""
    source = torch.Generator().manual_seed(0)
    values = torch.randn(rows, 2, generator=source, dtype=torch.float64)
    steps = torch.tensor([step, step / 1e6], dtype=torch.float64)
    values = (values / steps).round() * steps
    return Dataset("rounded", Schema("table", (2,)), **parts(values), protocol="Rounded.")


def test_no_gaussian_is_narrower_than_half_a_recording_step() -> None:
    data = rounded(rows=2000)
    for floor, expected in (("recording", 0.25), ("relative", None)):
        family = choose_conditional(data, LayoutOptions(floor=floor))  # type: ignore[arg-type]
        assert isinstance(family, Mixed)
        coarse, fine = family.families
        assert isinstance(coarse, Standardised)
        assert isinstance(fine, Standardised)
        assert isinstance(coarse.family, GaussianMixture)
        assert isinstance(fine.family, GaussianMixture)
        own = 1e-3 * coarse.scale
        least = coarse.family.min_scale * coarse.scale
        assert least == pytest.approx(expected or own, rel=1e-9)
        assert fine.family.min_scale == 1e-3  # its step is finer than that
    wide = choose_conditional(data, LayoutOptions(min_scale=0.6))
    assert isinstance(wide, Mixed)
    assert all(
        isinstance(part, Standardised)
        and isinstance(part.family, GaussianMixture)
        and part.family.min_scale == 0.6
        for part in wide.families
    )


def test_a_quantile_map_keeps_the_floor_in_the_column_s_own_unit() -> None:
    data = rounded()
    family = choose_conditional(data, LayoutOptions(scaling="quantile", min_scale=1e-9))
    assert isinstance(family, Mixed)
    assert all(isinstance(part, QuantileMapped) for part in family.families)
    model = fresh("made", data, scaling="quantile", min_scale=1e-9)
    assert isinstance(model, AutoregressiveModel)
    for column, floor in enumerate(least_deviations(model, data.schema).values()):
        assert floor == pytest.approx(recording_step(data.train.values[:, column]) / 2)


def test_columns_that_know_their_words_have_families_of_their_own() -> None:
    values = torch.tensor([[0, 2, 0], [1, 90, 0], [2, 0, 0]] * 12).double()
    columns = (
        Column("pet", "categorical", 3, levels=("a", "b", "c"), dtype="string"),
        Column("age", "integer", 200, low=0, dtype="int64"),
        Column("planet", "constant", 1, levels=("earth",), dtype="string"),
    )
    schema = Schema("table", (3,), None, columns)
    data = Dataset("own", schema, *[Split(values)] * 3, protocol="Own words.")
    family = choose_conditional(data, LayoutOptions(family="logistics"))
    assert isinstance(family, Mixed)
    pet, age, planet = family.families
    assert pet == Categorical(3, "one_hot")  # words have no size, whatever is asked for
    assert isinstance(age, IntegerMixture)
    assert age.spikes == (0, 2, 90)
    assert sum(age.shares) < 1
    assert planet == Categorical(1)


def test_the_floor_bounds_the_density_of_any_network() -> None:
    """Whatever a network says, p(x) ≤ 1 / (f √2π) for a mixture of Gaussians no narrower than f."""
    data = rounded()
    model = fresh("rnade", data, components=2)
    with torch.no_grad():
        for weight in model.parameters():
            weight.uniform_(-30, 30)
        most = model.log_conditionals(data.train.values).amax(dim=0)
    floors = torch.tensor(list(least_deviations(model, data.schema).values()))
    bound = -(floors * math.sqrt(2 * math.pi)).log()
    assert bool((most <= bound + 1e-5).all())


@pytest.mark.parametrize(
    ("system", "data", "options", "sentence"),
    [
        ("rnade", reals, {"family": "logistics"}, "family: expected auto for real values"),
        ("nade", reals, {"family": "softmax"}, "family: expected auto for real values.*'softmax'"),
        (
            "nade",
            symbols,
            {"family": "logistics", "encoding": "one_hot"},
            "encoding: expected auto or scalar with a mixture of logistics, got 'one_hot'",
        ),
        (
            "categorical-nade",
            symbols,
            {"family": "logistics"},
            "encoding: expected auto or scalar with a mixture of logistics",
        ),
        ("markov", symbols, {"family": "logistics"}, "family: expected auto or softmax for markov"),
    ],
)
def test_families_that_cannot_be(
    system: str, data: Callable[[], Dataset], options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        fresh(system, data(), **options)


def test_characters_are_no_levels() -> None:
    letters = torch.randint(0, 4, (40, 6))
    schema = Schema("text", (6,), 4, symbols=("a", "b", "c", "d"), stride=3)
    text = Dataset("letters", schema, **parts(letters), protocol="Letters.")
    with pytest.raises(InputError, match="a text, whose characters have no order, got 'logistics'"):
        fresh("nade", text, family="logistics")


def test_discrete_columns_of_a_mixed_table_take_the_family_asked_for() -> None:
    family = choose_conditional(mixed(), LayoutOptions(family="logistics", components=2))
    assert isinstance(family, Mixed)
    assert family.families[:2] == (LogisticMixture(2, 2), LogisticMixture(3, 2))
    assert isinstance(family.families[2], Standardised)


def test_categorical_nade_is_nade_that_is_shown_symbols_one_hot() -> None:
    many = symbols(levels=40)
    apart, plain = fresh("categorical-nade", many), fresh("nade", many)
    assert isinstance(apart, AutoregressiveModel)
    assert isinstance(plain, AutoregressiveModel)
    assert type(apart.network) is type(plain.network)
    assert apart.conditional == Categorical(40, "one_hot")
    assert plain.conditional == Categorical(40, "scalar")


@pytest.mark.parametrize(("weights", "params"), [("learned", 6), ("uniform", 4)])
def test_mixture_weights(weights: str, params: int) -> None:
    model = fresh("rnade", reals(), components=2, mixture_weights=weights)
    assert isinstance(model, AutoregressiveModel)
    assert model.conditional.num_params == params
