"""The weights of a mixture whose members stay as they are: a concave problem, solved by EM."""

from __future__ import annotations

from torch import Tensor

from arden.errors import InputError

__all__ = ["fit_weights"]

_GAP = 1e-7  # nats per row that the best weights could still gain
_MOST_ROUNDS = 10_000


def fit_weights(log_probs: Tensor) -> Tensor:
    """(N, M) nats -> (M,) float64: weights that maximise Σ_n ln Σ_m w_m p_m(x_n).

    Every round of EM (Dempster, Laird, Rubin, 1977) sets a weight to its member's mean share of
    the rows. It ends when no other weights could gain more than 1e-7 nats per row: by Jensen's
    inequality they gain at most ln max_m (1/N) Σ_n p_m(x_n) / p(x_n). Use rows that no member was
    trained on, or the most overfitted one takes all.

    Raises:
        InputError: not a matrix of numbers below ∞, or a row that no member can produce.

    >>> import torch
    >>> rows = torch.tensor([[0.8, 0.1], [0.8, 0.1], [0.2, 0.9]]).log()
    >>> [round(weight, 3) for weight in fit_weights(rows).tolist()]
    [0.81, 0.19]
    """
    if log_probs.dim() != 2 or 0 in log_probs.shape:
        raise InputError(
            f"log_probs: expected rows and members (N, M), got shape {tuple(log_probs.shape)}"
        )
    joints = log_probs.detach().double()
    if bool(joints.isnan().any()) or bool(joints.isposinf().any()):
        raise InputError("log_probs: expected numbers below infinity, got NaN or infinity")
    most = joints.max(dim=1, keepdim=True).values
    if bool(most.isneginf().any()):
        row = int(most.isneginf().flatten().nonzero()[0])
        raise InputError(f"log_probs: row {row} is impossible for every member")
    relative = (joints - most).exp()
    weights = relative.new_full((joints.shape[1],), 1 / joints.shape[1])
    for _ in range(_MOST_ROUNDS):
        gains = (relative / (relative @ weights)[:, None]).mean(dim=0)
        if gains.max().log() <= _GAP:
            break
        weights = weights * gains
        weights = weights / weights.sum()
    return weights
