"""The contract in OpenAPI: what a row of the served models looks like, what can be refused."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from arden.data import Column, Schema
from arden.serving.formats import ARROW, JSON
from arden.serving.limits import Limits
from arden.serving.operations import Operation
from arden.serving.served import Served

__all__ = ["REFUSALS", "request_body", "row_schema"]

REFUSALS = {
    400: "The body is not JSON, or not an Arrow stream.",
    401: "The token is missing or another.",
    404: "There is no such model.",
    406: "Neither JSON nor Arrow is accepted.",
    408: "The body did not come within the time limit.",
    409: "This model has no normal rows to rank among.",
    413: "The body or the number of rows is beyond the limit.",
    415: "The body is neither JSON nor Arrow.",
    422: "What is asked cannot be answered; the sentence says why.",
    500: "A mistake of the server's.",
    503: "Too many requests wait; Retry-After says when to try again.",
    504: "The time limit passed and the work was given up.",
}
"""A status -> what it means."""


def request_body(
    operation: Operation[Any, Any], models: Iterable[Served], limits: Limits
) -> dict[str, Any]:
    """An endpoint, the models it serves -> the requestBody of its entry."""
    schema = copy.deepcopy(operation.asked.model_json_schema())
    models = list(models)
    names = [served.name for served in models]
    schema["properties"]["model"] = {
        "description": "Which of the served models; not needed where there is one.",
        "anyOf": [{"type": "string", "enum": names}, {"type": "null"}],
    }
    if not any(served.model.context_size for served in models):
        for name in ("label", "labels"):
            schema["properties"].pop(name, None)
    for name in {"number", "candidates"} & set(schema["properties"]):
        schema["properties"][name]["maximum"] = limits.max_samples
    content: dict[str, Any] = {JSON: {"schema": schema}}
    if len(names) > 1:
        schema["required"] = ["model"]
    if operation.takes_rows is not None:
        partial = operation.takes_rows == "partial"
        rows = [row_schema(served.schema, partial) for served in models]
        different = [row for at, row in enumerate(rows) if row not in rows[:at]]
        items = different[0] if len(different) == 1 else {"anyOf": different}
        schema["properties"]["rows"] = {
            "type": "array",
            "items": items,
            "minItems": 1,
            "maxItems": limits.max_rows,
        }
        schema["required"] = [*schema.get("required", []), "rows"]
        binary = {"type": "string", "format": "binary"}
        content[ARROW] = {"schema": {**binary, "description": "Options stand in the query."}}
    return {"required": operation.takes_rows is not None, "content": content}


def row_schema(schema: Schema, partial: bool) -> dict[str, Any]:
    """A schema, whether rows may be beginnings -> what a row is in JSON."""
    if schema.kind in ("strings", "text"):
        text = _text(schema, partial)
        if not partial:
            return text
        characters = [symbol for symbol in schema.symbols if schema.end is None or symbol != "\n"]
        symbol = {"anyOf": [{"type": "string", "enum": characters}, {"type": "null"}]}
        return {"anyOf": [text, {"type": "array", "items": symbol, **_room(schema)}]}
    if schema.kind == "audio":
        levels = {"type": "integer", "minimum": 0, "maximum": 255}
        items = {"anyOf": [levels, {"type": "null"}]} if partial else levels
        return {
            "type": "array",
            "items": items,
            "minItems": 1,
            **(_room(schema) if partial else {}),
        }
    if schema.kind == "table":
        cells = {column.name: _cell(column, schema) for column in schema.columns}
        beside: dict[str, Any] = {column.name: {} for column in schema.left_out}
        record = {
            "type": "object",
            "properties": {**cells, **beside},
            "required": list(cells),
            "additionalProperties": False,
        }
        in_order = {
            "type": "array",
            "prefixItems": list(cells.values()),
            "items": False,
            "minItems": len(cells),
            "maxItems": len(cells),
        }
        return {"anyOf": [record, in_order]}
    return _nested(schema.event_shape, _number(schema.num_symbols))


def _text(schema: Schema, partial: bool) -> dict[str, Any]:
    """A text of the model's characters, as a regular expression that JSON schemas know."""
    wanted = [symbol for symbol in schema.symbols if schema.end is None or symbol != "\n"]
    characters = "".join(f"\\{c}" if c in "\\]^[-" else c for c in wanted)
    times = f"{{0,{schema.num_variables}}}" if partial else "+"
    return {"type": "string", "pattern": f"^[{characters}]{times}$"}


def _room(schema: Schema) -> dict[str, int]:
    return {} if schema.end is not None else {"maxItems": schema.num_variables}


def _number(levels: int | None) -> dict[str, Any]:
    if levels is None:
        return {"type": ["number", "null"]}
    return {"type": ["integer", "null"], "minimum": 0, "maximum": levels - 1}


def _cell(column: Column, schema: Schema) -> dict[str, Any]:
    if not schema.by_column:
        return _number(column.num_symbols)
    if column.has_other:
        return {"type": ["string", "number", "boolean", "null"]}
    if column.levels:
        words = {str(level).lower() for level in column.levels if isinstance(level, str)}
        said = [value for value in (False, True) if str(value).lower() in words]
        return {"enum": [*column.levels, *said, None]}
    if column.num_symbols is None:
        return {"type": ["number", "null"]}
    low = column.low or 0
    return {
        "type": ["integer", "null"],
        "minimum": low,
        "maximum": low + column.num_symbols - 1,
    }


def _nested(shape: tuple[int, ...], scalar: dict[str, Any]) -> dict[str, Any]:
    for size in reversed(shape):
        scalar = {"type": "array", "items": scalar, "minItems": size, "maxItems": size}
    return scalar
