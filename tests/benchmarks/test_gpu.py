"""The benchmark for GPUs runs wherever torch does, at a tiny size; without a GPU it says so."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch

from arden.kernels import register
from arden.timing import Rates
from benchmarks.provenance import ROOT
from benchmarks.speed import gpu

CPU = torch.device("cpu")
SMALL: dict[str, dict[str, Any]] = {
    "fvsbn": {},
    "nade": {"hidden": 5},
    "gru": {"hidden": 5},
}


@pytest.mark.parametrize("system", SMALL)
def test_a_system_is_checked_and_timed(system: str) -> None:
    register()
    found = gpu.check(system, 3, CPU, side=3, **SMALL[system])
    assert found["different_float64"] == 0
    assert found["right"]
    rates = Rates(1e9, 1e8, 1e8, 1e9)
    timings = [
        gpu.measure(system, task, 2, CPU, rates, variant, 1, side=3, **SMALL[system])
        for task, variant in (("train", "bfloat16"), ("train", "TF32"), ("sample", "float32"))
    ]
    told = {
        "checks": [found],
        "timings": timings,
        "many": [{"system": system, "samples": 7, "seconds": 0.5}],
        "left_out": ["something"],
    }
    shown = gpu.table(told).splitlines()
    assert shown[2].startswith(f"| {system} | train | bfloat16 | 2 |")
    assert shown[2].endswith("| yes |")
    assert shown[-2:] == [
        f"7 samples of {system}: 0.50 s",
        "Not begun, the time was over: something",
    ]


def test_what_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that draws zeros is caught, and the table says so."""
    from arden.core.dispatch import DRAW_KERNELS

    zeros = lambda model, noise, *others: torch.zeros(noise.shape[:-1], dtype=torch.int64)  # noqa: E731
    monkeypatch.setitem(DRAW_KERNELS, ("FVSBN", "Bernoulli", "cpu"), zeros)
    found = gpu.check("fvsbn", 20, CPU, side=3)
    assert found["different_float64"] > 0
    assert not found["right"]


def test_many_samples_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(gpu.SYSTEMS, "nade", {"hidden": 5})
    assert gpu.many("nade", CPU, 5, side=3)["seconds"] > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so_in_one_sentence() -> None:
    script = str(ROOT / "benchmarks" / "speed" / "gpu.py")
    told = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert told.stderr.strip().splitlines() == [
        "gpu.py: torch sees no GPU here, and there is nothing to measure without one"
    ]
