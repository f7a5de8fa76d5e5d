"""ClipArray: how a container of clips behaves like an array."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np

from .arrays import as_clip_index

__all__ = ["ClipArray"]


class ClipArray:
    """Mixin that makes a container of poses behave like an array of clips.

    A subclass has `position`, an array of shape (n_clips, n_frames, n_joints, n_axes), and defines
    `_map`.
    """

    position: np.ndarray

    def _map(self, function: Callable[[np.ndarray], np.ndarray]) -> Self:
        """Return a container of `function` of each array, whose first axis is clips."""
        raise NotImplementedError

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `position`."""
        return self.position.shape

    @property
    def ndim(self) -> int:
        """Always 4."""
        return self.position.ndim

    @property
    def dtype(self) -> np.dtype:
        """The floating type of `position`."""
        return self.position.dtype

    @property
    def n_clips(self) -> int:
        """Number of clips."""
        return self.position.shape[0]

    @property
    def n_frames(self) -> int:
        """Number of frames of the longest clip."""
        return self.position.shape[1]

    @property
    def n_joints(self) -> int:
        """Number of joints."""
        return self.position.shape[2]

    @property
    def n_axes(self) -> int:
        """Number of axes of space."""
        return self.position.shape[3]

    def __len__(self) -> int:
        return self.n_clips

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.position if dtype is None else self.position.astype(dtype, copy=False)
        if copy is False and array is not self.position:
            raise ValueError(f"expected dtype {self.dtype} where no copy is allowed, got {dtype}")
        return array.copy() if copy and array is self.position else array

    def __getitem__(self, key: Any) -> Self:
        clips = as_clip_index(key, self.n_clips)
        return self._map(lambda array: array[clips])

    def batches(self, size: int) -> Iterator[tuple[slice, Any]]:
        """Yield some clips at a time, in memory.

        Parameters
        ----------
        size : int
            Number of clips.

        Yields
        ------
        slice
            Which clips.
        Motion
            The clips.
        """
        for first in range(0, self.n_clips, size):
            block = slice(first, min(first + size, self.n_clips))
            yield block, self[block]

    def with_fields(self, **fields: np.ndarray) -> Any:
        """Return the clips with other values of some fields.

        Parameters
        ----------
        **fields : ndarray
            New values.

        Returns
        -------
        Motion
            Views of all other arrays.
        """
        same: Any = self
        return dataclasses.replace(same, **fields)

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(self.n_clips))
