"""Dot products of one row with a few rows of weights, and the products of their gradients.

A sum has two chains, of even and of odd vectors, so that an addition need not wait for the one
before. It is taken in the same order however many are computed together.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from arden.kernels._compile import EXACT, inner
from arden.kernels._vectors import VECTOR, Vectors, array, counted, row_of

__all__ = ["add_gradients", "dot_of_four_rows", "dot_of_row", "dots", "four_dots", "one_dot"]

_CHAINS = 2


def _dots_of(outputs: int, rows: int = 1) -> Any:
    """O, R -> (values, row, left, weights, output, n) -> R·O sums, row by row:
    values[row + r, left : left + n] · weights[output + o, :n]."""

    @intrinsic
    def dots(context, values, row, left, weights, output, n):  # type: ignore[no-untyped-def]
        number, place = values.dtype, types.intp
        results = types.UniTuple(number, rows * outputs)

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            kind = context.get_value_type(number)
            size = number.bitwidth // 8
            v = Vectors(builder, kind, _CHAINS * VECTOR // size)
            of_values = array(context, builder, signature, arguments, 0)
            of_weights = array(context, builder, signature, arguments, 3)
            _, row, left, _, output, n = arguments
            integer = row.type
            lefts = [
                builder.gep(row_of(builder, of_values, builder.add(row, integer(r))), [left])
                for r in range(rows)
            ]
            tops = [
                row_of(builder, of_weights, builder.add(output, integer(o))) for o in range(outputs)
            ]
            whole = builder.mul(builder.sdiv(n, integer(v.lanes)), integer(v.lanes))

            def add(k, sums):  # type: ignore[no-untyped-def]
                values = [v.load(builder.gep(left, [k])) for left in lefts]
                loaded = [v.load(builder.gep(top, [k])) for top in tops]
                pairs = [(value, weight) for value in values for weight in loaded]
                return [v.add_times(*p, total) for p, total in zip(pairs, sums, strict=True)]

            sums = counted(builder, whole, v.lanes, [v.nothing] * (rows * outputs), add)
            rest = builder.sub(n, whole)
            entry = builder.block
            behind, done = (builder.append_basic_block(name) for name in ("rest", "done"))
            builder.cbranch(builder.icmp_signed(">", rest, integer(0)), behind, done)
            builder.position_at_end(behind)
            values = [v.load_first(builder.gep(left, [whole]), rest) for left in lefts]
            weights = [v.load_first(builder.gep(top, [whole]), rest) for top in tops]
            pairs = [(value, weight) for value in values for weight in weights]
            longer = [v.add_times(*p, total) for p, total in zip(pairs, sums, strict=True)]
            builder.branch(done)
            builder.position_at_end(done)
            totals = []
            for short, long in zip(sums, longer, strict=True):
                total = builder.phi(v.kind)
                total.add_incoming(short, entry)
                total.add_incoming(long, behind)
                totals.append(total)
            found = [v.total(total) for total in totals]
            return context.make_tuple(builder, signature.return_type, found)

        return results(values, place, place, weights, place, place), generate

    return dots


_one, _two, _three, _four = _dots_of(1), _dots_of(2), _dots_of(3), _dots_of(4)
_of_four_rows = _dots_of(1, 4)


@inner(EXACT)
def dot_of_row(values: Any, row: Any, left: Any, weights: Any, output: Any, n: Any) -> Any:
    """(R, ≥ left + n), … -> values[row, left : left + n] · weights[output, :n]."""
    return _one(values, row, left, weights, output, n)[0]


@inner(EXACT)
def dot_of_four_rows(values: Any, row: Any, left: Any, weights: Any, output: Any, n: Any) -> Any:
    """As `dot_of_row`, for ``row`` and the three after it: a weight is read once for all four."""
    return _of_four_rows(values, row, left, weights, output, n)


@inner(EXACT)
def one_dot(values: Any, row: Any, weights: Any, output: Any, n: Any) -> Any:
    """(R, ≥ n), row, (O, ≥ n), output, n -> values[row, :n] · weights[output, :n]."""
    return _one(values, row, 0, weights, output, n)[0]


@inner(EXACT)
def four_dots(values: Any, row: Any, weights: Any, output: Any, n: Any) -> Any:
    """As `one_dot`, for ``output`` and the three after it: a value is read once for all four."""
    return _four(values, row, 0, weights, output, n)


@inner(EXACT)
def dots(
    values: Any, row: Any, weights: Any, output: Any, n: Any, results: Any, at: Any, count: Any
) -> None:
    """As `one_dot`, for ``count`` outputs: results[at + o] is that of ``output`` + o."""
    o = 0
    while o < count:
        left = count - o
        if left >= 4:
            a, b, c, d = _four(values, row, 0, weights, output + o, n)
            results[at + o], results[at + o + 1] = a, b
            results[at + o + 2], results[at + o + 3] = c, d
        elif left == 3:
            a, b, c = _three(values, row, 0, weights, output + o, n)
            results[at + o], results[at + o + 1], results[at + o + 2] = a, b, c
        elif left == 2:
            a, b = _two(values, row, 0, weights, output + o, n)
            results[at + o], results[at + o + 1] = a, b
        else:
            results[at + o] = _one(values, row, 0, weights, output + o, n)[0]
        o += 4


def _gradients_of(outputs: int) -> Any:
    """O -> a function for compiled code: `add_gradients` of O outputs."""

    @intrinsic
    def add(context, grads, at, units, place, weights, output, of_units, row, of_weights):  # type: ignore[no-untyped-def]
        number, one = units.dtype, types.intp
        expected = (grads, one, units, one, weights, one, of_units, one, of_weights)

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            kind, integer = context.get_value_type(number), arguments[1].type
            v = Vectors(builder, kind, VECTOR // (number.bitwidth // 8))

            def of(index: int) -> Any:
                return array(context, builder, signature, arguments, index)

            first = builder.gep(of(0).data, [arguments[1]])
            left = row_of(builder, of(2), arguments[3])
            to_units = row_of(builder, of(6), arguments[7])
            rows = [builder.add(arguments[5], integer(o)) for o in range(outputs)]
            tops = [row_of(builder, of(4), here) for here in rows]
            to_tops = [row_of(builder, of(8), here) for here in rows]
            each = [
                v.everywhere(builder.load(builder.gep(first, [integer(o)]))) for o in range(outputs)
            ]
            width = builder.extract_value(of(2).shape, 1)

            def step(k, values):  # type: ignore[no-untyped-def]
                unit = v.load(builder.gep(left, [k]))
                there = builder.gep(to_units, [k])
                total = v.load(there)
                for grad, top, to_top in zip(each, tops, to_tops, strict=True):
                    total = v.add_times(grad, v.load(builder.gep(top, [k])), total)
                    address = builder.gep(to_top, [k])
                    v.store(v.add_times(grad, unit, v.load(address)), address)
                v.store(total, there)
                return []

            counted(builder, width, v.lanes, [], step)
            return context.get_dummy_value()

        return types.void(*expected), generate

    return add


_gradients_of_one, _gradients_of_four = _gradients_of(1), _gradients_of(4)
_gradients_of_two, _gradients_of_three = _gradients_of(2), _gradients_of(3)


@inner(EXACT)
def add_gradients(
    grads: Any,
    at: Any,
    count: Any,
    units: Any,
    place: Any,
    weights: Any,
    output: Any,
    of_units: Any,
    row: Any,
    of_weights: Any,
) -> None:
    """Of the outputs o = ``output`` … ``output`` + ``count`` − 1, whose gradients g_o stand from
    grads[at] on: of_units[row] += Σ g_o · weights[o] and of_weights[o] += g_o · units[place].

    All are (…, W), with W a multiple of LANES.
    """
    o = 0
    while o < count:
        left, a, b = count - o, at + o, output + o
        if left >= 4:
            _gradients_of_four(grads, a, units, place, weights, b, of_units, row, of_weights)
        elif left == 3:
            _gradients_of_three(grads, a, units, place, weights, b, of_units, row, of_weights)
        elif left == 2:
            _gradients_of_two(grads, a, units, place, weights, b, of_units, row, of_weights)
        else:
            _gradients_of_one(grads, a, units, place, weights, b, of_units, row, of_weights)
        o += 4
