"""What every test stands on: one thread, reproducible properties, and where real data may lie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from arden.core.dispatch import DRAW_KERNELS, FORWARD_KERNELS
from arden.kernels import without_kernels

# Small tensors gain nothing from threads, and the workers of xdist share the cores.
torch.set_num_threads(1)

# A property is tried on the same examples every time, and a slow machine is not a failure.
settings.register_profile("arden", deadline=None, derandomize=True)
settings.load_profile("arden")


@pytest.fixture(autouse=True, scope="session")
def empty_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """() -> (): no test finds what a developer has downloaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARDEN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def plain_torch() -> Iterator[None]:
    """() -> (): no kernel is found. They have tests of their own; compiling would take seconds."""
    with without_kernels():
        yield


@pytest.fixture
def data_dir() -> Path:
    """() -> the folder of downloaded data sets named by ARDEN_DATA; skips when there is none."""
    folder = os.environ.get("ARDEN_DATA")
    if not folder:
        pytest.skip("ARDEN_DATA is not set: it names the folder of downloaded data sets")
    path = Path(folder)
    if not path.is_dir():
        pytest.skip(f"ARDEN_DATA names no folder: {path}")
    return path


@pytest.fixture
def dispatch() -> Iterator[None]:
    """() -> (): whatever the test registers in the kernel tables is taken back after it."""
    before = [dict(table) for table in (DRAW_KERNELS, FORWARD_KERNELS)]
    yield
    for table, kept in zip((DRAW_KERNELS, FORWARD_KERNELS), before, strict=True):
        table.clear()
        table.update(kept)
