"""A folder that may not be written to: said in one sentence, before the work where that can be."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from arden.cli import main
from tests.cli.words import sentence
from tests.faults.room import contents, without_privileges
from tests.faults.writing import WRITERS, fit_words

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def closed() -> Iterator[Path]:
    """() -> an empty folder; anybody may look into it, and nobody write."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "closed"
        folder.mkdir()
        Path(place).chmod(0o755)
        yield folder
        folder.chmod(0o755)


@pytest.fixture
def open_to_all(run: Path, files: Path) -> Iterator[tuple[Path, Path]]:
    """() -> copies of a run and its data that everybody can read."""
    import shutil

    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        shutil.copytree(run, Path(place) / "run")
        shutil.copy(files / "images.npz", Path(place) / "images.npz")
        for path in Path(place).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield Path(place) / "run", Path(place) / "images.npz"


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
@pytest.mark.parametrize("name", [*WRITERS, "fit", "fit, overwriting"])
def test_a_folder_that_may_not_be_written_to(
    name: str, open_to_all: tuple[Path, Path], closed: Path, capsys: Captured
) -> None:
    run, data = open_to_all
    words = (
        fit_words(data, closed / "new" if name == "fit" else closed)
        if name.startswith("fit")
        else WRITERS[name](run, data, closed)
    )
    # Once where it may be: whatever is imported only then is imported by one who may read it.
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    assert left.value.code == 0
    before = contents(closed)
    for path in [closed, *closed.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    if name == "fit":
        words = fit_words(data, closed / "other")
    capsys.readouterr()
    with without_privileges(), pytest.raises(SystemExit) as left:
        main([str(word) for word in [*words, "--overwrite"]])
    told = capsys.readouterr()
    assert left.value.code == 1
    assert any(
        words in sentence(told.err)
        for words in ("cannot be written", "cannot be made", "cannot be locked")
    )
    for path in [closed, *closed.rglob("*")]:
        path.chmod(0o755)
    assert contents(closed) == before
