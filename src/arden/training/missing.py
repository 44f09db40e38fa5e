"""Rows with missing cells: who can train on them, and who says that it cannot."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from arden.core.latent import AnyModel, LatentModel
from arden.core.mixture import Mixture
from arden.core.observed import direct_rows
from arden.data.dataset import SPLIT_NAMES, Dataset
from arden.errors import InputError

__all__ = ["check_missing", "tellable"]

_MOST_ROWS = 65_536


def check_missing(
    model: AnyModel,
    data: Dataset,
    name: str | None = None,
    splits: Sequence[str] = SPLIT_NAMES,
) -> None:
    """A model, its data, what it is called, which splits are looked at -> ().

    ln p of the known cells of a row is a sum of terms where the unknown ones come last in the
    order, or are not read: of any row for an any-order network, whose orders begin with what is
    known. Nothing is ever filled in, and no missing cell counts as likely or unlikely.

    Raises:
        InputError: rows whose known cells the model cannot tell the probability of by themselves.
    """
    if isinstance(model, LatentModel):
        return  # its objective is a sum over what is observed
    for split_name in splits:
        split = data.split(split_name)
        if split.observed is None:
            continue
        pieces = split.observed.split(_MOST_ROWS)
        count = sum(int((~tellable(model, piece)).sum()) for piece in pieces)
        data.let_go()
        if count:
            first = model.models[0] if isinstance(model, Mixture) else model
            raise InputError(
                f"data: {count:,} of the {len(split):,} {split_name} rows of {data.name} have "
                f"missing cells before known ones, and {name or type(first.network).__name__} "
                "reads every cell before the next; expected whole rows (--complete-rows leaves "
                "the others out), or a system of any order, such as orderless-nade or "
                "any-order-transformer"
            )


def tellable(model: AnyModel, observed: Tensor) -> Tensor:
    """A model, (N, *event) bool -> (N,) bool: whether it can tell ln p of what is observed."""
    known = observed.flatten(1)
    told = torch.ones(len(known), dtype=torch.bool)
    if isinstance(model, LatentModel):
        return told
    for part in model.models if isinstance(model, Mixture) else [model]:
        told &= direct_rows(part, known).cpu()
    return told
