"""Table: a file read, a small model fitted to it, and what that finds, fills in and makes up."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from arden.assembly import assemble, split_options
from arden.core.model import AutoregressiveModel
from arden.data import Dataset, Split, load_data, read_rows
from arden.data.column import Level
from arden.data.decoding import cells_of, csv_bytes, filled_cells, parquet_of_cells
from arden.data.raw import RawTable
from arden.data.readers.csv_file import delimiter_of
from arden.data.reading import read_tables
from arden.errors import ArdenError, InputError
from arden.plots import style
from arden.runs.figures import mean_and_error
from arden.storage.folders import write_atomically
from arden.studio.markup import as_cell, facts, note, scale
from arden.studio.markup import table as as_table
from arden.tasks.calibration import calibrate
from arden.tasks.complete import complete
from arden.tasks.normality import normality
from arden.tasks.sample import sample
from arden.tasks.surprise import excess_surprise
from arden.training.fit import fit_model
from arden.training.outcome import FitResult, Progress
from arden.training.validation import nats_of_rows

__all__ = [
    "FittedTable",
    "UploadedTable",
    "fill_gaps",
    "fit_table",
    "make_rows",
    "read_table",
    "show_columns",
    "show_surprising",
    "tell_fit",
]

MOST_BYTES = 5_000_000
_MOST_ROWS, _MOST_COLUMNS = 20_000, 60
_SECONDS = 60.0
_SHOWN = 12
_SYSTEM = "orderless-nade"
_OPTIONS = {"hidden": (64, 64), "epochs": 300, "patience": 12, "learning_rate": 3e-3}
"""Of any order, so that a row is read whichever of its cells are missing."""


@dataclass(frozen=True, eq=False)
class UploadedTable:
    """A file as it was read: its rows split for a fit, and (N, D) in the order of their lines.

    ``suffix`` and ``delimiter`` are how files made of it are written, and ``cells`` are its own,
    None of a file of plain numbers.
    """

    stem: str
    suffix: str
    delimiter: str
    data: Dataset
    rows: Split
    cells: RawTable | None

    @property
    def observed(self) -> Tensor:
        """() -> (N, D) bool."""
        if self.rows.observed is None:
            return torch.ones(self.rows.values.shape, dtype=torch.bool)
        return self.rows.observed


@dataclass(frozen=True, eq=False)
class FittedTable:
    """A file, the model fitted to it, and how that went."""

    table: UploadedTable
    model: AutoregressiveModel
    result: FitResult


def read_table(path: str | Path) -> UploadedTable:
    """A .csv or .parquet file -> its rows, split for a fit.

    Raises:
        InputError: another ending, a file, a row or a column too many, bad cells.
        FileError: it cannot be read.
    """
    path = Path(path)
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise InputError(f"file: expected a .csv or .parquet file, got {path.name}")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise InputError(
            f"file: expected at most {MOST_BYTES // 1_000_000} MB here, got {size / 1e6:.1f} MB; "
            f"arden fit {_SYSTEM} {path.name} takes files of any size"
        )
    try:
        data = load_data(path)
        rows = read_rows(path, data.schema)
        tables = read_tables(path, data.schema, MOST_BYTES)
        cells = None if tables is None else next(tables)[0]
    except ArdenError as error:  # what a browser uploads lies under a name no user knows
        raise InputError(str(error).replace(str(path), path.name)) from None
    if data.schema.kind != "table":
        raise InputError(f"file: expected a table, got {data.schema.kind} data in {path.name}")
    for what, found, most in (
        ("rows", len(rows), _MOST_ROWS),
        ("columns", data.schema.num_variables, _MOST_COLUMNS),
    ):
        if found > most:
            raise InputError(f"file: expected at most {most:,} {what} here, got {found:,}")
    delimiter = ","
    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8", errors="replace") as file:
            delimiter = delimiter_of(file.readline())
    return UploadedTable(path.stem, path.suffix.lower(), delimiter, data, rows, cells)


def fit_table(
    uploaded: UploadedTable, report: Callable[[Progress], None] | None = None
) -> FittedTable:
    """Rows -> a small any-order model of them, in a minute at most.

    ``report`` is told how it stands; a KeyboardInterrupt that it raises ends the fit early with the
    best weights, as Ctrl-C does.
    """
    data = uploaded.data
    options = split_options(_SYSTEM, _OPTIONS)
    model = assemble(_SYSTEM, data, options)
    assert isinstance(model, AutoregressiveModel)

    def within_time(progress: Progress) -> None:
        if report:
            report(progress)
        if progress.seconds > _SECONDS:
            raise KeyboardInterrupt

    result = fit_model(model, data, options[2], report=within_time)
    return FittedTable(uploaded, model, result)


def show_columns(uploaded: UploadedTable) -> str:
    """A file -> what was read: every column, its kind and its values."""
    data, gaps = uploaded.data, int((~uploaded.observed).sum())
    told = [("Rows", f"{len(uploaded.rows):,}"), ("Missing cells", f"{gaps:,}")]
    columns = [[column.name, column.kind, column.range_in_words] for column in data.schema.columns]
    left = "".join(
        note(f"Column {one.name} is left out: {one.note}") for one in data.schema.left_out
    )
    return facts(told) + as_table(["column", "kind", "values"], columns) + left


def tell_fit(fitted: FittedTable) -> str:
    """A fitted table -> what its fit is judged by."""
    split = fitted.table.data.test
    mean, error = mean_and_error(
        nats_of_rows(fitted.model, split, slice(0, len(split))), len(split)
    )
    spread = f" ± {error:.2f}" if math.isfinite(error) else ""
    kind = "−ln p" if fitted.table.data.schema.is_discrete else "−ln density"
    told = [
        ("Model", f"{_SYSTEM}, {fitted.model.num_parameters:,} free parameters"),
        ("Held-out rows", f"{kind} {mean:.2f}{spread} nats / row, {len(split):,} rows"),
        ("The fit ended by", f"{fitted.result.ended}, epoch {fitted.result.best_epoch} is kept"),
    ]
    return facts(
        [(name, value.replace("-", "−") if "nats" in value else value) for name, value in told]
    )


def show_surprising(fitted: FittedTable) -> str:
    """A fitted table -> the rows that it finds least likely, each cell on its excess surprise."""
    data, model = fitted.table.data, fitted.model
    values, observed = fitted.table.rows.values, fitted.table.observed
    ranks = calibrate(normality(model, data.test.values, None, data.test.observed))
    scores = normality(model, values, None, observed)
    worst = scores.argsort()[:_SHOWN]
    p_values = ranks.p_values(scores[worst])
    known = observed[worst]
    excess = excess_surprise(model, values[worst], None, known)
    excess = excess.nan_to_num(posinf=99.0)
    top = max(3.0, float(excess.max()))
    cells = cells_of(values[worst], data.schema, known)
    rows, colours = [], []
    for place, row in enumerate(zip(*cells.values(), strict=True)):
        rows.append([f"{float(p_values[place]):.3f}", *map(as_cell, row)])
        colours.append(["", *(_colour(float(nats), top) for nats in excess[place])])
    bar = scale(
        "0",
        f"{top:.1f}",
        "surprise of a cell beyond what is usual there, nats; below 0.5 not coloured",
    )
    words = (
        "The p-value ranks a row among the held-out ones: of rows like those, at most that share "
        "looks as odd."
    )
    return as_table(["p", *cells], rows, colours=colours) + bar + note(words)


def fill_gaps(fitted: FittedTable, folder: Path, seed: int = 0) -> tuple[str, Path]:
    """A fitted table, a folder -> its first filled rows as HTML, and the file of all of them.

    Every missing cell is one draw from p(missing | the rest of its row).

    Raises:
        InputError: nothing is missing.
    """
    values, observed = fitted.table.rows.values, fitted.table.observed
    gaps = (~observed).any(dim=1).nonzero()[:, 0]
    if not len(gaps):
        raise InputError("table: no cell of it is missing, so there is nothing to fill")
    table, schema = fitted.table, fitted.table.data.schema
    filled = values.clone()
    found = complete(fitted.model, values[gaps], observed[gaps], num=1, seed=seed)
    filled[gaps] = found.values[:, 0].to(filled.dtype)
    typed, own = table.suffix == ".parquet", table.cells
    whole = (
        cells_of(filled, schema)
        if own is None
        else filled_cells(own, filled[:, None], ~observed, schema, typed=typed)
    )
    dtypes = {} if own is None else {raw.name: raw.dtype for raw in own.columns}
    path = _write(table, whole, dtypes, folder, "filled")
    shown = gaps[:_SHOWN]
    cells = cells_of(filled[shown], schema)
    rows = [list(map(as_cell, row)) for row in zip(*cells.values(), strict=True)]
    new = "background:#fbe8c6;color:#1b1f24;font-weight:600"
    colours = [["" if known else new for known in observed[row].tolist()] for row in shown]
    words = (
        f"{int((~observed).sum()):,} cells of {len(gaps):,} rows filled in, each a draw from "
        "p(missing | the rest of its row); the first of them:"
    )
    return note(words) + as_table(list(cells), rows, colours=colours), path


def make_rows(fitted: FittedTable, number: int, folder: Path, seed: int = 0) -> tuple[str, Path]:
    """A fitted table, n, a folder -> the first of n rows drawn from the model, the file of all."""
    drawn = sample(fitted.model, number, seed=seed)
    schema = fitted.table.data.schema
    path = _write(fitted.table, cells_of(drawn, schema), {}, folder, "synthetic")
    cells = cells_of(drawn[:_SHOWN], schema)
    rows = [list(map(as_cell, row)) for row in zip(*cells.values(), strict=True)]
    return note(f"{number:,} independent draws; the first of them:") + as_table(
        list(cells), rows
    ), path


def _write(
    table: UploadedTable,
    cells: dict[str, list[Level | None]],
    dtypes: dict[str, str],
    folder: Path,
    what: str,
) -> Path:
    """Cells, types of columns that the model does not know -> a file in the form of the input."""
    schema = table.data.schema
    path = folder / f"{table.stem}-{what}{table.suffix}"
    if table.suffix == ".parquet":
        known = {column.name: column.dtype or "double" for column in schema.columns}
        write_atomically(path, parquet_of_cells(cells, dtypes | known, schema))
    else:
        write_atomically(path, csv_bytes(cells, table.delimiter))
    return path


def _colour(nats: float, top: float) -> str:
    """The excess surprise of a cell -> its look: nothing where it is as usual."""
    if not nats > 0.5:
        return ""
    colours = style.colour_table(style.SURPRISE)
    red, green, blue = colours[round(min(1.0, nats / top) * (len(colours) - 1))].tolist()
    ink = style.PAPER if 0.299 * red + 0.587 * green + 0.114 * blue < 128 else style.INK
    return f"background:rgb({red},{green},{blue});color:{ink}"
