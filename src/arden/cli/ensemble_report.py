"""What `arden ensemble` does once its words are understood, and the table it ends with."""

from __future__ import annotations

import json as json_module
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from torch import Tensor

from arden.cli.compare_report import figure
from arden.cli.outputs import say_where
from arden.cli.several_runs import Opened, notes_on, open_runs, protocols_of
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data import DATASETS, Dataset, Split, load_data, read_rows
from arden.data.dataset import EVENTS_OF_UNIT
from arden.errors import ArdenError, InputError
from arden.orderings.shuffled import Shuffled
from arden.runs import measure
from arden.runs.folder import claimed
from arden.storage.model_files import save
from arden.storage.plain import without_nan
from arden.tasks.compare import Comparison, compare_log_probs, decimals, score_each
from arden.tasks.ensemble import ensemble
from arden.tasks.orders import in_orders
from arden.tasks.sample import sample
from arden.training.context import class_context
from arden.training.weights import fit_weights

__all__ = ["join_and_report"]

_PICTURED = 64


def join_and_report(
    runs: Sequence[Path],
    out: Path,
    *,
    weights: str,
    orders: int | None,
    seed: int,
    data: str | None,
    batch_size: int | None,
    overwrite: bool,
    data_dir: Path | None,
    device: str,
    json: bool,
) -> int:
    """A parsed command -> exit code 0, after the ensemble was written, measured and reported."""
    if out.resolve() in [run.resolve() for run in runs]:
        raise InputError(f"out: expected a folder of its own, got {out}, which is one of the runs")
    opened = open_runs(runs, device, "ensemble", one_will_do=orders is not None)
    _check_contexts(opened)
    if orders is not None:
        opened = [member for each in opened for member in _under_orders(each, orders, seed)]
    dataset = _dataset(opened, data, data_dir)
    valid, test = (_rows(opened, dataset, name) for name in ("valid", "test"))
    card: dict[str, Any] = {
        "system": "ensemble",
        "data": dataset.name,
        "protocol": _protocol(opened, dataset),
        "schema": opened[0].schema.to_dict(),
    }
    # Figures of sequences are per symbol: a mean over windows times this.
    scale = {name: len(dataset.split(name)) / dataset.num_units(name) for name in ("valid", "test")}
    with claimed(out, card, overwrite=overwrite, resume=False):
        on_valid = _log_probs(opened, valid, batch_size)
        equal = torch.full((len(opened),), 1 / len(opened), dtype=torch.float64)
        chosen = fit_weights(on_valid.T) if weights == "valid" else equal
        model = ensemble([each.model for each in opened], chosen.tolist())
        means = _with_mixture(on_valid, chosen).mean(dim=1) * scale["valid"]
        told = {
            "protocol": card["protocol"],
            "valid_nats": -means[-1].item(),
            "ended": "joined, not trained",
        }
        figures = without_nan(asdict(measure(model, dataset)) | told)
        members = [
            {
                "run": str(each.run),
                "system": each.card.get("system"),
                "weight": weight,
                **({} if orders is None else {"order": _order_of(each.model)}),
            }
            for each, weight in zip(opened, chosen.tolist(), strict=True)
        ]
        card |= {"options": [{"weights": weights, "members": members}], "figures": figures}
        save(model, out, card=card, overwrite=True)
        picture = _picture(model, dataset, out)
    # One more model, beside its members, on the same rows.
    on_test = _with_mixture(_log_probs(opened, test, batch_size), chosen)
    found = compare_log_probs(on_test * scale["test"])
    best = int(means[:-1].argmax())
    if json:
        gain = {"best_member": opened[best].name, "gain": _gain_as_json(found, best)}
        print(json_module.dumps({"run": str(out), **figures, "members": members, **gain}))
        return 0
    console = Console()
    console.print(_table(opened, chosen, means, found, dataset))
    console.print(_gain(opened[best].name, best, found, dataset.unit), highlight=False)
    for note in notes_on(opened):
        console.print(f"[bold]Note[/]: {escape(note)}.", highlight=False)
    say_where("Model", out)
    if picture:
        say_where("Picture", picture)
    return 0


def _under_orders(each: Opened, orders: int, seed: int) -> list[Opened]:
    """A run -> M members of one network, each under an order of its own and named after it."""
    try:
        models = in_orders(each.model, orders, seed)
    except InputError as error:
        raise InputError(f"{error} in {each.run}") from None
    return [replace(each, model=m, name=f"{each.name} {_order_of(m)}") for m in models]


def _order_of(model: AutoregressiveModel | Mixture) -> str:
    """A member -> the name of its order, as in `arden orderings`."""
    assert isinstance(model, AutoregressiveModel)
    ordering = model.ordering
    number = f":{ordering.seed}" if isinstance(ordering, Shuffled) else ""
    return type(ordering).__name__.lower() + number


