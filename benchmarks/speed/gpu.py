"""On a GPU, in one call: is what is fast also right, and how fast is it; a short table last.

python benchmarks/speed/gpu.py                       # some minutes; --seconds 300 for less
python benchmarks/speed/gpu.py --only nade made --rows 1000

First every system of `SYSTEMS` on 28×28 bits draws by its kernel or its recorded walk what the
generic walk draws from the same uniforms, in float64 exactly, in float32 but for rows in which a
uniform falls between two roundings, which are counted; and NADE's training kernel gives plain
torch's gradients. Then steps of training, scores and samples are timed, beside plain torch, and in
TF32 and bfloat16; and how long 10 000 samples take. What takes longest comes last, and nothing is
begun once the time is over.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.provenance import provenance
from benchmarks.speed.run import RESULTS, dataset, make_sparse

if TYPE_CHECKING:
    import torch

    from arden.core.model import AutoregressiveModel
    from arden.data.dataset import Dataset
    from arden.timing import Rates

FILE = RESULTS / "gpu.json"
SYSTEMS: dict[str, dict[str, Any]] = {
    "fvsbn": {},
    "nade": {"hidden": 500},
    "made": {"hidden": [500]},
    "lstm": {},
    "gru": {},
    "wavenet": {},
    "pixelcnn": {"channels": 32, "blocks": 7},
    "gated-pixelcnn": {},
    "row-lstm": {},
    "diagonal-bilstm": {},
    "transformer": {"width": 128, "layers": 6},
}
"""Quick ones first: the time may be over before the last."""
VARIANTS: dict[str, dict[str, Any]] = {
    "float32": {},
    "TF32": {"matmul_precision": "high"},
    "bfloat16": {"precision": "bfloat16"},
}
ROWS, MANY = (1, 64, 1000), 10_000
_SIDE = 28
_BETWEEN_ROUNDINGS = 0.01
"""The most rows, of all, in which float32 draws may differ."""


def model_of(
    system: str, rows: int, device: torch.device, side: int = _SIDE, **more: Any
) -> tuple[AutoregressiveModel, Dataset, Any]:
    """A system, B, where -> a model over bits with fresh weights, B rows, its training options."""
    from arden.assembly import assemble, split_options
    from arden.core.model import AutoregressiveModel

    data = dataset("bits", rows, side)
    options = split_options(system, SYSTEMS[system] | more)
    model = assemble(system, data, options)
    assert isinstance(model, AutoregressiveModel)
    make_sparse(model)
    return model.to(device), data, options[2]


def check(
    system: str, rows: int, device: torch.device, side: int = _SIDE, **more: Any
) -> dict[str, Any]:
    """A system, B, where -> of B rows, how many a kernel draws otherwise, in both precisions."""
    import torch

    from arden.core.draw import draw, generic_draw, uniform_noise
    from arden.kernels import register

    register()
    told: dict[str, Any] = {"system": system, "rows": rows}
    model, data, _ = model_of(system, rows, device, side, **more)
    noise = uniform_noise(torch.Generator().manual_seed(1), (rows, side, side, 1))
    for dtype in (torch.float64, torch.float32):
        model.to(dtype)
        draw(model, noise)  # a walk is recorded when it is asked for again
        name = str(dtype).removeprefix("torch.")
        different = (draw(model, noise) != generic_draw(model, noise)).flatten(1).any(dim=1)
        told[f"different_{name}"] = int(different.sum())
    told["gradients"] = _gradients(model, data.train.values.to(device))
    few = told["different_float32"] <= max(1, _BETWEEN_ROUNDINGS * rows)
    told["right"] = told["different_float64"] == 0 and few and told["gradients"] < 1e-3
    return told


def _gradients(model: AutoregressiveModel, x: torch.Tensor) -> float:
    """A float32 model, (B, *event) -> how far gradients are from plain torch's, of their size."""
    import torch

    from arden.kernels import without_kernels

    def gradients() -> list[torch.Tensor]:
        return list(torch.autograd.grad(model.log_prob(x).mean(), list(model.parameters())))

    ours = gradients()
    with without_kernels():
        theirs = gradients()
    return max(
        float((one - other).norm() / other.norm().clamp(min=1e-12))
        for one, other in zip(ours, theirs, strict=True)
    )


def measure(
    system: str,
    task: str,
    rows: int,
    device: torch.device,
    rates: Rates,
    variant: str = "float32",
    rounds: int = 3,
    side: int = _SIDE,
    **more: Any,
) -> dict[str, Any]:
    """A task of a system on B rows -> seconds by way, the share of the counted limit, memory."""
    import torch

    from arden.timing import calls_of, has_kernel, interleaved, without, work_of_row

    model, data, training = model_of(system, rows, device, side, **VARIANTS[variant], **more)
    call = calls_of(model, data, training, rows)[task]
    call()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device) if device.type == "cuda" else 0
    call()  # the second time that a walk is asked for it is recorded
    memory = torch.cuda.max_memory_allocated(device) - before if device.type == "cuda" else None
    ways = {"arden": call} | ({"torch": without(call)} if has_kernel(model, task) else {})
    seconds = {name: one.seconds for name, one in interleaved(ways, rounds).items()}
    work = work_of_row(model, data.train.values[:8].to(device))
    limit = rates.seconds(task, work, rows, variant == "bfloat16")
    return {
        "system": system,
        "task": task,
        "rows": rows,
        "variant": variant,
        "seconds": seconds,
        "share": limit / seconds["arden"],
        "extra_bytes": memory,
        "work": work.__dict__,
    }


