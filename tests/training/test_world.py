"""Several processes fit one model: the same likelihood as one process at the same global batch."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Generator

from arden.errors import InputError
from arden.storage.model_files import read_card
from arden.training.batches import batches
from arden.training.objectives import RandomOrder
from arden.training.world import World
from tests.cli.words import environment
from tests.training.toys import bits

TOGETHER = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
FIT = ("-m", "arden", "fit", "made", "digits", "--hidden", "32", "--device", "cpu")

# Sums over rows are taken in another order; over four epochs of float32 steps that is all.
TOLERANCE = 1e-3


def ran(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, env=environment(), timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return done.stdout


@pytest.mark.parametrize("options", [(), ("--masks", "3", "--condition", "label")])
def test_two_processes_are_one(options: tuple[str, ...], tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    ran(*FIT, "--epochs", "4", *options, "--out", str(one))
    out = ran(*TOGETHER, *FIT, "--epochs", "4", *options, "--out", str(two))
    assert out.count("density estimation on 360 test rows") == 1  # one of them speaks
    assert "made, 2 processes on digits" in out
    again = ran(*TOGETHER, *FIT, "--epochs", "4", *options, "--out", str(two), "--resume")
    assert again.count("density estimation on 360 test rows") == 1  # finished: not repeated
    alone, together = (read_card(run)["figures"] for run in (one, two))
    for figure in ("test_nats", "standard_error", "valid_nats", "bits_per_dim"):
        assert together[figure] == pytest.approx(alone[figure], abs=TOLERANCE)
    curves = [
        [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        for run in (one, two)
    ]
    assert len(curves[1]) == 4
    for mine, theirs in zip(*curves, strict=True):
        for figure in ("train", "valid"):
            assert mine[figure] == pytest.approx(theirs[figure], abs=TOLERANCE)


def test_two_processes_fit_one_latent_model(tmp_path: Path) -> None:
    """The bound of a row has the noise of its place, whoever computes it."""
    one, two = tmp_path / "one", tmp_path / "two"
    words = ["-m", "arden", "fit", "vae", "digits", "--hidden", "32", "--device", "cpu"]
    words += ["--epochs", "2", "--out"]
    ran(*words, str(one))
    assert ran(*TOGETHER, *words, str(two)).count("a lower bound on 360 test rows") == 1
    alone, together = (read_card(run)["figures"] for run in (one, two))
    for figure in ("elbo", "elbo_error", "bound", "bound_error", "valid_elbo"):
        assert together[figure] == pytest.approx(alone[figure], abs=TOLERANCE)


def stopped_after(epochs: int, metrics: Path, *words: str) -> list[str]:
    """A fit as words, its curve's file -> the lines of the curve when so many more were there."""
    already = len(lines_of(metrics))
    process = subprocess.Popen(
        [sys.executable, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    until = time.monotonic() + 300
    while len(lines_of(metrics)) < already + epochs:
        if process.poll() is not None or time.monotonic() > until:
            process.terminate()
            pytest.fail(f"the fit did not go on: {process.communicate()}")
        time.sleep(0.01)
    process.terminate()  # torchrun passes it on to its processes
    process.communicate(timeout=60)
    return lines_of(metrics)


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_an_unfinished_fit_goes_on_with_more_processes(tmp_path: Path) -> None:
    """A checkpoint says nothing of how many wrote it."""
    run = tmp_path / "run"
    words = [*FIT, "--epochs", "5000", "--out", str(run), "--checkpoint-seconds", "0"]
    alone = stopped_after(3, run / "metrics.jsonl", *words)
    together = stopped_after(3, run / "metrics.jsonl", *TOGETHER, *words, "--resume")
    assert together[:3] == alone[:3]
    assert [json.loads(line)["epoch"] for line in together] == list(range(1, len(together) + 1))
    trained = [json.loads(line)["train"] for line in together]
    assert trained == sorted(trained, reverse=True)  # it went on; it did not begin again


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("rows", [1, 2, 7, 16])
def test_shares_are_everything_once(size: int, rows: int) -> None:
    shares = [World(rank, size).share(rows) for rank in range(size)]
    assert [row for share in shares for row in range(rows)[share]] == list(range(rows))
    counts = [share.stop - share.start for share in shares]
    assert max(counts) - min(counts) <= 1


def of_an_epoch(world: World, batch_size: int) -> list[Any]:
    split, generator = bits().train, Generator().manual_seed(3)
    order = torch.randperm(len(split), generator=generator)
    noise = RandomOrder.noise
    pieces = order.split(batch_size)
    drawn = lambda rows, length, source: noise(None, rows, length, source)  # type: ignore[arg-type]  # noqa: E731
    return list(batches(split, pieces, 0, drawn, generator, torch.device("cpu"), world))


@pytest.mark.parametrize("batch_size", [7, 16, 59])  # the last batch is one row short or alone
def test_rows_and_noise_do_not_depend_on_the_number_of_processes(batch_size: int) -> None:
    whole = of_an_epoch(World(), batch_size)
    parts = [of_an_epoch(World(rank, 2), batch_size) for rank in range(2)]
    for alone, *shares in zip(whole, *parts, strict=True):
        mine = [share for share in shares if share.weight]
        assert torch.equal(torch.cat([share.x for share in mine]), alone.x)
        assert torch.equal(torch.cat([share.noise for share in mine]), alone.noise)
        assert all(len(share.x) for share in shares)
        assert sum(share.weight for share in shares) == pytest.approx(2)
        means = sum(share.x.float().mean() * share.weight / 2 for share in shares)
        assert means == pytest.approx(alone.x.float().mean().item())


def test_torchrun_without_its_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    from arden.training.world import joined

    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with (
        pytest.raises(InputError, match="its 2 processes could not be joined"),
        joined(torch.device("cpu")),
    ):
        pass
