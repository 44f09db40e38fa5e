"""Models whose probabilities are whole numbers, equal on every machine: FVSBN, NADE, MADE.

Rounded to fixed point, a network's sums are whole numbers far below 2⁵³, which float64 adds without
rounding in any order and by any number of threads; what is not a sum is read from a table. The
network's own steps are walked, with whole weights. Files written so are promised to stay readable:
nothing here may change its results.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from arden.coding.frequencies import frequencies_of_weights
from arden.coding.tables import ShortTable
from arden.coding.twins import Twin
from arden.coding.whole_numbers import SUM_BITS, UNIT_BITS, exp_weights, relu, sigmoid, tanh
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.conditional import Conditional, Discrete
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.walker import Step
from arden.errors import InputError
from arden.layers.masked_linear import MaskedLinear
from arden.networks.fvsbn import FVSBN
from arden.networks.made import MADE
from arden.networks.nade import NADE

__all__ = ["portable_twins"]

_WEIGHT_BITS = SUM_BITS - UNIT_BITS
_LARGEST = 2.0**52  # of any sum of sizes, so that every partial sum is exact
_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": relu,
    "sigmoid": sigmoid,
    "tanh": tanh,
}


def portable_twins(model: AutoregressiveModel | Mixture) -> list[Twin]:
    """A model -> for each of its components a twin that computes with whole numbers.

    Raises:
        InputError: a network other than FVSBN, NADE and MADE, values other than bits and levels
            under a softmax, weights so large that sums would not be exact.
    """
    # One by one: components may share weights, which would be scaled again for each of them.
    return [_portable(part) for part in (model.models if isinstance(model, Mixture) else [model])]


@torch.no_grad()
def _portable(model: AutoregressiveModel) -> Twin:
    own = copy.deepcopy(model).cpu().double().eval()
    network, family = own.network, own.conditional
    make_whole = _NETWORKS.get(type(network))
    if make_whole is None:
        raise InputError(
            "portable: expected a network whose sums can be whole numbers (FVSBN, NADE or MADE), "
            f"got {type(network).__name__}"
        )
    shown: Conditional = family
    unit = 1
    if isinstance(family, Categorical) and family.encoding == "scalar":
        unit = max(family.num_symbols - 1, 1)
        shown = _WholeLevels(family)
    elif not isinstance(family, (Bernoulli, Categorical)):
        raise InputError(f"portable: expected bits, or levels under a softmax, got {family}")
    make_whole(network, unit)
    return Twin(AutoregressiveModel(own.ordering, network, shown), _table)


def _table(step: Step) -> ShortTable:
    logits = step.params
    if isinstance(step.family, Bernoulli):
        logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
    return ShortTable(frequencies_of_weights(exp_weights(logits)))


@dataclass(frozen=True)
class _WholeLevels(Discrete):
    """Levels shown to a network as 2k − (K − 1), K − 1 times what `Categorical` shows."""

    family: Categorical

    @property
    def num_symbols(self) -> int:  # type: ignore[override]  # derived, not stored
        return self.family.num_symbols

    @property
    def num_params(self) -> int:
        return self.family.num_params

    @property
    def num_features(self) -> int:
        return self.family.num_features

    def features(self, value: Tensor) -> Tensor:
        return 2.0 * value[..., None].double() - max(self.num_symbols - 1, 1)

    def log_pmf(self, params: Tensor) -> Tensor:
        return self.family.log_pmf(params)

    def log_prob(self, params: Tensor, value: Tensor) -> Tensor:
        return self.family.log_prob(params, value)

    def params_of(self, log_pmf: Tensor) -> Tensor:
        return self.family.params_of(log_pmf)


def _whole(weight: Tensor, bits: int, unit: float = 1.0) -> Tensor:
    """A weight, of which u units make one -> its sizes, now whole numbers in units of 2⁻ᵇ."""
    weight.copy_((weight * 2.0**bits / unit).round())
    return weight.abs()


def _check_sums(largest: Tensor) -> Tensor:
    if not bool((largest <= _LARGEST).all()):
        raise InputError(
            "portable: expected weights whose sums stay below 4 million, got larger ones; "
            "they would not be exact"
        )
    return largest


def _largest_unit(activation: str, largest: Tensor) -> Tensor:
    """The largest size of every unit's sum -> that of the unit."""
    return relu(largest) if activation == "relu" else torch.full_like(largest, 2.0**UNIT_BITS)


def _of_context(context: nn.Module | None, size: int) -> Tensor:
    """What a one-hot class can add to every unit."""
    if context is None:
        return torch.zeros(size, dtype=torch.float64)
    assert isinstance(context, nn.Linear)
    return _whole(context.weight, SUM_BITS).amax(dim=1)


def _fvsbn(network: FVSBN, unit: int) -> None:
    sizes = _whole(network.linear.weight, SUM_BITS, unit).sum(dim=1) * unit
    biases = _whole(network.linear.bias, SUM_BITS)
    _check_sums(sizes + biases + _of_context(network.context, len(biases)))


def _nade(network: NADE, unit: int) -> None:
    name = network.options.activation
    network.activation = _ACTIVATIONS[name]
    sizes = _whole(network.inputs, SUM_BITS, unit).sum(dim=(0, 1)) * unit
    biases = _whole(network.hidden_bias, SUM_BITS)
    sums = _check_sums(sizes + biases + _of_context(network.hidden_context, len(biases)))
    sizes = _whole(network.outputs, _WEIGHT_BITS) @ _largest_unit(name, sums)
    biases = _whole(network.output_bias, SUM_BITS)
    added = _of_context(network.output_context, biases.numel()).reshape(biases.shape)
    _check_sums(sizes + biases + added)


def _made(network: MADE, unit: int) -> None:
    name = network.options.activation
    network.activation = _ACTIVATIONS[name]
    contexts: list[nn.Module | None] = list(network.contexts)
    contexts = contexts or [None] * (len(network.layers) + 1)
    bits, units = SUM_BITS, unit
    inputs = [*network.layers, network.output][0].weight.shape[1]
    below = torch.full((inputs,), float(unit), dtype=torch.float64)
    for layer, context in zip([*network.layers, network.output], contexts, strict=True):
        assert isinstance(layer, MaskedLinear)
        sizes = _whole(layer.weight, bits, units) @ below
        biases = _whole(layer.bias, SUM_BITS)
        sums = sizes + biases + _of_context(context, len(biases))
        if layer is network.output and network.direct is not None:
            sums = sums + _whole(network.direct.weight, SUM_BITS, unit).sum(dim=1) * unit
        below = _largest_unit(name, _check_sums(sums))
        bits, units = _WEIGHT_BITS, 1


_NETWORKS: dict[type, Callable[[Any, int], None]] = {FVSBN: _fvsbn, NADE: _nade, MADE: _made}
