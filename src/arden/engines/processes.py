"""Rows scored by the processes that torchrun started: each its chunks, told in the old order."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.schema import Schema
from arden.engines.arrow_batches import ArrowChunk, score_batch, scores_of
from arden.engines.row_scores import RowScores, ScoringOptions
from arden.errors import ArdenError
from arden.training.world import World

__all__ = ["score_together"]


def score_together(
    model: AutoregressiveModel | Mixture,
    schema: Schema,
    chunks: Iterable[ArrowChunk],
    options: ScoringOptions,
    world: World,
) -> Iterator[RowScores]:
    """A model, all chunks of a source in every process -> all their scores in every process.

    In rounds: process r scores chunk r of every `world.size`, then each tells the others. No
    process holds more than a round of chunks, and no score is told before those of all rows above.

    Raises:
        ArdenError: a chunk that cannot be scored, whichever process it fell to, in all of them.
        InputError: another process has ended; the scores so far are then no whole file.
    """
    shares: list[float] = []
    mine: RowScores | ArdenError | None = None
    with _ended_by_request():
        for place, chunk in enumerate(chunks):
            shares.append(chunk.share)
            if place % world.size == world.rank:
                mine = _scored(model, schema, chunk, options)
            if len(shares) == world.size:
                yield from _told(world, mine, shares)
                shares, mine = [], None
        if shares:
            yield from _told(world, mine, shares)


def _scored(
    model: AutoregressiveModel | Mixture,
    schema: Schema,
    chunk: ArrowChunk,
    options: ScoringOptions,
) -> RowScores | ArdenError:
    """A chunk -> its scores, or why there are none: the other processes are waiting for either."""
    try:
        found = score_batch(
            model, schema, chunk.rows, options, name=chunk.name, first_row=chunk.first_row
        )
    except ArdenError as error:
        return error
    return scores_of(found, chunk.share)


def _told(
    world: World, mine: RowScores | ArdenError | None, shares: list[float]
) -> Iterator[RowScores]:
    """This process's part of a round -> the parts of all, in the order of their chunks."""
    for told in world.all_of(mine)[: len(shares)]:
        if isinstance(told, ArdenError):
            raise told
        assert isinstance(told, RowScores), "a process left out a chunk that was its own"
        yield told


@contextmanager
def _ended_by_request() -> Iterator[None]:
    """Within the block a request to terminate ends the process as an error does: it cleans up.

    torchrun asks it of all processes when one has died; a file half written is then taken away.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():  # others receive no signals
        yield
        return
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
