"""Real handwritten digits that come with scikit-learn: the default, no download needed."""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from arden.data.dataset import Dataset, Split
from arden.data.schema import Schema
from arden.data.splits import SPLIT_SEED, permutation

__all__ = ["load_digits"]

THRESHOLD = 8  # of 16: intensities count the inked cells of a 4 x 4 block
SIZES = {"train": 1257, "valid": 180, "test": 360}


def load_digits(name: str = "digits", data_dir: Path | None = None) -> Dataset:
    """ "digits" (binary) or "digits-17" (raw intensities 0..16) -> 1797 images (8, 8), labels.

    Both hold the same images in the same splits; the split is drawn once and for all with
    SPLIT_SEED, so that figures can be compared. `data_dir` is not used: the images are embedded.

    >>> data = load_digits("digits")
    >>> data.schema.num_symbols, len(data.train), len(data.valid), len(data.test)
    (2, 1257, 180, 360)
    """
    intensities, labels = _images()
    binary = name == "digits"
    images = (intensities >= THRESHOLD).astype(np.uint8) if binary else intensities
    bounds = np.cumsum(list(SIZES.values()))[:-1]
    pieces = np.split(permutation(len(images), SPLIT_SEED), bounds)
    splits = {
        split: Split(torch.from_numpy(images[piece]), torch.from_numpy(labels[piece]))
        for split, piece in zip(SIZES, pieces, strict=True)
    }
    classes = tuple(map(str, range(10)))
    schema = Schema("image", (8, 8), 2 if binary else 17, class_names=classes)
    values = f"binary by intensity >= {THRESHOLD} of 16" if binary else "raw intensities 0..16"
    protocol = (
        f"{name}: scikit-learn's 1797 digit images 8 x 8, {values}; split "
        f"{'/'.join(map(str, SIZES.values()))} by numpy default_rng({SPLIT_SEED}).permutation."
    )
    return Dataset(name, schema, **splits, protocol=protocol)


def _images() -> tuple[np.ndarray, np.ndarray]:
    """() -> (1797, 8, 8) uint8 of 0..16, (1797,) int64 classes.

    Read from the file that comes with scikit-learn, without importing it, which would take longer
    than all that a command does besides; where the file lies elsewhere, as scikit-learn reads it.
    """
    found = find_spec("sklearn")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / "datasets" / "data" / "digits.csv.gz"
        if path.is_file():
            with gzip.open(path, "rt", encoding="ascii") as file:
                rows = np.loadtxt(file, delimiter=",", dtype=np.int64)
            return rows[:, :-1].reshape(-1, 8, 8).astype(np.uint8), rows[:, -1].copy()
    from sklearn import datasets

    bunch = datasets.load_digits()
    return bunch.images.astype(np.uint8), bunch.target.astype(np.int64)
