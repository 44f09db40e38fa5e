"""Closed-form fits: relative frequencies, smoothed, are what a table then says."""

from __future__ import annotations

from typing import cast

import pytest
import torch
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.conditional import Discrete
from arden.core.model import AutoregressiveModel
from arden.core.network import CountedNetwork
from arden.errors import InputError
from arden.networks.independent import Independent, IndependentOptions
from arden.networks.markov import Markov, MarkovOptions
from arden.networks.table import Table, TableOptions
from arden.orderings.given import Given
from arden.orderings.until_end import UntilEnd
from tests.core.models import build, every_event, generator

ORDER = Given((3,), (2, 0, 1))


def fit(
    model: AutoregressiveModel,
    x: Tensor,
    smoothing: float,
    valid: Tensor | None = None,
    context: Tensor | None = None,
) -> None:
    """As the trainer does it: count in step order, turn the frequencies into parameters."""
    network, family = cast(CountedNetwork, model.network), cast(Discrete, model.conditional)
    dims = model.dims(*x.shape)
    valid = torch.ones_like(x, dtype=torch.bool) if valid is None else valid
    table = network.fit_counts(x[:, dims], valid[:, dims], context, smoothing)
    network.set_table(family.params_of(table))


@pytest.mark.parametrize("family", [Bernoulli(), Categorical(3)])
def test_a_full_table_is_the_empirical_distribution(family: Discrete) -> None:
    events = every_event((3,), family.num_symbols)
    x = torch.cat([events, events[torch.randint(0, len(events), (200,), generator=generator())]])
    model = build(Table, TableOptions(), family, ORDER)
    fit(model, x, 0.0)
    frequency = (x[None] == events[:, None]).all(2).double().mean(1)
    torch.testing.assert_close(model.log_prob(events).exp(), frequency, rtol=1e-10, atol=0)


@pytest.mark.parametrize("family", [Bernoulli(), Categorical(3)])
def test_a_chain_is_counted_along_its_order_with_smoothing(family: Discrete) -> None:
    symbols, smoothing = family.num_symbols, 0.5
    x = torch.randint(0, symbols, (40, 3), generator=generator())
    model = build(Markov, MarkovOptions(1), family, ORDER)
    fit(model, x, smoothing)
    alone = build(Independent, IndependentOptions(), family, ORDER)
    fit(alone, x, smoothing)
    for event in every_event((3,), symbols):
        chain = 1.0
        for column, before in ((2, None), (0, 2), (1, 0)):
            rows = x if before is None else x[x[:, before] == event[before]]
            hits = (rows[:, column] == event[column]).sum().item() + smoothing
            chain *= hits / (len(rows) + smoothing * symbols)
        assert model.log_prob(event[None]).exp().item() == pytest.approx(chain, rel=1e-10)
        marginal = torch.stack([(x[:, i] == event[i]).double().sum() + 0.5 for i in range(3)])
        expected = (marginal / (len(x) + 0.5 * symbols)).prod().item()
        assert alone.log_prob(event[None]).exp().item() == pytest.approx(expected, rel=1e-10)


def test_a_shared_table_counts_strings_up_to_their_end() -> None:
    end = 2
    strings = torch.tensor([[1, 0, 2, 2], [0, 0, 0, 1], [2, 2, 2, 2]])  # the last is empty
    model = build(Markov, MarkovOptions(1, True), Categorical(3), UntilEnd(end))
    fit(model, strings, 0.0, valid=model.ordering.valid(strings))
    first = [1 / 3, 1 / 3, 1 / 3]
    after = {1: [1.0, 0.0, 0.0], 0: [2 / 4, 1 / 4, 1 / 4]}  # nothing comes after an end
    for symbol in range(3):
        string = torch.tensor([[symbol]])
        assert model.log_prob(string).exp().item() == pytest.approx(first[symbol])
        for before, row in after.items():
            pair = model.log_prob(torch.tensor([[before, symbol]])).exp().item()
            assert pair == pytest.approx(first[before] * row[symbol], abs=1e-12)


def test_a_past_never_seen_says_nothing() -> None:
    x = torch.tensor([[0, 0, 0], [0, 0, 1]])
    model = build(Table, TableOptions(), Bernoulli(), ORDER)
    fit(model, x, 0.0)
    assert bool(model.network.get_parameter("table.weight").isnan().logical_not().all())
    scores = model.log_prob(every_event((3,), 2)).exp()
    assert scores.tolist() == [0.5, 0.5, 0, 0, 0, 0, 0, 0]


def test_a_missing_value_is_not_counted_as_a_symbol() -> None:
    """PITFALLS 17: a gap is no past of its own; what comes after it is not counted at all."""
    x = torch.randint(0, 2, (50, 3), generator=generator())
    valid = torch.rand(50, 3, generator=generator(1)) < 0.7
    model = build(Markov, MarkovOptions(1), Bernoulli(), ORDER)
    fit(model, torch.where(valid, x, 9), 0.0, valid=valid)
    for event in every_event((3,), 2):
        chain = 1.0
        for column, before in ((2, None), (0, 2), (1, 0)):
            known = valid[:, column] if before is None else valid[:, column] & valid[:, before]
            rows = known if before is None else known & (x[:, before] == event[before])
            chain *= (rows & (x[:, column] == event[column])).sum().item() / rows.sum().item()
        assert model.log_prob(event[None]).exp().item() == pytest.approx(chain, rel=1e-10)


def test_each_class_has_a_table_of_its_own() -> None:
    x = torch.randint(0, 2, (60, 3), generator=generator())
    classes = torch.randint(0, 2, (60,), generator=generator(1))
    model = build(Table, TableOptions(), Bernoulli(), ORDER, context_size=2)
    fit(model, x, 1.0, context=torch.eye(2)[classes])
    for group in range(2):
        alone = build(Table, TableOptions(), Bernoulli(), ORDER)
        fit(alone, x[classes == group], 1.0)
        context = torch.eye(2)[group].expand(60, -1)
        torch.testing.assert_close(model.log_prob(x, context), alone.log_prob(x))


def test_counting_refuses_a_context_that_is_no_class() -> None:
    model = build(Table, TableOptions(), Bernoulli(), ORDER, context_size=2)
    x = torch.zeros(2, 3, dtype=torch.int64)
    for context in ([[0.5, 0.5]] * 2, [[1.0, 1.0]] * 2, [[0.0, 0.0]] * 2):
        with pytest.raises(InputError, match="context: counting needs one-hot classes"):
            fit(model, x, 1.0, context=torch.tensor(context))
