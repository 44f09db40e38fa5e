"""Rows in shards are the rows of one file: the same splits, the same fit, without the memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import arden
from arden.data import SPLIT_NAMES, Dataset, load_data, read_rows
from arden.data.reading import read_chunks
from arden.data.shards import loading
from arden.errors import FileError, InputError
from arden.storage.model_files import fingerprint
from tests.cli.words import environment

SOURCE = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """() -> the cache of the test."""
    monkeypatch.setenv("ARDEN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def arrays(folder: Path, sizes: tuple[int, ...] = (30, 1, 50), **how: Any) -> tuple[Path, Path]:
    """A folder, rows of each shard -> a folder of .npz shards, and one file of all their rows."""
    shape, levels, labels = how.get("shape", (5,)), how.get("levels", 3), how.get("labels", False)
    shards, whole = folder / "shards", folder / "whole.npz"
    shards.mkdir(parents=True)
    rows = SOURCE.integers(0, levels or 2, (sum(sizes), *shape))
    rows[0, ..., 0] = (levels or 2) - 1  # some row holds the highest level
    beside = {"y": SOURCE.choice(["b", "a"], len(rows))} if labels else {}
    values = rows.astype(np.uint8) if levels else SOURCE.normal(size=rows.shape)
    np.savez(whole, x=values, **beside)
    ends = np.cumsum(sizes)
    for place, (low, high) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
        some = {name: array[low:high] for name, array in beside.items()}
        np.savez(shards / f"part-{place}.npz", x=values[low:high], **some)
    return shards, whole


def tables(folder: Path, rows: int = 400, gaps: bool = True) -> tuple[Path, Path]:
    """A folder -> a folder of .parquet shards of mixed columns, and one file of all their rows."""
    pyarrow = pytest.importorskip("pyarrow", reason="Arrow is in the extra `table`")
    from pyarrow import parquet

    work = SOURCE.choice(["none", "half", "full"], rows).astype(object)
    work[np.flatnonzero(SOURCE.random(rows) < 0.1) if gaps else []] = None
    table = pyarrow.table(
        {
            "id": np.arange(rows),
            "work": pyarrow.array(work, pyarrow.string()),
            "age": SOURCE.integers(18, 90, rows),
            "pay": np.round(SOURCE.normal(30.0, 9.0, rows), 2),
            "member": SOURCE.random(rows) < 0.5,
        }
    )
    shards, whole = folder / "shards", folder / "whole.parquet"
    shards.mkdir(parents=True)
    parquet.write_table(table, whole)
    for place, low in enumerate(range(0, rows, 150)):
        parquet.write_table(table.slice(low, 150), shards / f"part-{place}.parquet")
    return shards, whole


def assert_same(found: Dataset, expected: Dataset) -> None:
    """Two data sets -> (): the same rows in the same splits, under the same schema."""
    assert found.schema == expected.schema
    for name in SPLIT_NAMES:
        for part in ("values", "labels", "observed"):
            theirs, ours = getattr(expected.split(name), part), getattr(found.split(name), part)
            assert (theirs is None) == (ours is None), (name, part)
            if theirs is not None:
                known = expected.split(name).observed if part == "values" else None
                same = theirs == ours if known is None else (theirs == ours) | ~known
                assert theirs.dtype == ours.dtype
                assert bool(same.all())


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"shape": (3, 4), "levels": 256},
        {"shape": (2, 2, 3), "levels": 2},
        {"labels": True},
        {"levels": 0},
        {"levels": 0, "shape": (2, 2)},
        {"shape": (1,), "levels": 300},
    ],
)
def test_arrays_are_those_of_one_file(how: dict[str, Any], tmp_path: Path) -> None:
    shards, whole = arrays(tmp_path, **how)
    found, expected = load_data(shards), load_data(whole)
    assert_same(found, expected)
    assert found.protocol.startswith("shards: ")
    assert "3 shards, sha256 " in found.protocol
    told = expected.protocol.partition("; split ")[2]
    assert found.protocol.endswith(f"; split {told}")
    assert_same(load_data(f"{shards}/*.npz"), expected)  # a pattern of the same files


@pytest.mark.parametrize("how", [{}, {"unseen": "other"}, {"complete_rows": True}])
def test_tables_are_those_of_one_file(how: dict[str, Any], tmp_path: Path) -> None:
    shards, whole = tables(tmp_path)
    found, expected = load_data(shards, **how), load_data(whole, **how)
    assert_same(found, expected)
    assert [one.name for one in found.schema.left_out] == ["id"]
    about = lambda data: data.protocol.partition("; no variables")[2]  # noqa: E731
    assert about(found) == about(expected)  # what is missing, what was left out, the split
    again = load_data(shards, schema=expected.schema)
    assert "columns by a given schema" in again.protocol
    assert again.schema == expected.schema


def test_given_splits_stay(tmp_path: Path) -> None:
    shards, _ = arrays(tmp_path)
    parts = {"train": "part-0.npz", "test": "part-2.npz", "val": "part-1.npz"}
    for split, name in parts.items():
        (shards / split).mkdir()
        (shards / name).rename(shards / split / name)
    found = load_data(shards)
    assert [len(found.split(name)) for name in SPLIT_NAMES] == [30, 1, 50]
    assert found.protocol.endswith("split 30/1/50 by whole shards, as given.")
    rows = [rows for rows, _ in read_chunks(shards, found.schema, 16)]
    assert torch.equal(torch.cat([one.values for one in rows]), found.test.values)
    (shards / "val" / "part-1.npz").unlink()
    (shards / "val").rmdir()
    found = load_data(shards)
    assert [len(found.split(name)) for name in SPLIT_NAMES] == [27, 3, 50]
    assert "train and test by whole shards, valid taken from train by numpy" in found.protocol


def test_shards_are_converted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shards, whole = arrays(tmp_path)
    first = load_data(shards)
    converted: list[str] = []
    convert = loading._convert

    def watched(name: str, *rest: Any) -> None:
        converted.append(name)
        convert(name, *rest)

    monkeypatch.setattr(loading, "_convert", watched)
    assert load_data(shards).protocol == first.protocol
    assert converted == []
    with np.load(shards / "part-0.npz") as one:
        np.savez(shards / "part-0.npz", x=2 - one["x"])
    assert load_data(shards).protocol != first.protocol
    assert converted == ["shards"]
    del whole


def test_whoever_comes_second_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the processes of torchrun do, which begin at the same moment."""
    shards, whole = arrays(tmp_path)
    converted: list[str] = []
    convert = loading._convert

    def slowly(name: str, *rest: Any) -> None:
        converted.append(name)
        time.sleep(0.2)
        convert(name, *rest)

    monkeypatch.setattr(loading, "_convert", slowly)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(load_data, [shards] * 3))
    assert converted == ["shards"]
    for one in found:
        assert_same(one, load_data(whole))


