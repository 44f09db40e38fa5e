"""Real colour images that are small and free: the tiles of a game."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from arden.data.dataset import SPLIT_NAMES, Dataset, Split
from arden.data.readers.numpy_file import read_arrays
from arden.data.readers.rgba import BYTE_LEVELS, on_black
from arden.data.schema import Schema
from arden.data.sets.places import data_file
from arden.data.sources import fingerprint
from arden.data.splits import SPLIT_SEED, three_way_split
from arden.errors import FileError

__all__ = ["load_dcss_tiles"]

SIDE = 32


def load_dcss_tiles(name: str = "dcss-tiles", data_dir: Path | None = None) -> Dataset:
    """ "dcss-tiles" -> distinct RGB images (32, 32, 3) of 256 levels, no labels, split 80/10/10.

    The tiles of Dungeon Crawl Stone Soup (CC0) are RGBA; they are composited on black. Duplicates
    are removed after that and before the split: a test image must not have been trained on.
    """
    path = data_file(name, data_dir)
    tiles = read_arrays(path, ("rgba",))["rgba"]
    if tiles.dtype != np.uint8 or tiles.shape[1:] != (SIDE, SIDE, 4):
        raise FileError(
            f"{path}: expected rgba as uint8 of shape (N, {SIDE}, {SIDE}, 4), got {tiles.dtype} of "
            f"shape {tiles.shape}."
        )
    images = _distinct(on_black(tiles))
    pieces = three_way_split(len(images), SPLIT_SEED, name)
    splits = {
        split: Split(torch.from_numpy(images[piece]))
        for split, piece in zip(SPLIT_NAMES, pieces, strict=True)
    }
    sizes = "/".join(str(len(splits[split])) for split in SPLIT_NAMES)
    protocol = (
        f"{name}: {path.name} ({fingerprint(path)}), RGBA composited on black, alpha dropped, RGB "
        f"levels 0..255; {len(tiles)} tiles, {len(_distinct(tiles))} of them distinct and "
        f"{len(images)} on black, duplicates removed before the split; split {sizes} by numpy "
        f"default_rng({SPLIT_SEED}).permutation."
    )
    schema = Schema("image", (SIDE, SIDE, 3), BYTE_LEVELS)
    return Dataset(name, schema, **splits, protocol=protocol)


def _distinct(images: np.ndarray) -> np.ndarray:
    """(N, H, W, C) -> the distinct images, in the order in which each came first."""
    _, first = np.unique(images.reshape(len(images), -1), axis=0, return_index=True)
    return images[np.sort(first)]
