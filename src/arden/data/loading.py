"""One door for every source of data: a name, a file, an array, a data frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arden.data.catalogue import DATASETS
from arden.data.dataset import Dataset
from arden.data.opening import (
    documents_of_file,
    is_sequence,
    load_named,
    marks_of,
    numbers_of_file,
    schema_of,
    table_of_file,
)
from arden.data.splits import SPLIT_SEED
from arden.errors import InputError

if TYPE_CHECKING:
    from arden.data.raw import RawTable
    from arden.data.schema import Schema

__all__ = ["load_data"]

_BOTH = (
    'schema, unseen: expected one of them, got both; a last level "(other)" of a column '
    "in the schema does the same."
)

# Whatever imports torch or numpy is imported inside the functions: the command line lists the
# data sets and answers --help without them.


def load_data(
    source: Any,
    *,
    labels: Any = None,
    discrete: bool | None = None,
    seed: int = SPLIT_SEED,
    data_dir: str | Path | None = None,
    window: int | None = None,
    stride: int | None = None,
    lines: bool = False,
    schema: Schema | str | Path | None = None,
    missing: Sequence[str] | None = None,
    unseen: str = "refuse",
    complete_rows: bool = False,
) -> Dataset:
    """A name, a .csv/.parquet/.npy/.npz file, an array, tensor or data frame -> a Dataset.

    Named sets keep their own split. Files and arrays without one are split 80/10/10 by `seed`.
    Whole numbers of at least 0 in an array are levels 0..K-1, anything else is real; `discrete`
    overrides that. `labels` (N,) go with an array. A Dataset is returned as it is.

    Tables whose columns have names (.csv, .parquet, frames of pandas, polars or Arrow) are read
    column by column: words, numbers and dates, each of its own kind, or as `schema` says (a Schema
    or its .toml). Cells that hold nothing, or a word of `missing`, are unobserved; `complete_rows`
    leaves out the rows that have one. `unseen` "other" reserves a level for words that may come.

    A .txt or .wav file, or a folder of them, becomes windows of `window` characters (64) or samples
    (256), scored `stride` (half a window) apart; one document is cut 80/10/10 in its order, several
    are split by `seed`. With `lines` every line of a .txt file or folder is a string of its own, of
    any length, that ends with its line end; all copies of a string go to one side of the split. A
    list of strings takes the place of a file.

    A folder of .parquet or .npz files, or a pattern such as "rows/*.npz", is read as if they were
    one file, but its rows stay on disk: converted once, into ARDEN_CACHE, and mapped from there.

    Raises InputError for what cannot be used, FileError for files that cannot be read.

    >>> load_data("digits").schema.event_shape
    (8, 8)
    >>> load_data([[0, 1], [1, 1], [0, 0], [1, 0]]).schema.num_symbols
    2
    """
    of_tables = {"schema": schema, "missing": missing}
    of_tables["unseen"] = None if unseen == "refuse" else unseen
    if isinstance(source, (str, Path)) and source not in DATASETS:
        from arden.data.shards.files import shards_of

        if shards := shards_of(source):
            what = f'the shards "{source}"'
            _refuse(what, labels=labels, window=window, stride=stride, lines=lines or None)
            return _from_shards(source, shards, seed, discrete, of_tables, complete_rows)
    if complete_rows:
        from arden.data.scoring_rows import whole_rows

        how: dict[str, Any] = {"labels": labels, "discrete": discrete, "seed": seed}
        how |= {"data_dir": data_dir, "window": window, "stride": stride, "lines": lines}
        how |= {"schema": schema, "missing": missing, "unseen": unseen}
        return whole_rows(load_data(source, **how))
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str) and source in DATASETS:
        what = f'the named set "{source}"'
        _refuse(what, labels=labels, discrete=discrete, lines=lines or None, **of_tables)
        if is_sequence(source):
            from arden.data.sequences import infer_sequences

            return infer_sequences(load_named(source, data_dir), seed, window, stride)
        _refuse(what, window=window, stride=stride)
        return load_named(source, data_dir)
    from arden.data.inference import infer_dataset

    if isinstance(source, (str, Path)):
        what = f'the file "{source}"'
        _refuse(what, labels=labels)
        documents = documents_of_file(source)
        if documents is not None:
            from arden.data.sequences import infer_sequences

            _refuse(what, discrete=discrete, **of_tables)
            if lines:
                from arden.data.strings import infer_strings

                _refuse("strings, which are modelled whole", window=window, stride=stride)
                return infer_strings(documents, seed)
            return infer_sequences(documents, seed, window, stride)
        _refuse(what, window=window, stride=stride, lines=lines or None)
        table = None if discrete is not None else table_of_file(source, schema, missing)
        if table is not None:
            return _infer_table(table, seed, schema, unseen)
        _refuse(f"{what} of plain numbers", **of_tables)
        return infer_dataset(numbers_of_file(source), seed, discrete)
    _refuse("rows in memory", window=window, stride=stride)
    if lines:
        from arden.data.strings import infer_strings, lines_in_memory

        _refuse("strings in memory", labels=labels, discrete=discrete, **of_tables)
        found = lines_in_memory(source)
        if found is None:
            raise InputError(
                f"lines: expected a text file or a list of texts, got {type(source).__name__}."
            )
        return infer_strings(found, seed)
    from arden.data.sources import read_frame, read_memory

    table = None if discrete is not None else read_frame(source, marks_of(schema, missing))
    if table is not None:
        return _infer_table(table, seed, schema, unseen, labels)
    _refuse("an array of plain numbers", **of_tables)
    return infer_dataset(read_memory(source, labels), seed, discrete)


def _from_shards(
    source: str | Path,
    shards: dict[str, list[Path]],
    seed: int,
    discrete: bool | None,
    of_tables: dict[str, Any],
    complete_rows: bool,
) -> Dataset:
    from arden.data.shards.loading import ShardReading, load_shards

    arrays = any(file.suffix.lower() == ".npz" for files in shards.values() for file in files)
    if arrays:
        whole = complete_rows or None
        _refuse(f'the arrays of "{source}"', **of_tables, complete_rows=whole)
    else:
        _refuse(f'the tables of "{source}"', discrete=discrete)
    schema, unseen = of_tables["schema"], of_tables["unseen"] or "refuse"
    if schema is not None and unseen != "refuse":
        raise InputError(_BOTH)
    given = None if schema is None else schema_of(schema)
    marks = marks_of(schema, of_tables["missing"])
    how = ShardReading(seed, discrete, given, marks, unseen, complete_rows)
    return load_shards(str(source), shards, how)


def _infer_table(
    table: RawTable,
    seed: int,
    schema: Schema | str | Path | None,
    unseen: str,
    labels: Any = None,
) -> Dataset:
    from arden.data.tables import infer_table

    if schema is not None and unseen != "refuse":
        raise InputError(_BOTH)
    given = None if schema is None else schema_of(schema)
    return infer_table(table, seed, given, unseen, labels)


def _refuse(source: str, **options: Any) -> None:
    for option, value in options.items():
        if value is not None:
            raise InputError(f"{option} cannot be given for {source}, which settles it itself.")