def test_what_was_interrupted_begins_again(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards, whole = arrays(tmp_path)

    class Stops(loading.RowsWriter):
        def add(self, name: str, rows: Any) -> None:
            super().add(name, rows)
            if name == "test":
                raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(loading, "RowsWriter", Stops)
        with pytest.raises(KeyboardInterrupt):
            load_data(shards)
    assert [path.name for path in (cache / "rows").iterdir() if path.is_dir()] == []
    assert_same(load_data(shards), load_data(whole))


def test_rows_are_not_written_where_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards, _ = arrays(tmp_path)
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(loading.shutil, "disk_usage", lambda path: usage(7))
    with pytest.raises(FileError, match=r"the rows need .* GB, but .* are free; .* ARDEN_CACHE"):
        load_data(shards)


def damaged(folder: Path, what: str) -> Path:
    """A folder, a defect -> shards that have it."""
    shards, _ = arrays(folder)
    part = shards / "part-2.npz"
    if what == "endings":
        (shards / "more.parquet").touch()
    elif what == "shapes":
        np.savez(part, x=np.zeros((4, 6), dtype=np.uint8))
    elif what == "splits":
        np.savez(part, train=np.zeros((4, 5)), test=np.zeros((4, 5)))
    elif what == "labels":
        np.savez(part, x=np.zeros((4, 5)), y=np.zeros(4))
    elif what == "nan":
        np.savez(part, x=np.full((4, 5), np.nan))
    elif what == "cut":
        part.write_bytes(part.read_bytes()[:100])
    elif what == "folders":
        (shards / "north").mkdir()
        for file in shards.glob("*.npz"):
            file.rename(shards / "north" / file.name)
    return shards


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("endings", "expected shards of one kind, got .npz and .parquet"),
        ("shapes", r"expected events of one shape, got \(5,\) in part-0.npz and \(6,\) in part-2"),
        ("splits", "expected one array of rows in a shard, got test, train|got train, test"),
        ("labels", "expected labels in every shard or in none"),
        ("nan", r"part-2.npz: row 0, column 0 \(counted from 0\) holds NaN"),
        ("cut", "part-2.npz: not a readable NumPy file"),
        ("folders", "expected shards in one folder, or in train, valid and test, got north/"),
    ],
)
def test_shards_that_do_not_belong_together(what: str, told: str, tmp_path: Path) -> None:
    shards = damaged(tmp_path, what)
    with pytest.raises((InputError, FileError), match=told):
        load_data(shards)


