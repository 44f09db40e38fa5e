"""One mixture of logistics over the channels of a pixel, written as a chain of scalars."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.conditionals.logistic_mixture import LogisticMixture

__all__ = ["LogisticChain"]


class LogisticChain:
    """C channels of K levels, M components -> the parameters of every p(channel | those before).

    A pixel is given M components: a weight, and for every channel a mean, a log scale and
    coefficients on the channels before it. The paper writes one mixture over the pixel,
    Σ_m π_m p_m(r) p_m(g | r) p_m(b | r, g). Scalar by scalar that is a mixture whose weights are
    updated by what was seen: p(g | r) = Σ_m π_m(r) p_m(g | r) with π_m(r) ∝ π_m p_m(r), so a draw
    channel by channel is a draw from it, and each lies on the grid of levels. It holds no weights:
    its ``num_maps`` numbers a pixel, the head, come from a network. (Salimans, Karpathy, Chen,
    Kingma, "PixelCNN++", 2017.)

    >>> LogisticChain(LogisticMixture(256, components=10), channels=3).num_maps
    100
    """

    def __init__(self, family: LogisticMixture, channels: int) -> None:
        self.family, self.channels = family, channels
        coefficients = channels * (channels - 1) // 2
        self.num_maps = family.components * (1 + 2 * channels + coefficients)

    def first_bias(self) -> Tensor:
        """() -> (num_maps,): where a head may start: even weights, means from black to white."""
        head = torch.zeros(self.num_maps).unflatten(0, (-1, self.family.components))
        components = self.family.components
        # As wide as the components are apart: together they cover the levels from the start.
        means = (2 * torch.arange(components) + 1.0) / components - 1
        head[1 : 1 + self.channels] = means
        head[1 + self.channels : 1 + 2 * self.channels] = -torch.tensor(float(components)).log()
        return head.flatten()

    def forward(self, head: Tensor, pixels: Tensor) -> Tensor:
        """(…, num_maps), (…, C) features -> (…, C, 3M): all channels at once."""
        params = [self.first(head)]
        for channel in range(1, self.channels):
            params.append(self.following(head, params[-1], pixels[..., :channel]))
        return torch.stack(params, dim=-2)

    def first(self, head: Tensor) -> Tensor:
        """(…, num_maps) -> (…, 3M) of channel 0."""
        rows = self._rows(head)
        return torch.cat([rows[..., 0, :], rows[..., 1, :], rows[..., 1 + self.channels, :]], -1)

    def following(self, head: Tensor, params: Tensor, before: Tensor) -> Tensor:
        """(…, num_maps), (…, 3M) of channel c − 1, (…, c) features -> (…, 3M) of channel c."""
        rows, channel = self._rows(head), before.shape[-1]
        weights, means, log_scales = params.chunk(3, dim=-1)
        level = ((before[..., -1] + 1) * (0.5 * (self.family.num_symbols - 1))).round()
        weights = weights + self.family.component_log_prob(means, log_scales, level)
        used = 1 + 2 * self.channels + channel * (channel - 1) // 2
        coefficients = rows[..., used : used + channel, :].tanh()
        means = rows[..., 1 + channel, :] + (coefficients * before[..., None]).sum(dim=-2)
        return torch.cat([weights, means, rows[..., 1 + self.channels + channel, :]], dim=-1)

    def _rows(self, head: Tensor) -> Tensor:
        """(…, num_maps) -> (…, num_maps / M, M): weights, means, log scales, coefficients."""
        return head.unflatten(-1, (-1, self.family.components))
