"""Fused twins of hot walks and steps: for CPUs where Numba (extra `fast`) is installed, for GPUs
where Triton (extra `gpu`) is; and walks of any network as one CUDA graph, which need torch alone.

Nothing else imports Numba or Triton, and nothing here is needed: every kernel has a plain torch
twin that it is tested against, serves when it declines, and is what `without_kernels` goes back to.
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

_FORWARD = {
    ("NADE", "cpu"): "arden.kernels.nade:params",
    ("NADE", "cuda"): "arden.kernels.gpu_nade:params",
}
_LIKELIHOOD = {("NADE", "Bernoulli", "cpu"): "arden.kernels.nade_likelihood:log_prob"}
_BITS, _SYMBOLS = ("Bernoulli",), ("Bernoulli", "Categorical")
_REALS = ("GaussianMixture", "Mixed", "Standardised")
_WALKS = {
    "gpu_masked_draw": (("FVSBN", "MADE"), _BITS),
    "gpu_nade_draw": (("NADE",), _SYMBOLS),
    "masked_draw": (("FVSBN", "MADE"), (*_SYMBOLS, *_REALS)),
    "nade_draw": (("NADE",), _SYMBOLS),
    "raster_draw": (("DiagonalBiLSTM", "GatedPixelCNN", "PixelCNN", "RowLSTM"), _SYMBOLS),
    "real_nade_draw": (("NADE",), _REALS),
    "recurrent_draw": (("GRU", "LSTM", "RNN"), _SYMBOLS),
    "table_draw": (("Independent", "Markov", "Table"), _SYMBOLS),
    "transformer_draw": (("Transformer",), _SYMBOLS),
    "wavenet_draw": (("WaveNet",), _SYMBOLS),
}
"""A file of this folder -> the networks, and the families, whose whole walk its `draw` is."""
_DRAW = {
    (network, family, "cuda" if file.startswith("gpu_") else "cpu"): f"arden.kernels.{file}:draw"
    for file, (networks, families) in _WALKS.items()
    for network in networks
    for family in families
}
_DRAW[("*", "*", "cuda")] = "arden.kernels.captured_draw:draw"
_NEEDS = {"cpu": "numba", "cuda": "triton"}
"""A kind of device -> the package its kernels are written with."""
_times_off = 0


def register() -> bool:
    """() -> whether kernels for CPUs are in use: puts all there are where `arden.core` looks.

    Those for CPUs if Numba is installed, those for GPUs if Triton is. Safe to call again. Does
    nothing when the environment says ARDEN_KERNELS=0. The packages themselves are imported by the
    first kernel that is called, so a command that needs none does not wait for them.
    """
    if os.environ.get("ARDEN_KERNELS") == "0" or _times_off:
        return False
    from arden.core.dispatch import ANY

    for kernels, paths in _tables():
        for case, path in paths.items():
            if case not in kernels and (case[0] == ANY or _is_installed(_NEEDS[case[-1]])):
                kernels[case] = _loaded_when_called(path)
    return _is_installed("numba")


def _tables() -> list[tuple[dict[Any, Any], dict[Any, str]]]:
    """() -> every table of `arden.core`, and what can stand there."""
    from arden.core.dispatch import DRAW_KERNELS, FORWARD_KERNELS, LIKELIHOOD_KERNELS

    return [
        (FORWARD_KERNELS, _FORWARD),
        (LIKELIHOOD_KERNELS, _LIKELIHOOD),
        (DRAW_KERNELS, _DRAW),
    ]


@cache
def _is_installed(package: str) -> bool:
    return find_spec(package) is not None  # a look through every folder of the path


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
        except (
            ImportError
        ):  # a package that cannot be used with this NumPy or torch says so only now
            return None
        return function(*arguments)

    return kernel
