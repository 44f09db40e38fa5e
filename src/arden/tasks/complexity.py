"""The complexity of rows: how many bits lossless compressors need for each."""

from __future__ import annotations

import io
import lzma
import zlib

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from arden.errors import InputError

__all__ = ["complexity_bits"]

_LZMA = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 16}]
_MOST_GREYS = 256
_PNG_FRAME = 57  # bytes of signature, header and ends of chunks: the same for every image


def complexity_bits(x: Tensor, observed: Tensor | None = None) -> Tensor:
    """(N, *event) whole numbers ≥ 0 -> (N,) float64: L(x), the bits of the best compressor.

    The least of DEFLATE (zlib) and LZMA over the values as they lie in memory, one byte each up to
    256 levels; and for images (H, W) or (H, W, 3) of up to 256 levels of PNG too, whose filters
    know of neighbours. Each row is compressed alone; headers, the same for all, are not counted.
    (Serrà et al., "Input complexity and out-of-distribution detection with
    likelihood-based generative models", 2020, take the least of several compressors as well.)
    What is not ``observed`` counts as zero.

    Raises:
        InputError: values that are no whole numbers ≥ 0.

    >>> flat, noisy = torch.zeros(28, 28), torch.arange(784).reshape(28, 28) * 37 % 251
    >>> complexity_bits(torch.stack([flat, noisy.float()])).tolist()
    [80.0, 864.0]
    """
    if x.dtype == torch.bool or x.is_complex():
        raise InputError(f"x: expected whole numbers ≥ 0, got {x.dtype}")
    values = x.detach().cpu()
    if observed is not None:
        values = torch.where(observed.cpu(), values, torch.zeros_like(values))
    if bool((values < 0).any()) or bool((values != values.floor()).any()):
        raise InputError(
            "x: the complexity correction needs whole numbers ≥ 0, which a compressor can take; "
            "got others (real values)"
        )
    most = int(values.max()) if values.numel() else 0
    width = np.uint8 if most < _MOST_GREYS else np.uint16 if most < 2**16 else np.int64
    rows = values.numpy().astype(width)
    is_image = rows.ndim == 3 or (rows.ndim == 4 and rows.shape[3] == 3)
    codecs = [_deflate, _lzma]
    bits = []
    for row in rows:
        content = row.tobytes()
        lengths = [len(codec(content)) for codec in codecs]
        if is_image and width == np.uint8:
            lengths.append(len(_png(row)) - _PNG_FRAME)
        bits.append(8.0 * min(lengths))
    return torch.tensor(bits, dtype=torch.float64)


def _deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)  # without header and checksum
    return packer.compress(content) + packer.flush()


def _lzma(content: bytes) -> bytes:
    return lzma.compress(content, lzma.FORMAT_RAW, filters=_LZMA)


def _png(row: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(row).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
