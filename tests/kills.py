"""Kill -9 a fit at random moments, resume it each time: the final weights must be the same.

python tests/kills.py                       # MADE with three masks, ten kills
python tests/kills.py nade --kills 3        # with the fused kernels, where they are installed
python tests/kills.py --shards 5            # its rows in five files, mapped from where they lie

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


def digits(place: Path, shards: int) -> str:
    """A folder, a number of shards -> what to fit to: the digits, whole or in so many files."""
    if not shards:
        return "digits"
    import numpy as np

    from arden.data import SPLIT_NAMES, load_data

    data = load_data("digits")
    rows = np.concatenate([data.split(name).values.numpy() for name in SPLIT_NAMES])
    (place / "digits").mkdir()
    for number, some in enumerate(np.array_split(rows, shards)):
        np.savez(place / "digits" / f"part-{number}.npz", x=some)
    os.environ["ARDEN_CACHE"] = str(place / "cache")
    return str(place / "digits")


def fit(system: str, data: str, epochs: int, folder: Path, *words: str) -> subprocess.Popen[str]:
    """What to fit to what, a run's folder -> the process that fits into it."""
    options = (*SYSTEMS[system], *OPTIONS, "--epochs", str(epochs), "--checkpoint-seconds", "0.05")
    command = (sys.executable, "-m", "arden", "fit", system, data, "--out", str(folder))
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
    parser.add_argument("--shards", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=LEAST_EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    epochs = max(arguments.epochs, 2 * arguments.kills)
    with tempfile.TemporaryDirectory() as place:
        straight, folder = Path(place) / "straight", Path(place) / "killed"
        what = (arguments.system, digits(Path(place), arguments.shards), epochs)
        finish(fit(*what, straight))
        config = json.loads((straight / "config.json").read_text())
        an_epoch = config["card"]["figures"]["seconds"] / epochs
        moments = sorted(chance.sample(range(epochs - 1), arguments.kills))
        for number, done in enumerate(moments, 1):
            seconds = chance.uniform(0, an_epoch)
            kill(fit(*what, folder, "--resume"), folder, done, seconds)
            print(f"kill {number}: {seconds:.3f} s after epoch {done}", flush=True)
        finish(fit(*what, folder, "--resume"))
        same = weights(straight) == weights(folder)
        print(f"{len(moments)} kills, weights {'identical' if same else 'DIFFER'}")
        sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
