"""Shards -> a data set whose rows stay on disk: converted once, and mapped from then on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock

from arden.data.dataset import SPLIT_NAMES, Dataset, Split
from arden.data.inference import in_words
from arden.data.readers.arrow_table import parquet_length
from arden.data.schema import Schema
from arden.data.scoring_rows import take_rows
from arden.data.sets.places import cache_folder
from arden.data.shards.conversion_display import ConversionDisplay
from arden.data.shards.mapped import MappedFiles, RowsWriter
from arden.data.shards.survey import Survey, survey_arrays, survey_tables
from arden.data.sources import fingerprint
from arden.data.splits import hold_out, three_way_split
from arden.data.tables import table_protocol
from arden.errors import FileError, InputError

__all__ = ["ShardReading", "load_shards"]

INDEX = "index.json"
_VERSION = 1
"""Of the files below: those of another one are made again."""


@dataclass(frozen=True)
class ShardReading:
    """How shards are read; the fields are those of `load_data`."""

    seed: int
    discrete: bool | None = None
    schema: Schema | None = None
    missing: tuple[str, ...] = ()
    unseen: str = "refuse"
    complete_rows: bool = False


def load_shards(source: str, shards: Mapping[str, Sequence[Path]], how: ShardReading) -> Dataset:
    """A folder or pattern, its shards by split -> a Dataset whose rows are mapped from files.

    The shards are read twice, a piece at a time: for their schema, and to write their rows as the
    schema keeps them into the cache (`cache_folder`), a file for each split. From then on the rows
    are read where they are asked for. Whoever comes while another process converts waits for it.
    Whole sets are split 80/10/10 by the seed, row by row, exactly as if they were one file; shards
    in folders train, valid and test keep that split.

    Raises:
        InputError: shards that do not belong together, or rows their schema does not allow.
        FileError: files that cannot be read or written, or too little room for the rows.
    """
    name = Path(source).name or str(source)
    folder = cache_folder() / "rows" / _key(shards, how)
    if not (folder / INDEX).exists():
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{folder}.lock"):
                if not (folder / INDEX).exists():
                    _convert(name, shards, how, folder)
        except OSError as error:
            if isinstance(error, FileError):
                raise
            raise FileError(f"{folder}: cannot be written ({error.strerror})") from None
    return _opened(name, folder)


def _opened(name: str, folder: Path) -> Dataset:
    """A folder of converted rows -> its data set."""
    try:
        told = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        schema = Schema.from_dict(told["schema"])
        files = MappedFiles(folder, told["digest"])
        splits = {
            part: files.split(
                part, (told["rows"][part], *schema.event_shape), schema.dtype, told["parts"][part]
            )
            for part in SPLIT_NAMES
        }
        return Dataset(name, schema, **splits, protocol=told["protocol"], files=files)
    except (KeyError, TypeError, ValueError, OSError) as error:
        if isinstance(error, (FileError, InputError)):
            raise
        raise FileError(f"{folder}: holds no rows that can be read ({error}); remove it") from None


def _convert(
    name: str, shards: Mapping[str, Sequence[Path]], how: ShardReading, folder: Path
) -> None:
    """Shards, a folder that is not there -> (): it holds their rows, whole or not at all."""
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a conversion that was interrupted
    try:
        with ConversionDisplay(sum(map(len, shards.values()))) as display:
            told = _written(name, shards, how, part, display)
        (part / INDEX).write_text(json.dumps(told), encoding="utf-8")
        os.replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _written(
    name: str,
    shards: Mapping[str, Sequence[Path]],
    how: ShardReading,
    part: Path,
    display: ConversionDisplay,
) -> dict[str, Any]:
    """Shards, a folder to be made -> what its index tells."""
    files = [file for split in SPLIT_NAMES for file in shards.get(split, ())] or [*shards["all"]]
    if files[0].suffix.lower() == ".npz":
        survey = survey_arrays(name, display.surveyed(files), how.discrete)
        roles, splitting = _roles(name, shards, dict(zip(files, survey.counts, strict=True)), how)
    else:
        counts = {file: parquet_length(file) for file in files}
        roles, splitting = _roles(name, shards, counts, how)
        trained = np.concatenate([roles[file] == 0 for file in files])
        survey = survey_tables(
            name, display.surveyed(files), trained, how.missing, how.schema, how.unseen
        )
    part.mkdir(parents=True)
    _check_room(part, survey)
    counted: Counter[str] = Counter()
    digest = hashlib.sha256()
    with RowsWriter(part) as writer:
        for file in display.written(files):
            at = 0
            for rows in survey.rows_of(file):
                here = roles[file][at : at + len(rows)]
                at += len(rows)
                _write(writer, rows, here, how, counted)
            digest.update(f"{fingerprint(file)}  {file.name}\n".encode(errors="surrogateescape"))
        sizes = {split: writer.rows[split] for split in SPLIT_NAMES}
        parts = {split: writer.parts(split) for split in SPLIT_NAMES}
    for split, size in sizes.items():
        if not size:
            whole = " without a missing cell" if how.complete_rows else ""
            raise InputError(f"{name} ({split}): expected at least one row{whole}, got none.")
    about = [f"{len(files)} shards, sha256 {digest.hexdigest()[:12]}", *survey.notes]
    protocol = _protocol(name, survey, about, counted, sizes, splitting, how)
    return {
        "version": _VERSION,
        "schema": survey.schema.to_dict(),
        "rows": sizes,
        "parts": parts,
        "digest": hashlib.sha256(f"{protocol} {digest.hexdigest()}".encode()).hexdigest(),
        "protocol": protocol,
    }


def _write(
    writer: RowsWriter, rows: Split, roles: np.ndarray, how: ShardReading, counted: Counter[str]
) -> None:
    """Rows and their splits -> (): written, and their missing cells counted."""
    counted["rows"] += len(rows)
    counted["cells"] += rows.values.numel()
    whole = np.ones(len(rows), dtype=bool)
    if rows.observed is not None:
        whole = rows.observed.flatten(1).all(dim=1).numpy()
        counted["missing"] += int((~rows.observed).sum())
        counted["partial"] += int((~whole).sum())
    for role, split in enumerate(SPLIT_NAMES):
        mine = roles == role
        counted[split] += int(mine.sum())
        if how.complete_rows:
            mine = mine & whole
        some = take_rows(rows, torch.from_numpy(mine))
        if len(some):
            known = some.observed is None or bool(some.observed.all())
            writer.add(split, replace(some, observed=None) if known else some)


def _roles(
    name: str,
    shards: Mapping[str, Sequence[Path]],
    counts: Mapping[Path, int],
    how: ShardReading,
) -> tuple[dict[Path, np.ndarray], str]:
    """Shards by split, their rows -> for each row the place of its split, and words for how."""
    drawn = f"by numpy default_rng({how.seed}).permutation"
    if "all" in shards:
        pieces = three_way_split(sum(counts.values()), how.seed, name)
        return _cut(shards["all"], counts, dict(enumerate(pieces))), drawn
    given = dict(zip(SPLIT_NAMES, range(len(SPLIT_NAMES)), strict=True))
    roles = {
        file: np.full(counts[file], given[split], dtype=np.uint8)
        for split, files in shards.items()
        for file in files
    }
    if shards.get("valid"):
        return roles, "by whole shards, as given"
    total = sum(counts[file] for file in shards["train"])
    kept, held_out = hold_out(total, how.seed, name)
    roles |= _cut(shards["train"], counts, {0: kept, 1: held_out})
    return roles, f"with train and test by whole shards, valid taken from train {drawn}"


def _cut(
    files: Sequence[Path], counts: Mapping[Path, int], pieces: Mapping[int, np.ndarray]
) -> dict[Path, np.ndarray]:
    """Files, their rows, row numbers over all of them by role -> the roles of each file's rows."""
    roles = np.empty(sum(counts[file] for file in files), dtype=np.uint8)
    for role, rows in pieces.items():
        roles[rows] = role
    ends = np.cumsum([counts[file] for file in files])
    return dict(zip(files, np.split(roles, ends[:-1]), strict=True))


