"""`arden score` by many: the numbers and the order of one process, or no file at all."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import arden
from arden.conditionals.bernoulli import Bernoulli
from arden.core.model import AutoregressiveModel
from arden.data import Schema
from arden.networks.made import MADE, MADEOptions
from arden.orderings.raster import Raster
from arden.storage.model_files import save
from tests.cli.words import done, environment, refused
from tests.core.models import build

pytest.importorskip("pyarrow", reason="rows travel as Arrow tables; it is in the extra `table`")

COLUMNS = 10
ROWS = 20_001  # five chunks, the last of one row
SCHEMA = Schema("table", (COLUMNS,), 2)
TOGETHER = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
RAY = importlib.util.find_spec("ray") is not None
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a run directory: a small MADE over a table of bits, in float32."""
    model = build(MADE, MADEOptions(hidden=(8,)), Bernoulli(), Raster((COLUMNS,)))
    folder = tmp_path_factory.mktemp("runs") / "bits"
    return save(model.float(), folder, card={"schema": SCHEMA.to_dict()})


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a .npy file of rows of bits."""
    path = tmp_path_factory.mktemp("rows") / "rows.npy"
    np.save(path, np.random.default_rng(0).integers(0, 2, (ROWS, COLUMNS), dtype=np.uint8))
    return path


def scores(path: Path) -> list[float]:
    """A .csv of scores -> them."""
    return np.loadtxt(path, skiprows=1).tolist()


def torchrun(*words: object) -> subprocess.Popen[str]:
    """Words -> two processes that `torchrun` starts for this command."""
    return subprocess.Popen(
        [sys.executable, *TOGETHER, "-m", "arden", *map(str, words), "--device", "cpu"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def below(process: int) -> dict[int, str]:
    """The number of a process -> those of all below it, each with what it calls itself."""
    parents, names = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat, name = (folder / "stat").read_text(), (folder / "cmdline").read_text()
        except OSError:  # it has ended meanwhile
            continue
        parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
        names[int(folder.name)] = name
    found = {process}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return {pid: names[pid] for pid in found - {process}}


def when_it_writes(started: subprocess.Popen[str], folder: Path) -> Path:
    """A command, the folder it writes to -> the unfinished file of its scores, once it is there."""
    until = time.monotonic() + 240
    while not (found := [path for path in folder.glob(".*.csv.*") if path.stat().st_size]):
        assert started.poll() is None, started.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)
    return found[0]


def test_two_processes_score_as_one(made: Path, rows: Path, tmp_path: Path, capfd: Capture) -> None:
    done(capfd, "score", made, rows, "--out", tmp_path / "one.csv")
    out, err = torchrun("score", made, rows, "--out", tmp_path / "two.csv").communicate(timeout=300)
    assert f"log_prob of {ROWS:,} rows (nats)" in out, err
    assert out.count("Written:") == 1  # one of them speaks
    assert scores(tmp_path / "two.csv") == scores(tmp_path / "one.csv")  # every digit
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one.csv", "two.csv"]


IN_PROC = pytest.mark.skipif(not Path("/proc/1").exists(), reason="processes are found in /proc")


@IN_PROC
def test_no_file_is_left_where_a_process_died(made: Path, tmp_path: Path) -> None:
    many = tmp_path / "many.npy"
    np.save(many, np.random.default_rng(0).integers(0, 2, (3_000_000, COLUMNS), dtype=np.uint8))
    started = torchrun("score", made, many, "--out", tmp_path / "two.csv")
    leader = int(when_it_writes(started, tmp_path).name.rpartition(".")[2])
    scoring = [pid for pid, name in below(started.pid).items() if "arden" in name]
    os.kill(next(pid for pid in scoring if pid != leader), signal.SIGKILL)
    _, err = started.communicate(timeout=120)
    assert started.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["many.npy"]
    told = [line for line in err.splitlines() if line.startswith("arden: ")]
    assert told == [] or "has ended before its work was done" in told[0]


@IN_PROC
@pytest.mark.skipif(not RAY, reason="needs the extra `ray`")
def test_ray_scores_as_one_process_though_a_worker_dies(
    made: Path, tmp_path: Path, capfd: Capture
) -> None:
    many = tmp_path / "many.npy"
    np.save(many, np.random.default_rng(0).integers(0, 2, (400_001, COLUMNS), dtype=np.uint8))
    done(capfd, "score", made, many, "--out", tmp_path / "one.csv")
    words = ["score", made, many, "--out", tmp_path / "two.csv", "--engine", "ray", "--workers", 2]
    started = subprocess.Popen(
        [sys.executable, "-m", "arden", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    when_it_writes(started, tmp_path)
    processes = below(started.pid)
    workers = [pid for pid, name in processes.items() if name.startswith("ray::MapWorker")]
    assert len(workers) == 2, processes
    os.kill(workers[0], signal.SIGKILL)
    out, err = started.communicate(timeout=240)
    assert (started.returncode, err) == (0, "")
    assert "log_prob of 400,001 rows (nats)" in out
    assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    until = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in processes):
        assert time.monotonic() < until, "processes of Ray are left"
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--engine", "ray", "--picture", "p.png"], "picture: expected the plain engine and one"),
        (["--workers", 2], "workers: expected --engine ray beside it, got the plain engine"),
        (["--engine", "ray", "--workers", 0], "workers: expected at least 1, got 0"),
    ],
)
def test_what_many_cannot_do(
    words: list[object],
    told: str,
    made: Path,
    rows: Path,
    capfd: Capture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(capfd, "score", made, rows, *words).startswith(told)


def test_texts_are_for_one_process(tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "names.txt").write_text("ann\nbob\nada\neve\nann\nleo\n" * 4)
    data = arden.load_data(tmp_path / "names.txt", lines=True)
    model = arden.fit("markov", data, homogeneous=True, progress=False)
    assert isinstance(model, AutoregressiveModel)
    run = save(model, tmp_path / "run", card={"schema": data.schema.to_dict()})
    told = refused(capfd, "score", run, tmp_path / "names.txt", "--engine", "ray")
    assert told.startswith("engine: expected a model of table rows or images under ray, got one of")


def test_ray_may_be_missing(
    made: Path, rows: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    told = refused(capfd, "score", made, rows, "--engine", "ray")
    assert told == (
        "engine: ray needs the package ray, which is not installed; expected it "
        "(pip install 'arden[ray]')"
    )


@pytest.mark.skipif(not RAY, reason="needs the extra `ray`")
def test_no_ray_where_it_was_said_to_be(
    made: Path, rows: Path, capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:  # bound, so that no other program is, but deaf
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("RAY_ADDRESS", address)
        told = refused(capfd, "score", made, rows, "--engine", "ray")
    assert told.startswith("RAY_ADDRESS: expected where a Ray cluster listens, but nobody answers")
    assert address in told
