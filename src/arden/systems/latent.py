"""Systems set against the exact ones: features, and at most a bound."""

from arden.latent.options import (
    AUTOENCODER_REFUSAL,
    AUTOENCODER_VERBS,
    VAE_REFUSAL,
    VAE_VERBS,
)
from arden.systems.system import System

__all__ = ["LATENT"]

_ONE_GAUSSIAN = {"components": 1, "mixture_weights": "uniform"}

LATENT: dict[str, System] = {
    "autoencoder": System(
        title="Autoencoder",
        network="autoencoder",
        options="arden.latent.options:AutoencoderOptions",
        formula="e(x) = σ(W²(W¹x + b¹) + b²), d(h) = σ(V h + c)",
        paper="Bourlard, Kamp, Auto-association by multilayer perceptrons, 1988",
        needs=("fixed length",),
        verbs=AUTOENCODER_VERBS,
        refusal=AUTOENCODER_REFUSAL,
        layout=_ONE_GAUSSIAN,
        training={"learning_rate": 1e-2},
        small={"latents": 2, "hidden": (5,)},
    ),
    "vae": System(
        title="Variational autoencoder",
        network="vae",
        options="arden.latent.options:VAEOptions",
        formula="p(x) = ∫ N(z; 0, I) p(x | z) dz, q(z | x) = N(μ(x), σ²(x))",
        paper="Kingma, Welling, Auto-encoding variational Bayes, 2014",
        needs=("fixed length",),
        verbs=VAE_VERBS,
        refusal=VAE_REFUSAL,
        layout=_ONE_GAUSSIAN,
        small={"latents": 2, "hidden": (5,)},
    ),
}
