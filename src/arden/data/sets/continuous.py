"""Tables of real columns as RNADE and its successors are measured on: red wine and Parkinsons."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from arden.data.dataset import SPLIT_NAMES, Dataset, Split
from arden.data.schema import Column, Schema
from arden.data.sets.places import data_file
from arden.data.sources import fingerprint
from arden.data.splits import SPLIT_SEED, permutation
from arden.errors import FileError, InputError

__all__ = ["NUM_FOLDS", "continuous_columns", "load_parkinsons", "load_red_wine"]

NUM_FOLDS = 10
MOST_CORRELATION = 0.98
RED_WINE = "rnade_red_wine/red_wine.hdf5"
RED_WINE_COLUMNS = (
    *("fixed acidity", "volatile acidity", "citric acid", "residual sugar", "chlorides"),
    *("free sulfur dioxide", "total sulfur dioxide", "density", "pH", "sulphates", "alcohol"),
)
PARKINSONS = "uci_parkinsons/parkinsons_updrs.data"
UNITS = "values in their own units (models standardise by the training rows, Jacobian kept)"


def load_red_wine(name: str = "red-wine", data_dir: Path | None = None, fold: int = 1) -> Dataset:
    """ "red-wine" -> 1599 wines (11,), real, in fold 1 to 10 of the RNADE authors.

    The fold's test part tests, the next of the ten validates, the other eight train.

    Raises:
        InputError: the package h5py, which reads the authors' file, is not installed.
    """
    path, content = _member(name, data_dir, RED_WINE)
    _check_fold(fold)
    try:
        import h5py
    except ImportError:
        raise InputError(
            f'"{name}" is kept in an hdf5 file, which needs the package h5py; expected it to be '
            "installed (it is in arden[bench])."
        ) from None
    # The training parts of a fold are the test parts of the others, in their order.
    next_part = fold if fold < NUM_FOLDS else 1
    parts: dict[str, list[np.ndarray]] = {part: [] for part in SPLIT_NAMES}
    try:
        with h5py.File(io.BytesIO(content)) as file:
            parts["test"] = [_rows_of(file, f"folds/{fold}/tests/1/data")]
            for part in range(1, NUM_FOLDS):
                rows = _rows_of(file, f"folds/{fold}/training/{part}/data")
                parts["valid" if part == next_part else "train"].append(rows)
    except (OSError, KeyError) as error:
        raise FileError(f"{path}: {RED_WINE} in it is not the folds of RNADE ({error}).") from None
    splits = {part: np.concatenate(rows) for part, rows in parts.items()}
    width = splits["train"].shape[1:]
    if width != (len(RED_WINE_COLUMNS),):
        raise FileError(f"{path}: expected 11 columns in {RED_WINE}, got shape {width}.")
    about = (
        "11 real columns (quality, which is discrete, was removed by the RNADE authors; no pair "
        f"has |r| > {MOST_CORRELATION}), {UNITS}"
    )
    how = f"fold {fold} of {NUM_FOLDS} of the RNADE authors, valid the part after the test part"
    return _dataset(name, path, RED_WINE_COLUMNS, splits, about, how)


def load_parkinsons(
    name: str = "parkinsons", data_dir: Path | None = None, fold: int = 1
) -> Dataset:
    """ "parkinsons" -> 5875 voice recordings (15,), real, in fold 1 to 10 made here.

    Whole columns are removed as discrete, and each that correlates above 0.98 with a later one:
    15 columns are left, as many as in the papers, whose folds were not published. A patient's
    recordings fall on both sides of a split, as they do in the papers' random folds.
    """
    path, content = _member(name, data_dir, PARKINSONS)
    _check_fold(fold)
    try:
        lines = content.decode("utf-8").splitlines()
        separator = "\t" if "\t" in lines[0] else ","
        names = [column.strip() for column in lines[0].split(separator)]
        cells = [line.split(separator) for line in lines[1:] if line.strip()]
        values = np.array(cells, dtype=np.float64)
        if values.shape[1:] != (len(names),):
            raise ValueError(f"{len(names)} names above rows of shape {values.shape[1:]}")
    except (ValueError, IndexError) as error:
        raise FileError(f"{path}: {PARKINSONS} in it is not a table ({error}).") from None
    kept, discrete, repeated = continuous_columns(values)
    told = (
        f"{len(kept)} real columns kept: {_named(names, kept)}; removed as discrete: "
        f"{_named(names, discrete)}; removed for |r| > {MOST_CORRELATION} with a later column: "
        f"{_named(names, repeated)}; {UNITS}"
    )
    order = np.array_split(permutation(len(values), SPLIT_SEED), NUM_FOLDS)
    test, valid = fold - 1, fold % NUM_FOLDS
    train = [part for index, part in enumerate(order) if index not in (test, valid)]
    rows = {"train": np.concatenate(train), "valid": order[valid], "test": order[test]}
    splits = {part: values[np.sort(index)][:, kept] for part, index in rows.items()}
    how = (
        f"fold {fold} of {NUM_FOLDS} parts of numpy default_rng({SPLIT_SEED}).permutation, valid "
        "the part after the test part"
    )
    return _dataset(name, path, tuple(names[index] for index in kept), splits, told, how)


def continuous_columns(values: np.ndarray) -> tuple[list[int], list[int], list[int]]:
    """(N, D) -> columns kept, those of whole numbers, those that almost repeat a later one.

    >>> x = np.array([[1, 0.5, 2.5, 0.5], [2, 1.5, 5.5, 0.1], [3, 3.0, 9.0, 0.9]])
    >>> continuous_columns(x)
    ([2, 3], [0], [1])
    """
    discrete = [i for i in range(values.shape[1]) if (values[:, i] == np.rint(values[:, i])).all()]
    real = [i for i in range(values.shape[1]) if i not in discrete]
    with np.errstate(invalid="ignore", divide="ignore"):  # a constant column correlates with none
        correlation = np.abs(np.atleast_2d(np.corrcoef(values[:, real].T)))
    above = np.triu(correlation > MOST_CORRELATION, 1).any(axis=1)
    repeated = [column for column, is_above in zip(real, above, strict=True) if is_above]
    return [column for column in real if column not in repeated], discrete, repeated


def _member(name: str, data_dir: Path | None, member: str) -> tuple[Path, bytes]:
    path = data_file(name, data_dir)
    try:
        with zipfile.ZipFile(path) as archive:
            return path, archive.read(member)
    except KeyError:
        raise FileError(f"{path}: expected {member} in it, which it does not hold.") from None
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise FileError(f"{path}: not a readable archive ({error}).") from None


def _rows_of(file: Any, key: str) -> np.ndarray:
    return np.asarray(file[key], dtype=np.float64)


def _check_fold(fold: int) -> None:
    if not isinstance(fold, int) or isinstance(fold, bool) or not 1 <= fold <= NUM_FOLDS:
        raise InputError(f"fold: expected a number from 1 to {NUM_FOLDS}, got {fold!r}.")


def _named(names: list[str], columns: list[int]) -> str:
    return ", ".join(names[column] for column in columns) or "none"


def _dataset(
    name: str,
    path: Path,
    columns: tuple[str, ...],
    splits: dict[str, np.ndarray],
    about: str,
    how: str,
) -> Dataset:
    schema = Schema(
        "table", (len(columns),), columns=tuple(Column(column, "real") for column in columns)
    )
    sizes = "/".join(str(len(splits[part])) for part in SPLIT_NAMES)
    protocol = f"{name}: {path.name} ({fingerprint(path)}), {about}; split {sizes}, {how}."
    parts = {part: Split(torch.from_numpy(rows.copy())) for part, rows in splits.items()}
    return Dataset(name, schema, **parts, protocol=protocol)