def _check_room(folder: Path, survey: Survey) -> None:
    """Where rows are to be written -> (), or a refusal before hours were spent on it."""
    schema = survey.schema
    row = schema.num_variables * schema.dtype.itemsize + 8 * bool(schema.class_names)
    needed, free = sum(survey.counts) * row, shutil.disk_usage(folder).free
    if needed > free:
        raise FileError(
            f"{folder.parent}: the rows need {needed / 1e9:,.1f} GB, but {free / 1e9:,.1f} GB are "
            "free; expected room there, or ARDEN_CACHE to name another folder"
        )


def _protocol(
    name: str,
    survey: Survey,
    notes: Sequence[str],
    counted: Mapping[str, int],
    sizes: Mapping[str, int],
    splitting: str,
    how: ShardReading,
) -> str:
    told = f"split {'/'.join(str(counted[part]) for part in SPLIT_NAMES)} {splitting}"
    if survey.schema.by_column:
        protocol = table_protocol(name, survey.schema, notes, counted, told)
    else:
        protocol = f"{name}: {'; '.join([in_words(survey.schema), *notes, told])}."
    if not how.complete_rows or not counted["partial"]:
        return protocol
    left = ", ".join(
        f"{counted[part] - sizes[part]:,} of {counted[part]:,} {part}" for part in SPLIT_NAMES
    )
    return f"{protocol} Rows with missing cells left out: {left}."


def _key(shards: Mapping[str, Sequence[Path]], how: ShardReading) -> str:
    """Shards, how they are read -> a name for the rows they give.

    By size and time of change, not by content: it is asked for at every start of a fit.
    """
    told: list[Any] = [_VERSION, how.seed, how.discrete, how.missing, how.unseen, how.complete_rows]
    told.append(None if how.schema is None else how.schema.to_dict())
    for split, files in shards.items():
        for file in files:
            stat = file.stat()
            told.append([split, str(file.resolve()), stat.st_size, stat.st_mtime_ns])
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
