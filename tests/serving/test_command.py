"""`arden serve` itself: started, asked, stopped by a signal while it answers, and refused."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

import arden
from arden.cli import main
from arden.serving.server import opened
from tests.cli.words import environment, refused
from tests.serving.toys import Running
from tests.training.toys import bits, fresh, fresh_any


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a run directory of a small model, saved as a fit does."""
    folder = tmp_path_factory.mktemp("served") / "toy"
    data = bits()
    card = {"system": "nade", "schema": data.schema.to_dict(), "data": "toy.csv"}
    return arden.save(fresh("nade", data), folder, card=card)


def started(run: Path, *words: str, **more: str) -> tuple[subprocess.Popen[str], str]:
    """A run and options -> the process that serves it, and its address."""
    command = [sys.executable, "-m", "arden", "serve", str(run), "--port", "0", *words]
    process = subprocess.Popen(
        command,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("Serving toy at http://127.0.0.1:"), process.communicate()
    return process, line.split()[3]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_it_answers_and_stops_without_cutting_off(run: Path) -> None:
    process, address = started(run, "--max-wait", "2500", "--calibrate", _normal(run), TOKEN="x")
    answers: list[httpx.Response] = []

    def ask() -> None:
        told = {"rows": [[0, 1, 1, 0, 1, 1]]}
        answers.append(httpx.post(f"{address}/score", json=told, timeout=20))

    try:
        rows = [[0] * 6]
        assert httpx.post(f"{address}/detect", json={"rows": rows}).status_code == 422  # too rare
        asking = threading.Thread(target=ask)
        asking.start()
        while "arden_running 2" not in httpx.get(f"{address}/metrics").text:
            time.sleep(0.02)
        assert not answers  # it waits for others to share its pass, 2.5 seconds
        process.send_signal(signal.SIGTERM)
        asking.join(timeout=20)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert [answer.status_code for answer in answers] == [200]
    assert "Stopped: what was asked has been answered." in out
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/health")
    lines = [json.loads(line) for line in err.splitlines()]
    lines = [line for line in lines if line["path"] != "/metrics"]
    assert [(line["path"], line["status"], line["rows"]) for line in lines] == [
        ("/detect", 422, 0),
        ("/score", 200, 1),
    ]
    assert set(lines[0]) == {"time", "id", "method", "path", "status", "rows", "ms"}


def _normal(run: Path) -> str:
    import numpy as np

    path = run.parent / "normal.npy"
    np.save(path, bits(seed=3).test.values.numpy())
    return str(path)


def test_what_cannot_be_served_is_refused(
    run: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def told(*words: object) -> str:
        return refused(capfd, "serve", *words)

    autoencoder = fresh_any("autoencoder", bits())
    schema = bits().schema.to_dict()
    arden.save(autoencoder, tmp_path / "code", card={"system": "autoencoder", "schema": schema})
    assert "an autoencoder has no density" in told(tmp_path / "code", "--port", 0)
    assert "no such folder" in told(tmp_path / "nothing", "--port", 0)
    assert "expected folders of different names" in told(run, run, "--port", 0)
    assert "max_rows: expected at least 1, got 0" in told(run, "--port", 0, "--max-rows", 0)
    assert "max_time: expected at least 1e-06, got nan" in told(
        run, "--port", 0, "--max-time", "nan"
    )
    assert "port: expected 0 to 65535, got 70000" in told(run, "--port", 70000)
    assert "cannot be opened" in told(run, "--host", "192.0.2.1", "--port", 0)
    empty = tmp_path / "token"
    empty.write_text("\n")
    assert f"in {empty}, got nothing" in told(run, "--port", 0, "--token-file", empty)
    assert "cannot be read" in told(run, "--port", 0, "--token-file", tmp_path / "none")
    monkeypatch.setenv("ARDEN_TOKEN", "two words")
    assert "without spaces in ARDEN_TOKEN" in told(run, "--port", 0)
    monkeypatch.delenv("ARDEN_TOKEN")
    assert "none.csv" in told(run, "--port", 0, "--calibrate", tmp_path / "none.csv")


def test_help_names_the_limits(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    shown = capsys.readouterr().out
    for limit in ("body", "rows", "samples", "steps", "time", "waiting", "batch", "wait"):
        assert f"--max-{limit}" in shown


def test_what_is_counted_and_logged(server: Running) -> None:
    rows: list[Any] = [[0, 1, 0, 1, 1, 0]] * 3
    told = {"x-request-id": "mine-7"}
    response = server.client.post("/score", json={"model": "bits", "rows": rows}, headers=told)
    assert response.headers["x-request-id"] == "mine-7"
    line = server.line(id="mine-7")
    assert (line["method"], line["path"], line["status"]) == ("POST", "/score", 200)
    assert (line["rows"], line["ms"] > 0) == (3, True)
    foreign = server.client.get("/secret-path?row=5", headers={"x-request-id": "a b\tc"})
    assert foreign.status_code == 404
    assert len(foreign.headers["x-request-id"]) == 32
    line = server.line(id=foreign.headers["x-request-id"])
    assert (line["path"], line["status"]) == ("other", 404)  # what somebody made up is not kept
    assert "secret" not in server.log.getvalue()
    response = server.client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    values: dict[str, float] = {}
    for text in response.text.splitlines():
        if not text.startswith("#"):
            name, _, value = text.rpartition(" ")
            assert name not in values
            values[name] = float(value)
    assert values['arden_requests_total{path="/score",status="200"}'] >= 1
    assert values['arden_rows_total{path="/score"}'] >= 3
    count = values['arden_request_seconds_count{path="/score"}']
    assert values['arden_request_seconds_bucket{path="/score",le="+Inf"}'] == count
    assert values['arden_waiting{model="bits"}'] == 0
    assert values["arden_running"] == 1  # the one that asks
    health = server.client.get("/health").json()
    assert health["models"]["vae"] == ["sample"]
    assert health["models"]["bits"] == ["score", "sample", "complete", "detect"]


def test_an_answer_does_not_wait_for_the_one_before_to_be_acknowledged() -> None:
    listening = opened("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname()):
        taken, _ = listening.accept()
        with taken:  # how asyncio tells whether to turn Nagle's algorithm off
            assert (taken.type, taken.proto) == (socket.SOCK_STREAM, socket.IPPROTO_TCP)
