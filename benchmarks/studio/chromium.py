"""A studio in a process of its own, and a headless Chromium that looks at it."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.provenance import ROOT

__all__ = ["FLAGS", "Served", "browser_path", "serving", "turn_to"]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Within the process of the studio any connection to another machine is written down and refused.
_PROGRAM = """
import sys

def watch(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            with open(sys.argv[1], "a") as file:
                file.write(f"{address}\\n")
            raise OSError(f"left the machine: {address}")

sys.addaudithook(watch)
from arden.cli import main
main(sys.argv[2:])
"""


def browser_path() -> str | None:
    """() -> the Chromium to test with: that of ARDEN_CHROMIUM, or one on the path."""
    named = os.environ.get("ARDEN_CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return named or next(filter(None, map(shutil.which, names)), None)


@dataclass(frozen=True)
class Served:
    """Where a studio is served, what it said while it started, and the seconds that took.

    ``cpu_seconds`` are those of its processor alone, which other work on the machine does not
    lengthen much.
    """

    address: str
    said: str
    seconds: float
    cpu_seconds: float


@contextmanager
def serving(runs: Path, left: Path, *, kernels: bool = True) -> Iterator[Served]:
    """A folder of runs, a file for connections to other machines -> the studio, while it runs."""
    words = [sys.executable, "-c", _PROGRAM, left, "studio", runs]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "GRADIO_TEMP_DIR": str(left.parent / "uploads"),
        **({} if kernels else {"ARDEN_KERNELS": "0"}),
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            found = re.search(r"http://127\.0\.0\.1:\d+/", line)
            if found:
                seconds = time.perf_counter() - began
                yield Served(found[0], said, seconds, _cpu_seconds(process.pid))
                break
        else:
            raise RuntimeError(said)
    finally:
        process.terminate()
        process.wait(60)


def turn_to(page: Any, name: str) -> None:
    """A page, the name of a tab -> (): it is shown, from behind the dots where there is no room."""
    tab = page.get_by_role("tab", name=name, exact=True)
    if tab.count() and tab.first.is_visible():
        tab.first.click()
    else:
        page.locator(".overflow-menu > button").first.click()
        page.locator(".overflow-dropdown").get_by_role("button", name=name, exact=True).click()


def _cpu_seconds(process: int) -> float:
    """A process -> what it has used of its processors so far; NaN where the system does not say."""
    try:
        fields = (
            Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        )
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
