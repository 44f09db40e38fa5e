"""Small requests put together into one pass, by the one thread that asks the model."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from arden.errors import ArdenError
from arden.serving.giving_up import GivenUp
from arden.serving.limits import Limits
from arden.serving.refusal import Refusal

__all__ = ["Batcher", "Work"]

Together = Callable[[Sequence[Any]], Sequence[Any]]
"""Several pieces of work of one kind -> the answer of each."""


@dataclass(eq=False)
class Work:
    """One request: what can share a pass with it (``kind``), its rows, how all of them are done."""

    kind: Hashable
    rows: int
    payload: Any
    together: Together
    given_up: bool = False


@dataclass(eq=False)
class _Waiting:
    work: Work
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]

    def settle(self, answer: Any, error: BaseException | None) -> None:
        """From the model's thread: the request is answered, unless nobody waits any more."""

        def tell() -> None:
            if self.future.done():
                return
            if error is None:
                self.future.set_result(answer)
            else:
                self.future.set_exception(error)

        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(tell)


class Batcher:
    """A thread that asks one model, a bounded queue before it; requests of a kind share a pass.

    The event loop only ever waits for futures. What fails together is done again one by one, so
    that a request's refusal never hangs on what others asked.
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self._limits = limits
        self._queue: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._running: list[_Waiting] = []
        self.passes = self.shared = 0
        self._thread = threading.Thread(target=self._serve, name=f"model {name}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """() -> how many requests wait for the model."""
        return len(self._queue)

    def is_given_up(self) -> bool:
        """() -> whether nobody waits any more for the pass that runs; for the model's thread."""
        running = self._running
        return bool(running) and all(waiting.work.given_up for waiting in running)

    async def submit(self, work: Work) -> Any:
        """Work -> its answer.

        Raises:
            Refusal: 503 when too many wait or the server is shutting down, 504 when time is up.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(work, loop, loop.create_future())
        with self._changed:
            if self._closed:
                raise Refusal(503, "the server is shutting down", {"Retry-After": "5"})
            if len(self._queue) >= self._limits.max_waiting:
                raise Refusal(
                    503,
                    f"{self._limits.max_waiting} requests wait for this model already "
                    "(--max-waiting); try again in a moment",
                    {"Retry-After": "1"},
                )
            self._queue.append(waiting)
            self._changed.notify()
        try:
            return await asyncio.wait_for(waiting.future, self._limits.max_time)
        except TimeoutError:
            raise Refusal(
                504, f"given up after {self._limits.max_time:g} seconds (--max-time)"
            ) from None
        finally:
            work.given_up = True  # answered, out of time or cancelled: nobody waits for more

    def close(self) -> None:
        """() -> (): what waits is still answered, then the thread ends."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=self._limits.max_time + 1)

    def _serve(self) -> None:
        while True:
            batch = self._next()
            if batch is None:
                return
            self._answer(batch)

    def _next(self) -> list[_Waiting] | None:
        """() -> the oldest request and all of its kind that fit beside it; None at the end."""
        with self._changed:
            while not self._queue and not self._closed:
                self._changed.wait()
            if not self._queue:
                return None
            batch = [self._queue.popleft()]
            rows, until = batch[0].work.rows, time.monotonic() + self._limits.max_wait / 1000
            while True:
                rows = self._take(batch, rows)
                left = until - time.monotonic()
                if rows >= self._limits.max_batch or left <= 0 or self._closed:
                    return batch
                self._changed.wait(left)

    def _take(self, batch: list[_Waiting], rows: int) -> int:
        """What is taken already, its rows -> the rows with all others that may share the pass."""
        kept: deque[_Waiting] = deque()
        for waiting in self._queue:
            fits = rows + waiting.work.rows <= self._limits.max_batch
            if waiting.work.kind == batch[0].work.kind and fits:
                batch.append(waiting)
                rows += waiting.work.rows
            else:
                kept.append(waiting)
        self._queue = kept
        return rows

    def _answer(self, batch: list[_Waiting]) -> None:
        batch = [waiting for waiting in batch if not waiting.work.given_up]
        if not batch:
            return
        self.passes += 1
        self.shared += len(batch)
        try:
            self._running = batch
            try:
                answers = batch[0].work.together([waiting.work.payload for waiting in batch])
            finally:
                self._running = []
        except GivenUp:
            return
        except ArdenError as error:
            if len(batch) > 1:
                for waiting in batch:
                    self._answer([waiting])
            else:
                batch[0].settle(None, error)
        except BaseException as error:  # the thread must live on, whatever a request did
            for waiting in batch:
                waiting.settle(None, error)
        else:
            for waiting, answer in zip(batch, answers, strict=True):
                waiting.settle(answer, None)
