"""`arden data`: the named data sets, and what a source looks like once it is read."""

from __future__ import annotations

import json as json_module
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from arden.data import DATASETS, load_data
from arden.data.sets.places import file_of, originals_of

__all__ = ["data"]


def data(
    source: str | None = None,
    /,
    *,
    lines: bool = False,
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
        table = Table(title="Data sets: arden fit MODEL NAME (or a file, or a folder of files)")
        for column in ("name", "what it is", "where"):
            table.add_column(column)
        for name, entry in DATASETS.items():
            table.add_row(name, entry.summary, _whereabouts(name, data_dir))
        console.print(table)
        return 0
    found = load_data(source, data_dir=data_dir, lines=lines)
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
    if json:
        print(json_module.dumps(described))
        return 0
    table = Table(title=escape(found.name))
    table.add_column("")
    table.add_column("")
    for name, value in described.items():
        table.add_row(name, escape(str(value)))
    console.print(table)
    return 0


def _whereabouts(name: str, data_dir: Path | None) -> str:
    entry = DATASETS[name]
    if entry.embedded:
        return "embedded"
    if file_of(name, data_dir) or originals_of(name, data_dir):
        return "present"
    return f"arden fetch {entry.download}" if entry.download else f"needs {entry.file}"
