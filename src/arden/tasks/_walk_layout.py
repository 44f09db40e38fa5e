"""What both sides of a coded file must have alike: the model, the walk, its threads."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import nn

import arden
from arden.coding.portable import portable_twins
from arden.coding.twins import Twin, float_twins
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.kernels import without_kernels
from arden.storage.model_files import weights_digest

__all__ = ["made_here", "name_of_model", "twins_of", "walked_alike"]


def twins_of(model: AutoregressiveModel | Mixture, portable: bool) -> list[Twin]:
    """A model, in whole numbers or not -> what its chunks can be coded with."""
    return portable_twins(model) if portable else float_twins(model)


@contextmanager
def walked_alike(threads: int) -> Iterator[None]:
    """A number of threads -> within the block a walk's probabilities are those of the other side.

    Plain torch alone computes them: a kernel that is there on one side only would round otherwise.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with without_kernels(), torch.no_grad():
            yield
    finally:
        torch.set_num_threads(before)


def name_of_model(model: AutoregressiveModel | Mixture) -> bytes:
    """A model -> 16 bytes that name what it is made of and every bit of its weights.

    Options that have their default are left out, so that one which a later version adds does not
    give a model another name.
    """
    told = [
        (_made_of(part.ordering), _made_of(part.conditional), _made_of(part.network))
        for part in (model.models if isinstance(model, Mixture) else [model])
    ]
    together = f"{told} {weights_digest(model.state_dict())}"
    return hashlib.sha256(together.encode()).digest()[:16]


def _made_of(part: Any) -> Any:
    """An ordering, a family, a network -> its class and what it was given."""
    if isinstance(part, nn.Module):
        return type(part).__name__, _made_of(part.options)
    if isinstance(part, tuple):
        return tuple(map(_made_of, part))
    if not is_dataclass(part):
        return part
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    defaults = {field.name: field.default for field in fields(part)}
    given = {name: _made_of(v) for name, v in values.items() if v != defaults[name]}
    return type(part).__name__, sorted(given.items())


def made_here() -> tuple[str, str, str, str]:
    """() -> what the last digits of a walk depend on: Arden, PyTorch, machine, instructions."""
    capability = torch.backends.cpu.get_cpu_capability()
    return arden.__version__, str(torch.__version__), platform.machine(), capability
