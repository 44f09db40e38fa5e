"""Plain torch here; small files, and runs that were fitted to them once."""

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
    """() -> a folder of small data files: tables of bits and of reals, images, and bad ones."""
    folder = tmp_path_factory.mktemp("files")
    source = np.random.default_rng(0)
    bits = (source.random((60, 3)) < 0.7).astype(int)
    np.savetxt(folder / "bits.csv", bits, "%d", ",", header="a,b,c", comments="")
    reals = source.normal(5.0, 2.0, (60, 2))
    np.savetxt(folder / "reals.csv", reals, "%.4f", ",", header="length,width", comments="")
    np.savez(folder / "images.npz", x=(source.random((60, 4, 4)) < 0.4).astype(np.uint8))
    np.save(folder / "wide.npy", (source.random((60, 25)) < 0.4).astype(np.uint8))
    for name, cells in {
        "text": "a,b,c\n0,1,1\n0,yes,1\n",
        "nan": "a,b,c\n0,1,1\n0,nan,1\n",
        "outside": "a,b,c\n0,1,1\n0,1,2\n",
        "narrow": "a,b\n0,1\n",
        "renamed": "a,b,cc\n0,1,1\n",
        "ragged": "a,b,c\n0,1\n",
        "slip": "a,b,c\n0,1,1\n0,yes,1\n" + "0,1,1\n1,0,1\n" * 9,
        "infinite": "a,b,c\ninf,1,1\n",
        "one": "a,b,c\n0,1,1\n",
        "empty": "",
    }.items():
        (folder / f"{name}.csv").write_text(cells)
    (folder / "prices.xlsx").write_bytes(b"PK")
    return folder


@pytest.fixture(scope="session")
def run(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a run directory: independent bits, fitted to bits.csv. Look, but write nothing."""
    folder = tmp_path_factory.mktemp("runs") / "bits"
    words = ["fit", "independent", str(files / "bits.csv"), "--out", str(folder)]
    with without_kernels(), pytest.raises(SystemExit) as exited:
        main(words)
    assert exited.value.code == 0
    return folder


@pytest.fixture(scope="session")
def picture_run(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a run directory of images. Look, but write nothing."""
    folder = tmp_path_factory.mktemp("runs") / "images"
    words = ["fit", "independent", str(files / "images.npz"), "--out", str(folder)]
    with without_kernels(), pytest.raises(SystemExit) as exited:
        main(words)
    assert exited.value.code == 0
    return folder
