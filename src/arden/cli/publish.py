"""`arden publish RUN --out FOLDER`: a run as a repository of a model hub, with its card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

__all__ = ["publish"]


def publish(
    run: Path,
    /,
    *,
    out: Path,
    push: str | None = None,
    licence: Annotated[str | None, Parameter(name=["--licence", "--license"])] = None,
    private: bool = False,
    overwrite: bool = False,
) -> int:
    """Write a model, its pictures and a card of its figures as a repository; send it if asked.

    Parameters
    ----------
    run
        A run directory written by arden fit.
    out
        The folder to write: config.json, model.safetensors, README.md and the pictures.
    push
        Also send it to the Hugging Face Hub as owner/name, where hf:owner/name is then a run for
        every command.
    licence
        The identifier of a licence, such as apache-2.0, for the card.
    private
        A repository that is made by --push is private.
    overwrite
        Replace the published model that is there.
    """
    # Imported here, so that --help does not wait for torch.
    from arden.cli.outputs import say_where
    from arden.errors import InputError
    from arden.runs.publishing import publish as write

    if private and push is None:
        raise InputError("private: expected --push owner/name beside it, got none")
    write(run, out, push=push, licence=licence, private=private, overwrite=overwrite)
    say_where("Written", out)
    if push is not None:
        print(f"Sent: hf:{push.removeprefix('hf:')}")
    return 0
