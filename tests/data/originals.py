"""The published files of a small made-up set, in the form of MNIST's, and their catalogue entry."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from arden.data.fetching.downloads import DOWNLOADS, Download, RemoteFile
from arden.data.readers.amat_file import amat_bytes
from arden.data.readers.idx_file import idx_bytes
from arden.data.sets import benchmarks
from arden.data.sets.benchmarks import IDX_NAMES

SIZES = {"train": 10, "valid": 3, "test": 4}


def grey_arrays(seed: int) -> dict[str, np.ndarray]:
    """A seed -> images (10 and 4, 28, 28) and labels by the keys of an .npz."""
    source = np.random.default_rng(seed)
    return {
        "x_train": source.integers(0, 256, (10, 28, 28), dtype=np.uint8),
        "y_train": np.arange(10, dtype=np.uint8),
        "x_test": source.integers(0, 256, (4, 28, 28), dtype=np.uint8),
        "y_test": np.arange(4, dtype=np.uint8),
    }


def bit_arrays(seed: int) -> dict[str, np.ndarray]:
    """A seed -> rows of 784 bits by split."""
    source = np.random.default_rng(seed)
    return {
        split: source.integers(0, 2, (rows, 784), dtype=np.uint8) for split, rows in SIZES.items()
    }


def contents() -> dict[str, dict[str, bytes]]:
    """() -> by download the files of small sets, as they would be published."""
    files = {}
    for seed, name in enumerate(("mnist", "fashion-mnist")):
        arrays = grey_arrays(seed)
        files[name] = {
            f"{file}.gz": gzip.compress(idx_bytes(arrays[key]), mtime=0)
            for key, file in IDX_NAMES.items()
        }
    files["binarized-mnist"] = {
        f"binarized_mnist_{split}.amat": amat_bytes(rows) for split, rows in bit_arrays(2).items()
    }
    return files


def publish(monkeypatch: pytest.MonkeyPatch, mirror: str = "http://127.0.0.1:9/") -> None:
    """The address of a mirror -> (): the catalogue knows the small sets instead of the real ones.

    Nothing answers at the default address: no test may reach for the network.
    """
    monkeypatch.setattr(benchmarks, "NUM_HELD_OUT", SIZES["valid"])
    for name, files in contents().items():
        remotes = []
        for file, content in files.items():
            plain = gzip.decompress(content) if file.endswith(".gz") else content
            remotes.append(RemoteFile(file, hashlib.sha256(plain).hexdigest(), len(plain)))
        monkeypatch.setitem(DOWNLOADS, name, Download((f"{mirror}{name}/",), tuple(remotes)))


def lay_out(folder: Path, name: str, packed: bool | None = None) -> Path:
    """A folder, a download -> its files there: as published, or all gzipped, or none."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in contents()[name].items():
        plain = gzip.decompress(content) if file.endswith(".gz") else content
        bare = file.removesuffix(".gz")
        if packed is None:
            (folder / file).write_bytes(content)
        elif packed:
            (folder / f"{bare}.gz").write_bytes(gzip.compress(plain, compresslevel=1))
        else:
            (folder / bare).write_bytes(plain)
    return folder
