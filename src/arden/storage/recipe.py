"""How a model is built, as a plain dictionary and back: names from catalogues, and options."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from torch import nn

from arden.conditionals import CONDITIONALS
from arden.core.conditional import Conditional
from arden.core.latent import AnyModel, LatentModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel, spec_for
from arden.core.ordering import Ordering
from arden.errors import InputError, suggestion
from arden.latent import LATENTS
from arden.networks import NETWORKS
from arden.orderings import ORDERINGS
from arden.storage.plain import options_from, to_plain

__all__ = ["NO_CLASSES", "OwnClasses", "build", "describe", "find_class"]

OwnClasses = Mapping[str, type]
"""A user's own classes by name: a name outside the catalogues is never imported from a file."""

NO_CLASSES: OwnClasses = MappingProxyType({})


def find_class(
    catalogue: Mapping[str, str], name: object, what: str, own: OwnClasses = NO_CLASSES
) -> type:
    """A catalogue, a name -> the class; only names of the catalogue (or ``own``) are imported.

    Raises:
        InputError: an unknown name.
    """
    if isinstance(name, str) and name in own:
        return own[name]
    if not isinstance(name, str) or name not in catalogue:
        known = sorted([*catalogue, *own])
        raise InputError(
            f"{what}: expected one of {', '.join(known)}, got {name!r}."
            + suggestion(str(name), known)
        )
    module, _, attribute = catalogue[name].partition(":")
    return getattr(import_module(module), attribute)


def describe(model: nn.Module, own: OwnClasses = NO_CLASSES) -> dict[str, Any]:
    """A model -> the plain dictionary that `build` reads.

    Raises:
        InputError: a class that is neither in a catalogue nor in ``own``.
    """
    if isinstance(model, Mixture):
        return {"mixture": [describe(component, own) for component in model.models]}
    if isinstance(model, LatentModel):
        latent = _named(LATENTS, model, model.context_size, "latent", own)
        return {
            "conditional": _describe_part(CONDITIONALS, model.conditional, "conditional", own),
            "latent": latent | {"event_shape": list(model.event_shape)},
        }
    if not isinstance(model, AutoregressiveModel):
        raise InputError(
            "model: expected an AutoregressiveModel, a Mixture or a LatentModel, "
            f"got {type(model).__name__}"
        )
    recipe = {
        "ordering": _describe_part(ORDERINGS, model.ordering, "ordering", own),
        "conditional": _describe_part(CONDITIONALS, model.conditional, "conditional", own),
        "network": _named(NETWORKS, model.network, model.context_size, "network", own),
    }
    counts = {"class_counts": list(model.class_counts)} if model.class_counts else {}
    return recipe | counts


def build(recipe: object, own: OwnClasses = NO_CLASSES) -> AnyModel:
    """The dictionary of `describe` -> a model with fresh weights.

    Raises:
        InputError: an unknown name, a missing or mistyped option.
    """
    recipe = _mapping(recipe, "model")
    if "mixture" in recipe:
        parts = recipe["mixture"]
        if not isinstance(parts, list):
            raise InputError(f"mixture: expected a list of models, got {parts!r}")
        components = [build(part, own) for part in parts]
        return Mixture([c for c in components if isinstance(c, AutoregressiveModel)])
    if "latent" in recipe:
        conditional = _build_part(CONDITIONALS, recipe.get("conditional"), "conditional", own)
        cls, context_size, options = _read_named(LATENTS, recipe["latent"], "latent", own)
        shape = _event_shape(_mapping(recipe["latent"], "latent").get("event_shape"))
        return cls(shape, conditional, context_size, options)
    ordering = _build_part(ORDERINGS, recipe.get("ordering"), "ordering", own)
    conditional = _build_part(CONDITIONALS, recipe.get("conditional"), "conditional", own)
    assert isinstance(ordering, Ordering)
    assert isinstance(conditional, Conditional)
    cls, context_size, options = _read_named(NETWORKS, recipe.get("network"), "network", own)
    network = cls(spec_for(ordering, conditional, context_size), options)
    return AutoregressiveModel(ordering, network, conditional, _list(recipe, "class_counts"))


