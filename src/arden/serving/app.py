"""The application: endpoints around models, and every way of not answering in one place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TextIO, TypeVar

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from arden import __version__
from arden.errors import ArdenError
from arden.serving.batching import Work
from arden.serving.contract import REFUSALS, request_body
from arden.serving.formats import (
    ARROW,
    JSON,
    choose_format,
    format_of_body,
    read_request,
    write_answer,
)
from arden.serving.gate import Gate, error_body
from arden.serving.limits import Limits
from arden.serving.metrics import Metrics
from arden.serving.operations import OPERATIONS, Operation
from arden.serving.page import page
from arden.serving.refusal import Refusal
from arden.serving.served import Served, find

__all__ = ["make_app"]

R = TypeVar("R")

_SMALL = 10_000
"""Bytes of a body, or scalars of an answer, that are read or written on the event loop."""
_PATIENCE = 8
"""How many times the limit is read of a body that is too long, before the connection is cut."""
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
_STRICT = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


class Fault(BaseModel):
    """What every request is told that is not answered."""

    error: str = Field(description="One sentence: the argument, what was expected, what came.")


class Health(BaseModel):
    """What /health answers."""

    status: str
    version: str
    models: dict[str, list[str]] = Field(description="Every model, and what it can be asked.")


def make_app(
    served: Sequence[Served],
    limits: Limits,
    token: str | None = None,
    log: TextIO | None = None,
) -> Gate:
    """Models, limits, a token that is asked for (None: anyone may ask), a log -> an ASGI app."""
    models = {one.name: one for one in served}
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        for one in served:
            await asyncio.to_thread(one.batcher.close)

    app = FastAPI(
        title="Arden",
        version=__version__,
        description=f"Exact probability models: {', '.join(models)}.",
        openapi_url=None,  # it has a page and a schema of its own, behind the token, from no CDN
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    if token is not None:
        _ask_for_token(app)
    for operation in OPERATIONS.values():
        able = [one for one in served if operation.name in one.verbs]
        if able:
            _add(app, operation, models, able, limits, metrics)

    @app.get("/health", summary="Whether the server answers; open to anyone")
    async def health() -> Health:
        told = {one.name: list(one.verbs) for one in served}
        return Health(status="ok", version=__version__, models=told)

    @app.get("/metrics", summary="What is counted, for Prometheus", response_class=Response)
    async def metric_text() -> Response:
        return Response(metrics.text(served), media_type=_PROMETHEUS)

    @app.get("/openapi.json", include_in_schema=False)
    async def contract() -> dict[str, Any]:
        return app.openapi()

    @app.get("/", include_in_schema=False)
    @app.get("/docs", include_in_schema=False)
    async def documentation() -> Response:
        return Response(page(app.openapi()), media_type="text/html", headers=_STRICT)

    _tell_faults(app)
    paths = {"/", "/docs", "/openapi.json", "/metrics", "/health", *(f"/{o}" for o in OPERATIONS)}
    return Gate(app, metrics, token, paths, log)


def _add(
    app: FastAPI,
    operation: Operation[Any, Any],
    models: dict[str, Served],
    able: Sequence[Served],
    limits: Limits,
    metrics: Metrics,
) -> None:
    """One operation -> its endpoint."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    responses: dict[int | str, dict[str, Any]] = {
        status: {"model": Fault, "description": told} for status, told in REFUSALS.items()
    }
    if operation.name != "detect":
        del responses[409]
    responses[200] = {"model": operation.answered, "content": {ARROW: binary}}

    @app.post(
        f"/{operation.name}",
        summary=operation.title,
        description=operation.about,
        operation_id=operation.name,
        responses=responses,
        response_class=Response,
        openapi_extra={"requestBody": request_body(operation, able, limits)},
    )
    async def endpoint(request: Request) -> Response:
        headers = request.headers
        if metrics.running > 2 * limits.max_waiting:  # before its body takes room
            told = f"{limits.max_waiting} requests and more are being answered (--max-waiting)"
            raise Refusal(503, f"{told}; try again in a moment", {"Retry-After": "1"})
        body = await _body(request, limits)
        empty = not body and operation.takes_rows is None
        form = JSON if empty else format_of_body(headers.get("content-type"))
        wanted = choose_format(headers.get("accept"), form)
        is_small = len(body) <= _SMALL
        given, asked = await _off_the_loop(
            is_small, read_request, operation, body, form, request.query_params
        )
        count = 0 if given is None else len(given)
        limits.check_rows(count)
        served = find(models, asked.model)
        served.check(operation.name)
        prepared = await _off_the_loop(is_small, operation.prepare, served, given, asked)
        request.state.rows = count or prepared.rows

        def together(payloads: Sequence[Any]) -> Sequence[Any]:
            return operation.together(served, payloads)

        work = Work(prepared.kind, prepared.rows, prepared.payload, together)
        answer = await served.batcher.submit(work)
        is_small = prepared.rows * served.schema.num_variables <= _SMALL
        written = await _off_the_loop(is_small, write_answer, answer, served.schema, wanted)
        return Response(written, media_type=wanted)


