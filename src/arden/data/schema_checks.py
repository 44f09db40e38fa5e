"""What the fields of a schema may hold: one sentence for each that does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arden.errors import InputError, suggestion

__all__ = ["check_choice", "check_distinct", "check_keys", "check_positive"]


def check_choice(what: str, value: object, known: tuple[str, ...]) -> None:
    """What a value is called, the value, the known ones -> (); one sentence if it is another."""
    if value not in known:
        raise InputError(
            f"{what} must be one of {', '.join(known)}, got {value!r}."
            + suggestion(str(value), known)
        )


def check_positive(what: str, value: object) -> None:
    """What a value is called, the value -> (); refuses all but whole numbers of at least 1."""
    # bool is an int in Python; a number of levels is not a truth value.
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InputError(f"{what} must be a whole number of at least 1, got {value!r}.")


def check_distinct(what: str, names: Sequence[str]) -> None:
    """What names are of, the names -> (); refuses the first that comes twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f'{what} must have distinct names, got "{name}" twice.')
        seen.add(name)


def check_keys(what: str, saved: object, needed: tuple[str, ...], cls: type) -> None:
    """A dictionary read from JSON, the dataclass it is to make -> (); refuses other keys."""
    known = tuple(cls.__dataclass_fields__)  # type: ignore[attr-defined]
    if not isinstance(saved, Mapping):
        raise InputError(f"{what} must be a dictionary, got {saved!r}.")
    for key in saved:
        if key not in known:
            raise InputError(
                f'{what} has an unknown key "{key}"; known keys are {", ".join(known)}.'
                + suggestion(str(key), known)
            )
    for key in needed:
        if key not in saved:
            raise InputError(f'{what} lacks the key "{key}".')
