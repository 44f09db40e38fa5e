"""What the models that complete binarized MNIST do: pictures for the docs, figures as JSON.

python experiments/completion/measure.py --data-dir DIRECTORY            # after fit.py of both
python experiments/completion/measure.py --table                         # docs/complete.md again
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.provenance import ROOT, provenance
from benchmarks.reporting import write_between
from experiments.completion.fit import DATA, ROWS, run_of

if TYPE_CHECKING:
    from torch import Tensor

RESULTS = Path(__file__).parent / "results.json"
PICTURES = ROOT / "docs" / "pictures"
PAGE = ROOT / "docs" / "complete.md"
MARKS = ("<!-- figures: made by experiments/completion/measure.py --table -->", "<!-- end -->")
SHOWN, MEASURED, ORDERS = 8, 24, 4
# A system, what is hidden, the picture (or none).
CASES = (
    ("orderless-nade", "lower-half", "completion_lower_halves.png"),
    ("orderless-nade", "random:0.5", "completion_random_half.png"),
    ("nade", "lower-half", "completion_nade_lower_halves.png"),
    ("nade", "upper-half", "completion_nade_upper_halves.png"),
)


def measure(data_dir: str | None) -> None:
    """Draws the pictures and writes the figures."""
    import numpy as np
    import torch

    from arden.cli import main as arden
    from arden.data import load_data
    from arden.data.masks import hidden_cells
    from arden.storage.model_files import load, read_card
    from arden.tasks.complete import complete
    from arden.tasks.marginal import log_conditional

    data = load_data(DATA, data_dir=data_dir)
    # Test rows are sorted by digit: they are taken at even steps.
    some = data.test.values[:: len(data.test) // MEASURED][:MEASURED]
    shown = data.test.values[500 :: len(data.test) // SHOWN][:SHOWN]
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{DATA}.npz"
        np.savez(path, x=shown.numpy())
        for system, mask, picture in CASES:
            run = run_of(system)
            words = ["complete", run, path, "--mask", mask, "-n", SHOWN, "--seed", 1]
            words += ["--out", PICTURES / picture, "--overwrite"]
            with suppress(SystemExit):
                arden([str(word) for word in words])
            model = load(run)
            generator = torch.Generator().manual_seed(0)
            hidden = hidden_cells(mask, data.schema, tuple(some.shape), generator)
            found = complete(model, some, ~hidden, num=4, seed=0)
            row = {
                "system": system,
                "hidden": mask,
                "exact": found.exact,
                "joint": found.joint,
                "pixels_right": _right(found.values, some, hidden),
                "least_effective_sample_size": None,
                "log_conditional": None,
                "over_orders": None,
            }
            if found.exact:
                numbers = log_conditional(model, some, hidden, ~hidden).log_prob
                row["log_conditional"] = [numbers.mean().item(), _error(numbers)]
            else:
                sizes = found.effective_sample_size
                row["least_effective_sample_size"] = [sizes.median().item(), sizes.min().item()]
            if system == "orderless-nade":
                several = log_conditional(model, some, hidden, ~hidden, orders=ORDERS)
                row["over_orders"] = {
                    "orders": ORDERS,
                    "mean": several.log_prob.mean().item(),
                    "standard_error": _error(several.log_prob),
                    "mean_spread": several.spread.mean().item(),
                }
            print(row, flush=True)
            rows.append(row)
        model = load(run_of("orderless-nade"))
        everything = torch.ones_like(some, dtype=torch.bool)
        nothing = ~everything
        whole = log_conditional(model, some, everything, nothing, orders=ORDERS)
    cards = {system: read_card(run_of(system)) for system in ("orderless-nade", "nade")}
    told = {
        **provenance("python experiments/completion/measure.py"),
        "data": data.protocol,
        "rows": MEASURED,
        "test_rows_of_orderless": f"{ROWS['test']} test rows, evenly spread",
        "fits": {
            system: {
                "options": card["options"],
                "test_nats": card.get("figures", {}).get("test_nats"),
            }
            for system, card in cards.items()
        },
        "order_gap": {
            "orders": ORDERS,
            "mean_spread_of_log_prob": whole.spread.mean().item(),
            "mean_log_prob_averaged": whole.log_prob.mean().item(),
        },
        "cases": rows,
    }
    RESULTS.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    write_table()


def _right(values: Tensor, originals: Tensor, hidden: Tensor) -> float:
    """(N, n, *event) completions -> the share of hidden pixels that are as in the original."""
    same = values == originals[:, None]
    return same[hidden[:, None].expand_as(same)].double().mean().item()


def _error(numbers: Tensor) -> float:
    return (numbers.std() / len(numbers) ** 0.5).item()


def write_table() -> None:
    """Writes the figures into the page."""
    told = json.loads(RESULTS.read_text(encoding="utf-8"))
    lines = [
        f"{told['rows']} test rows of binarized-mnist at even steps; ± is their standard error.",
        "",
        "| model | hidden | exact | ln p(hidden \\| rest), nats | averaged over orders (spread "
        "between them) | hidden pixels as in the original | 64 candidates: worth, least |",
        "|---|---|---|---|---|---|---|",
    ]
    for case in told["cases"]:
        own, several = case["log_conditional"], case["over_orders"]
        sizes = case["least_effective_sample_size"]
        lines.append(
            f"| {case['system']} | {case['hidden']} | {'yes' if case['exact'] else 'no'} | "
            + (f"{own[0]:.2f} ± {own[1]:.2f}" if own else "–")
            + " | "
            + (
                f"{several['mean']:.2f} ± {several['standard_error']:.2f} "
                f"({several['mean_spread']:.2f}, {several['orders']} orders)"
                if several
                else "–"
            )
            + f" | {100 * case['pixels_right']:.1f} % | "
            + (f"{sizes[0]:.1f}, {sizes[1]:.1f}" if sizes else "–")
            + " |"
        )
    gap = told["order_gap"]
    lines += [
        "",
        f"The order gap: ln p(x) of the orderless NADE differs between {gap['orders']} orders with "
        f"a standard deviation of {gap['mean_spread_of_log_prob']:.2f} nats, on average.",
    ]
    fits = told["fits"]
    lines += [
        "",
        "Fitted: "
        + "; ".join(
            f"{system}, {_units(fit['options'][0]['hidden'])} hidden units, "
            f"{fit['options'][2]['epochs']} epochs, seed {fit['options'][2]['seed']}, "
            f"{fit['test_nats']:.2f} test nats in raster order"
            for system, fit in fits.items()
        )
        + f" (of the orderless one on {told['test_rows_of_orderless']}).",
    ]
    write_between(PAGE, MARKS, "\n".join(lines))


def _units(hidden: int | list[int]) -> str:
    return " + ".join(map(str, hidden if isinstance(hidden, list) else [hidden]))


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--table", action="store_true")
    words = parser.parse_args()
    write_table() if words.table else measure(words.data_dir)


if __name__ == "__main__":
    main()
