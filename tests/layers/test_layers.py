"""Building blocks: a masked weight is zero and stays so; a block sees no step after its own."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from arden.layers.causal_attention import TransformerBlock
from arden.layers.context_table import MAX_TABLE_ROWS
from arden.layers.masked_conv import MaskedConv
from arden.layers.masked_linear import MaskedLinear, mask_gradient
from arden.layers.positions import grid_waves
from tests.core.models import generator, shake

MASK = torch.tensor([[True, False, True], [False, False, False]])


def test_a_masked_connection_is_zero_from_the_start_and_gets_no_gradient() -> None:
    layer = MaskedLinear(MASK)
    assert bool((layer.weight[~MASK] == 0).all())
    assert bool((layer.weight[MASK] != 0).all())
    layer(torch.randn(4, 3, generator=generator())).square().sum().backward()
    assert layer.weight.grad is not None
    assert bool((layer.weight.grad[~MASK] == 0).all())
    assert bool((layer.weight.grad[MASK] != 0).all())


def test_the_gradient_is_the_dense_one_where_connected() -> None:
    weight = torch.randn(2, 3, generator=generator(), dtype=torch.float64, requires_grad=True)
    x = torch.randn(5, 3, generator=generator(1), dtype=torch.float64)
    (x @ mask_gradient(weight, MASK).T).pow(3).sum().backward()
    masked = weight.grad
    weight.grad = None
    (x @ weight.T).pow(3).sum().backward()
    assert masked is not None
    assert weight.grad is not None
    assert torch.equal(masked, weight.grad * MASK)


def test_a_shared_weight_is_whole_and_masked_at_every_use() -> None:
    layer = MaskedLinear(MASK, shared=True)
    assert bool((layer.weight != 0).all())
    x = torch.randn(4, 3, generator=generator())
    expected = x @ (layer.weight * MASK).T + layer.bias
    torch.testing.assert_close(layer(x), expected)
    torch.testing.assert_close(layer.rows(torch.tensor([1, 0])), (layer.weight * MASK)[[1, 0]])
    layer(x).sum().backward()
    assert layer.weight.grad is not None
    assert bool((layer.weight.grad[~MASK] == 0).all())


@pytest.mark.parametrize("shared", [False, True])
def test_masks_move_with_the_layer_and_are_not_stored(shared: bool) -> None:
    layer = MaskedLinear(MASK, shared=shared)
    assert list(layer.state_dict()) == ["weight", "bias"]
    assert {name for name, _ in layer.named_buffers()} == {
        "weight_applied_mask" if shared else "weight_mask"
    }
    assert all(buffer.is_meta for buffer in layer.to("meta").buffers())


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("sees_itself", [False, True])
def test_a_masked_convolution_sees_only_what_is_above_and_to_the_left(
    kernel: int, sees_itself: bool
) -> None:
    layer = MaskedConv(2, 3, kernel, sees_itself=sees_itself).double()
    shake(layer)
    height, width = 5, 6
    image = torch.randn(1, 2, height, width, generator=generator(), dtype=torch.float64)
    assert layer(image).shape == (1, 3, height, width)

    def at(x: Tensor) -> Tensor:
        return layer(x)[0].sum(0)

    jacobian = torch.autograd.functional.jacobian(at, image)[:, :, 0].abs().sum(2)
    reach = kernel // 2
    for y in range(height):
        for x in range(width):
            for v in range(height):
                for u in range(width):
                    near = abs(v - y) <= reach and abs(u - x) <= reach
                    before = v < y or (v == y and (u < x or (u == x and sees_itself)))
                    assert bool(jacobian[y, x, v, u] > 0) == (near and before)


def test_a_block_steps_as_it_runs_and_sees_no_later_step() -> None:
    block = TransformerBlock(8, heads=2).double()
    shake(block)
    x = torch.randn(3, 5, 8, generator=generator(), dtype=torch.float64)
    whole = block(x)
    cache = block.start(3, 5)
    for step in range(5):
        here, cache = block.step(x[:, step : step + 1], cache, step)
        torch.testing.assert_close(here[:, 0], whole[:, step], rtol=1e-12, atol=1e-12)
    later = x.clone()
    later[:, 3:] += 1.0
    changed = block(later)
    assert torch.equal(changed[:, :3], whole[:, :3])
    assert bool((changed[:, 3:] != whole[:, 3:]).any(dim=2).all())


def test_the_largest_table_is_two_to_the_twenty() -> None:
    assert MAX_TABLE_ROWS == 2**20


@pytest.mark.parametrize("grid", [(8, 8, 1), (3, 5, 3), (1, 1, 1), (11,), (7, 1, 1)])
@pytest.mark.parametrize("width", [1, 2, 7, 32])
def test_waves_tell_positions_apart(grid: tuple[int, ...], width: int) -> None:
    waves = grid_waves(grid, width)
    assert waves.shape == (math.prod(grid), width)
    assert waves.isfinite().all()
    if width == 32 and len(waves) > 1:
        apart = torch.cdist(waves, waves) + torch.eye(len(waves))
        assert apart.min() > 0.1
        filled = waves[:, waves.abs().sum(dim=0) > 0]
        assert filled.square().mean().item() == pytest.approx(1, abs=0.1)


def test_neighbours_lie_alike() -> None:
    waves = grid_waves((8, 8, 1), 32).unflatten(0, (8, 8))
    away = torch.cdist(waves[3], waves[3])[0]
    assert away[1:].argmin() == 0  # nothing is more like the first of a row than the second
    right, below = waves[:, :-1] * waves[:, 1:], waves[:-1] * waves[1:]
    for shifted in (right, below):  # what two neighbours have to do with each other is the same
        assert shifted.sum(dim=-1).std() < 1e-4
