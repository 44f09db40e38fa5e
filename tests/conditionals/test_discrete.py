"""Discrete families against their torch twins, exact quantiles, and the ends of the number line."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Categorical as TorchCategorical

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.conditionals.mixed import Mixed
from arden.conditionals.tempered import Tempered
from arden.core.blend import blend
from arden.core.conditional import Discrete
from arden.errors import InputError
from tests.core.models import generator

FAMILIES: list[Discrete] = [
    Bernoulli(),
    Categorical(1),
    Categorical(5),
    Categorical(5, "scalar"),
    Tempered(Bernoulli(), 0.5),
    Tempered(Categorical(4), 3.0),
    LogisticMixture(2, 1),
    LogisticMixture(7, 3),
    LogisticMixture(256, 2),
    blend([Categorical(4), Tempered(Categorical(4), 2.0)]),  # type: ignore[list-item]
]
every_family = pytest.mark.parametrize("family", FAMILIES, ids=str)
LEAST, MOST = 2.0**-53, 1 - 2.0**-53  # the two ends of `uniform_noise`


def params_for(family: Discrete, batch_size: int = 6, scale: float = 2.0) -> Tensor:
    """family, B -> (B, P) float64."""
    shape = (batch_size, family.num_params)
    return scale * torch.randn(shape, generator=generator(), dtype=torch.float64)


def uniforms(*values: float) -> Tensor:
    """Numbers -> (N, 1) float64, one draw each."""
    return torch.tensor(values, dtype=torch.float64)[:, None]


@every_family
@pytest.mark.parametrize("scale", [0.0, 2.0, 50.0])
def test_masses_sum_to_one_and_log_prob_reads_them(family: Discrete, scale: float) -> None:
    params = params_for(family, scale=scale)
    log_pmf = family.log_pmf(params)
    assert log_pmf.shape == (6, family.num_symbols)
    torch.testing.assert_close(
        log_pmf.exp().sum(-1), torch.ones(6, dtype=torch.float64), rtol=0, atol=1e-12
    )
    symbols = torch.arange(family.num_symbols).expand(6, -1)
    scored = family.log_prob(params[:, None].expand(-1, family.num_symbols, -1), symbols)
    torch.testing.assert_close(scored, log_pmf, rtol=1e-12, atol=1e-12)
    as_reals = family.log_prob(params, torch.zeros(6))
    torch.testing.assert_close(as_reals, log_pmf[:, 0], rtol=1e-12, atol=1e-12)


@every_family
def test_draws_are_the_exact_quantiles(family: Discrete) -> None:
    """Just below and just above every cumulative mass, and in the middle of every symbol's."""
    for row in params_for(family):
        mass = family.log_pmf(row).exp()
        edges = mass.cumsum(0)[:-1]
        symbols = torch.arange(family.num_symbols)
        middles = mass.cumsum(0) - mass / 2
        assert torch.equal(family.draw(row.expand(len(mass), -1), middles[:, None]), symbols)
        if not len(edges):
            continue
        rows = row.expand(len(edges), -1)
        below, above = edges - 1e-13, edges + 1e-13
        wide = (mass[:-1] > 1e-12) & (mass[1:] > 1e-12)  # a symbol that the nudge cannot jump
        assert torch.equal(family.draw(rows, below[:, None])[wide], symbols[:-1][wide])
        assert torch.equal(family.draw(rows, above[:, None])[wide], symbols[1:][wide])


