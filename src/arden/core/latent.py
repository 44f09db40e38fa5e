"""A model through hidden features: the contract of what is set against the exact models."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from arden.core.checks import check_context, check_observed, check_shape, check_support
from arden.core.conditional import Conditional
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError

__all__ = ["AnyModel", "LatentModel"]

_OF_EXACT_MODELS = ("log_prob", "log_conditionals", "params", "begin", "walk")


class LatentModel(nn.Module, ABC):
    """Shapes: events (B, *event) of D scalars, features (B, Z), contexts (B, C).

    ``verbs`` is what can be asked of the model, ``refusal`` why the rest cannot; it never has a
    ``log_prob``. ``objective`` and ``objective_unit`` name what its training minimises. Values
    come in event order, since nothing here visits them one after the other; those that are not
    observed are replaced before anything reads them, and contribute nothing.

    Raises:
        InputError: an event without a scalar.
    """

    verbs: ClassVar[tuple[str, ...]]
    refusal: ClassVar[str]
    objective: ClassVar[str]

    def __init__(
        self,
        event_shape: tuple[int, ...],
        conditional: Conditional,
        context_size: int,
        options: Any,
    ) -> None:
        super().__init__()
        if not event_shape or math.prod(event_shape) < 1:
            raise InputError(
                f"event_shape: expected sizes of at least one scalar, got {tuple(event_shape)}"
            )
        self.event_shape = tuple(event_shape)
        self.conditional = conditional
        self.context_size = context_size
        self.options = options

    @property
    @abstractmethod
    def num_latents(self) -> int:
        """Z: how many numbers the features of one event are."""

    @property
    @abstractmethod
    def objective_unit(self) -> str:
        """The unit of what is minimised."""

    @abstractmethod
    def encode(
        self, x: Tensor, context: Tensor | None = None, observed: Tensor | None = None
    ) -> Tensor:
        """(B, *event), (B, C) -> (B, Z): the features of each event."""

    @abstractmethod
    def reconstruct(
        self, x: Tensor, context: Tensor | None = None, observed: Tensor | None = None
    ) -> Tensor:
        """(B, *event), (B, C) -> (B, *event): what its features say that each event was.

        The mean of symbols, the middle of reals.
        """

    @property
    def num_variables(self) -> int:
        """D: the scalars of an event."""
        return math.prod(self.event_shape)

    @property
    def num_parameters(self) -> int:
        """The number of free parameters."""
        return sum(parameter.numel() for parameter in self.parameters())

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the weights, hence of features and figures."""
        return next(self.parameters()).dtype

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def __getattr__(self, name: str) -> Any:
        if name in _OF_EXACT_MODELS:  # asked of the wrong model: told why, as the verbs tell it
            raise AttributeError(f"{name}: {self.refusal}")
        return super().__getattr__(name)

    def _given(self, x: Tensor, observed: Tensor | None) -> tuple[Tensor, Tensor]:
        """(B, *event), (B, *event) -> (B, D) values, zero where unknown; (B, D) what is known."""
        check_shape(x, self.event_shape)
        values = x.to(self.device).flatten(1)
        known = torch.ones_like(values, dtype=torch.bool)
        if observed is not None:
            check_observed(observed, x)
            known = observed.to(device=self.device, dtype=torch.bool).flatten(1)
        values = torch.where(known, values, torch.zeros_like(values))
        check_support(self.conditional, values)
        return values, known

    def _shown(self, values: Tensor, known: Tensor, context: Tensor | None) -> Tensor:
        """(B, D), (B, D), (B, C) -> (B, D·F + C): what an encoder reads; zeros where unknown."""
        features = self._family().features(values).to(self.dtype)
        features = torch.where(known[..., None], features, torch.zeros_like(features)).flatten(1)
        return self._with_context(features, context)

    def _with_context(self, features: Tensor, context: Tensor | None) -> Tensor:
        """(B, …, n), (B, C) -> (B, …, n + C)."""
        check_context(context, features.shape[0], self.context_size)
        if context is None:
            return features
        told = context.to(device=self.device, dtype=self.dtype)
        told = told.reshape(len(told), *(1,) * (features.dim() - 2), -1)
        return torch.cat([features, told.expand(*features.shape[:-1], -1)], dim=-1)

    def _family(self) -> Conditional:
        """() -> the family of an event's scalars, in event order."""
        return self.conditional.at(torch.arange(self.num_variables, device=self.device))


AnyModel = AutoregressiveModel | Mixture | LatentModel
"""Whatever is fitted, saved and loaded."""
