"""Draw: what is on the board completed, ranked among held-out images, and explained by pixel."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.studio.board import board_of, read_board
from arden.studio.images import context_of, held_out, is_any_order
from arden.studio.markup import facts, figure, heat, nats, note, picture, scale, shades, strip
from arden.studio.shelf import Run, Shelf
from arden.tasks.calibration import Calibration, calibrate
from arden.tasks.complete import complete
from arden.tasks.normality import normality
from arden.tasks.predict_next import predict_next
from arden.tasks.score import score_conditionals
from arden.training.context import class_context

__all__ = ["Drawing", "complete_board", "forget_ranks", "held_out_board"]

_KEPT = 32
_HELD_OUT = 500
"""Rows at most that a drawing is ranked among: p is then known to two thousandths."""


@dataclass(frozen=True)
class Drawing:
    """Three answers as HTML: completions, what is known of the drawing, surprise by pixel."""

    completions: str
    verdict: str
    surprise: str
    seconds: float


class _Ranks:
    """Calibrations by run and mask: to draw again changes neither, and costs no second pass."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Any, Calibration] = OrderedDict()

    def forget(self) -> None:
        self._kept.clear()

    def of(
        self, run: Run, model: AutoregressiveModel | Mixture, rows: Any, observed: Tensor
    ) -> Calibration:
        key = (run.folder, observed.numpy().tobytes())
        if key not in self._kept:
            some = slice(0, _HELD_OUT)
            context = class_context(rows, model.context_size)
            mask = observed.expand(len(rows.values[some]), *observed.shape[1:])
            self._kept[key] = calibrate(
                normality(
                    model, rows.values[some], None if context is None else context[some], mask
                )
            )
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


_RANKS = _Ranks()


def forget_ranks() -> None:
    """() -> (): the next drawing is ranked anew, as one whose pixels were never drawn before."""
    _RANKS.forget()


def complete_board(
    shelf: Shelf, run: Run, board: Any, label: str | None = None, number: int = 8, seed: int = 0
) -> Drawing:
    """A run, what was drawn -> its completions, its rank among held-out images, its surprise.

    Raises:
        InputError: a board of another size, a class the model does not know, a drawing that has
            probability 0.
    """
    began = time.perf_counter()
    model = shelf.exact_model(run, "complete")
    values, observed = read_board(board, run.schema)
    context = context_of(model, run, label)
    found = complete(model, values, observed, context, num=number, seed=seed)
    shown = [
        figure(picture(shades(_image(each), run.schema.num_symbols), f"Completion {place}"), "")
        for place, each in enumerate(found.values[0], start=1)
    ]
    verdict = [("Drawn", f"{int(observed.sum())} of {observed.numel()} pixels")]
    verdict.append(("Completions", "exact draws" if found.exact else "weighed candidates"))
    verdict += _rank(shelf, run, model, values, observed, context)
    surprise = _surprise(run, model, values, observed, context)
    seconds = time.perf_counter() - began
    verdict.append(("Answered in", f"{seconds:.2f} s"))
    told = facts(verdict)
    if not found.exact:
        told += note(
            f"What is drawn does not come first in {found.joint}: {number} of 64 candidates were "
            "weighed instead. An any-order model completes every mask exactly."
        )
    return Drawing(strip(shown), told, surprise, seconds)


def held_out_board(shelf: Shelf, run: Run, place: int) -> dict[str, Any]:
    """A run, a number -> that held-out image as a board, its lower half unknown.

    Raises:
        InputError: no held-out image at hand.
    """
    rows = held_out(shelf, run)
    if rows is None:
        raise InputError(f"the data of {run.name} are not at hand, so there is no held-out image")
    values = rows.values[place % len(rows)]
    observed = torch.ones(values.shape, dtype=torch.bool)
    observed[values.shape[0] // 2 :] = False
    return board_of(run.schema, values, observed)


def _rank(
    shelf: Shelf,
    run: Run,
    model: AutoregressiveModel | Mixture,
    values: Tensor,
    observed: Tensor,
    context: Tensor | None,
) -> list[tuple[str, str]]:
    if not bool(observed.any()):
        return [("p-value", "nothing is drawn yet")]
    rows = held_out(shelf, run)
    if rows is None:
        return [("p-value", "the held-out images are not at hand")]
    try:
        ranks = _RANKS.of(run, model, rows, observed)
        found = normality(model, values, context, observed)
    except InputError:
        return [("p-value", "needs an any-order model, or a drawing from the first pixel on")]
    p_value = float(ranks.p_values(found)[0])
    ranked = min(len(rows), _HELD_OUT)
    return [
        ("ln p(drawn)", nats(float(found[0]))),
        ("p-value", f"{p_value:.3f} among {ranked} held-out images, same pixels"),
    ]


def _surprise(
    run: Run,
    model: AutoregressiveModel | Mixture,
    values: Tensor,
    observed: Tensor,
    context: Tensor | None,
) -> str:
    """−ln p of every drawn pixel; beside it what is expected of the others, where that is told."""
    parts = []
    try:
        terms = -score_conditionals(model, values, context, observed)[0].double()
        drawn = torch.where(observed[0], terms, torch.nan)
        top = max(2.0, float(torch.nan_to_num(drawn).max()))
        painted = heat(_image(drawn), 0.0, top)
        bar = scale("0", f"{top:.1f}", "−ln p of each drawn pixel, nats")
        parts.append(figure(picture(painted, "Surprise of each drawn pixel"), "") + bar)
    except InputError:
        parts.append(note("Surprise by pixel needs an any-order model, or a drawing in its order."))
    if is_any_order(model):
        levels = run.schema.num_symbols or 2
        means = predict_next(model, values, observed, context)[0]
        painted = heat(_image(means), 0.0, levels - 1.0, "gray")
        words = "x̂ of each unknown pixel, were it next"
        bar = scale("paper", "ink", words, "gray")
        parts.append(figure(picture(painted, "Expected value of each unknown pixel"), "") + bar)
    return f'<div class="pair">{"".join(f"<div>{part}</div>" for part in parts)}</div>'


def _image(values: Tensor) -> np.ndarray:
    return values.reshape(values.shape[:2]).double().numpy()
