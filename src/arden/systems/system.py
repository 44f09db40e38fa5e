"""What a named system is: an entry of the catalogue, all strings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from typing import Any, TypeVar

__all__ = ["DENSITY_VERBS", "EXACT_VERBS", "HIDDEN_VERBS", "NEEDS", "System", "with_defaults"]

T = TypeVar("T")

DENSITY_VERBS = (
    "fit",
    "score",
    "sample",
    "complete",
    "detect",
    "classify",
    "query",
    "verify",
    "compare",
    "ensemble",
)
"""What every exact model answers."""

EXACT_VERBS = (*DENSITY_VERBS, "compress", "decompress")
"""What every exact model of discrete values answers: only those can be coded without loss."""

HIDDEN_VERBS = (*EXACT_VERBS, "represent")
"""What one answers whose network has hidden units to read (`arden.core.network.HiddenNetwork`)."""

NEEDS = {"fixed length": "events of one fixed length", "image": "the raster of an image"}
"""What a system may ask of its data besides the kind of values -> the words for it."""


@dataclass(frozen=True)
class System:
    """One named system.

    ``network`` is a name of the networks' catalogue, or of that of `arden.latent`; ``options`` the
    "module:Class" of its options; ``data`` the kinds of values it takes (discrete, real, mixed),
    ``needs`` what else it asks of them, names of `NEEDS`.
    ``network_options``, ``layout`` and ``training`` are defaults where they depart from
    ``options``, `LayoutOptions` and
    `TrainingOptions`; ``small`` makes an instance to try things on; ``example`` is a data set it is
    at home with. ``formula`` and ``paper`` are shown to its reader. ``verbs`` is what can be asked
    of it, ``refusal`` why the others cannot.
    """

    title: str
    network: str
    options: str
    formula: str
    paper: str
    data: tuple[str, ...] = ("discrete", "real", "mixed")
    needs: tuple[str, ...] = ()
    verbs: tuple[str, ...] = EXACT_VERBS
    refusal: str = ""
    network_options: Mapping[str, Any] = field(default_factory=dict)
    layout: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    small: Mapping[str, Any] = field(default_factory=dict)
    example: str = "digits"


def with_defaults(cls: type[T], defaults: Mapping[str, Any]) -> type[T]:
    """An options dataclass, values by name -> the same options with those defaults instead.

    >>> from arden.training.options import TrainingOptions
    >>> with_defaults(TrainingOptions, {"epochs": 7})().epochs
    7
    """
    if not defaults:
        return cls
    known = {option.name: option.type for option in fields(cls)}  # type: ignore[arg-type]
    changed = [(name, known[name], value) for name, value in defaults.items()]
    made = make_dataclass(cls.__name__, changed, bases=(cls,), frozen=True)
    made.__module__ = cls.__module__  # where its annotations are looked up
    return made
