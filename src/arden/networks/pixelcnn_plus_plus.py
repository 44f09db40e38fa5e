"""PixelCNN++: masked convolutions over the pixels before, a chain through a pixel's channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arden.conditionals.logistic_mixture import LogisticMixture
from arden.core.network import NetworkSpec, ReplayedNetwork
from arden.errors import InputError
from arden.layers.masked_conv import MaskedConv
from arden.networks.options.images import PixelCNNPlusPlusOptions

__all__ = ["PixelCNNPlusPlus", "PixelCNNPlusPlusOptions"]


class PixelCNNPlusPlus(ReplayedNetwork):
    """Mixtures of logistics per pixel, made an exact chain of scalars.

    The convolutions see whole pixels before the current one and give it M components: a weight,
    and for every channel a mean, a scale and coefficients on the channels before it. The paper
    writes one mixture over a pixel's channels, Σ_m π_m p_m(r) p_m(g | r) p_m(b | r, g). Scalar by
    scalar that is a mixture whose weights are updated by what was seen:
    p(g | r) = Σ_m π_m(r) p_m(g | r) with π_m(r) ∝ π_m p_m(r). (van den Oord, Kalchbrenner,
    Kavukcuoglu, "Pixel recurrent neural networks", 2016; Salimans et al., "PixelCNN++", 2017.)
    """

    def __init__(self, spec: NetworkSpec, options: PixelCNNPlusPlusOptions) -> None:
        super().__init__(spec, options)
        if spec.grid is None:
            raise InputError("ordering: a PixelCNN++ needs the raster of an image, flipped or not")
        if spec.num_symbols is None or spec.num_params % 3 or spec.num_features != 1:
            raise InputError("conditional: a PixelCNN++ needs a mixture of logistics")
        if options.kernel < 1 or options.kernel % 2 == 0:
            raise InputError(f"kernel: expected an odd width, got {options.kernel}")
        if options.channels < 1 or options.blocks < 0:
            raise InputError(
                "channels, blocks: expected at least 1 and 0, "
                f"got {options.channels} and {options.blocks}"
            )
        self.family = LogisticMixture(spec.num_symbols, spec.num_params // 3)
        channels = spec.grid[2]
        components = self.family.components
        width = options.channels
        # One more input plane marks the inside of the image: zero padding is not a black pixel.
        self.first = MaskedConv(channels + 1, width, options.kernel, sees_itself=False)
        self.blocks = nn.ModuleList(
            MaskedConv(width, width, 3, sees_itself=True) for _ in range(options.blocks)
        )
        per_component = 1 + 2 * channels + channels * (channels - 1) // 2
        self.output = nn.Conv2d(width, components * per_component, 1)
        self.context = nn.Linear(spec.context_size, width) if spec.context_size else None

    def forward(self, features: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, T, 1), (B, C) -> (B, T, 3M)."""
        assert self.spec.grid is not None
        batch_size = features.shape[0]
        height, width, channels = self.spec.grid
        pixels = features.reshape(batch_size, height, width, channels)
        x = pixels.permute(0, 3, 1, 2)
        x = self.first(torch.cat([x, torch.ones_like(x[:, :1])], dim=1))
        if self.context is not None:
            x = x + self.context(context)[:, :, None, None]
        for block in self.blocks:
            x = x + block(torch.relu(x))
        head = self.output(torch.relu(x)).permute(0, 2, 3, 1)
        head = head.unflatten(-1, (-1, self.family.components))
        return self._chain(head, pixels).flatten(1, 3)

    def _chain(self, head: Tensor, pixels: Tensor) -> Tensor:
        """(B, H, W, 1 + 2C + …, M), (B, H, W, C) -> (B, H, W, C, 3M)."""
        channels = pixels.shape[-1]
        levels = ((pixels + 1) * (0.5 * (self.family.num_symbols - 1))).round()
        weights = head[..., 0, :]
        means, log_scales = head[..., 1 : 1 + 2 * channels, :].split(channels, dim=-2)
        coefficients = head[..., 1 + 2 * channels :, :].tanh()
        scalars, used = [], 0
        for channel in range(channels):
            mean = means[..., channel, :]
            for before in range(channel):
                mean = mean + coefficients[..., used, :] * pixels[..., before, None]
                used += 1
            log_scale = log_scales[..., channel, :]
            scalars.append(torch.cat([weights, mean, log_scale], dim=-1))
            seen = self.family.component_log_prob(mean, log_scale, levels[..., channel])
            weights = weights + seen
        return torch.stack(scalars, dim=-2)

    def promised(self, num_steps: int) -> Tensor:
        """T -> (T, T) bool: what the stacked kernels reach inside the image, and the channels.

        Above and to the right of a pixel there is a wedge they never reach: the blind spot.
        """
        assert self.spec.grid is not None
        height, width, channels = self.spec.grid
        ys, xs = torch.arange(height), torch.arange(width)
        y, x = (axis.flatten() for axis in torch.meshgrid(ys, xs, indexing="ij"))
        down, right = y[None] - y[:, None], x[None] - x[:, None]  # [to, from]: where it looks

        def looks(kernel: int, sees_itself: bool) -> Tensor:
            reach = kernel // 2
            near = (down.abs() <= reach) & (right.abs() <= reach)
            return near & ((down < 0) | ((down == 0) & (right < sees_itself)))

        reached = torch.eye(height * width, dtype=torch.bool)
        step = looks(3, True) | reached
        for _ in self.blocks:
            reached = (reached.float() @ step.float()) > 0
        reached = (reached.float() @ looks(self.options.kernel, False).float()) > 0
        scalars = reached.repeat_interleave(channels, 0).repeat_interleave(channels, 1)
        same_pixel = torch.block_diag(*[torch.ones(channels, channels)] * (height * width)).bool()
        return scalars | (same_pixel & torch.ones_like(same_pixel).tril(-1))