@every_family
@pytest.mark.parametrize("scale", [0.0, 1.0, 50.0, 1e4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_draw_has_mass(family: Discrete, scale: float, dtype: torch.dtype) -> None:
    params = params_for(family, 20, scale).to(dtype)
    noise = torch.rand(20, 1, generator=generator(), dtype=torch.float64)
    for u in (noise, torch.full_like(noise, LEAST), torch.full_like(noise, MOST)):
        drawn = family.draw(params, u)
        assert drawn.dtype == torch.int64
        assert bool(family.contains(drawn).all())
        assert bool((family.log_prob(params, drawn) > -torch.inf).all())


def test_the_ends_of_the_noise_draw_the_ends_of_the_support() -> None:
    logits = torch.zeros(1, 5, dtype=torch.float64)
    assert Categorical(5).draw(logits, uniforms(LEAST)).item() == 0
    assert Categorical(5).draw(logits, uniforms(MOST)).item() == 4


def test_a_symbol_without_mass_is_never_drawn() -> None:
    inf = torch.inf
    for logits in ([-inf, 0.0, -inf, 0.3, -inf], [-inf, -inf, -inf, -inf, 2.0], [1.0] + [-inf] * 4):
        row = torch.tensor(logits, dtype=torch.float64)
        noise = torch.cat(
            [uniforms(LEAST, 0.25, 0.5, MOST), torch.linspace(0.001, 0.999, 99).double()[:, None]]
        )
        drawn = Categorical(5).draw(row.expand(len(noise), -1), noise)
        assert bool((row[drawn] > -inf).all())
        assert Categorical(5).log_pmf(row).exp().sum().item() == pytest.approx(1.0)


def test_rounding_never_leads_past_the_last_symbol_with_mass() -> None:
    """Ten tenths sum to less than 1 − 2⁻⁵³ in floating point: the last symbol still has no mass."""
    row = torch.tensor([0.0] * 10 + [-torch.inf], dtype=torch.float64)
    assert Categorical(11).draw(row[None], uniforms(MOST)).item() == 9
    # And where the sum stays far below one, as in single precision.
    lossy = torch.full((1, 3), math.log(0.3), dtype=torch.float64)

    class Lossy(Categorical):
        def log_pmf(self, params: Tensor) -> Tensor:
            return params

    assert Lossy(3).draw(lossy, uniforms(0.95)).item() == 2


def test_extreme_logits_stay_finite_where_they_can() -> None:
    for size in (1e4, 1e300):
        logit = torch.tensor([[size], [-size]], dtype=torch.float64, requires_grad=True)
        likely = Bernoulli().log_prob(logit, torch.tensor([1, 0]))
        unlikely = Bernoulli().log_prob(logit, torch.tensor([0, 1]))
        assert likely.tolist() == [0.0, 0.0]
        assert unlikely.tolist() == [-size, -size]
        (likely.sum() + unlikely.sum()).backward()
        assert logit.grad is not None
        assert logit.grad[:, 0].tolist() == [-1.0, 1.0]
        assert Bernoulli().draw(logit.detach(), uniforms(MOST, LEAST)).tolist() == [1, 0]
    params = torch.tensor([1e4, 0.0, -1e4], dtype=torch.float64, requires_grad=True)
    log_pmf = Categorical(3).log_pmf(params)
    assert log_pmf.tolist() == [0.0, -1e4, -2e4]
    log_pmf.sum().backward()
    assert params.grad is not None
    assert bool(params.grad.isfinite().all())


def test_an_infinite_logit_is_a_certain_bit() -> None:
    logit = torch.tensor([[torch.inf], [-torch.inf]], dtype=torch.float64)
    assert Bernoulli().log_prob(logit, torch.tensor([1, 0])).tolist() == [0.0, 0.0]
    assert Bernoulli().log_prob(logit, torch.tensor([0, 1])).tolist() == [-torch.inf, -torch.inf]
    assert Bernoulli().draw(logit, uniforms(LEAST, MOST)).tolist() == [1, 0]


@given(st.floats(-50, 50), st.booleans())
def test_bernoulli_is_its_torch_twin(logit: float, value: bool) -> None:
    params = torch.tensor([logit], dtype=torch.float64)
    twin = TorchBernoulli(logits=params[0])
    bit = torch.tensor(float(value), dtype=torch.float64)
    torch.testing.assert_close(
        Bernoulli().log_prob(params, bit), twin.log_prob(bit), rtol=1e-12, atol=1e-12
    )


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=9), st.data())
def test_categorical_is_its_torch_twin(logits: list[float], data: st.DataObject) -> None:
    params = torch.tensor(logits, dtype=torch.float64)
    symbol = torch.tensor(data.draw(st.integers(0, len(logits) - 1)))
    temperature = data.draw(st.floats(0.2, 5))
    family = Categorical(len(logits))
    twin = TorchCategorical(logits=params)
    torch.testing.assert_close(
        family.log_prob(params, symbol), twin.log_prob(symbol), rtol=1e-12, atol=1e-12
    )
    tempered = TorchCategorical(logits=params / temperature)
    torch.testing.assert_close(
        Tempered(family, temperature).log_prob(params, symbol),
        tempered.log_prob(symbol),
        rtol=1e-12,
        atol=1e-12,
    )


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=6), st.floats(2.0**-53, 1 - 2.0**-53))
def test_a_draw_is_where_the_cumulative_mass_passes_the_noise(
    logits: list[float], u: float
) -> None:
    params = torch.tensor(logits, dtype=torch.float64)
    family = Categorical(len(logits))
    drawn = family.draw(params, torch.tensor([u], dtype=torch.float64)).item()
    cumulative = [0.0, *family.log_pmf(params).exp().cumsum(0).tolist()]
    assert cumulative[int(drawn)] <= u
    assert u < cumulative[int(drawn) + 1] or drawn == len(logits) - 1


