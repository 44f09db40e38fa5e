"""What kernels for GPUs share: nonlinearities, the inverse transform, rows that go together."""

from __future__ import annotations

import triton
import triton.language as tl

__all__ = [
    "ACTIVATIONS",
    "activated",
    "asked_or_given",
    "bits",
    "padded",
    "rows_together",
    "slope",
    "symbols",
    "warps",
]

ACTIVATIONS = {"sigmoid": 0, "tanh": 1, "relu": 2}
"""The names of `arden.layers.activation`, as the numbers that kernels take."""


@triton.jit
def activated(x, KIND: tl.constexpr):
    """(…) -> (…): the nonlinearity of that number."""
    if KIND == 0:
        y = 1.0 / (1.0 + tl.exp(-x))
    elif KIND == 1:
        y = 2.0 / (1.0 + tl.exp(-2.0 * x)) - 1.0
    else:
        y = tl.maximum(x, 0.0)
    return y


@triton.jit
def slope(y, KIND: tl.constexpr):
    """(…) values of the nonlinearity -> (…): its slope there."""
    if KIND == 0:
        z = y * (1.0 - y)
    elif KIND == 1:
        z = 1.0 - y * y
    else:
        z = (y > 0.0).to(y.dtype)
    return z


@triton.jit
def bits(logit, u):
    """(R,) float64 logits, (R,) uniforms -> (R,): 1 once the mass of 0 does not exceed u."""
    return (1.0 / (1.0 + tl.exp(logit)) <= u).to(tl.int64)


@triton.jit
def symbols(logits, u, NUM: tl.constexpr, WIDTH: tl.constexpr):
    """(R, WIDTH) float64, −∞ from NUM on, (R,) uniforms -> (R,), as `Discrete.draw`."""
    symbol = tl.arange(0, WIDTH)[None, :]
    mass = tl.exp(logits - tl.max(logits, axis=1)[:, None])
    mass = mass / tl.sum(mass, axis=1)[:, None]
    reached = (tl.cumsum(mass, axis=1) <= u[:, None]) & (symbol < NUM)
    below = tl.sum(reached.to(tl.int64), axis=1)
    last_with_mass = tl.max(tl.where(mass > 0.0, symbol, 0), axis=1)
    return tl.minimum(below, last_with_mass.to(tl.int64))


@triton.jit
def asked_or_given(drawn, at, live, known, given, HAS_KNOWN: tl.constexpr):
    """(R,) drawn, (R,) places in (B, T), which rows there are -> (R,): what is known is kept."""
    if HAS_KNOWN:
        kept = tl.load(known + at, mask=live, other=0)
        drawn = tl.where(kept != 0, tl.load(given + at, mask=live, other=0), drawn)
    return drawn


def rows_together(width: int) -> int:
    """Numbers a row holds in registers -> rows that share every weight that is loaded.

    A function of the model alone: another division would add in another order, and a row's draws
    would depend on the batch it is in.
    """
    return 4 if width <= 1024 else 2 if width <= 2048 else 1


def warps(rows: int, width: int) -> int:
    """Rows, numbers a row holds -> groups of 32 threads: some sixteen numbers a thread."""
    return min(16, max(4, rows * width // 512))


def padded(width: int) -> int:
    """H -> the least power of two that holds it, and the least that a reduction takes."""
    return max(16, int(triton.next_power_of_2(width)))
