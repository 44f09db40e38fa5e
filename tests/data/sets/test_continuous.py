"""Red wine and Parkinsons, from a small archive of the same form; the real ones if present."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from arden.data import load_data
from arden.data.sets.continuous import continuous_columns, load_parkinsons, load_red_wine
from arden.errors import FileError, InputError
from tests.data.sets.real_tables import PARTS, parkinsons_rows, write_real_tables


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """-> a data directory that holds the small archive."""
    write_real_tables(tmp_path)
    return tmp_path


@pytest.mark.parametrize("fold", [1, 4, 10])
def test_wines_are_split_as_their_authors_did(folder: Path, fold: int) -> None:
    pytest.importorskip("h5py")
    data = load_red_wine(data_dir=folder, fold=fold)
    following = fold % 10
    rest = [PARTS[p] for p in range(10) if p not in (fold - 1, following)]
    assert data.test.values.tolist() == PARTS[fold - 1].tolist()
    assert data.valid.values.tolist() == PARTS[following].tolist()
    assert data.train.values.tolist() == np.concatenate(rest).tolist()
    assert f"split 16/2/2, fold {fold} of 10 of the RNADE authors" in data.protocol
    assert [column.name for column in data.schema.columns][-2:] == ["sulphates", "alcohol"]
    assert {column.kind for column in data.schema.columns} == {"real"}


def test_without_h5py_one_sentence_says_what_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(folder / "uci_continuous.zip", "w") as archive:
        archive.writestr("rnade_red_wine/red_wine.hdf5", b"never opened")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError, match=r'"red-wine" .* needs the package h5py; .*arden\[bench\]'):
        load_data("red-wine", data_dir=folder)


@pytest.mark.parametrize("separator", ["\t", ","])
def test_parkinsons_keeps_real_columns_that_do_not_repeat(tmp_path: Path, separator: str) -> None:
    write_real_tables(tmp_path, separator)
    data = load_data("parkinsons", data_dir=tmp_path)
    assert [column.name for column in data.schema.columns] == ["twice", "noise"]
    for words in (
        "2 real columns kept: twice, noise; removed as discrete: subject#, age; removed for "
        "|r| > 0.98 with a later column: jitter; values in their own units",
        "split 32/4/4, fold 1 of 10 parts of numpy default_rng(0).permutation",
    ):
        assert words in data.protocol


def test_the_folds_of_parkinsons_are_ten_parts(folder: Path) -> None:
    rows = parkinsons_rows()[:, 3:]
    folds = [load_parkinsons(data_dir=folder, fold=fold) for fold in range(1, 11)]
    tested = np.concatenate([fold.test.values.numpy() for fold in folds])
    assert sorted(tested.tolist()) == sorted(rows.tolist())
    for fold, following in zip(folds, [*folds[1:], folds[0]], strict=True):
        assert fold.valid.values.tolist() == following.test.values.tolist()
        parts = [fold.split(split).values.numpy() for split in ("train", "valid", "test")]
        assert sorted(np.concatenate(parts).tolist()) == sorted(rows.tolist())


def test_constant_columns_correlate_with_none() -> None:
    x = np.array([[0.5, 1.5, 0.1], [0.5, 2.5, 0.3], [0.5, 3.0, 0.2]])
    assert continuous_columns(x) == ([0, 1, 2], [], [])
    assert continuous_columns(x[:, :1]) == ([0], [], [])


def test_what_cannot_be_read_is_refused(folder: Path) -> None:
    for fold in (0, 11, True, 1.5):
        with pytest.raises(InputError, match="fold: expected a number from 1 to 10, got"):
            load_parkinsons(data_dir=folder, fold=fold)  # type: ignore[arg-type]
    archive = folder / "uci_continuous.zip"

    def refused(name: str, member: str, content: bytes) -> str:
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr(member, content)
        with pytest.raises(FileError) as caught:
            load_data(name, data_dir=folder)
        return str(caught.value)

    table = "uci_parkinsons/parkinsons_updrs.data"
    assert f"expected {table} in it" in refused("parkinsons", "other", b"")
    for content in (b"", b"a\tb\n1\tx\n", b"a\tb\n1\t2\n3\n", b"a\tb\tc\n1\t2\n", b"\xff\xfe"):
        assert f"{table} in it is not a table" in refused("parkinsons", table, content)
    archive.write_bytes(b"PK no archive")
    with pytest.raises(FileError, match="not a readable archive"):
        load_data("parkinsons", data_dir=folder)
    pytest.importorskip("h5py")
    for content in (b"", b"no hdf5"):
        told = refused("red-wine", "rnade_red_wine/red_wine.hdf5", content)
        assert "is not the folds of RNADE" in told


def test_the_real_ones(data_dir: Path) -> None:
    if not (data_dir / "uci_continuous.zip").exists():
        pytest.skip("uci_continuous.zip is not in ARDEN_DATA")
    voices = load_data("parkinsons", data_dir=data_dir)
    assert voices.schema.num_variables == 15  # as many as in the papers
    assert [len(voices.split(split)) for split in ("train", "valid", "test")] == [4699, 588, 588]
    pytest.importorskip("h5py")
    wines = [load_red_wine(data_dir=data_dir, fold=fold) for fold in range(1, 11)]
    assert wines[0].schema.num_variables == 11
    assert sum(len(fold.test) for fold in wines) == 1599
    assert {len(f.train) + len(f.valid) + len(f.test) for f in wines} == {1599}
