"""Arrays from .npy and .npz files: which array is which split, labels, packed bits."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from arden.data.dataset import SPLIT_NAMES
from arden.data.raw import RawRows, RawSource, numbers
from arden.data.readers.unpacked import check_unpacked
from arden.errors import FileError, InputError

__all__ = ["array_chunks", "read_arrays", "read_numpy", "unpack_bits", "value_dtype"]

# What other programs call the same thing; keys are compared without case.
SPELLINGS = {
    "train": ("train",),
    "valid": ("valid", "val", "validation", "dev"),
    "test": ("test",),
}
WHOLE = ("x", "data", "train", "x_train", "rgba")
LABELS = ("y", "labels")
PACKED = "n_vars"


def read_numpy(path: Path) -> RawSource:
    """A .npy or .npz file -> its rows (N, *event) by split, and labels (N,).

    Given splits are the keys `train`, `valid`, `test` or `x_train`, `x_valid`, `x_test` with
    labels `y_train` and so on; a whole set is `x`, `data` or the only array, with labels `y` or
    `labels`. A number `n_vars` says that rows are bits packed by `numpy.packbits`.
    """
    arrays = read_arrays(path)
    if "" in arrays:  # a bare array
        rows = RawRows(numbers(arrays[""], path.name))
        return RawSource(path.name, {"all": rows})
    return _sort_out(path, arrays)


def array_chunks(path: Path, most_rows: int) -> Iterator[tuple[RawSource, int, float]]:
    """A .npy file, how many rows to hold at a time -> its rows (n, *event), chunk by chunk.

    Beside each chunk stand the number of its first row and the share of the file read so far.
    """
    start, length = 0, None
    while length is None or start < length:
        # Mapped anew each time: pages that were read would otherwise stay in memory to the end.
        with _one_sentence(path):
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(mapped, np.ndarray) or mapped.ndim == 0:
            yield read_numpy(path), 0, 1.0  # an archive by another name, or no rows to cut
            return
        length = len(mapped)
        rows = RawRows(numbers(np.array(mapped[start : start + most_rows]), path.name))
        del mapped
        end = min(start + most_rows, length)
        yield RawSource(path.name, {"all": rows}), start, end / max(length, 1)
        start = end


def read_arrays(path: Path, keys: tuple[str, ...] | None = None) -> dict[str, np.ndarray]:
    """A .npy or .npz file -> its arrays by key (those of `keys`); a bare array has the key "".

    Raises FileError, in one sentence, for whatever may be wrong with the file. Objects are never
    loaded: that would run code from the file.
    """
    with _one_sentence(path), path.open("rb") as file:
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"": loaded}
        with loaded:
            for key in keys or ():
                if key not in loaded.files:
                    raise FileError(f'{path}: expected an array "{key}", which it does not hold.')
            for member in loaded.zip.infolist():
                check_unpacked(path, member.file_size, member.compress_size)
            found = {key: loaded[key] for key in keys or loaded.files}
    for key, array in found.items():
        if not isinstance(array, np.ndarray):  # numpy hands over a foreign file as its bytes
            raise FileError(f'{path}: "{key}" in it is not a NumPy array.')
    return found


def value_dtype(path: Path, split: str | None = None) -> str | None:
    """A .npy or .npz file, a split -> the name of the dtype of its rows as they lie there.

    None for packed bits, which are no numbers yet.
    """
    arrays = read_arrays(path)
    if "" in arrays:
        return arrays[""].dtype.name
    by_key = {key.lower(): array for key, array in arrays.items()}
    if by_key.pop(PACKED, None) is not None:
        return None
    plan = _plan(path, list(by_key))
    key, _ = plan.get(split or ("all" if "all" in plan else "test"), ("", ()))
    return by_key[key].dtype.name if key else None


_DAMAGE = (
    *(EOFError, MemoryError, ValueError, zipfile.BadZipFile, zlib.error),
    # numpy reads a header that is older than it with Python's own tokenizer; zip's newer ways
    # of packing are not all there.
    *(tokenize.TokenError, SyntaxError, NotImplementedError, RuntimeError, OverflowError),
)


@contextmanager
def _one_sentence(path: Path) -> Iterator[None]:
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}).") from None
    except _DAMAGE as error:
        # numpy speaks of pickles for any file it does not recognise.
        reason = (
            "it holds Python objects, which are not loaded, or is no array at all"
            if "pickle" in str(error) or "Python objects" in str(error)
            else "it is damaged or cut short"
        )
        raise FileError(f"{path}: not a readable NumPy file ({reason}).") from None


def unpack_bits(array: np.ndarray, num_variables: int, name: str) -> np.ndarray:
    """(N, ceil(D / 8)) uint8 -> (N, D) uint8 of 0 and 1: the inverse of `numpy.packbits`.

    >>> unpack_bits(np.array([[0b1010_0000]], dtype=np.uint8), 3, "x")
    array([[1, 0, 1]], dtype=uint8)
    """
    width = -(-num_variables // 8)
    if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] != width:
        raise InputError(
            f"{name}: expected {num_variables} packed bits, a uint8 array of shape (N, {width}), "
            f"got {array.dtype} of shape {array.shape}."
        )
    return np.unpackbits(array, axis=1, count=num_variables)


def _sort_out(path: Path, arrays: dict[str, np.ndarray]) -> RawSource:
    by_key = {key.lower(): array for key, array in arrays.items()}
    packed = by_key.pop(PACKED, None)
    if packed is not None and (packed.ndim != 0 or packed.dtype.kind not in "iu" or packed < 1):
        raise InputError(f"{path}: {PACKED} must be one whole number of at least 1.")
    parts: dict[str, RawRows] = {}
    used: set[str] = set()
    for part, (key, label_keys) in _plan(path, list(by_key)).items():
        where = f"{key} in {path.name}"
        values = by_key[key]
        if packed is not None:
            values = unpack_bits(values, int(packed), where)
        label_key = next((label for label in label_keys if label in by_key), None)
        parts[part] = RawRows(numbers(values, where), by_key[label_key] if label_key else None)
        used.update({key, label_key or key})
    left = set(by_key) - used
    notes = ["bits unpacked"] if packed is not None else []
    # Said in the protocol: an array with an unusual name must not vanish unnoticed.
    notes += [f"left unread: {_listed(left)}"] if left else []
    return RawSource(path.name, parts, notes=notes)


def _plan(path: Path, keys: list[str]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The keys of a file -> for each split (or "all") its key and the keys its labels may have."""
    plan: dict[str, tuple[str, tuple[str, ...]]] = {}
    for split in SPLIT_NAMES:
        for word in SPELLINGS[split]:
            key = next((key for key in (word, f"x_{word}") if key in keys), None)
            if key and split not in plan:
                plan[split] = (key, (f"y_{word}", f"labels_{word}", f"{word}_labels"))
    if set(plan) in ({"train", "test"}, set(SPLIT_NAMES)):
        return plan
    if set(plan) - {"train"}:
        raise InputError(
            f"{path}: a given split needs arrays train and test (valid may be left out), "
            f"got {_listed(plan)}."
        )
    others = [key for key in keys if key not in LABELS]
    whole = others if len(others) == 1 else [key for key in WHOLE if key in keys]
    if not whole:
        raise InputError(
            f"{path}: expected arrays train and test, or one array x or data, "
            f"got {_listed(keys) or 'none'}."
        )
    return {"all": (whole[0], (*LABELS, "y_train", "labels_train", "train_labels"))}


def _listed(keys: Iterable[str], most: int = 8) -> str:
    names = sorted(keys)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" * (len(names) > most))