async def _off_the_loop(is_small: bool, function: Callable[..., R], *arguments: Any) -> R:
    """What is to be done, whether that takes a millisecond at most -> its result.

    What may take longer is done in a thread, so that others need not wait for the event loop; for
    the rest the way to a thread and back would cost more than the work.
    """
    if is_small:
        return function(*arguments)
    return await asyncio.to_thread(function, *arguments)


async def _body(request: Request, limits: Limits) -> bytes:
    """A request -> its body; one that is too long is refused, and not kept.

    It is read to its end if that is not too far: most clients only listen once they have sent all.
    """
    told = request.headers.get("content-length", "")
    length = int(told) if told.isdigit() else 0
    if "expect" in request.headers or length > _PATIENCE * limits.max_bytes:
        limits.check_body(length)
    whole, size = bytearray(), 0
    try:
        async with asyncio.timeout(limits.max_time):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= limits.max_bytes:
                    whole += chunk
                elif size > _PATIENCE * limits.max_bytes:
                    break
    except TimeoutError:
        late = f"body: expected the whole of it within {limits.max_time:g} seconds (--max-time)"
        raise Refusal(408, late) from None
    limits.check_body(size)
    return bytes(whole)


def _tell_faults(app: FastAPI) -> None:
    """Every way of not answering is one sentence of JSON; a traceback stays here."""

    def told(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
        return Response(error_body(sentence), status, headers, JSON)

    handlers: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {}

    async def refused(request: Request, error: Refusal) -> Response:
        return told(error.status, error.sentence, error.headers)

    async def mendable(request: Request, error: ArdenError) -> Response:
        return told(422, " ".join(str(error).split()))

    async def by_framework(request: Request, error: HTTPException) -> Response:
        where = f"{request.method} {request.url.path}"
        words = {404: "no such path", 405: "no such method for this path"}
        sentence = f"{where}: {words.get(error.status_code, error.detail)}"
        return told(error.status_code, sentence, dict(error.headers or {}))

    async def ours(request: Request, error: Exception) -> Response:
        return told(500, "a mistake of the server's; its log says where, under this request's id")

    handlers |= {Refusal: refused, ArdenError: mendable, HTTPException: by_framework}
    handlers[Exception] = ours
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _ask_for_token(app: FastAPI) -> None:
    """An application -> (): its contract says that every path but /health wants a token."""
    plain = app.openapi

    def with_token() -> dict[str, Any]:
        told = plain()
        schemes = told.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["token"] = {"type": "http", "scheme": "bearer"}
        for path, methods in told["paths"].items():
            for entry in methods.values():
                entry["security"] = [] if path == "/health" else [{"token": []}]
        return told

    app.openapi = with_token  # type: ignore[method-assign]  # as FastAPI's manual extends it
