"""Files of columns, written piece by piece: whole at the end, or not there at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from arden.cli.outputs import ColumnFile, write_columns
from arden.errors import FileError


def test_pieces_make_the_file_of_the_whole(tmp_path: Path) -> None:
    values, names = np.random.default_rng(0).normal(size=7), list("abcdefg")
    for ending in (".csv", ".npz"):
        whole, parts = tmp_path / f"whole{ending}", tmp_path / f"parts{ending}"
        write_columns(whole, {"name": np.array(names), "value": values})
        with ColumnFile(parts) as file:
            for at in (slice(0, 3), slice(3, 4), slice(4, 7)):
                assert not parts.exists()
                file.add({"name": names[at], "value": values[at]})
        if ending == ".csv":
            assert whole.read_bytes() == parts.read_bytes()
            lines = parts.read_text().splitlines()
            assert lines[0] == "name,value"
            assert [float(line.split(",")[1]) for line in lines[1:]] == values.tolist()
        else:
            for path in (whole, parts):
                with np.load(path) as arrays:
                    assert arrays["value"].tolist() == values.tolist()
                    assert arrays["name"].tolist() == names
    assert len(list(tmp_path.iterdir())) == 4


def test_what_stands_beside_is_in_the_archive_alone(tmp_path: Path) -> None:
    for ending in (".csv", ".npz"):
        with ColumnFile(tmp_path / f"x{ending}") as file:
            file.add({"value": np.arange(2)})
            file.put_beside("names", np.array(["a"]))
    assert (tmp_path / "x.csv").read_text() == "value\n0\n1\n"
    with np.load(tmp_path / "x.npz") as arrays:
        assert arrays["names"].tolist() == ["a"]


@pytest.mark.parametrize("ending", [".csv", ".npz"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_end_before_the_end_leaves_the_old_file(
    ending: str, error: type[BaseException], tmp_path: Path
) -> None:
    path = tmp_path / f"x{ending}"
    path.write_text("old")

    def interrupted() -> None:
        with ColumnFile(path) as file:
            file.add({"value": np.arange(5)})
            raise error

    with pytest.raises(error):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.csv"

    def fail(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with (
        pytest.raises(FileError, match=r"cannot be written \(No space left"),
        ColumnFile(path) as file,
    ):
        file.add({"value": np.arange(5)})
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_without_a_path(tmp_path: Path) -> None:
    with ColumnFile(None) as file:
        file.add({"value": np.arange(5)})
        file.put_beside("names", np.array(["a"]))
    assert list(tmp_path.iterdir()) == []


def test_it_may_be_read_as_any_new_file(tmp_path: Path) -> None:
    write_columns(tmp_path / "x.csv", {"value": np.arange(2)})
    (tmp_path / "plain").touch()
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("x.csv", "plain")]
    assert modes[0] == modes[1]
