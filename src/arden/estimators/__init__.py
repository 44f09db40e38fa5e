"""scikit-learn estimators over Arden's systems: loaded when asked for, as the package itself."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arden.estimators.classifier import ArdenClassifier
    from arden.estimators.density import ArdenDensity
    from arden.estimators.features import ArdenFeatures
    from arden.estimators.imputer import ArdenImputer
    from arden.estimators.outliers import ArdenOutlierDetector

__all__ = [
    "ArdenClassifier",
    "ArdenDensity",
    "ArdenFeatures",
    "ArdenImputer",
    "ArdenOutlierDetector",
]

_HOMES = {
    "ArdenClassifier": "classifier",
    "ArdenDensity": "density",
    "ArdenFeatures": "features",
    "ArdenImputer": "imputer",
    "ArdenOutlierDetector": "outliers",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
