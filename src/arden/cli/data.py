"""`arden data`: the named data sets, and what a source looks like once it is read."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from arden.cli.outputs import claim_output, say_where
from arden.cli.table_reading import TableReading
from arden.data import DATASETS, Dataset, load_data
from arden.data.dataset import SPLIT_NAMES
from arden.data.schema_files import schema_as_toml
from arden.data.sets.places import file_of, originals_of
from arden.storage.folders import write_atomically

__all__ = ["data"]


def data(
    source: str | None = None,
    /,
    *,
    lines: bool = False,
    table: Annotated[TableReading | None, Parameter(name="*", group="Tables")] = None,
    schema_out: Path | None = None,
    overwrite: bool = False,
    data_dir: Path | None = None,
    json: bool = False,
) -> int:
    """List the data sets, or show how one source is read.

    Parameters
    ----------
    source
        A data set, file or folder to describe; the list when not given.
    lines
        Every line of a text is a string of its own.
    schema_out
        Write how a table is read to this .toml, to be changed and given back as --schema.
    overwrite
        Replace the file that is there.
    data_dir
        Where named data sets lie; ARDEN_DATA when not given.
    json
        Print JSON on standard output.
    """
    console = Console()
    if source is None:
        if json:
            print(json_module.dumps({name: entry.summary for name, entry in DATASETS.items()}))
            return 0
        listed = Table(title="Data sets: arden fit MODEL NAME (or a file, or a folder of files)")
        for column in ("name", "what it is", "where"):
            listed.add_column(column)
        for name, entry in DATASETS.items():
            listed.add_row(name, entry.summary, _whereabouts(name, data_dir))
        console.print(listed)
        return 0
    claim_output(schema_out, (".toml",), overwrite, "schema_out")
    reading = (table or TableReading()).words()
    found = load_data(source, data_dir=data_dir, lines=lines, **reading)
    if schema_out:
        write_atomically(schema_out, schema_as_toml(found.schema).encode("utf-8"))
    described = {
        "name": found.name,
        "kind": found.schema.kind,
        "event_shape": list(found.schema.event_shape),
        "levels": found.schema.num_symbols,
        "columns": len(found.schema.columns),
        "classes": len(found.schema.class_names),
        "train": len(found.train),
        "valid": len(found.valid),
        "test": len(found.test),
        "protocol": found.protocol,
    }
    columns = described_columns(found) if found.schema.by_column else []
    if json:
        told = (
            {"table": columns, "left_out": [one.name for one in found.schema.left_out]}
            if columns
            else {}
        )
        print(json_module.dumps(described | told))
        return 0
    shown = Table(title=escape(found.name))
    shown.add_column("")
    shown.add_column("")
    for name, value in described.items():
        shown.add_row(name, escape(str(value)))
    console.print(shown)
    if columns:
        console.print(_columns_table(found, columns))
    if schema_out:
        say_where("Schema", schema_out)
    return 0


def described_columns(data: Dataset) -> list[dict[str, Any]]:
    """A data set of a table -> what each of its columns is, in words that JSON can hold."""
    splits = [data.split(name) for name in SPLIT_NAMES]
    rows = sum(map(len, splits))
    found = []
    for index, column in enumerate(data.schema.columns):
        unknown = sum(
            int((~split.observed[:, index]).sum()) for split in splits if split.observed is not None
        )
        found.append(
            {
                "name": column.name,
                "kind": column.kind,
                "levels": column.num_symbols,
                "values": column.range_in_words,
                "missing": unknown / rows,
                "why": column.note,
            }
        )
    return found


def _columns_table(data: Dataset, columns: list[dict[str, Any]]) -> Table:
    table = Table(title=f"Columns of {escape(data.name)}")
    for heading in ("column", "kind", "levels or range", "missing", "read so because of"):
        table.add_column(heading, justify="right" if heading == "missing" else "left")
    for column in columns:
        values = column["values"]
        if len(values) > _MOST_SHOWN:
            values = f"{column['levels']}: {values[: _MOST_SHOWN - 1]}…"
        missing = f"{100 * column['missing']:.1f} %" if column["missing"] else "–"
        cells = (column["name"], column["kind"], values or "any number", missing, column["why"])
        table.add_row(*map(escape, cells))
    for one in data.schema.left_out:
        table.add_row(escape(one.name), "left out", "", "", escape(one.note), style="dim")
    return table


_MOST_SHOWN = 48


def _whereabouts(name: str, data_dir: Path | None) -> str:
    entry = DATASETS[name]
    if entry.embedded:
        return "embedded"
    if file_of(name, data_dir) or originals_of(name, data_dir):
        return "present"
    return f"arden fetch {entry.download}" if entry.download else f"needs {entry.file}"
