"""Scores do not depend on how rows are cut, and wrong rows are told in one sentence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.gaussian_mixture import GaussianMixture
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.gru import GRU, GRUOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from arden.tasks.score import chunk_rows, score, score_conditionals
from tests.core.models import build, some_events
from tests.storage.models import made_of_masks
from tests.training.toys import one_hot

SHAPE = (2, 3)
X = some_events(Bernoulli(), SHAPE, 23)


def nade(**how: Any) -> AutoregressiveModel:
    """() -> a NADE of six bits, shaken, in float64 unless asked otherwise."""
    return build(NADE, NADEOptions(hidden=5), Bernoulli(), Shuffled(SHAPE, 1), **how)


@pytest.mark.parametrize("batch_size", [1, 2, 7, 22, 23, 1000])
def test_chunks_do_not_change_a_score(batch_size: int) -> None:
    for model in (nade(), made_of_masks()):
        whole = model.log_prob(X).detach()
        # Matrices of other shapes are multiplied in another order: not bit for bit.
        torch.testing.assert_close(
            score(model, X, batch_size=batch_size), whole, rtol=1e-10, atol=1e-10
        )
        terms = score_conditionals(model, X, batch_size=batch_size)
        assert terms.shape == X.shape
        torch.testing.assert_close(terms.flatten(1).sum(1), whole, rtol=1e-10, atol=1e-10)


def test_context_and_observed_are_cut_with_their_rows() -> None:
    model = nade(context_size=2)
    context = one_hot(torch.arange(23) % 2, torch.float64)
    whole = model.log_prob(X, context).detach()
    torch.testing.assert_close(score(model, X, context, batch_size=3), whole)
    assert not torch.allclose(score(model, X, context.flip(1), batch_size=3), whole)
    options = AnyOrderTransformerOptions(8, heads=2, layers=1)
    any_order = build(AnyOrderTransformer, options, Bernoulli(), Raster(SHAPE))
    observed = torch.arange(6).reshape(SHAPE) < (torch.arange(23) % 7)[:, None, None]
    found = score(any_order, X, observed=observed, batch_size=4)
    torch.testing.assert_close(found, any_order.log_prob(X, observed=observed).detach())
    assert found[0] == 0 != found[1]


def test_scores_are_double_and_leave_no_trace() -> None:
    model = nade(dtype=torch.float32).train()
    found = score(model, X)
    assert found.dtype == torch.float64
    assert not found.requires_grad
    assert model.training
    assert not score(model.eval(), X).requires_grad
    assert not model.training


def test_memory_per_chunk_is_bounded() -> None:
    wide = build(GRU, GRUOptions(hidden=2), GaussianMixture(1000), Raster((4,)))
    assert chunk_rows(nade(), 6) == chunk_rows(made_of_masks(), 6) == 256
    assert chunk_rows(wide, 28 * 28) == 2**23 // (28 * 28 * 3001) == 3
    assert chunk_rows(wide, 10**9) == 1


@pytest.mark.parametrize(
    ("x", "told"),
    [
        (np.zeros((2, 2, 3)), "x: expected a tensor (N, *event), got ndarray"),
        ([[0, 1]], "x: expected a tensor (N, *event), got list"),
        (torch.tensor(1.0), "x: expected a tensor (N, *event), got a single number"),
        (torch.zeros(0, 2, 3), "x: expected at least one row, got none"),
        (torch.zeros(2, 3), "x: expected shape (B, 2, 3), got (2, 3)"),
        (torch.zeros(4, 3, 2), "x: expected shape (B, 2, 3), got (4, 3, 2)"),
        (torch.full((1, 2, 3), 2), "x: row 0, variable 0 holds 2, outside the support"),
        (torch.full((1, 2, 3), 0.5), "x: row 0, variable 0 holds 0.5, outside the support"),
        (torch.full((1, 2, 3), math.nan), "x: row 0, variable 0 holds nan, outside the support"),
    ],
)
def test_wrong_rows(x: Any, told: str) -> None:
    for ask in (arden.score, score_conditionals, arden.predict):
        if ask is arden.predict and "at least one row" in told:
            continue  # nothing in, nothing out
        with pytest.raises(InputError) as caught:
            ask(nade(), x)
        assert str(caught.value).startswith(told)


def test_a_density_refuses_what_is_no_number() -> None:
    model = build(MADE, MADEOptions(hidden=(4,)), GaussianMixture(2), Raster((3,)))
    x = torch.zeros(5, 3)
    x[3, 1] = math.nan
    with pytest.raises(InputError, match="x: row 3, variable 1 holds nan"):
        score(model, x)


def test_wrong_contexts_and_batches() -> None:
    with pytest.raises(InputError, match="context: this model takes none, expected None"):
        score(nade(), X, torch.ones(23, 2))
    conditional = nade(context_size=2)
    with pytest.raises(InputError, match=r"context: expected shape \(23, 2\), got None"):
        score(conditional, X)
    with pytest.raises(InputError, match=r"context: expected shape \(23, 2\), got \(23, 3\)"):
        score(conditional, X, torch.ones(23, 3))
    with pytest.raises(InputError, match="context: expected 23 rows, one per row of x, got 22"):
        score(conditional, X, torch.ones(22, 2))
    with pytest.raises(InputError, match="context: expected 23 rows, one per row of x, got 30"):
        score_conditionals(conditional, X, torch.ones(30, 2))
    with pytest.raises(InputError, match="observed: expected 23 rows, one per row of x, got 30"):
        score(nade(), X, observed=torch.ones(30, 2, 3, dtype=torch.bool))
    with pytest.raises(InputError, match="batch_size: expected at least 1, got 0"):
        score(nade(), X, batch_size=0)


def test_mixtures_of_orders_have_no_terms() -> None:
    orderings = (Raster(SHAPE), Shuffled(SHAPE, 3))
    options = NADEOptions(hidden=2)
    mixture = Mixture([build(NADE, options, Bernoulli(), order) for order in orderings])
    each = torch.stack([score(m, X) for m in mixture.models])
    torch.testing.assert_close(score(mixture, X), each.logsumexp(0) - math.log(2))
    with pytest.raises(InputError, match="different orders have no per-variable terms"):
        score_conditionals(mixture, X)


def test_strings_are_scored_up_to_their_end() -> None:
    model = build(GRU, GRUOptions(hidden=3), Bernoulli(), UntilEnd(0))
    padded = torch.tensor([[1, 0, 0, 0], [1, 0, 1, 1]])
    found = score(model, padded)
    assert found[0] == found[1] == score(model, torch.tensor([[1, 0]]))[0]
    assert bool((score_conditionals(model, padded)[:, 2:] == 0).all())
