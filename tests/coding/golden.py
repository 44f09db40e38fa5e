"""The files that the portable format is held to: `python -m tests.coding.golden` wrote them once.

They are never written again. A file of another version of the format gets another name beside them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.core.model import AutoregressiveModel
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from tests.core.models import build, generator

FOLDER = Path(__file__).parent / "golden"
NAMES = ("fvsbn-bits", "nade-levels", "nade-symbols-missing", "made-classes")
_ROWS = 11


def models() -> dict[str, AutoregressiveModel]:
    """() -> a model of each kind by name, in float32 as fits are."""
    single = {"dtype": torch.float32}
    return {
        "fvsbn-bits": build(FVSBN, FVSBNOptions(), Bernoulli(), Raster((3, 3)), **single),
        "nade-levels": build(
            NADE, NADEOptions(7), Categorical(9, "scalar"), Shuffled((5,), 2), **single
        ),
        "nade-symbols-missing": build(
            NADE, NADEOptions(6, "tanh"), Categorical(4), Raster((6,)), **single
        ),
        "made-classes": build(
            MADE, MADEOptions((8, 7), "relu"), Bernoulli(), Raster((7,)), 3, **single
        ),
    }


def write() -> None:
    """() -> (): every file, for the first time."""
    FOLDER.mkdir(exist_ok=True)
    for seed, (name, model) in enumerate(models().items()):
        source = generator(seed)
        x = arden.sample(model, _ROWS, seed=seed, context=_context(model)).to(torch.uint8)
        kept: dict[str, np.ndarray] = {}
        more: dict[str, torch.Tensor] = {}
        if model.context_size:
            more["labels"] = torch.arange(_ROWS) % model.context_size
        if name.endswith("missing"):
            more["observed"] = torch.rand(x.shape, generator=source) < 0.7
            x = torch.where(more["observed"], x, 0).to(torch.uint8)
        kept = {"values": x.numpy(), **{key: value.numpy() for key, value in more.items()}}
        arden.save(model, FOLDER / name)
        arden.compress(model, x, portable=True, batch_size=4, out=FOLDER / f"{name}.arden", **more)
        np.savez_compressed(FOLDER / f"{name}.npz", **kept)


def _context(model: AutoregressiveModel) -> torch.Tensor | None:
    if not model.context_size:
        return None
    return torch.eye(model.context_size)[torch.arange(_ROWS) % model.context_size]


if __name__ == "__main__":
    write()
