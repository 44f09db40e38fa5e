"""A process of several dies in the middle of a fit under torchrun: all end, and the fit goes on.

python tests/faults/workers.py

Two processes fit one model; one of them is killed with -9. torchrun must end with an error within
a minute, leave a checkpoint, and the same command with --resume must come to the weights of a fit
that nothing happened to, bit for bit.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from tests.kills import epochs_done, weights

ROOT = Path(__file__).parents[2]

EPOCHS, MOST_SECONDS = 30, 90.0


def fit(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A run's folder -> torchrun, whose two processes fit into it."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    command += ["2", "-m", "arden", "fit", "made", "digits", "--hidden", "64", "--out", str(folder)]
    command += ["--epochs", str(EPOCHS), "--patience", "999", "--batch-size", "64"]
    command += ["--checkpoint-seconds", "0.05", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """torchrun -> the numbers of its processes, the first one first."""
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return sorted(map(int, path.read_text().split()))


def main() -> None:
    """The command line of this file."""
    if not Path("/proc/self/task").exists():
        print("this system does not tell the children of a process: not tried")
        sys.exit(0)
    with tempfile.TemporaryDirectory() as place:
        straight = Path(place) / "straight"
        told = fit(straight)
        said = told.communicate()[0]
        if told.returncode:
            sys.exit(f"the fit failed: {said}")
        for which in (0, 1):
            folder = Path(place) / f"killed-{which}"
            process = fit(folder)
            while process.poll() is None and epochs_done(folder) < EPOCHS // 3:
                time.sleep(0.01)
            os.kill(workers_of(process)[which], signal.SIGKILL)
            began = time.monotonic()
            try:
                said = process.communicate(timeout=MOST_SECONDS)[0]
            except subprocess.TimeoutExpired:
                process.kill()
                sys.exit(f"process {which} died, and the others went on: {process.communicate()}")
            took = time.monotonic() - began
            if not process.returncode:
                sys.exit(f"process {which} died, and torchrun said that all was well: {said}")
            if not (folder / "checkpoint.safetensors").exists():
                sys.exit(f"process {which} died, and there is no checkpoint: {said}")
            process = fit(folder, "--resume")
            said = process.communicate()[0]
            if process.returncode:
                sys.exit(f"it did not go on: {said}")
            same = weights(folder) == weights(straight)
            print(f"process {which} killed: all gone {took:.1f} s later; resumed, weights ", end="")
            print("identical" if same else "DIFFER", flush=True)
            if not same:
                sys.exit(1)


if __name__ == "__main__":
    main()
