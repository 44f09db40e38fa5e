"""A small file of the form of the two real tables' archive; red wine only where h5py is there."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

PARTS = [np.full((2, 11), 10.0 * part) + np.arange(22).reshape(2, 11) / 8 for part in range(10)]
"""The ten parts of the wines: row r, column c of part p is 10 p + (11 r + c) / 8."""
NAMES = ("subject#", "age", "jitter", "twice", "noise")


def parkinsons_rows(count: int = 40) -> np.ndarray:
    """N -> (N, 5): two whole columns, one that a later one repeats, that one, one alone."""
    source = np.random.default_rng(4)
    jitter, noise = source.normal(size=(2, count)).round(3)
    whole = source.integers(1, 90, (2, count))
    return np.stack([*whole, jitter, 2 * jitter + 0.001, noise], axis=1)


def write_real_tables(folder: Path, separator: str = "\t") -> None:
    """A folder -> (): uci_continuous.zip with a table of 40 rows, and 20 wines if h5py is there."""
    lines = [NAMES, *(map(repr, map(float, row)) for row in parkinsons_rows())]
    text = "\n".join(separator.join(cells) for cells in lines) + "\n"
    with zipfile.ZipFile(folder / "uci_continuous.zip", "w") as archive:
        archive.writestr("uci_parkinsons/parkinsons_updrs.data", text)
        wines = _wines()
        if wines is not None:
            archive.writestr("rnade_red_wine/red_wine.hdf5", wines)


def _wines() -> bytes | None:
    try:
        import h5py
    except ImportError:
        return None
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for fold in range(1, 11):
            others = [part for part in range(1, 11) if part != fold]
            file[f"folds/{fold}/tests/1/data"] = PARTS[fold - 1].astype(np.float32)
            for place, part in enumerate(others, 1):
                rows = PARTS[part - 1].astype(np.float32)
                file[f"folds/{fold}/training/{place}/data"] = rows
    return content.getvalue()
