"""A run as a repository of a model hub: the model, its card, its pictures, and nothing else."""

from __future__ import annotations

import os
import re
from pathlib import Path

from arden.errors import FileError, InputError
from arden.runs.model_card import model_card
from arden.runs.pictures import PICTURES
from arden.storage.folders import claim_folder, write_together
from arden.storage.hub import HUB, push_folder
from arden.storage.located import located
from arden.storage.model_files import CONFIG, WEIGHTS, load, read_card

__all__ = ["publish"]

_README = "README.md"
_LICENCE = re.compile(r"[a-z0-9.+-]+")


def publish(
    run: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    push: str | None = None,
    licence: str | None = None,
    private: bool = False,
    overwrite: bool = False,
) -> Path:
    """A run (or what `arden.save` wrote with a schema) -> a folder in the layout of model hubs.

    config.json, model.safetensors, the run's pictures and a README.md with its figures, their
    protocol and how to use it. The model is loaded first, so that no damaged one is published.
    ``push`` "owner/name" sends the folder to the Hugging Face Hub, where
    `arden.load("hf:owner/name")` finds it; nothing leaves the machine otherwise. ``licence`` is an
    identifier such as apache-2.0.

    Raises:
        FileError: no model there, one saved without a schema; a folder that is taken or cannot be
            written; what cannot be sent.
        InputError: a name or a licence that is none; the package huggingface_hub is missing.

    >>> import arden, tempfile
    >>> data = arden.load_data("digits")
    >>> model = arden.fit("independent", data, progress=False)
    >>> with tempfile.TemporaryDirectory() as place:
    ...     card = {"system": "independent", "schema": data.schema.to_dict()}
    ...     run = arden.save(model, place + "/bits", card=card)
    ...     sorted(path.name for path in arden.publish(run, place + "/hub").iterdir())
    ['README.md', 'config.json', 'model.safetensors']
    """
    source, place = located(run), Path(folder)
    if licence is not None and not _LICENCE.fullmatch(licence):
        raise InputError(f"licence: expected an identifier such as apache-2.0, got {licence!r}")
    load(source)
    card = read_card(source)
    if "schema" not in card:
        raise FileError(f"{source}: the model was saved without a schema of its rows")
    if place.resolve() == source.resolve():
        raise FileError(f"{place}: is the run itself; expected another folder")
    address = None if push is None else push.removeprefix(HUB)
    pictures = [name for name in PICTURES if (source / name).is_file()]
    name = address.rpartition("/")[2] if address else source.resolve().name
    text = model_card(name, card, pictures, licence=licence, address=address)
    claim_folder(place, marker=CONFIG, overwrite=overwrite)
    try:
        files = {file: (source / file).read_bytes() for file in (*pictures, WEIGHTS, CONFIG)}
    except OSError as error:
        raise FileError(f"{source}: cannot be read ({error.strerror or error})") from None
    files = {_README: text.encode(), **files}
    write_together({place / file: content for file, content in files.items()})
    for old in PICTURES:  # of what is replaced
        if old not in files:
            (place / old).unlink(missing_ok=True)
    if push is not None:
        push_folder(place, push, private=private)
    return place
