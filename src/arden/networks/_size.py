"""How many weights a network may have before it is refused."""

from __future__ import annotations

from arden.errors import InputError

__all__ = ["MOST_WEIGHTS", "check_size"]

MOST_WEIGHTS = 2**28  # one gigabyte in float32


def check_size(weights: int, what: str) -> None:
    """A number of weights, what needs them -> (); InputError where they are too many."""
    if weights > MOST_WEIGHTS:
        raise InputError(
            f"network: {what} needs {weights:,} weights; expected at most {MOST_WEIGHTS:,}"
        )
