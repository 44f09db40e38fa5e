"""What a source is: a named set, documents, a file of a table, a file of plain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arden.data.catalogue import DATASETS
from arden.data.dataset import SPLIT_NAMES
from arden.errors import InputError, suggestion

if TYPE_CHECKING:
    from arden.data.documents import DocumentSource
    from arden.data.raw import RawSource, RawTable
    from arden.data.schema import Schema

__all__ = [
    "documents_of",
    "documents_of_file",
    "is_sequence",
    "load_named",
    "marks_of",
    "numbers_of_file",
    "schema_of",
    "suffix_of_file",
    "table_of_file",
    "without_split",
]


def suffix_of_file(path: Any) -> str:
    """What `load_data` takes -> how the name of a file ends, in small letters; "" for the rest."""
    if not isinstance(path, (str, Path)) or path in DATASETS:
        return ""
    path = Path(path).expanduser()
    return path.suffix.lower() if path.is_file() else ""


def without_split(source: Any, split: str | None) -> tuple[Any, str | None]:
    """ "digits:valid" -> "digits" and "valid"; anything else as it is."""
    if isinstance(source, str):
        head, _, tail = source.rpartition(":")
        if tail in SPLIT_NAMES or head in DATASETS:
            return head, tail
    return source, split


def is_sequence(name: str) -> bool:
    """The name of a set -> whether it is a text or a sound."""
    return DATASETS[name].kind in ("text", "audio")


def load_named(name: str, data_dir: str | Path | None) -> Any:
    """A name -> its Dataset, or its documents where it is a text or a sound."""
    module, function = DATASETS[name].loader.split(":")
    loader = getattr(import_module(module), function)
    return loader(name, Path(data_dir) if data_dir else None)


def documents_of(
    source: Any, split: str | None, data_dir: str | Path | None
) -> tuple[DocumentSource | None, str | None]:
    """What `read_rows` takes -> its documents, None for rows; and the split that is asked for."""
    source, split = without_split(source, split)
    if isinstance(source, str) and source in DATASETS:
        return (load_named(source, data_dir) if is_sequence(source) else None), split or "test"
    return (documents_of_file(source) if isinstance(source, (str, Path)) else None), split


def documents_of_file(source: str | Path) -> DocumentSource | None:
    """A file or folder -> its texts or sounds; None where it is something else."""
    from arden.data import sequences

    return None if source == "" else sequences.read_documents(Path(source))


def numbers_of_file(source: str | Path) -> RawSource:
    """A file of plain numbers, or of pictures -> what it holds."""
    from arden.data.sources import read_file

    path = Path(source).expanduser()
    # A bare word that is no file was meant as the name of a set.
    is_path = path.suffix or len(path.parts) > 1 or (source != "" and path.exists())
    if isinstance(source, str) and not is_path:
        meant = suggestion(source, DATASETS) or f" Data sets are {', '.join(sorted(DATASETS))}."
        raise InputError(f'"{source}" is neither a data set nor a file.{meant}')
    return read_file(path)


def table_of_file(
    source: str | Path, schema: Schema | str | Path | None, missing: Sequence[str] | None = None
) -> RawTable | None:
    """A file -> its columns, if they have names and kinds of their own."""
    from arden.data.sources import read_table

    return read_table(Path(source), marks_of(schema, missing), as_texts=schema is not None)


def marks_of(
    schema: Schema | str | Path | None, missing: Sequence[str] | None = None
) -> tuple[str, ...]:
    """What cells that hold nothing are written as: as asked, as the schema says, or as usual."""
    from arden.data.readers.cells import MISSING

    if missing is not None:
        if schema is not None:
            raise InputError("schema, missing: expected one of them, got both.")
        return tuple(mark.strip().lower() for mark in missing)
    return MISSING if schema is None else schema_of(schema).missing


def schema_of(schema: Schema | str | Path) -> Schema:
    """A schema, or the file of one -> it."""
    if isinstance(schema, (str, Path)):
        from arden.data.schema_files import read_schema

        return read_schema(schema)
    return schema
