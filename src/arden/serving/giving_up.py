"""Work that is given up while it runs: between two tensor operations, never inside one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch.overrides import TorchFunctionMode

__all__ = ["GivenUp", "UnlessGivenUp"]


class GivenUp(Exception):
    """Nobody waits for the result any more."""


class UnlessGivenUp(TorchFunctionMode):
    """Within the block every call of torch in this thread first asks whether to go on.

    Nothing else can stop a walk of many steps in a thread without leaving something half done. A
    fused kernel is one operation: what it may cost is bounded by the limit on steps.

    >>> import torch
    >>> with UnlessGivenUp(lambda: True):
    ...     torch.zeros(2) + 1
    Traceback (most recent call last):
    arden.serving.giving_up.GivenUp
    """

    def __init__(self, is_given_up: Callable[[], bool]) -> None:
        super().__init__()
        self._is_given_up = is_given_up

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if self._is_given_up():
            raise GivenUp
        return func(*args, **(kwargs or {}))
