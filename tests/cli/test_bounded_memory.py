"""Files far larger than what is held of them at a time: the same numbers, the same memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.data import Schema, read_rows
from arden.engines import row_scores
from arden.networks.made import MADE, MADEOptions
from arden.orderings.raster import Raster
from arden.storage.model_files import load, save
from tests.cli.words import done, environment
from tests.core.models import build

COLUMNS = 10
SCHEMA = Schema("table", (COLUMNS,), 2)
FEW, MANY = 5_000, 300_000
MOST_GROWTH = 25  # MB; held whole, the rows below grow it by 180 (.csv) and 75 (.npy)

# Peak resident memory of one command, in kB. Not ru_maxrss: it begins at that of the parent.
PROGRAM = """
import re, sys
from arden.cli import main
try:
    main(sys.argv[1:])
finally:
    print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a run directory: a small MADE over a table of bits."""
    model = build(MADE, MADEOptions(hidden=(4,)), Bernoulli(), Raster((COLUMNS,)))
    folder = tmp_path_factory.mktemp("runs") / "bits"
    return save(model.float(), folder, card={"schema": SCHEMA.to_dict()})


def write(path: Path, num_rows: int) -> Path:
    """A path that ends in .csv or .npy -> the same, now so many rows of bits."""
    rows = np.random.default_rng(0).integers(0, 2, (num_rows, COLUMNS))
    if path.suffix == ".npy":
        np.save(path, rows.astype(np.float64))
    else:
        alphabet = np.array([b"0,", b"1,"])
        lines = alphabet[rows].view("S20").reshape(-1)
        path.write_bytes(b"\n".join(line[:-1] for line in lines.tolist()) + b"\n")
    return path


def peak(*words: object) -> float:
    """Words -> MB at the peak of a process that runs this command."""
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, words)],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stderr == ""  # no bar in a pipe
    return float(finished.stdout.splitlines()[-1]) / 1024


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are read from /proc")
@pytest.mark.parametrize("ending", [".csv", ".npy"])
def test_memory_does_not_grow_with_the_file(ending: str, run: Path, tmp_path: Path) -> None:
    few, many = write(tmp_path / f"few{ending}", FEW), write(tmp_path / f"many{ending}", MANY)
    before = peak("score", run, few, "--out", tmp_path / "few-scores.csv")
    after = peak("score", run, many, "--out", tmp_path / "many-scores.csv")
    assert after - before < MOST_GROWTH, (before, after)
    found = np.loadtxt(tmp_path / "many-scores.csv", skiprows=1)
    whole = arden.score(load(run), read_rows(many, SCHEMA).values)
    assert found.tolist() == whole.tolist()  # bit for bit: whole batches in every chunk


@pytest.mark.parametrize("batch_size", [None, 7, 1000])
def test_chunks_give_the_numbers_of_the_whole(
    batch_size: int | None,
    run: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = write(tmp_path / "x.csv", 9_001)
    sizes: list[int] = []
    score = row_scores.score

    def watched(model: object, x: torch.Tensor, *args: object, **how: object) -> torch.Tensor:
        sizes.append(len(x))
        return score(model, x, *args, **how)

    monkeypatch.setattr(row_scores, "score", watched)
    words = ["score", run, path, "--out", tmp_path / "s.npz"]
    done(capfd, *words, *([] if batch_size is None else ["--batch-size", batch_size]))
    assert len(sizes) >= 3
    assert max(sizes) <= 4096
    assert sum(sizes) == 9_001
    whole = arden.score(load(run), read_rows(path, SCHEMA).values, batch_size=batch_size)
    with np.load(tmp_path / "s.npz") as arrays:
        assert arrays["log_prob"].tolist() == whole.tolist()
