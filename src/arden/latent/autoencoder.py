"""Autoencoder: features good enough to give the input back, and no distribution over it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arden.core.conditional import Conditional, Discrete
from arden.core.latent import LatentModel
from arden.errors import InputError
from arden.latent._columns import Columns, families_of
from arden.latent.options import (
    AUTOENCODER_REFUSAL,
    AUTOENCODER_VERBS,
    AutoencoderOptions,
    check_sizes,
)
from arden.layers.activation import activation
from arden.layers.perceptron import Perceptron

__all__ = ["Autoencoder", "AutoencoderOptions"]


class Autoencoder(LatentModel):
    """e(x) = σ(W²(W¹x + b¹) + b²), d(h) = V h + c; trained so that d(e(x)) says what x was.

    The error is the cross-entropy of bits (under σ(d)) and of symbols (under a softmax over their
    levels), in nats, and the squared error of real values, standardised as their family says. It
    vanishes for a perfect copy of any x whatsoever; that is why it is no −ln p(x).

    Raises:
        InputError: a mixture of several Gaussians for a real value: it has one reconstruction.

    >>> import torch
    >>> from arden.conditionals.bernoulli import Bernoulli
    >>> model = Autoencoder((2, 3), Bernoulli(), 0, AutoencoderOptions(latents=4, hidden=(5,)))
    >>> model.encode(torch.zeros(7, 2, 3)).shape
    torch.Size([7, 4])
    """

    verbs = AUTOENCODER_VERBS
    refusal = AUTOENCODER_REFUSAL
    objective = "reconstruction error"

    def __init__(
        self,
        event_shape: tuple[int, ...],
        conditional: Conditional,
        context_size: int,
        options: AutoencoderOptions,
    ) -> None:
        super().__init__(event_shape, conditional, context_size, options)
        check_sizes(options)
        families = families_of(conditional, self.num_variables)
        real = [family.num_symbols is None for family in families]
        for family, is_real in zip(families, real, strict=True):
            if is_real and family.num_params != 2:
                raise InputError(
                    "conditional: expected one Gaussian for a real value, whose mean is its "
                    f"reconstruction, got {family}; leave components and mixture_weights alone"
                )
        # Of a Gaussian's mean and scale the decoder gives the mean alone.
        sizes = [1 if is_real else f.num_params for f, is_real in zip(families, real, strict=True)]
        self.columns = Columns(conditional, self.num_variables, sizes)
        inputs = self.num_variables * conditional.num_features + context_size
        between = _same if options.inner == "linear" else activation(options.inner)
        self.encoder = Perceptron(inputs, options.hidden, options.latents, between)
        self.decoder = nn.Linear(options.latents + context_size, self.columns.num_outputs)
        self._start()
        self._real, self._discrete = (
            [d for d, is_real in enumerate(real) if is_real == wanted] for wanted in (True, False)
        )

    def _start(self) -> None:
        """Weights of a size that a σ passes on: four times as large before it as elsewhere.

        With torch's smaller ones every code stays near ½ and the decoder learns the mean alone.
        (Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural
        networks", 2010.)
        """
        *before, last = self.encoder.layers
        for layer in before:
            nn.init.xavier_uniform_(layer.get_parameter("weight"))
        nn.init.xavier_uniform_(last.get_parameter("weight"), gain=4)

    @property
    def num_latents(self) -> int:
        """Z: the numbers in the code."""
        return self.options.latents

    @property
    def objective_unit(self) -> str:
        """nats of symbols, squares of standardised reals; the sum of both for mixed columns."""
        units = [("nats", self._discrete), ("squared error", self._real)]
        return " + ".join(unit for unit, columns in units if columns)

    def encode(
        self, x: Tensor, context: Tensor | None = None, observed: Tensor | None = None
    ) -> Tensor:
        """(B, *event), (B, C) -> (B, Z): the code, each number between 0 and 1."""
        return self._code(*self._given(x, observed), context)

    def reconstruct(
        self, x: Tensor, context: Tensor | None = None, observed: Tensor | None = None
    ) -> Tensor:
        """(B, *event), (B, C) -> (B, *event): d(e(x)); of bits their σ, of symbols the mean."""
        params = self._decode(self.encode(x, context, observed), context)
        return self.columns.expected(params).reshape(x.shape)

    def reconstruction_error(
        self, x: Tensor, context: Tensor | None = None, observed: Tensor | None = None
    ) -> Tensor:
        """(B, *event), (B, C) -> (B,): the error of d(e(x)), summed over the observed values."""
        values, known = self._given(x, observed)
        params = self._decode(self._code(values, known, context), context)
        errors = torch.zeros_like(params[..., 0])
        for columns in filter(None, (self._real, self._discrete)):
            dims = torch.tensor(columns, device=values.device)
            family, given, parts = self.conditional.at(dims), values[:, dims], params[:, dims]
            if isinstance(family, Discrete):
                found = -family.log_prob(parts, given)
            else:
                found = (family.features(given)[..., 0] - parts[..., 0]).square()
            errors = errors.index_copy(1, dims, found.to(errors.dtype))
        return torch.where(known, errors, 0.0).sum(dim=1)

    def _code(self, values: Tensor, known: Tensor, context: Tensor | None) -> Tensor:
        return self.encoder(self._shown(values, known, context)).to(self.dtype).sigmoid()

    def _decode(self, code: Tensor, context: Tensor | None) -> Tensor:
        """(B, Z), (B, C) -> (B, D, P)."""
        return self.columns(self.decoder(self._with_context(code, context)).to(self.dtype))


def _same(values: Tensor) -> Tensor:
    return values
