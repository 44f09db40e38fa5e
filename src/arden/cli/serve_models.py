"""Runs opened to be served: their names, the normal rows of their detectors, the token."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import torch

from arden.cli.detect_report import note_on
from arden.cli.detect_rows import Rows, normal_scores
from arden.cli.runs import open_run
from arden.core.latent import AnyModel, LatentModel
from arden.data import Schema
from arden.data.spelling import most_steps
from arden.errors import ArdenError, FileError, InputError
from arden.serving.limits import Limits
from arden.serving.served import VERBS, Served
from arden.storage.model_files import load, read_card
from arden.storage.zoo import ZOO
from arden.tasks.detect import Detector
from arden.tasks.sample import sample
from arden.tasks.score import score
from arden.training.device import resolve_device

__all__ = ["TOKEN", "check_limits", "opened_models", "token_of"]

TOKEN = "ARDEN_TOKEN"


def check_limits(limits: Limits) -> None:
    """Limits as they were asked for -> (), or a refusal of one that would let nothing through."""
    for field in fields(limits):
        value = getattr(limits, field.name)
        least = 0 if field.name == "max_wait" else 1 if isinstance(value, int) else 1e-6
        if not (math.isfinite(value) and value >= least):
            raise InputError(f"{field.name}: expected at least {least:g}, got {value}")


def token_of(path: Path | None) -> str | None:
    """--token-file, or the environment -> the token; None where anyone may ask.

    Raises:
        FileError: a file that cannot be read.
        InputError: an empty token, or one that no header can hold.
    """
    token = os.environ.get(TOKEN)
    if path is not None:
        try:
            token = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            told = getattr(error, "strerror", None) or "no text"
            raise FileError(f"token_file: {path} cannot be read ({told})") from None
    if token is None:
        return None
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        where = TOKEN if path is None else str(path)
        raise InputError(
            f"token: expected letters, digits and signs without spaces in {where}, got "
            f"{'nothing' if not token else 'others'}"
        )
    return token


def opened_models(
    runs: Sequence[Path],
    limits: Limits,
    calibrate: str | None,
    device: str,
    data_dir: Path | None,
) -> list[Served]:
    """Run directories -> their models, ready to be asked.

    Raises:
        InputError: two of one name, a model that answers nothing that a server is asked, normal
            rows that do not fit a model.
    """
    names = [run.resolve().name.removeprefix(ZOO) for run in runs]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"runs: expected folders of different names, by which models are asked; got {name} "
                "more than once"
            )
    return [
        _served(run, name, limits, calibrate, device, data_dir)
        for run, name in zip(runs, names, strict=True)
    ]


def _warm_up(served: Served) -> None:
    """A model -> (): it was asked once, so that no client waits for kernels to be compiled."""
    context = None
    if served.model.context_size:
        context = torch.eye(served.model.context_size, dtype=torch.float64)[:1]
    steps = most_steps(None, served.schema)
    drawn = sample(served.model, 1, seed=0, context=context, max_steps=steps)
    if not isinstance(served.model, LatentModel):
        score(served.model, drawn, context)


def _served(
    run: Path,
    name: str,
    limits: Limits,
    calibrate: str | None,
    device: str,
    data_dir: Path | None,
) -> Served:
    model, schema = _opened(run, device)
    detector, reason = None, "a model through hidden features has no density to rank rows by"
    model = model.double()
    if not isinstance(model, LatentModel):
        try:
            normal, _ = note_on(run, calibrate)
        except ArdenError:
            if calibrate is not None:
                raise
            reason = (
                "this server has no normal rows for this model, whose data is no named set; "
                "expected --calibrate ROWS when it is started"
            )
        else:
            draft = Detector(model, classes="mixture")
            rows = Rows(normal, schema, False, None, data_dir)
            try:
                detector = draft.ranking(normal_scores(draft, rows))
            except ArdenError:
                if calibrate is not None:
                    raise
                reason = f"the normal rows of {normal} could not be read when the server started"
    served = Served(name, model, schema, limits, detector, reason)
    _warm_up(served)
    return served


def _opened(run: Path, device: str) -> tuple[AnyModel, Schema]:
    model = load(run, device=str(resolve_device(device)))
    if isinstance(model, LatentModel):
        if not any(verb in model.verbs for verb in VERBS):
            raise InputError(f"serve: {model.refusal}")
        return model, Schema.from_dict(read_card(run)["schema"])
    return open_run(run, device, "score")
