"""Results about recordings, kept for as long as the recordings are."""

from __future__ import annotations

import hashlib
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np

from .recording import Recording

__all__ = ["RecordingCache"]

_T = TypeVar("_T")


class RecordingCache(Generic[_T]):
    """Results of a function of a recording, in bounded memory.

    The stages of a pipeline, and the candidates of a search, get the same recordings one after the
    other; each analysis of them is made once.

    Parameters
    ----------
    max_size : int
        Bytes of results that are kept; the one used longest ago is dropped first.

    Notes
    -----
    The key is the content of the recording, which costs some percent of an analysis, so one that is
    changed in place is analyzed again. Results are dropped when the array that owns the samples is
    deleted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.music.analysis_cache import RecordingCache
    >>> cache = RecordingCache(1000)
    >>> y = np.arange(3.0)
    >>> [float(cache.get(y, (), lambda: y.sum(), size=8)) for _ in range(2)]
    [3.0, 3.0]
    >>> len(cache)
    1
    >>> del y
    >>> len(cache)
    0
    """

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._results: OrderedDict[Hashable, tuple[_T, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._results)

    def get(self, y: Any, params: Hashable, compute: Callable[[], _T], *, size: int) -> _T:
        """Return a result, computed or kept.

        Parameters
        ----------
        y : ndarray or Recording
            The sound.
        params : hashable
            What else the result depends on.
        compute : callable
            Returns the result.
        size : int
            Bytes of the result.

        Returns
        -------
        result
            The same object again, which must not be changed.
        """
        samples = y.samples if isinstance(y, Recording) else np.ascontiguousarray(y)
        content = hashlib.blake2b(samples.data, digest_size=16).digest()
        key = (content, samples.dtype.str, getattr(y, "exponent", None), params)
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key][0]
        result = compute()
        if size <= self._max_size:
            weakref.finalize(_owner(y), self._discard, key).atexit = False
            with self._lock:
                self._results[key] = result, size
                while sum(size for _, size in self._results.values()) > self._max_size:
                    self._results.popitem(last=False)
        return result

    def _discard(self, key: Hashable) -> None:
        # Without the lock, which the thread that deletes an array may hold.
        self._results.pop(key, None)


def _owner(y: Any) -> Any:
    """Return the array that owns the samples of a view, or a recording itself."""
    while isinstance(y, np.ndarray) and isinstance(y.base, np.ndarray):
        y = y.base
    return y