def many(
    system: str, device: torch.device, number: int = MANY, side: int = _SIDE
) -> dict[str, Any]:
    """A system, where, how many -> seconds of so many samples, from the call to the last."""
    from arden.tasks.sample import sample
    from arden.timing import waiting

    model, _, _ = model_of(system, 1, device, side)
    wait = waiting(device)
    sample(model, 10, seed=0)  # kernels are compiled once, on whatever rows
    wait()
    began = time.perf_counter()
    sample(model, number, seed=1)
    wait()
    return {"system": system, "samples": number, "seconds": time.perf_counter() - began}


def table(told: dict[str, Any]) -> str:
    """The results -> a short table in Markdown, then how long many samples take, each a line."""
    right = {one["system"]: one["right"] for one in told["checks"]}
    lines = [
        "| system | task | products | B | rows/s | × plain torch | of the limit | MB | right |",
        "|---" * 9 + "|",
    ]
    for one in told["timings"]:
        arden, plain = one["seconds"]["arden"], one["seconds"].get("torch")
        extra = one["extra_bytes"]
        lines.append(
            f"| {one['system']} | {one['task']} | {one['variant']} | {one['rows']} "
            f"| {one['rows'] / arden:,.0f} | {'–' if plain is None else f'{plain / arden:.1f}'} "
            f"| {one['share']:.0%} | {'–' if extra is None else f'{extra / 1e6:,.0f}'} "
            f"| {'yes' if right.get(one['system']) else 'NO' if one['system'] in right else '–'} |"
        )
    for one in told["many"]:
        lines.append(f"{one['samples']:,} samples of {one['system']}: {one['seconds']:.2f} s")
    if told["left_out"]:
        lines.append(f"Not begun, the time was over: {', '.join(told['left_out'])}")
    return "\n".join(lines)


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", help="systems; all when not given")
    parser.add_argument("--rows", nargs="+", type=int, default=ROWS)
    parser.add_argument("--seconds", type=float, default=480.0, help="nothing is begun after these")
    parser.add_argument("--out", type=Path, default=FILE)
    arguments = parser.parse_args()
    import torch

    if not torch.cuda.is_available():
        sys.exit("gpu.py: torch sees no GPU here, and there is nothing to measure without one")
    device, until = torch.device("cuda"), time.monotonic() + arguments.seconds
    from arden.timing import TASKS, measure_rates
    from arden.training.device import resolve_device

    resolve_device("cuda")  # full float32 unless a variant asks for less
    rates = measure_rates(device=device)
    told: dict[str, Any] = {
        **provenance("python benchmarks/speed/gpu.py"),
        "gpu": torch.cuda.get_device_name(device),
        "rates": rates.__dict__,
        "checks": [],
        "timings": [],
        "many": [],
        "left_out": [],
        "failed": [],
    }
    names = [name for name in SYSTEMS if not arguments.only or name in arguments.only]
    jobs = [
        *(("checks", f"check {name}", check, (name, 64, device), {}) for name in names),
        *(("many", f"many {name}", many, (name, device), {}) for name in names),
    ]
    for rows in sorted(arguments.rows, reverse=True):
        for name in names:
            for task in TASKS:
                variants = VARIANTS if task == "train" else ("float32",)
                for variant in variants:
                    how = {"variant": variant}
                    job = (name, task, rows, device, rates)
                    jobs.append(("timings", f"{name} {task} {rows} {variant}", measure, job, how))
    for part, title, call, given, how in jobs:
        if time.monotonic() > until:
            told["left_out"].append(title)
            continue
        try:
            told[part].append(call(*given, **how))  # type: ignore[operator]
        except (RuntimeError, AssertionError) as error:  # of one case; the others are worth having
            told["failed"].append({"case": title, "error": str(error)[:500]})
        print(title, json.dumps((told[part] or [None])[-1]), file=sys.stderr, flush=True)
        arguments.out.parent.mkdir(exist_ok=True)
        arguments.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for one in told["failed"]:
        print(f"FAILED {one['case']}: {one['error'].splitlines()[0]}")
    wrong = [one["system"] for one in told["checks"] if not one["right"]]
    print(table(told))
    if wrong or told["failed"]:
        sys.exit(f"gpu.py: not right: {', '.join(wrong)}" if wrong else "gpu.py: some cases failed")


if __name__ == "__main__":
    main()
