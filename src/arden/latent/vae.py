"""Variational autoencoder: a distribution over x whose value can only be bounded from below."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.special import ndtri

from arden.core.conditional import Conditional
from arden.core.latent import LatentModel
from arden.latent._columns import Columns
from arden.latent.options import VAE_REFUSAL, VAE_VERBS, VAEOptions, check_sizes
from arden.layers.activation import activation
from arden.layers.perceptron import Perceptron

__all__ = ["VAE", "VAEOptions"]


class VAE(LatentModel):
    """p(x) = ∫ N(z; 0, I) p(x | z) dz, with q(z | x) = N(μ(x), diag σ²(x)) to guess z from x.

    The decoder gives the parameters of the family of every scalar: Bernoulli, categorical, or a
    Gaussian whose scale has the family's floor. (Kingma, Welling, "Auto-encoding variational
    Bayes", 2014.) Noise is an argument: uniforms, whose inverse transform makes z.

    >>> import torch
    >>> from arden.conditionals.bernoulli import Bernoulli
    >>> model = VAE((2, 3), Bernoulli(), 0, VAEOptions(latents=4, hidden=(5,)))
    >>> model.bound(torch.zeros(7, 2, 3), torch.rand(7, 10, 4, dtype=torch.float64)).shape
    torch.Size([7])
    """

    verbs = VAE_VERBS
    refusal = VAE_REFUSAL
    objective = "−ELBO"
    objective_unit = "nats"

    def __init__(
        self,
        event_shape: tuple[int, ...],
        conditional: Conditional,
        context_size: int,
        options: VAEOptions,
    ) -> None:
        super().__init__(event_shape, conditional, context_size, options)
        check_sizes(options)
        self.columns = Columns(conditional, self.num_variables)
        inputs = self.num_variables * conditional.num_features + context_size
        hidden, latents = options.hidden, options.latents
        between = activation(options.activation)
        self.encoder = Perceptron(inputs, hidden, 2 * latents, between)
        self.decoder = Perceptron(
            latents + context_size, hidden[::-1], self.columns.num_outputs, between
        )

    @property
    def num_latents(self) -> int:
        """Z: the latent variables."""
        return self.options.latents

    @property
    def num_noise(self) -> int:
        """How many uniforms one draw of an event takes."""
        return self.num_latents + self.num_variables * self.conditional.num_noise

    def encode(
        self, x: Tensor, context: Tensor | None = None, observed: Tensor | None = None
    ) -> Tensor:
        """(B, *event), (B, C) -> (B, Z): μ(x), the mean of q(z | x)."""
        return self.posterior(x, context, observed)[0]

    def reconstruct(
        self, x: Tensor, context: Tensor | None = None, observed: Tensor | None = None
    ) -> Tensor:
        """(B, *event), (B, C) -> (B, *event): the mean of p(x | z = μ(x)); of bits p(1)."""
        params = self._decode(self.encode(x, context, observed), context)
        return self.columns.expected(params).reshape(x.shape)

    def posterior(
        self, x: Tensor, context: Tensor | None = None, observed: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """(B, *event), (B, C) -> (B, Z) means and (B, Z) log scales of q(z | x)."""
        return self._posterior(*self._given(x, observed), context)

    def elbo(
        self,
        x: Tensor,
        noise: Tensor,
        context: Tensor | None = None,
        observed: Tensor | None = None,
    ) -> Tensor:
        """(B, *event), (B, K, Z) uniforms, (B, C) -> (B,): the evidence lower bound, in nats.

        The mean over K draws of ln p(x | z), less KL(q(z | x) ‖ p(z)), which has a closed form.
        """
        values, known = self._given(x, observed)
        mean, log_scale = self._posterior(values, known, context)
        z = mean[:, None] + log_scale.exp()[:, None] * self._normals(noise)
        return self._given_latents(values, known, z, context).mean(dim=1) - divergence(
            mean, log_scale
        )

    def bound(
        self,
        x: Tensor,
        noise: Tensor,
        context: Tensor | None = None,
        observed: Tensor | None = None,
    ) -> Tensor:
        """(B, *event), (B, K, Z) uniforms, (B, C) -> (B,): the importance-weighted bound, in nats.

        ln (1/K) Σ_k p(x | z_k) p(z_k) / q(z_k | x). Its expectation rises with K, towards ln p(x).
        (Burda, Grosse, Salakhutdinov, "Importance weighted autoencoders", 2016.)
        """
        weights = self.log_weights(x, noise, context, observed)
        return weights.logsumexp(dim=1) - math.log(weights.shape[1])

    def log_weights(
        self,
        x: Tensor,
        noise: Tensor,
        context: Tensor | None = None,
        observed: Tensor | None = None,
    ) -> Tensor:
        """(B, *event), (B, K, Z) uniforms, (B, C) -> (B, K): ln p(x | z_k) p(z_k) / q(z_k | x)."""
        values, known = self._given(x, observed)
        mean, log_scale = self._posterior(values, known, context)
        normals = self._normals(noise)
        z = mean[:, None] + log_scale.exp()[:, None] * normals
        # The constants of the two normal densities cancel.
        of_prior = -0.5 * z.square().sum(dim=-1)
        of_guess = -0.5 * normals.square().sum(dim=-1) - log_scale.sum(dim=-1)[:, None]
        return self._given_latents(values, known, z, context) + of_prior - of_guess

    def draw(self, noise: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, U) uniforms, (B, C) -> (B, *event): z from the prior, then x from p(x | z).

        The inverse transform, a function of its noise alone; U is `num_noise`.
        """
        noise = noise.to(self.device)
        params = self._decode(self._normals(noise[:, : self.num_latents]), context)
        rest = noise[:, self.num_latents :].reshape(len(noise), self.num_variables, -1)
        drawn = self._family().draw(params.double(), rest)
        return drawn.reshape(len(noise), *self.event_shape)

    def _posterior(
        self, values: Tensor, known: Tensor, context: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        guessed = self.encoder(self._shown(values, known, context)).to(self.dtype)
        mean, log_scale = guessed.chunk(2, dim=-1)
        return mean, log_scale

    def _decode(self, z: Tensor, context: Tensor | None) -> Tensor:
        """(B, …, Z), (B, C) -> (B, …, D, P)."""
        return self.columns(self.decoder(self._with_context(z, context)).to(self.dtype))

    def _given_latents(
        self, values: Tensor, known: Tensor, z: Tensor, context: Tensor | None
    ) -> Tensor:
        """(B, D), (B, D), (B, K, Z), (B, C) -> (B, K): ln p(x | z) of what is known."""
        params = self._decode(z, context)
        repeated = values[:, None].expand(params.shape[:-1])
        terms = self._family().log_prob(params, repeated)
        return torch.where(known[:, None], terms, 0.0).sum(dim=-1)

    def _normals(self, noise: Tensor) -> Tensor:
        # In float64 until here: in float32 a uniform may round to 1, where a normal is infinite.
        return ndtri(noise.to(device=self.device, dtype=torch.float64)).to(self.dtype)


def divergence(mean: Tensor, log_scale: Tensor) -> Tensor:
    """(…, Z), (…, Z) -> (…): KL(N(mean, scale²) ‖ N(0, 1)), summed over Z, in nats.

    >>> import torch
    >>> divergence(torch.tensor([2.0]), torch.tensor([0.0]))
    tensor(2.)
    """
    return (0.5 * (mean.square() + (2 * log_scale).exp() - 1) - log_scale).sum(dim=-1)
