"""The options of models through hidden features, and what can be asked of them: without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from arden.errors import InputError

__all__ = [
    "AUTOENCODER_REFUSAL",
    "AUTOENCODER_VERBS",
    "VAE_REFUSAL",
    "VAE_VERBS",
    "AutoencoderOptions",
    "VAEOptions",
    "check_sizes",
]

AUTOENCODER_VERBS = ("fit", "represent")
AUTOENCODER_REFUSAL = (
    "an autoencoder has no density: nothing makes its outputs a distribution over x, "
    "neither to evaluate nor to draw from"
)
VAE_VERBS = ("fit", "sample", "represent", "bound")
VAE_REFUSAL = (
    "the ln p(x) of a VAE is an integral over its latent variables, of which only a lower bound "
    "can be computed; ask for `arden bound`"
)


@dataclass(frozen=True)
class AutoencoderOptions:
    """An encoder and a decoder trained to give back what they were shown."""

    latents: int = 32
    """Numbers in the code: the features."""
    hidden: tuple[int, ...] = (256,)
    """Units of each layer between the input and the code; repeat the option for more layers."""
    inner: Literal["linear", "sigmoid", "tanh", "relu"] = "linear"
    """The nonlinearity of those layers; the lecture has none, the code's own is always sigmoid."""


@dataclass(frozen=True)
class VAEOptions:
    """A Gaussian latent vector, a network that decodes it, and one that guesses it back."""

    latents: int = 16
    """Latent variables: the features."""
    hidden: tuple[int, ...] = (256, 128)
    """Units of each layer of the encoder, and in reverse of the decoder; repeat for more layers."""
    activation: Literal["sigmoid", "tanh", "relu"] = "relu"
    """The nonlinearity of those layers."""


def check_sizes(options: AutoencoderOptions | VAEOptions) -> None:
    """Options -> (), or a sentence on a layer without a unit."""
    if options.latents < 1:
        raise InputError(f"latents: expected at least 1, got {options.latents}")
    if any(width < 1 for width in options.hidden):
        raise InputError(f"hidden: expected widths of at least 1, got {options.hidden}")
