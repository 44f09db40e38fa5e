"""Inputs at the ends of what can be had: each gives the right number, or the bound that it breaks.

What is right is known from enumeration, from a closed form, or because a model of the same rows in
another unit must give the same density.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import arden
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.integer_mixture import IntegerMixture
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.core.model import AutoregressiveModel, spec_for
from arden.core.network import apply_masks
from arden.data.dataset import Dataset, Split
from arden.data.schema import Schema
from arden.errors import InputError
from arden.networks.independent import Independent, IndependentOptions
from arden.networks.markov import Markov, MarkovOptions
from arden.orderings.raster import Raster
from arden.systems import SYSTEMS
from arden.tasks.sample import sample
from arden.tasks.score import score
from arden.training.fit import fit_model
from tests.core.models import every_event, generator
from tests.training.toys import LATENT_SYSTEMS, Model, fresh, fresh_any, quick, reals

pytestmark = pytest.mark.usefixtures("plain_torch")

DISCRETE = [
    name
    for name, system in SYSTEMS.items()
    if "score" in system.verbs and "discrete" in system.data
]
REAL = [
    name for name, system in SYSTEMS.items() if "score" in system.verbs and "real" in system.data
]

ROUNDING = 1e-6
"""By which a sum over six variables may be above ln 1 in float32."""


def constant(value: int, shape: tuple[int, int] = (2, 3)) -> Dataset:
    """A bit, an event shape -> 64 images of nothing else."""
    split = Split(torch.full((64, *shape), value, dtype=torch.uint8))
    return Dataset("constant", Schema("image", shape, 2), split, split, split, "One row, 64 times.")


def total(model: Model, shape: tuple[int, int]) -> float:
    """A model of bits -> Σ p(x) over all events, in float64."""
    exact = copy.deepcopy(model).double()
    with torch.no_grad():
        return exact.log_prob(every_event(shape, 2)).exp().sum().item()


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("name", DISCRETE)
def test_rows_of_zeros_or_ones_alone(name: str, value: int) -> None:
    data = constant(value)
    model = fresh(name, data)
    fit_model(model, data, quick(epochs=6, learning_rate=0.1))
    scores = score(model, data.test.values)
    assert bool((scores <= ROUNDING).all())
    assert scores.min() > -6 * math.log(2)  # something was learnt: better than fair coins
    assert abs(total(model, (2, 3)) - 1) < 1e-10
    assert set(sample(model, 8, seed=0).unique().tolist()) <= {0, 1}


@pytest.mark.parametrize("name", DISCRETE)
def test_weights_that_saturate_everything(name: str) -> None:
    """Logits of thousands: still no NaN, no probability above one, and a sum of one."""
    model = fresh(name, constant(1))
    source = generator()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(300 * torch.randn(parameter.shape, generator=source))
    apply_masks(model)
    events = every_event((2, 3), 2)
    with torch.no_grad():
        single = model.log_prob(events)
        double = copy.deepcopy(model).double().log_prob(events)
    assert not bool(single.isnan().any())
    assert bool((single <= ROUNDING).all())
    assert abs(double.exp().sum().item() - 1) < 1e-9
    finite = double > -1e30
    torch.testing.assert_close(single[finite].double(), double[finite], rtol=1e-3, atol=0.5)
    assert set(sample(model, 8, seed=0).unique().tolist()) <= {0, 1}


MILLION = 10**6


@pytest.mark.parametrize("homogeneous", [False, True])
def test_a_markov_chain_of_a_million_variables(homogeneous: bool) -> None:
    source = np.random.default_rng(0)
    flips = source.random((3, MILLION)) < 0.1
    rows = torch.from_numpy(np.cumsum(flips, axis=1) % 2).to(torch.uint8)
    split = Split(rows.reshape(3, 1000, 1000))
    data = Dataset("chain", Schema("image", (1000, 1000), 2), split, split, split, "Three chains.")
    model = fresh("markov", data, homogeneous=homogeneous)
    fit_model(model, data, quick(smoothing=1.0))
    x = rows.numpy().astype(np.int64)
    if homogeneous:
        pairs = np.bincount((2 * x[:, :-1] + x[:, 1:]).ravel(), minlength=4).reshape(2, 2) + 1.0
        first = np.bincount(x[:, 0], minlength=2) + 1.0
        share = np.log(pairs / pairs.sum(axis=1, keepdims=True))
        expected = share[x[:, :-1], x[:, 1:]].sum(axis=1) + np.log(first / first.sum())[x[:, 0]]
        assert model.num_parameters == 3
    else:
        ones = np.stack([((x[:, :-1] == v) & (x[:, 1:] == 1)).sum(axis=0) for v in (0, 1)])
        seen = np.stack([(x[:, :-1] == v).sum(axis=0) for v in (0, 1)])
        chance = (ones + 1.0) / (seen + 2.0)
        here = np.take_along_axis(chance, x[:, :-1], axis=0)
        first = (x[:, 0].sum() + 1.0) / 5
        expected = np.log(np.where(x[:, 1:] == 1, here, 1 - here)).sum(axis=1)
        expected += np.log(np.where(x[:, 0] == 1, first, 1 - first))
        assert model.num_parameters == 2 * MILLION - 1
    found = score(model, split.values).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    # What is missing at the end is summed out; what is missing before something known is refused.
    known = torch.ones(3, 1000, 1000, dtype=torch.bool)
    known[:, 1:] = False
    assert (score(model, split.values, observed=known) > score(model, split.values)).all()
    known[:, -1] = True
    with pytest.raises(InputError, match="observed: "):
        score(model, split.values, observed=known)
    with pytest.raises(InputError, match="expected at most 16,384 variables"):
        arden.verify(model)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("fvsbn", {}),
        ("untied-nade", {}),
        ("nade", {"hidden": 300}),
        ("made", {"hidden": (300,)}),
        ("made", {"hidden": (300,), "direct": False}),
        ("any-order-made", {"hidden": (300,)}),
        ("orderless-nade", {"hidden": (300,)}),
    ],
)
def test_what_has_too_many_weights_for_a_million_variables(
    name: str, options: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="weights; expected at most 268,435,456"):
        fresh(name, constant(1, (1000, 1000)), **options)


def test_a_table_over_a_million_variables_is_refused() -> None:
    with pytest.raises(InputError, match=r"about 10.301030 numbers; expected at most 1,048,576"):
        fresh("table", constant(1, (1000, 1000)))


MOST = 65_536
"""Levels; one more is refused, because it is a measurement rather than a choice."""


def levels(rows: int = 12) -> Dataset:
    """Rows of three numbers from 0 to K − 1, both of which occur."""
    values = torch.randint(MOST, (rows, 3), generator=generator(), dtype=torch.int64)
    values[0], values[1] = 0, MOST - 1
    split = Split(values.to(torch.int32))
    return Dataset("levels", Schema("table", (3,), MOST), split, split, split, "Levels.")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("independent", {}),
        ("nade", {"hidden": 3}),
        ("nade", {"hidden": 3, "family": "logistics"}),
        ("categorical-nade", {"hidden": 3}),
        ("made", {"hidden": (3,), "family": "logistics"}),
        ("gru", {"hidden": 3}),
        ("transformer", {"width": 8, "heads": 2, "layers": 1}),
    ],
)
def test_as_many_levels_as_are_allowed(name: str, options: dict[str, Any]) -> None:
    data = levels()
    model = fresh(name, data, **options)
    fit_model(model, data, quick(epochs=1, smoothing=1.0))
    scores = score(model, data.test.values)
    assert bool((scores <= ROUNDING).all())
    exact = copy.deepcopy(model).double()
    torch.testing.assert_close(scores, score(exact, data.test.values), rtol=1e-4, atol=1e-3)
    assert isinstance(exact, AutoregressiveModel)
    with torch.no_grad():
        params = exact.params(data.test.values[:2])
        family = exact.conditional.at(torch.arange(3))
        assert (family.log_pmf(params).exp().sum(dim=-1) - 1).abs().max() < 1e-9  # type: ignore[attr-defined]
    drawn = sample(model, 5, seed=0)
    assert bool(((drawn >= 0) & (drawn < MOST)).all())
    if name == "independent":
        counts = torch.bincount(data.train.values[:, 0].long(), minlength=MOST) + 1.0
        expected = (counts / counts.sum()).log()[data.test.values[:, 0].long()]
        terms = exact.log_conditionals(data.test.values)[:, 0].detach()
        torch.testing.assert_close(terms, expected.double(), rtol=1e-6, atol=1e-6)


def test_more_levels_and_their_tables_are_refused() -> None:
    with pytest.raises(
        InputError, match=r"memory: .* need .* numbers; expected at most 67,108,864"
    ):
        fresh("markov", levels())
    with pytest.raises(InputError, match="at most 65536 are allowed"):
        arden.load_data(np.array([[0], [MOST], [1], [2]]))


@pytest.mark.parametrize(
    "family",
    [
        Categorical(MOST, "scalar"),
        LogisticMixture(MOST, 3),
        IntegerMixture(30_000.0, 9_000.0, MOST, 3, (0, MOST - 1), (0.2, 0.1)),
    ],
    ids=lambda family: type(family).__name__,
)
@pytest.mark.parametrize("size", [0.1, 3.0, 300.0])
def test_families_over_as_many_levels_sum_to_one(family: Any, size: float) -> None:
    params = size * torch.randn(4, family.num_params, generator=generator(), dtype=torch.float64)
    masses = family.log_pmf(params).exp()
    assert (masses.sum(dim=-1) - 1).abs().max() < 1e-9
    ends = torch.tensor([0, 1, MOST // 2, MOST - 1])
    for k in ends.tolist():
        assert family.log_prob(params, torch.full((4,), k)).exp() == pytest.approx(masses[:, k])
    for noise in (2.0**-53, 0.5, 1 - 2.0**-53):
        drawn = family.draw(params, torch.full((4, 1), noise, dtype=torch.float64))
        assert bool(family.contains(drawn).all())
        assert bool((masses.gather(1, drawn[:, None]) > 0).all())


def in_other_units(data: Dataset, unit: float) -> Dataset:
    """Rows -> the same, told in a unit so many times smaller."""
    splits = {part: Split(data.split(part).values * unit) for part in ("train", "valid", "test")}
    schema = Schema("table", data.schema.event_shape)
    return dataclasses.replace(data, schema=schema, **splits)


@pytest.mark.parametrize("exponent", [-990, -120, -30, 30, 400, 990])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("independent", {}),
        ("rnade", {}),
        ("made", {}),
        ("rnade", {"scaling": "quantile"}),
        ("rnade", {"floor": "relative"}),
        ("independent", {"components": 1}),
    ],
)
def test_the_unit_of_the_data_moves_a_density_by_its_logarithm(
    name: str, options: dict[str, Any], exponent: int
) -> None:
    """Variances from 10⁻⁶⁰⁰ to 10⁶⁰⁰; a unit of a power of two rounds nothing."""
    data, unit = in_other_units(reals(), 1.0), 2.0**exponent
    other = in_other_units(data, unit)
    models = [fresh(name, rows, **options) for rows in (data, other)]
    for model, rows in zip(models, (data, other), strict=True):
        fit_model(model, rows, quick(epochs=2))
    here, there = (
        score(m, rows.test.values) for m, rows in zip(models, (data, other), strict=True)
    )
    torch.testing.assert_close(there + 3 * exponent * math.log(2), here, rtol=1e-4, atol=1e-3)
    # With one seed the draws are the same too, in their unit.
    torch.testing.assert_close(
        sample(models[1], 5, seed=0) / unit, sample(models[0], 5, seed=0), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("name", ["independent", "rnade", *LATENT_SYSTEMS])
def test_reals_without_room_for_their_differences_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"data: expected real values below 2\^1000"):
        fresh_any(name, in_other_units(reals(), 2.0**1000))


@pytest.mark.parametrize("value", [1e4, 1e30, 1.7e308])
@pytest.mark.parametrize("name", REAL)
def test_a_value_far_out_is_unlikely_and_no_more(name: str, value: float) -> None:
    """Its own density is small, never NaN; what comes before it does not notice."""
    data = reals()
    model = fresh(name, _as_image(data) if "image" in SYSTEMS[name].needs else data)
    rows = data.test.values[:5].clone()
    for sign in (-1.0, 1.0):
        far = rows.clone()
        far[:, 1] = sign * value
        shape = (-1, *model.event_shape)
        with torch.no_grad():
            before = model.log_conditionals(rows.reshape(shape)).flatten(1)
            after = model.log_conditionals(far.reshape(shape)).flatten(1)
            whole = model.log_prob(far.reshape(shape))
        assert torch.equal(before[:, 0], after[:, 0])
        assert not bool(after.isnan().any())
        assert not bool(whole.isnan().any())
        assert bool((after[:, 1] < before[:, 1]).all())


def _as_image(data: Dataset) -> Dataset:
    splits = {
        part: Split(data.split(part).values.reshape(-1, 1, 3))
        for part in ("train", "valid", "test")
    }
    return dataclasses.replace(data, schema=Schema("image", (1, 3)), **splits)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_scale_that_rounds_to_zero_is_the_least_number_there_is(dtype: torch.dtype) -> None:
    """Without a floor: at its mean a density may be huge, but it is a number; elsewhere it is 0."""
    family = GaussianMixture(2, "uniform", min_scale=0.0)
    params = torch.tensor([0.5, 3.0, -1e4, -1e4], dtype=dtype)
    at_mean = family.log_prob(params, torch.tensor(0.5))
    least = torch.finfo(dtype).tiny
    expected = -math.log(2) - math.log(least) - 0.5 * math.log(2 * math.pi)
    assert at_mean.item() == pytest.approx(expected, rel=1e-6)
    assert family.log_prob(params, torch.tensor(0.75)).item() < -1e30


def mass_of_column(
    model: AutoregressiveModel, row: Tensor, column: int, low: float, high: float
) -> float:
    """∫ p(x_column | those before) over an interval, by the trapezoid rule."""
    places = torch.linspace(low, high, 20_001, dtype=torch.float64)
    rows = row.expand(len(places), -1).clone()
    rows[:, column] = places
    with torch.no_grad():
        density = copy.deepcopy(model).double().log_conditionals(rows)[:, column].exp()
    return torch.trapezoid(density, places).item()


@pytest.mark.parametrize("scaling", ["standard", "quantile"])
@pytest.mark.parametrize("value", [0.0, -7.25, 1e6])
def test_a_constant_column_of_reals_is_a_density_all_the_same(value: float, scaling: str) -> None:
    data = reals()
    for part in ("train", "valid", "test"):
        data.split(part).values[:, 1] = value
    model = fresh("rnade", data, scaling=scaling)
    fit_model(model, data, quick(epochs=3))
    assert bool(score(model, data.test.values).isfinite().all())
    assert isinstance(model, AutoregressiveModel)
    found = mass_of_column(model, data.test.values[0], 1, value - 60, value + 60)
    assert found == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", ["independent", "markov", "nade", "made", "gru"])
def test_a_column_of_one_level_costs_nothing(name: str) -> None:
    """Beside bits in a table, and as the only kind of column."""
    rows = torch.randint(2, (60, 3), generator=generator())
    rows[:, 1] = 0
    data = arden.load_data(rows, discrete=True)
    model = fresh(name, data)
    fit_model(model, data, quick(epochs=6, learning_rate=0.1, smoothing=0.0))
    terms = model.log_conditionals(data.test.values).detach()
    assert terms[:, 1].mean() > -0.2
    if name in ("independent", "markov"):
        assert bool((terms[:, 1] == 0).all())


def test_one_level_everywhere() -> None:
    ordering, family = Raster((4,)), Categorical(1)
    for network in (
        Independent(spec_for(ordering, family), IndependentOptions()),
        Markov(spec_for(ordering, family), MarkovOptions(2)),
    ):
        model = AutoregressiveModel(ordering, network, family)
        assert torch.equal(model.log_prob(torch.zeros(3, 4)), torch.zeros(3))
        assert torch.equal(sample(model, 3, seed=0), torch.zeros(3, 4, dtype=torch.int64))
