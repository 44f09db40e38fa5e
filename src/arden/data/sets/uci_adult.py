"""The census records of UCI Adult as they were published: words, numbers and missing cells."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np

from arden.data.dataset import Dataset
from arden.data.raw import RawTable
from arden.data.readers.cells import MISSING, column_of_texts
from arden.data.sets.places import data_file
from arden.data.sources import fingerprint
from arden.data.splits import SPLIT_SEED, hold_out
from arden.data.tables import dataset_of
from arden.errors import FileError

__all__ = ["load_uci_adult"]

COLUMNS = (
    *("age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation"),
    *("relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week"),
    *("native-country", "classification"),
)
LEFT_OUT = {
    "fnlwgt": "the weight of a record in the census sample, which says nothing of the person"
}


def load_uci_adult(name: str = "uci-adult", data_dir: Path | None = None) -> Dataset:
    """ "uci-adult" -> 48842 records (14,): six of numbers, eight of words, some cells missing.

    The published files train and test; one training row in ten validates. Missing cells stay
    missing, and the sampling weight fnlwgt is left out.
    """
    path = data_file(name, data_dir)
    parts = [_records(path, member) for member in ("adult.data", "adult.test")]
    whole = [record for part in parts for record in part]
    columns = [
        column_of_texts(column, cells, MISSING)
        for column, cells in zip(COLUMNS, zip(*whole, strict=True), strict=True)
    ]
    told = f"{path.name} ({fingerprint(path)})"
    table = RawTable(name, columns, MISSING, notes=[told])
    kept, held_out = hold_out(len(parts[0]), SPLIT_SEED, name)
    pieces = {"train": kept, "valid": held_out, "test": np.arange(len(parts[0]), len(whole))}
    how = (
        "with train and test as published, valid taken from train by numpy "
        f"default_rng({SPLIT_SEED}).permutation"
    )
    return dataset_of(table, pieces, how, left_out=LEFT_OUT)


def _records(path: Path, member: str) -> list[list[str]]:
    """A member of the archive -> its records, (15,) words each, without headers and remarks."""
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read(member).decode("utf-8")
    except KeyError:
        raise FileError(f"{path}: expected {member} in it, which it does not hold.") from None
    except (zipfile.BadZipFile, OSError, EOFError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: not a readable archive ({error}).") from None
    rows = csv.reader(io.StringIO(text), skipinitialspace=True)
    # The file of test rows as first published begins with a remark and ends its classes with a dot.
    records = [[cell.strip() for cell in row] for row in rows if len(row) == len(COLUMNS)]
    records = [[*row[:-1], row[-1].rstrip(".")] for row in records if row[0] != COLUMNS[0]]
    if not records:
        raise FileError(f"{path}: expected records of {len(COLUMNS)} cells in {member}, got none.")
    return records
