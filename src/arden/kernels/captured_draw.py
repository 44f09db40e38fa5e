"""Whole walks of any network as one CUDA graph: no step waits for Python to launch it.

A step of a small network is some ten kernels that take a few microseconds each, and asking for them
takes longer than running them. A walk over events of a fixed length asks for the same ones every
time, so the generic walk itself is recorded, all its steps, and played again with other uniforms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from arden.core.draw import generic_draw
from arden.core.model import AutoregressiveModel

__all__ = ["Captured", "draw", "waits"]

_MOST_KEPT = 2
"""Walks of one model that are kept: each holds the memory of its whole walk."""

_WAITING = {"_local_scalar_dense", "nonzero", "is_nonzero", "masked_select", "_unique2", "equal"}
"""Operations whose result Python, or a shape, depends on: they cannot be recorded."""

Arguments = tuple[Tensor | None, ...]
"""noise, known, given, context, as `arden.core.draw.draw` takes them."""


class Captured:
    """A recorded walk: the places its arguments are copied to, and where its draws come to lie."""

    def __init__(self, model: AutoregressiveModel, arguments: Arguments) -> None:
        self._places = tuple(None if part is None else part.clone() for part in arguments)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.device(model.device), torch.cuda.graph(self._graph):
            self._drawn = generic_draw(model, *self._places)  # type: ignore[arg-type]

    def __call__(self, arguments: Arguments) -> Tensor:
        """Arguments of the recorded shapes -> draws of their own."""
        for place, argument in zip(self._places, arguments, strict=True):
            if place is not None and argument is not None:
                place.copy_(argument)
        self._graph.replay()
        return self._drawn.clone()


Walk = Callable[[Arguments], Tensor]
_kept: WeakKeyDictionary[AutoregressiveModel, dict[Any, Walk | None]] = WeakKeyDictionary()
"""A model -> by what was asked for, its recorded walk; None where it is not to be recorded."""
_asked: WeakKeyDictionary[AutoregressiveModel, set[Any]] = WeakKeyDictionary()


@torch.no_grad()
def draw(
    model: AutoregressiveModel,
    noise: Tensor,
    known: Tensor | None,
    given: Tensor | None,
    context: Tensor | None,
    record: Callable[[AutoregressiveModel, Arguments], Walk] = Captured,
) -> Tensor | None:
    """(B, *event, U) uniforms -> (B, *event): the generic walk's draws; None where it is to walk.

    That is, the first time that so many rows are asked for (it may be the only one, and recording
    takes longer than a walk); for strings, whose walk ends when all rows have; and for a network
    that has to look at a value before it knows what to do.
    """
    if model.ordering.num_steps is None or not noise.shape[0]:
        return None
    arguments: Arguments = tuple(
        None if part is None else part.to(model.device) for part in (noise, known, given, context)
    )
    # Weights may be changed in place; those that were moved are others.
    weights = [*model.parameters(), *model.buffers()]
    key = (
        *(None if part is None else (part.shape, part.dtype) for part in arguments),
        *(weight.data_ptr() for weight in weights),
        model.training,
    )
    kept, asked = _kept.setdefault(model, {}), _asked.setdefault(model, set())
    if key not in asked:
        asked.add(key)
        return None
    if key not in kept:
        if len(kept) >= _MOST_KEPT:
            kept.pop(next(iter(kept)))
        kept[key] = _recorded(model, arguments, record)
    walk = kept[key]
    return None if walk is None else walk(arguments)


def _recorded(
    model: AutoregressiveModel,
    arguments: Arguments,
    record: Callable[[AutoregressiveModel, Arguments], Walk],
) -> Walk | None:
    if waits(lambda: generic_draw(model, *arguments)):  # type: ignore[arg-type]
        return None
    try:
        return record(model, arguments)
    except RuntimeError:  # CUDA refuses what it cannot record, or has no memory for it
        return None


class _Watch(TorchDispatchMode):
    """Sees whether any operation needs a value on the side of Python."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any | None = None
    ) -> Any:
        name = func.overloadpacket.__name__
        if name in _WAITING or (name in ("index", "index_put_") and _by_mask(args[1])):
            self.waited = True
        result = func(*args, **(kwargs or {}))
        # A copy between CPU and GPU stands for a wait as well.
        if name in ("_to_copy", "copy_") and isinstance(args[0], Tensor):
            other = args[1] if name == "copy_" else result
            self.waited |= other.device.type != args[0].device.type
        return result


def _by_mask(indices: Any) -> bool:
    return any(index is not None and index.dtype == torch.bool for index in indices)


def waits(call: Callable[[], object]) -> bool:
    """A call -> whether it looks at a value of a tensor to know how to go on."""
    with _Watch() as watch:
        call()
    return watch.waited
