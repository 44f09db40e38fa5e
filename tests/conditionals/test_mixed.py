"""Mixed columns: every column answers as its own family would, whatever `at` is asked for."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from arden.conditionals._real_columns import RealColumns
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.standardised import Standardised
from arden.core.conditional import Conditional, Discrete
from arden.core.draw import uniform_noise
from arden.errors import InputError
from tests.core.models import generator

TABLE = Mixed((Bernoulli(), GaussianMixture(2), Categorical(3), Bernoulli(), LogisticMixture(5, 1)))
SYMBOLS = Mixed((Bernoulli(), Categorical(4), Categorical(3, "scalar")))
REALS = Mixed(
    tuple(
        Standardised(GaussianMixture(3, "uniform", least), shift, scale)
        for least, shift, scale in ((0.1, 5.0, 2.0), (0.0, -3.0, 0.01), (0.7, 0.0, 40.0))
    )
)
ROWS = 6


def of_columns(family: Mixed, dims: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """family, dims of any shape -> params, values in each column's support, noise."""
    source = generator()
    shape = tuple(dims.shape)
    params = torch.randn(*shape, family.num_params, generator=source, dtype=torch.float64)
    values = torch.zeros(shape, dtype=torch.float64)
    for place in torch.cartesian_prod(*map(torch.arange, shape)).reshape(-1, len(shape)).tolist():
        column = family.families[int(dims[tuple(place)])]
        drawn = torch.randn((), generator=source, dtype=torch.float64)
        if column.num_symbols is not None:
            drawn = torch.randint(0, column.num_symbols, (), generator=source).double()
        values[tuple(place)] = drawn
    return params, values, uniform_noise(source, (*shape, family.num_noise))


def expected(column: Conditional, params: Tensor, value: Tensor, noise: Tensor) -> list[float]:
    """One column, its padded row -> its log_prob, draw and features by itself."""
    own = params[: column.num_params]
    return [
        column.log_prob(own, value).item(),
        float(column.draw(own, noise[: column.num_noise]).item()),
        *column.features(value).double().tolist(),
    ]


@pytest.mark.parametrize("family", [TABLE, SYMBOLS, REALS], ids=["table", "symbols", "reals"])
@pytest.mark.parametrize("kind", ["(D,)", "(B,)", "(B, D)", "one"])
def test_every_column_answers_as_its_own_family(family: Mixed, kind: str) -> None:
    count = len(family.families)
    rows = torch.stack([torch.randperm(count, generator=generator(row)) for row in range(ROWS)])
    dims = {
        "(D,)": torch.arange(count).flip(0),  # the same for every row of a batch
        "(B,)": rows[:, 0],
        "(B, D)": rows,
        "one": torch.full((ROWS,), count - 1),
    }[kind]
    asked = dims.expand(ROWS, -1) if kind == "(D,)" else dims
    params, values, noise = of_columns(family, asked)
    there = family.at(dims)
    assert isinstance(there, Conditional)
    log_prob, drawn = there.log_prob(params, values), there.draw(params, noise)
    features = there.features(values)
    assert features.shape == (*asked.shape, family.num_features)
    assert bool(there.contains(values).all())
    for place in torch.cartesian_prod(*map(torch.arange, asked.shape)).reshape(-1, asked.dim()):
        at = tuple(place.tolist())
        column = family.families[int(asked[at])]
        own = expected(column, params[at], values[at], noise[at])
        assert log_prob[at].item() == pytest.approx(own[0], rel=1e-12)
        assert float(drawn[at].item()) == pytest.approx(own[1], rel=1e-12)
        assert features[at][: column.num_features].tolist() == own[2:]
        assert not features[at][column.num_features :].any()  # padding


def test_it_is_discrete_where_all_its_columns_are() -> None:
    assert isinstance(SYMBOLS.at(torch.arange(3)), Discrete)
    assert isinstance(TABLE.at(torch.tensor([0, 2, 3])), Discrete)
    assert not isinstance(TABLE.at(torch.tensor([0, 1])), Discrete)
    assert Mixed((Bernoulli(), Bernoulli())).at(torch.arange(2)) == Bernoulli()


def test_symbols_beyond_a_columns_own_have_no_mass() -> None:
    family = SYMBOLS.at(torch.arange(3))
    assert isinstance(family, Discrete)
    params = torch.randn(ROWS, 3, 4, generator=generator(), dtype=torch.float64)
    mass = family.log_pmf(params).exp()
    assert mass.shape == (ROWS, 3, 4)
    torch.testing.assert_close(mass.sum(-1), torch.ones(ROWS, 3, dtype=torch.float64))
    assert bool((mass[:, 0, 2:] == 0).all())
    assert bool((mass[:, 2, 3] == 0).all())
    assert family.contains(torch.tensor([2.0, 2.0, 2.0])).tolist() == [False, True, True]
    most = torch.full((ROWS, 3, 1), 1 - 2.0**-53, dtype=torch.float64)
    assert bool(family.contains(family.draw(params, most)).all())
    with pytest.raises(InputError, match="no table of counts"):
        family.params_of(mass)


def test_without_at_the_columns_are_the_last_axis() -> None:
    params, values, noise = of_columns(TABLE, torch.arange(5).expand(ROWS, -1))
    there = TABLE.at(torch.arange(5))
    assert torch.equal(TABLE.log_prob(params, values), there.log_prob(params, values))
    assert torch.equal(TABLE.draw(params, noise), there.draw(params, noise))
    assert torch.equal(TABLE.features(values), there.features(values))
    assert bool(TABLE.contains(values).all())


def test_gradients_stay_in_the_entries_a_column_reads() -> None:
    params, values, _ = of_columns(TABLE, torch.arange(5).expand(ROWS, -1))
    params.requires_grad_()
    TABLE.log_prob(params, values).sum().backward()
    assert params.grad is not None
    assert bool(params.grad.isfinite().all())
    for column, family in enumerate(TABLE.families):
        assert bool((params.grad[:, column, : family.num_params] != 0).any())
        assert not params.grad[:, column, family.num_params :].any()


def test_real_columns_are_computed_together() -> None:
    assert isinstance(REALS.at(torch.arange(3)), RealColumns)
    other = Mixed((*REALS.families, Standardised(GaussianMixture(2), 0.0, 1.0)))
    assert not isinstance(other.at(torch.arange(4)), RealColumns)  # another number of components
