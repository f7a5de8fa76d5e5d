"""Arrays of poses: conversion to floats, checks, padding and cutting in time.

What :class:`~sklearn_asdf.Motion` does with its arrays, as functions of plain arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy.sparse import issparse

from .._validation import raise_all

__all__ = [
    "as_clip_index",
    "as_float",
    "check_fps",
    "check_positions",
    "concatenate_frames",
    "cut_windows",
    "is_ragged",
    "keyframe_problems",
    "pad_clips",
    "unpack_clips",
    "window_starts",
]

SHAPE = "(n_clips, n_frames, n_joints, n_axes)"


def as_float(array: Any, *, name: str) -> np.ndarray:
    """Return a float32 or float64 array.

    Parameters
    ----------
    array : array-like
        Numbers. float32 and float64 are kept, other types become float64.
    name : str
        What the array holds, for error messages.

    Returns
    -------
    ndarray
        The array itself where it has a floating type.
    """
    if issparse(array):
        raise TypeError(f"Sparse data was passed for {name}, but dense data is required.")
    try:
        array = np.asarray(array)
    except ValueError:
        raise ValueError(
            f"expected {name} to be a regular array of numbers, got rows of different length: for "
            "clips of different length use Motion.from_clips"
        ) from None
    if array.dtype in (np.float32, np.float64):
        return array
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: expected real numbers for {name}")
    if array.dtype.kind not in "fiubO":
        raise ValueError(f"expected {name} to be numbers, got an array of dtype {array.dtype}")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise type(error)(f"expected {name} to be numbers: {error}") from None


def check_fps(fps: Any) -> list[str]:
    """Return what is wrong with a frame rate.

    Parameters
    ----------
    fps : object
        A frame rate.

    Returns
    -------
    list of str
        Error messages; empty for a finite positive number.
    """
    if isinstance(fps, bool) or not isinstance(fps, Real) or not 0 < float(fps) < np.inf:
        return [f"expected fps to be a positive number of frames per second, got {fps!r}"]
    return []


def check_positions(position: np.ndarray) -> list[str]:
    """Return what is wrong with the shape of positions.

    Parameters
    ----------
    position : ndarray
        Poses of shape (n_clips, n_frames, n_joints, n_axes).

    Returns
    -------
    list of str
        Error messages.

    Raises
    ------
    ValueError
        If there are not four axes: nothing else can be checked then.
    """
    if position.ndim != 4:
        hint = {3: ": add a clip axis (poses[None])", 2: ": see as_motion for tables"}
        raise ValueError(
            f"expected poses of shape {SHAPE}, got {position.shape}{hint.get(position.ndim, '')}"
        )
    problems = []
    if min(position.shape[1:]) == 0:
        problems.append(
            f"expected at least one frame, joint and axis, got poses of shape {position.shape}"
        )
    if position.shape[3] > 3:
        problems.append(
            f"expected 1 to 3 axes of space, got {position.shape[3]} in poses of shape "
            f"{position.shape}: transpose them to {SHAPE}"
        )
    return problems


def keyframe_problems(keyframes: np.ndarray, n_clips: int) -> list[str]:
    """Return what is wrong with keyframes.

    Parameters
    ----------
    keyframes : ndarray
        Frames, of shape (n_clips, n_keyframes).
    n_clips : int
        Number of clips of the poses.

    Returns
    -------
    list of str
        Error messages.
    """
    if keyframes.ndim != 2 or len(keyframes) != n_clips:
        return [f"expected keyframes of shape ({n_clips}, n_keyframes), got {keyframes.shape}"]
    if keyframes.dtype.kind not in "iu":
        return [f"expected keyframes to be integers, got {keyframes.dtype}"]
    return []


def as_clip_index(key: Any, n_clips: int) -> Any:
    """Return an index along the clips that keeps their axis.

    Parameters
    ----------
    key : int, slice, array-like of int or bool, or (index, Ellipsis)
        What was written between the brackets.
    n_clips : int
        Number of clips.

    Returns
    -------
    slice or ndarray
        For the first axis of an array.
    """
    if isinstance(key, tuple):
        if len(key) != 2 or key[1] is not Ellipsis:
            raise IndexError(
                "expected an index of clips (a number, slice, index array or mask), got "
                f"{key!r}: use frames(start, stop) to cut in time, or position for the array"
            )
        key = key[0]
    if isinstance(key, slice):
        return key
    if isinstance(key, Integral) and not isinstance(key, (bool, np.bool_)):
        place = int(key) + (n_clips if key < 0 else 0)
        if not 0 <= place < n_clips:
            raise IndexError(f"expected a clip below {n_clips}, got {key}")
        return slice(place, place + 1)
    key = np.asarray(key)
    if key.ndim == 1 and key.dtype.kind in "iub":
        return key
    if key.size:
        raise IndexError(
            "expected an index of clips (a number, slice, index array or mask), got "
            f"an array of {key.dtype} and shape {key.shape}"
        )
    return np.zeros(0, dtype=np.intp)


def pad_clips(
    clips: Sequence[Any], confidence: Sequence[Any] | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Stack clips of different length, padded at the end.

    Parameters
    ----------
    clips : sequence of array-like of shape (n_frames_i, n_joints, n_axes)
        Positions of each clip.
    confidence : sequence of array-like of shape (n_frames_i, n_joints), default=None
        Confidence of each clip.

    Returns
    -------
    position : ndarray of shape (n_clips, n_frames, n_joints, n_axes)
        Padded with NaN.
    confidence : ndarray of shape (n_clips, n_frames, n_joints) or None
        Padded with 0.
    """
    arrays = [as_float(clip, name=f"clip {i}") for i, clip in enumerate(clips)]
    if not arrays:
        raise ValueError("expected at least one clip, got an empty list")
    raise_all(
        [
            f"expected clip {i} of shape (n_frames, n_joints, n_axes), got {a.shape}"
            for i, a in enumerate(arrays)
            if a.ndim != 3 or 0 in a.shape
        ]
    )
    body = arrays[0].shape[1:]
    problems = [
        f"expected all clips to have the joints and axes of the first, {body}, got "
        f"{a.shape[1:]} in clip {i}"
        for i, a in enumerate(arrays)
        if a.shape[1:] != body
    ]
    sure = None
    if confidence is not None:
        sure = [as_float(c, name=f"confidence {i}") for i, c in enumerate(confidence)]
        if [c.shape for c in sure] != [a.shape[:2] for a in arrays]:
            problems.append(
                "expected confidence to have the shape (n_frames, n_joints) of each clip, got "
                f"{[c.shape for c in sure]} for {[a.shape[:2] for a in arrays]}"
            )
    raise_all(problems)
    return _stack(arrays, np.nan), None if sure is None else _stack(sure, 0.0)


