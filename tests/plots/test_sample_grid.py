"""A grid of samples: crisp, about 600 pixels, every scalar where it belongs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from arden.errors import InputError
from arden.plots import style
from arden.plots._tiles import data_colours, tile, value_range
from arden.plots.sample_grid import sample_grid


def bits(*shape: int) -> torch.Tensor:
    """shape -> seeded bits, both of them present."""
    drawn = torch.randint(0, 2, shape, generator=torch.Generator().manual_seed(0))
    drawn.view(-1)[0], drawn.view(-1)[-1] = 0, 1
    return drawn


def test_64_digits_fill_about_600_pixels(tmp_path, pixels):
    shown = pixels(sample_grid(bits(64, 8, 8), tmp_path / "grid.png"))
    assert shown.shape[0] == shown.shape[1]
    assert 560 <= shown.shape[0] <= 640


@pytest.mark.parametrize("shape", [(64, 8, 8), (7, 5, 3), (1, 28, 28), (1, 1, 1), (5, 9, 1)])
def test_every_scalar_is_one_block_of_its_shade(shape, tmp_path, pixels):
    values = bits(*shape)
    shown = pixels(sample_grid(values, tmp_path / "grid.png")).astype(int)
    tiling = tile(data_colours(values.double().numpy(), 0.0, 1.0))
    scale = (tiling.tile_width - 2) // shape[2]
    assert (tiling.tile_width - 2) % shape[2] == 0
    for image, (left, lower) in zip(values, tiling.corners + 4, strict=True):
        inside = shown[lower - 1 - shape[1] * scale : lower - 1, left + 1 :][:, : shape[2] * scale]
        blocks = inside.reshape(shape[1], scale, shape[2], scale, 3)
        assert (blocks == image.numpy()[:, None, :, None, None] * 255).all()
        # A hairline keeps white at the edge apart from the white gap.
        assert 100 < shown[lower - 1, left].mean() < 200


@pytest.mark.parametrize(
    "shape",
    [(1, 8, 8), (3, 5, 7), (10, 28, 1), (10, 1, 28), (100, 28, 28), (6, 4, 4, 3), (2, 3, 3, 1)],
)
def test_grids_are_roughly_square_and_of_one_size(shape, tmp_path, pixels):
    shown = pixels(sample_grid(bits(*shape), tmp_path / "grid.png"))
    assert 350 <= max(shown.shape[:2]) <= 800
    assert shown.std() > 1


def test_rows_of_a_table_become_rows_of_one_picture(tmp_path, pixels):
    values = bits(30, 12)
    shown = pixels(sample_grid(values, tmp_path / "grid.png"))[4:-4, 4:-4]
    assert (shown[10::20, 25::50, 0] == values.numpy() * 255).all()


def test_colours_keep_their_channels(tmp_path, pixels):
    red = torch.zeros(1, 2, 2, 3)
    red[..., 0] = 255
    shown = pixels(sample_grid(red, tmp_path / "grid.png", num_symbols=256))
    assert (shown[shown.shape[0] // 4, shown.shape[1] // 4] == (255, 0, 0)).all()


def test_levels_are_shades_of_their_own(tmp_path, pixels):
    levels = torch.arange(4).reshape(1, 2, 2)
    shown = pixels(sample_grid(levels, tmp_path / "grid.png", num_symbols=4))
    quarter = shown.shape[0] // 4
    corners = shown[quarter :: 2 * quarter, quarter :: 2 * quarter, 0][:2, :2]
    assert corners.tolist() == [[0, 85], [170, 255]]


def test_an_image_of_zeros_is_black_and_one_of_ones_white(tmp_path, pixels):
    for value, shade in ((0, 0), (1, 255)):
        shown = pixels(sample_grid(torch.full((1, 4, 4), value), tmp_path / "grid.png"))
        assert (shown[10:-10, 10:-10] == shade).all()


def test_unknown_values_have_a_colour_of_their_own(tmp_path, pixels):
    images = torch.zeros(1, 2, 2)
    images[0, 0, 0] = float("nan")
    shown = pixels(sample_grid(images, tmp_path / "grid.png"))
    assert (shown[50, 50] == style.UNKNOWN).all()


def test_a_scale_reaches_what_samples_reach():
    assert value_range(np.array([[0.0, 0.0]]), None) == (0.0, 1.0)
    assert value_range(np.array([[-2.0, np.inf, 3.0, np.nan]]), None) == (-2.0, 3.0)
    assert value_range(np.array([[7.0]]), 17) == (0.0, 16.0)
    assert value_range(np.array([[0.0]]), 1) == (0.0, 1.0)


@pytest.mark.parametrize("shape", [(0, 8, 8), (4,), (2, 3, 3, 2), (2, 0), (1, 2, 2, 3, 1)])
def test_what_is_no_picture_is_refused(shape, tmp_path):
    with pytest.raises(InputError, match=r"samples: expected one or more events .* got shape"):
        sample_grid(torch.zeros(shape), tmp_path / "grid.png")


def test_too_many_pixels_are_refused(tmp_path):
    with pytest.raises(InputError, match="show fewer events"):
        sample_grid(torch.zeros(30_000, 2), tmp_path / "grid.png")


def test_lists_arrays_and_weights_are_taken_as_well(tmp_path):
    from_list = sample_grid([[[0, 1], [1, 0]]], tmp_path / "list.png").read_bytes()
    array = [np.array([[0, 1], [1, 0]], dtype=np.uint8)]
    weights = torch.tensor([[[0.0, 1.0], [1.0, 0.0]]], dtype=torch.bfloat16, requires_grad=True)
    assert sample_grid(array, tmp_path / "array.png").read_bytes() == from_list
    assert sample_grid(weights, tmp_path / "weights.png").read_bytes() == from_list
