"""What every drawing kernel is given, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.special import ndtri

from arden.core.conditional import Conditional, Discrete
from arden.core.model import AutoregressiveModel

__all__ = ["DrawInputs", "draw_inputs", "features_of_symbols", "of_symbols"]


@dataclass(frozen=True)
class DrawInputs:
    """Shapes: order (T,), noise (B, T), known and given (B, T) or (0, 0), context (B, C) or None.

    ``noise`` is (B, T, 2) of reals, whose second uniform is a standard normal value already.
    ``noise``, ``known`` and ``given`` are in event order, ``dtype`` is the weights'. ``end`` is the
    symbol after which a row has nothing to draw, −1 where there is none. ``drawn`` (B, T), in event
    order too, is to be filled.
    """

    order: np.ndarray
    noise: np.ndarray
    known: np.ndarray
    given: np.ndarray
    context: Tensor | None
    dtype: torch.dtype
    end: int
    drawn: np.ndarray

    def event(self, shape: tuple[int, ...]) -> Tensor:
        """*event -> (B, *event): what was drawn; strings as (B, steps until the last has ended)."""
        if self.end < 0:
            return torch.from_numpy(self.drawn).reshape(-1, *shape)
        going_on = int((self.drawn != self.end).any(axis=0).sum())
        return torch.from_numpy(self.drawn[:, : going_on + 1].copy())


def draw_inputs(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
    strings: bool = False,
    reals: bool = False,
) -> DrawInputs | None:
    """The arguments of `arden.core.draw.draw` -> arrays, or None for a case that is not plain.

    Not plain are weights that are no ordinary CPU tensors of float32 or float64, shapes that do not
    fit and given values outside the support: the generic walk computes or reports them; and events
    without a fixed length, unless ``strings`` says that the kernel heeds the end symbol. ``reals``
    are mixtures of Gaussians.
    """
    batch_size, steps, end = noise.shape[0], model.network.spec.num_steps, model.ordering.end
    uniforms = 2 if reals else 1
    if strings and end is not None and noise.dim() == 3:
        steps = noise.shape[1]
    weights = list(model.network.parameters())
    if (
        not steps
        or (model.ordering.num_steps or steps) != steps
        or noise.shape[-1] != uniforms
        or noise.numel() != batch_size * steps * uniforms
        or not batch_size
        or any(type(weight) not in (Tensor, nn.Parameter) for weight in weights)
        or any(weight.device.type != "cpu" for weight in weights)
        or len({weight.dtype for weight in weights}) != 1
        or weights[0].dtype not in (torch.float32, torch.float64)
    ):
        return None
    dtype = torch.float64 if reals else torch.int64
    nothing = torch.zeros(0, 0)
    is_known, values = nothing.bool(), nothing.to(dtype)
    if known is not None and given is not None:
        if not known.numel() == given.numel() == batch_size * steps or known.dtype != torch.bool:
            return None
        known, given = known.cpu(), given.cpu()
        if reals:
            inside = given.isfinite()
        else:
            assert isinstance(model.conditional, Discrete)
            inside = (given >= 0) & (given < model.conditional.num_symbols)
        if not bool(inside[known].all()):
            return None
        is_known = known.reshape(batch_size, steps).contiguous()
        # Unknown entries may be anything, NaN included.
        numbers = torch.where(known, given, torch.zeros_like(given)).to(dtype)
        values = numbers.reshape(batch_size, steps).contiguous()
    noise = noise.detach().cpu().double().reshape(batch_size, steps, uniforms)
    first = noise[..., 0]
    noise = torch.stack([first, ndtri(noise[..., 1])], dim=2) if reals else first
    return DrawInputs(
        model.dims(batch_size, steps).contiguous().numpy(),
        noise.contiguous().numpy(),
        is_known.numpy(),
        values.numpy(),
        model.check_context(context, batch_size),
        weights[0].dtype,
        -1 if end is None else end,
        np.full((batch_size, steps), end or 0, np.float64 if reals else np.int64),
    )


def features_of_symbols(family: Conditional, dtype: torch.dtype) -> Tensor:
    """A family over K symbols, dtype -> (K, F): what a network is shown of each; only to be read.

    Of few symbols they are kept: making them takes as long as a tenth of a short walk.
    """
    assert isinstance(family, Discrete)
    return (_kept_features if family.num_symbols <= _FEW_SYMBOLS else _features)(family, dtype)


def _features(family: Discrete, dtype: torch.dtype) -> Tensor:
    return family.features(torch.arange(family.num_symbols)).to(dtype).contiguous()


_FEW_SYMBOLS = 256
_kept_features = lru_cache(maxsize=64)(_features)


def of_symbols(family: Discrete, weight: Tensor) -> Tensor:
    """K symbols shown as F features, (N, F) -> (K, N): what each symbol adds to N sums."""
    features = features_of_symbols(family, weight.dtype)
    if torch.equal(features, torch.eye(family.num_symbols, dtype=weight.dtype)):
        return weight.T  # one-hot: a column each, and no product with zeros
    return features @ weight.T
