"""Vector instructions spelled out, where a compiler makes nothing good of a loop.

Sums that stay in registers, and long chains of operations: an optimiser keeps neither several sums
of a dot product apart nor several chains going at once, and the processor waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils

__all__ = ["VECTOR", "Vectors", "array", "counted", "row_of"]

_FEATURES = llvm.get_host_cpu_features()
VECTOR = 64 if _FEATURES.get("avx512f") else 32 if _FEATURES.get("avx2") else 16
"""Bytes of a register."""

_LANE = ir.IntType(32)


class Vectors:
    """Writes operations on ``lanes`` numbers at once; more than a register holds are several."""

    def __init__(self, builder: Any, number: Any, lanes: int) -> None:
        self.builder, self.number, self.lanes = builder, number, lanes
        self.size = 4 if isinstance(number, ir.FloatType) else 8
        self.kind = self.of(number)
        self.nothing = self.constant(0.0)

    def of(self, number: Any) -> Any:
        """A type -> that of as many of it; of one, itself: loops of those can be made vectors."""
        return number if self.lanes == 1 else ir.VectorType(number, self.lanes)

    def constant(self, value: float, number: Any = None) -> Any:
        """A number -> it in every lane."""
        kind = self.of(number or self.number)
        return ir.Constant(kind, value if self.lanes == 1 else [value] * self.lanes)

    def everywhere(self, value: Any, kind: Any = None) -> Any:
        """A number only known when it runs -> it in every lane."""
        nothing = ir.Constant(kind or self.kind, ir.Undefined)
        alone = self.builder.insert_element(nothing, value, _LANE(0))
        zeros = ir.Constant(ir.VectorType(_LANE, self.lanes), None)
        return self.builder.shuffle_vector(alone, nothing, zeros)

    def load(self, address: Any) -> Any:
        """What stands there and behind, aligned to nothing but a number."""
        pointer = self.builder.bitcast(address, self.kind.as_pointer())
        return self.builder.load(pointer, align=self.size)

    def load_first(self, address: Any, count: Any) -> Any:
        """As `load`, reading only ``count`` numbers; zeros behind them."""
        lanes = ir.VectorType(_LANE, self.lanes)
        few = self.everywhere(self.builder.trunc(count, _LANE), lanes)
        mask = self.builder.icmp_signed("<", ir.Constant(lanes, list(range(self.lanes))), few)
        pointer = self.builder.bitcast(address, self.kind.as_pointer())
        signature = ir.FunctionType(self.kind, [pointer.type, _LANE, mask.type, self.kind])
        name = f"llvm.masked.load.v{self.lanes}f{8 * self.size}.p0"
        masked = cgutils.get_or_insert_function(self.builder.module, signature, name)
        return self.builder.call(masked, [pointer, _LANE(self.size), mask, self.nothing])

    def store(self, value: Any, address: Any) -> None:
        """Writes all lanes there."""
        pointer = self.builder.bitcast(address, self.kind.as_pointer())
        self.builder.store(value, pointer, align=self.size)

    def add_times(self, a: Any, b: Any, c: Any) -> Any:
        """a · b + c, rounded once where the machine can."""
        signature = ir.FunctionType(self.kind, [self.kind] * 3)
        name = f"llvm.fmuladd.{f'v{self.lanes}' * (self.lanes > 1)}f{8 * self.size}"
        function = cgutils.get_or_insert_function(self.builder.module, signature, name)
        return self.builder.call(function, [a, b, c])

    def total(self, value: Any) -> Any:
        """The sum over the lanes, halves added to each other."""
        width = self.lanes
        while width > 1:
            width //= 2
            halves = [
                ir.Constant(ir.VectorType(_LANE, width), list(range(low, low + width)))
                for low in (0, width)
            ]
            first, second = (self.builder.shuffle_vector(value, value, half) for half in halves)
            value = self.builder.fadd(first, second)
        return self.builder.extract_element(value, _LANE(0))


def array(context: Any, builder: Any, signature: Any, arguments: Any, at: int) -> Any:
    """The argument at a place of an intrinsic, which is an array."""
    return context.make_array(signature.args[at])(context, builder, arguments[at])


def row_of(builder: Any, matrix: Any, row: Any) -> Any:
    """(R, N), row -> the address of its first number."""
    _, width = cgutils.unpack_tuple(builder, matrix.shape)
    return builder.gep(matrix.data, [builder.mul(row, width)])


def counted(
    builder: Any,
    many: Any,
    step: int,
    before: Sequence[Any],
    body: Callable[[Any, Sequence[Any]], Sequence[Any]],
) -> Sequence[Any]:
    """N, step, values, (k, values) -> values: the values after k = 0, step, … below N."""
    integer, entry = many.type, builder.block
    head, inside, done = (builder.append_basic_block(name) for name in ("head", "body", "done"))
    builder.branch(head)
    builder.position_at_end(head)
    k = builder.phi(integer)
    k.add_incoming(integer(0), entry)
    values = [builder.phi(value.type) for value in before]
    for value, start in zip(values, before, strict=True):
        value.add_incoming(start, entry)
    builder.cbranch(builder.icmp_signed("<", k, many), inside, done)
    builder.position_at_end(inside)
    after = body(k, values)
    for value, result in zip(values, after, strict=True):
        value.add_incoming(result, builder.block)
    k.add_incoming(builder.add(k, integer(step)), builder.block)
    builder.branch(head)
    builder.position_at_end(done)
    return values