def _stack(arrays: list[np.ndarray], fill: float) -> np.ndarray:
    """Return arrays of different length as one array, padded at the end."""
    shape = (len(arrays), max(map(len, arrays)), *arrays[0].shape[1:])
    stacked = np.full(shape, fill, np.result_type(*arrays))
    for row, array in zip(stacked, arrays, strict=True):
        row[: len(array)] = array
    return stacked


def concatenate_frames(parts: Sequence[np.ndarray], fill: float) -> np.ndarray:
    """Concatenate clips, shorter ones padded at the end.

    Parameters
    ----------
    parts : sequence of ndarray of shape (n_clips_i, n_frames_i, ...)
        Clips of several motions.
    fill : float
        Value of the padding.

    Returns
    -------
    ndarray of shape (n_clips, n_frames, ...)
        As many frames as the longest part has.
    """
    n_frames = max(part.shape[1] for part in parts)

    def padded(part: np.ndarray) -> np.ndarray:
        missing = n_frames - part.shape[1]
        if not missing:
            return part
        width = [(0, 0), (0, missing), *[(0, 0)] * (part.ndim - 2)]
        return np.pad(part, width, constant_values=fill)

    return np.concatenate([padded(part) for part in parts])


def window_starts(length: int, size: int, hop: float) -> Any:
    """Return the first frames of windows that fit into a take.

    Parameters
    ----------
    length : int
        Frames of the take.
    size : int
        Frames of a window.
    hop : float
        Frames from one window to the next.

    Returns
    -------
    slice or ndarray of int
        Window i starts at the frame nearest to ``i * hop``; a slice where `hop` is whole, so that
        windows can be views.
    """
    if hop == int(hop):
        return slice(0, length - size + 1, int(hop))
    starts = np.rint(np.arange(int((length - size + 0.5) / hop) + 1) * hop).astype(np.intp)
    return starts[starts + size <= length]


def cut_windows(array: np.ndarray, starts: Any, size: int) -> np.ndarray:
    """Cut one take into overlapping windows.

    Parameters
    ----------
    array : ndarray of shape (1, n_frames, ...)
        The take.
    starts : slice or ndarray of int
        First frames, see :func:`window_starts`.
    size : int
        Frames of a window.

    Returns
    -------
    ndarray of shape (n_windows, size, ...)
        A read-only view where `starts` is a slice.
    """
    view = np.lib.stride_tricks.sliding_window_view(array[0], size, axis=0)
    return np.moveaxis(view[starts], -1, 1)


def unpack_clips(X: Any) -> Any:
    """Return the clips of an object array as a list, and anything else as it is.

    Parameters
    ----------
    X : object
        Poses in any form.

    Returns
    -------
    object
        A list of clips, or `X`.

    Raises
    ------
    ValueError
        If `X` is a DataFrame of frames by joints, which would be read as a table of clips.
    """
    if getattr(getattr(X, "columns", None), "nlevels", 1) > 1:
        raise ValueError(
            "expected poses of shape (n_clips, n_frames, n_joints, n_axes), got a DataFrame whose "
            f"columns have {X.columns.nlevels} levels, as DeepLabCut writes it, which is one take: "
            "read its file with sklearn_asdf.io.read_poses"
        )
    if isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1:
        return list(X) if len(X) and np.ndim(X[0]) == 3 else X
    return X


def is_ragged(X: Any) -> bool:
    """Return whether `X` is a list of clips of different shape.

    Parameters
    ----------
    X : object
        Poses in any form.

    Returns
    -------
    bool
        False for anything but a list or tuple of three-dimensional arrays.
    """
    if not isinstance(X, (list, tuple)) or not X:
        return False
    clips = [clip if hasattr(clip, "shape") else np.asarray(clip, dtype=object) for clip in X]
    return clips[0].ndim == 3 and any(clip.shape != clips[0].shape for clip in clips)
