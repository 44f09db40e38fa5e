"""What can be asked of a model: the one place that refuses, with the reason."""

from __future__ import annotations

from arden.core.latent import AnyModel, LatentModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import CountedNetwork, HiddenNetwork
from arden.errors import InputError

__all__ = ["check_verb", "exact"]

_NOT_OF_EXACT = {
    "bound": "the ln p(x) of an exact model is computed, not bounded; ask for `arden score`",
}


def check_verb(verb: str, model: AnyModel) -> None:
    """A verb, a model -> ().

    Raises:
        InputError: it does not answer, with the reason.
    """
    if isinstance(model, LatentModel):
        if verb not in model.verbs:
            raise InputError(f"{verb}: {model.refusal}")
    elif verb in _NOT_OF_EXACT:
        raise InputError(f"{verb}: {_NOT_OF_EXACT[verb]}")
    elif verb == "represent":
        _check_hidden(model)


def exact(verb: str, model: AnyModel) -> AutoregressiveModel | Mixture:
    """A verb that only exact models answer, a model -> that model, known to be exact.

    Raises:
        InputError: it is a model through hidden features.
    """
    if isinstance(model, LatentModel):
        raise InputError(f"{verb}: {model.refusal}")
    return model


def _check_hidden(model: AutoregressiveModel | Mixture) -> None:
    for member in model.models if isinstance(model, Mixture) else [model]:
        name = type(member.network).__name__
        if isinstance(member.network, CountedNetwork):
            raise InputError(
                f"represent: {name} is a table of counts, without hidden units to read"
            )
        if not isinstance(member.network, HiddenNetwork):
            raise InputError(
                f"represent: {name} has no hidden units to read: its parameters are made from the "
                "values themselves"
            )
