"""JSON and Arrow: how a request is read and an answer written, by its headers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import ValidationError

from arden.data import Schema
from arden.data.decoding import arrow_table
from arden.data.plain_rows import to_plain_rows
from arden.serving.answer import Answer
from arden.serving.given_rows import TEXT, VALUES
from arden.serving.operations.operation import Asked, Operation
from arden.serving.refusal import Refusal

__all__ = ["ARROW", "JSON", "choose_format", "format_of_body", "read_request", "write_answer"]

JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"
_NEEDS_ARROW = "needs the package pyarrow, which this server lacks (it is in arden[table])"
_PREFIX = "arden."
"""Before the names of columns beside the rows' own, which might be called the same."""


def format_of_body(content_type: str | None) -> str:
    """The Content-Type of a request -> JSON or ARROW; 415 for anything else."""
    given = (content_type or "").partition(";")[0].strip().lower()
    if given == ARROW:
        if not _has_arrow():
            raise Refusal(415, f"Content-Type: {ARROW} {_NEEDS_ARROW}")
        return ARROW
    if given == JSON or given.endswith("+json"):
        return JSON
    raise Refusal(415, f"Content-Type: expected {JSON} or {ARROW}, got {given or 'none'}")


def choose_format(accept: str | None, body: str) -> str:
    """The Accept of a request, the format of its body -> that of the answer; 406 for none."""
    wanted: dict[str, float] = {}
    for part in (accept or "*/*").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0
        wanted[name] = weight

    def liking(form: str) -> float:
        exact = wanted.get(form)
        return max(wanted.get("application/*", 0), wanted.get("*/*", 0)) if exact is None else exact

    # Without a preference the answer comes as the question did.
    best = max((JSON, ARROW), key=lambda form: (liking(form), form == body))
    if not liking(best) > 0:
        raise Refusal(406, f"Accept: expected {JSON} or {ARROW}, got {accept}")
    if best == ARROW and not _has_arrow():
        if liking(JSON) > 0:
            return JSON
        raise Refusal(406, f"Accept: {ARROW} {_NEEDS_ARROW}")
    return best


def read_request(
    operation: Operation[Any, Any], body: bytes, form: str, query: Mapping[str, str]
) -> tuple[Any, Asked]:
    """A body, its format, the query -> rows as they were given (None), what is asked of them.

    In JSON all of it is in the body; beside Arrow rows the options stand in the query.
    """
    if form == ARROW:
        if operation.takes_rows is None:
            raise Refusal(415, f"Content-Type: /{operation.name} takes no rows; expected {JSON}")
        return _arrow_rows(body), _options(operation, dict(query), as_texts=True)
    if query:
        raise Refusal(422, f"query: expected the options in the body, got {', '.join(query)}")
    try:
        told = json.loads(body or b"{}", parse_constant=_no_constant)
    except RecursionError:
        raise Refusal(400, "body: nested too deeply") from None
    except ValueError as error:
        raise Refusal(400, f"body: not valid JSON ({error})") from None
    if not isinstance(told, dict):
        raise Refusal(422, f"body: expected an object, got a {type(told).__name__}")
    rows = None
    if operation.takes_rows is not None:
        rows = told.pop("rows", None)
        if not isinstance(rows, list):
            raise Refusal(422, f"rows: expected a list of rows, got a {type(rows).__name__}")
        if not rows:
            raise Refusal(422, "rows: expected at least one row, got none")
    return rows, _options(operation, {name: _whole(value) for name, value in told.items()})


def write_answer(answer: Answer, schema: Schema, form: str) -> bytes:
    """An answer, the schema of its rows, a format -> the body of the response."""
    return _as_arrow(answer, schema) if form == ARROW else _as_json(answer, schema)


def _whole(value: Any) -> Any:
    """3.0 -> 3: in JSON they are one number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON; null is what is not known")


def _options(operation: Operation[Any, Any], told: dict[str, Any], as_texts: bool = False) -> Asked:
    read = operation.asked.model_validate_strings if as_texts else operation.asked.model_validate
    try:
        return read(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = ".".join(map(str, first["loc"])) or "body"
        if first["type"] == "extra_forbidden":
            known = [*(["rows"] if operation.takes_rows else []), *operation.asked.model_fields]
            raise Refusal(
                422, f"{name}: no such option of /{operation.name}; expected {', '.join(known)}"
            ) from None
        message = first["msg"]
        raise Refusal(422, f"{name}: {message[:1].lower()}{message[1:]}") from None


def _as_json(answer: Answer, schema: Schema) -> bytes:
    told: dict[str, Any] = dict(answer.facts)
    if answer.rows is not None:
        if answer.per_row is None:
            told["rows"] = to_plain_rows(answer.rows, schema)
        else:
            flat = to_plain_rows(answer.rows.flatten(0, 1), schema)
            n = answer.per_row
            told["rows"] = [flat[at : at + n] for at in range(0, len(flat), n)]
    told |= answer.columns
    try:
        return json.dumps(told, allow_nan=False).encode()
    except ValueError:  # infinite numbers are rare: only then is the whole answer gone through
        return json.dumps(_finite(told), allow_nan=False).encode()


def _finite(value: Any) -> Any:
    """Anything -> the same with None for numbers that JSON has no word for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list) else value


def _has_arrow() -> bool:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return False
    return True


def _arrow_rows(body: bytes) -> Any:
    import pyarrow
    from pyarrow import ipc

    try:
        with ipc.open_stream(body) as stream:
            table = stream.read_all()
        table.validate(full=True)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        told = " ".join(str(error).split())
        raise Refusal(400, f"body: not a readable Arrow stream ({told})") from None
    if not table.num_rows:
        raise Refusal(422, "rows: expected at least one row, got none")
    return table


def _as_arrow(answer: Answer, schema: Schema) -> bytes:
    """One line for every row, or completion of one; the facts as JSON in the metadata "arden"."""
    import pyarrow
    from pyarrow import ipc

    repeated, prefix = answer.per_row or 1, ""
    columns: dict[str, Any] = {}
    if answer.rows is not None:
        prefix = _PREFIX
        flat = answer.rows.flatten(0, 1) if answer.per_row is not None else answer.rows
        columns |= _arrow_columns(flat, schema)
        if answer.per_row is not None:
            columns[f"{prefix}row"] = np.arange(len(answer.rows)).repeat(repeated)
    for name, cells in answer.columns.items():
        columns[prefix + name] = [cell for cell in cells for _ in range(repeated)]
    table = pyarrow.table(columns)
    facts = json.dumps(_finite(answer.facts), allow_nan=False)
    table = table.replace_schema_metadata({"arden": facts})
    sink = pyarrow.BufferOutputStream()
    with ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def _arrow_columns(values: Any, schema: Schema) -> dict[str, Any]:
    """(M, *event) -> the columns in which such rows are given."""
    import pyarrow

    if schema.by_column:
        table = arrow_table(values, schema)
        return dict(zip(table.column_names, table.columns, strict=True))
    if schema.kind == "table":
        cells = values.to(schema.dtype).numpy()
        return {column.name: cells[:, place] for place, column in enumerate(schema.columns)}
    if schema.kind in ("strings", "text"):
        return {TEXT: pyarrow.array(to_plain_rows(values, schema), pyarrow.string())}
    flat = values.to(schema.dtype).flatten(1)
    return {
        VALUES: pyarrow.FixedSizeListArray.from_arrays(
            pyarrow.array(flat.numpy().reshape(-1)), flat.shape[1]
        )
    }
