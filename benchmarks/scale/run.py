"""What a second process brings, measured; and what many would, by a plain model of their talk.

python benchmarks/scale/run.py            # under two minutes on two cores
python benchmarks/scale/run.py --table    # docs/cluster.md and its picture from the results
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from benchmarks.provenance import provenance  # noqa: E402
from benchmarks.scale.table import write_page  # noqa: E402

RESULTS = HERE / "results"
SYSTEM, HIDDEN = "made", 1000
BATCHES = (64, 512)
ROUNDS = 3
WAYS = {"one process, one thread": (1, 1), "one process, two threads": (1, 2)}
WAYS["two processes, one thread each"] = (2, 1)


def measured(processes: int, threads: int) -> dict[str, Any]:
    """How many processes and threads of each -> what steps.py tells."""
    start = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    words = [*(start if processes > 1 else []), str(HERE / "steps.py"), SYSTEM, str(HIDDEN)]
    ran = subprocess.run(
        [sys.executable, *words, *map(str, BATCHES)],
        env={**os.environ, "OMP_NUM_THREADS": str(threads), "ARDEN_KERNELS": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout.splitlines()[-1])


def cases(rounds: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What was measured of each way -> the fewest seconds of its steps, for each of their sizes."""
    found: list[dict[str, Any]] = []
    for batch_size in BATCHES:
        for name, told in rounds.items():
            here = [one[str(batch_size)] for one in told]
            seconds = [one["seconds"] for one in here]
            sums = [second for one in told for second in one["all_reduce"]]
            case = {"way": name, "processes": WAYS[name][0], "threads": WAYS[name][1]}
            case |= {"batch_size": batch_size, "bytes": here[0]["bytes"]}
            case |= {"step_seconds": min(map(min, seconds))}
            case |= {"cpu_seconds": min(min(one["cpu_seconds"]) for one in here)}
            case |= {"medians": [statistics.median(one) for one in seconds]}
            case |= {"all_reduce_seconds": min(sums) if sums else None}
            found.append(case)
            print(f"{name}, {batch_size} rows: {1000 * case['step_seconds']:.1f} ms", flush=True)
    return found


def main() -> None:
    """Command-line words -> results as JSON, the page and its picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="only write the page")
    if not parser.parse_args().table:
        before = os.getloadavg()[0]
        rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in WAYS}
        for _ in range(ROUNDS):  # in turns, so that what else runs meets all ways alike
            for name, (processes, threads) in WAYS.items():
                rounds[name].append(measured(processes, threads))
        told = {
            "model": f"{SYSTEM} of {HIDDEN} and {HIDDEN} units, 784 bits",
            "cores": len(os.sched_getaffinity(0)),
            "load_before": before,
            "rounds": ROUNDS,
            "cases": cases(rounds),
            **provenance("python benchmarks/scale/run.py"),
        }
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / "processes.json"
        path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    write_page(RESULTS / "processes.json")


if __name__ == "__main__":
    main()
