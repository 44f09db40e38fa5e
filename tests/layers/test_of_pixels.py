"""Layers over pixels: a window lies where it is told, a chain sees the channels before."""

from __future__ import annotations

import pytest
import torch

from arden.layers.channel_chain import ChannelChain
from arden.layers.pixel_attention import PixelAttention
from arden.layers.window_conv import Span, WindowConv
from tests.core.models import generator, shake


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (4, 1), (3, 5)])
@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        ((-1, 0), (-1, 1)),
        ((-1, 0), (-1, 0)),
        ((-2, -1), (-2, 2)),
        ((-2, 0), (-2, -1)),
        ((0, 0), (-3, -1)),
        ((0, 0), (0, 0)),
    ],
)
@pytest.mark.parametrize("bias", [False, True])
def test_a_window_reads_what_it_says_and_row_and_pixel_equal_the_whole(
    rows: Span, columns: Span, size: tuple[int, int], bias: bool
) -> None:
    layer = WindowConv(2, 4, rows, columns, bias=bias).double()
    shake(layer)
    x = torch.randn(3, 2, *size, generator=generator(), dtype=torch.float64, requires_grad=True)
    whole = layer(x)
    assert whole.shape == (3, 4, *size)
    slopes = [torch.autograd.grad(out, x, retain_graph=True)[0] for out in whole[0, 0].flatten()]
    reads = torch.stack([slope[0, 0].flatten() != 0 for slope in slopes])
    assert torch.equal(reads, layer.looks(*size))
    for to, seen in enumerate(reads):
        for v, u in seen.reshape(size).nonzero().tolist():
            y, column = divmod(to, size[1])
            assert rows[0] <= v - y <= rows[1]
            assert columns[0] <= u - column <= columns[1]
    by_pixel, by_row = layer.start(3, *size), layer.start(3, *size)
    with torch.no_grad():
        for y in range(size[0]):
            layer.put_row(by_row, x[:, :, y], y)
            torch.testing.assert_close(layer.row(by_row, y), whole[:, :, y])
            for column in range(size[1]):  # a window may reach to the right in its own row
                for maps in (slice(0, 1), slice(1, 2)):
                    layer.put(by_pixel, x[:, maps, y, column], (y, column), maps)
            for column in range(size[1]):
                here, some = layer.at(by_pixel, (y, column)), slice(1, 3)
                torch.testing.assert_close(here, whole[:, :, y, column])
                torch.testing.assert_close(layer.at(by_pixel, (y, column), some), here[:, some])


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
