"""The field's benchmark sets, read from their files in their published splits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from arden.data.dataset import SPLIT_NAMES, Dataset, Split
from arden.data.readers.numpy_file import read_arrays, unpack_bits
from arden.data.schema import Schema
from arden.data.sets.original import Originals, read_originals
from arden.data.sets.places import data_file, file_of, missing
from arden.data.sources import fingerprint
from arden.errors import FileError

__all__ = [
    "load_binarized_mnist",
    "load_binary_table",
    "load_dynamic_mnist",
    "load_grey_images",
]

SIDE = 28
NUM_HELD_OUT = 10_000  # the last training images validate, as in the binarized set
THRESHOLD = 128  # of 255
BRIGHTEST = 255
BINARIZATION_SEEDS = {"train": 0, "valid": 1, "test": 2}
BINARY_SUFFIX = "-binary"
DIGIT_CLASSES = tuple(map(str, range(10)))
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
IDX_NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


def load_grey_images(name: str, data_dir: Path | None = None) -> Dataset:
    """ "mnist", "fashion-mnist" (256 levels) or these with "-binary" -> images (28, 28), labels.

    Validation is the last 10 000 training images. The binary variants are cut at a fixed
    threshold, which is neither of the binarizations used in papers; their protocol says so.
    """
    splits, origin = _grey_splits(name, data_dir)
    binary = name.endswith(BINARY_SUFFIX)
    if binary:
        splits = {
            split: Split((rows.values >= THRESHOLD).to(torch.uint8), rows.labels)
            for split, rows in splits.items()
        }
    values = (
        f"cut at >= {THRESHOLD} of 255 (neither the static nor the dynamic binarization of papers)"
        if binary
        else "grey levels 0..255"
    )
    classes = FASHION_CLASSES if name.startswith("fashion") else DIGIT_CLASSES
    schema = Schema("image", (SIDE, SIDE), 2 if binary else BRIGHTEST + 1, class_names=classes)
    return _dataset(name, origin, schema, splits, values, _published_test())


def load_dynamic_mnist(name: str = "dynamic-mnist", data_dir: Path | None = None) -> Dataset:
    """ "dynamic-mnist" -> binary images (28, 28), labels; a pixel is one with its grey level / 255.

    The training split carries these probabilities as `intensities`: training draws its rows from
    them anew each time, its `values` are only the first draw. Validation and test rows are drawn
    once and for all with fixed seeds, so that figures can be compared.

    Reference: Salakhutdinov and Murray, On the quantitative analysis of deep belief networks, 2008;
    Burda, Grosse and Salakhutdinov, Importance weighted autoencoders, 2016.
    """
    grey, origin = _grey_splits(name, data_dir)
    splits = {}
    for split, rows in grey.items():
        values = torch.from_numpy(_binarized(rows.values.numpy(), BINARIZATION_SEEDS[split]))
        # Only training draws anew: elsewhere they would cost memory and tempt to.
        intensities = rows.values.to(torch.float32) / BRIGHTEST if split == "train" else None
        splits[split] = Split(values, rows.labels, intensities=intensities)
    valid_seed, test_seed = BINARIZATION_SEEDS["valid"], BINARIZATION_SEEDS["test"]
    about = (
        "dynamic binarization (a pixel is 1 with probability level / 255): train drawn anew each "
        f"time it is trained on, valid and test once by numpy default_rng({valid_seed}) and "
        f"default_rng({test_seed}), not comparable with the static binarization"
    )
    schema = Schema("image", (SIDE, SIDE), 2, class_names=DIGIT_CLASSES)
    return _dataset(name, origin, schema, splits, about, _published_test())


def _binarized(pixels: np.ndarray, seed: int) -> np.ndarray:
    """(N, H, W) uint8, a seed -> the same shape of 0 and 1, one with probability level / 255.

    A whole number in 0..254 lies below the level with exactly that probability.

    >>> _binarized(np.array([[[0, 128, 255, 128]]], dtype=np.uint8), seed=0).tolist()
    [[[0, 0, 1, 0]]]
    """
    drawn = np.random.default_rng(seed).integers(0, BRIGHTEST, pixels.shape, dtype=np.uint8)
    return (drawn < pixels).astype(np.uint8)


def _published_test() -> str:
    return f"published test set, valid = the last {NUM_HELD_OUT} training images"


def _grey_splits(name: str, data_dir: Path | None) -> tuple[dict[str, Split], str]:
    """The name of a grey set -> its images of 256 levels by split, and what they were read from."""
    path = file_of(name, data_dir)
    if path is not None:
        arrays = read_arrays(path, tuple(IDX_NAMES))
        origin = _told(path)
    else:
        originals = _originals(name, data_dir)
        arrays = {key: originals.arrays[file] for key, file in IDX_NAMES.items()}
        path, origin = originals.folder, originals.told
    for key in ("x_train", "x_test"):
        _check(path, key, arrays[key], (SIDE, SIDE))
    if len(arrays["x_train"]) <= NUM_HELD_OUT:
        raise FileError(f"{path}: expected more than {NUM_HELD_OUT} rows in x_train.")
    train, valid = slice(None, -NUM_HELD_OUT), slice(-NUM_HELD_OUT, None)
    return {
        "train": _split(arrays["x_train"][train], arrays["y_train"][train]),
        "valid": _split(arrays["x_train"][valid], arrays["y_train"][valid]),
        "test": _split(arrays["x_test"], arrays["y_test"]),
    }, origin


def load_binarized_mnist(name: str = "binarized-mnist", data_dir: Path | None = None) -> Dataset:
    """ "binarized-mnist" -> the static binarization, images (28, 28), no labels."""
    path = file_of(name, data_dir)
    if path is not None:
        packed = read_arrays(path, SPLIT_NAMES)
        arrays = {
            split: unpack_bits(packed[split], SIDE * SIDE, f"{split} in {path}")
            for split in SPLIT_NAMES
        }
        origin = _told(path)
    else:
        originals = _originals(name, data_dir)
        arrays = {split: originals.arrays[f"binarized_mnist_{split}.amat"] for split in SPLIT_NAMES}
        origin = originals.told
    splits = {split: _split(arrays[split], None, SIDE) for split in SPLIT_NAMES}
    values = "static binarization of Salakhutdinov and Murray as distributed by Larochelle"
    schema = Schema("image", (SIDE, SIDE), 2)
    return _dataset(name, origin, schema, splits, values, "published")


def load_binary_table(name: str, data_dir: Path | None = None) -> Dataset:
    """The name of a binary table, such as "nltcs" -> its rows (D,) in the published split."""
    path = data_file(name, data_dir)
    # One file holds nine tables under "nltcs/train" and so on, others hold one under "train".
    prefix = f"{name}/" if path.stem == "binary_tables" else ""
    arrays = read_arrays(path, tuple(prefix + key for key in (*SPLIT_NAMES, "n_vars")))
    num_variables = int(arrays[f"{prefix}n_vars"])
    splits = {
        split: _split(
            unpack_bits(arrays[prefix + split], num_variables, f"{prefix}{split} in {path}")
        )
        for split in SPLIT_NAMES
    }
    schema = Schema("table", (num_variables,), 2)
    about = f"{num_variables} binary columns"
    return _dataset(name, _told(path), schema, splits, about, "published")


def _originals(name: str, data_dir: Path | None) -> Originals:
    found = read_originals(name, data_dir)
    if found is None:
        raise missing(name, data_dir)
    return found


def _told(path: Path) -> str:
    return f"{path.name} ({fingerprint(path)})"


def _split(values: np.ndarray, labels: np.ndarray | None = None, side: int | None = None) -> Split:
    tensor = torch.tensor(values)  # a copy: what was read from a file may be read-only
    if side is not None:
        tensor = tensor.reshape(-1, side, side)
    return Split(tensor, None if labels is None else torch.from_numpy(labels.astype(np.int64)))


def _check(path: Path, key: str, array: np.ndarray, event_shape: tuple[int, ...]) -> None:
    if array.dtype != np.uint8 or array.shape[1:] != event_shape:
        raise FileError(
            f"{path}: expected {key} as uint8 of shape (N, {', '.join(map(str, event_shape))}), "
            f"got {array.dtype} of shape {array.shape}."
        )


def _dataset(
    name: str, origin: str, schema: Schema, splits: dict[str, Split], values: str, how: str
) -> Dataset:
    sizes = "/".join(str(len(splits[split])) for split in SPLIT_NAMES)
    protocol = f"{name}: {origin}, {values}; split {sizes}, {how}."
    return Dataset(name, schema, **splits, protocol=protocol)
