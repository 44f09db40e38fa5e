"""What is minimised: a negative log-likelihood per row, a bound on it, or an error."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import cast

import torch
from torch import Generator, Tensor, nn

from arden.core.checks import check_support
from arden.core.draw import uniform_noise
from arden.core.latent import AnyModel, LatentModel
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AnyOrderNetwork, OrderlessNetwork
from arden.errors import InputError
from arden.latent.autoencoder import Autoencoder
from arden.latent.vae import VAE

__all__ = [
    "ELBO",
    "Likelihood",
    "Objective",
    "RandomComponent",
    "RandomMask",
    "RandomOrder",
    "Reconstruction",
    "default_objective",
]


class Objective(nn.Module, ABC):
    """A module around the model, so that whatever wraps modules for training wraps this one.

    Noise is an argument here too: it is drawn for a whole batch, which may then be divided among
    processes, each with its rows and their noise.
    """

    def noise(self, rows: int, length: int, generator: Generator) -> Tensor:
        """B, T -> (B, U): what `forward` needs of chance, row by row; nothing by default."""
        return torch.empty(rows, 0)

    @abstractmethod
    def forward(
        self, x: Tensor, context: Tensor | None, observed: Tensor | None, noise: Tensor
    ) -> Tensor:
        """(B, *event), (B, C), (B, *event), (B, U) -> (B,): what to minimise, in nats per row."""


class Likelihood(Objective):
    """−ln p(x): of an exact model, or of a mixture trained as a whole."""

    def __init__(self, model: AutoregressiveModel | Mixture) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, x: Tensor, context: Tensor | None, observed: Tensor | None, noise: Tensor
    ) -> Tensor:
        """(B, *event), (B, C), (B, *event), (B, U) -> (B,) nats."""
        return -self.model.log_prob(x, context, observed=observed)


class RandomComponent(Objective):
    """−ln p_m(x) of a component drawn anew for every batch: mask (or order) resampling.

    Trains components that share their weights; evaluate the Mixture of them, which is normalised.
    (Germain et al., "MADE", 2015, calls it order- and connectivity-agnostic training.)
    """

    def __init__(self, mixture: Mixture) -> None:
        super().__init__()
        self.mixture = mixture

    def noise(self, rows: int, length: int, generator: Generator) -> Tensor:
        """B, T -> (B, 1): the component of the batch, the same in every row."""
        return torch.randint(len(self.mixture.models), (1,), generator=generator).expand(rows, 1)

    def forward(
        self, x: Tensor, context: Tensor | None, observed: Tensor | None, noise: Tensor
    ) -> Tensor:
        """(B, *event), (B, C), (B, *event), (B, U) -> (B,) nats."""
        return -self.mixture.models[int(noise[0, 0])].log_prob(x, context, observed=observed)


class RandomOrder(Objective):
    """−ln p(x | an order drawn anew for every row): trains an any-order network for all orders.

    What was not observed comes last in the row's order and contributes nothing. (Uria, Murray,
    Larochelle, "A deep and tractable density estimator", 2014.)
    """

    def __init__(self, model: AutoregressiveModel) -> None:
        super().__init__()
        if not isinstance(model.network, AnyOrderNetwork):
            raise InputError(
                "model: random orders need an any-order network, "
                f"got {type(model.network).__name__}"
            )
        self.model = model

    def noise(self, rows: int, length: int, generator: Generator) -> Tensor:
        """B, T -> (B, T): uniforms; sorting them makes an order of every row."""
        return torch.rand(rows, length, generator=generator)

    def forward(
        self, x: Tensor, context: Tensor | None, observed: Tensor | None, noise: Tensor
    ) -> Tensor:
        """(B, *event), (B, C), (B, *event), (B, U) -> (B,) nats."""
        keys = noise.to(x.device)
        if observed is not None:
            keys = keys + (~observed).flatten(1)
        return -self.model.log_prob(x, context, order=keys.argsort(dim=1), observed=observed)


class RandomMask(Objective):
    """−ln p(x | an order drawn anew for every row), estimated without bias from one pass.

    Of the n values observed in a row, the first d − 1 of a random order are shown, d uniform in
    1 … n, and the mean −ln p of the n − d + 1 others is taken n times: each may come next with the
    same chance, and each d stands for one of n terms. What was not observed is neither shown nor
    asked for. (Uria, Murray, Larochelle, "A deep and tractable density estimator", 2014.)
    """

    def __init__(self, model: AutoregressiveModel) -> None:
        super().__init__()
        if not isinstance(model.network, OrderlessNetwork):
            raise InputError(
                f"model: random masks need an orderless network, got {type(model.network).__name__}"
            )
        self.model = model

    def noise(self, rows: int, length: int, generator: Generator) -> Tensor:
        """B, T -> (B, T + 1): uniforms; sorting the first T makes an order, the last chooses d."""
        return torch.rand(rows, length + 1, generator=generator)

    def forward(
        self, x: Tensor, context: Tensor | None, observed: Tensor | None, noise: Tensor
    ) -> Tensor:
        """(B, *event), (B, C), (B, *event), (B, U) -> (B,) nats."""
        model = self.model
        values = x.to(model.device).flatten(1)
        known = torch.ones_like(values, dtype=torch.bool)
        if observed is not None:
            known = observed.to(model.device).flatten(1)
        values = torch.where(known, values, torch.zeros_like(values))
        check_support(model.conditional, values)
        noise = noise.to(model.device)
        places = (noise[:, :-1] + ~known).argsort(dim=1).argsort(dim=1)  # the unknown come last
        total = known.sum(dim=1)
        shown = (noise[:, -1] * total).long().minimum((total - 1).clamp(min=0))
        seen = places < shown[:, None]
        family = model.conditional.at(torch.arange(values.shape[1], device=values.device))
        features = family.features(values).to(model.dtype)
        network = cast(OrderlessNetwork, model.network)
        params = network.given(features, seen, model.check_context(context, len(values)))
        terms = torch.where(known & ~seen, -family.log_prob(params, values), 0.0)
        return terms.sum(dim=1) * (total / (total - shown).clamp(min=1))


class Reconstruction(Objective):
    """The error of an autoencoder's copy of x: cross-entropy of symbols, squares of reals."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, x: Tensor, context: Tensor | None, observed: Tensor | None, noise: Tensor
    ) -> Tensor:
        """(B, *event), (B, C), (B, *event), (B, U) -> (B,) in the unit the model names."""
        return self.model.reconstruction_error(x, context, observed)


