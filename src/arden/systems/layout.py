"""How events are laid out as sequences, and what each scalar's distribution is: the options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["LayoutOptions"]

OrderingName = Literal[
    "raster", "zigzag", "column", "diagonal", "spiral", "hilbert", "shuffled", "given"
]


@dataclass(frozen=True)
class LayoutOptions:
    """How an event is laid out as a sequence, and what each scalar's distribution is."""

    ordering: OrderingName = "raster"
    """The order in which the variables are visited; any of them is exact."""
    ordering_seed: int = 0
    """Names a shuffled ordering."""
    steps: tuple[int, ...] = ()
    """A given ordering: every variable's number once, repeating the option."""
    condition: Literal["none", "label"] = "none"
    """Model p(x | class) instead of p(x), for data that come with labels."""
    family: Literal["auto", "softmax", "logistics"] = "auto"
    """Of more than two levels: a softmax over them, or a mixture of discretised logistics."""
    encoding: Literal["auto", "one_hot", "scalar"] = "auto"
    """How a symbol is shown to the network; auto is one-hot for texts, tables, up to 32 symbols."""
    components: int = 10
    """Gaussians of every real variable, or logistics of every whole number."""
    mixture_weights: Literal["learned", "uniform"] = "learned"
    """Of a mixture of Gaussians: its own for every conditional, or 1/K each."""
    scaling: Literal["standard", "quantile"] = "standard"
    """Of real variables: shifted and scaled, or bent until they look Gaussian, Jacobian kept."""
    min_scale: float = 1e-3
    """The least standard deviation of a Gaussian, in units of its variable's own."""
    floor: Literal["recording", "relative"] = "recording"
    """Besides min_scale, half the step at which a variable was recorded; or min_scale alone."""
