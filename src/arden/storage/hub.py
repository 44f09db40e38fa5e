"""Models kept on the Hugging Face Hub: `hf:owner/name` stands wherever a folder may stand."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from arden.errors import FileError, InputError

__all__ = ["HUB", "fetched", "push_folder"]

HUB = "hf:"
_NAME = re.compile(r"([\w.-]+/[\w.-]+)(?:@([\w./-]+))?")
_FILES = ["config.json", "model.safetensors"]  # nothing else is fetched, and nothing is executed


def fetched(told: str) -> Path:
    """ "hf:owner/name", with "@revision" if wanted -> a folder on this machine.

    It is fetched into huggingface_hub's cache, once for every revision.

    Raises:
        InputError: a name that is none, or huggingface_hub (extra ``hub``) is not installed.
        FileError: what cannot be fetched.
    """
    found = _NAME.fullmatch(told.removeprefix(HUB))
    if found is None:
        raise InputError(f"folder: expected hf:owner/name or hf:owner/name@revision, got {told!r}")
    hub = _hub(told)
    try:
        place = hub.snapshot_download(found[1], revision=found[2], allow_patterns=_FILES)
    except Exception as error:  # whatever went wrong there, and there are many ways
        raise FileError(f"{told}: cannot be fetched ({_first_line(error)})") from None
    return Path(place)


def push_folder(folder: str | os.PathLike[str], name: str, *, private: bool = False) -> str:
    """A folder of `arden.publish`, "owner/name" -> its address on the hub, where it now lies too.

    Who may write there is up to huggingface_hub: `hf auth login`, or the variable HF_TOKEN.

    Raises:
        InputError: a name that is none, or huggingface_hub (extra ``hub``) is not installed.
        FileError: what cannot be sent.
    """
    name = name.removeprefix(HUB)
    if not (found := _NAME.fullmatch(name)) or found[2]:
        raise InputError(f"name: expected owner/name, got {name!r}")
    api = _hub(name).HfApi()
    try:
        api.create_repo(name, private=private, exist_ok=True)
        sent = api.upload_folder(
            repo_id=name, folder_path=str(folder), commit_message="A model fitted with Arden"
        )
    except Exception as error:
        raise FileError(f"{name}: cannot be sent ({_first_line(error)})") from None
    return str(getattr(sent, "repo_url", "") or f"https://huggingface.co/{name}")


def _hub(name: str) -> Any:
    try:
        import huggingface_hub
    except ImportError:
        raise InputError(
            f"{name}: needs the package huggingface_hub, which is not installed; expected it "
            "(it is in arden[hub])"
        ) from None
    return huggingface_hub


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
