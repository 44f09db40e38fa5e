"""A linear layer some of whose connections do not exist."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

__all__ = ["MaskedLinear", "mask_gradient"]


class _MaskGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, mask: Tensor) -> Tensor:
        ctx.save_for_backward(mask)
        return weight.view_as(weight)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (mask,) = ctx.saved_tensors
        return grads[0] * mask, None


def mask_gradient(weight: Tensor, mask: Tensor) -> Tensor:
    """weight, mask of its shape and dtype -> the weight itself, with zero gradient where masked.

    Masks are 0 and 1 in the weight's dtype: torch multiplies by bools several times as slowly.

    A weight that starts masked stays so under any optimiser that moves along the gradient, its
    moments and decay; the forward pass then costs what a dense layer costs.
    """
    if not torch.is_grad_enabled():
        return weight
    return _MaskGradient.apply(weight, mask)


class MaskedLinear(nn.Module):
    """(…, I) -> (…, O): y = W x + b, with W zero wherever ``mask`` (O, I) is false.

    Normally the weight itself is kept zero there. With ``shared=True`` it is stored whole and
    masked at every use, so that several layers with other masks can hold the same parameter.
    """

    bias: nn.Parameter  # None when built without; who asked for that does not read it
    weight_mask: Tensor
    weight_applied_mask: Tensor

    def __init__(self, mask: Tensor, *, bias: bool = True, shared: bool = False) -> None:
        super().__init__()
        outputs, inputs = mask.shape
        self.shared = shared
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.register_parameter("bias", nn.Parameter(torch.zeros(outputs)) if bias else None)
        # Not stored with the weights: the constructor rebuilds the mask from the options.
        name = "weight_applied_mask" if shared else "weight_mask"
        self.register_buffer(name, mask.to(self.weight.dtype), persistent=False)
        # Scaled by the connections a unit really has, not by the width of the matrix.
        fan_in = mask.sum(dim=1, keepdim=True).clamp(min=1)
        with torch.no_grad():
            self.weight.uniform_(-1, 1).mul_(fan_in.rsqrt())
            if not shared:
                self.weight.mul_(mask)

    def forward(self, x: Tensor) -> Tensor:
        """(…, I) -> (…, O)."""
        return linear(x, self.masked_weight(), self.bias)

    def masked_weight(self) -> Tensor:
        """() -> (O, I): the weight as it is used, zero where there is no connection."""
        if self.shared:
            return self.weight * self.weight_applied_mask
        return mask_gradient(self.weight, self.weight_mask)

    def rows(self, outputs: Tensor | slice) -> Tensor:
        """Output indices -> the rows of the used weight, for computing some units only."""
        if self.shared:
            return self.weight[outputs] * self.weight_applied_mask[outputs]
        return self.weight[outputs]
