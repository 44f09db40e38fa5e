"""Samples as pictures and nothing else: crisp pixels, small gaps, no words."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from arden.plots._tiles import as_numbers, data_colours, tile, value_range
from arden.plots.style import picture_format
from arden.storage.folders import write_atomically

__all__ = ["sample_grid"]

_MARGIN = 4


def sample_grid(samples: Any, path: str | Path, num_symbols: int | None = None) -> Path:
    """(N, *event), a path that ends in .png -> the path: N images in a grid about 600 pixels wide.

    Every scalar is a whole number of pixels wide. Levels 0 … num_symbols − 1 run from black to
    white; when not given, 0 and 1 do, or whatever the samples reach beyond them. Images are (H, W)
    or (H, W, 3); the rows of a table (D,) become the rows of one picture. Unknown values (NaN) are
    pale blue.

    Raises:
        InputError: no sample, a shape that is no image, another ending.
        FileError: the picture cannot be written.
    """
    path = Path(path)
    picture_format(path, ("png",))
    values = as_numbers(samples, "samples")
    colours = data_colours(values, *value_range(values, num_symbols))
    margin = ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0))
    content = BytesIO()
    picture = np.pad(tile(colours).pixels, margin, constant_values=255)
    Image.fromarray(picture).save(content, format="PNG", optimize=True)
    write_atomically(path, content.getvalue())
    return path
