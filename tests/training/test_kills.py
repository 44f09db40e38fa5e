"""`tests/kills.py`, with fewer kills than its author gives it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.words import environment

KILLS = Path(__file__).parents[1] / "kills.py"


def test_killed_and_resumed_to_the_same_bits() -> None:
    ran = subprocess.run(
        [sys.executable, KILLS, "--kills", "2"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr
    assert "2 kills, weights identical" in ran.stdout
