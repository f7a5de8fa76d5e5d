"""MotionClips: clips of poses that are cut and transformed when they are needed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from functools import cached_property
from typing import Any, Self

import numpy as np

from .._validation import Real, raise_all
from .arrays import as_clip_index, window_starts
from .container import Motion
from .skeletons import Skeleton

__all__ = ["MotionClips"]

# Coordinates that are cut and transformed at a time where nobody says otherwise.
_BLOCK = 2**19


class MotionClips(Motion):
    """Clips of long takes, cut and transformed batch by batch when they are needed.

    A corpus of hours takes no more memory than its takes: clips of eight seconds that start every
    second would hold each frame eight times, and the motion stages add derivatives to that. The
    stages of a pipeline return such clips for such clips, and for more poses than fit comfortably
    into memory. :class:`~sklearn_asdf.AudioClips` does the same for the music.

    Make them with :meth:`from_takes`.

    Parameters
    ----------
    *args, **kwargs : object
        Fields of a :class:`Motion`, which is returned then, in memory: :func:`dataclasses.replace`
        passes all fields.

    Attributes
    ----------
    takes : tuple of Motion
        The takes that the clips are cut from.
    functions : tuple of callables
        What is applied to each batch, one after the other: the stages of a pipeline.

    See Also
    --------
    Motion : Clips in memory.
    BatchTransformer : A table of features of many clips, batch by batch.

    Notes
    -----
    They are a :class:`Motion`. Indexing selects clips and computes nothing. `batches` is the way
    through all of them; `load`, and every field with frames (`position`, `velocity`, ...), computes
    all selected clips at once and keeps them, which for a whole corpus takes the memory that this
    class avoids. Keyframes and beat of all clips are small, and are kept.

    Each further stage of a pipeline goes through the takes again. This costs processor time instead
    of memory: canonical poses, smoothing and derivatives of an hour take some seconds.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import MotionClips, PoseSmoother
    >>> take = np.random.default_rng(0).normal(size=(900, 17, 2)).cumsum(axis=0)
    >>> clips = MotionClips.from_takes([take, take[:600]], clip_duration=8.0, hop_duration=1.0)
    >>> clips
    MotionClips(36 clips of 8 s from 2 takes, 17 joints (coco17) x 2 axes, float64)
    >>> smooth = PoseSmoother().fit_transform(clips)
    >>> smooth[:4].load().shape
    (4, 240, 17, 2)
    """

    takes: tuple[Motion, ...]
    functions: tuple[Callable[[Motion], Motion], ...]
    # The take of each clip, its first frame in it, the frames of a clip, and fields in memory.
    _take: np.ndarray
    _start: np.ndarray
    _size: int | None
    _fields: dict[str, np.ndarray]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return Motion(*args, **kwargs) if args or kwargs else object.__new__(cls)

    @classmethod
    def from_takes(
        cls,
        takes: Iterable[Any],
        *,
        fps: float = 30.0,
        skeleton: Skeleton | str | None = "auto",
        clip_duration: float = 8.0,
        hop_duration: float = 1.0,
    ) -> Self:
        """Cut takes into overlapping clips of one length.

        Parameters
        ----------
        takes : iterable of Motion or array-like of shape (n_frames, n_joints, n_axes)
            One performance each; Motions of one clip, of the same frame rate, joints and axes.
            Arrays may be memory-mapped.
        fps : float, default=30.0
            Frame rate of arrays in Hz.
        skeleton : Skeleton, str or None, default="auto"
            Names and bones of the joints of arrays, as in :class:`Motion`.
        clip_duration : float, default=8.0
            Length of a clip in s.
        hop_duration : float, default=1.0
            Time from one clip's start to the next one's, in s.

        Returns
        -------
        MotionClips
            The clips of the first take, then those of the second, and so on. `groups` has the take
            of each.

        Warns
        -----
        UserWarning
            If a take is shorter than a clip; it is left out.
        """
        motions = [_as_take(take, i, fps, skeleton) for i, take in enumerate(takes)]
        problems = [] if motions else ["expected at least one take, got none"]
        problems += [
            f"expected {name} to be a positive number of seconds, got {value!r}"
            for name, value in (("clip_duration", clip_duration), ("hop_duration", hop_duration))
            if not isinstance(value, Real) or not 0 < value < np.inf
        ]
        for i, motion in enumerate(motions[1:], start=1):
            if (motion.fps, motion.shape[2:]) != (motions[0].fps, motions[0].shape[2:]):
                problems.append(
                    f"expected take {i} at {motions[0].fps:g} fps with joints and axes "
                    f"{motions[0].shape[2:]} as the first, got {motion.fps:g} fps and "
                    f"{motion.shape[2:]}: resample it, or select the joints"
                )
        raise_all(problems)
        rate = motions[0].fps
        size = max(1, round(clip_duration * rate))
        take, start = [], []
        for i, motion in enumerate(motions):
            starts = window_starts(int(motion.lengths[0]), size, max(hop_duration * rate, 1.0))
            if isinstance(starts, slice):
                starts = np.arange(starts.start, max(starts.stop, 0), starts.step)
            if not len(starts):
                warnings.warn(
                    f"take {i} lasts {motion.duration:.3g} s, less than one clip of "
                    f"{clip_duration:g} s, and is left out",
                    UserWarning,
                    stacklevel=2,
                )
            take.append(np.full(len(starts), i))
            start.append(starts)
        if not sum(map(len, start)):
            raise ValueError(
                f"expected at least one take of {clip_duration:g} s or more, got "
                f"{len(motions)}, all shorter: take a shorter clip_duration"
            )
        return cls._of(tuple(motions), np.concatenate(take), np.concatenate(start), size)

    @classmethod
    def of(cls, motion: Motion) -> Self:
        """Return the clips of a Motion, to be transformed batch by batch.

        Parameters
        ----------
        motion : Motion
            Clips in memory, or views of a take.

        Returns
        -------
        MotionClips
            The same clips.
        """
        if isinstance(motion, cls):
            return motion
        return cls._of((motion,), np.zeros(len(motion), np.intp), np.arange(len(motion)), None)

    @classmethod
    def _of(
        cls,
        takes: tuple[Motion, ...],
        take: np.ndarray,
        start: np.ndarray,
        size: int | None,
        functions: tuple[Callable[[Motion], Motion], ...] = (),
        **fields: np.ndarray,
    ) -> Self:
        """Return clips: windows of `size` frames of takes, or if None whole clips of a Motion."""
        self = object.__new__(cls)
        self.__dict__.update(
            takes=takes, functions=functions, _take=take, _start=start, _size=size, _fields=fields
        )
        return self

    def then(self, function: Callable[[Motion], Motion]) -> Self:
        """Return the clips behind one more stage.

        Parameters
        ----------
        function : callable
            Takes some clips in memory, and returns a Motion of as many.

        Returns
        -------
        MotionClips
            Nothing is computed yet.
        """
        functions = (*self.functions, function)
        return self._of(self.takes, self._take, self._start, self._size, functions, **self._fields)

    def with_fields(self, **fields: np.ndarray) -> Self:
        """Return the clips with other values of some fields, in memory.

        Parameters
        ----------
        **fields : ndarray with n_clips rows
            Such as `beat` and `keyframes`.

        Returns
        -------
        MotionClips
            Behind the same stages.
        """
        new = self._of(
            self.takes, self._take, self._start, self._size, self.functions, **self._fields | fields
        )
        new.__dict__.update({k: self.__dict__[k] for k in ("lengths",) if k in self.__dict__})
        return new

    def load(self) -> Motion:
        """Return the clips in memory.

        Returns
        -------
        Motion
            All clips, cut and transformed.
        """
        motion = self._cut()
        for function in self.functions:
            motion = function(motion)
        return motion.with_fields(**self._fields) if self._fields else motion

    def batches(self, size: int | None = None) -> Iterator[tuple[slice, Motion]]:
        """Yield some clips at a time, in memory.

        Parameters
        ----------
        size : int, default=None
            Number of clips; None takes as many as have about half a million coordinates.

        Yields
        ------
        slice
            Which clips.
        Motion
            The clips.
        """
        if size is None:
            size = max(1, _BLOCK // int(np.prod(self.shape[1:])))
        for first in range(0, len(self), size):
            block = slice(first, min(first + size, len(self)))
            yield block, self[block].load()

    def _cut(self) -> Motion:
        """Return the clips before the first stage."""
        if self._size is None:
            if len(self._start) and (np.diff(self._start) == 1).all():
                return self.takes[0][self._start[0] : self._start[-1] + 1]
            return self.takes[0][self._start]
        first = self.takes[0]
        arrays: dict[str, Any] = {}
        for name in ("position", "confidence", "beat"):
            parts = [getattr(take, name) for take in self.takes]
            if any(part is None for part in parts):
                continue
            array = np.empty((len(self), self._size, *parts[0].shape[2:]), parts[0].dtype)
            for row, take, start in zip(array, self._take, self._start):
                row[:] = parts[take][0, start : start + self._size]
            arrays[name] = array
        return Motion(fps=first.fps, skeleton=first.skeleton, **arrays)

    @cached_property
    def _loaded(self) -> Motion:
        return self.load()

    @cached_property
    def _form(self) -> Motion:
        """The first clip, which tells what the others have."""
        return self._loaded if len(self) < 2 else self[:1].load()

    @cached_property
    def lengths(self) -> np.ndarray:
        """Frames of each clip up to the last in which any joint was seen."""
        if "_loaded" in self.__dict__:
            return np.asarray(self._loaded.lengths)
        return np.concatenate([part.lengths for _, part in self.batches()])

    @property
    def groups(self) -> np.ndarray:
        """Take of each clip, int (n_clips,): the groups for ``GroupKFold``."""
        return self._take

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `position`."""
        return (len(self._start), *self._form.shape[1:])

    @property
    def n_clips(self) -> int:
        """Number of clips."""
        return len(self._start)

    @property
    def n_frames(self) -> int:
        """Number of frames of a clip."""
        return self.shape[1]

    @property
    def n_joints(self) -> int:
        """Number of joints."""
        return self.shape[2]

    @property
    def n_axes(self) -> int:
        """Number of axes of space."""
        return self.shape[3]

    @property
    def ndim(self) -> int:
        """Always 4."""
        return 4

    @property
    def dtype(self) -> np.dtype:
        """The floating type of `position`."""
        return self._form.dtype

    def __getitem__(self, key: Any) -> Self:
        clips = as_clip_index(key, self.n_clips)
        fields = {name: values[clips] for name, values in self._fields.items()}
        part = self._of(
            self.takes, self._take[clips], self._start[clips], self._size, self.functions, **fields
        )
        if "lengths" in self.__dict__:
            part.__dict__["lengths"] = self.lengths[clips]
        return part

    def __getstate__(self) -> dict[str, Any]:
        names = ("takes", "functions", "_take", "_start", "_size", "_fields")
        state = {name: self.__dict__[name] for name in names}
        if self._size is not None:
            used, take = np.unique(self._take, return_inverse=True)
            state |= {"takes": tuple(self.takes[i] for i in used), "_take": take}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __repr__(self) -> str:
        n = len(self.takes)
        form = self._form
        named = form.skeleton.name or "custom" if form.skeleton else "unnamed"
        takes = "" if self._size is None else f" from {n} take{'' if n == 1 else 's'}"
        return (
            f"MotionClips({len(self)} clip{'' if len(self) == 1 else 's'} of {self.duration:.4g} s"
            f"{takes}, {form.n_joints} joints ({named}) x {form.n_axes} axes, {form.dtype})"
        )


