"""Represent: the features that a model finds in every event."""

from __future__ import annotations

from torch import Tensor

from arden.core.latent import AnyModel, LatentModel
from arden.tasks.score import check_rows, in_chunks
from arden.tasks.verbs import check_verb

__all__ = ["represent"]


def represent(
    model: AnyModel,
    x: Tensor,
    context: Tensor | None = None,
    observed: Tensor | None = None,
    *,
    batch_size: int | None = None,
) -> Tensor:
    """(N, *event), (N, C) -> (N, Z): the features of every row.

    The code of an autoencoder; the mean of a VAE's q(z | x). With ``observed`` (N, *event) they are
    features of what was observed. ``batch_size`` only bounds memory.

    Raises:
        InputError: a model without an encoder, wrong shapes, values outside the support.

    >>> import arden
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("vae", data, latents=3, epochs=1, progress=False)
    >>> arden.represent(model, data.test.values).shape
    torch.Size([360, 3])
    """
    check_verb("represent", model)
    assert isinstance(model, LatentModel)
    encoder = model
    check_rows(x, context=context, observed=observed)

    def encode(rows: slice) -> Tensor:
        given = None if context is None else context[rows]
        return encoder.encode(x[rows], given, None if observed is None else observed[rows])

    return in_chunks(model, x, encode, batch_size)
