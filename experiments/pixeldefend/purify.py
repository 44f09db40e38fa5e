"""PixelDefend's purification: each pixel moved to what is most probable near it, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from torch import Tensor

    from arden.core.model import AutoregressiveModel
    from arden.core.walker import Step

__all__ = ["purify"]


def purify(model: AutoregressiveModel, x: Tensor, radius: int) -> Tensor:
    """(B, *event) levels, ε_defend -> (B, *event): x* by a greedy walk through the model.

    Each scalar becomes the level of the greatest p(x_i | x*_<i) among those within ``radius`` of
    the one that came. What it is given are the purified values before it: the conditionals are
    refreshed at every step, as in the paper's Algorithm 1 (Song et al., "PixelDefend: leveraging
    generative models to understand and defend against adversarial examples", 2018), and not
    computed once from the attacked image.
    """
    import torch

    from arden.core.conditional import Discrete

    came = x.flatten(1).to(model.device)

    def choose(step: Step) -> Tensor:
        here = came.gather(1, step.dims[:, None]).long()
        log_pmf = cast(Discrete, step.family).log_pmf(step.params.double())
        levels = torch.arange(log_pmf.shape[1], device=log_pmf.device)
        allowed = (levels - here).abs() <= radius
        return torch.where(allowed, log_pmf, -torch.inf).argmax(dim=1)

    with torch.no_grad():
        return model.walk(choose, len(x)).to(x.dtype)
