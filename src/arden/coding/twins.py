"""A model as coding needs it: on the CPU, in float64, and a table for every step."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch

from arden.coding.frequencies import frequencies_of_mass
from arden.coding.tables import LONGEST, LongTable, ShortTable, Table
from arden.core.conditional import Discrete
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.walker import Step
from arden.errors import InputError

__all__ = ["Twin", "check_discrete", "float_twins"]


@dataclass(frozen=True)
class Twin:
    """A model that is only walked, and what its parameters say of a step."""

    model: AutoregressiveModel | Mixture
    table: Callable[[Step], Table]

    @property
    def first(self) -> AutoregressiveModel:
        """A model of that order: the components of a mixture that is walked share it."""
        return self.model.models[0] if isinstance(self.model, Mixture) else self.model


def float_twins(model: AutoregressiveModel | Mixture) -> list[Twin]:
    """A model -> what its chunks are coded with: itself, in float64.

    A mixture of several orders has no walk: it gives one twin a component, to choose from.
    """
    own = copy.deepcopy(model).cpu().double().eval()
    whole = isinstance(own, AutoregressiveModel) or own.same_order
    parts = [own] if whole or not isinstance(own, Mixture) else own.models
    return [Twin(part, _table) for part in parts]


def _table(step: Step) -> Table:
    assert isinstance(step.family, Discrete)
    params = step.params.double()
    if step.family.num_symbols > LONGEST:
        return LongTable(step.family, params)
    return ShortTable(frequencies_of_mass(step.family.log_pmf(params)))


def check_discrete(model: AutoregressiveModel | Mixture, verb: str) -> None:
    """A model, what is asked of it -> ().

    Raises:
        InputError: one with a density, naming the first variable that has one.
    """
    for part in model.models if isinstance(model, Mixture) else [model]:
        family = part.conditional
        if part.ordering.num_steps is None or isinstance(family, Discrete):
            continue
        for dim in range(part.ordering.num_steps):
            if not isinstance(family.at(torch.tensor([dim])), Discrete):
                raise InputError(
                    f"{verb}: variable {dim} is real; its density would need infinitely many "
                    "bits to code exactly. Expected a model of symbols or levels: fit one to "
                    "rounded values"
                )
