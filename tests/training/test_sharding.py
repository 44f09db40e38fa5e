"""Weights cut among processes: fits as of whole weights, checkpoints for any number of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from arden.errors import InputError
from arden.kernels import without_kernels
from arden.training.checkpoint import Checkpoint
from arden.training.fit import fit_model
from arden.training.options import TrainingOptions
from tests.cli.words import environment
from tests.training.sharded_fits import CASES, apart, built, few

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("sharded_fits.py")
TOGETHER = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


def test_cut_weights_are_fitted_as_whole_ones(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, *TOGETHER, str(PROGRAM), str(tmp_path)],
        capture_output=True,
        text=True,
        env=environment(PYTHONPATH=f"{environment()['PYTHONPATH']}:{ROOT}"),
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert set(told) == {*CASES, "resumed"}
    for name, found in told.items():
        one, other = found["nats"]
        # Gradients are summed in another order, in float32; AdamW then turns a gradient that is
        # nearly nothing into a step of its own size.
        assert other == pytest.approx(one, abs=1e-3), name
        assert found["apart"] < 1e-3, name
    assert told["resumed"]["apart"] == 0.0  # the same processes, the same sums: bit for bit
    # One process goes on where two were stopped: what they wrote is whole.
    with without_kernels():
        alone, options = built("nade", few(80), shard=True)
        stopped = Checkpoint(tmp_path / "checkpoint.stopped", 999)
        nats = fit_model(alone, few(80), options, checkpoint=stopped).best_valid
        assert nats == pytest.approx(told["resumed"]["nats"][0], abs=1e-3)
        fresh, _ = built("nade", few(80), shard=True)
        assert apart(alone, fresh) > 0.01


@pytest.mark.parametrize("other", [{"average": 0.9}, {"compile": True}])
def test_what_does_not_go_beside_it(other: dict[str, float]) -> None:
    with pytest.raises(InputError, match=f"shard, {next(iter(other))}: expected one of them"):
        TrainingOptions(shard=True, **other).check()  # type: ignore[arg-type]
