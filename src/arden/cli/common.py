"""Options that several commands have: one type, one sentence of help each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from arden.cli.whole_number import WHOLE

__all__ = ["BatchSize", "DataDir", "Device", "Json", "Overwrite", "SplitName"]

SplitName = Annotated[
    Literal["train", "valid", "test"] | None,
    Parameter(help="Which rows of a data set that has splits; test when not given."),
]
BatchSize = Annotated[
    int | None, WHOLE, Parameter(help="Rows at a time; only memory depends on it.")
]
Overwrite = Annotated[bool, Parameter(help="Replace files that are there.")]
DataDir = Annotated[
    Path | None, Parameter(help="Where named data sets lie; ARDEN_DATA when not given.")
]
Device = Annotated[str, Parameter(help="auto, cpu or cuda.")]
Json = Annotated[bool, Parameter(help="Print JSON, and nothing else, on standard output.")]