def test_tables_that_do_not_belong_together(tmp_path: Path) -> None:
    shards, _ = tables(tmp_path)
    import pyarrow
    from pyarrow import parquet

    last = shards / "part-2.parquet"
    table = parquet.read_table(last)
    parquet.write_table(table.drop_columns(["age"]), last)
    with pytest.raises(InputError, match=r"expected the columns id, work, .* in every shard, got"):
        load_data(shards)
    parquet.write_table(table.set_column(2, "age", pyarrow.array(["old"] * len(table))), last)
    with pytest.raises(InputError, match=r'column "age": expected int64 as in part-0'):
        load_data(shards)
    with pytest.raises(InputError, match="discrete cannot be given for the tables of"):
        load_data(shards, discrete=True)
    with pytest.raises(InputError, match="only fit and score read those"):
        read_rows(shards, load_data(tmp_path / "whole.parquet").schema)


@pytest.mark.parametrize("kind", ["bits", "table", "classes", "images"])
def test_a_fit_is_that_of_the_rows_in_memory_bit_for_bit(kind: str, tmp_path: Path) -> None:
    how: dict[str, Any] = {"hidden": (8,), "epochs": 2, "progress": False}
    if kind == "table":
        shards, whole = tables(tmp_path, gaps=False)
    else:
        shape = (4, 4) if kind == "images" else (5,)
        shards, whole = arrays(tmp_path, levels=2, shape=shape, labels=kind == "classes")
    if kind == "classes":
        how["condition"] = "label"
    one, other = arden.fit("made", whole, **how), arden.fit("made", shards, **how)
    assert fingerprint(one) == fingerprint(other)


# The most memory of its own that a fit had, in kB. Pages of the mapped files are not counted: they
# are what lies on disk, and the system takes them back when it wants the room.
PROGRAM = """
import re, sys, threading
import arden

most, ended = [0], threading.Event()

def watch():
    while not ended.wait(0.003):
        told = re.search(r"RssAnon:\\s+(\\d+) kB", open("/proc/self/status").read())
        most[0] = max(most[0], int(told[1]))

watching = threading.Thread(target=watch)
watching.start()
arden.fit("made", sys.argv[1], hidden=(4,), epochs=1, batch_size=512, progress=False)
ended.set()
watching.join()
print(most[0])
"""


def peak(shards: Path) -> float:
    """Shards -> MB of its own at the peak of a process that fits a model to them."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(shards)],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(ran.stdout) / 1024


@pytest.fixture
def wide(tmp_path: Path) -> tuple[Path, Path]:
    """() -> folders of 2 and of 9 shards of 8 MB."""
    folders = tmp_path / "few", tmp_path / "many"
    shard = SOURCE.integers(0, 2, (10_000, 800), dtype=np.uint8)
    for folder, count in zip(folders, (2, 9), strict=True):
        folder.mkdir()
        for place in range(count):
            np.savez(folder / f"part-{place}.npz", x=shard)
    return folders


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are read from /proc")
def test_memory_does_not_grow_with_the_number_of_shards(wide: tuple[Path, Path]) -> None:
    few, many = map(peak, wide)
    assert many - few < 20, (few, many)  # MB; in memory the rows alone would be 56 more
