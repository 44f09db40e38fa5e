"""How the loops of this folder are compiled: once per machine, without the GIL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

from arden.kernels._notice import tell_of_compiling

__all__ = ["EXACT", "FUSED", "REORDERED", "inner", "outer"]

EXACT: set[str] = set()
"""Every operation rounded as written, as torch does it."""
FUSED = {"contract"}
"""a·b + c may be one instruction: rounds less, never more."""
REORDERED = {"contract", "nsz", "reassoc"}
"""Sums may also be reordered, without which a dot product cannot be vectorised."""

_HERE = Path(__file__).parent
tell_of_compiling()


# Without "numpy" every division would test for zero, and no loop that holds one is vectorised.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}


def inner(fastmath: set[str]) -> Callable[[Callable[..., Any]], Any]:
    """allowances -> decorator: a function for use in compiled code only, and compiled into it."""
    return njit(fastmath=fastmath, **_OPTIONS)


def outer(function: Callable[..., Any]) -> Any:
    """Decorator: a function that Python calls; compiled at the first call and kept on disk."""
    try:
        kernel = njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # no folder to write to: compile in every process
        return njit(**_OPTIONS)(function)
    _forget_if_older_than_sources(Path(kernel.stats.cache_path), function)
    return kernel


def _forget_if_older_than_sources(folder: Path, function: Callable[..., Any]) -> None:
    """Numba compares its cache with the function's own file only; ours call into one another."""
    changed = max(source.stat().st_mtime for source in _HERE.glob("*.py"))
    module = Path(function.__code__.co_filename).stem
    for index in folder.glob(f"{module}.{function.__name__}-*.nbi"):
        try:
            if index.stat().st_mtime < changed:
                index.unlink()
        except OSError:
            continue  # another process was faster
