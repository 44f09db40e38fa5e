"""Rows scored by the workers of Ray Data: read as a stream, scored apart, told in the old order."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from arden.data.schema import Schema
from arden.engines.arrow_batches import RowSource, score_batch, scores_of
from arden.engines.row_scores import RowScores, ScoringOptions
from arden.errors import ArdenError, InputError
from arden.storage.model_files import load
from arden.tasks.verbs import exact

__all__ = ["score_by_ray"]

_STORE_BYTES = 2**28  # of shared memory on this machine, for all that is on its way


def score_by_ray(
    run: Path, rows: RowSource, options: ScoringOptions, device: str, workers: int | None = None
) -> Iterator[RowScores]:
    """A run directory, rows, how they are scored -> their scores in order, by workers of Ray.

    The address in RAY_ADDRESS is joined if there is one, else a Ray of this machine is started for
    the time being, without dashboard and usage reports. Each of the ``workers`` (a CPU each; all of
    Ray's when not given) loads the model once from ``run``, which must be a folder there too. The
    source is read by one of them and never held as a whole. A worker that dies is replaced and its
    chunk scored again; a chunk that does not come, for whatever reason, ends the job.

    Raises:
        InputError: Ray is not installed; what a worker refused, in its words.
        ArdenError: the job failed, or a chunk is missing.
    """
    parts = [_absolute(part) for part in rows.parts()]
    with _ray(workers) as ray:
        size = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        numbers = [{"part": part} for part in range(len(parts))]
        read = ray.data.from_items(numbers, override_num_blocks=len(parts)).map_batches(
            _read, batch_size=1, batch_format="pyarrow", num_cpus=0, fn_args=(parts,)
        )
        scored = read.map_batches(
            _Scorer,
            batch_size=1,
            batch_format="pyarrow",
            fn_constructor_args=(run, device, rows.schema, options),
            compute=ray.data.ActorPoolStrategy(size=size),
            num_cpus=1,
            num_gpus=1 if device == "cuda" else None,
        )
        part = row = 0  # what is expected next
        for line in scored.iter_batches(batch_size=1, batch_format="pyarrow", prefetch_batches=1):
            chunk = line.to_pylist()[0]
            if (chunk["part"], chunk["first_row"]) != (part, row):
                raise ArdenError(_gap(parts, part, row))
            if chunk["refusal"] is not None:
                raise InputError(chunk["refusal"])
            if chunk["packed"] is None:
                part, row = part + 1, 0
                continue
            found = scores_of(_unpacked(chunk["packed"]), (part + chunk["share"]) / len(parts))
            row += len(found)
            yield found
        if part < len(parts):
            raise ArdenError(_gap(parts, part, row))


def _absolute(part: RowSource) -> RowSource:
    """A source -> the same, found from any folder of this machine."""
    path = Path(part.source).expanduser()
    return replace(part, source=str(path.resolve())) if path.exists() else part


def _gap(parts: list[RowSource], part: int, row: int) -> str:
    where = parts[part].source if part < len(parts) else "the end"
    return f"ray: the scores of {where} from row {row} on did not come; nothing was written"


def _read(request: Any, parts: list[RowSource]) -> Iterator[Any]:
    """(The number of a part) -> its chunks, each packed into one line: Ray neither cuts nor joins
    lines. One more line without rows says where the part ends.
    """
    part, end, refusal = request.column("part")[0].as_py(), 0, None
    try:
        for chunk in parts[part].own_chunks():
            yield _line(part, chunk.first_row, chunk.share, chunk.name, _packed(chunk.rows))
            end = chunk.first_row + len(chunk.rows)
    except ArdenError as error:  # as a line it comes in its turn, and in its own words
        refusal = str(error)
    yield _line(part, end, 1.0, "", None, refusal)


class _Scorer:
    """A worker: the model, loaded once, and what is done with every chunk."""

    def __init__(self, run: Path, device: str, schema: Schema, options: ScoringOptions) -> None:
        self.schema, self.options = schema, options
        self.refusal: str | None = None
        try:
            self.model = exact("score", load(run, device=device))
        except ArdenError as error:  # of a machine that has no such folder
            self.refusal = str(error)

    def __call__(self, line: Any) -> Any:
        """A chunk -> its scores, packed alike, or why there are none."""
        chunk = line.to_pylist()[0]
        if chunk["packed"] is None:
            return line
        chunk["refusal"] = self.refusal
        try:
            if self.refusal is None:
                chunk["packed"] = _packed(self._scored(chunk))
        except ArdenError as error:
            chunk["refusal"] = str(error)
        return _line(**chunk)

    def _scored(self, chunk: dict[str, Any]) -> Any:
        return score_batch(
            self.model,
            self.schema,
            _unpacked(chunk["packed"]),
            self.options,
            name=chunk["name"],
            first_row=chunk["first_row"],
        )


def _line(
    part: int,
    first_row: int,
    share: float,
    name: str,
    packed: bytes | None,
    refusal: str | None = None,
) -> Any:
    """Where a chunk stands, and its rows or scores; neither at the end of a part."""
    import pyarrow

    return pyarrow.table(
        {
            "part": [part],
            "first_row": [first_row],
            "share": [share],
            "name": [name],
            "packed": pyarrow.array([packed], pyarrow.large_binary()),
            "refusal": pyarrow.array([refusal], pyarrow.string()),
        }
    )


def _packed(table: Any) -> bytes:
    """An Arrow table -> its stream."""
    import pyarrow
    from pyarrow import ipc

    sink = pyarrow.BufferOutputStream()
    with ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def _unpacked(packed: bytes) -> Any:
    """A stream -> its Arrow table."""
    from pyarrow import ipc

    with ipc.open_stream(packed) as stream:
        return stream.read_all()


@contextmanager
def _ray(workers: int | None) -> Iterator[Any]:
    """Within the block there is a Ray, and what goes wrong there is told in one sentence."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what is wrong is told once, by us
    try:
        import ray
        import ray.data
    except ImportError:
        raise InputError(
            "engine: ray needs the package ray, which is not installed; expected it "
            "(pip install 'arden[ray]')"
        ) from None
    address = os.environ.get("RAY_ADDRESS")
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    own = {"address": "local", "include_dashboard": False, "object_store_memory": _STORE_BYTES}
    joined = {"address": address} if address else {**own, "num_cpus": workers}
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    try:
        if address:
            _answers(address)
        with _deaf_to_libraries():
            ray.init(**joined, **quiet)
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        context.target_max_block_size = 1  # one chunk a block: each can go to another worker
        yield ray
    except ray.exceptions.RayError as error:
        raise ArdenError(f"ray: the job failed ({_first_line(error)})") from None
    except ConnectionError as error:
        # Ray does not tell a cluster that is not there from one that wants a token.
        raise ArdenError(
            f"ray: {_first_line(error)} (RAY_ADDRESS is {address!r}; a cluster that asks for a "
            "token wants RAY_AUTH_MODE=token here too)"
        ) from None
    except RuntimeError as error:
        raise ArdenError(f"ray: {_first_line(error)}") from None
    finally:
        ray.shutdown()


def _answers(address: str) -> None:
    """What RAY_ADDRESS says -> (). Ray itself would try for minutes where nobody listens.

    Raises:
        InputError: There is a host and a port, and nobody answers there.
    """
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "/" not in host:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
        except (OSError, OverflowError) as error:
            raise InputError(
                "RAY_ADDRESS: expected where a Ray cluster listens, but nobody answers at "
                f"{address} ({error})"
            ) from None


@contextmanager
def _deaf_to_libraries() -> Iterator[None]:
    """Within the block nothing reaches standard error; Ray's library tells there how it logs."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
