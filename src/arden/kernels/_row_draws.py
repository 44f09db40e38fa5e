"""One step of all rows of a piece: who has something to draw, and what is drawn."""

from __future__ import annotations

from typing import Any

from arden.kernels._compile import EXACT, inner
from arden.kernels._symbols import draw_value

__all__ = ["any_asked", "copy_rows", "draw_rows", "repeat_row"]


@inner(EXACT)
def any_asked(known: Any, rows: Any, place: Any, active: Any) -> Any:
    """(B, T) or (0, 0), [from, to), place, (R,) -> whether a row that has not ended is unknown."""
    asked = known.shape[0] == 0
    for row in range(rows[1] - rows[0]):
        asked = asked or (active[row] and not known[rows[0] + row, place])
    return asked


@inner(EXACT)
def draw_rows(
    logits: Any,
    masses: Any,
    num_symbols: Any,
    noises: Any,
    rows: Any,
    place: Any,
    end: Any,
    active: Any,
    drawn: Any,
) -> Any:
    """(R, ≥ P) of one step -> whether any row goes on: fills drawn[rows, place] where a row has not
    ended, keeping what is known, and ends the rows that drew ``end``. ``masses`` (P,) is room."""
    noise, known, given = noises
    going_on = False
    for row in range(rows[1] - rows[0]):
        if not active[row]:
            continue
        batch_row = rows[0] + row
        if known.shape[0] > 0 and known[batch_row, place]:
            symbol = given[batch_row, place]
        else:
            for k in range(masses.shape[0]):
                masses[k] = logits[row, k]
            symbol = draw_value(masses, num_symbols, noise[batch_row, place])
        drawn[batch_row, place] = symbol
        active[row] = symbol != end
        going_on = going_on or symbol != end
    return going_on


@inner(EXACT)
def copy_rows(source: Any, num_rows: Any, target: Any, columns: Any) -> None:
    """(≥ R, ≥ N), R, (≥ R, ≥ N), N -> (): target[:R, :N] = source[:R, :N]."""
    for row in range(num_rows):
        for k in range(columns):
            target[row, k] = source[row, k]


@inner(EXACT)
def repeat_row(source: Any, at: Any, num_rows: Any, target: Any) -> None:
    """(≥ at, N), row, R, (≥ R, ≥ N) -> (): target[:R, :N] = source[at]."""
    for row in range(num_rows):
        for k in range(source.shape[1]):
            target[row, k] = source[at, k]
