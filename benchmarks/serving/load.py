"""How much a server answers, how fast, and whether its memory stays flat.

python benchmarks/serving/load.py                  # two minutes
python benchmarks/serving/load.py --seconds 600    # memory over ten minutes
python benchmarks/serving/load.py --table          # docs/server.md from the results
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from benchmarks.provenance import provenance  # noqa: E402
from benchmarks.serving.client import Asked, fetch, press  # noqa: E402
from benchmarks.serving.table import write_page  # noqa: E402

RESULTS = HERE / "results"
MODEL, DATA, HIDDEN = "nade", "digits", 500
CLIENTS = (1, 8, 32)
MEMORY = "process_resident_memory_bytes"


def requests() -> dict[str, Asked]:
    """() -> what is asked, by name: real images, other ones every time."""
    import arden

    images = arden.load_data(DATA).test.values.tolist()
    lower = [
        [line if place < 4 else [None] * 8 for place, line in enumerate(image)] for image in images
    ]
    return {
        "score, 1 row": Asked.of("/score", [{"rows": [image]} for image in images]),
        "score, 16 rows": Asked.of(
            "/score", [{"rows": images[at : at + 16]} for at in range(0, 160, 16)]
        ),
        "detect, 1 row": Asked.of("/detect", [{"rows": [image]} for image in images]),
        "sample, 1 draw": Asked.of("/sample", [{"seed": seed} for seed in range(200)]),
        "complete, 1 row": Asked.of("/complete", [{"rows": [image], "seed": 1} for image in lower]),
    }


@contextmanager
def server() -> Iterator[tuple[str, int, int]]:
    """() -> address and process of a server of a model that was just fitted; stopped at the end."""
    import arden

    with tempfile.TemporaryDirectory() as folder:
        data = arden.load_data(DATA)
        model = arden.fit(MODEL, data, hidden=HIDDEN, epochs=2, progress=False)
        card = {"system": MODEL, "data": DATA, "schema": data.schema.to_dict()}
        run = arden.save(model, Path(folder) / MODEL, card=card)
        command = [sys.executable, "-m", "arden", "serve", str(run), "--port", "0", "--quiet"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split("http://")[1].split()[0]
            host, _, port = address.rpartition(":")
            yield host, int(port), process.pid
        finally:
            process.terminate()
            assert process.wait(timeout=60) == 0


def cpu_seconds(process: int) -> float:
    """A process -> the seconds it has computed, whatever else ran on its core."""
    told = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


async def measure(
    host: str, port: int, process: int, stage_seconds: float, seconds: float
) -> dict[str, Any]:
    """A server, seconds a stage and of the long one -> the figures."""
    asked, stages = requests(), []

    async def pressed(kinds: list[Asked], clients: int, seconds: float) -> dict[str, float]:
        before = cpu_seconds(process)
        found = (await press(host, port, kinds, clients, seconds)).figures()
        return {**found, "cpu_ms": 1000 * (cpu_seconds(process) - before) / found["requests"]}

    for name, one in asked.items():
        for clients in CLIENTS:
            await press(host, port, [one], clients, 0.2)
            found = await pressed([one], clients, stage_seconds)
            stages.append({"asked": name, "clients": clients, **found})
            print(f"{name}, {clients} clients: {_words(found)}", flush=True)
    everything = asyncio.create_task(pressed(list(asked.values()), 8, seconds))
    memory: list[tuple[float, float]] = []
    started = time.perf_counter()
    while not everything.done():
        told = await fetch(host, port, "/metrics")
        line = next(line for line in told.splitlines() if line.startswith(MEMORY))
        memory.append((time.perf_counter() - started, float(line.split()[1])))
        await asyncio.sleep(max(1.0, seconds / 200))
    found = await everything
    print(f"everything, 8 clients, {seconds:g} s: {_words(found)}", flush=True)
    return {
        "stages": stages,
        "mixed": {"clients": 8, "seconds": seconds, **found},
        "memory": memory,
    }


def _words(found: dict[str, float]) -> str:
    return (
        f"{found['requests_per_second']:,.0f} requests a second, p50 {found['p50_ms']:.1f} ms, "
        f"p99 {found['p99_ms']:.1f} ms, {found['cpu_ms']:.2f} ms of the processor each, "
        f"{found['refused']:.0f} refused"
    )


def main() -> None:
    """Command-line words -> results as JSON, the page and its picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the long mixed stage")
    parser.add_argument("--stage-seconds", type=float, default=4.0, help="of each single stage")
    parser.add_argument("--table", action="store_true", help="only write the page")
    told = parser.parse_args()
    if not told.table:
        before = os.getloadavg()[0]
        origin = provenance(f"python benchmarks/serving/load.py --seconds {told.seconds:g}")
        with server() as (host, port, process):
            found = asyncio.run(measure(host, port, process, told.stage_seconds, told.seconds))
        cores = len(os.sched_getaffinity(0))
        found |= {
            "model": f"{MODEL}, {HIDDEN} hidden units, {DATA}",
            "cores": cores,
            "load_before": before,
            **origin,
        }
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{DATA}-{MODEL}.json"
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_page(RESULTS)


if __name__ == "__main__":
    main()
