"""The clock of the wall jumps: nothing that a fit writes or shows hangs on it."""

from __future__ import annotations

import itertools
import json
import re
import time
from pathlib import Path

import pytest

import arden
from arden.assembly import split_options
from arden.runs.fitting import fit_run
from arden.training.outcome import Progress
from tests.training.toys import bits

PACKAGE = Path(arden.__file__).parent
_HOUR = re.compile(r"\b(time\.time|time\.localtime|datetime\.(now|utcnow|today))\(")
_MEANT = {"serving/gate.py"}
"""Where the hour itself is meant: the log of the server."""


def test_seconds_are_measured_by_a_clock_that_never_jumps() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if _HOUR.search(path.read_text(encoding="utf-8"))
    }
    assert found == _MEANT


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_a_fit_while_the_hour_is_changed(
    jump: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day back or forth at every look: progress, records and checkpoints do not notice."""
    ticks = itertools.count()
    monkeypatch.setattr(time, "time", lambda: 1.6e9 + jump * next(ticks))
    told: list[Progress] = []
    options = split_options("nade", {"hidden": 4, "epochs": 4, "batch_size": 16})
    _, figures, _ = fit_run(
        "nade", bits(), options, tmp_path / "run", checkpoint_seconds=0, report=told.append
    )
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    seconds = [json.loads(line)["seconds"] for line in lines]
    assert len(seconds) == 4
    assert seconds == sorted(seconds)
    assert 0 <= round(seconds[-1], 2) <= figures.seconds < 60  # as the figures are rounded
    shown = [progress.seconds for progress in told]
    assert shown == sorted(shown)
    assert shown[0] >= 0
    assert shown[-1] < 60
