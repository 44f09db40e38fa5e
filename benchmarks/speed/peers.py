"""Outside peers that do the same work: one masked autoregressive layer of Gaussians.

python benchmarks/speed/peers.py                     # needs zuko and nflows; see below

A masked autoregressive flow of one affine layer is the density ∏ N(x_i; μ_i(x_<i), σ_i(x_<i)²):
MADE over one Gaussian a column. Widths, batch and data are the same; its inverse is a sample.
`pip install zuko` comes with the extra `bench`; nflows, which pins old packages it does not need
here, by `pip install --no-deps nflows`. nflows has no network of one hidden layer: both have two.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.provenance import provenance
from benchmarks.reporting import write_between
from benchmarks.speed.run import PAGE, RESULTS

if TYPE_CHECKING:
    from torch import Tensor

    from arden.data.dataset import Dataset

FILE = RESULTS / "peers.json"
MARKS = ("<!-- peers: made by benchmarks/speed/peers.py -->", "<!-- end of peers -->")
UNITS, ROWS, COLUMNS = 500, (1, 64, 256), (64, 256)
PEERS = {"zuko": (UNITS,), "nflows": (UNITS, UNITS)}
"""A peer -> the hidden layers that it and ours have."""

Calls = dict[str, Callable[[], object]]


def peer(name: str, columns: int, hidden: tuple[int, ...], x: Tensor) -> Calls:
    """A peer, D, its layers, (B, D) -> its log_prob and its sample."""
    import torch

    flow: Any
    if name == "zuko":
        import zuko

        flow = zuko.flows.MAF(features=columns, transforms=1, hidden_features=hidden)
        log_prob: Callable[[], object] = lambda: flow().log_prob(x)  # noqa: E731
        drawn: Callable[[], object] = lambda: flow().sample((len(x),))  # noqa: E731
    else:
        from nflows.distributions.normal import StandardNormal
        from nflows.flows.base import Flow
        from nflows.transforms.autoregressive import MaskedAffineAutoregressiveTransform

        layer = MaskedAffineAutoregressiveTransform(
            columns, hidden[0], num_blocks=len(hidden) - 1, use_residual_blocks=False
        )
        flow = Flow(layer, StandardNormal([columns]))
        log_prob, drawn = lambda: flow.log_prob(x), lambda: flow.sample(len(x))
    return {"score": torch.no_grad()(log_prob), "sample": torch.no_grad()(drawn)}


def dataset(columns: int, rows: int) -> Dataset:
    """D, B -> B rows of Gaussians, in each of the three splits."""
    import torch

    from arden.data.dataset import Dataset, Split
    from arden.data.schema import Column, Schema

    values = torch.randn(max(rows, 64), columns, generator=torch.Generator().manual_seed(0))
    names = tuple(Column(f"x{index}", "real") for index in range(columns))
    split = Split(values)
    schema = Schema("table", (columns,), None, names)
    return Dataset("reals", schema, split, split, split, "Drawn at random, for timing.")


def measure(name: str, columns: int, rows: int, rounds: int) -> list[dict[str, Any]]:
    """A peer, D, B -> the figures of a score and of a sample."""
    from arden.assembly import assemble, split_options
    from arden.core.model import AutoregressiveModel
    from arden.timing import calls_of, interleaved

    hidden = PEERS[name]
    data = dataset(columns, rows)
    options = split_options(
        "made", {"hidden": list(hidden), "direct": False, "components": 1, "floor": "relative"}
    )
    model = assemble("made", data, options)
    assert isinstance(model, AutoregressiveModel)
    ours = calls_of(model, data, options[2], rows)
    theirs = peer(name, columns, hidden, data.train.values[:rows])
    told = []
    for task, call in theirs.items():
        timed = interleaved({"arden": ours[task], name: call}, rounds)
        seconds = {way: one.seconds for way, one in timed.items()}
        case = {"peer": name, "task": task, "columns": columns, "rows": rows}
        told.append({**case, "seconds": seconds, "ratio": seconds[name] / seconds["arden"]})
    return told


def table(told: dict[str, Any]) -> str:
    """The results -> a table in Markdown."""
    lines = ["| peer | task | columns | B | rows/s, ours | × the peer |", "|---" * 6 + "|"]
    for one in told["cases"]:
        rate = one["rows"] / one["seconds"]["arden"]
        lines.append(
            f"| {one['peer']} {told['peers'][one['peer']]} | {one['task']} | {one['columns']} "
            f"| {one['rows']} | {rate:,.0f} | {one['ratio']:,.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, help="of torch and the kernels")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    import torch

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    there = [name for name in PEERS if find_spec(name) is not None]
    if not there:
        sys.exit("peers.py: neither zuko nor nflows is installed")
    told = {
        **provenance("python benchmarks/speed/peers.py"),
        "peers": {name: _version(name) for name in there},
        "cases": [
            one
            for name in there
            for columns in COLUMNS
            for rows in ROWS
            for one in measure(name, columns, rows, arguments.rounds)
        ],
    }
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    write_between(PAGE, MARKS, table(told))
    print(table(told))


def _version(name: str) -> str:
    from importlib.metadata import version

    return version(name)


if __name__ == "__main__":
    main()
