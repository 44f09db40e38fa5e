"""From what is known of the pixels before, and the channels before, to a channel's parameters."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

__all__ = ["ChannelChain"]


class ChannelChain(nn.Module):
    """(…, W), (…, C·F) -> (…, C·P): an exact chain through the C channels of one pixel.

    The parameters of channel c come from W numbers that see whole pixels before, and from the
    features of the channels before c in the same pixel, through one hidden layer of its own. It
    serves any family of conditionals and any number of channels, for it knows only F and P.

    >>> chain = ChannelChain(width=8, features=1, params=2, channels=3, hidden=4)
    >>> chain(torch.zeros(5, 8), torch.zeros(5, 3)).shape
    torch.Size([5, 6])
    """

    def __init__(self, width: int, features: int, params: int, channels: int, hidden: int) -> None:
        super().__init__()
        self.features = features
        self.hidden = nn.ModuleList(
            nn.Linear(width + channel * features, hidden) for channel in range(channels)
        )
        self.output = nn.ModuleList(nn.Linear(hidden, params) for _ in range(channels))

    def forward(self, body: Tensor, features: Tensor) -> Tensor:
        """(…, W), (…, C·F) -> (…, C·P): all channels at once."""
        params = [
            self.at(body, features[..., : channel * self.features], channel)
            for channel in range(len(self.output))
        ]
        return torch.cat(params, dim=-1)

    def at(self, body: Tensor, before: Tensor, channel: int) -> Tensor:
        """(…, W), (…, c·F), c -> (…, P): one channel, given those before it."""
        seen = torch.cat([body, before], dim=-1) if channel else body
        hidden = cast(nn.Linear, self.hidden[channel])(seen)
        return cast(nn.Linear, self.output[channel])(torch.relu(hidden))
