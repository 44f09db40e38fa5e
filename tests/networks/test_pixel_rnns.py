"""What the PixelRNNs see, drawn by hand, and one line of an LSTM beside torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from arden.audit.predecessors import predecessors
from arden.conditionals.bernoulli import Bernoulli
from arden.layers.line_lstm import LineLSTM
from arden.networks.diagonal_bilstm import DiagonalBiLSTM, DiagonalBiLSTMOptions
from arden.networks.row_lstm import RowLSTM, RowLSTMOptions
from arden.orderings.raster import Raster
from tests.core.models import build, generator


def seen_from(layers: int, pixel: tuple[int, int]) -> list[str]:
    """How many Row LSTM layers, (y, x) of a 4×7 image -> rows: # is seen from there."""
    options = RowLSTMOptions(2, layers, 3)
    network = build(RowLSTM, options, Bernoulli(), Raster((4, 7))).network
    seen = network.promised(28)[7 * pixel[0] + pixel[1]].reshape(4, 7)
    return ["".join(".#"[int(one)] for one in row) for row in seen]


def test_a_row_lstm_sees_a_triangle() -> None:
    # The first convolution reaches one pixel; each layer one more to the left, and each row up
    # one more to both sides.
    assert seen_from(1, (2, 3)) == ["######.", "#####..", ".##....", "......."]
    assert seen_from(1, (3, 2)) == ["######.", "#####..", "####...", "##....."]
    assert seen_from(2, (3, 3)) == ["#######", "######.", "#####..", "###...."]


@pytest.mark.parametrize("layers", [1, 2])
def test_a_row_lstm_reads_its_triangle_and_nothing_else(layers: int) -> None:
    # Wider than the triangle is high, so that both its sides lie inside the image.
    model = build(RowLSTM, RowLSTMOptions(8, layers, 3), Bernoulli(), Raster((4, 7)))
    read, promised = predecessors(model)
    assert torch.equal(read, promised)


def test_torch_lstm_is_a_line_lstm_of_single_pixels() -> None:
    line, theirs = LineLSTM(4, range(1)).double(), nn.LSTM(3, 4).double()
    x = torch.randn(5, 2, 3, generator=generator(0), dtype=torch.float64)
    with torch.no_grad():
        theirs.weight_hh_l0.copy_(_theirs(line.share.weight))
        gates = x @ theirs.weight_ih_l0.T + theirs.bias_ih_l0 + theirs.bias_hh_l0
        expected = theirs(x)[0]
        ours = line(_theirs(gates.movedim(-1, 0)).movedim(0, -1), [range(1)] * 5)
    torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-12)


def _theirs(gates: torch.Tensor) -> torch.Tensor:
    """(4H, …), torch's order of gates or ours -> the other: the last two change places."""
    first, second, third, fourth = gates.chunk(4)
    return torch.cat([first, second, fourth, third])


@pytest.mark.parametrize("layers", [1, 2])
def test_a_diagonal_bilstm_hears_of_the_last_pixel_above(layers: int) -> None:
    # Eight pixels wide and a kernel of 3: the first convolution does not reach it.
    options = DiagonalBiLSTMOptions(6, layers, 3)
    network = build(DiagonalBiLSTM, options, Bernoulli(), Raster((2, 8))).network
    features = torch.zeros(2, 16, 1, dtype=torch.float64)
    features[1, 7] = 1
    with torch.no_grad():
        params = network(features)
    changed = (params[1] - params[0]).abs().amax(dim=1) > 1e-12
    assert changed.tolist() == [False] * 8 + [True] * 8
