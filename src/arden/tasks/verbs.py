"""What can be asked of a model: the one place that refuses, with the reason."""

from __future__ import annotations

from arden.core.latent import AnyModel, LatentModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError

__all__ = ["check_verb", "exact"]

_NOT_OF_EXACT = {
    "bound": "the ln p(x) of an exact model is computed, not bounded; ask for `arden score`",
    "represent": "an exact model has no encoder to read features from; "
    "expected an autoencoder or a VAE",
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


def exact(verb: str, model: AnyModel) -> AutoregressiveModel | Mixture:
    """A verb that only exact models answer, a model -> that model, known to be exact.

    Raises:
        InputError: it is a model through hidden features.
    """
    if isinstance(model, LatentModel):
        raise InputError(f"{verb}: {model.refusal}")
    return model
