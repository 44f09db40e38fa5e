"""Published files, checked against what they are known to hold, as arrays."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from arden.data.catalogue import DATASETS
from arden.data.fetching.downloads import DOWNLOADS, RemoteFile
from arden.data.readers.amat_file import amat_bytes, read_amat_array
from arden.data.readers.idx_file import idx_bytes, read_idx_array
from arden.data.sets.places import originals_of
from arden.errors import FileError

__all__ = ["Originals", "read_original", "read_originals"]

DIGITS_SHOWN = 12


@dataclass(frozen=True)
class Originals:
    """What the published files of a set hold, by their names without ".gz", and where they lie.

    `told` names them with the digests of their content, the same whatever packed them.
    """

    arrays: dict[str, np.ndarray]
    folder: Path
    told: str


def read_original(path: Path, remote: RemoteFile) -> np.ndarray:
    """A file that should be a published one -> its array uint8; FileError unless it is.

    What is compared is the digest of the published file, made anew from the decoded values: a
    mirror may have packed them in another way.
    """
    is_text = ".amat" in remote.name
    array = read_amat_array(path) if is_text else read_idx_array(path)
    digest = hashlib.sha256(amat_bytes(array) if is_text else idx_bytes(array)).hexdigest()
    if digest != remote.sha256:
        raise FileError(
            f"{path}: is not the published {remote.name} (its content has sha256 "
            f"{digest[:DIGITS_SHOWN]}; expected {remote.sha256[:DIGITS_SHOWN]})."
        )
    return array


def read_originals(name: str, data_dir: Path | None) -> Originals | None:
    """The name of a set -> its original files from the first place where they are right.

    None where there are no such files. Raises FileError when all that are there are wrong ones:
    MNIST and Fashion-MNIST call their files alike.
    """
    key = DATASETS[name].download
    first_error: FileError | None = None
    for files in originals_of(name, data_dir):
        try:
            published = DOWNLOADS[str(key)].files
            bare = [remote.name.removesuffix(".gz") for remote in published]
            arrays = [read_original(files[remote.name], remote) for remote in published]
            told = (
                f"{name} (content sha256 {remote.sha256[:DIGITS_SHOWN]})"
                for name, remote in zip(bare, published, strict=True)
            )
            folder = files[published[0].name].parent
            return Originals(dict(zip(bare, arrays, strict=True)), folder, ", ".join(told))
        except FileError as error:
            first_error = first_error or error
    if first_error is not None:
        raise first_error
    return None
