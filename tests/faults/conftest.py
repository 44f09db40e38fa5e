"""Runs that faults are tried on: fitted once, never written to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from arden.cli import main
from arden.kernels import without_kernels


@pytest.fixture(autouse=True)
def _plain_torch(plain_torch: None) -> None:
    """() -> (): all tests of this folder."""


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a folder with images.npz, sixty of 4 × 4 bits."""
    folder = tmp_path_factory.mktemp("files")
    source = np.random.default_rng(0)
    np.savez(folder / "images.npz", x=(source.random((60, 4, 4)) < 0.4).astype(np.uint8))
    return folder


def _fitted(system: str, files: Path, folder: Path) -> Path:
    words = ["fit", system, files / "images.npz", "--hidden", 4, "--epochs", 1, "--out", folder]
    with without_kernels(), pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    assert left.value.code == 0
    return folder


@pytest.fixture(scope="session")
def run(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> the run directory of a NADE. Look, but write nothing."""
    return _fitted("nade", files, tmp_path_factory.mktemp("runs") / "nade")


@pytest.fixture(scope="session")
def vae_run(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> the run directory of a VAE. Look, but write nothing."""
    return _fitted("vae", files, tmp_path_factory.mktemp("runs") / "vae")
