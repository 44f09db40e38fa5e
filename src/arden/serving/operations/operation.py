"""What the operations have in common: what is asked, how it is prepared, how it is answered."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from arden.serving.answer import Answer
from arden.serving.served import Served

__all__ = ["Asked", "Labelled", "Operation", "Prepared", "Seed", "Whole", "new_seed"]

A = TypeVar("A", bound="Asked")
P = TypeVar("P")

_MOST = 2**53  # what JSON can say exactly

Whole = Annotated[int, Field(ge=1, le=_MOST)]
Seed = Annotated[
    int | None,
    Field(
        ge=0,
        lt=_MOST,
        description="The same seed gives the same answer; one is chosen, and told, when not given.",
    ),
]


class Asked(BaseModel):
    """What every request may say."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: str | None = Field(
        None, description="Which of the served models; not needed where there is one."
    )


class Labelled(Asked):
    """What is said of rows that a class-conditional model is asked about."""

    label: str | None = Field(None, description="The class of all rows, of a model with classes.")
    labels: list[str] | None = Field(None, description="The class of each row.")


@dataclass(frozen=True, eq=False)
class Prepared(Generic[P]):
    """A request that can be put together with others of its ``kind``: its part of a pass."""

    kind: tuple[Any, ...]
    rows: int
    payload: P


@dataclass(frozen=True)
class Operation(Generic[A, P]):
    """One endpoint: ``asked`` is what a request may say besides its rows.

    ``prepare`` checks and reads a request, ``together`` answers several of one kind in one pass.
    ``takes_rows`` are the rows it is about: none, whole ones, or ones that may be incomplete.
    """

    name: str
    title: str
    about: str
    asked: type[A]
    answered: type[BaseModel]
    prepare: Callable[[Served, Any, A], Prepared[P]]
    together: Callable[[Served, Sequence[P]], list[Answer]]
    takes_rows: str | None = None


def new_seed(seed: int | None) -> int:
    """The seed that was asked for -> that one, or a new one that nobody can guess."""
    return secrets.randbelow(_MOST) if seed is None else seed