def _check_contexts(opened: Sequence[Opened]) -> None:
    first = opened[0]
    for other in opened:
        if other.model.context_size != first.model.context_size:
            raise InputError(
                "runs: expected contexts of one size, but that of "
                f"{first.run} is {first.model.context_size} and that of {other.run} is "
                f"{other.model.context_size}"
            )


def _dataset(opened: Sequence[Opened], data: str | None, data_dir: Path | None) -> Dataset:
    """The runs, a source or None -> the data set they were trained on."""
    names = sorted({str(each.card.get("data") or "an unknown set") for each in opened})
    if data is None and len(names) > 1:
        raise InputError(
            f"data: expected a name, as the runs were trained on {' and '.join(names)}, got none"
        )
    schema = opened[0].schema
    window = schema.event_shape[0] if schema.is_sequence else None
    source = data or names[0]
    lines = schema.kind == "strings" and source not in DATASETS
    try:
        return load_data(
            source, data_dir=data_dir, window=window, stride=schema.stride, lines=lines
        )
    except ArdenError as error:
        if data is not None:
            raise
        raise InputError(
            f"data: expected where to find {names[0]}, on which the runs were trained, got none "
            f"({error})"
        ) from None


def _protocol(opened: Sequence[Opened], dataset: Dataset) -> str:
    """The protocol of the figures; what makes them doubtful goes where they go."""
    others = [told for told in protocols_of(opened) if told != dataset.protocol]
    if not others:
        return dataset.protocol
    return f"{dataset.protocol} Members were trained under another protocol: {'; '.join(others)}"


def _rows(opened: Sequence[Opened], dataset: Dataset, name: str) -> Split:
    first = opened[0]
    return read_rows(dataset, first.schema, split=name, with_labels=first.model.context_size > 0)


def _log_probs(opened: Sequence[Opened], rows: Split, batch_size: int | None) -> Tensor:
    """M runs, N rows -> (M, N): ln p of each by each, in nats."""
    return score_each(
        [each.model for each in opened],
        rows.values,
        class_context(rows, opened[0].model.context_size),
        rows.observed,
        scored=rows.scored,
        batch_size=batch_size,
    )


def _with_mixture(log_probs: Tensor, weights: Tensor) -> Tensor:
    """(M, N), (M,) -> (M + 1, N): the last row is ln Σ_m w_m p_m."""
    mixed = (log_probs + weights.log()[:, None]).logsumexp(dim=0)
    return torch.cat([log_probs, mixed[None]])


def _picture(model: Mixture, dataset: Dataset, folder: Path) -> Path | None:
    if dataset.schema.kind != "image":
        return None
    context = class_context(dataset.test, model.context_size)
    count = _PICTURED if context is None else min(_PICTURED, len(context))
    drawn = sample(model, count, seed=0, context=None if context is None else context[:count])
    from arden.plots.sample_grid import sample_grid  # which takes a second

    return sample_grid(drawn, folder / "samples.png", dataset.schema.num_symbols)


def _table(
    opened: Sequence[Opened], weights: Tensor, means: Tensor, found: Comparison, dataset: Dataset
) -> Table:
    events = EVENTS_OF_UNIT[dataset.unit]
    table = Table(
        title=f"An ensemble of {len(opened)} on {found.rows:,} test {events}",
        caption=f"Nats per {dataset.unit}, ± standard error; higher is better.",
        box=SIMPLE_HEAD,
    )
    table.add_column("model", overflow="fold")
    for column in ("weight", "valid, mean ln p", "test, mean ln p"):
        table.add_column(column, justify="right")
    names = [*(escape(each.name) for each in opened), "[bold]ensemble"]
    shares = [*(f"{weight:.4f}" for weight in weights.tolist()), ""]
    for name, share, valid, mean in zip(names, shares, means.tolist(), found.means, strict=True):
        table.add_row(name, share, f"{valid:.3f}", figure(mean.nats, mean.standard_error))
    return table


def _gain(name: str, best: int, found: Comparison, unit: str) -> str:
    """The best member's name and place -> a sentence on how much the ensemble gains over it."""
    gain = found.against(len(found.means) - 1, best)
    told = figure(gain.nats, gain.standard_error, "+")
    digits = decimals(gain.standard_error)
    low, high = (f"{end:+.{digits}f}" for end in gain.interval)
    between = f" (95 %: {low} to {high})" if math.isfinite(gain.standard_error) else ""
    return (
        f"Gain over {escape(name)}, the best member on the validation rows: {told} nats per "
        f"{unit}{between}, better on {100 * gain.better:.0f} % of the test rows."
    )


def _gain_as_json(found: Comparison, best: int) -> dict[str, Any]:
    gain = found.against(len(found.means) - 1, best)
    return without_nan(
        {
            "nats": gain.nats,
            "standard_error": gain.standard_error,
            "low": gain.interval[0],
            "high": gain.interval[1],
            "better": gain.better,
        }
    )
