"""One door for every source of data: a name, a file, an array, a data frame."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arden.data.catalogue import DATASETS
from arden.data.dataset import SPLIT_NAMES, Dataset, Split
from arden.data.splits import SPLIT_SEED
from arden.errors import InputError, suggestion

if TYPE_CHECKING:
    from arden.data.documents import Document, DocumentSource
    from arden.data.raw import RawSource
    from arden.data.schema import Schema
    from arden.data.windows import Windows

__all__ = ["load_data", "read_chunks", "read_documents", "read_rows", "read_windows"]

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
) -> Dataset:
    """A name, a .csv/.npy/.npz file, an array, tensor or data frame (N, *event) -> a Dataset.

    Named sets keep their own split. Files and arrays without one are split 80/10/10 by `seed`.
    Their whole numbers of at least 0 are levels 0..K-1, anything else is real; `discrete` overrides
    that. `labels` (N,) go with an array. A Dataset is returned as it is.

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
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str) and source in DATASETS:
        what = f'the named set "{source}"'
        _refuse(what, labels=labels, discrete=discrete, lines=lines or None)
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

            _refuse(what, discrete=discrete)
            if lines:
                from arden.data.strings import infer_strings

                _refuse("strings, which are modelled whole", window=window, stride=stride)
                return infer_strings(documents, seed)
            return infer_sequences(documents, seed, window, stride)
        _refuse(what, window=window, stride=stride, lines=lines or None)
        return infer_dataset(_read_file(source), seed, discrete)
    _refuse("rows in memory", window=window, stride=stride)
    if lines:
        from arden.data.strings import infer_strings, lines_in_memory

        _refuse("strings in memory", labels=labels, discrete=discrete)
        found = lines_in_memory(source)
        if found is None:
            raise InputError(
                f"lines: expected a text file or a list of texts, got {type(source).__name__}."
            )
        return infer_strings(found, seed)
    from arden.data.sources import read_memory

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
    if isinstance(source, (str, Path)):
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

    Beside each chunk stands the share of the source read so far. A .csv file is read line by line
    and a .npy file piece by piece, so that neither is ever held as a whole; other sources are.
    """
    path, split = _without_split(source, split)
    suffix = ""
    if isinstance(path, (str, Path)) and path not in DATASETS:
        path = Path(path).expanduser()
        suffix = path.suffix.lower() if path.is_file() else ""
    from arden.data import scoring_rows

    if suffix == ".csv":
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


def _refuse(source: str, **options: Any) -> None:
    for option, value in options.items():
        if value is not None:
            raise InputError(f"{option} cannot be given for {source}, which settles it itself.")