def _field(name: str) -> property:
    """Return a property that computes all clips only where the field exists."""

    def read(self: MotionClips) -> Any:
        known = self._fields.get(name)
        if known is None and getattr(self._form, name) is not None:
            known = getattr(self._loaded, name)
        return known

    return property(read, doc=f"`{name}` of all clips, computed at once; see :class:`Motion`.")


def _same_of_all(name: str) -> property:
    """Return a property that all clips share."""

    def read(self: MotionClips) -> Any:
        return getattr(self._form, name)

    return property(read, doc=f"`{name}` of the clips; see :class:`Motion`.")


# All fields of a motion are computed when they are read.
for _of in fields(Motion):
    _shared = _of.name in ("fps", "skeleton")
    setattr(MotionClips, _of.name, _same_of_all(_of.name) if _shared else _field(_of.name))


def _as_take(take: Any, index: int, fps: float, skeleton: Any) -> Motion:
    """Return a take as a Motion of one clip."""
    if not isinstance(take, Motion):
        take = np.asarray(take)
        if take.ndim != 3:
            raise ValueError(
                f"expected take {index} of shape (n_frames, n_joints, n_axes), got {take.shape}"
            )
        return Motion(take[None], fps=fps, skeleton=skeleton)
    if len(take) != 1:
        raise ValueError(
            f"expected take {index} as a Motion of one clip, got {len(take)} clips: pass each one"
        )
    return take
