"""Kill -9 a fit at random moments, resume it each time: the final weights must be the same.

python tests/kills.py --kills 10 --seed 0

Runs `arden fit` in processes of their own, once straight through, then killed and resumed. Prints
every kill with what had been done by then, and exits with 1 if the weights differ in a single bit.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FIT = ("made", "digits", "--hidden", "64", "--epochs", "24", "--batch-size", "32")
OPTIONS = (
    "--schedule",
    "cosine",
    "--average",
    "0.9",
    "--masks",
    "3",
    "--patience",
    "24",
    "--checkpoint-seconds",
    "0.05",
)
EPOCHS = 24


def fit(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A run's folder -> the process that fits into it."""
    command = [sys.executable, "-m", "arden", "fit", *FIT, *OPTIONS, "--out", str(folder), *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def weights(folder: Path) -> str:
    """A run's folder -> the fingerprint of its model."""
    from arden.storage.model_files import fingerprint, load

    return fingerprint(load(folder))


def epochs_done(folder: Path) -> int:
    """A run's folder -> epochs written down so far."""
    metrics = folder / "metrics.jsonl"
    return metrics.read_text().count("\n") if metrics.exists() else 0


def finished(process: subprocess.Popen[str]) -> None:
    """A process -> (): it has ended well, or this program ends."""
    _, error = process.communicate()
    if process.returncode:
        sys.exit(f"the fit failed: {error}")


def kill(folder: Path, epochs: int, seconds: float) -> None:
    """A run's folder -> (): a fit there, killed so many seconds after so many epochs were done."""
    process = fit(folder, "--resume")
    while process.poll() is None and epochs_done(folder) < epochs:
        time.sleep(0.001)
    time.sleep(seconds)
    if process.poll() is not None:
        sys.exit(f"the fit ended before it was killed: {process.communicate()}")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as place:
        straight, folder = Path(place) / "straight", Path(place) / "killed"
        finished(fit(straight))
        config = json.loads((straight / "config.json").read_text())
        an_epoch = config["card"]["figures"]["seconds"] / EPOCHS
        moments = sorted(chance.sample(range(EPOCHS - 1), arguments.kills))
        for number, epochs in enumerate(moments, 1):
            seconds = chance.uniform(0, an_epoch)
            kill(folder, epochs, seconds)
            print(f"kill {number}: {seconds:.3f} s after epoch {epochs}", flush=True)
        finished(fit(folder, "--resume"))
        same = weights(straight) == weights(folder)
        print(f"{len(moments)} kills, weights {'identical' if same else 'DIFFER'}")
        sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
