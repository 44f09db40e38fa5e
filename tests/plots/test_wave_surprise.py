"""A waveform in the colours of its surprise: every sample once, its time, its colour."""

from __future__ import annotations

import math

import numpy as np
import pytest

from arden.errors import InputError
from arden.plots.wave_surprise import wave_surprise


def ends(axes) -> dict[float, tuple[float, float]]:
    """axes -> of each sample by its time: its amplitude and its nats."""
    [lines] = axes.collections
    pieces = [piece[-1] for piece in lines.get_segments()]
    return {
        round(time, 9): (height, nats)
        for (time, height), nats in zip(pieces, lines.get_array(), strict=True)
    }


@pytest.mark.parametrize("length", [1, 2, 500, 8_001, 20_000])
def test_every_sample_is_drawn(length, tmp_path, figures):
    source = np.random.default_rng(0)
    heights, nats = source.uniform(-1, 1, length), source.gamma(2.0, 1.0, length)
    wave_surprise(heights, nats, tmp_path / "x.png", "Title", 8000)
    *rows, bar = figures[0].axes
    assert len(rows) == math.ceil(length / 8_000)
    found = {}
    for axes in rows:
        found |= ends(axes)
    assert len(found) == length
    for index in (0, length // 2, length - 1):
        assert found[round(index / 8000, 9)] == pytest.approx((heights[index], nats[index]))
    assert rows[-1].get_xlabel() == "seconds"
    assert bar.get_ylim()[1] >= min(nats.max(), 10)


def test_the_most_surprising_lies_on_top(tmp_path, figures):
    wave_surprise(np.zeros(50), np.arange(50)[::-1] % 7, tmp_path / "x.png")
    shown = figures[0].axes[0].collections[0].get_array()
    assert (np.diff(shown) >= 0).all()


def test_silence_and_impossible_samples(tmp_path, figures):
    nats = np.ones(100)
    nats[5] = math.inf
    wave_surprise(np.zeros(100), nats, tmp_path / "x.png")
    assert figures[0].axes[-1].get_ylim()[1] < 25


@pytest.mark.parametrize("shapes", [((0,), (0,)), ((3,), (4,)), ((3, 1), (3, 1))])
def test_wrong_shapes(shapes, tmp_path):
    with pytest.raises(InputError, match="surprise: expected one number for each sample"):
        wave_surprise(np.zeros(shapes[0]), np.zeros(shapes[1]), tmp_path / "x.png")
