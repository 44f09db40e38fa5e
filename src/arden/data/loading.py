"""One door for every source of data: a name, a file, an array, a data frame."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arden.data.catalogue import DATASETS
from arden.data.dataset import SPLIT_NAMES, Dataset, Split
from arden.data.splits import SPLIT_SEED
from arden.errors import InputError, suggestion

if TYPE_CHECKING:
    from arden.data.raw import RawSource
    from arden.data.schema import Schema

__all__ = ["load_data", "read_rows"]

# Whatever imports torch or numpy is imported inside the functions: the command line lists the
# data sets and answers --help without them.


def load_data(
    source: Any,
    *,
    labels: Any = None,
    discrete: bool | None = None,
    seed: int = SPLIT_SEED,
    data_dir: str | Path | None = None,
) -> Dataset:
    """A name, a .csv/.npy/.npz file, an array, tensor or data frame (N, *event) -> a Dataset.

    Named sets keep their own split. Files and arrays without one are split 80/10/10 by `seed`.
    Their whole numbers of at least 0 are levels 0..K-1, anything else is real; `discrete` overrides
    that. `labels` (N,) go with an array. A Dataset is returned as it is.

    Raises InputError for what cannot be used, FileError for files that cannot be read.

    >>> load_data("digits").schema.event_shape
    (8, 8)
    >>> load_data([[0, 1], [1, 1], [0, 0], [1, 0]]).schema.num_symbols
    2
    """
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str) and source in DATASETS:
        _refuse(f'the named set "{source}"', labels=labels, discrete=discrete)
        return _load_named(source, data_dir)
    from arden.data.inference import infer_dataset

    if isinstance(source, (str, Path)):
        _refuse(f'the file "{source}"', labels=labels)
        return infer_dataset(_read_file(source), seed, discrete)
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
    if isinstance(source, str):
        head, _, tail = source.rpartition(":")
        if tail in SPLIT_NAMES or head in DATASETS:
            source, split = head, tail
        if source in DATASETS:
            data = _load_named(source, data_dir)
            return scoring_rows.rows_of_dataset(data, schema, split, with_labels)
    if isinstance(source, (str, Path)):
        raw = _read_file(source)
    else:
        from arden.data.sources import read_memory

        raw = read_memory(source, name="data")
    return scoring_rows.rows_of_source(raw, schema, split, with_labels)


def _load_named(name: str, data_dir: str | Path | None) -> Dataset:
    module, function = DATASETS[name].loader.split(":")
    loader = getattr(import_module(module), function)
    data: Dataset = loader(name, Path(data_dir) if data_dir else None)
    return data


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
