"""Products in registers against torch's, and a row alone against a row among others."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("numba", reason="kernels need the extra `fast`")

from numba import njit

from arden.kernels import _panels


@njit
def add(values, num_rows, weights, sums, low):
    _panels.add_product(values, num_rows, weights, sums, low)


def summed(values, weights, low):
    """(R, K), (N, K) -> sums (R, low + N …) after adding the product to ones."""
    rows = -(-len(values) // _panels.ROWS_TOGETHER) * _panels.ROWS_TOGETHER
    room = values.new_zeros(rows, values.shape[1] + 3)  # rows may be longer than what is summed
    room[: len(values), : values.shape[1]] = values
    sums = values.new_ones(rows, low + _panels.wide(len(weights), weights.dtype))
    add(room.numpy(), len(values), _panels.panels(weights), sums.numpy(), low)
    return sums[: len(values)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("inputs", [0, 1, 37])
@pytest.mark.parametrize("outputs", [1, 31, 32, 70, 130, 300])
def test_products_are_added_where_they_belong(outputs, inputs, dtype):
    generator = torch.Generator().manual_seed(outputs)
    weights = torch.randn(outputs, inputs, generator=generator, dtype=dtype)
    values = torch.randn(21, inputs, generator=generator, dtype=dtype)
    together = summed(values, weights, 16)
    expected = torch.ones_like(together)
    expected[:, 16 : 16 + outputs] += values @ weights.T
    torch.testing.assert_close(together, expected, rtol=1e-4, atol=1e-5)
    for low, high in ((0, 1), (1, 3), (3, 6), (6, 14), (14, 21)):
        assert torch.equal(summed(values[low:high], weights, 16), together[low:high])


def test_panels_hold_every_weight_once_and_zeros():
    weights = torch.arange(1.0, 2 * 50 * 3 + 1).reshape(2, 50, 3)
    stacked = _panels.panels(weights)
    columns = _panels.wide(50, weights.dtype)
    assert stacked.ndim == 4
    flat = torch.from_numpy(stacked).mT.reshape(2, columns, 3)
    assert torch.equal(flat[:, :50], weights)
    assert not flat[:, 50:].any()
