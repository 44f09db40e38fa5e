"""Opening several runs that must speak of the same events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arden.cli.runs import open_run
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import Schema
from arden.errors import InputError
from arden.storage.model_files import read_card

__all__ = ["Opened", "notes_on", "open_runs", "protocols_of"]


@dataclass(frozen=True)
class Opened:
    """A run directory, the name it goes by beside the others, and what it holds."""

    run: Path
    name: str
    model: AutoregressiveModel | Mixture
    schema: Schema
    card: dict[str, Any]


def open_runs(
    runs: Sequence[Path], device: str, verb: str, *, one_will_do: bool = False
) -> list[Opened]:
    """M run directories -> each opened, under the name of its folder where that tells them apart.

    Raises:
        InputError: fewer than two, one of them twice, one that does not answer the verb, or runs
            over other events.
        FileError: a folder that holds no model, or one without a schema.
    """
    if len(runs) < 2 and not (runs and one_will_do):
        least = "one" if one_will_do else "two"
        raise InputError(f"runs: expected at least {least}, got {len(runs)}")
    places = [run.resolve() for run in runs]
    for run, place in zip(runs, places, strict=True):
        if places.count(place) > 1:
            raise InputError(f"runs: expected different ones, got {run} more than once")
    distinct = len({place.name for place in places}) == len(places)
    opened = []
    for run, place in zip(runs, places, strict=True):
        model, schema = open_run(run, device, verb)
        name = place.name if distinct else str(run)
        opened.append(Opened(run, name, model, schema, read_card(run)))
        _check_schema(opened[0], opened[-1])
    classes = {each.schema.class_names: each for each in opened if each.model.context_size}
    if len(classes) > 1:
        one, other = list(classes.values())[:2]
        raise InputError(
            f"runs: expected models of the same classes, got {one.run} of "
            f"{', '.join(one.schema.class_names)} and {other.run} of "
            f"{', '.join(other.schema.class_names)}"
        )
    return opened


def protocols_of(opened: Sequence[Opened]) -> list[str]:
    """M runs -> what their cards say of the data they were trained on, each wording once."""
    return list(dict.fromkeys(str(each.card.get("protocol") or "unknown") for each in opened))


def notes_on(opened: Sequence[Opened]) -> list[str]:
    """M runs -> a sentence for whatever makes their figures less comparable than they look."""
    notes = []
    protocols = protocols_of(opened)
    if len(protocols) > 1:
        told = "; ".join(protocols)
        notes.append(
            "The runs were trained under different protocols, so that rows which test one may "
            f"have trained another ({told})"
        )
    told_class = [each.name for each in opened if each.model.context_size]
    if told_class and len(told_class) < len(opened):
        notes.append(
            f"Only {', '.join(told_class)} is told the class of each row: ln p(x | class) is "
            "compared with ln p(x)"
        )
    return notes


def _check_schema(first: Opened, other: Opened) -> None:
    ours, theirs = _events(first.schema), _events(other.schema)
    for what, expected in ours.items():
        if theirs[what] != expected:
            raise InputError(
                f"runs: expected models of the same events, but {first.run} and {other.run} "
                f"differ in {what}: {_told(expected)} and {_told(theirs[what])}"
            )


def _events(schema: Schema) -> dict[str, Any]:
    """A schema -> what two must share before their probabilities have a common scale."""
    return {
        "kind": schema.kind,
        "shape": schema.event_shape if schema.end is None else (),  # strings have any length
        "levels": schema.levels if schema.end is None else schema.num_symbols,
        "columns": tuple(column.name for column in schema.columns),
        "levels of columns": tuple(column.range_in_words for column in schema.columns)
        if schema.by_column
        else (),
        "symbols": schema.symbols,
        "sample rate": schema.sample_rate,
    }


def _told(value: Any) -> str:
    """A value -> words short enough for one sentence; real values have no levels."""
    if isinstance(value, tuple) and value and len(set(value)) == 1:
        value = "real values" if value[0] is None else value[0]
    words = str(value)
    return words if len(words) <= 60 else words[:57] + "…"
