"""The scalars of an event side by side, each with as many outputs of a decoder as it takes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from arden.conditionals.mixed import Mixed
from arden.core.conditional import Conditional, Discrete
from arden.errors import InputError

__all__ = ["Columns"]


class Columns(nn.Module):
    """The families of D scalars, and where the outputs of a decoder go in their parameters.

    ``sizes`` says how many outputs each scalar takes, when not all its family has parameters for.
    A decoder thereby has no weights that are never read: families of a table differ in width.
    """

    places: Tensor

    def __init__(
        self, conditional: Conditional, num_variables: int, sizes: Sequence[int] | None = None
    ) -> None:
        super().__init__()
        self.conditional = conditional
        self.families = families_of(conditional, num_variables)
        sizes = sizes or [family.num_params for family in self.families]
        width = conditional.num_params
        places = [d * width + p for d, size in enumerate(sizes) for p in range(size)]
        self.register_buffer("places", torch.tensor(places), persistent=False)

    @property
    def num_outputs(self) -> int:
        """How many numbers a decoder gives."""
        return len(self.places)

    def forward(self, outputs: Tensor) -> Tensor:
        """(…, outputs) -> (…, D, P): the parameters of every scalar; zeros where none is given."""
        before, width = outputs.shape[:-1], self.conditional.num_params
        whole = len(self.families) * width
        if self.num_outputs < whole:
            padded = outputs.new_zeros(*before, whole)
            outputs = padded.index_copy(len(before), self.places, outputs)
        return outputs.reshape(*before, len(self.families), width)

    def expected(self, params: Tensor) -> Tensor:
        """(…, D, P) -> (…, D): the mean of symbols, the middle of reals (a Gaussian's mean)."""
        if not isinstance(self.conditional, Mixed):
            return _middle(self.conditional, params)
        columns = [
            _middle(family, params[..., column, : family.num_params])
            for column, family in enumerate(self.families)
        ]
        return torch.stack([column.double() for column in columns], dim=-1)


def families_of(conditional: Conditional, num_variables: int) -> tuple[Conditional, ...]:
    """A family, D -> that of every scalar.

    Raises:
        InputError: another number of columns than there are scalars.
    """
    if not isinstance(conditional, Mixed):
        return (conditional,) * num_variables
    if len(conditional.families) != num_variables:
        raise InputError(
            f"conditional: expected the families of {num_variables} scalars, "
            f"got {len(conditional.families)}"
        )
    return conditional.families


def _middle(family: Conditional, params: Tensor) -> Tensor:
    if isinstance(family, Discrete):
        return family.mean(params)
    halves = params.new_full((*params.shape[:-1], family.num_noise), 0.5, dtype=torch.float64)
    return family.draw(params.double(), halves)
