"""Arrays of pickles, without executing the pickle.

A pickle is a program. Here it is never given to Python's own unpickler: `_Machine` follows the few
instructions that plain values and arrays are made of, and notes what an array would be made from.
Whatever else a pickle wants to call is refused before it is looked up.
"""

from __future__ import annotations

import io
import math
import pickletools
from collections.abc import Callable
from typing import Any

import numpy as np

from .._files import one_line
from ._take import NotPoses

_MAX_DEPTH = 20


class _DType:
    """Stands for numpy.dtype: remembers what it was called with."""

    def __init__(self, spec: Any = "f8", *_: Any) -> None:
        self.spec = spec if isinstance(spec, str) else "f8"
        self.order = "="

    def set_state(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "=", "|"):
            self.order = state[1]

    def build(self) -> np.dtype:
        kind = np.dtype(self.spec)
        if kind.kind not in "biufSU" or not 0 < kind.itemsize <= 1024:
            raise NotPoses(f"is a pickle with an array of {self.spec!r}, expected plain numbers")
        return kind if self.order in "=|" else np.dtype(self.order + kind.str[1:])


class _Bytes:
    """Stands for _codecs.encode, with which protocol 2 writes bytes."""

    def __init__(self, text: Any, *_: Any) -> None:
        self.text = text


class _Array:
    """Stands for numpy.ndarray: what `build` needs to make the real one."""

    def __init__(self, *_: Any) -> None:
        self.state: Any = None

    def set_state(self, state: Any) -> None:
        self.state = state

    def build(self) -> np.ndarray:
        """Return the array, a view of the pickle's bytes."""
        if not isinstance(self.state, tuple) or len(self.state) != 5:
            raise NotPoses("is a pickle with an array in an unknown form")
        _, shape, dtype, fortran, data = self.state
        if isinstance(data, _Bytes):
            data = data.text
        if isinstance(data, str):
            data = data.encode("latin1")
        if not isinstance(dtype, _DType) or not isinstance(data, (bytes, bytearray)):
            raise NotPoses("is a pickle with arrays of Python objects, expected plain numbers")
        kind = dtype.build()
        shape = tuple(int(n) for n in shape)
        if min(shape, default=0) < 0 or math.prod(shape) * kind.itemsize != len(data):
            raise NotPoses(
                f"is a pickle whose array of shape {shape} does not fit its {len(data)} bytes"
            )
        return np.frombuffer(data, dtype=kind).reshape(shape, order="F" if fortran else "C")


class _Scalar(_Array):
    def __init__(self, dtype: Any, data: Any) -> None:
        self.state = (1, (), dtype, False, data)


class _Buffer(_Array):
    def __init__(self, data: Any, dtype: Any, shape: Any, order: Any = "C") -> None:
        self.state = (1, shape, dtype, order == "F", data)


_ALLOWED: dict[str, dict[str, type]] = {
    "multiarray": {"_reconstruct": _Array, "scalar": _Scalar},
    "numeric": {"_frombuffer": _Buffer},
    "numpy": {"ndarray": _Array, "dtype": _DType},
    "_codecs": {"encode": _Bytes},
}


def read_pickle(content: bytes) -> Any:
    """Return what a pickle of arrays, numbers, text, lists, tuples and dicts holds."""
    try:
        return _Builder(len(content)).build(_Machine(content).run())
    except NotPoses:
        raise
    except Exception as error:
        raise NotPoses(
            f"is no whole pickle of arrays ({type(error).__name__}: {one_line(error)}): it is cut "
            "off or damaged, fetch it again"
        ) from error


