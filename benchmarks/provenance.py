"""Where a measured figure comes from: command, commit, machine and versions."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "commit", "processor", "provenance"]

ROOT = Path(__file__).parents[1]


_MADE = (
    ":!benchmarks/*/results/*",
    ":!experiments/*/results/*",
    ":!src/arden/reproduction/results/*",
    ":!docs/pictures/*",
    ":!zoo/*",
)  # by measuring


def provenance(command: str) -> dict[str, Any]:
    """The command that measures -> what is written beside its figures."""
    import torch

    return {
        "command": command,
        "commit": commit(),
        "machine": f"{processor()}, {torch.get_num_threads()} threads",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }


def commit() -> str:
    """() -> the commit the code is at, marked if more than what it makes differs from it."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(ROOT), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "-uno", "--", ".", *_MADE)
    return git("rev-parse", "--short", "HEAD") + ("-dirty" if changed else "")


def processor() -> str:
    """() -> the name of the processor, as it calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
