"""One door for every source of data: a name, a file, an array, a data frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arden.data.catalogue import DATASETS
from arden.data.dataset import SPLIT_NAMES, Dataset, Split
from arden.data.splits import SPLIT_SEED
from arden.errors import InputError, suggestion

if TYPE_CHECKING:
    from arden.data.documents import Document, DocumentSource
    from arden.data.raw import RawSource, RawTable
    from arden.data.schema import Schema
    from arden.data.windows import Windows

__all__ = [
    "load_data",
    "read_chunks",
    "read_documents",
    "read_rows",
    "read_tables",
    "read_windows",
]

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

    Raises InputError for what cannot be used, FileError for files that cannot be read.

    >>> load_data("digits").schema.event_shape
    (8, 8)
    >>> load_data([[0, 1], [1, 1], [0, 0], [1, 0]]).schema.num_symbols
    2
    """
    if complete_rows:
        from arden.data.scoring_rows import whole_rows

        how: dict[str, Any] = {"labels": labels, "discrete": discrete, "seed": seed}
        how |= {"data_dir": data_dir, "window": window, "stride": stride, "lines": lines}
        how |= {"schema": schema, "missing": missing, "unseen": unseen}
        return whole_rows(load_data(source, **how))
    if isinstance(source, Dataset):
        return source
    of_tables = {"schema": schema, "missing": missing}
    of_tables["unseen"] = None if unseen == "refuse" else unseen
    if isinstance(source, str) and source in DATASETS:
        what = f'the named set "{source}"'
        _refuse(what, labels=labels, discrete=discrete, lines=lines or None, **of_tables)
        if _is_sequence(source):
            from arden.data.sequences import infer_sequences

            return infer_sequences(_load_named(source, data_dir), seed, window, stride)
        _refuse(what, window=window, stride=stride)
        return _load_named(source, data_dir)
    from arden.data.inference import infer_dataset

    if isinstance(source, (str, Path)):
        what = f'the file "{source}"'
        _refuse(what, labels=labels)
        documents = _read_documents(source)
        if documents is not None:
            from arden.data.sequences import infer_sequences

            _refuse(what, discrete=discrete, **of_tables)
            if lines:
                from arden.data.strings import infer_strings

                _refuse("strings, which are modelled whole", window=window, stride=stride)
                return infer_strings(documents, seed)
            return infer_sequences(documents, seed, window, stride)
        _refuse(what, window=window, stride=stride, lines=lines or None)
        table = None if discrete is not None else _read_table(source, schema, missing)
        if table is not None:
            return _infer_table(table, seed, schema, unseen)
        _refuse(f"{what} of plain numbers", **of_tables)
        return infer_dataset(_read_file(source), seed, discrete)
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

    table = None if discrete is not None else read_frame(source, _marks(schema, missing))
    if table is not None:
        return _infer_table(table, seed, schema, unseen, labels)
    _refuse("an array of plain numbers", **of_tables)
    return infer_dataset(read_memory(source, labels), seed, discrete)


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
    documents, split = _documents(source, split, data_dir)
    if schema.kind == "strings":
        from arden.data import strings

        documents = strings.lines_in_memory(source) if documents is None else documents
        if documents is not None:
            return strings.strings_under(documents, schema, split, with_labels)
    elif documents is not None:
        from arden.data.sequences import windows_under

        return windows_under(documents, schema, split, with_labels)[1].take()
    source, split = _without_split(source, split)
    if isinstance(source, str) and source in DATASETS:
        data = _load_named(source, data_dir)
        return scoring_rows.rows_of_dataset(data, schema, split, with_labels)
    is_file = isinstance(source, (str, Path))
    if schema.by_column and split is None:
        from arden.data.sources import read_frame

        table = _read_table(source, schema) if is_file else read_frame(source, schema.missing)
        if table is not None:
            return scoring_rows.rows_of_table(table, schema)
    if is_file:
        raw = _read_file(source)
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
    documents, split = _documents(source, split, data_dir)
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
    documents, split = _documents(source, split, data_dir)
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
    a .parquet or .npy file piece by piece, so that none is ever held as a whole; other sources are.
    """
    path, split = _without_split(source, split)
    suffix = _suffix_of_file(path)
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


def read_tables(
    source: Any, schema: Schema, most_rows: int, *, split: str | None = None
) -> Iterator[tuple[RawTable, float]] | None:
    """What `read_chunks` takes -> the cells that its chunks are read from, as they are written.

    None for what is no file of a table whose columns the schema describes.
    """
    path, split = _without_split(source, split)
    suffix = _suffix_of_file(path)
    if not schema.by_column or split is not None or suffix not in (".csv", ".parquet"):
        return None
    from arden.data.readers.arrow_table import parquet_tables
    from arden.data.readers.csv_file import csv_tables

    path = Path(path).expanduser()
    if suffix == ".csv":
        return csv_tables(path, most_rows, schema.missing, as_texts=True)
    return parquet_tables(path, most_rows, schema.missing)


def _suffix_of_file(path: Any) -> str:
    """What `load_data` takes -> how the name of a file ends, in small letters; "" for the rest."""
    if not isinstance(path, (str, Path)) or path in DATASETS:
        return ""
    path = Path(path).expanduser()
    return path.suffix.lower() if path.is_file() else ""


def _without_split(source: Any, split: str | None) -> tuple[Any, str | None]:
    """ "digits:valid" -> "digits" and "valid"; anything else as it is."""
    if isinstance(source, str):
        head, _, tail = source.rpartition(":")
        if tail in SPLIT_NAMES or head in DATASETS:
            return head, tail
    return source, split


def _is_sequence(name: str) -> bool:
    return DATASETS[name].kind in ("text", "audio")


def _load_named(name: str, data_dir: str | Path | None) -> Any:
    """A name -> its Dataset, or its documents where it is a text or a sound."""
    module, function = DATASETS[name].loader.split(":")
    loader = getattr(import_module(module), function)
    return loader(name, Path(data_dir) if data_dir else None)


def _documents(
    source: Any, split: str | None, data_dir: str | Path | None
) -> tuple[DocumentSource | None, str | None]:
    """What `read_rows` takes -> its documents, None for rows; and the split that is asked for."""
    source, split = _without_split(source, split)
    if isinstance(source, str) and source in DATASETS:
        return (_load_named(source, data_dir) if _is_sequence(source) else None), split or "test"
    return (_read_documents(source) if isinstance(source, (str, Path)) else None), split


def _read_documents(source: str | Path) -> DocumentSource | None:
    from arden.data import sequences

    return None if source == "" else sequences.read_documents(Path(source))


def _read_file(source: str | Path) -> RawSource:
    from arden.data.sources import read_file

    path = Path(source).expanduser()
    # A bare word that is no file was meant as the name of a set.
    is_path = path.suffix or len(path.parts) > 1 or (source != "" and path.exists())
    if isinstance(source, str) and not is_path:
        meant = suggestion(source, DATASETS) or f" Data sets are {', '.join(sorted(DATASETS))}."
        raise InputError(f'"{source}" is neither a data set nor a file.{meant}')
    return read_file(path)


def _read_table(
    source: str | Path, schema: Schema | str | Path | None, missing: Sequence[str] | None = None
) -> RawTable | None:
    from arden.data.sources import read_table

    return read_table(Path(source), _marks(schema, missing), as_texts=schema is not None)


def _marks(
    schema: Schema | str | Path | None, missing: Sequence[str] | None = None
) -> tuple[str, ...]:
    """What cells that hold nothing are written as: as asked, as the schema says, or as usual."""
    from arden.data.readers.cells import MISSING

    if missing is not None:
        if schema is not None:
            raise InputError("schema, missing: expected one of them, got both.")
        return tuple(mark.strip().lower() for mark in missing)
    return MISSING if schema is None else _schema(schema).missing


def _schema(schema: Schema | str | Path) -> Schema:
    if isinstance(schema, (str, Path)):
        from arden.data.schema_files import read_schema

        return read_schema(schema)
    return schema


def _infer_table(
    table: RawTable,
    seed: int,
    schema: Schema | str | Path | None,
    unseen: str,
    labels: Any = None,
) -> Dataset:
    from arden.data.tables import infer_table

    if schema is not None and unseen != "refuse":
        raise InputError(
            'schema, unseen: expected one of them, got both; a last level "(other)" of a column '
            "in the schema does the same."
        )
    given = None if schema is None else _schema(schema)
    return infer_table(table, seed, given, unseen, labels)


def _refuse(source: str, **options: Any) -> None:
    for option, value in options.items():
        if value is not None:
            raise InputError(f"{option} cannot be given for {source}, which settles it itself.")
