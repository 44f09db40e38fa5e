"""A checkpoint that the disk damaged: noticed, and the one before it takes its place."""

from __future__ import annotations

import logging
import os
import random
from pathlib import Path
from typing import Any

import pytest

from arden.errors import FileError
from arden.kernels import without_kernels
from arden.storage.model_files import fingerprint
from arden.training.checkpoint import Checkpoint
from arden.training.fit import fit_model
from tests.fuzz import damaged
from tests.training import killing
from tests.training.toys import bits, fresh, quick


def killed_after(steps: int, path: Path, **options: Any) -> None:
    """Gradient steps, a file -> (): a fit that was killed after so many, written at each."""
    data = bits()
    model, checkpoint = fresh("nade", data), Checkpoint(path, seconds=0)
    killing.killed_after(
        steps, lambda: fit_model(model, data, quick(**options), checkpoint=checkpoint)
    )


@pytest.fixture(scope="module")
def straight() -> str:
    """() -> the weights of a fit that nothing happened to."""
    data = bits()
    model = fresh("nade", data)
    with without_kernels():  # they round in another way
        fit_model(model, data, quick())
    return fingerprint(model)


def resumed(path: Path) -> str:
    """A file -> the weights of the fit that went on from it."""
    data = bits()
    model = fresh("nade", data)
    fit_model(model, data, quick(), checkpoint=Checkpoint(path, seconds=0))
    return fingerprint(model)


@pytest.mark.parametrize("seed", range(8))
def test_damage_anywhere_is_noticed_and_the_one_before_goes_on(
    seed: int, straight: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, source = tmp_path / "fit.safetensors", random.Random(seed)
    killed_after(7, path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        *("fit.previous.safetensors", "fit.safetensors")
    ]
    content = path.read_bytes()
    if seed % 2:  # one bit of a number: it would still be a checkpoint by its form
        start = 8 + int.from_bytes(content[:8], "little")
        place = source.randrange(start, len(content))
        hurt = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    else:
        hurt = damaged(content, source)
    assert hurt != content
    path.write_bytes(hurt)
    with caplog.at_level(logging.WARNING):
        assert resumed(path) == straight
    assert "damaged; going on from the checkpoint before it" in caplog.text


@pytest.mark.parametrize("kept", [0, 7, 100, 0.5, 0.999])
def test_cut_short(kept: float, straight: str, tmp_path: Path) -> None:
    path = tmp_path / "fit"
    killed_after(7, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if 0 < kept < 1 else int(kept)])
    assert resumed(path) == straight


def test_both_damaged_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "fit"
    killed_after(7, path)
    for file in tmp_path.iterdir():
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
    with pytest.raises(FileError, match=r"not a whole checkpoint .* does not match its checksum"):
        resumed(path)


def test_one_of_another_fit_is_not_mistaken_for_damage(tmp_path: Path) -> None:
    path = tmp_path / "fit"
    killed_after(7, path, learning_rate=0.5)
    with pytest.raises(FileError, match=r"belongs to a fit with learning_rate 0\.5"):
        resumed(path)


def test_who_begins_again_does_not_meet_the_old_one(straight: str, tmp_path: Path) -> None:
    """The file is gone, the one before it is not: it belongs to nothing any more."""
    path = tmp_path / "fit"
    killed_after(7, path, learning_rate=0.5)
    path.unlink()
    assert resumed(path) == straight


def test_a_file_system_without_links(
    straight: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*arguments: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_link)
    path = tmp_path / "fit"
    killed_after(7, path)
    path.write_bytes(b"")
    assert resumed(path) == straight


def test_one_from_before_there_were_checksums_is_resumed(straight: str, tmp_path: Path) -> None:
    import json

    from safetensors.torch import load, save

    path = tmp_path / "fit"
    killed_after(7, path)
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    told = json.loads(content[8 : 8 + length])["__metadata__"]["state"]
    path.write_bytes(save(load(content), metadata={"state": told}))
    (tmp_path / "fit.previous").unlink()
    assert resumed(path) == straight