class _Machine:
    """Follow the instructions of a pickle that make plain values.

    Parameters
    ----------
    content : bytes
        The pickle.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Return the one value that the pickle leaves behind."""
        arg: Any
        for opcode, arg, _ in pickletools.genops(io.BytesIO(self._content)):
            name = opcode.name
            if name in _VALUES:
                self._stack.append(_VALUES[name](arg))
            elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
                self._memo[arg] = self._stack[-1]
            elif name in ("GET", "BINGET", "LONG_BINGET"):
                self._stack.append(self._memo[arg])
            elif name in ("GLOBAL", "STACK_GLOBAL"):
                self._stack.append(self._global(arg))
            elif name in ("PERSID", "BINPERSID"):
                raise NotPoses("is a pickle that refers to objects outside itself")
            elif name not in ("PROTO", "FRAME", "STOP"):
                step = getattr(self, f"_{name.lower()}", None)
                if step is None:
                    raise NotPoses(
                        f"is a pickle with the instruction {name}: only arrays of numbers are "
                        "read from pickles"
                    )
                step()
        (value,) = self._stack
        return value

    def _global(self, arg: str | None) -> type:
        """Return what stands for a function or class that numpy's arrays are made with."""
        if arg is None:
            name, module = self._stack.pop(), self._stack.pop()
        else:
            module, _, name = arg.partition(" ")
        short = str(module).removeprefix("numpy.core.").removeprefix("numpy._core.")
        try:
            return _ALLOWED[short][str(name)]
        except KeyError:
            raise NotPoses(
                f"is a pickle that asks to run {module}.{name}: only arrays of numbers are "
                "read from pickles, since a pickle can run any code; if you trust it, load it "
                "yourself and save its arrays as NPZ"
            ) from None

    def _mark(self) -> None:
        self._marks.append(len(self._stack))

    def _since_mark(self) -> list[Any]:
        start = self._marks.pop()
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def _pop(self) -> None:
        self._stack.pop()

    def _pop_mark(self) -> None:
        self._since_mark()

    def _memoize(self) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _list(self) -> None:
        self._stack.append(self._since_mark())

    def _append(self) -> None:
        self._extend([self._stack.pop()])

    def _appends(self) -> None:
        self._extend(self._since_mark())

    def _extend(self, values: list[Any]) -> None:
        if type(self._stack[-1]) is not list:
            raise ValueError("what is no list is appended to")
        self._stack[-1].extend(values)

    def _tuple(self) -> None:
        self._stack.append(tuple(self._since_mark()))

    def _tuple1(self) -> None:
        self._join(1)

    def _tuple2(self) -> None:
        self._join(2)

    def _tuple3(self) -> None:
        self._join(3)

    def _join(self, n: int) -> None:
        if len(self._stack) < n:
            raise ValueError("the stack is empty")
        self._stack[-n:] = [tuple(self._stack[-n:])]

    def _dict(self) -> None:
        values = self._since_mark()
        self._stack.append({})
        self._update(values)

    def _setitem(self) -> None:
        values = self._stack[-2:]
        del self._stack[-2:]
        self._update(values)

    def _setitems(self) -> None:
        self._update(self._since_mark())

    def _update(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not dict:
            raise ValueError("what is no dict gets items")
        for key, value in zip(values[::2], values[1::2], strict=True):
            # Hashing a deep tuple would overflow the stack of the process.
            if not isinstance(key, (str, bytes, int, float, type(None))):
                raise ValueError(f"a dict has a key of {type(key).__name__}")
            target[key] = value

    def _reduce(self) -> None:
        args = self._stack.pop()
        function = self._stack.pop()
        if not isinstance(function, type) or not isinstance(args, tuple):
            raise ValueError("what cannot be called is called")
        self._stack.append(function(*args))

    def _build(self) -> None:
        state = self._stack.pop()
        if not isinstance(self._stack[-1], (_Array, _DType)):
            raise ValueError("a state is given to what has none")
        self._stack[-1].set_state(state)


def _given(arg: Any) -> Any:
    return arg


def _latin1(arg: Any) -> Any:
    # Text of Python 2, and bytes of arrays that it pickled.
    return arg.decode("latin1") if isinstance(arg, bytes) else arg


# fmt: off
_VALUES: dict[str, Callable[[Any], Any]] = {
    "NONE": lambda arg: None, "NEWTRUE": lambda arg: True, "NEWFALSE": lambda arg: False,
    "EMPTY_LIST": lambda arg: [], "EMPTY_DICT": lambda arg: {}, "EMPTY_TUPLE": lambda arg: (),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), _latin1),
    **dict.fromkeys((
        "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
        "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
        "SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8",
    ), _given),
}
# fmt: on


class _Builder:
    """Turn what stands for arrays into arrays, throughout nested lists, tuples and dicts.

    Parameters
    ----------
    budget : int
        How many bytes the pickle has: one that refers to its own parts again and again would
        unfold to more values than that.
    """

    def __init__(self, budget: int) -> None:
        self._left = 4 * budget + 1000

    def build(self, value: Any, depth: int = 0) -> Any:
        """Return the real value."""
        self._spend(1)
        if depth > _MAX_DEPTH:
            raise NotPoses(f"is a pickle nested more than {_MAX_DEPTH} levels deep")
        if isinstance(value, _Array):
            array = value.build()
            self._spend(array.nbytes)
            # A copy, since the buffer is read-only.
            return array.copy()
        if isinstance(value, _Bytes):
            self._spend(len(str(value.text)))
            return str(value.text).encode("latin1")
        if isinstance(value, (_DType, type)):
            raise NotPoses("is a pickle that holds types, expected plain values and arrays")
        if isinstance(value, dict):
            return {key: self.build(v, depth + 1) for key, v in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)([self.build(v, depth + 1) for v in value])
        return value

    def _spend(self, n: int) -> None:
        self._left -= n
        if self._left < 0:
            raise NotPoses(
                "is a pickle that unfolds to far more values than it stores: it was made to fill "
                "the memory"
            )
