"""Folders of pictures: PNG, JPEG, BMP and so on, as arrays of levels 0..255."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from arden.data.raw import RawRows, RawSource
from arden.data.readers.folders import walk_folder
from arden.data.readers.rgba import BYTE_LEVELS, on_black
from arden.errors import FileError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["IMAGE_SUFFIXES", "read_image_folder"]

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")

# Decoders are chosen by what a file holds. Only these are tried: others start programs (EPS).
FORMATS = ("PNG", "JPEG", "MPO", "BMP", "DIB", "GIF", "TIFF", "WEBP")
GREY = ("1", "L", "LA")
COLOUR = ("P", "PA", "RGB", "RGBA")


@dataclass
class _Picture:
    """One file: pixels (H, W) or (H, W, 3) uint8, and what was done to it."""

    file: Path
    pixels: np.ndarray
    is_bits: bool
    had_alpha: bool

    @property
    def is_grey(self) -> bool:
        return self.pixels.ndim == 2


def read_image_folder(path: Path) -> RawSource:
    """A folder of images -> (N, H, W) when all are grey, else (N, H, W, 3), uint8 of 256 levels.

    Files are sorted by name; subfolders are splits and classes, see `walk_folder`. Transparent
    images are composited on black, grey ones among coloured ones become R = G = B, and the notes
    say so. When every file is black and white by format (1 bit), the levels are 0 and 1.

    Raises FileError naming the first file that cannot be read, is not of 8 bits or is of another
    size than the first one.
    """
    found = walk_folder(path, IMAGE_SUFFIXES)
    parts = {
        split: ([_read(file) for file, _ in files], [label for _, label in files])
        for split, files in found.items()
    }
    pictures = [picture for read, _ in parts.values() for picture in read]
    _check_sizes(pictures)
    is_bits = all(picture.is_bits for picture in pictures)
    is_grey = all(picture.is_grey for picture in pictures)
    notes = _notes(pictures, is_grey)
    rows: dict[str, RawRows] = {}
    for split, (read, labels) in parts.items():
        values = np.stack([_as_wanted(picture, is_bits, is_grey) for picture in read])
        rows[split] = RawRows(values, None if labels[0] is None else np.array(labels))
    name = path.name or path.resolve().name  # "." has none
    return RawSource(name, rows, notes=notes, num_symbols=2 if is_bits else BYTE_LEVELS)


def _read(file: Path) -> _Picture:
    from PIL import Image

    Image.init()  # before that only a few formats are known
    formats = [known for known in FORMATS if known in Image.ID]
    with _one_sentence(file):
        image = Image.open(file, formats=formats)
    with image:
        _check_mode(file, image)
        is_bits, is_grey = image.mode == "1", image.mode in GREY
        with _one_sentence(file):
            image.load()
        had_alpha = image.has_transparency_data
        if had_alpha:
            pixels = on_black(np.asarray(image.convert("LA" if is_grey else "RGBA")))
            # One channel is left of grey and alpha: its axis says nothing.
            pixels = pixels[..., 0] if is_grey else pixels
        else:
            pixels = np.asarray(image.convert("L" if is_grey else "RGB"))
    return _Picture(file, pixels, is_bits, had_alpha)


def _check_mode(file: Path, image: Image) -> None:
    if image.mode not in GREY + COLOUR:
        raise FileError(
            f"{file}: expected grey or RGB pixels of 8 bits, got an image of mode {image.mode}."
        )
    # Pillow would quietly halve these to 8 bits; the raw mode is all that tells.
    if any(";16" in str(tile[3]) for tile in getattr(image, "tile", ())):
        raise FileError(f"{file}: expected pixels of 8 bits, got 16 bits for each channel.")
    with _one_sentence(file):
        frames = getattr(image, "n_frames", 1)
    # Cameras put a preview behind the picture (MPO); anything else with frames is a film.
    if image.format != "MPO" and frames > 1:
        raise FileError(f"{file}: expected a single image, got {frames} frames.")


@contextmanager
def _one_sentence(file: Path) -> Iterator[None]:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except FileError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise FileError(
            f"{file}: has more than {Image.MAX_IMAGE_PIXELS} pixels, too many for one event."
        ) from None
    except UnidentifiedImageError:
        raise FileError(f"{file}: is not a readable image.") from None
    except Exception as error:  # a decoder given damaged bytes may raise anything
        reason = getattr(error, "strerror", None) or "it is damaged or cut short"
        raise FileError(f"{file}: is not a readable image ({reason}).") from None


def _check_sizes(pictures: list[_Picture]) -> None:
    first = pictures[0]
    for picture in pictures:
        if picture.pixels.shape[:2] != first.pixels.shape[:2]:
            raise FileError(
                f"{picture.file}: all images of a folder need one size, got {_size(picture)} here "
                f"and {_size(first)} in {first.file} (height x width)."
            )


def _size(picture: _Picture) -> str:
    return " x ".join(map(str, picture.pixels.shape[:2]))


def _as_wanted(picture: _Picture, is_bits: bool, is_grey: bool) -> np.ndarray:
    pixels = picture.pixels
    if is_bits:
        return pixels // np.uint8(BYTE_LEVELS - 1)
    return pixels if is_grey or not picture.is_grey else np.repeat(pixels[..., None], 3, axis=2)


def _notes(pictures: list[_Picture], is_grey: bool) -> list[str]:
    notes = [f"{len(pictures)} image files sorted by name"]
    with_alpha = sum(picture.had_alpha for picture in pictures)
    if with_alpha:
        notes.append(f"{with_alpha} with transparency composited on black, alpha dropped")
    grey = sum(picture.is_grey for picture in pictures)
    if grey and not is_grey:
        notes.append(f"{grey} grey among them taken as R = G = B")
    return notes
