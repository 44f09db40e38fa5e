"""Fits with weights whole in every process and with weights cut, side by side: one line of JSON.

torchrun --nproc-per-node 2 tests/training/sharded_fits.py FOLDER
"""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import distributed

import arden
from arden.assembly import assemble, split_options
from arden.core.dispatch import LIKELIHOOD_KERNELS
from arden.core.latent import AnyModel
from arden.data import Dataset
from arden.data.scoring_rows import take_rows
from arden.kernels import without_kernels
from arden.training.checkpoint import Checkpoint
from arden.training.fit import fit_model
from arden.training.outcome import Progress
from arden.training.world import joined

CASES: dict[str, dict[str, Any]] = {
    "nade": {"hidden": 9},  # odd sizes: the parts are not alike
    "made": {"hidden": (7, 5), "masks": 3},  # weights that several components share
    "transformer": {"width": 8, "heads": 2, "layers": 1},
    "vae": {"hidden": (9,), "latents": 3},
    "fvsbn": {"condition": "label"},
}


TRAINED: list[bool] = []
"""For every time a kernel was asked, whether it was for a step of training."""


def asked(*_: object) -> None:
    """A kernel that declines all."""
    TRAINED.append(torch.is_grad_enabled())


def few(rows: int) -> Dataset:
    """N -> the first digits of every split."""
    data = arden.load_data("digits")
    some = {name: take_rows(data.split(name), slice(0, rows)) for name in ("train", "valid")}
    return replace(data, **some)


def built(name: str, data: Dataset, shard: bool) -> tuple[AnyModel, Any]:
    """A case -> its model and how it is trained."""
    options = {**CASES[name], "epochs": 3, "batch_size": 27, "schedule": "cosine"}
    chosen = split_options(name, options)
    return assemble(name, data, chosen), replace(chosen[2], shard=shard)


def apart(one: AnyModel, other: AnyModel) -> float:
    """Two models -> the furthest that two of their weights are apart."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return max((a - b).abs().max().item() for a, b in pairs if a.numel())


def interrupted(data: Dataset, file: Path, leads: bool) -> dict[str, Any]:
    """Data, a checkpoint -> how far a fit in one go is from one that was stopped and went on."""
    whole, options = built("nade", data, shard=True)
    nats = fit_model(whole, data, options).best_valid
    parts, options = built("nade", data, shard=True)

    def stop(progress: Progress) -> None:
        if progress.valid is not None and progress.epoch == 1:
            signal.raise_signal(signal.SIGINT)  # heard after the next step, in all processes

    ended = fit_model(parts, data, options, report=stop, checkpoint=Checkpoint(file, 999)).ended
    assert ended == "stopped by Ctrl-C", ended
    distributed.barrier()  # the leader has written
    if leads:
        file.with_suffix(".stopped").write_bytes(file.read_bytes())
    again, options = built("nade", data, shard=True)
    found = fit_model(again, data, options, checkpoint=Checkpoint(file, 999)).best_valid
    return {"nats": [nats, found], "apart": apart(whole, again)}


def main() -> None:
    """A folder for a checkpoint -> what was found, printed by the first process."""
    told: dict[str, Any] = {}
    with joined(torch.device("cpu")) as (world, _), without_kernels():
        data = few(80)
        LIKELIHOOD_KERNELS["NADE", "Bernoulli", "cpu"] = asked
        for name in CASES:
            models, figures = [], []
            for shard in (False, True):
                model, options = built(name, data, shard)
                TRAINED.clear()
                figures.append(fit_model(model, data, options).best_valid)
                assert not (shard and any(TRAINED)), "a kernel was asked for gathered weights"
                assert name != "nade" or TRAINED, "no kernel was asked at all"
                models.append(model)
                assert all(type(p) is torch.nn.Parameter for p in model.parameters())
            told[name] = {"nats": figures, "apart": apart(*models)}
        file = Path(sys.argv[1]) / "checkpoint"
        told["resumed"] = interrupted(data, file, world.leads)
        if world.leads:
            print(json.dumps(told))


if __name__ == "__main__":
    main()
