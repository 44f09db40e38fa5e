"""The field's benchmark sets, read from files in a data directory in their published splits."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch

from arden.data.catalogue import DATASETS
from arden.data.dataset import SPLIT_NAMES, Dataset, Split
from arden.data.numpy_file import read_arrays, unpack_bits
from arden.data.schema import Schema
from arden.data.sources import fingerprint
from arden.errors import FileError

__all__ = [
    "data_file",
    "load_binarized_mnist",
    "load_binary_table",
    "load_grey_images",
]

SIDE = 28
NUM_HELD_OUT = 10_000  # the last training images validate, as in the binarized set
THRESHOLD = 128  # of 255
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


def data_file(name: str, data_dir: Path | None) -> Path:
    """The name of a set, a folder or None for ARDEN_DATA -> the file, which exists."""
    expected = DATASETS[name].file
    embedded = ", ".join(sorted(known for known, entry in DATASETS.items() if entry.embedded))
    ready = f"; sets that need no files: {embedded}."
    folder = data_dir or os.environ.get("ARDEN_DATA")
    if not folder:
        raise FileError(
            f'"{name}" needs a data directory: set ARDEN_DATA, --data-dir or data_dir to the '
            f"folder that holds {expected}{ready}"
        )
    path = Path(folder).expanduser() / str(expected)
    if not path.is_file():
        origin = "data_dir" if data_dir else "ARDEN_DATA"
        raise FileError(f'"{name}" needs {expected} in {origin}, but there is no {path}{ready}')
    return path


def load_grey_images(name: str, data_dir: Path | None = None) -> Dataset:
    """ "mnist", "fashion-mnist" (256 levels) or these with "-binary" -> images (28, 28), labels.

    Validation is the last 10 000 training images. The binary variants are cut at a fixed
    threshold, which is neither of the binarizations used in papers; their protocol says so.
    """
    path = data_file(name, data_dir)
    arrays = read_arrays(path, ("x_train", "y_train", "x_test", "y_test"))
    binary = name.endswith(BINARY_SUFFIX)
    for key in ("x_train", "x_test"):
        _check(path, key, arrays[key], (SIDE, SIDE))
        if binary:
            arrays[key] = (arrays[key] >= THRESHOLD).astype(np.uint8)
    if len(arrays["x_train"]) <= NUM_HELD_OUT:
        raise FileError(f"{path}: expected more than {NUM_HELD_OUT} rows in x_train.")
    train, valid = slice(None, -NUM_HELD_OUT), slice(-NUM_HELD_OUT, None)
    splits = {
        "train": _split(arrays["x_train"][train], arrays["y_train"][train]),
        "valid": _split(arrays["x_train"][valid], arrays["y_train"][valid]),
        "test": _split(arrays["x_test"], arrays["y_test"]),
    }
    classes = FASHION_CLASSES if name.startswith("fashion") else DIGIT_CLASSES
    schema = Schema("image", (SIDE, SIDE), 2 if binary else 256, class_names=classes)
    values = (
        f"cut at >= {THRESHOLD} of 255 (neither the static nor the dynamic binarization of papers)"
        if binary
        else "grey levels 0..255"
    )
    how = f"published test set, valid = the last {NUM_HELD_OUT} training images"
    return _dataset(name, path, schema, splits, values, how)


def load_binarized_mnist(name: str = "binarized-mnist", data_dir: Path | None = None) -> Dataset:
    """ "binarized-mnist" -> the static binarization, images (28, 28), no labels."""
    path = data_file(name, data_dir)
    arrays = read_arrays(path, SPLIT_NAMES)
    splits = {
        split: _split(unpack_bits(arrays[split], SIDE * SIDE, f"{split} in {path}"), None, SIDE)
        for split in SPLIT_NAMES
    }
    values = "static binarization of Salakhutdinov and Murray as distributed by Larochelle"
    schema = Schema("image", (SIDE, SIDE), 2)
    return _dataset(name, path, schema, splits, values, "published")


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
    return _dataset(name, path, schema, splits, f"{num_variables} binary columns", "published")


def _split(values: np.ndarray, labels: np.ndarray | None = None, side: int | None = None) -> Split:
    tensor = torch.from_numpy(np.ascontiguousarray(values))
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
    name: str, path: Path, schema: Schema, splits: dict[str, Split], values: str, how: str
) -> Dataset:
    sizes = "/".join(str(len(splits[split])) for split in SPLIT_NAMES)
    protocol = f"{name}: {path.name} ({fingerprint(path)}), {values}; split {sizes}, {how}."
    return Dataset(name, schema, **splits, protocol=protocol)
