"""A user's folders and files: what is theirs is never written over, what is ours appears whole."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from arden.conditionals.bernoulli import Bernoulli
from arden.errors import FileError
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.storage.folders import claim_folder, write_atomically
from arden.storage.model_files import fingerprint, load, read_card, save
from tests.core.models import build

MARKER = "config.json"


def claim(path: Path, overwrite: bool = False) -> Path:
    """A path -> the folder, claimed."""
    return claim_folder(path, marker=MARKER, overwrite=overwrite)


def test_new_and_empty_folders_are_free(tmp_path: Path) -> None:
    assert claim(tmp_path / "a" / "b").is_dir()
    claim(tmp_path / "a" / "b")


def test_our_folders_are_written_over_only_when_told(tmp_path: Path) -> None:
    (tmp_path / MARKER).touch()
    with pytest.raises(FileError, match="holds a model already; say --overwrite to replace it"):
        claim(tmp_path)
    assert claim(tmp_path, overwrite=True) == tmp_path


@pytest.mark.parametrize("overwrite", [False, True])
def test_foreign_folders_are_never_written_to(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FileError, match="holds files that Arden did not write"):
        claim(tmp_path, overwrite)
    with pytest.raises(FileError, match="expected a folder, but a file has this name"):
        claim(tmp_path / "thesis.tex", overwrite)
    with pytest.raises(FileError, match="cannot be made"):
        claim(tmp_path / "thesis.tex" / "run", overwrite)
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: Any, **options: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(FileError, match="cannot be written to"):
        claim(tmp_path)
    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(FileError, match=r"cannot be made \(Permission denied\)"):
        claim(tmp_path / "run")


def test_a_written_file_is_whole_and_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    (tmp_path / "plain").touch()
    plain = stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == plain
    assert sorted(os.listdir(tmp_path)) == ["plain", "x"]


def full_disk(*arguments: Any) -> None:
    """Stands in for a call of the system that finds no room."""
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupted(*arguments: Any) -> None:
    """Stands in for a call of the system during which Ctrl-C is pressed."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "x"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, call, full_disk)
    with pytest.raises(FileError, match=r"x: cannot be written \(No space left on device\)"):
        write_atomically(path, b"new")
    monkeypatch.setattr(os, call, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x"]


def test_a_failed_save_leaves_the_old_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (
        build(NADE, NADEOptions(hidden=3), Bernoulli(), Raster((4,)), seed=seed) for seed in (0, 1)
    )
    save(old, tmp_path)
    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(FileError, match="No space left on device"):
        save(new, tmp_path, overwrite=True)
    monkeypatch.undo()
    assert fingerprint(load(tmp_path)) == fingerprint(old)
    assert sorted(os.listdir(tmp_path)) == ["config.json", "model.safetensors"]


def test_a_save_cut_between_its_two_files_leaves_a_whole_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a checkpoint of the same fit: the new weights already, the old card still."""
    old, new = (
        build(NADE, NADEOptions(hidden=3), Bernoulli(), Raster((4,)), seed=seed) for seed in (0, 1)
    )
    save(old, tmp_path, card={"epoch": 1})
    replace, calls = os.replace, iter([os.replace, interrupted])
    monkeypatch.setattr(os, "replace", lambda *names: next(calls)(*names))
    with pytest.raises(KeyboardInterrupt):
        save(new, tmp_path, card={"epoch": 2}, overwrite=True)
    monkeypatch.setattr(os, "replace", replace)
    assert fingerprint(load(tmp_path)) == fingerprint(new)
    assert read_card(tmp_path) == {"epoch": 1}


def test_a_folder_that_vanished(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written"):
        write_atomically(tmp_path / "nowhere" / "x", b"")
