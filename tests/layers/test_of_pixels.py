"""Layers over pixels: a window lies where it is told, a chain sees the channels before."""

from __future__ import annotations

import pytest
import torch

from arden.layers.channel_chain import ChannelChain
from arden.layers.pixel_attention import PixelAttention
from arden.layers.window_conv import WindowConv
from tests.core.models import generator, shake


@pytest.mark.parametrize(
    ("rows", "columns"), [((-2, -1), (-1, 1)), ((0, 0), (-3, -1)), ((-1, 0), (-1, 0))]
)
@pytest.mark.parametrize(("height", "width"), [(4, 5), (1, 4), (4, 1)])
def test_a_window_sees_what_it_says_and_no_more(
    rows: tuple[int, int], columns: tuple[int, int], height: int, width: int
) -> None:
    layer = WindowConv(2, 3, rows, columns).double()
    image = torch.randn(1, 2, height, width, generator=generator(), dtype=torch.float64)

    def outputs(x: torch.Tensor) -> torch.Tensor:
        return layer(x)[0].sum(0).flatten()

    assert layer(image).shape == (1, 3, height, width)
    slopes = torch.autograd.functional.jacobian(outputs, image)[:, 0].abs().sum(1)
    seen = slopes.flatten(1) > 0
    assert torch.equal(seen, layer.looks(height, width))
    for y in range(height):
        for x in range(width):
            near = seen[y * width + x].reshape(height, width).nonzero().tolist()
            for v, u in near:
                assert rows[0] <= v - y <= rows[1]
                assert columns[0] <= u - x <= columns[1]


@pytest.mark.parametrize("bias", [False, True])
def test_a_row_and_a_pixel_of_a_window_equal_the_whole(bias: bool) -> None:
    layer = WindowConv(2, 4, (-2, 0), (-1, 1), bias=bias).double()
    shake(layer)
    image = torch.randn(3, 2, 4, 5, generator=generator(), dtype=torch.float64)
    whole = layer(image)
    memory = torch.nn.functional.pad(image, (1, 1, 2, 0))
    for y in range(4):
        row = layer.row(memory[:, :, y : y + 3, 1:-1])
        torch.testing.assert_close(row[:, :, 0], whole[:, :, y], rtol=1e-12, atol=1e-12)
        for x in range(5):
            here = layer.at(memory, (y + 2, x + 1), slice(1, 3))
            torch.testing.assert_close(here, whole[:, 1:3, y, x], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_every_channel_sees_the_body_and_the_channels_before_it(channels: int) -> None:
    chain = ChannelChain(4, 2, 3, channels, hidden=16).double()
    shake(chain)
    body = torch.randn(4, generator=generator(), dtype=torch.float64)
    features = torch.randn(2 * channels, generator=generator(1), dtype=torch.float64)

    def outputs(body: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        return chain(body, features).unflatten(0, (channels, 3)).sum(1)

    of_body, of_features = torch.autograd.functional.jacobian(outputs, (body, features))
    assert bool((of_body != 0).all())
    seen = (of_features != 0).unflatten(1, (channels, 2)).all(2)
    assert torch.equal(seen, torch.ones(channels, channels, dtype=torch.bool).tril(-1))
    for channel in range(channels):
        alone = chain.at(body, features[: 2 * channel], channel)
        torch.testing.assert_close(alone, chain(body, features)[3 * channel : 3 * channel + 3])


def test_a_pixel_attends_to_those_before_it_and_never_sees_itself() -> None:
    layer = PixelAttention(3, 2, 2, attention=4, heads=2).double()
    shake(layer)
    maps = torch.randn(1, 5, 3, generator=generator(), dtype=torch.float64)
    shown = torch.randn(1, 5, 2, generator=generator(1), dtype=torch.float64)
    asked = torch.randn(5, 2, generator=generator(2), dtype=torch.float64)

    def outputs(shown: torch.Tensor) -> torch.Tensor:
        return layer(maps, shown, asked)[0].sum(1)

    seen = torch.autograd.functional.jacobian(outputs, shown)[:, 0].abs().sum(2) > 0
    assert torch.equal(seen, torch.ones(5, 5, dtype=torch.bool).tril(-1))
