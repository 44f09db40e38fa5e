"""Products of a few rows with a matrix: what walks through dense layers are made of.

A compiler cannot be brought to keep a block of sums in registers by a loop over arrays alone, so
that the innermost block is written here in its own terms. Every sum is taken in the order of k,
each in its own lane of a vector: it does not depend on which rows are computed together with it.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
import numpy as np
import torch
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from torch import Tensor
from torch.nn.functional import pad

from arden.kernels._compile import EXACT, inner

__all__ = ["ROWS_TOGETHER", "add_product", "filled", "panels", "wide"]

_FEATURES = llvm.get_host_cpu_features()
_VECTOR = 64 if _FEATURES.get("avx512f") else 32 if _FEATURES.get("avx2") else 16
"""Bytes; a panel is two vectors wide."""
ROWS_TOGETHER = 4 if _VECTOR == 32 else 8
"""Rows for which a weight is loaded once: as many as there are registers for their sums. Arrays
have room for a multiple of it."""
_FEW = 2
"""So many rows are computed one by one."""


def wide(columns: int, dtype: torch.dtype) -> int:
    """N -> the columns of as many panels as hold it."""
    return -(-columns // _panel(dtype)) * _panel(dtype)


def panels(weights: Tensor) -> np.ndarray:
    """(…, N, K) -> (…, ⌈N / P⌉, K, P): the weights of P outputs side by side, zeros beyond N."""
    outputs = weights.shape[-2]
    rows = filled(weights, wide(outputs, weights.dtype))
    return rows.unflatten(-2, (-1, _panel(weights.dtype))).mT.contiguous().numpy()


def filled(rows: Tensor, length: int) -> Tensor:
    """(…, N, K), L ≥ N -> (…, L, K), with rows of zeros."""
    missing = length - rows.shape[-2]
    return pad(rows, (0, 0, 0, missing)) if missing else rows


def _panel(dtype: torch.dtype) -> int:
    return 2 * _VECTOR // dtype.itemsize


@inner(EXACT)
def add_product(values: Any, num_rows: Any, weights: Any, sums: Any, low: Any) -> None:
    """(R, ≥ K), R′ ≤ R, `panels` (N / P, K, P), (R, ≥ low + N) -> sums[:R′, low : low + N] +=
    values[:R′, :K] · weights; rows up to the next multiple of ROWS_TOGETHER may be added to."""
    count = weights.shape[0]
    if num_rows > _FEW:
        for panel in range(count):
            for row in range(0, num_rows, ROWS_TOGETHER):
                _add_rows(values, row, weights, panel, sums, low)
        return
    # A lone row needs several panels at once, or each addition would wait for the one before.
    fours, twos = count - count % 4, count - count % 2
    for panel in range(0, fours, 4):
        for row in range(num_rows):
            _add_four(values, row, weights, panel, sums, low)
    for panel in range(fours, twos, 2):
        for row in range(num_rows):
            _add_two(values, row, weights, panel, sums, low)
    for panel in range(twos, count):
        for row in range(num_rows):
            _add_one(values, row, weights, panel, sums, low)


def _block(num_rows: int, num_panels: int) -> Any:
    """R, J -> (values, row, weights, panel, sums, low) -> (): sums[row : row + R] of J panels."""

    @intrinsic
    def add(context, values, row, weights, panel, sums, low):  # type: ignore[no-untyped-def]
        number = types.intp
        signature = types.void(values, number, weights, number, sums, number)

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            arrays = [
                context.make_array(signature.args[at])(context, builder, arguments[at])
                for at in (0, 2, 4)
            ]
            _generate(builder, arrays, arguments[1::2], num_rows, num_panels)
            return context.get_dummy_value()

        return signature, generate

    return add


def _generate(builder: Any, arrays: Any, places: Any, num_rows: int, num_panels: int) -> None:
    """Writes, for all rows and vectors at once: load the sums; for every k add; store the sums."""
    values, weights, sums = arrays
    row, panel, low = places
    number, integer = values.data.type.pointee, row.type
    size = 4 if isinstance(number, ir.FloatType) else 8
    lanes = _VECTOR // size
    vector = ir.VectorType(number, lanes)
    add_times = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fmuladd.v{lanes}f{8 * size}"
    )
    _, of_values = cgutils.unpack_tuple(builder, values.shape)
    _, depth, _ = cgutils.unpack_tuple(builder, weights.shape)
    _, of_sums = cgutils.unpack_tuple(builder, sums.shape)

    def vector_at(array: Any, place: Any, index: int) -> Any:
        """The index-th vector from a place on: its address."""
        place = builder.add(place, integer(index * lanes))
        return builder.bitcast(builder.gep(array.data, [place]), vector.as_pointer())

    rows = [builder.add(row, integer(r)) for r in range(num_rows)]
    lefts = [builder.mul(one, of_values) for one in rows]
    of_panel = builder.mul(depth, integer(2 * lanes))
    tops = [builder.mul(builder.add(panel, integer(j)), of_panel) for j in range(num_panels)]
    column = builder.add(low, builder.mul(panel, integer(2 * lanes)))
    corners = [builder.add(builder.mul(one, of_sums), column) for one in rows]
    targets = [vector_at(sums, c, index) for c in corners for index in range(2 * num_panels)]

    entry = builder.block
    head, body, done = (builder.append_basic_block(name) for name in ("head", "body", "done"))
    before = [builder.load(target, align=size) for target in targets]
    builder.branch(head)

    builder.position_at_end(head)
    k = builder.phi(integer)
    k.add_incoming(integer(0), entry)
    totals = [builder.phi(vector) for _ in targets]
    for total, start in zip(totals, before, strict=True):
        total.add_incoming(start, entry)
    builder.cbranch(builder.icmp_signed("<", k, depth), body, done)

    builder.position_at_end(body)
    across = builder.mul(k, integer(2 * lanes))
    pairs = [(builder.add(top, across), index) for top in tops for index in range(2)]
    loaded = [builder.load(vector_at(weights, *pair), align=size) for pair in pairs]
    nothing = ir.Constant(vector, ir.Undefined)
    firsts = ir.Constant(ir.VectorType(ir.IntType(32), lanes), None)
    after: list[Any] = []
    for left in lefts:
        value = builder.load(builder.gep(values.data, [builder.add(left, k)]), align=size)
        alone = builder.insert_element(nothing, value, integer(0))
        value = builder.shuffle_vector(alone, nothing, firsts)  # in every lane
        for weight in loaded:
            after.append(builder.call(add_times, [value, weight, totals[len(after)]]))
    for total, result in zip(totals, after, strict=True):
        total.add_incoming(result, body)
    k.add_incoming(builder.add(k, integer(1)), body)
    builder.branch(head)

    builder.position_at_end(done)
    for total, target in zip(totals, targets, strict=True):
        builder.store(total, target, align=size)


_add_rows = _block(ROWS_TOGETHER, 1)
_add_four, _add_two, _add_one = _block(1, 4), _block(1, 2), _block(1, 1)
