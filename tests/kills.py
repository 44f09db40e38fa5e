"""Kill -9 a fit at random moments, resume it each time: the final weights must be the same.

python tests/kills.py                       # MADE with three masks, ten kills
python tests/kills.py nade --kills 3        # with the fused kernels, where they are installed

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

SYSTEMS = {
    "fvsbn": (),
    "made": ("--hidden", "64", "--masks", "3"),
    "nade": ("--hidden", "64"),
}
OPTIONS = ("--batch-size", "32", "--schedule", "cosine", "--average", "0.9", "--patience", "999")
LEAST_EPOCHS = 24


def fit(system: str, epochs: int, folder: Path, *words: str) -> subprocess.Popen[str]:
    """What to fit, a run's folder -> the process that fits into it."""
    options = (*SYSTEMS[system], *OPTIONS, "--epochs", str(epochs), "--checkpoint-seconds", "0.05")
    command = (sys.executable, "-m", "arden", "fit", system, "digits", "--out", str(folder))
    return subprocess.Popen(
        [*command, *options, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def weights(folder: Path) -> str:
    """A run's folder -> the fingerprint of its model."""
    from arden.storage.model_files import fingerprint, load

    return fingerprint(load(folder))


def epochs_done(folder: Path) -> int:
    """A run's folder -> epochs written down so far."""
    metrics = folder / "metrics.jsonl"
    return metrics.read_text().count("\n") if metrics.exists() else 0


def finish(process: subprocess.Popen[str]) -> None:
    """A process -> (): it has ended well, or this program ends."""
    _, error = process.communicate()
    if process.returncode:
        sys.exit(f"the fit failed: {error}")


def kill(process: subprocess.Popen[str], folder: Path, epochs: int, seconds: float) -> None:
    """A fit, its folder -> (): killed so many seconds after so many epochs were done."""
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
    parser.add_argument("system", nargs="?", choices=SYSTEMS, default="made")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    epochs = max(LEAST_EPOCHS, 2 * arguments.kills)
    with tempfile.TemporaryDirectory() as place:
        straight, folder = Path(place) / "straight", Path(place) / "killed"
        finish(fit(arguments.system, epochs, straight))
        config = json.loads((straight / "config.json").read_text())
        an_epoch = config["card"]["figures"]["seconds"] / epochs
        moments = sorted(chance.sample(range(epochs - 1), arguments.kills))
        for number, done in enumerate(moments, 1):
            seconds = chance.uniform(0, an_epoch)
            kill(fit(arguments.system, epochs, folder, "--resume"), folder, done, seconds)
            print(f"kill {number}: {seconds:.3f} s after epoch {done}", flush=True)
        finish(fit(arguments.system, epochs, folder, "--resume"))
        same = weights(straight) == weights(folder)
        print(f"{len(moments)} kills, weights {'identical' if same else 'DIFFER'}")
        sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
