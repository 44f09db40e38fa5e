"""A small matrix product whose sums never leave the vector registers.

Written as LLVM's own instructions: products of 16 or 32 columns are too short for what a compiler
makes of a loop. Every sum is added in one order, whatever rows are computed with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from arden.kernels._compile import FUSED, inner
from arden.kernels._scratch import LANES

__all__ = ["packed", "product"]

_ROWS = 4
"""Rows for which a weight is loaded once."""
_CHAINS = 2
"""Sums that run beside each other, of even and of odd inputs: one alone would wait for itself."""


def packed(weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """(N, K), (N,) or None -> flat: LANES columns after each other, each with its biases first."""
    outputs, inputs = weight.shape
    tiles = -(-outputs // LANES)
    whole = np.zeros((inputs + 1, tiles * LANES), weight.dtype)
    if bias is not None:
        whole[0, :outputs] = bias
    whole[1:, :outputs] = weight.T
    return whole.reshape(inputs + 1, tiles, LANES).transpose(1, 0, 2).ravel()


def _tile(rows: int) -> Any:
    """Rows -> a function for compiled code: LANES columns of `product`, of that many rows."""

    def typed(
        typing: Any,
        work: Any,
        source: Any,
        source_step: Any,
        depth: Any,
        weights: Any,
        place: Any,
        base: Any,
        base_step: Any,
        raw: Any,
        raw_step: Any,
        relu: Any,
        relu_step: Any,
        width: Any,
    ) -> Any:
        n = types.int64
        before, after = (work, n, n, n), (weights, n, n, n, n, n, n, n, n)
        return types.void(*before, *after), _code(rows)

    return intrinsic(typed)


def _code(rows: int) -> Callable[..., Any]:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (work, source, source_step, depth, weights, place, *_, width) = arguments
        base, base_step, raw, raw_step, relu, relu_step = arguments[6:12]
        work = context.make_array(signature.args[0])(context, builder, work).data
        weights = context.make_array(signature.args[4])(context, builder, weights).data
        number = context.get_value_type(signature.args[0].dtype)
        vector, bits = ir.VectorType(number, LANES), signature.args[0].dtype.bitwidth
        no_vector, lane = ir.Constant(vector, None), ir.IntType(32)
        lanes = ir.VectorType(lane, LANES)
        counted = ir.Constant(lanes, list(range(LANES)))
        multiply_add = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(vector, [vector] * 3),
            f"llvm.fmuladd.v{LANES}f{bits}",
        )

        def constant(value: int) -> Any:
            return ir.Constant(depth.type, value)

        def vector_at(array: Any, index: Any) -> Any:
            return builder.bitcast(builder.gep(array, [index]), vector.as_pointer())

        def everywhere(value: Any, kind: Any) -> Any:
            first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, lane(0))
            return builder.shuffle_vector(
                first, ir.Constant(kind, ir.Undefined), ir.Constant(lanes, None)
            )

        def row_of(start: Any, step: Any, row: int) -> Any:
            return builder.add(start, builder.mul(step, constant(row)))

        sums = [[cgutils.alloca_once(builder, vector) for _ in range(_CHAINS)] for _ in range(rows)]
        bias = builder.load(vector_at(weights, place), align=bits // 8)
        for row in range(rows):
            builder.store(bias, sums[row][0])
            for chain in range(1, _CHAINS):
                builder.store(no_vector, sums[row][chain])
        sources = [builder.gep(work, [row_of(source, source_step, row)]) for row in range(rows)]
        first = builder.add(place, constant(LANES))

        def add(index: Any, chain: int) -> None:
            where = builder.add(first, builder.mul(index, constant(LANES)))
            weight = builder.load(vector_at(weights, where), align=bits // 8)
            for row in range(rows):
                value = everywhere(builder.load(builder.gep(sources[row], [index])), vector)
                total = builder.load(sums[row][chain])
                builder.store(builder.call(multiply_add, [value, weight, total]), sums[row][chain])

        rounds = builder.sdiv(depth, constant(_CHAINS))
        with cgutils.for_range(builder, rounds, intp=depth.type) as loop:
            low = builder.mul(loop.index, constant(_CHAINS))
            for chain in range(_CHAINS):
                add(builder.add(low, constant(chain)), chain)
        done = builder.mul(rounds, constant(_CHAINS))
        with cgutils.for_range(builder, builder.sub(depth, done), intp=depth.type) as loop:
            add(builder.add(done, loop.index), 0)

        wide = everywhere(builder.trunc(width, lane), lanes)
        inside = builder.icmp_signed("<", counted, wide)

        def put(value: Any, start: Any, step: Any, row: int) -> None:
            with builder.if_then(builder.icmp_signed(">=", start, constant(0))):
                to = vector_at(work, row_of(start, step, row))
                before = builder.load(to, align=bits // 8)
                builder.store(builder.select(inside, value, before), to, align=bits // 8)

        for row in range(rows):
            total = builder.load(sums[row][0])
            for chain in range(1, _CHAINS):
                total = builder.fadd(total, builder.load(sums[row][chain]))
            builder.store(total, sums[row][0])
            with builder.if_then(builder.icmp_signed(">=", base, constant(0))):
                start = vector_at(work, row_of(base, base_step, row))
                builder.store(
                    builder.fadd(total, builder.load(start, align=bits // 8)), sums[row][0]
                )
            total = builder.load(sums[row][0])
            put(total, raw, raw_step, row)
            negative = builder.fcmp_ordered("<=", total, no_vector)
            put(builder.select(negative, no_vector, total), relu, relu_step, row)
        return context.get_dummy_value()

    return code


_four_rows, _one_row = _tile(_ROWS), _tile(1)


@inner(FUSED)
def product(
    work: Any,
    rows: Any,
    source: Any,
    source_step: Any,
    depth: Any,
    weights: Any,
    place: Any,
    base: Any,
    base_step: Any,
    raw: Any,
    raw_step: Any,
    relu: Any,
    relu_step: Any,
    width: Any,
) -> None:
    """Row r of the result = bias + the ``depth`` numbers at source + r · source_step, times the
    weights, + the ``width`` numbers at base + r · base_step; stored at raw + r · raw_step, and what
    is positive of it at relu + r · relu_step. All in ``work``, from whose end LANES numbers are
    kept; base, raw or relu below 0: there is none. ``weights`` from ``place`` on are `packed`."""
    whole = rows - rows % _ROWS
    for column in range(0, width, LANES):
        left, there = width - column, place + column * (depth + 1)
        to_base = base + column if base >= 0 else base
        to_raw = raw + column if raw >= 0 else raw
        to_relu = relu + column if relu >= 0 else relu
        for row in range(0, whole, _ROWS):
            _four_rows(
                work,
                source + row * source_step,
                source_step,
                depth,
                weights,
                there,
                to_base + row * base_step if base >= 0 else base,
                base_step,
                to_raw + row * raw_step if raw >= 0 else raw,
                raw_step,
                to_relu + row * relu_step if relu >= 0 else relu,
                relu_step,
                left,
            )
        for row in range(whole, rows):
            _one_row(
                work,
                source + row * source_step,
                source_step,
                depth,
                weights,
                there,
                to_base + row * base_step if base >= 0 else base,
                base_step,
                to_raw + row * raw_step if raw >= 0 else raw,
                raw_step,
                to_relu + row * relu_step if relu >= 0 else relu,
                relu_step,
                left,
            )
