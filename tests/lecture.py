"""Every row of the lecture on a data set it is at home with: each verb it declares, each refusal.

python tests/lecture.py                     # all systems; needs the data directory (ARDEN_DATA)
python tests/lecture.py nade pixelcnn

For each system: `arden fit SYSTEM DATA --epochs 1`, then every verb of the command line in a
process of its own. A declared verb must succeed; any other must end with exit code 1 and one
sentence, with no traceback. Prints the seconds of each, and exits with 1 at the first that does
otherwise.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # a script finds what lies beside it alone
from arden.systems import SYSTEMS
from tests.cli.words import VERBS


def arden(*words: str) -> tuple[int, str, str, float]:
    """The words of a command -> exit code, standard output, standard error, seconds."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "arden", *words], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr, time.monotonic() - started


def fail(words: tuple[str, ...] | list[str], code: int, out: str, error: str) -> None:
    """A command and how it ended -> this program ends."""
    sys.exit(f"\narden {' '.join(words)}\nexit code {code}\n{out}\n{error}")


def row(name: str, folder: Path) -> None:
    """A system's name, an empty folder -> (); one line that says how long each verb took."""
    system, run = SYSTEMS[name], folder / "run"
    words = ("fit", name, system.example, "--epochs", "1", "--out", str(run))
    code, out, error, seconds = arden(*words)
    if code or "Picture" not in out:
        fail(words, code, out, error)
    print(f"{name:22} {system.example:16} fit {seconds:4.0f} s", end="", flush=True)
    for verb, words_of in VERBS.items():
        asked = [verb, *map(str, words_of(run, system.example, folder))]
        code, out, error, seconds = arden(*asked)
        declared = verb in system.verbs
        sentence = error.strip()
        refused = code == 1 and sentence.count("\n") == 0 and sentence.startswith("arden: ")
        if (code != 0) if declared else not refused:
            fail(asked, code, out, error)
        print(f"  {verb} {seconds:.0f} s" if declared else f"  ({verb})", end="", flush=True)
    print()


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("systems", nargs="*", help="names of arden models; all when none is given")
    chosen = parser.parse_args().systems or list(SYSTEMS)
    for name in chosen:
        with tempfile.TemporaryDirectory() as folder:
            row(name, Path(folder))


if __name__ == "__main__":
    main()
