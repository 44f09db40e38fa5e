"""The server itself: an address, signals, and an end at which nothing is cut off."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from arden.errors import InputError

__all__ = ["opened", "serve_app"]

_LEFT_FOR_THE_END = 5.0  # seconds beyond the longest request


def opened(host: str, port: int) -> socket.socket:
    """An address -> a socket that listens there; port 0 takes a free one.

    Raises:
        InputError: an address that is taken, or not one of this machine's.
    """
    if not 0 <= port <= 65535:
        raise InputError(f"port: expected 0 to 65535, got {port}")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        told = error.strerror or str(error)
        raise InputError(f"host, port: {host}:{port} cannot be opened ({told})") from None
    # asyncio turns Nagle's algorithm off only where a socket says that it speaks TCP, which
    # create_server leaves out: the second request of a kept connection would wait 40 ms for its
    # body.
    return socket.socket(family, listening.type, socket.IPPROTO_TCP, fileno=listening.detach())


def serve_app(
    app: Any,
    listening: socket.socket,
    max_time: float,
    started: Callable[[uvicorn.Server], None] | None = None,
) -> None:
    """An ASGI app, a socket that listens, seconds of the longest request -> () once it was stopped.

    At SIGTERM or Ctrl-C nothing new is taken, and what runs is finished.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=round(max_time + _LEFT_FOR_THE_END),
    )
    server = uvicorn.Server(config)
    if started is not None:
        started(server)
    before = _own_signals()
    try:
        server.run(sockets=[listening])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listening.close()


def _own_signals() -> dict[int, Any]:
    """() -> what the signals that stop a server did before: within it they only stop it.

    Uvicorn raises them again when it has stopped, which would end the process by the signal
    instead of with exit code 0.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}

    def nothing_more(number: int, frame: FrameType | None) -> None:
        pass

    numbers = (signal.SIGINT, signal.SIGTERM)
    return {number: signal.signal(number, nothing_more) for number in numbers}
