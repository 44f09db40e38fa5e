"""Ctrl-C from outside, in every command that takes long, at random moments.

python tests/faults/interrupts.py                     # every command, three moments each
python tests/faults/interrupts.py score fit --times 9 --seed 7

Each must end within seconds, with code 130 (a server that was stopped has done its work: 0),
without a trace, and leave neither a file nor a part of one. A fit leaves a run to be resumed.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from tests.data.mirrors import Mirror, served
from tests.faults.room import contents

ROOT = Path(__file__).parents[2]

MOST_SECONDS = 15.0
"""From the signal to the end: a walk over some thousand rows is not left between two of its steps
by a kernel, and other programs may hold the processor."""

# A shell may have told its background jobs to ignore Ctrl-C, and children inherit that.
_ARDEN = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("arden", run_name="__main__")
"""

Words = Callable[[Path, Path], list[object]]
COMMANDS: dict[str, Words] = {
    "fit": lambda made, out: [
        *("fit", "nade", "digits", "--hidden", 4, "--epochs", 10**6, "--patience", 10**6),
        *("--out", out / "run"),
    ],
    "score": lambda made, out: ["score", made / "nade", made / "big.npy", "--out", out / "x.csv"],
    "compare": lambda made, out: ["compare", made / "nade", made / "other", made / "big.npy"],
    "detect": lambda made, out: [
        *("detect", made / "nade", made / "big.npy", "--calibrate", "digits:valid"),
        *("--out", out / "x.csv"),
    ],
    "ensemble": lambda made, out: [
        *("ensemble", made / "nade", made / "other", "--out", out / "both"),
        *("--data", made / "big.npy"),
    ],
    "bound": lambda made, out: [*("bound", made / "vae", made / "big.npy", "--out", out / "x.csv")],
    "compress": lambda made, out: [
        *("compress", made / "big.npy", "-m", made / "nade", "-o", out / "x.arden")
    ],
    "decompress": lambda made, out: [
        *("decompress", made / "big.arden", "-m", made / "nade", "-o", out / "x.npy")
    ],
    "represent": lambda made, out: [
        *("represent", made / "nade", made / "big.npy", "--out", out / "x.csv")
    ],
    "sample": lambda made, out: ["sample", made / "nade", "-n", 10**7, "--out", out / "x.npz"],
    "complete": lambda made, out: [
        *("complete", made / "nade", made / "big.npy", "--mask", "random:0.5"),
        *("--out", out / "x.npz"),
    ],
    "classify": lambda made, out: [
        *("classify", made / "classes", made / "big.npy", "--out", out / "x.csv")
    ],
    "query": lambda made, out: [
        *("query", made / "nade", "x3 > 0 and x40 > 0", "--candidates", 10**7)
    ],
    "verify": lambda made, out: ["verify", made / "orderless", "--data", "digits"],
    "reproduce": lambda made, out: ["reproduce", "orderless-nade-digits", "--out", out / "runs"],
    "bench": lambda made, out: ["bench", "--rounds", 999],
    "serve": lambda made, out: ["serve", made / "nade", "--port", 0],
    "studio": lambda made, out: ["studio", made / "runs"],
    "fetch": lambda made, out: ["fetch", "mnist", "--mirror", "ADDRESS", "--data-dir", out],
}
"""A command -> its words, with inputs that keep it busy for longer than anyone waits here."""

_ENDS_WELL = ("serve",)
_RESUMABLE = ("fit", "reproduce", "fetch")
"""What leaves something on purpose: to go on from."""


def make(folder: Path) -> None:
    """An empty folder -> (): models and data for every command."""
    import arden
    from arden.data import load_data

    data = load_data("digits")
    schema = data.schema.to_dict()

    def fitted(name: str, system: str, **how: object) -> None:
        model = arden.fit(system, data, epochs=1, progress=False, **how)
        card = {"system": system, "schema": schema, "data": "digits"}
        arden.save(model, folder / name, card=card)

    fitted("nade", "nade", hidden=8)
    fitted("other", "nade", hidden=9)
    fitted("vae", "vae", hidden=(8,), latents=2)
    fitted("orderless", "orderless-nade", hidden=(200, 200))
    fitted("classes", "nade", hidden=8, condition="label")
    fitted("runs/nade", "nade", hidden=8)
    rows = (np.random.default_rng(0).random((400_000, 8, 8)) < 0.4).astype(np.uint8)
    np.save(folder / "big.npy", rows)
    model = arden.load(folder / "nade")
    import torch

    arden.compress(model, torch.from_numpy(rows[:40_000]), out=folder / "big.arden")


def interrupt(name: str, made: Path, seconds: float) -> str:
    """A command, its inputs, when -> what was wrong about how it ended; "" where all is well."""
    with tempfile.TemporaryDirectory() as place, served(Mirror({}, silent=60.0)) as mirror:
        out = Path(place)
        words = [
            mirror.address if word == "ADDRESS" else str(word) for word in COMMANDS[name](made, out)
        ]
        process = subprocess.Popen(
            [sys.executable, "-c", _ARDEN, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=place,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
        )
        time.sleep(seconds)
        if process.poll() is not None:
            return f"ended before it was stopped: {process.communicate()}"
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        try:
            told = process.communicate(timeout=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return f"went on for {MOST_SECONDS:.0f} s: {process.communicate()}"
        mirror.release()
        took = time.monotonic() - began
        left = [] if name in _RESUMABLE else list(contents(out))
        parts = [path.name for path in out.rglob(".part-*")]
        right = (130, 0) if name in _ENDS_WELL else (130,)
        if process.returncode not in right or "Traceback" in told[1] or left or parts:
            return f"code {process.returncode}, left {left + parts}, said {told}"
        print(f"{name}: stopped after {seconds:.1f} s, gone {took:.1f} s later", flush=True)
        return ""


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("commands", nargs="*", help=f"of {', '.join(COMMANDS)}; all without one")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args()
    chance, wrong = random.Random(words.seed), 0
    with tempfile.TemporaryDirectory() as place:
        make(Path(place))
        for name in words.commands or COMMANDS:
            for _ in range(words.times):
                # While it starts, and at work: most of a command's first seconds are imports.
                seconds = chance.uniform(0.05, 7.0)
                told = interrupt(name, Path(place), seconds)
                if told:
                    wrong += 1
                    print(f"{name}, after {seconds:.2f} s: {told}", file=sys.stderr, flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
