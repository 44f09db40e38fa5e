"""A client that costs little: HTTP/1.1 over kept connections, so that the server is measured."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Asked", "Stage", "fetch", "press"]


@dataclass(frozen=True)
class Asked:
    """A path and the bodies that are sent to it, one after another."""

    path: str
    bodies: tuple[bytes, ...]

    @classmethod
    def of(cls, path: str, told: Sequence[dict[str, Any]]) -> Asked:
        """Requests as plain values -> the same as bytes, made once."""
        return cls(path, tuple(json.dumps(one).encode() for one in told))


@dataclass
class Stage:
    """What was measured: seconds of every answer, how many were refused, over how long."""

    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0

    def figures(self) -> dict[str, float]:
        """() -> requests a second, and milliseconds until the answer."""
        ordered = sorted(self.latencies)

        def share(part: float) -> float:
            return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]

        return {
            "requests": len(ordered),
            "refused": self.refused,
            "requests_per_second": len(ordered) / self.seconds,
            "p50_ms": share(0.5),
            "p99_ms": share(0.99),
            "most_ms": 1000 * ordered[-1],
        }


async def press(
    host: str, port: int, asked: Sequence[Asked], clients: int, seconds: float
) -> Stage:
    """Clients that each ask again as soon as they are answered, for so many seconds."""
    stage, started = Stage(), time.perf_counter()

    async def one(number: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        turn = number
        while time.perf_counter() - started < seconds:
            kind = asked[turn % len(asked)]
            body = kind.bodies[turn // len(asked) % len(kind.bodies)]
            turn += 1
            sent = time.perf_counter()
            status, _ = await _exchange(reader, writer, "POST", kind.path, body)
            stage.latencies.append(time.perf_counter() - sent)
            stage.refused += status != 200
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(one(number) for number in range(clients)))
    stage.seconds = time.perf_counter() - started
    return stage


async def fetch(host: str, port: int, path: str) -> str:
    """A path -> what is answered to GET."""
    reader, writer = await asyncio.open_connection(host, port)
    _, body = await _exchange(reader, writer, "GET", path, b"")
    writer.close()
    await writer.wait_closed()
    return body.decode()


async def _exchange(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    method: str,
    path: str,
    body: bytes,
) -> tuple[int, bytes]:
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    told = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(told.partition(b"content-length:")[2].partition(b"\r\n")[0])
    return int(told.split(b" ", 2)[1]), await reader.readexactly(length)
