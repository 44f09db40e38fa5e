"""The walk that writer and reader share: the same steps, the same rows side by side."""

from __future__ import annotations

import torch
from torch import Tensor

from arden.coding.entropy import Coder
from arden.coding.twins import Twin
from arden.core.network import AnyOrderNetwork, take

__all__ = ["code_document", "code_events"]


@torch.no_grad()
def code_events(
    twin: Twin,
    coder: Coder,
    values: Tensor | None,
    rows: int,
    length: int,
    context: Tensor | None = None,
    coded: Tensor | None = None,
    given: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """A twin, a coder, (B, D) int64 or None, B, D -> (B, D) int64: one walk over B events.

    What is ``coded`` (B, D) bool goes through the coder; all of it when not given. ``given`` are
    what both sides have already, (B, D) bool and its values. What is neither is taken to be its
    most likely symbol, so that the walk can go on: any fill that both sides agree on is lossless.
    A network of any order visits what is coded first.
    """
    order = None if coded is None else _coded_first(twin, coded)
    more = {} if order is None else {"order": order}
    walker = twin.model.begin(rows, context, max_steps=length, **more)
    end = twin.first.ordering.end
    last = length if coded is None else _num_steps(twin, coded, order)
    while not walker.done and walker.step.index < last:
        step = walker.step
        table = twin.table(step)
        place = step.dims[:, None]
        here = None if values is None else values.gather(1, place)[:, 0]
        now = step.active if coded is None else step.active & coded.gather(1, place)[:, 0]
        if bool(now.all()):
            chosen = table.code(coder, None, here)
        else:
            chosen = table.most_likely()
            if given is not None:
                known, known_values = (part.gather(1, place)[:, 0] for part in given)
                chosen = torch.where(known, known_values, chosen)
            at = now.nonzero()[:, 0]
            if len(at):
                chosen[at] = table.code(coder, at, None if here is None else here[at])
        walker.advance(chosen)
    event = walker.event().reshape(rows, -1).long()
    # Strings that all end early come short; what follows an end is the end again.
    return torch.nn.functional.pad(event, (0, length - event.shape[1]), value=end or 0)


def code_document(
    twin: Twin,
    coder: Coder,
    values: Tensor | None,
    lengths: Tensor,
    window: int,
    stride: int,
    context: Tensor | None = None,
) -> Tensor:
    """A twin, a coder, (B, L) int64 or None, (B,) lengths -> (B, L): B documents side by side.

    Window by window, as they are scored (`arden.data.windows`): the first one whole, of each of
    the others the S symbols that are new, given the W − S before them. What lies beyond the length
    of a document is 0.
    """
    rows, longest = len(lengths), int(lengths.max())
    inside = torch.arange(longest) < lengths[:, None]
    read = torch.zeros(rows, longest, dtype=torch.int64)
    places = torch.arange(window)
    for start in range(0, max(1, longest - window + stride), stride):
        first = 0 if start == 0 else window - stride
        piece = slice(start, start + window)
        short = (0, max(0, start + window - longest))
        pad = torch.nn.functional.pad
        coded = pad(inside[:, piece], short) & (places >= first)
        known = (places < first).expand(rows, -1)
        truth = None if values is None else pad(values[:, piece], short)
        given = known, pad(read[:, piece], short)
        drawn = code_events(twin, coder, truth, rows, window, context, coded, given)
        new = slice(start + first, min(start + window, longest))
        width = new.stop - new.start
        read[:, new] = torch.where(inside[:, new], drawn[:, first : first + width], 0)
    return read


def _coded_first(twin: Twin, coded: Tensor) -> Tensor | None:
    """(B, D) bool -> (B, T): the twin's order with what is coded first; None if it has only one."""
    model = twin.model
    if model is not twin.first or not isinstance(twin.first.network, AnyOrderNetwork):
        return None
    dims = twin.first.dims(1, coded.shape[1])
    behind = (~coded[:, dims]).long().argsort(dim=1, stable=True)
    return dims[behind]


def _num_steps(twin: Twin, coded: Tensor, order: Tensor | None) -> int:
    """(B, D) bool, the order -> how many steps there are until all that is coded was visited."""
    dims = twin.first.dims(coded.shape[0], coded.shape[1], order)
    steps = take(coded, dims).any(dim=0).nonzero()
    return int(steps.max()) + 1 if len(steps) else 0