def _named(
    catalogue: Mapping[str, str], part: Any, context_size: int, what: str, own: OwnClasses
) -> dict[str, Any]:
    """A network, or a model through hidden features -> its name and what it was made with."""
    name = _name_of(catalogue, part, what, own)
    if not isinstance(part.options, _options_class(type(part))):
        raise InputError(
            f"options: expected those of {type(part).__name__}'s constructor, "
            f"got {type(part.options).__name__}"
        )
    return {"name": name, "options": to_plain(part.options), "context_size": context_size}


def _read_named(
    catalogue: Mapping[str, str], plain: object, what: str, own: OwnClasses
) -> tuple[type, int, Any]:
    """The dictionary of `_named` -> the class, the context's size, the options."""
    entry = _mapping(plain, what)
    cls = find_class(catalogue, entry.get("name"), what, own)
    context_size = entry.get("context_size", 0)
    if not isinstance(context_size, int) or context_size < 0:
        raise InputError(f"context_size: expected a number ≥ 0, got {context_size!r}")
    given = _mapping(entry.get("options", {}), "options")
    return cls, context_size, options_from(_options_class(cls), given, f"{what} {entry['name']}")


def _list(recipe: Mapping[str, Any], name: str) -> list[Any]:
    """A recipe, the name of a list that may be missing -> the list."""
    found = recipe.get(name, [])
    if not isinstance(found, list):
        raise InputError(f"{name}: expected a list, got {found!r}")
    return found


def _event_shape(sizes: object) -> tuple[int, ...]:
    if not isinstance(sizes, list) or not all(type(size) is int and size > 0 for size in sizes):
        raise InputError(f"event_shape: expected a list of sizes ≥ 1, got {sizes!r}")
    return tuple(sizes)


def _options_class(cls: type) -> type:
    """A network class -> the dataclass its constructor's ``options`` argument is annotated with."""
    options = typing.get_type_hints(cls.__init__).get("options")  # type: ignore[misc]
    if not (isinstance(options, type) and dataclasses.is_dataclass(options)):
        raise InputError(
            f"network: {cls.__name__} cannot be stored; expected its constructor to say "
            "`options: SomeDataclass`, so that they can be read back"
        )
    return options


def _name_of(catalogue: Mapping[str, str], part: object, what: str, own: OwnClasses) -> str:
    for name, cls in own.items():
        if type(part) is cls:
            return name
    path = f"{type(part).__module__}:{type(part).__name__}"
    for name, known in catalogue.items():
        if known == path:
            return name
    raise InputError(
        f"{what}: {type(part).__name__} is not in Arden's catalogue, so its name alone cannot "
        f'rebuild it; pass own={{"a-name": {type(part).__name__}}} when saving and loading'
    )


def _describe_part(
    catalogue: Mapping[str, str], part: Any, what: str, own: OwnClasses
) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": _name_of(catalogue, part, what, own)}
    for field in dataclasses.fields(part):
        plain[field.name] = _describe_field(getattr(part, field.name), own)
    return plain


def _describe_field(value: Any, own: OwnClasses) -> Any:
    if isinstance(value, Conditional):
        return _describe_part(CONDITIONALS, value, "conditional", own)
    if isinstance(value, tuple):
        return [_describe_field(item, own) for item in value]
    return value


def _build_part(
    catalogue: Mapping[str, str], plain: object, what: str, own: OwnClasses
) -> Ordering | Conditional:
    entry = dict(_mapping(plain, what))
    cls = find_class(catalogue, entry.pop("name", None), what, own)
    given = {name: _build_field(value, own) for name, value in entry.items()}
    return options_from(cls, given, what)


def _build_field(value: Any, own: OwnClasses) -> Any:
    if isinstance(value, dict):
        return _build_part(CONDITIONALS, value, "conditional", own)
    if isinstance(value, list):
        return tuple(_build_field(item, own) for item in value)
    return value


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{what}: expected a dictionary, got {value!r}")
    return value
