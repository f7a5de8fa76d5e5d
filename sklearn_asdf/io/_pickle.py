"""Arrays out of pickles without running what a pickle asks to run.

A pickle is a program. Here it may call five names only, all of them stand-ins written below
that note what an array would be made of; anything else is refused before it is looked up.
"""

from __future__ import annotations

import io
import math
import pickle
from typing import Any

import numpy as np

from ._take import NotPoses


class _DType:
    """Stands for numpy.dtype: remembers what it was called with."""

    def __init__(self, spec: Any = "f8", *_: Any) -> None:
        self.spec = spec if isinstance(spec, str) else "f8"
        self.order = "="

    def __setstate__(self, state: tuple) -> None:
        if len(state) > 1 and state[1] in ("<", ">", "=", "|"):
            self.order = state[1]

    def build(self) -> np.dtype:
        kind = np.dtype(self.spec)
        if kind.kind not in "biufSU" or kind.itemsize > 1024:
            raise NotPoses(f"is a pickle with an array of {self.spec!r}, expected plain numbers")
        return kind if self.order in "=|" else np.dtype(self.order + kind.str[1:])


class _Array:
    """Stands for numpy.ndarray: what `build` needs to make the real one."""

    def __init__(self, *_: Any) -> None:
        self.state: tuple | None = None

    def __setstate__(self, state: tuple) -> None:
        self.state = state

    def build(self) -> np.ndarray:
        if not isinstance(self.state, tuple) or len(self.state) != 5:
            raise NotPoses("is a pickle with an array in an unknown form")
        _, shape, dtype, fortran, data = self.state
        if isinstance(data, str):
            data = data.encode("latin1")
        if not isinstance(dtype, _DType) or not isinstance(data, bytes):
            raise NotPoses("is a pickle with arrays of Python objects, expected plain numbers")
        return _from_bytes(data, dtype, tuple(shape), bool(fortran))


class _Scalar(_Array):
    def __init__(self, dtype: Any, data: Any) -> None:
        self.state = (1, (), dtype, False, data)


class _Buffer(_Array):
    def __init__(self, data: Any, dtype: Any, shape: Any, order: Any = "C") -> None:
        self.state = (1, shape, dtype, order == "F", bytes(data))


class _Bytes:
    """Stands for _codecs.encode, with which protocol 2 writes bytes."""

    def __new__(cls, text: str, *_: Any) -> bytes:  # type: ignore[misc]
        return text.encode("latin1")

    # Without it, a pickle could set attributes of this class.
    def __setstate__(self, state: Any) -> None: ...


_ALLOWED: dict[str, dict[str, Any]] = {
    "multiarray": {"_reconstruct": _Array, "scalar": _Scalar},
    "numeric": {"_frombuffer": _Buffer},
    "numpy": {"ndarray": _Array, "dtype": _DType},
    "_codecs": {"encode": _Bytes},
}


class _Arrays(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        short = module.removeprefix("numpy.core.").removeprefix("numpy._core.")
        try:
            return _ALLOWED[short][name]
        except KeyError:
            raise NotPoses(
                f"is a pickle that asks to run {module}.{name}: only arrays of numbers are "
                "read from pickles, since a pickle can run any code; if you trust it, load it "
                "yourself and save its arrays as NPZ"
            ) from None

    def persistent_load(self, pid: Any) -> Any:
        raise NotPoses("is a pickle that refers to objects outside itself")


def read_pickle(content: bytes) -> Any:
    """Return what a pickle of arrays, numbers, text, lists, tuples and dicts holds."""
    try:
        return _build(_Arrays(io.BytesIO(content), encoding="latin1").load())
    except NotPoses:
        raise
    except Exception as error:
        raise NotPoses(
            f"is no whole pickle of arrays ({type(error).__name__}: {error}): it is cut off or "
            "damaged, fetch it again"
        ) from error


def _build(value: Any, depth: int = 0) -> Any:
    if depth > 20:
        raise NotPoses("is a pickle nested more than 20 levels deep")
    if isinstance(value, _Array):
        return value.build()
    if isinstance(value, dict):
        return {key: _build(v, depth + 1) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_build(v, depth + 1) for v in value)
    return value


def _from_bytes(data: bytes, dtype: _DType, shape: tuple, fortran: bool) -> np.ndarray:
    kind = dtype.build()
    shape = tuple(int(n) for n in shape)
    if min(shape, default=0) < 0 or math.prod(shape) * kind.itemsize != len(data):
        raise NotPoses(
            f"is a pickle whose array of shape {shape} does not fit its {len(data)} bytes"
        )
    # A copy, since the buffer is read-only.
    flat = np.frombuffer(data, dtype=kind).copy()
    return flat.reshape(shape, order="F" if fortran else "C")
