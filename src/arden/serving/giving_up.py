"""Work that is given up while it runs: between two steps of a walk, or two passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from arden.core.latent import AnyModel, LatentModel
from arden.core.mixture import Mixture

__all__ = ["GivenUp", "ask_before_every_step"]


class GivenUp(Exception):
    """Nobody waits for the result any more."""


def ask_before_every_step(model: AnyModel, is_given_up: Callable[[], bool]) -> None:
    """A model, whether its work is given up -> (): its networks raise `GivenUp` once it is.

    A thread cannot be stopped from outside without leaving something half done, so that the work
    itself must ask. A network is asked once for every step of a walk and for every pass over some
    rows; asking there costs nothing beside them. What a fused kernel does in one call, and what a
    model through hidden features does, is not interrupted: the limit on steps bounds it.

    The networks stay what they are, and are found by kernels and catalogues under their own class:
    only these instances ask.
    """
    if isinstance(model, LatentModel):
        return
    networks = {m.network for m in (model.models if isinstance(model, Mixture) else [model])}
    for network in networks:
        for name in ("step", "forward"):
            setattr(network, name, _asking(getattr(network, name), is_given_up))


def _asking(method: Callable[..., Any], is_given_up: Callable[[], bool]) -> Callable[..., Any]:
    @wraps(method)
    def asking(*args: Any, **kwargs: Any) -> Any:
        if is_given_up():
            raise GivenUp
        return method(*args, **kwargs)

    return asking
