"""How long a training step takes, in this process or in all of those that torchrun started.

Started by run.py; prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise
from typing import Any

import torch
from torch import distributed

from arden.assembly import assemble, split_options
from arden.data import Dataset, Schema, Split
from arden.training.descent import Descent
from arden.training.objectives import default_objective
from arden.training.world import World, joined

WARM_UP, STEPS = 2, 10
VARIABLES = 784


def data(rows: int) -> Dataset:
    """N -> so many rows of 784 bits, 13 % of them one, as binarized MNIST has them."""
    bits = torch.rand(rows, VARIABLES, generator=torch.Generator().manual_seed(0)) < 0.13
    split = Split(bits.to(torch.uint8))
    few = Split(split.values[:2])
    return Dataset("bits", Schema("table", (VARIABLES,), 2), split, few, few, "Random bits.")


def steps(system: str, hidden: int, batch_size: int, world: World) -> dict[str, Any]:
    """What is trained, rows of a step over all processes -> seconds of each by the clock and of the
    processor, which does not count what else runs; and the bytes of gradients.
    """
    rows = data(batch_size * (WARM_UP + STEPS))
    chosen = split_options(system, {"hidden": (hidden, hidden), "batch_size": batch_size})
    model = assemble(system, rows, chosen)
    descent = Descent(model, rows, chosen[2], default_objective(model), world)
    descent.begin()
    moments = [(time.perf_counter(), time.process_time())]
    descent.epoch(
        lambda: False, lambda _: moments.append((time.perf_counter(), time.process_time()))
    )
    clock, processor = (
        [later[kind] - former[kind] for former, later in pairwise(moments)][WARM_UP:]
        for kind in (0, 1)
    )
    numbers = sum(p.numel() for p in model.parameters())
    return {"seconds": clock, "cpu_seconds": processor, "bytes": 4 * numbers}


def main() -> None:
    """System, hidden units, rows of the steps -> seconds of each step, and of a sum alone."""
    system, hidden = sys.argv[1], int(sys.argv[2])
    told: dict[str, Any] = {"all_reduce": []}
    with joined(torch.device("cpu")) as (world, _):
        for batch_size in sys.argv[3:]:
            told[batch_size] = steps(system, hidden, int(batch_size), world)
        if world.size > 1:
            gradients = torch.zeros(told[sys.argv[3]]["bytes"] // 4)
            for _ in range(STEPS):
                before = time.perf_counter()
                distributed.all_reduce(gradients)
                told["all_reduce"].append(time.perf_counter() - before)
        if world.leads:
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
