"""A file system that is full: every command that writes, and a fit that runs out of room.

python tests/faults/full_disk.py

Mounts a small file system in memory, in a name space of its own (`unshare`, which Linux allows to
root and mostly to anyone), fills it up, and lets the commands write there: one sentence each,
nothing half written, nothing lost. Where no such mount is allowed, says so and ends with 0: the
tests of the suite do the same by a limit on the size of files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from tests.faults.room import contents
from tests.faults.writing import WRITERS, fit_words

ROOT = Path(__file__).parents[2]

_INSIDE = "ARDEN_FULL_DISK"
_MEGABYTES = 1
_ENTER = ("unshare", "--user", "--map-root-user", "--mount")


def enter() -> int:
    """() -> the exit code of this program, run again where it may mount."""
    if shutil.which("unshare") is None or subprocess.run([*_ENTER, "true"]).returncode:
        print("no file system can be mounted here: not tried")
        return 0
    environment = {**os.environ, _INSIDE: "1", "ARDEN_KERNELS": "0", "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return subprocess.run([*_ENTER, sys.executable, __file__], env=environment).returncode


def mounted(place: Path) -> Path:
    """An empty folder -> the same, a file system of a megabyte."""
    options = f"size={_MEGABYTES}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(place)], check=True)
    return place


def fill(place: Path) -> None:
    """A mounted folder -> (): no room is left in it."""
    with (place / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def ended(*words: object) -> tuple[int, str]:
    """Words of the command line, called in this process -> the exit code, and what was said."""
    import contextlib
    import io

    from arden.cli import main

    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            main([str(word) for word in words])
        except SystemExit as left:
            return int(left.code or 0), said.getvalue()
    return 0, said.getvalue()


def try_all(place: Path, full: Path) -> list[str]:
    """A folder with room, one without -> what went wrong."""
    import numpy as np

    source, wrong = np.random.default_rng(0), []
    data, run = place / "images.npz", place / "run"
    np.savez(data, x=(source.random((60, 4, 4)) < 0.4).astype(np.uint8))
    assert ended(*fit_words(data, run)) == (0, "")
    commands = {name: words(run, data, full) for name, words in WRITERS.items()}
    commands["fit"] = fit_words(data, full / "run")
    fill(full)
    for name, words in commands.items():
        before = contents(full)
        code, said = ended(*words)
        sentence = said.count("\n") == 1 and "No space left on device" in said
        if code != 1 or not sentence or contents(full) != before:
            wrong.append(f"{name}: code {code}, {said!r}, left {set(contents(full)) - set(before)}")
        print(f"{name}: {said.strip()}", flush=True)
    (full / "filler").unlink()
    # A fit that has begun and runs out of room goes on when there is some again.
    room = _MEGABYTES * 2**20
    for left in (40_000, 80_000, 160_000):
        shutil.rmtree(full / "run", ignore_errors=True)
        (full / "filler").write_bytes(bytes(room - left))
        words = [*fit_words(data, full / "run"), "--resume"]
        code, said = ended(*words)
        print(f"fit with {left:,} bytes: code {code}, {said.strip()}", flush=True)
        if code not in (0, 1) or (code == 1 and "No space left on device" not in said):
            wrong.append(f"fit with {left} bytes: {said}")
        (full / "filler").unlink()
        code, said = ended(*words)
        if code:
            wrong.append(f"the fit did not go on: {said}")
        elif _weights(full / "run") != _weights(run):
            wrong.append(f"with {left} bytes at first, the weights differ")
    return wrong


def _weights(run: Path) -> str:
    from arden.storage.model_files import fingerprint, load

    return fingerprint(load(run))


def main() -> None:
    """The command line of this file."""
    if _INSIDE not in os.environ:
        sys.exit(enter())
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as full:
        wrong = try_all(Path(place), mounted(Path(full)))
        subprocess.run(["umount", full], check=True)
        Path(f"{full}.arden").unlink(missing_ok=True)
    for told in wrong:
        print(told, file=sys.stderr)
    print("all well" if not wrong else f"{len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
