"""How fast: our path, plain torch and the textbook's way, in turns; and the share of the limit.

python benchmarks/speed/run.py                       # every case; --only nade fvsbn for some
python benchmarks/speed/run.py --threads 1 --rounds 7
python benchmarks/speed/run.py --table               # rewrite docs/speed.md from the results
python benchmarks/speed/run.py --all                 # every system of the catalogue: see every.py

A ratio is that of medians of rounds in which all ways take turns. The limit of a case is counted:
products, function values and optimiser traffic of `arden.timing`, at the rates that the machine
was measured at in the same process; masked weights count as if they were there.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.provenance import ROOT, provenance
from benchmarks.reporting import write_between
from benchmarks.speed.cases import CASES, Case

if TYPE_CHECKING:
    from arden.core.model import AutoregressiveModel
    from arden.data.dataset import Dataset
    from arden.timing import Rates

RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "speed.md"
MARKS = ("<!-- figures: made by benchmarks/speed/run.py --table -->", "<!-- end -->")
_SIDE, _ONES, _SYMBOLS, _WINDOW = 28, 0.13, 65, 128
_EMULATED = 4
"""Products of bfloat16 that many times slower than those of float32 are made by something else."""


def measure(case: Case, rows: int, rates: Rates, rounds: int, side: int = _SIDE) -> dict[str, Any]:
    """A case at one batch size -> its figures."""
    from arden.assembly import assemble, split_options
    from arden.core.model import AutoregressiveModel
    from arden.timing import calls_of, has_kernel, interleaved, peak_memory, without, work_of_row

    data = dataset(case.data, rows, side)
    options = split_options(case.system, case.options)
    model = assemble(case.system, data, options)
    assert isinstance(model, AutoregressiveModel)
    if case.data == "bits":
        make_sparse(model)
    ours = calls_of(model, data, options[2], rows)[case.task]
    beside, times = textbook(case, model, data, rows)
    work = work_of_row(model, data.train.values)
    memory = peak_memory(ours)
    ways: dict[str, Callable[[], object]] = {"arden": ours}
    if has_kernel(model, case.task):
        ways["torch"] = without(ours)
    if beside is not None:
        ways["public"] = beside
    timed = interleaved(ways, rounds)
    seconds = {name: one.seconds for name, one in timed.items()}
    if "public" in seconds:
        seconds["public"] *= times
    return {
        "case": case.name,
        "rows": rows,
        "seconds": seconds,
        "spread": {name: one.spread for name, one in timed.items()},
        "ratio": seconds["public"] / seconds["arden"] if "public" in seconds else None,
        "required_ratio": case.ratio.get(rows),
        "to_torch": seconds["torch"] / seconds["arden"] if "torch" in seconds else None,
        "share": rates.seconds(case.task, work, rows, case.half) / seconds["arden"],
        "required_share": case.share.get(rows),
        "extra_bytes": memory,
        "work": work.__dict__,
    }


def refused(case: Case, rates: Rates) -> str | None:
    """A case, what the machine can do -> why it is not measured; None where it is."""
    if case.half and rates.half < rates.matrix / _EMULATED:
        told = f"{rates.half / 1e9:,.1f} GFLOP/s, of float32 {rates.matrix / 1e9:,.0f}"
        return f"no bfloat16 arithmetic on this processor (its products: {told})"
    return None


def dataset(kind: str, rows: int, side: int) -> Dataset:
    """ "bits" or "text", B -> B rows, in each of the three splits."""
    import torch

    from arden.data.dataset import Dataset, Split
    from arden.data.schema import Schema

    generator = torch.Generator().manual_seed(0)
    if kind == "bits":
        shape, symbols = (side, side), 2
        values = (torch.rand(rows, *shape, generator=generator) < _ONES).byte()
        schema = Schema("image", shape, symbols)
    else:
        shape, symbols = (_WINDOW,), _SYMBOLS
        values = torch.randint(symbols, (rows, *shape), generator=generator).byte()
        schema = Schema("table", shape, symbols)
    split = Split(values)
    return Dataset(kind, schema, split, split, split, "Drawn at random, for timing.")


def make_sparse(model: AutoregressiveModel) -> None:
    """A model over bits -> (): draws about as many ones as images hold, whatever its weights."""
    import torch

    network = model.network
    with torch.no_grad():
        for name in ("output_bias", "output.bias", "linear.bias"):
            *path, last = name.split(".")
            found = getattr(network, path[0], None) if path else network
            bias = getattr(found, last, None)
            if isinstance(bias, torch.Tensor):
                bias.fill_(math.log(_ONES / (1 - _ONES)))


def textbook(
    case: Case, model: AutoregressiveModel, data: Dataset, rows: int
) -> tuple[Callable[[], object] | None, int]:
    """A case, its model and data -> public code's call, and how many of them make the task."""
    import torch

    from benchmarks.speed import reference

    x = data.train.values
    if case.by == "passes":
        return reference.one_pass(model, x), x[0].numel()
    if case.task == "sample":
        uniforms = torch.rand(rows, x[0].numel())
        return reference.sample(model, uniforms), 1
    if case.by == "none":
        return None, 1
    reference.check(model, x)
    scored, weights = reference.log_prob(model)
    if case.task == "score":
        return torch.no_grad()(lambda: scored(x)), 1
    return reference.default_step(weights, lambda: -scored(x).mean()), 1