class ELBO(Objective):
    """−ELBO(x), which −ln p(x) is at most: by one draw of the latent variables per row.

    Gradients reach the encoder through the draw, z = μ + σ ε. (Kingma, Welling, "Auto-encoding
    variational Bayes", 2014.)
    """

    def __init__(self, model: VAE) -> None:
        super().__init__()
        self.model = model

    def noise(self, rows: int, length: int, generator: Generator) -> Tensor:
        """B, T -> (B, Z) uniforms."""
        return uniform_noise(generator, (rows, self.model.num_latents))

    def forward(
        self, x: Tensor, context: Tensor | None, observed: Tensor | None, noise: Tensor
    ) -> Tensor:
        """(B, *event), (B, C), (B, *event), (B, Z) -> (B,) nats."""
        return -self.model.elbo(x, noise[:, None], context, observed)


def default_objective(model: AnyModel) -> Objective:
    """A model -> what its kind is trained by.

    Of mixtures random components where these share weights, of an orderless network random masks,
    of another any-order network random orders, else the likelihood; of a VAE its bound, of an
    autoencoder its error.
    """
    if isinstance(model, VAE):
        return ELBO(model)
    if isinstance(model, Autoencoder):
        return Reconstruction(model)
    if isinstance(model, LatentModel):
        raise InputError(f"objective: expected one for {type(model).__name__}, got none")
    if isinstance(model, Mixture):
        distinct = len(list(model.parameters()))
        return (
            RandomComponent(model)
            if distinct < sum(len(list(m.parameters())) for m in model.models)
            else Likelihood(model)
        )
    if isinstance(model.network, OrderlessNetwork):
        return RandomMask(model)
    if isinstance(model.network, AnyOrderNetwork):
        return RandomOrder(model)
    return Likelihood(model)
