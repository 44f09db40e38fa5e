"""Arden: exact autoregressive probability models p(x) = ∏ p(x_i | x_<i).

Fit one to images, tables, text or sound; then score and sample with it, and prove that the numbers
are right. Everything below is loaded when first used, so that importing the package is instant.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arden.api import (
        as_distribution,
        bound,
        classify,
        compare,
        complete,
        compress,
        decompress,
        detect,
        ensemble,
        fit,
        load,
        load_data,
        log_conditional,
        log_marginal,
        predict,
        query,
        represent,
        sample,
        sample_where,
        save,
        score,
        to_frame,
        verify,
    )
    from arden.core.latent import LatentModel
    from arden.core.mixture import Mixture
    from arden.core.model import AutoregressiveModel
    from arden.errors import ArdenError, FileError, InputError
    from arden.runs.publishing import publish

__version__ = "0.1.0"

__all__ = [
    "ArdenError",
    "AutoregressiveModel",
    "FileError",
    "InputError",
    "LatentModel",
    "Mixture",
    "as_distribution",
    "bound",
    "classify",
    "compare",
    "complete",
    "compress",
    "decompress",
    "detect",
    "ensemble",
    "fit",
    "load",
    "load_data",
    "log_conditional",
    "log_marginal",
    "predict",
    "publish",
    "query",
    "represent",
    "sample",
    "sample_where",
    "save",
    "score",
    "to_frame",
    "verify",
]

_HOMES = {
    "ArdenError": "arden.errors",
    "AutoregressiveModel": "arden.core.model",
    "FileError": "arden.errors",
    "InputError": "arden.errors",
    "LatentModel": "arden.core.latent",
    "Mixture": "arden.core.mixture",
    "publish": "arden.runs.publishing",
}


def __getattr__(name: str) -> Any:
    if name == "estimators":  # a folder of its own, not imported until asked for
        return import_module("arden.estimators")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "arden.api")), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
