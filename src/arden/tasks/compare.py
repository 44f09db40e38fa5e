"""Compare: who gives the same rows more probability, by differences paired row by row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import torch
from torch import Tensor

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.tasks.score import score
from arden.tasks.verbs import exact

__all__ = [
    "Comparison",
    "Difference",
    "Mean",
    "compare",
    "compare_log_probs",
    "decimals",
    "score_each",
]

_REACH = NormalDist().inv_cdf(0.975)
"""Standard errors from the middle of a 95 % interval to its ends, for many rows."""


@dataclass(frozen=True)
class Mean:
    """The mean ln p of all rows by one model, in nats a row; −inf when one of them is impossible.

    The standard error is NaN for a single row, and where the mean is not finite.
    """

    nats: float
    standard_error: float
    impossible: int
    """How many rows have probability 0."""

    @property
    def interval(self) -> tuple[float, float]:
        """The two ends of the 95 % interval, normal approximation."""
        return _interval(self.nats, self.standard_error)


@dataclass(frozen=True)
class Difference:
    """The mean of ln p(x) by ``model`` − ln p(x) by ``reference``, in nats a row, and how sure.

    Positive: ``model`` gives the rows more probability. Infinite where one of the two finds a row
    impossible, and NaN where each finds one impossible that the other does not; a row that is
    impossible to both is a tie. The standard error is that of the N differences; ``unpaired_error``
    is what it would be had each model been scored on rows of its own. Rows that are hard for one
    model are hard for the other too, so that the first is usually several times smaller.
    """

    model: int
    reference: int
    nats: float
    standard_error: float
    unpaired_error: float
    better: float
    """The share of rows to which ``model`` gives more probability."""
    worse: float
    """The share of rows to which it gives less; the rest are ties."""

    @property
    def interval(self) -> tuple[float, float]:
        """The two ends of the 95 % interval, normal approximation."""
        return _interval(self.nats, self.standard_error)


@dataclass(frozen=True)
class Comparison:
    """M models over the same N rows: the mean of each, and the difference of each pair.

    ``differences`` holds every ordered pair; `against` finds one of them.
    """

    rows: int
    means: tuple[Mean, ...]
    differences: tuple[Difference, ...]

    def against(self, model: int, reference: int) -> Difference:
        """Places of two models -> how much better the first is than the second."""
        for found in self.differences:
            if (found.model, found.reference) == (model, reference):
                return found
        raise InputError(
            f"against: expected two different models of 0 … {len(self.means) - 1}, "
            f"got {model} and {reference}"
        )


def compare(
    models: Sequence[AutoregressiveModel | Mixture],
    x: Tensor,
    context: Tensor | None = None,
    observed: Tensor | None = None,
    *,
    scored: Tensor | None = None,
    batch_size: int | None = None,
) -> Comparison:
    """M models, (N, *event), (N, C) -> their means and paired differences, in nats a row.

    The models must be of the same events: a density and a probability have no common scale. Those
    that take no context are not given it.

    Raises:
        InputError: fewer than two models, models of other events, wrong rows.

    >>> import arden
    >>> from arden.tasks.compare import compare
    >>> data = arden.load_data("digits")
    >>> models = [arden.fit(name, data, progress=False) for name in ("independent", "markov")]
    >>> gain = compare(models, data.test.values).against(1, 0)
    >>> print(f"{gain.nats:.2f} ± {gain.standard_error:.2f}, unpaired ± {gain.unpaired_error:.2f}")
    1.12 ± 0.08, unpaired ± 0.29
    """
    if len(models) < 2:
        raise InputError(f"models: expected at least two to compare, got {len(models)}")
    models = [exact("compare", model) for model in models]
    first = models[0]
    for model in models[1:]:
        if _values_of(model) != _values_of(first):
            raise InputError(
                "models: expected models of the same events and values, "
                f"got {_values_of(first)} and {_values_of(model)}"
            )
    log_probs = score_each(models, x, context, observed, scored=scored, batch_size=batch_size)
    return compare_log_probs(log_probs)


def score_each(
    models: Sequence[AutoregressiveModel | Mixture],
    x: Tensor,
    context: Tensor | None = None,
    observed: Tensor | None = None,
    *,
    scored: Tensor | None = None,
    batch_size: int | None = None,
) -> Tensor:
    """M models, (N, *event), (N, C) -> (M, N) float64: ln p of every row by every model, nats.

    Models that take no context are not given it. ``observed`` and ``scored`` are those of `score`.
    """
    joints = []
    for model in models:
        told = context if model.context_size else None
        joints.append(score(model, x, told, observed, scored=scored, batch_size=batch_size))
    return torch.stack(joints)


def compare_log_probs(log_probs: Tensor) -> Comparison:
    """(M, N) ln p of the same N rows by M models -> their means and paired differences, in nats.

    Raises:
        InputError: another shape, fewer than two models, no row, NaN or +inf.

    >>> log_probs = torch.tensor([[-4.0, -9.0, -2.0], [-3.0, -8.5, -2.0]])
    >>> gain = compare_log_probs(log_probs).against(1, 0)
    >>> gain.nats, gain.better, gain.worse
    (0.5, 0.6666666666666666, 0.0)
    """
    if log_probs.dim() != 2 or log_probs.shape[0] < 2 or log_probs.shape[1] < 1:
        raise InputError(
            "log_probs: expected (M, N), at least two models over at least one row, "
            f"got shape {tuple(log_probs.shape)}"
        )
    rows = log_probs.detach().cpu().double()
    unusable = (rows.isnan() | rows.isposinf()).nonzero()
    if len(unusable):
        model, row = unusable[0].tolist()
        raise InputError(
            f"log_probs: expected numbers or −inf, got {rows[model, row].item()} "
            f"of model {model} at row {row} (both from 0)"
        )
    means = tuple(
        Mean(*_mean_and_error(of_model), impossible=int(of_model.isneginf().sum()))
        for of_model in rows
    )
    places = range(len(rows))
    pairs = tuple(_difference(rows, a, b, means) for a in places for b in places if a != b)
    return Comparison(rows.shape[1], means, pairs)


def decimals(error: float) -> int:
    """A standard error -> decimals that show two digits of it, from 2 up to 6.

    >>> decimals(0.173), decimals(0.0496), decimals(float("nan"))
    (2, 3, 3)
    """
    if not (math.isfinite(error) and error > 0):
        return 3
    return min(6, max(2, 1 - math.floor(math.log10(error))))


def _difference(rows: Tensor, model: int, reference: int, means: tuple[Mean, ...]) -> Difference:
    ours, theirs = rows[model], rows[reference]
    # −inf − (−inf) is no number, but to agree that a row is impossible is to agree.
    gained = torch.where(ours == theirs, 0.0, ours - theirs)
    nats, error = _mean_and_error(gained)
    return Difference(
        model,
        reference,
        nats,
        error,
        math.hypot(means[model].standard_error, means[reference].standard_error),
        better=(gained > 0).double().mean().item(),
        worse=(gained < 0).double().mean().item(),
    )


def _interval(nats: float, error: float) -> tuple[float, float]:
    return nats - _REACH * error, nats + _REACH * error


def _mean_and_error(values: Tensor) -> tuple[float, float]:
    """(N,) -> the mean and its standard error, NaN where there is none."""
    mean = values.mean().item()
    known = len(values) > 1 and math.isfinite(mean)
    return mean, values.std().item() / math.sqrt(len(values)) if known else math.nan


def _values_of(model: AutoregressiveModel | Mixture) -> tuple[tuple[int, ...], str]:
    first = model.models[0] if isinstance(model, Mixture) else model
    symbols = first.conditional.num_symbols
    return model.event_shape, "real values" if symbols is None else f"{symbols} levels"
