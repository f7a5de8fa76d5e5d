"""Loops over frames whose values stay in vector registers, written for LLVM through numba.

In loops over arrays LLVM stores and loads the state of a filter in each frame, since the arrays
might overlap. The few loops for which this decides are written by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..compiled import Loops

__all__ = ["LANES", "Code", "VectorLoop"]

# Numbers in a vector. A processor of narrower vectors takes several for each.
LANES = 8


class VectorLoop(Loops):
    """A loop over frames of three arrays, to be called by functions of the kind `Loops`.

    Called with three arrays and three integers: the first frame, the number of frames, and the step
    from one frame to the next.

    Parameters
    ----------
    function : callable
        ``function(code, first, n_frames, step)`` writes the loop by the methods of a `Code`.
    """

    def _compile(self) -> Callable[..., Any]:
        from numba import types
        from numba.extending import intrinsic

        def write(context: Any, builder: Any, signature: Any, values: Sequence[Any]) -> Any:
            kinds = signature.args[:3]
            arrays = [
                context.make_array(kind)(context, builder, value)
                for kind, value in zip(kinds, values)
            ]
            self._function(Code(builder, arrays, kinds), *values[3:])
            return context.get_dummy_value()

        def loop(typing, x, y, z, first, n_frames, step):
            return types.void(x, y, z, types.intp, types.intp, types.intp), write

        compiled: Callable[..., Any] = intrinsic(loop)
        return compiled


class Code:
    """Writes instructions on vectors of float64, read from and stored to three arrays.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
        Where the instructions go.
    arrays, kinds : sequence
        The arrays and their types in numba, of float64 or float32.
    """

    def __init__(self, builder: Any, arrays: Sequence[Any], kinds: Sequence[Any]) -> None:
        from llvmlite import ir
        from numba.core import cgutils

        self.ir, self.utils, self.builder = ir, cgutils, builder
        self.double, self.index = ir.DoubleType(), ir.IntType(64)
        self.vector = ir.VectorType(self.double, LANES)
        self._data = [builder.ptrtoint(array.data, self.index) for array in arrays]
        self._strides = [cgutils.unpack_tuple(builder, array.strides) for array in arrays]
        self._single = [kind.dtype.bitwidth == 32 for kind in kinds]

    def address(self, array: int, *place: Any) -> Any:
        """Return the address of an element, given by numbers and values."""
        at = self._data[array]
        for i, stride in zip(place, self._strides[array]):
            i = self.ir.Constant(self.index, i) if isinstance(i, int) else i
            at = self.builder.add(at, self.builder.mul(i, stride))
        return at

    def stride(self, array: int, axis: int) -> Any:
        """Return the bytes from one element to the next."""
        return self._strides[array][axis]

    def load(self, array: int, at: Any, size: int = LANES) -> Any:
        """Return so many numbers side by side."""
        single = self._single[array]
        kind = self.ir.VectorType(self.ir.FloatType() if single else self.double, size)
        place = self.builder.inttoptr(at, kind.as_pointer())
        value = self.builder.load(place, align=4 if single else 8)
        return self.builder.fpext(value, self.ir.VectorType(self.double, size)) if single else value

    def store(self, array: int, value: Any, at: Any) -> None:
        """Store a vector."""
        single = self._single[array]
        if single:
            value = self.builder.fptrunc(value, self.ir.VectorType(self.ir.FloatType(), LANES))
        place = self.builder.inttoptr(at, value.type.as_pointer())
        self.builder.store(value, place, align=4 if single else 8)

    def repeat(self, array: int, *place: int) -> Any:
        """Return a vector of one number."""
        one = self.load(array, self.address(array, *place), size=1)
        return self.builder.shuffle_vector(one, one, self._constant([0] * LANES))

    def separate(self, array: int, at: Any, n_axes: int) -> list[Any]:
        """Return a vector for each of two or three axes, whose numbers lie side by side."""
        width = (4 if self._single[array] else 8) * LANES
        starts = [
            self.builder.add(at, self.ir.Constant(self.index, i * width)) for i in range(n_axes)
        ]
        parts = [self.load(array, start) for start in starts]
        if n_axes == 2:
            places = [list(range(axis, 2 * LANES, 2)) for axis in range(2)]
            return [self.builder.shuffle_vector(*parts, self._constant(of)) for of in places]
        return [self._every_third(parts, axis) for axis in range(3)]

    def _every_third(self, parts: list[Any], first: int) -> Any:
        """Return the numbers first, first + 3, ... of three vectors."""
        part, lane = np.divmod(np.arange(first, 3 * LANES, 3), LANES)
        # No two of them are in one lane: they are mixed first, and put into their order then.
        of_lane = part[np.argsort(lane)]
        mixed = parts[0]
        for i in (1, 2):
            mixed = self.builder.select(self._constant(of_lane == i, bits=1), parts[i], mixed)
        return self.builder.shuffle_vector(mixed, mixed, self._constant(lane))

    def _constant(self, values: Any, bits: int = 32) -> Any:
        kind = self.ir.VectorType(self.ir.IntType(bits), len(values))
        return self.ir.Constant(kind, [int(value) for value in values])

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        """Return ``a b + c``, rounded once where the processor has such an instruction."""
        product = self.builder.fmul(a, b, flags=("contract",))
        return self.builder.fadd(product, c, flags=("contract",))

    def variable(self, value: Any) -> Any:
        """Return a place for a value that changes from frame to frame."""
        return self.utils.alloca_once_value(self.builder, value)

    @contextmanager
    def frames(self, count: Any) -> Iterator[None]:
        """Repeat the instructions within a ``with`` block."""
        with self.utils.for_range(self.builder, count):
            yield

    def advance(self, pointer: Any, by: Any) -> None:
        """Move an address that is a variable."""
        self.builder.store(self.builder.add(self.builder.load(pointer), by), pointer)