@every_family
def test_params_of_undoes_log_pmf(family: Discrete) -> None:
    params = params_for(family)
    if isinstance(family, LogisticMixture):
        with pytest.raises(InputError, match="mixture of logistics has no parameters"):
            family.params_of(family.log_pmf(params))
    elif not hasattr(family, "families"):
        log_pmf = family.log_pmf(params)
        again = family.log_pmf(family.params_of(log_pmf))
        torch.testing.assert_close(again, log_pmf, rtol=1e-10, atol=1e-10)


def test_params_of_a_certain_symbol() -> None:
    certain = torch.tensor([[0.0, -torch.inf], [-torch.inf, 0.0]], dtype=torch.float64)
    for family in (Bernoulli(), Categorical(2), Tempered(Bernoulli(), 0.5)):
        assert torch.equal(family.log_pmf(family.params_of(certain)), certain)


@pytest.mark.parametrize(
    "dtype", [torch.uint8, torch.int8, torch.int16, torch.int64, torch.float32, torch.float64]
)
def test_the_support_is_the_same_in_every_dtype(dtype: torch.dtype) -> None:
    values = torch.tensor([0, 1, 2, 3, 127]).to(dtype)
    for symbols, inside in ((2, 2), (3, 3), (128, 5), (256, 5), (300, 5)):
        assert Categorical(symbols).contains(values).tolist() == [True] * inside + [False] * (
            5 - inside
        )
    pixels = torch.tensor([0, 255], dtype=torch.uint8)
    assert Categorical(256).contains(pixels).all()
    assert LogisticMixture(256, 1).contains(pixels).all()
    assert Bernoulli().contains(torch.tensor([True, False])).all()
    wrong = torch.tensor([-1.0, 0.5, torch.nan, torch.inf, -torch.inf, 2.0])
    assert not Bernoulli().contains(wrong).any()


def test_features_tell_all_symbols_apart() -> None:
    for family in FAMILIES:
        shown = family.features(torch.arange(family.num_symbols)[None])
        assert shown.shape == (1, family.num_symbols, family.num_features)
        assert len({tuple(row) for row in shown[0].tolist()}) == family.num_symbols
    scalar = Categorical(5, "scalar").features(torch.arange(5))[:, 0]
    assert scalar.tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert Categorical(3).features(torch.tensor([2])).tolist() == [[0, 0, 1]]


def test_options_that_make_no_family() -> None:
    for make, sentence in (
        (lambda: Categorical(0), "num_symbols: expected at least 1, got 0"),
        (lambda: Categorical(3, "gray"), "encoding: expected one of one_hot, scalar"),  # type: ignore[arg-type]
        (lambda: LogisticMixture(1, 2), "num_symbols: expected at least 2"),
        (lambda: LogisticMixture(4, 0), "components: expected at least 1"),
        (lambda: Tempered(Bernoulli(), 0.0), "temperature: expected a positive number, got 0.0"),
        (lambda: Tempered(Bernoulli(), math.nan), "temperature"),
        (lambda: Tempered(Mixed((Bernoulli(),)), 1.0), "family: expected a discrete family"),  # type: ignore[arg-type]
        (lambda: Mixed(()), "families: expected at least one"),
    ):
        with pytest.raises(InputError, match=sentence):
            make()
