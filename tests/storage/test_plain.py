"""Options from plain values: unknown names and wrong types are refused with the sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from arden.errors import InputError
from arden.storage.plain import check_option, from_plain, options_from, to_plain


@dataclass(frozen=True)
class Options:
    """One field of every kind there is."""

    layers: tuple[int, ...]
    rate: float = 0.5
    count: int = 1
    window: int | None = None
    floor: float | None = None
    direct: bool = False
    kind: Literal["hard", "soft"] = "hard"
    pair: tuple[int, str] = (1, "a")


FULL = Options((3, 4), 1.0, 2, 7, 0.25, True, "soft", (2, "b"))


def test_there_and_back() -> None:
    plain = to_plain(FULL)
    assert plain["layers"] == [3, 4]
    assert options_from(Options, plain, "model") == FULL
    assert from_plain([[1, [2]], 3]) == ((1, (2,)), 3)


def test_defaults_and_whole_numbers_where_numbers_are_asked_for() -> None:
    made = options_from(Options, {"layers": [], "rate": 2, "floor": 1}, "model")
    assert made == Options((), 2.0, floor=1.0)
    assert (type(made.rate), type(made.floor)) == (float, float)
    assert options_from(Options, {"layers": (), "floor": None}, "model").floor is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"rate": "fast"}, "model: rate: expected number, got 'fast'"),
        ({"rate": True}, "model: rate: expected number, got True"),
        ({"count": 1.0}, "model: count: expected whole number, got 1.0"),
        ({"count": True}, "model: count: expected whole number, got True"),
        ({"count": None}, "model: count: expected whole number, got None"),
        ({"window": "all"}, "model: window: expected whole number or nothing, got 'all'"),
        ({"direct": 1}, "model: direct: expected true or false, got 1"),
        ({"kind": "firm"}, "model: kind: expected one of hard, soft, got 'firm'"),
        ({"layers": 500}, "model: layers: expected a list of whole numbers, got 500"),
        ({"layers": [500, "x"]}, "model: layers: expected a list of whole numbers, got (500, 'x')"),
        ({"pair": (1, "a", "b")}, "model: pair: expected"),
    ],
)
def test_wrong_types(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as caught:
        options_from(Options, {"layers": (), **given}, "model")
    assert str(caught.value).startswith(told)


def test_unknown_and_missing_names() -> None:
    with pytest.raises(InputError, match=r"model: no option 'kid'.*Did you mean \"kind\"\?"):
        options_from(Options, {"layers": (), "kid": "soft"}, "model")
    with pytest.raises(InputError, match="model: expected a value for layers, got none"):
        options_from(Options, {}, "model")


def test_a_value_that_fits_is_handed_back() -> None:
    assert check_option(3, int, "n") == 3
    assert check_option((1, 2), tuple[int, ...], "n") == (1, 2)
