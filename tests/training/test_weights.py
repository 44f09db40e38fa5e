"""Fitted weights of a mixture: the best there are, and refusals of what has none."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from arden.errors import InputError
from arden.training.weights import fit_weights
from tests.core.models import generator


def nats(log_probs: Tensor, weights: Tensor) -> float:
    """(N, M), (M,) -> mean −ln Σ_m w_m p_m(x_n)."""
    return -(log_probs.double() + weights.log()).logsumexp(dim=1).mean().item()


@given(st.integers(1, 60), st.integers(1, 6), st.integers(0, 50))
def test_no_other_weights_are_better(rows: int, members: int, seed: int) -> None:
    source = generator(seed)
    log_probs = 2 * torch.randn(rows, members, generator=source, dtype=torch.float64) - 90
    weights = fit_weights(log_probs)
    assert weights.dtype == torch.float64
    assert bool((weights >= 0).all())
    assert abs(weights.sum().item() - 1) < 1e-12
    best = nats(log_probs, weights)
    for other in torch.eye(members, dtype=torch.float64):
        # Concave, so that no better corner's direction means no better point at all.
        assert best <= nats(log_probs, 0.999 * weights + 0.001 * other) + 1e-6
        assert best <= nats(log_probs, other) + 1e-6


def test_the_weights_that_made_the_rows_are_found() -> None:
    symbols = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]], dtype=torch.float64)
    counts = (30_000 * torch.tensor([0.25, 0.75], dtype=torch.float64) @ symbols).round().long()
    rows = torch.repeat_interleave(torch.arange(3), counts)
    weights = fit_weights(symbols.log().T[rows])
    torch.testing.assert_close(weights, torch.tensor([0.25, 0.75]).double(), rtol=0, atol=2e-3)


def test_members_that_call_rows_impossible() -> None:
    # Each produces what the other cannot: two rows to one.
    rows = torch.tensor([[0.0, -math.inf], [-1.0, -math.inf], [-math.inf, -5.0]])
    expected = torch.tensor([2 / 3, 1 / 3], dtype=torch.float64)
    torch.testing.assert_close(fit_weights(rows), expected, rtol=0, atol=1e-6)


def test_a_member_that_is_never_better_gets_nothing() -> None:
    rows = torch.randn(50, 1, generator=generator()) + torch.tensor([0.0, -3.0])
    assert fit_weights(rows)[1].item() < 1e-6


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        (torch.zeros(3), r"expected rows and members \(N, M\), got shape \(3,\)"),
        (torch.zeros(0, 3), r"got shape \(0, 3\)"),
        (torch.zeros(3, 0), r"got shape \(3, 0\)"),
        (torch.tensor([[0.0, math.nan]]), "got NaN or infinity"),
        (torch.tensor([[0.0, math.inf]]), "got NaN or infinity"),
        (torch.tensor([[0.0, 0.0], [-math.inf, -math.inf]]), "row 1 is impossible for every"),
    ],
)
def test_what_has_no_weights(rows: Tensor, match: str) -> None:
    with pytest.raises(InputError, match=f"log_probs: .*{match}"):
        fit_weights(rows)
