"""`arden bench`: rows a second of every system asked for, refusals in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.cli.words import done, refused

Capture = pytest.CaptureFixture[str]


def test_it_times_every_task(capfd: Capture, files: Path) -> None:
    words = ["bench", "fvsbn", "markov", "--data", files / "bits.csv", "--rows", 1, "--rows", 3]
    before = torch.get_num_threads()
    told = json.loads(done(capfd, *words, "--rounds", 1, "--threads", 1, "--json"))
    assert torch.get_num_threads() == before
    assert told["machine"]["threads"] == 1
    cases = [(one["system"], one["rows"], one["task"]) for one in told["trials"]]
    assert cases == [
        *[("fvsbn", rows, task) for rows in (1, 3) for task in ("train", "score", "sample")],
        *[("markov", rows, task) for rows in (1, 3) for task in ("score", "sample")],
    ]
    for one in told["trials"]:
        assert one["rows_per_second"] == pytest.approx(one["rows"] / one["seconds"])
        assert 0 <= one["share_of_limit"] < 2


def test_the_table_names_what_was_timed(capfd: Capture, files: Path) -> None:
    told = done(capfd, "bench", "fvsbn", "--data", files / "bits.csv", "--rounds", 1)
    for word in ("fvsbn", "train", "score", "sample", "rows/s", "× torch", "of the limit"):
        assert word in told


def test_it_refuses_what_has_no_likelihood(capfd: Capture, files: Path) -> None:
    assert "vae has no ln p(x)" in refused(capfd, "bench", "vae")
    assert "rows: expected at least 1, got 0" in refused(capfd, "bench", "nade", "--rows", 0)
    assert "threads: expected" in refused(capfd, "bench", "nade", "--threads", 0)
    assert 'Did you mean "nade"?' in refused(capfd, "bench", "nad")
    told = refused(capfd, "bench", "rnade", "--data", files / "bits.csv")
    assert "rnade takes real or mixed values" in told
