"""Fused twins of hot walks and steps, for CPUs, where Numba (extra `fast`) is installed.

Nothing else imports Numba, and nothing here is needed: every kernel has a plain torch twin that it
is tested against, serves when it declines, and is what `without_kernels` goes back to.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["register", "without_kernels"]

_FORWARD = {("NADE", "cpu"): "arden.kernels.nade:params"}
_LIKELIHOOD = {("NADE", "Bernoulli", "cpu"): "arden.kernels.nade_likelihood:log_prob"}
_BITS, _SYMBOLS = ("Bernoulli",), ("Bernoulli", "Categorical")
_WALKS = {
    "masked_draw": (("FVSBN", "MADE"), _BITS),
    "nade_draw": (("NADE",), _SYMBOLS),
    "raster_draw": (("DiagonalBiLSTM", "GatedPixelCNN", "PixelCNN", "RowLSTM"), _SYMBOLS),
    "recurrent_draw": (("GRU", "LSTM", "RNN"), _SYMBOLS),
    "transformer_draw": (("Transformer",), _SYMBOLS),
    "wavenet_draw": (("WaveNet",), _SYMBOLS),
}
"""A file of this folder -> the networks, and the families, whose whole walk its `draw` is."""
_DRAW = {
    (network, family, "cpu"): f"arden.kernels.{file}:draw"
    for file, (networks, families) in _WALKS.items()
    for network in networks
    for family in families
}
_times_off = 0


def register() -> bool:
    """() -> whether kernels are in use: puts them where `arden.core` looks, if Numba is installed.

    Safe to call again. Does nothing when the environment says ARDEN_KERNELS=0. Numba itself is
    imported by the first kernel that is called, so a command that needs none does not wait for it.
    """
    if os.environ.get("ARDEN_KERNELS") == "0" or _times_off or not _is_installed():
        return False
    for kernels, paths in _tables():
        if not paths.keys() <= kernels.keys():
            for case, path in paths.items():
                kernels.setdefault(case, _loaded_when_called(path))
    return True


def _tables() -> list[tuple[dict[Any, Any], dict[Any, str]]]:
    """() -> every table of `arden.core`, and what can stand there."""
    from arden.core.dispatch import DRAW_KERNELS, FORWARD_KERNELS, LIKELIHOOD_KERNELS

    return [
        (FORWARD_KERNELS, _FORWARD),
        (LIKELIHOOD_KERNELS, _LIKELIHOOD),
        (DRAW_KERNELS, _DRAW),
    ]


@cache
def _is_installed() -> bool:
    return find_spec("numba") is not None  # a look through every folder of the path


@contextmanager
def without_kernels() -> Iterator[None]:
    """() -> a context in which plain torch does everything; `register` has no effect inside."""
    global _times_off
    there = [(kernels, dict(kernels)) for kernels, _ in _tables()]
    for kernels, _ in there:
        kernels.clear()
    _times_off += 1
    try:
        yield
    finally:
        _times_off -= 1
        for kernels, before in there:
            kernels.update(before)


def _loaded_when_called(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(":")

    def kernel(*arguments: Any) -> Any:
        import torch  # kernels are called from torch code only: it is there already

        if torch.compiler.is_compiling():  # the plain path is what a compiler can read
            return None
        try:
            function = getattr(import_module(module), name)
        except ImportError:  # a Numba that cannot be used with this NumPy says so only now
            return None
        return function(*arguments)

    return kernel
