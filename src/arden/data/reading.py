"""Rows to be scored: any source, read under the schema that is stored with a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arden.data.catalogue import DATASETS
from arden.data.dataset import Dataset, Split
from arden.data.opening import (
    documents_of,
    load_named,
    numbers_of_file,
    suffix_of_file,
    table_of_file,
    without_split,
)
from arden.errors import InputError

if TYPE_CHECKING:
    from arden.data.documents import Document, DocumentSource
    from arden.data.raw import RawTable
    from arden.data.schema import Schema
    from arden.data.windows import Windows

__all__ = ["read_chunks", "read_documents", "read_rows", "read_tables", "read_windows"]

# As in `loading`, whatever imports torch or numpy is imported inside the functions.


def read_rows(
    source: Any,
    schema: Schema,
    *,
    split: str | None = None,
    with_labels: bool = True,
    data_dir: str | Path | None = None,
) -> Split:
    """Anything `load_data` takes, or a Split -> rows (N, *event) checked against `schema`.

    Nothing is inferred: `schema` is the one stored with a model. Sources that have splits give
    "test" unless `split`, or a name such as "digits:valid", says otherwise; others give all rows.
    Image rows may come flattened, (N, H * W * C). Labels become indices into the schema's classes;
    an unknown class is refused unless labels are not wanted.

    Documents (texts, sounds) become windows whose `scored` values are their symbols, each once;
    under a schema of strings, every line of a text is a row.

    >>> from arden.data.schema import Schema
    >>> schema = Schema("image", (2, 2), num_symbols=2)
    >>> read_rows([[0, 1, 1, 0]], schema).values.shape
    torch.Size([1, 2, 2])
    """
    from arden.data import scoring_rows

    if isinstance(source, Split):
        return scoring_rows.rows_of_split(source, schema)
    if isinstance(source, Dataset):
        return scoring_rows.rows_of_dataset(source, schema, split, with_labels)
    documents, split = documents_of(source, split, data_dir)
    if schema.kind == "strings":
        from arden.data import strings

        documents = strings.lines_in_memory(source) if documents is None else documents
        if documents is not None:
            return strings.strings_under(documents, schema, split, with_labels)
    elif documents is not None:
        from arden.data.sequences import windows_under

        return windows_under(documents, schema, split, with_labels)[1].take()
    source, split = without_split(source, split)
    if isinstance(source, str) and source in DATASETS:
        data = load_named(source, data_dir)
        return scoring_rows.rows_of_dataset(data, schema, split, with_labels)
    is_file = isinstance(source, (str, Path))
    if schema.by_column and split is None:
        from arden.data.sources import read_frame

        table = table_of_file(source, schema) if is_file else read_frame(source, schema.missing)
        if table is not None:
            return scoring_rows.rows_of_table(table, schema)
    if is_file:
        raw = numbers_of_file(source)
    else:
        from arden.data.sources import read_memory

        raw = read_memory(source, name="data")
    return scoring_rows.rows_of_source(raw, schema, split, with_labels)


def read_windows(
    source: Any,
    schema: Schema,
    *,
    split: str | None = None,
    with_labels: bool = True,
    data_dir: str | Path | None = None,
) -> tuple[list[str], Windows] | None:
    """What `read_rows` takes -> the names of its documents and their windows; None for rows.

    The windows are those of `schema`: each symbol is scored once. `Windows.take` gives them as
    rows, as many at a time as memory should hold.
    """
    documents, split = documents_of(source, split, data_dir)
    if documents is None:
        return None
    from arden.data.sequences import windows_under

    return windows_under(documents, schema, split, with_labels)


def read_documents(
    source: Any, schema: Schema, *, split: str | None = None, data_dir: str | Path | None = None
) -> tuple[DocumentSource, list[Document]] | None:
    """What `read_rows` takes -> documents as they were read, all and the chosen; None for rows.

    Raises InputError for documents of another kind or sample rate than the schema's.
    """
    documents, split = documents_of(source, split, data_dir)
    if documents is None:
        return None
    from arden.data.sequences import check_source

    check_source(documents, schema)
    return documents, documents.chosen(split)


def read_chunks(
    source: Any,
    schema: Schema,
    most_rows: int,
    *,
    split: str | None = None,
    with_labels: bool = True,
    data_dir: str | Path | None = None,
) -> Iterator[tuple[Split, float]]:
    """What `read_rows` takes -> the same rows, at most so many at a time.

    Beside each chunk stands the share of the source read so far. A .csv file is read line by line,
    a .parquet or .npy file piece by piece, shards one after another, so that none is ever held as a
    whole; other sources are.
    """
    files = read_shards(source, split)
    if files is not None:
        for place, file in enumerate(files):
            for rows, share in read_chunks(file, schema, most_rows, with_labels=with_labels):
                yield rows, (place + share) / len(files)
        return
    path, split = without_split(source, split)
    suffix = suffix_of_file(path)
    path = Path(path).expanduser() if suffix else path
    from arden.data import scoring_rows

    tables = read_tables(source, schema, most_rows, split=split)
    if tables is not None:
        for table, share in tables:
            yield scoring_rows.rows_of_table(table, schema), share
    elif suffix == ".csv":
        from arden.data.readers.csv_file import csv_chunks

        for raw, share in csv_chunks(path, most_rows):
            yield scoring_rows.rows_of_source(raw, schema, split, with_labels), share
    elif suffix == ".npy":
        from arden.data.readers.numpy_file import array_chunks

        for raw, first_row, share in array_chunks(path, most_rows):
            rows = scoring_rows.rows_of_source(raw, schema, split, with_labels, first_row)
            yield rows, share
    else:
        whole = read_rows(source, schema, split=split, with_labels=with_labels, data_dir=data_dir)
        for start in range(0, len(whole), most_rows):
            end = min(start + most_rows, len(whole))
            yield scoring_rows.take_rows(whole, slice(start, end)), end / len(whole)


def read_shards(source: Any, split: str | None = None) -> list[Path] | None:
    """What `read_rows` takes -> the files of shards that are its rows; None for anything else.

    Raises InputError for a split that the shards are not in.
    """
    source, split = without_split(source, split)
    if isinstance(source, str) and source in DATASETS:
        return None
    from arden.data.shards.files import shards_of

    parts = shards_of(source)
    if parts is None:
        return None
    wanted = split or ("all" if "all" in parts else "test")
    if wanted not in parts:
        raise InputError(
            f'{source}: there is no split "{wanted}" in it, only {", ".join(parts)} shards.'
        )
    return parts[wanted]


def read_tables(
    source: Any, schema: Schema, most_rows: int, *, split: str | None = None
) -> Iterator[tuple[RawTable, float]] | None:
    """What `read_chunks` takes -> the cells that its chunks are read from, as they are written.

    None for what is no file of a table whose columns the schema describes.
    """
    path, split = without_split(source, split)
    suffix = suffix_of_file(path)
    if not schema.by_column or split is not None or suffix not in (".csv", ".parquet"):
        return None
    from arden.data.readers.arrow_table import parquet_tables
    from arden.data.readers.csv_file import csv_tables

    path = Path(path).expanduser()
    if suffix == ".csv":
        return csv_tables(path, most_rows, schema.missing, as_texts=True)
    return parquet_tables(path, most_rows, schema.missing)
