"""One any-order network under several orders: models that share its weights."""

from __future__ import annotations

from itertools import count

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AnyOrderNetwork
from arden.errors import InputError
from arden.orderings.shuffled import Shuffled

__all__ = ["in_orders"]


def in_orders(
    model: AutoregressiveModel | Mixture, orders: int, seed: int = 0
) -> list[AutoregressiveModel]:
    """An any-order model, M -> M models of one network: in its own order first, then shuffled ones.

    These are named by ``seed``, ``seed`` + 1 and so on, its own left out. Every one of them is a
    distribution of its own; a `Mixture` of them is another.

    Raises:
        InputError: fewer than one order, or a model that has one order only.

    >>> from arden.conditionals.bernoulli import Bernoulli
    >>> from arden.core.model import spec_for
    >>> from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
    >>> from arden.orderings.raster import Raster
    >>> spec = spec_for(Raster((2, 2)), Bernoulli())
    >>> network = OrderlessNADE(spec, OrderlessNADEOptions((8,)))
    >>> model = AutoregressiveModel(Raster((2, 2)), network, Bernoulli())
    >>> [member.ordering.order().tolist() for member in in_orders(model, 3)]
    [[0, 1, 2, 3], [3, 2, 1, 0], [0, 3, 2, 1]]
    """
    if orders < 1:
        raise InputError(f"orders: expected at least 1, got {orders}")
    if not isinstance(model, AutoregressiveModel):
        raise InputError(
            f"orders: expected a model with an any-order network, got a {type(model).__name__}"
        )
    if not isinstance(model.network, AnyOrderNetwork):
        raise InputError(
            f"orders: {type(model.network).__name__} has one order, its own; expected a model with "
            "an any-order network"
        )
    shuffled = (Shuffled(model.event_shape, number) for number in count(seed))
    others = (ordering for ordering in shuffled if ordering != model.ordering)
    return [
        model,
        *(
            AutoregressiveModel(next(others), model.network, model.conditional, model.class_counts)
            for _ in range(orders - 1)
        ),
    ]
