"""Catalogue of models through hidden features: name -> "module:Class", loaded when asked for.

They are set against the exact models: none has a ``log_prob``.
"""

__all__ = ["LATENTS"]

LATENTS: dict[str, str] = {
    "autoencoder": "arden.latent.autoencoder:Autoencoder",
    "vae": "arden.latent.vae:VAE",
}
