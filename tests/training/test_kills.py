"""`tests/kills.py`, with fewer kills than its author gives it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.words import environment

KILLS = Path(__file__).parents[1] / "kills.py"


@pytest.mark.parametrize(
    "words", [("--kills", "1"), ("--kills", "1", "--shards", "3", "--epochs", "8")]
)
def test_killed_and_resumed_to_the_same_bits(words: tuple[str, ...]) -> None:
    ran = subprocess.run(
        [sys.executable, KILLS, *words],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=600,
    )
    assert ran.returncode == 0, ran.stderr
    assert f"{words[1]} kills, weights identical" in ran.stdout
