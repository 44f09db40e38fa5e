"""ln p of some values given the others; windows are an exact density of their document."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.windows import scoring_windows
from arden.errors import InputError
from arden.networks.gru import GRU, GRUOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.column import Column
from arden.orderings.given import Given
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from arden.tasks.score import score
from tests.core.models import build, every_event, some_events
from tests.storage.models import made_of_masks

SHAPE = (2, 3)
X = some_events(Bernoulli(), SHAPE, 23)


def nade(ordering: Any, **how: Any) -> AutoregressiveModel:
    """An ordering of six bits -> a NADE, shaken, in float64."""
    return build(NADE, NADEOptions(hidden=5), Bernoulli(), ordering, **how)


def letters(window: int) -> AutoregressiveModel:
    """W -> a MADE over windows of three letters, shaken, in float64."""
    family = Categorical(3, "one_hot")
    return build(MADE, MADEOptions(hidden=(9,)), family, Raster((window,)))


def last(ordering: Any, counts: Tensor) -> Tensor:
    """An ordering of D steps, how many are scored in each row -> (N, *SHAPE) those visited last."""
    order = ordering.order()
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order))
    return (rank[None, :] >= len(order) - counts[:, None]).reshape(-1, *SHAPE)


@pytest.mark.parametrize("ordering", [Raster(SHAPE), Column(SHAPE), Shuffled(SHAPE, 1)])
def test_it_is_a_ratio_of_joints(ordering: Any) -> None:
    model = nade(ordering)
    scored = last(ordering, torch.arange(23) % 7)
    joint = model.log_prob(X).detach()
    before = model.log_prob(X, observed=~scored).detach()
    found = score(model, X, scored=scored, batch_size=5)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, joint - before, rtol=1e-10, atol=1e-10)
    assert found[0] == 0 != found[1]
    torch.testing.assert_close(score(model, X, scored=torch.ones_like(scored)), joint)


def test_only_what_is_observed_counts() -> None:
    model = nade(Raster(SHAPE))
    rank = torch.arange(6).reshape(SHAPE)
    observed = (rank < 4).expand(23, *SHAPE)
    scored = ((rank == 2) | (rank == 3)).expand(23, *SHAPE)
    blurred = torch.where(observed, X.double(), math.nan)
    first = model.log_prob(X, observed=(rank < 2).expand(23, *SHAPE)).detach()
    both = model.log_prob(X, observed=observed).detach()
    found = score(model, blurred, observed=observed, scored=scored)
    torch.testing.assert_close(found, both - first)
    with pytest.raises(InputError, match="expected only observed values, but one is not"):
        score(model, blurred, observed=observed, scored=scored | (rank == 5))


def test_mixtures() -> None:
    same = made_of_masks()
    scored = last(Raster(SHAPE), torch.arange(23) % 7)
    joint, before = (same.log_prob(X, observed=o).detach() for o in (None, ~scored))
    torch.testing.assert_close(score(same, X, scored=scored), joint - before)
    # Two orders that begin with the same half: rows, and the first row last to first.
    turned = torch.tensor([2, 1, 0, 3, 4, 5])
    orders = Mixture([nade(Raster(SHAPE)), nade(Given(SHAPE, tuple(turned.tolist())), seed=1)])
    half = torch.tensor([[False] * 3, [True] * 3]).expand(23, *SHAPE)
    joint, before = (orders.log_prob(X, observed=o).detach() for o in (None, ~half))
    torch.testing.assert_close(score(orders, X, scored=half), joint - before)
    some = torch.ones(23, *SHAPE, dtype=torch.bool)
    torch.testing.assert_close(
        score(orders, X, scored=half, observed=some), score(orders, X, scored=half)
    )
    with pytest.raises(InputError, match="every scored value must come after all observed ones"):
        score(orders, X, scored=last(Raster(SHAPE), torch.full((23,), 4)))


def test_what_is_no_conditional_is_refused() -> None:
    ordering = Shuffled(SHAPE, 1)
    model = nade(ordering)
    scored = last(ordering, torch.full((23,), 3))
    score(model, X, scored=scored)
    swapped = scored.clone()
    swapped[7] = ~swapped[7]
    for wrong in (swapped, last(Raster(SHAPE), torch.full((23,), 3))):
        with pytest.raises(InputError) as caught:
            score(model, X, scored=wrong)
        assert str(caught.value) == (
            "scored: every scored value must come after all observed ones that are not scored, in "
            "the order of the model, but one comes before; the result would not be "
            "ln p(scored | the others)"
        )


@pytest.mark.parametrize(
    ("scored", "told"),
    [
        (torch.ones(22, 2, 3, dtype=torch.bool), "scored: expected 23 rows"),
        (torch.ones(23, 6, dtype=torch.bool), "scored: expected booleans of the shape of x"),
        (torch.ones(23, 2, 3), "scored: expected booleans of the shape of x, .* got torch.float32"),
    ],
)
def test_wrong_masks(scored: Tensor, told: str) -> None:
    with pytest.raises(InputError, match=told):
        score(nade(Raster(SHAPE)), X, scored=scored)


def test_wrong_rows_keep_their_own_sentence() -> None:
    bad = torch.zeros(2, 5)
    with pytest.raises(InputError, match=r"x: expected shape \(B, 2, 3\), got \(2, 5\)"):
        score(nade(Raster(SHAPE)), bad, scored=torch.ones(2, 5, dtype=torch.bool))
    with pytest.raises(InputError, match="observed: expected the shape of x"):
        score(
            nade(Raster(SHAPE)),
            X,
            observed=torch.ones(23, 6, dtype=torch.bool),
            scored=torch.ones(23, 2, 3, dtype=torch.bool),
        )


def test_padding_after_an_end_is_neither_scored_nor_given() -> None:
    model = build(GRU, GRUOptions(hidden=3), Bernoulli(), UntilEnd(0))
    padded = torch.tensor([[1, 1, 0, 0, 1]])
    scored = torch.tensor([[False, True, True, False, False]])
    terms = model.log_conditionals(padded).detach()
    torch.testing.assert_close(score(model, padded, scored=scored), terms[:, 1:3].sum(1).double())


@pytest.mark.parametrize(
    ("window", "stride", "length"), [(4, 2, 7), (4, 1, 6), (5, 2, 6), (2, 1, 5), (4, 2, 3)]
)
def test_windows_are_a_density_of_documents(window: int, stride: int, length: int) -> None:
    """Σ p over all 3^L documents of one length is 1: none is scored twice or never."""
    model = letters(window)
    documents = every_event((length,), 3).numpy()
    windows = scoring_windows(list(documents), window, stride)
    rows = windows.take()
    terms = score(model, rows.values, observed=rows.observed, scored=rows.scored)
    log_prob = torch.zeros(len(documents), dtype=torch.float64)
    log_prob.index_add_(0, torch.from_numpy(windows.document), terms)
    assert log_prob.exp().sum().item() == pytest.approx(1.0, abs=1e-12)


@given(st.integers(1, 11), st.integers(2, 6), st.integers(1, 3), st.integers(0, 5))
def test_a_document_is_scored_as_by_hand(length: int, window: int, stride: int, seed: int) -> None:
    stride = min(stride, window // 2)
    model = letters(window)
    document = np.random.default_rng(seed).integers(0, 3, length)
    expected = 0.0
    done = 0  # symbols scored so far
    for start in itertools.count(0, stride):
        piece = document[start : start + window]
        held = torch.zeros(1, window, dtype=torch.int64)
        held[0, : len(piece)] = torch.from_numpy(piece)
        terms = model.log_conditionals(held)[0]  # a term sees nothing after it: padding is harmless
        expected += terms[done - start : len(piece)].sum().item()
        done = start + len(piece)
        if done == length:
            break
    rows = scoring_windows([document], window, stride).take()
    found = score(model, rows.values, observed=rows.observed, scored=rows.scored).sum().item()
    assert found == pytest.approx(expected, abs=1e-10)
