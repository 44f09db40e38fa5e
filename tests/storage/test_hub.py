"""`hf:owner/name` in place of a folder: what is fetched, and every way in which it is not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from arden.errors import FileError, InputError
from arden.storage.hub import push_folder
from arden.storage.located import located
from arden.storage.model_files import fingerprint, load, read_card, save
from tests.training.toys import bits, fresh


class Hub:
    """huggingface_hub as far as it is used, over folders of this machine."""

    def __init__(self, place: Path, error: Exception | None = None) -> None:
        self.place, self.error, self.asked = place, error, []  # type: ignore[var-annotated]

    def snapshot_download(self, name: str, **how: Any) -> str:
        """A name -> where it lies."""
        self.asked.append(("fetch", name, how))
        if self.error:
            raise self.error
        return str(self.place)

    def HfApi(self) -> Hub:
        """() -> what writes to it."""
        return self

    def create_repo(self, name: str, **how: Any) -> None:
        """A name -> ()."""
        self.asked.append(("create", name, how))
        if self.error:
            raise self.error

    def upload_folder(self, **how: Any) -> None:
        """A folder -> ()."""
        self.asked.append(("upload", how["repo_id"], how))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """() -> a hub that holds one model, in place of the real one."""
    model = fresh("nade", bits())
    save(model, tmp_path / "there", card={"schema": bits().schema.to_dict()})
    found = Hub(tmp_path / "there")
    monkeypatch.setitem(sys.modules, "huggingface_hub", found)  # type: ignore[arg-type]
    return found


def test_a_model_is_loaded_from_the_hub(hub: Hub) -> None:
    model = load("hf:someone/a-model_1.0")
    assert fingerprint(model) == fingerprint(load(hub.place))
    assert read_card(Path("hf:someone/a-model_1.0@v2"))["schema"]["kind"] == "image"
    only = {"allow_patterns": ["config.json", "model.safetensors"]}
    assert hub.asked == [
        ("fetch", "someone/a-model_1.0", {"revision": None, **only}),
        ("fetch", "someone/a-model_1.0", {"revision": "v2", **only}),
    ]


@pytest.mark.parametrize(
    "name", ["hf:", "hf:name", "hf:a/b/c", "hf:a/b@", "hf:../b c", "hf:a/b@v 1"]
)
def test_what_is_no_name_is_refused(name: str, hub: Hub) -> None:
    with pytest.raises(InputError, match=r"expected hf:owner/name or hf:owner/name@revision, got"):
        located(name)
    assert not hub.asked


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError("401 Client Error.\n\nRepository Not Found"), "401 Client Error"),
        (RuntimeError(""), "RuntimeError"),
    ],
)
def test_what_cannot_be_fetched_is_one_sentence(error: Exception, told: str, hub: Hub) -> None:
    hub.error = error
    with pytest.raises(FileError) as refused:
        load("hf:someone/name")
    assert str(refused.value) == f"hf:someone/name: cannot be fetched ({told})"
    with pytest.raises(FileError, match="someone/name: cannot be sent"):
        push_folder("x", "someone/name")


def test_a_folder_is_sent(hub: Hub, tmp_path: Path) -> None:
    assert push_folder(tmp_path, "hf:me/it", private=True) == "https://huggingface.co/me/it"
    assert hub.asked[0] == ("create", "me/it", {"private": True, "exist_ok": True})
    assert hub.asked[1][2]["folder_path"] == str(tmp_path)
    for wrong in ("it", "me/it@v1", "me/it/x"):
        with pytest.raises(InputError, match="expected owner/name"):
            push_folder(tmp_path, wrong)


def test_the_package_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InputError, match=r"needs the package huggingface_hub.*arden\[hub\]"):
        load("hf:someone/name")
