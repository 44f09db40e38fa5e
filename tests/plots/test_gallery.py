"""Lines of samples: every image is there, crisp, and nonsense is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from arden.errors import InputError
from arden.plots.gallery import GalleryLine, _strip, gallery


def test_nothing_lies_outside(tmp_path: Path, figures: Any) -> None:
    lines = [GalleryLine("a rather long name of a system", "12.34 nats", torch.zeros(3, 4, 5))]
    gallery(lines, tmp_path / "lines.png", "A title that is longer than the picture is wide " * 2)
    assert len(figures) == 1


def test_every_line_is_drawn(tmp_path: Path, pixels: Any) -> None:
    black, white = torch.zeros(3, 4, 5), torch.ones(3, 4, 5)
    lines = [GalleryLine("dark", "1.00 nats", black), GalleryLine("light", "", white)]
    picture = pixels(gallery(lines, tmp_path / "lines.png", "Two lines", 2))
    assert (picture[..., :3] < 40).all(axis=-1).sum() > 1000
    alone = pixels(gallery(lines[1:], tmp_path / "light.png", "", 2))
    assert (alone[..., :3] < 40).all(axis=-1).sum() < 1000
    assert alone.shape[0] < picture.shape[0]


def test_a_strip_keeps_colours_and_order() -> None:
    images = torch.zeros(2, 2, 2, 3)
    images[1, ..., 0] = 1
    strip = _strip(images.double().numpy(), 2)
    assert strip.shape == (16, 16 + 2 + 16, 3)
    assert (strip[:, :16] == 0).all()
    assert (strip[:, 16:18] == 255).all()
    assert (strip[:, 18:] == [255, 0, 0]).all()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "at least one"),
        ([GalleryLine("a", "", torch.zeros(2, 3, 3)), GalleryLine("b", "", torch.zeros(3, 3, 3))],
         "as many images"),
        ([GalleryLine("a", "", torch.zeros(2, 3))], "expected images"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(lines: list[GalleryLine], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        gallery(lines, tmp_path / "lines.png")
