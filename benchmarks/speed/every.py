"""Every system of the catalogue: a training step, a score, a sample, at four batch sizes.

python benchmarks/speed/run.py --all                 # goes on where it was interrupted
python benchmarks/speed/run.py --all --only gru --batch 1 64

On 16×16 bits where a system takes them, else on what it does take. Ways take turns as in the other
table; the textbook's is there for the tasks that `reference` writes out, and for samples by passes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.provenance import ROOT, provenance
from benchmarks.speed.cases import Case
from benchmarks.speed.peers import dataset as reals
from benchmarks.speed.run import RESULTS, dataset, make_sparse, textbook

if TYPE_CHECKING:
    from arden.assembly import FitOptions
    from arden.core.model import AutoregressiveModel
    from arden.data.dataset import Dataset
    from arden.timing import Rates

__all__ = ["BATCHES", "FILE", "measure", "page", "run_all"]

FILE = RESULTS / "every.json"
PAGE = ROOT / "docs" / "speed_all.md"
BATCHES = (1, 16, 64, 256)
_DATA: dict[str, Callable[[int], Dataset]] = {
    "16×16 bits": lambda rows: dataset("bits", rows, 16),
    "3×3 bits": lambda rows: dataset("bits", rows, 3),
    "64 real columns": lambda rows: reals(64, rows),
}
"""What a system is given: the first that it takes."""


def assembled(name: str, rows: int) -> tuple[AutoregressiveModel, Dataset, FitOptions, str]:
    """A system, B -> its model with fresh weights, B rows, its options, what the rows are."""
    from arden.assembly import assemble, split_options
    from arden.core.model import AutoregressiveModel
    from arden.errors import InputError

    refusals = []
    for kind, make in _DATA.items():
        data, options = make(rows), split_options(name, {})
        try:
            model = assemble(name, data, options)
        except InputError as error:
            refusals.append(str(error))
            continue
        assert isinstance(model, AutoregressiveModel)
        if kind.endswith("bits"):
            make_sparse(model)
        return model, data, options, kind
    raise InputError(f"{name}: takes none of the data made here; {refusals[0]}")


def measure(name: str, rows: int, rates: Rates, rounds: int) -> list[dict[str, Any]]:
    """A system, B -> the figures of every task it has."""
    from arden.timing import calls_of, has_kernel, interleaved, peak_memory, without, work_of_row

    model, data, options, kind = assembled(name, rows)
    work = work_of_row(model, data.train.values[:8])
    told = []
    for task, call in calls_of(model, data, options[2], rows).items():
        ways: dict[str, Callable[[], object]] = {"arden": call}
        if has_kernel(model, task):
            ways["torch"] = without(call)
        public, times = _public(name, task, kind, model, data, rows)
        if public is not None:
            ways["public"] = public
        memory = peak_memory(call)
        seconds = {way: one.seconds for way, one in interleaved(ways, rounds).items()}
        if "public" in seconds:
            seconds["public"] *= times
        told.append(
            {
                "system": name,
                "data": kind,
                "task": task,
                "rows": rows,
                "seconds": seconds,
                "share": rates.seconds(task, work, rows) / seconds["arden"],
                "extra_bytes": memory,
                "work": work.__dict__,
            }
        )
    return told


def _public(
    name: str, task: str, kind: str, model: AutoregressiveModel, data: Dataset, rows: int
) -> tuple[Callable[[], object] | None, int]:
    """The textbook's call and how many make the task; None where it is written out nowhere."""
    from arden.core.network import CountedNetwork
    from benchmarks.speed.reference import LOOPS

    if kind != "16×16 bits" or isinstance(model.network, CountedNetwork):
        return None, 1
    if task == "sample":
        by = "loop" if name in ("nade", "lstm") else "passes"
    elif name in LOOPS:
        by = "loop"
    else:
        return None, 1
    return textbook(Case(name, task, {}, by), model, data, rows)


def run_all(
    only: Sequence[str] | None, batches: Sequence[int], rounds: int, path: Path = FILE
) -> dict[str, Any]:
    """Systems or None for all, batch sizes -> all figures; what the file holds is kept."""
    from arden.errors import InputError
    from arden.systems import SYSTEMS
    from arden.timing import measure_rates

    told: dict[str, Any] = {"cases": [], "refused": {}}
    if path.exists():
        told = json.loads(path.read_text(encoding="utf-8"))
    names = [name for name, system in SYSTEMS.items() if "score" in system.verbs]
    rates = measure_rates()
    told |= {**provenance("python benchmarks/speed/run.py --all"), "rates": rates.__dict__}
    told |= {"rounds": rounds}
    for rows in batches:
        for name in names if not only else [name for name in names if name in only]:
            if any((one["system"], one["rows"]) == (name, rows) for one in told["cases"]):
                continue
            try:
                found = measure(name, rows, rates, rounds)
            except InputError as error:
                told["refused"][name] = str(error)
                continue
            told["cases"] += found
            print(json.dumps(found), file=sys.stderr, flush=True)
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return told


def page(told: dict[str, Any]) -> str:
    """The results -> a page in Markdown."""
    lines = [
        "# Speed of every system",
        "",
        f"Made by `{told['command']}`: {told['machine']},",
        f"median of {told['rounds']} rounds in which the ways take turns. What the columns mean",
        "is in [speed.md](speed.md); systems have their default sizes, so that rows of the table",
        "compare ways, not systems. Tables are counted, not trained.",
        "",
        "| system | data | task | B | rows/s | × public code | × plain torch | of the limit | MB |",
        "|---" * 9 + "|",
    ]
    order = {name: index for index, name in enumerate(dict.fromkeys(_names(told)))}
    tasks = ("train", "score", "sample")
    key = lambda one: (order[one["system"]], tasks.index(one["task"]), one["rows"])  # noqa: E731
    for one in sorted(told["cases"], key=key):
        seconds, extra = one["seconds"], one["extra_bytes"]
        ratios = [
            f"{seconds[way] / seconds['arden']:,.1f}" if way in seconds else "–"
            for way in ("public", "torch")
        ]
        lines.append(
            f"| {one['system']} | {one['data']} | {one['task']} | {one['rows']} "
            f"| {one['rows'] / seconds['arden']:,.0f} | {ratios[0]} | {ratios[1]} "
            f"| {one['share']:.0%} | {'–' if extra is None else f'{extra / 1e6:,.0f}'} |"
        )
    for name, why in told["refused"].items():
        lines += ["", f"Not measured: {name} ({why})."]
    missing = [rows for rows in BATCHES if rows not in {one["rows"] for one in told["cases"]}]
    if missing:
        lines += ["", f"Not yet measured: B = {', '.join(map(str, missing))}."]
    return "\n".join(lines) + "\n"


def _names(told: dict[str, Any]) -> list[str]:
    return [one["system"] for one in told["cases"]]
