"""What a score is worth: its rank among rows that are known to be normal, with a guarantee."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from arden.errors import InputError

__all__ = ["Calibration", "calibrate", "rank_p_values"]

_A_FIFTH = 5
_ROUNDING = 1e-9  # 0.29 · 100 is below 29 in floating point


def rank_p_values(calibration: Tensor, scores: Tensor, noise: Tensor | None = None) -> Tensor:
    """(N,) scores of normal rows, (M,) scores -> (M,) p = (1 + #{s_i ≤ s}) / (N + 1).

    If a row and the N calibration rows are exchangeable (drawn alike, and none of them used to fit
    the model), then P(p ≤ α) ≤ α for every α and any model, however bad; without ties p is uniform
    on 1/(N + 1) … 1. (Vovk, Gammerman, Shafer, "Algorithmic learning in a random world", 2005;
    PixelDefend takes the ranks among training rows, for which this does not hold: Song et al.,
    2018.) Ties count against the row, which keeps the guarantee; with ``noise``, (M,) uniforms,
    they are broken by chance, and p is uniform on (0, 1] exactly.

    >>> normal = torch.tensor([-3.0, -1.0, -2.0, -2.0])
    >>> rank_p_values(normal, torch.tensor([-9.0, -2.0, 0.0]))
    tensor([0.2000, 0.8000, 1.0000], dtype=torch.float64)
    """
    known = _checked(calibration, "calibration").sort().values
    told = _checked(scores, "scores")
    if not len(known):
        raise InputError("calibration: expected at least one score, got none")
    up_to = torch.searchsorted(known, told, right=True).double()
    if noise is None:
        return (1.0 + up_to) / (len(known) + 1)
    below = torch.searchsorted(known, told)
    return (below + noise.double() * (1 + up_to - below)) / (len(known) + 1)


@dataclass(frozen=True, eq=False)
class Calibration:
    """Scores of N normal rows (or groups of rows) in rising order: what others are ranked among.

    ``centre`` is the mean ln p that counts as typical, None where high scores are simply good;
    ``group`` is how many rows are judged together.
    """

    ranked: Tensor
    centre: float | None = None
    group: int = 1

    def scores(self, normality: Tensor) -> Tensor:
        """(N,) what `normality` gives -> (N // group,) scores, higher for what is more normal.

        Of groups it is the mean of their rows; with a centre −|mean − centre|. Rows at the end
        that fill no group are left out.
        """
        means = _in_groups(_checked(normality, "normality"), self.group)
        return means if self.centre is None else -(means - self.centre).abs()

    def p_values(self, scores: Tensor, noise: Tensor | None = None) -> Tensor:
        """(M,) -> (M,): `rank_p_values` among the calibration scores."""
        return rank_p_values(self.ranked, scores, noise)

    def threshold(self, false_alarms: float) -> float:
        """α -> the score below which a row is flagged; then P(flagged) ≤ α for a normal row.

        The ⌊α (N + 1)⌋-th smallest calibration score: s is below it exactly when p(s) ≤ α.

        Raises:
            InputError: α outside 0..1, or so small that no p-value of N rows could reach it.
        """
        if not 0 < false_alarms < 1:  # NaN is refused too
            raise InputError(f"false_alarms: expected a rate between 0 and 1, got {false_alarms}")
        place = math.floor(false_alarms * (len(self.ranked) + 1) + _ROUNDING)
        if place < 1:
            rows = 1 / false_alarms - _ROUNDING  # of a rate beside 0 it is infinite
            needed = f"{math.ceil(rows) - 1:,}" if math.isfinite(rows) else "1e308"
            raise InputError(
                f"calibrate: expected at least {needed} normal "
                f"{'rows' if self.group == 1 else f'groups of {self.group} rows'} for a "
                f"false-alarm rate of {false_alarms:g}, got {len(self.ranked):,}, "
                "among which no rank is that rare"
            )
        return float(self.ranked[min(place, len(self.ranked)) - 1])


def calibrate(normality: Tensor, *, typical: bool = False, group: int = 1) -> Calibration:
    """(N,) what `normality` gives of normal rows -> what the scores of others are ranked among.

    ``typical``: rows are as suspicious above the usual ln p as below it, by |ln p(x) + H|, since
    most of the mass of a distribution in many dimensions lies where −ln p is near its entropy H.
    H is the mean −ln p of every fifth row; these are not ranked, because ranks among rows that had
    a say in the score would lose their guarantee. With ``group`` > 1 the rows are judged in
    groups, by their mean: groups of normal rows are calibrated on groups. (Nalisnick et al.,
    "Detecting out-of-distribution inputs to deep generative models using typicality", 2019,
    resample the groups; here they are disjoint, for the same guarantee as that of single rows.)

    Raises:
        InputError: too few rows for a rank, NaN, or a typical ln p that is infinite.

    >>> wide = torch.tensor([-5.0, -3.0, -4.0, -1.0, -4.5, -5.0])
    >>> calibrate(wide, typical=True).scores(torch.tensor([-5.0, 0.0]))
    tensor([-0., -5.], dtype=torch.float64)
    """
    if group < 1:
        raise InputError(f"group: expected at least 1 row, got {group}")
    told = _checked(normality, "normality")
    centre = None
    if typical:
        apart = torch.arange(len(told)) % _A_FIFTH == 0
        centre = float(told[apart].mean()) if len(told) else math.nan
        if len(told) and not math.isfinite(centre):
            raise InputError(
                "calibrate: expected rows that are possible under the model, but one of them has "
                "probability 0, so that their mean ln p says nothing"
            )
        told = told[~apart]
    if len(told) < group:
        raise InputError(
            f"calibrate: expected at least {group} normal rows to rank among, got {len(told)}"
        )
    draft = Calibration(told, centre, group)
    return Calibration(draft.scores(told).sort().values, centre, group)


def _in_groups(values: Tensor, group: int) -> Tensor:
    whole = len(values) // group
    return values[: whole * group].reshape(whole, group).mean(dim=1)


def _checked(values: Tensor, name: str) -> Tensor:
    told = values.detach().cpu().double()
    if told.dim() != 1 or bool(told.isnan().any()):
        raise InputError(
            f"{name}: expected numbers (N,), got "
            f"{'NaN among them' if told.dim() == 1 else f'shape {tuple(told.shape)}'}"
        )
    return told
