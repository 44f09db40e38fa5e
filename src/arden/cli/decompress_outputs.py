"""What came out of an .arden file, as the kind of file that is asked for."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from torch import Tensor

from arden.cli.outputs import ColumnFile
from arden.cli.sample_files import write_sound, write_table
from arden.coding.entropy import DamagedError
from arden.coding.escapes import put_back, text_bytes
from arden.coding.fields import Fields
from arden.data import Schema
from arden.data.schema import default_column_name
from arden.errors import FileError, InputError
from arden.storage.folders import write_atomically
from arden.tasks.decompress import Unpacked

__all__ = ["ENDINGS", "check_ending", "write_unpacked"]

ENDINGS = (".txt", ".wav", ".npy", ".npz", ".csv", ".parquet")
_OF_KIND = {"text": (".txt", ".npz"), "strings": (".txt", ".npy", ".npz")}
_OF_KIND["audio"] = (".wav", ".npy", ".npz")
_OF_ROWS = (".npy", ".npz", ".csv")
_WITH_GAPS = (".csv", ".parquet")  # a cell may be missing there
_MOST_NAME = 4096


def check_ending(schema: Schema, out: Path) -> None:
    """A schema, a path -> (), or a refusal before anything is read."""
    endings = _OF_KIND.get(schema.kind, _OF_ROWS)
    if schema.by_column:
        endings = (*endings, ".parquet")
    if out.suffix not in endings:
        raise InputError(
            f"out: expected a name ending in {', '.join(endings)} for a model of "
            f"{schema.kind} data, got {out.name!r}"
        )


def write_unpacked(found: Unpacked, schema: Schema, out: Path, name: str) -> str:
    """What came out, the schema, a path, the file's name -> what was written, in words.

    Raises:
        InputError: a kind of file that could not hold all of it.
        FileError: it cannot be written, or what stands beside the values was not put there by
            `arden compress`.
    """
    try:
        if isinstance(found.values, list):
            return _documents(found, found.values, schema, out)
        if schema.kind == "strings" and out.suffix == ".txt":
            return _strings(found.values, found.beside, schema, out)
    except DamagedError as error:
        raise FileError(f"{name}: damaged in what stands beside the values: {error}") from None
    return _rows(found, found.values, schema, out)


def _rows(found: Unpacked, values: Tensor, schema: Schema, out: Path) -> str:
    arrays = {"x": values.numpy()}
    if found.labels is not None:
        names = np.array(schema.class_names)
        arrays["y"] = names[found.labels.numpy()] if len(names) else found.labels.numpy()
    if found.observed is not None:
        arrays["observed"] = found.observed.numpy()
    if (
        out.suffix != ".npz"
        and len(arrays) > 1
        and not (out.suffix in _WITH_GAPS and "y" not in arrays)
    ):
        beside = " and ".join(name for name in arrays if name != "x")
        raise InputError(f"out: expected .npz, because there are {beside} beside the values")
    if schema.by_column and out.suffix in _WITH_GAPS:
        write_table(values, schema, out, found.observed)
    elif out.suffix == ".csv":
        _write_csv(values, found.observed, schema, out)
    else:
        _write_arrays(arrays, out)
    return f"{len(values):,} {'strings' if schema.kind == 'strings' else 'rows'}"


def _write_csv(values: Tensor, observed: Tensor | None, schema: Schema, out: Path) -> None:
    flat = values.reshape(len(values), -1)
    names = [column.name for column in schema.columns]
    names = names or [default_column_name(index) for index in range(flat.shape[1])]
    whole = (
        flat if flat.dtype.is_floating_point and bool((flat != flat.round()).any()) else flat.long()
    )
    with ColumnFile(out) as file:
        if observed is None:
            columns = (column.numpy() for column in whole.unbind(dim=1))
            file.add(dict(zip(names, columns, strict=True)))
            return
        seen = observed.reshape(flat.shape)
        file.add(
            {
                name: [str(v) if known else "" for v, known in zip(column, here, strict=True)]
                for name, column, here in zip(names, whole.T.tolist(), seen.T.tolist(), strict=True)
            }
        )


def _write_arrays(arrays: dict[str, np.ndarray], out: Path) -> None:
    buffer = io.BytesIO()
    if out.suffix == ".npy":
        (array,) = arrays.values()
        np.save(buffer, array)
    else:
        np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    write_atomically(out, buffer.getvalue())


def _strings(values: Tensor, beside: bytes, schema: Schema, out: Path) -> str:
    """Strings line by line; of a text that was compressed as a file, all its bytes."""
    symbols, foreign, unended = _joined(values, schema), b"", 0
    if beside:
        fields = Fields(beside)
        if fields.take(1) != b"s":
            raise DamagedError("it is not of strings")
        unended = fields.number(1)
        foreign = fields.take(fields.left)
    if unended:
        symbols = symbols[:-1]
    write_atomically(out, text_bytes(put_back(symbols, foreign, schema.symbols)))
    return f"{len(values):,} strings"


def _joined(values: Tensor, schema: Schema) -> np.ndarray:
    """(N, L) symbols -> all up to the end of each, one string after the other."""
    end = schema.end
    assert end is not None
    ended = values == end
    inside = (ended.cumsum(dim=1) - ended.long()) == 0
    return values[inside].long().numpy()


def _documents(found: Unpacked, values: list[Tensor], schema: Schema, out: Path) -> str:
    names, foreign = _named(found.beside, len(values))
    if out.suffix != ".npz" and len(values) > 1:
        raise InputError(
            f"out: expected .npz, because there are {len(values)} documents in the file"
        )
    if out.suffix == ".wav":
        write_sound(values[0][None], schema, out)
        return f"{len(values[0]):,} samples"
    if schema.kind == "audio":
        _write_arrays({name: some.numpy() for name, some in zip(names, values, strict=True)}, out)
        return f"{sum(map(len, values)):,} samples of {len(values)} sounds"
    pairs = zip(values, foreign, strict=True)
    points = [put_back(some.long().numpy(), beside, schema.symbols) for some, beside in pairs]
    if out.suffix == ".txt":
        write_atomically(out, text_bytes(points[0]))
    else:
        texts = [text_bytes(some).decode() for some in points]
        _write_arrays({name: np.array(text) for name, text in zip(names, texts, strict=True)}, out)
    return f"{sum(map(len, points)):,} characters of {len(values)} text" + "s" * (len(values) > 1)


def _named(beside: bytes, count: int) -> tuple[list[str], list[bytes]]:
    """What stands beside documents -> their names, and the characters lifted out of each."""
    if not beside:  # written from Python
        return [f"document{index}" for index in range(count)], [b""] * count
    fields = Fields(beside)
    if fields.take(1) != b"d" or fields.number(count) != count:
        raise DamagedError("it is not of these documents")
    names = [fields.text(_MOST_NAME) for _ in range(count)]
    foreign = [fields.take(fields.number(fields.left)) for _ in range(count)]
    if fields.left:
        raise DamagedError("there is more of it")
    return names, foreign
