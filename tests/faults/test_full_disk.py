"""No room: one sentence, no half of a file, and nothing lost that was there.

`tests/faults/full_disk.py` does the same on a real file system that is full.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from arden.cli import main
from arden.kernels import without_kernels
from arden.storage.model_files import fingerprint, load
from tests.cli.words import environment, sentence
from tests.faults.room import contents, no_room_beyond
from tests.faults.writing import WRITERS, fit_words

Captured = pytest.CaptureFixture[str]


def refused_within(size: int, capsys: Captured, *words: object) -> str:
    """Bytes, words -> the sentence with which they end; captured in memory, not in a file."""
    capsys.readouterr()
    with no_room_beyond(size), pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    told = capsys.readouterr()
    assert left.value.code == 1, told
    return sentence(told.err)


@pytest.mark.parametrize("size", [60])
@pytest.mark.parametrize("name", WRITERS)
def test_what_cannot_be_written_leaves_what_was_there(
    name: str, size: int, run: Path, files: Path, tmp_path: Path, capsys: Captured
) -> None:
    make: Callable[..., list[object]] = WRITERS[name]
    words = make(run, files / "images.npz", tmp_path)
    before = contents(tmp_path)
    told = refused_within(size, capsys, *words)
    assert "cannot be written (File too large)" in told
    assert contents(tmp_path) == before
    # And what a former call wrote stays as it is.
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    assert left.value.code == 0
    before = contents(tmp_path)
    told = refused_within(size, capsys, *words, "--overwrite")
    assert contents(tmp_path) == before


def test_the_last_words_have_no_room_either() -> None:
    """Standard output is a file as well, if a user has it so."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    with full.open("w") as output:
        ran = subprocess.run(
            [sys.executable, "-m", "arden", "models", "--json"],
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
    assert ran.returncode == 1
    assert sentence(ran.stderr) == "the output cannot be written (No space left on device)"


@pytest.fixture(scope="module")
def straight(files: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """() -> the weights of a fit that had room."""
    folder = tmp_path_factory.mktemp("straight") / "run"
    with without_kernels(), pytest.raises(SystemExit) as left:
        main([str(word) for word in fit_words(files / "images.npz", folder)])
    assert left.value.code == 0
    return fingerprint(load(folder))


@pytest.mark.parametrize("size", [0, 4_000, 8_000])
def test_a_fit_without_room_can_be_begun_again(
    size: int, straight: str, files: Path, tmp_path: Path, capsys: Captured
) -> None:
    """Its files differ in size, so that each of them is the first that does not fit, in turn."""
    folder = tmp_path / "run"
    words = fit_words(files / "images.npz", folder)
    told = refused_within(size, capsys, *words)
    assert "cannot be written (File too large)" in told
    assert not any(name.startswith(".part-") for name in contents(tmp_path))
    for line in contents(tmp_path).get("run/metrics.jsonl", b"").splitlines(keepends=True):
        assert line.endswith(b"}\n")
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in [*words, "--resume"]])
    assert left.value.code == 0, capsys.readouterr()
    assert fingerprint(load(folder)) == straight


@pytest.mark.parametrize("size", [2_500])
def test_a_fit_without_room_keeps_the_one_that_it_was_to_replace(
    size: int, files: Path, tmp_path: Path, capsys: Captured
) -> None:
    folder = tmp_path / "run"
    words = fit_words(files / "images.npz", folder)
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    assert left.value.code == 0
    before = contents(folder)
    other = [*fit_words(files / "images.npz", folder, system="made"), "--overwrite"]
    refused_within(size, capsys, *other)
    assert contents(folder) == before
    load(folder)
