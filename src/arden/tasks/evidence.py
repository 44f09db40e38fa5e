"""Evidence: what is known of a row, where it stands in a model's order, and ln p of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from arden.conditionals.mixed import Mixed
from arden.core.checks import check_observed, check_shape, check_support
from arden.core.conditional import Conditional
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.core.network import AnyOrderNetwork
from arden.errors import InputError
from arden.orderings.observed_first import observed_first
from arden.tasks.score import check_rows

__all__ = [
    "Evidence",
    "components_of",
    "evidence_of",
    "family_of",
    "is_direct",
    "joint_in_words",
    "log_evidence",
    "order_of",
]

_MOST_NAMED = 3  # joints of an average, told in words


@dataclass(frozen=True, eq=False)
class Evidence:
    """values (R, D), known (R, D) bool, context (R, C) or None: R rows, flat, in event order.

    What is not known holds a value that some event has. Of strings D is the most steps a row may
    have; what follows a known end is not known, for there is nothing.
    """

    values: Tensor
    known: Tensor
    context: Tensor | None

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, chosen: Tensor | slice) -> Evidence:
        """(R',) int64 or bool, or a slice -> the evidence of those rows."""
        context = None if self.context is None else self.context[chosen]
        return Evidence(self.values[chosen], self.known[chosen], context)


def components_of(model: AutoregressiveModel | Mixture) -> list[tuple[AutoregressiveModel, float]]:
    """A model -> its parts, each with ln of its weight; a single model is one part of weight 1."""
    if isinstance(model, AutoregressiveModel):
        return [(model, 0.0)]
    return list(zip(model.models, model.log_weights.tolist(), strict=True))


def evidence_of(
    verb: str,
    model: AutoregressiveModel | Mixture,
    x: Tensor,
    observed: Tensor,
    context: Tensor | None,
    max_steps: int | None = None,
) -> Evidence:
    """(N, *event), (N, *event) bool, (N, C) -> what is known, checked, on the model's device.

    Raises:
        InputError: wrong shapes, a mask that is not boolean, known values outside the support, a
            missing context, strings without room to end in.
    """
    check_rows(x, context=context, observed=observed)
    first, _ = components_of(model)[0]
    check_observed(observed, x)
    if observed.dtype != torch.bool:
        raise InputError(f"observed: expected booleans, got {observed.dtype}")
    if len(x) == 0:
        raise InputError("x: expected at least one row, got none")
    if first.ordering.num_steps is not None:
        check_shape(x, first.event_shape)
        if max_steps is not None:
            raise InputError(
                "max_steps: expected None, because events of this model have one length"
            )
    elif x.dim() != 2:
        raise InputError(f"x: expected shape (N, length), got {tuple(x.shape)}")
    values, known = x.to(first.device).flatten(1), observed.to(first.device).flatten(1)
    end = first.ordering.end
    if end is not None:
        if max_steps is None or max_steps < max(x.shape[1], 1):
            raise InputError(
                f"{verb}: max_steps: expected at least {max(x.shape[1], 1)}, the length of x, "
                f"because strings have no fixed length, got {max_steps}"
            )
        room = (0, max_steps - x.shape[1])
        values = torch.nn.functional.pad(values, room)
        known = torch.nn.functional.pad(known, room)
        ends = known & (values == end)
        known = known & (ends.cumsum(dim=1) - ends.long() == 0)
    filler = 0 if end is None else (end + 1) % (first.conditional.num_symbols or 1)
    values = torch.where(known, values, torch.full_like(values, filler))
    check_support(first.conditional, values)
    return Evidence(values, known, first.check_context(context, len(values)))


def order_of(model: AutoregressiveModel, known: Tensor) -> Tensor | None:
    """(R, D) bool -> (R, D) int64: what is known first, in every row; None where order is fixed."""
    if not isinstance(model.network, AnyOrderNetwork):
        return None
    own = model.dims(len(known), known.shape[1])
    return observed_first(known, own)


def is_direct(model: AutoregressiveModel, known: Tensor) -> Tensor:
    """(R, D) bool -> (R,) bool: whether no known scalar has an unknown one among its predecessors.

    Then the chain rule gives ln p(known) as a sum of terms, and a walk that keeps what is known
    draws the rest from p(rest | known). So it is for every mask where the network is told the
    order, for what comes first in the order of any other network, and for more where a network
    promises to read less than everything before.
    """
    if isinstance(model.network, AnyOrderNetwork):
        return torch.ones(len(known), dtype=torch.bool, device=known.device)
    steps = known[:, model.dims(*known.shape)]
    direct = ~(steps[:, 1:] & ~steps[:, :-1]).any(dim=1)
    if bool(direct.all()) or model.ordering.end is not None:
        return direct  # in a string, whether a later symbol exists at all hangs on those before
    read = model.network.promised(known.shape[1]).to(known.device)
    reads_unknown = (~steps).float() @ read.float().T > 0
    return ~(steps & reads_unknown).any(dim=1)


def log_evidence(model: AutoregressiveModel, evidence: Evidence) -> Tensor:
    """Rows that are direct -> (R,) float64: ln p(known), of the joint in which it comes first."""
    order = order_of(model, evidence.known)
    values = evidence.values.reshape(len(evidence), *_event(model, evidence.values.shape[1]))
    terms = model.log_conditionals(values, evidence.context, order).flatten(1)
    return torch.where(evidence.known, terms, 0.0).double().sum(dim=1)


def family_of(conditional: Conditional, dim: int) -> Conditional:
    """The family of a model, an event index -> the family of that scalar, without padding."""
    if isinstance(conditional, Mixed):
        return conditional.families[dim]
    return conditional.at(torch.tensor([dim]))


def joint_in_words(model: AutoregressiveModel | Mixture) -> str:
    """A model -> which joint distribution its walks that begin with what is observed are of."""
    if isinstance(model, AutoregressiveModel):
        own = _named(model)
        if isinstance(model.network, AnyOrderNetwork):
            return f"the joint that visits the observed first, then the rest, each in {own}"
        return f"the joint in {own}"
    parts = list(dict.fromkeys(joint_in_words(part) for part in model.models))
    told = "; ".join([*parts[:_MOST_NAMED], *(["…"] if len(parts) > _MOST_NAMED else [])])
    return f"the average of {len(model.models)} joints: {told}"


def _named(model: AutoregressiveModel) -> str:
    ordering = model.ordering
    if ordering.end is not None:
        return "the order of the string"
    name = type(ordering).__name__.lower()
    seed = getattr(ordering, "seed", None)
    return f"{name} order" if seed is None else f"{name} order {seed}"


def _event(model: AutoregressiveModel, length: int) -> tuple[int, ...]:
    return model.event_shape if model.ordering.num_steps is not None else (length,)
