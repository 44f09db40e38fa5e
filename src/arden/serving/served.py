"""A model that is served: what it is called, how its rows look, the thread that asks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from arden.core.latent import AnyModel, LatentModel
from arden.core.mixture import Mixture
from arden.data import Schema
from arden.errors import InputError, suggestion
from arden.serving.batching import Batcher
from arden.serving.giving_up import ask_before_every_step
from arden.serving.limits import Limits
from arden.serving.refusal import Refusal
from arden.tasks.detect import Detector
from arden.tasks.verbs import check_verb

__all__ = ["VERBS", "Served", "find"]

VERBS = ("score", "sample", "complete", "detect")
"""What a server is asked; some models answer some of them only."""


@dataclass
class Served:
    """A fitted model and all that a request about it needs.

    The weights are float64: what is answered then does not hang on which requests shared a pass,
    beyond the last digits. ``detector`` is calibrated on normal rows; None where there are none,
    for the reason ``no_detector``.
    """

    name: str
    model: AnyModel
    schema: Schema
    limits: Limits
    detector: Detector | None = None
    no_detector: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    batcher: Batcher = field(init=False)

    def __post_init__(self) -> None:
        self.model.double().eval()
        self.batcher = Batcher(self.name, self.limits)
        ask_before_every_step(self.model, self.batcher.is_given_up)

    @property
    def verbs(self) -> tuple[str, ...]:
        """() -> what it can be asked."""
        if not isinstance(self.model, LatentModel):
            return VERBS
        return tuple(verb for verb in VERBS if verb in self.model.verbs)

    @property
    def has_terms(self) -> bool:
        """() -> whether every variable has a term of its own (not in a mixture of orders)."""
        return not isinstance(self.model, Mixture) or self.model.same_order

    @property
    def end(self) -> int | None:
        """() -> the symbol that ends its events; None where all have one length."""
        return self.schema.end

    def check(self, verb: str) -> None:
        """A verb -> (), or the reason why this model does not answer it."""
        check_verb(verb, self.model)
        if isinstance(self.model, LatentModel) and verb not in self.model.verbs:
            raise InputError(f"{verb}: {self.model.refusal}")

    def context(
        self, number: int, label: str | None = None, labels: Sequence[str] | None = None
    ) -> Tensor | None:
        """n rows, the class of all of them or the class of each -> (n, C) one-hot.

        Raises:
            InputError: classes of a model without them, none where there are, or unknown ones.
        """
        size, names = self.model.context_size, self.schema.class_names
        if not size:
            if label is not None or labels is not None:
                raise InputError("label: this model was not fitted with classes; expected none")
            return None
        if labels is None:
            labels = [] if label is None else [label] * number
        elif label is not None:
            raise InputError("label, labels: expected one of them, got both")
        if len(labels) != number:
            raise InputError(
                f"labels: expected a class for each of {number} rows (or one label for all), "
                f"got {len(labels)}; the classes are {', '.join(names)}"
            )
        for given in labels:
            if given not in names:
                raise InputError(f"labels: expected one of {', '.join(names)}, got {given!r}")
        places = torch.tensor([names.index(given) for given in labels])
        return one_hot(places, size).double()


def find(models: dict[str, Served], name: str | None) -> Served:
    """Served models by name, the name that was asked for -> the model.

    Raises:
        Refusal: 404 for an unknown name; 422 for none where there are several.
    """
    if name is None:
        if len(models) == 1:
            return next(iter(models.values()))
        raise Refusal(422, f"model: expected one of {', '.join(models)}, got none")
    if name not in models:
        hint = suggestion(name, models) or f" Served are {', '.join(models)}."
        raise Refusal(404, f"model: {name!r} is not served here.{hint}")
    return models[name]
