"""A studio in a process of its own, and a headless Chromium that looks at it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cli.words import environment

__all__ = ["FLAGS", "browser_path", "serving"]

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


@contextmanager
def serving(runs: Path, left: Path, *more: str) -> Iterator[str]:
    """A folder of runs, a file for connections to other machines -> the studio's address."""
    words: list[Any] = [sys.executable, "-c", _PROGRAM, left, "studio", runs, *more]
    process = subprocess.Popen(
        [str(word) for word in words],
        env=environment(GRADIO_TEMP_DIR=str(left.parent / "uploads")),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    told = ""
    try:
        for line in process.stdout:
            told += line
            found = re.search(r"http://127\.0\.0\.1:\d+/", line)
            if found:
                yield found[0]
                break
        else:
            raise AssertionError(told)
    finally:
        process.terminate()
        process.wait(60)
