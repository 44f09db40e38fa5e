"""Compare: two models on the same held-out rows, paired, and what each of them draws."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from arden.data.dataset import EVENTS_OF_UNIT
from arden.data.decoding import cells_of
from arden.errors import InputError
from arden.plots.comparison import comparison
from arden.studio.markup import as_cell, facts, note, picture, shades, table, written_picture
from arden.studio.shelf import Run, Shelf
from arden.studio.texts import is_text, write_text
from arden.tasks.compare import Comparison, compare_log_probs, decimals, score_each
from arden.tasks.sample import sample
from arden.training.context import class_context

__all__ = ["compare_runs", "comparable", "draws_of"]

_MOST_ROWS = 1_000
_DRAWS = 16
_TABLE_ROWS = 8


def comparable(run: Run, other: Run) -> bool:
    """Whether two runs are over the same events, so that their nats have a common scale."""
    ours, theirs = run.schema, other.schema
    if ours.kind == "strings" or theirs.kind == "strings":
        return (ours.kind, ours.symbols) == (theirs.kind, theirs.symbols)
    same = (ours.kind, ours.event_shape, ours.levels, ours.symbols, ours.columns)
    return same == (theirs.kind, theirs.event_shape, theirs.levels, theirs.symbols, theirs.columns)


def compare_runs(shelf: Shelf, first: Run, second: Run) -> str:
    """Two runs over the same events -> the mean of each on held-out rows and their difference.

    Raises:
        InputError: one run twice, runs over other events.
        FileError: their data are not at hand.
    """
    if first.name == second.name:
        raise InputError("compare: expected two different runs, got one of them twice")
    if not comparable(first, second):
        raise InputError(
            f"compare: expected runs over the same events, but {first.name} and {second.name} "
            "differ in what their rows are"
        )
    models = [shelf.exact_model(run, "compare") for run in (first, second)]
    told = first if models[0].context_size else second
    rows = shelf.data(told).test
    some = slice(0, _MOST_ROWS)
    size = max(model.context_size for model in models)
    context = class_context(rows, size)
    log_probs = score_each(
        models,
        rows.values[some],
        None if context is None else context[some],
        None if rows.observed is None else rows.observed[some],
        scored=None if rows.scored is None else rows.scored[some],
    )
    unit = "row" if rows.scored is None else first.schema.unit
    if rows.scored is not None:  # of windows: per symbol
        log_probs = log_probs * (log_probs.shape[1] / int(rows.scored[some].sum()))
    found = compare_log_probs(log_probs)
    names = [first.name, second.name]
    shown = rows.values[some] if first.schema.kind == "image" else None
    with TemporaryDirectory() as folder:
        path = Path(folder) / "comparison.png"
        title = f"{found.rows:,} held-out {EVENTS_OF_UNIT[unit]} of {told.card.get('data', '')}"
        comparison(log_probs, names, path, title, shown, first.schema.num_symbols, unit=unit)
        plate = written_picture(path, f"{names[1]} against {names[0]}, row by row")
    return _figures(found, names, unit) + _caveats(first, second, models) + plate


def draws_of(shelf: Shelf, run: Run, seed: int = 0) -> str:
    """A run -> what its model draws: images, a text, rows of a table.

    Raises:
        InputError: a model that defines no distribution, or that must be told a class.
    """
    if is_text(run):
        return write_text(shelf, run, 240, seed)
    model = shelf.exact_model(run, "sample")
    context = None
    if model.context_size:
        context = class_context(shelf.data(run).test, model.context_size)
        assert context is not None
        context = context[:_DRAWS]
    number = _DRAWS if context is None else len(context)
    drawn = sample(model, number, seed=seed, context=context)
    if run.schema.kind == "image":
        images = [
            picture(shades(each.double().numpy(), run.schema.num_symbols), f"Draw {place}")
            for place, each in enumerate(drawn, start=1)
        ]
        return f'<div class="strip">{"".join(images)}</div>'
    if run.schema.kind == "table":
        cells = cells_of(drawn[:_TABLE_ROWS], run.schema)
        return table(
            list(cells), [list(map(as_cell, row)) for row in zip(*cells.values(), strict=True)]
        )
    return note("Draws of sounds are written by arden sample RUN --out sound.wav.")


def _figures(found: Comparison, names: list[str], unit: str) -> str:
    gain = found.against(1, 0)
    places = decimals(gain.standard_error)
    low, high = (f"{end:+.{places}f}" for end in gain.interval)
    of = f"nats / {unit}"
    told = [
        *(
            (f"ln p by {name}", _minus(f"{mean.nats:.3f} ± {mean.standard_error:.3f} {of}"))
            for name, mean in zip(names, found.means, strict=True)
        ),
        (
            "Difference, paired",
            _minus(f"{gain.nats:+.{places}f} ± {gain.standard_error:.{places}f} {of}")
            + _minus(f" (95 %: {low} … {high})"),
        ),
        (
            EVENTS_OF_UNIT[unit].capitalize(),
            f"{gain.better:.0%} more likely under {names[1]}, {gain.worse:.0%} under {names[0]}",
        ),
    ]
    return facts(told)


def _minus(words: str) -> str:
    return words.replace("-", "−")


def _caveats(first: Run, second: Run, models: list) -> str:
    told = ""
    if first.card.get("protocol") != second.card.get("protocol"):
        told += note(
            "The runs were trained under different protocols: rows held out from one may have "
            "trained the other.",
            kind="warn",
        )
    if len({bool(model.context_size) for model in models}) > 1:
        told += note("Only one of them is told the class of each row.", kind="warn")
    return told
