"""What every request passes: who asks, how long it took; one line of JSON for each."""

from __future__ import annotations

import hmac
import json
import re
import time
import traceback
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

from arden.serving.metrics import Metrics

__all__ = ["Gate", "error_body"]

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
OPEN = ("/health",)
"""Paths that need no token."""


def error_body(sentence: str) -> bytes:
    """A sentence -> the body of every answer that is none."""
    return json.dumps({"error": sentence}).encode()


class Gate:
    """An ASGI application around another: request ids, the token, metrics, the log.

    What rows hold never reaches the log: a line has the id, the method, the path, the status, how
    many rows and the milliseconds, and of our own mistakes the place in the code.
    """

    def __init__(
        self, app: App, metrics: Metrics, token: str | None, paths: set[str], log: TextIO | None
    ) -> None:
        self._app, self._metrics, self._paths, self._log = app, metrics, paths, log
        self._token = None if token is None else token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        name = given if _ID.fullmatch(given) else uuid.uuid4().hex.encode()
        state = scope.setdefault("state", {})
        started, status, place = time.monotonic(), 0, ""
        self._metrics.running += 1

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                kept = [(key, value) for key, value in message.get("headers", [])]
                message["headers"] = [*kept, (b"x-request-id", name)]
            await send(message)

        try:
            if scope["path"] in OPEN or self._is_known(headers.get(b"authorization", b"")):
                await self._app(scope, receive, told)
            else:
                await _refuse(told)
        except Exception as error:  # the client has been told by now, in one sentence
            frames = traceback.extract_tb(error.__traceback__)
            place = f"{type(error).__name__} at {frames[-1].filename}:{frames[-1].lineno}"
        finally:
            self._metrics.running -= 1
            seconds = time.monotonic() - started
            path = scope["path"] if scope["path"] in self._paths else "other"
            rows = int(state.get("rows", 0))
            self._metrics.add(path, status, rows, seconds)
            self._write(name.decode(), scope["method"], path, status, rows, seconds, place)

    def _is_known(self, given: bytes) -> bool:
        if self._token is None:
            return True
        scheme, _, token = given.partition(b" ")
        # In constant time, so that how much of a guess is right cannot be measured.
        return scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token)

    def _write(
        self,
        name: str,
        method: str,
        path: str,
        status: int,
        rows: int,
        seconds: float,
        place: str,
    ) -> None:
        if self._log is None:
            return
        line: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "id": name,
            "method": method,
            "path": path,
            "status": status,
            "rows": rows,
            "ms": round(1000 * seconds, 2),
        }
        if place:
            line["fault"] = place
        print(json.dumps(line), file=self._log, flush=True)


async def _refuse(send: Send) -> None:
    body = error_body("Authorization: expected the token of this server (Bearer …)")
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"www-authenticate", b"Bearer"),
    ]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": body})
