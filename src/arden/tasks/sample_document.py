"""Sample documents: texts and sounds longer than the windows that a model was fitted to."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.core.draw import Source, draw, uniform_noise
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.tasks.sample import draw_rows

__all__ = ["sample_document"]


@torch.no_grad()
def sample_document(
    model: AutoregressiveModel | Mixture,
    num_samples: int,
    length: int,
    stride: int,
    *,
    seed: int | None = None,
    generator: Source | None = None,
    context: Tensor | None = None,
) -> Tensor:
    """n, L, S, (n, C) -> (n, L): independent documents of L symbols, drawn window by window.

    The first window is drawn whole, every next one has S new symbols given the W − S before them:
    documents so come from the very distribution that they are scored under in windows ``stride``
    apart (`arden.data.windows`). With ``seed`` the draws are a function of it; the first ones do
    not depend on how many are asked for.

    Raises:
        InputError: events that are no windows, an order that does not go through them from first to
            last, a mixture, n or L < 1, a stride that is not in 1 … W / 2; and as `sample` does.

    >>> import arden
    >>> model = arden.fit("markov", [[0, 1, 1, 0]] * 20, homogeneous=True, progress=False)
    >>> sample_document(model, 2, 11, stride=2, seed=0).shape
    torch.Size([2, 11])
    """
    if isinstance(model, Mixture):
        raise InputError("length: a mixture draws windows only; expected none")
    if len(model.event_shape) != 1:
        raise InputError(f"length: expected a model of windows (W,), got {model.event_shape}")
    [window] = model.event_shape
    if not torch.equal(model.dims(1, window).cpu(), torch.arange(window)):
        raise InputError(
            "length: expected a model that reads its window from first to last; "
            f"{model.ordering} cannot go on where a window ends"
        )
    if length < 1:
        raise InputError(f"length: expected at least 1, got {length}")
    if not 1 <= stride <= window // 2:
        raise InputError(f"stride: expected 1 to half the window of {window}, got {stride}")
    later = -(-max(length - window, 0) // stride)  # windows after the first
    uniforms = model.conditional.num_noise
    places = torch.arange(window, device=model.device)

    def some_rows(rows: int, source: Source, some: Tensor | None) -> Tensor:
        noise = uniform_noise(source, (rows, window + later * stride, uniforms))
        drawn = draw(model, noise[:, :window], context=some)
        known = (places < window - stride).expand(rows, -1)
        for end in range(window + stride, noise.shape[1] + 1, stride):
            given = torch.nn.functional.pad(drawn[:, stride - window :], (0, stride))
            piece = draw(model, noise[:, end - window : end], known, given, some)
            drawn = torch.cat([drawn, piece[:, window - stride :]], dim=1)
        return drawn[:, :length].cpu()

    total = (window + later * stride) * uniforms
    return torch.cat(draw_rows(model, num_samples, total, some_rows, seed, generator, context))
