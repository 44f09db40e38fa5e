"""Folders: which file belongs to which split and class, whatever else lies about."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from arden.data.readers.folders import files_below, fingerprint_files, walk_folder
from arden.errors import FileError, InputError


def laid(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def walked(folder: Path) -> dict[str, list[tuple[str, str | None]]]:
    found = walk_folder(folder, (".png", ".jpg"))
    return {
        split: [(file.relative_to(folder).as_posix(), label) for file, label in files]
        for split, files in found.items()
    }


def refused(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        walk_folder(folder, (".png",))
    assert str(folder) in str(caught.value)
    return str(caught.value)


def test_one_folder_of_files(tmp_path):
    laid(tmp_path, "10.png", "2.PNG", "a.jpg", "notes.txt", ".hidden.png", ".git/x.png", "png")
    (tmp_path / "empty.png").mkdir()
    assert walked(tmp_path) == {"all": [("10.png", None), ("2.PNG", None), ("a.jpg", None)]}


def test_subfolders_are_classes(tmp_path):
    laid(tmp_path, "dog/1.png", "cat/2.png", "cat/deep/1.png", "README.md", "notes/x.txt")
    laid(tmp_path, "cat/.checkpoints/1.png", ".cache/1.png")
    expected = [("cat/2.png", "cat"), ("cat/deep/1.png", "cat"), ("dog/1.png", "dog")]
    assert walked(tmp_path) == {"all": expected}


@pytest.mark.parametrize("valid", ["valid", "val", "Validation"])
def test_subfolders_are_splits(tmp_path, valid):
    laid(tmp_path, "Train/b.png", "Train/a.png", f"{valid}/a.png", "test/cat/a.png", "test/x.txt")
    assert walked(tmp_path) == {
        "train": [("Train/a.png", None), ("Train/b.png", None)],
        "valid": [(f"{valid}/a.png", None)],
        "test": [("test/cat/a.png", "cat")],
    }


def test_train_and_test_are_enough_and_train_alone_is_a_whole(tmp_path):
    laid(tmp_path / "a", "train/a.png", "test/a.png", "valid/notes.txt", "docs/x.txt")
    assert list(walked(tmp_path / "a")) == ["train", "test"]
    laid(tmp_path / "b", "train/dog/a.png")
    assert walked(tmp_path / "b") == {"all": [("train/dog/a.png", "dog")]}


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["train/a.png", "test/a.png", "cat/a.png"], "got a folder cat as well"),
        (["train/a.png", "test/a.png", "a.png"], "got a file a.png as well"),
        (["test/a.png"], "needs folders train and test (valid may be left out), got test"),
        (["train/a.png", "valid/a.png"], "got train, valid"),
        (["train/a.png", "val/a.png", "valid/a.png", "test/a.png"], "got val and valid"),
        (["a.png", "cat/a.png"], "got both a.png and cat/a.png"),
        (["train/a.png", "train/cat/a.png", "test/a.png"], "got both a.png and cat/a.png"),
    ],
)
def test_mixtures_are_refused(tmp_path, names, told):
    assert told in refused(laid(tmp_path, *names))


def test_an_order_that_does_not_depend_on_the_system(tmp_path):
    laid(tmp_path, "b/1.png", "a/2.png", "a.b/1.png", "B/1.png")
    found = [path.relative_to(tmp_path).as_posix() for path in files_below(tmp_path, (".png",))]
    assert found == ["B/1.png", "a/2.png", "a.b/1.png", "b/1.png"]


def test_fingerprints_tell_names_and_contents_apart(tmp_path):
    def told(*names: str, change: str = "") -> str:
        folder = laid(tmp_path / str(len(list(tmp_path.iterdir()))), *names)
        if change:
            (folder / change).write_text("changed")
        return fingerprint_files(folder, files_below(folder, (".png",)))

    assert told("a.png", "b.png") == told("a.png", "b.png")
    others = [told("a.png"), told("a.png", "c.png"), told("a.png", "b.png", change="b.png")]
    assert len({told("a.png", "b.png"), *others}) == 4


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(tmp_path):
    laid(tmp_path, "cat/a.png")
    (tmp_path / "cat").chmod(0)
    with pytest.raises(FileError, match="cannot be read"):
        walk_folder(tmp_path, (".png",))
    (tmp_path / "cat").chmod(0o700)


def test_no_such_folder(tmp_path):
    with pytest.raises(FileError, match="cannot be read"):
        walk_folder(tmp_path / "none", (".png",))
