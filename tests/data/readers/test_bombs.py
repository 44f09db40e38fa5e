"""Files that unpack to more than a memory holds, and archives whose names lead out of them."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from arden.data import load_data
from arden.data.readers import unpacked
from arden.data.readers.idx_file import idx_bytes
from arden.errors import FileError, InputError

_ROWS = 40_000
_LEAST = 1 << 20


def npz(path: Path, array: np.ndarray) -> None:
    """An archive of NumPy's."""
    np.savez_compressed(path, x=array)


def idx_gz(path: Path, array: np.ndarray) -> None:
    """An IDX file, packed; its header is honest."""
    path.write_bytes(gzip.compress(idx_bytes(array)))


def amat_gz(path: Path, array: np.ndarray) -> None:
    """Rows of bits as text, packed."""
    lines = (" ".join(map(str, row)) for row in array.tolist())
    path.write_bytes(gzip.compress("\n".join(lines).encode()))


def parquet(path: Path, array: np.ndarray) -> None:
    """Columns of a Parquet file."""
    pa = pytest.importorskip("pyarrow", reason="needs the extra table")
    from pyarrow import parquet as pq

    pq.write_table(pa.table({f"c{k}": column for k, column in enumerate(array.T)}), path)


FORMATS: dict[str, Callable[[Path, np.ndarray], None]] = {
    "x.npz": npz,
    "x-idx3-ubyte.gz": idx_gz,
    "x.amat.gz": amat_gz,
    "x.parquet": parquet,
}


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_made_to_fill_a_memory_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacked, "LEAST_BOMB", _LEAST)
    zeros = np.zeros((_ROWS, 64), dtype=np.uint8)
    FORMATS[name](tmp_path / name, zeros)
    tracemalloc.start()
    with pytest.raises(FileError, match=r"unpacks to more than .* and 250 times its size"):
        load_data(tmp_path / name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * _LEAST  # pieces of text are read four megabytes at a time


@pytest.mark.parametrize("name", FORMATS)
def test_data_that_pack_well_are_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few ones among many zeros: packed to a thirtieth, and no bomb."""
    monkeypatch.setattr(unpacked, "LEAST_BOMB", 1000)
    sparse = (np.random.default_rng(0).random((2000, 64)) < 0.02).astype(np.uint8)
    FORMATS[name](tmp_path / name, sparse)
    data = load_data(tmp_path / name)
    assert sum(len(data.split(part)) for part in ("train", "valid", "test")) == 2000


def test_a_bomb_of_one_array_among_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "LEAST_BOMB", _LEAST)
    rows = np.random.default_rng(0).integers(0, 2, (40, 8)).astype(np.uint8)
    np.savez_compressed(tmp_path / "x.npz", x=rows, y=np.zeros(4_000_000, np.uint8))
    with pytest.raises(FileError, match="250 times its size"):
        load_data(tmp_path / "x.npz")


@pytest.mark.parametrize("name", ["../../x.npy", "/tmp/x.npy", "..\\x.npy", "a/../../x.npy"])
def test_names_in_an_archive_are_names_and_no_places(name: str, tmp_path: Path) -> None:
    """Nothing is ever unpacked to the disk."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    content = io.BytesIO()
    np.save(content, np.random.default_rng(0).integers(0, 2, (40, 4)).astype(np.uint8))
    with zipfile.ZipFile(folder / "x.npz", "w") as archive:
        archive.writestr(name, content.getvalue())
    with suppress(InputError):  # a name may be one that says nothing of rows
        assert len(load_data(folder / "x.npz").train) == 32
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["x.npz"]
    assert not Path("/tmp/x.npy").exists()


def test_a_schema_nested_too_deeply(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("column = " + "[" * 100_000)
    (tmp_path / "x.csv").write_text("a,b\n0,1\n1,0\n")
    with pytest.raises(InputError, match=r"x\.toml: not valid TOML"):
        load_data(tmp_path / "x.csv", schema=path)