def circumstances(told: dict[str, Any]) -> str:
    """The results -> a sentence: where they were measured, and how fast that was just then."""
    rates = told["rates"]
    return (
        f"{told['machine']}, commit {told['commit']}, median of {told['rounds']} rounds. Rates of "
        f"the machine just then: {rates['matrix'] / 1e9:.0f} GFLOP/s in products of matrices, "
        f"{rates['vector'] / 1e9:.0f} with a vector, {rates['sigmoids'] / 1e9:.1f} G sigmoids/s "
        f"and {rates['traffic'] / 1e9:.0f} GB/s."
    )


def table(told: dict[str, Any]) -> str:
    """The results -> a table in Markdown."""
    lines = [
        "| case | B | rows/s | × public code (asked) | × plain torch | of the limit (asked) | MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in told["cases"]:
        if "refused" in one:
            lines.append(f"| {one['case']} | {one['rows']} | {one['refused']} | – | – | – | – |")
            continue
        extra = one["extra_bytes"]
        cells = (
            one["case"],
            str(one["rows"]),
            f"{one['rows'] / one['seconds']['arden']:,.0f}",
            _beside(one["ratio"], one["required_ratio"], "{:,.1f}"),
            "–" if one["to_torch"] is None else f"{one['to_torch']:.1f}",
            _beside(one["share"], one["required_share"], "{:.0%}"),
            "–" if extra is None else f"{extra / 1e6:,.0f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _beside(value: float | None, asked: float | None, form: str) -> str:
    if value is None:
        return "–"
    if asked is None:
        return form.format(value)
    return f"{form.format(value)} ({form.format(asked)}){' ✗' * (value < asked)}"


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", help="systems; all when not given")
    parser.add_argument("--threads", type=int, help="of torch and the kernels")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--table", action="store_true", help="rewrite docs/speed.md")
    parser.add_argument("--all", action="store_true", help="every system, to docs/speed_all.md")
    parser.add_argument("--batch", nargs="+", type=int, help="batch sizes of --all")
    parser.add_argument("--out", type=Path, default=RESULTS / "cpu.json")
    arguments = parser.parse_args()
    if arguments.table:
        told = json.loads(arguments.out.read_text(encoding="utf-8"))
        write_between(PAGE, MARKS, f"{circumstances(told)}\n\n{table(told)}")
        return
    import torch

    from arden.timing import measure_rates

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    if arguments.all:
        from benchmarks.speed import every  # which stands on this file

        sizes = arguments.batch or every.BATCHES
        every.PAGE.write_text(
            every.page(every.run_all(arguments.only, sizes, arguments.rounds)), encoding="utf-8"
        )
        return
    rates = measure_rates()
    found = []
    for case in CASES:
        if arguments.only and case.system not in arguments.only:
            continue
        for rows in case.ratio:
            why = refused(case, rates)
            if why:
                found.append({"case": case.name, "rows": rows, "refused": why})
            else:
                found.append(measure(case, rows, rates, arguments.rounds))
            print(json.dumps(found[-1]), file=sys.stderr, flush=True)
    told = {
        **provenance("python benchmarks/speed/run.py"),
        "rates": rates.__dict__,
        "rounds": arguments.rounds,
        "cases": found,
    }
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(table(told))


if __name__ == "__main__":
    main()
