"""Long short-term memory over lines of pixels: all of one line at once, from the line before."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["LineLSTM"]


class LineLSTM(nn.Module):
    """Gates (N, B, 4H) from the input, line after line -> hidden units (N, B, H).

    A line is a range of positions; position p of a line reads the hidden units at p + offset of
    the line before, for every offset of consecutive ``offsets``, and the memory cell at p. What
    lies outside the line before is zero. Gates are input, forget, output, candidate:
    c = f c' + i g, h = o tanh c.
    """

    def __init__(self, hidden: int, offsets: range) -> None:
        super().__init__()
        self.offsets = offsets
        self.share = nn.Linear(hidden * len(offsets), 4 * hidden, bias=False)

    @staticmethod
    def remember(bias: Tensor) -> None:
        """(4H,) biases of the gates, in place -> (): forget little at first."""
        with torch.no_grad():
            bias.unflatten(0, (4, -1))[1].fill_(1)

    def forward(self, gates: Tensor, lines: Sequence[range]) -> Tensor:
        """(N, B, 4H), the lines' positions, N in all -> (N, B, H)."""
        batch_size, hidden_units = gates.shape[1], gates.shape[2] // 4
        before = lines[0]
        hidden = cell = gates.new_zeros(len(before), batch_size, hidden_units)
        rows = []
        for own, line in zip(gates.split([len(line) for line in lines]), lines, strict=True):
            window = self._window(hidden, before, line)
            own = torch.addmm(own.flatten(0, 1), window.flatten(0, 1), self.share.weight.t())
            cell = _moved(cell, before, line.start, line.stop).flatten(0, 1)
            hidden, cell = (
                part.unflatten(0, (len(line), batch_size))
                for part in self.cell(own.unflatten(1, (4, -1)), cell)
            )
            rows.append(hidden)
            before = line
        return torch.cat(rows)

    def cell(self, gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 4, H), (N, H) -> (N, H), (N, H): hidden units and memory cells of one step."""
        opening, candidate = gates.split([3, 1], dim=1)
        keep, forget, show = torch.sigmoid(opening).unbind(1)
        cell = forget * cell + keep * torch.tanh(candidate.squeeze(1))
        return show * torch.tanh(cell), cell

    def _window(self, hidden: Tensor, before: range, line: range) -> Tensor:
        first, last = self.offsets[0], self.offsets[-1]
        around = _moved(hidden, before, line.start + first, line.stop + last)
        taps = [around[tap : tap + len(line)] for tap in range(len(self.offsets))]
        return torch.cat(taps, dim=-1)


def _moved(values: Tensor, positions: range, start: int, stop: int) -> Tensor:
    """(N, B, H) of ``positions`` -> (stop − start, B, H): zeros where there was nothing."""
    if (positions.start, positions.stop) == (start, stop):
        return values
    return nn.functional.pad(values, (0, 0, 0, 0, positions.start - start, stop - positions.stop))
