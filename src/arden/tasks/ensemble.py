"""Ensemble: fitted models -> one exact model, the average of their probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.errors import InputError
from arden.tasks.orders import in_orders
from arden.tasks.verbs import check_verb

__all__ = ["ensemble"]


def ensemble(
    models: Sequence[AutoregressiveModel | Mixture] | AutoregressiveModel | Mixture,
    weights: Sequence[float] | None = None,
    *,
    orders: int | None = None,
    seed: int = 0,
) -> Mixture:
    """M models, M weights -> p(x) = Σ_m w_m p_m(x), itself a model of the same events.

    Weights need not sum to one; without them all models count the same. A model that is a mixture
    already is taken apart, its weights multiplied by its own, so that what comes out is always one
    average of single models. The models are shared with it, not copied. It scores and samples in
    any case; what walks step by step (completion, coding) asks that all visit the scalars in one
    order.

    With ``orders`` every model must hold an any-order network and enters under that many orders,
    its own first, then shuffled ones named by ``seed`` (see `in_orders`): the joints, which agree
    only approximately, are averaged into one distribution. (Uria, Murray, Larochelle, "A deep and
    tractable density estimator", 2014, calls it EoNADE.)

    Raises:
        InputError: no model, something else than a model, models of other events, values or
            contexts, weights that are not M non-negative numbers; ``orders`` of a model that has
            one.

    >>> import arden
    >>> from arden.tasks.ensemble import ensemble
    >>> data = arden.load_data("digits")
    >>> models = [arden.fit(name, data, progress=False) for name in ("independent", "markov")]
    >>> both = ensemble(models, weights=[1, 3])
    >>> both.log_weights.exp()
    tensor([0.2500, 0.7500], dtype=torch.float64)
    >>> -arden.score(both, data.test.values).mean()
    tensor(24.2005, dtype=torch.float64)
    """
    models = [models] if isinstance(models, (AutoregressiveModel, Mixture)) else models
    if orders is not None:
        models = [Mixture(in_orders(model, orders, seed)) for model in models]
    given = [1.0] * len(models) if weights is None else [float(weight) for weight in weights]
    usable = all(0 <= weight < math.inf for weight in given) and (not models or sum(given) > 0)
    if len(given) != len(models) or not usable:
        raise InputError(f"weights: expected {len(models)} non-negative numbers, got {given}")
    components: list[AutoregressiveModel] = []
    shares: list[float] = []
    for model, weight in zip(models, given, strict=True):
        check_verb("ensemble", model)
        if isinstance(model, Mixture):
            components += model.models
            shares += (weight * model.log_weights.exp()).tolist()
        elif isinstance(model, AutoregressiveModel):
            components.append(model)
            shares.append(weight)
        else:
            raise InputError(
                "models: expected AutoregressiveModels or Mixtures, "
                f"got {type(model).__name__} among them"
            )
    context_sizes = sorted({model.context_size for model in models})
    if len(context_sizes) > 1:
        raise InputError(
            "models: expected contexts of one size, got sizes "
            f"{' and '.join(map(str, context_sizes))}"
        )
    return Mixture(components, shares)
