"""What comes out bit for bit the same again: weights of a fit, scores, draws; and how far the rest.

Every way of computing is a process of its own, because threads, kernels and instructions are
settled when one starts. It fits the systems anew, and scores and draws by the models that the
first process left.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.provenance import ROOT

if TYPE_CHECKING:
    import numpy as np

__all__ = ["ASKED", "WAYS", "compared", "observe", "observed_in_new_process"]

_OLDER = {
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
}
WAYS: dict[str, dict[str, str]] = {
    "the same again": {},
    "2 threads instead of 1": {"OMP_NUM_THREADS": "2"},
    "without fused kernels": {"ARDEN_KERNELS": "0"},
    "instructions of an older processor": _OLDER,
}
"""Another way to compute -> what of the environment it changes; the last is another machine, as far
as one can be had without it: torch, MKL and oneDNN do without wide vectors."""

ASKED = {
    "weights": "weights of a fit",
    "scores": "ln p of 64 rows",
    "draws": "64 draws",
    "alone": "ln p, a row at a time",
    "odd": "ln p, seven rows at a time",
}
"""What is compared -> what it is called; the last two within one process, with ``scores``."""

_ROWS, _BATCH = 128, 32
_OTHER = 1e-3
"""By which two draws of one real differ that are not the same up to rounding."""


def observe(systems: list[str], models: Path, out: Path) -> None:
    """Systems, a folder of their models (made when it is empty), a file -> (): what came out.

    An .npz with one array for every system and every name of `ASKED`.
    """
    import numpy as np
    import torch

    import arden
    from arden.storage.model_files import load, save
    from arden.systems import SYSTEMS
    from arden.tasks.sample import sample
    from arden.tasks.score import score

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    found: dict[str, np.ndarray] = {}
    for name in systems:
        data = _data(name)
        how: dict[str, Any] = {"epochs": 2, "batch_size": _BATCH, "progress": False}
        fitted = arden.fit(name, data, **how)
        parts = [part.detach().double().flatten() for part in fitted.parameters()]
        found[f"{name} weights"] = torch.cat(parts).numpy()
        if "score" not in SYSTEMS[name].verbs:
            continue
        if not (models / name).exists():
            save(fitted, models / name)
        model, rows = load(models / name), data.test.values
        found[f"{name} scores"] = score(model, rows).numpy()
        found[f"{name} alone"] = score(model, rows, batch_size=1).numpy()
        found[f"{name} odd"] = score(model, rows, batch_size=7).numpy()
        found[f"{name} draws"] = sample(model, len(rows), seed=0).double().numpy()
    np.savez(out, **found)  # type: ignore[arg-type]


def observed_in_new_process(
    way: dict[str, str], systems: list[str], models: Path, out: Path
) -> dict[str, np.ndarray]:
    """What of the environment is changed, and as `observe` -> what came out, by name."""
    import numpy as np

    source = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    plain = {"OMP_NUM_THREADS": "1", "ARDEN_KERNELS": "1", "PYTHONPATH": source}
    code = "import sys; from pathlib import Path; from benchmarks.numerics.repeating import observe"
    code += "; observe(sys.argv[3:], Path(sys.argv[1]), Path(sys.argv[2]))"
    command = [sys.executable, "-c", code, str(models), str(out), *systems]
    subprocess.run(command, check=True, env={**os.environ, **plain, **way}, cwd=ROOT)
    with np.load(out) as arrays:
        return {name: arrays[name] for name in arrays.files}


def compared(
    before: dict[str, np.ndarray], after: dict[str, np.ndarray], asked: str, than: str | None = None
) -> dict[str, Any]:
    """What came out twice, which of it, what it is set against -> how many systems have the same
    bits, and the largest difference: the system that has it. Of draws it is the share of scalars
    that are others, not only rounded in another way.

    >>> import numpy as np
    >>> one, other = ({"nade scores": np.array([-1.0, x])} for x in (-2.0, -2.5))
    >>> compared(one, one, "scores")
    {'systems': 1, 'same': 1, 'worst': 0.0, 'worst_of': None}
    >>> compared(one, other, "scores")
    {'systems': 1, 'same': 0, 'worst': 0.5, 'worst_of': 'nade'}
    """
    import numpy as np

    names = [key.removesuffix(f" {asked}") for key in after if key.endswith(f" {asked}")]
    told: dict[str, Any] = {"systems": len(names), "same": 0, "worst": 0.0, "worst_of": None}
    for name in names:
        one, other = before[f"{name} {than or asked}"], after[f"{name} {asked}"]
        if np.array_equal(one, other):
            told["same"] += 1
            continue
        apart = np.abs(one - other)
        apart = float(np.mean(apart > _OTHER) if asked == "draws" else apart.max())
        if apart > told["worst"]:
            told["worst"], told["worst_of"] = apart, name
    return told


def _data(name: str) -> Any:
    """A system's name -> rows it takes: some of the digits, or reals where it takes no bits."""
    from dataclasses import replace

    from arden.data import load_data
    from arden.data.dataset import Split
    from arden.systems import SYSTEMS
    from benchmarks.numerics.precision import data_of

    if name == "table":
        return data_of("bits 4×4", 64)
    if "discrete" not in SYSTEMS[name].data:
        return data_of("reals 8×8", 64)
    digits = load_data("digits")
    some = {part: Split(digits.split(part).values[:64]) for part in ("valid", "test")}
    return replace(digits, train=Split(digits.train.values[:_ROWS]), **some)
