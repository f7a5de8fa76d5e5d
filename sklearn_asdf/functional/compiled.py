"""Loops that numba compiles, and when they are used instead of NumPy.

Each loop in `kernels` stands beside the NumPy version that defines its result; both agree to about
ten digits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, update_wrapper
from importlib.util import find_spec
from types import FunctionType
from typing import Any

__all__ = ["Loops", "numpy_only", "use_compiled"]

_NUMPY_ONLY: ContextVar[bool] = ContextVar("sklearn_asdf_numpy_only", default=False)


@lru_cache(maxsize=1)
def _has_numba() -> bool:
    # numba reads the environment once, too.
    disabled = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
    return not disabled and find_spec("numba") is not None


def use_compiled() -> bool:
    """Return whether compiled loops are used: where numba is installed and not switched off.

    Returns
    -------
    bool
        False without numba, if the environment variable ``NUMBA_DISABLE_JIT`` is set to anything
        but 0, and within :func:`numpy_only`.

    Examples
    --------
    >>> from sklearn_asdf.functional.compiled import numpy_only, use_compiled
    >>> with numpy_only():
    ...     use_compiled()
    False
    """
    return not _NUMPY_ONLY.get() and _has_numba()


@contextmanager
def numpy_only(active: bool = True) -> Iterator[None]:
    """Use NumPy instead of compiled loops, in this thread and within a ``with`` block.

    Loading numba takes some tenths of a second, and compiling its loops, once for each
    installation, some seconds: a short program that runs once is faster without.

    Parameters
    ----------
    active : bool, default=True
        False changes nothing.

    Yields
    ------
    None
        Nothing; what held before holds again after the block.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import KinematicsTransformer
    >>> from sklearn_asdf.functional.compiled import numpy_only
    >>> poses = np.random.default_rng(0).normal(size=(2, 60, 17, 2))
    >>> with numpy_only():
    ...     motion = KinematicsTransformer().fit_transform(poses)
    """
    token = _NUMPY_ONLY.set(active or _NUMPY_ONLY.get())
    try:
        yield
    finally:
        _NUMPY_ONLY.reset(token)


class Loops:
    """A function of loops over arrays that numba compiles at its first call.

    Parameters
    ----------
    function : callable
        Written for numba. It may call other functions of this kind in the same file.

    Notes
    -----
    numba is imported at the first call. It caches the machine code in the folder ``__pycache__``
    beside the source, or in the user's cache folder if that is not writable; the environment
    variable ``NUMBA_CACHE_DIR`` names another. Other threads run during a call.

    Examples
    --------
    >>> from sklearn_asdf.functional.compiled import Loops
    >>> @Loops
    ... def double(x, out):
    ...     for i in range(len(x)):
    ...         out[i] = 2 * x[i]
    >>> double.__name__
    'double'
    """

    def __init__(self, function: Any) -> None:
        self._function = function
        self._compiled: Callable[..., Any] | None = None
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        """Call the compiled function.

        Parameters
        ----------
        *arguments : object
            Those of the function.

        Returns
        -------
        object
            What the function returns.
        """
        if self._compiled is None:
            self._compiled = self._compile()
        return self._compiled(*arguments)

    def _compile(self) -> Callable[..., Any]:
        import numba

        function = self._function
        known = function.__globals__
        # numba calls compiled functions alone.
        helpers = {
            name: known[name]._compile()
            for name in function.__code__.co_names
            if isinstance(known.get(name), Loops)
        }
        if helpers:
            function = FunctionType(function.__code__, known | helpers, function.__name__)
            function.__module__ = self._function.__module__
            function.__qualname__ = self._function.__qualname__
        compiled: Callable[..., Any] = numba.njit(nogil=True, cache=True, error_model="numpy")(
            function
        )
        return compiled
