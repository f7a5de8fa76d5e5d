"""Checks of arrays of samples."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .recording import Recording

__all__ = ["as_integers", "check_array", "check_recording"]

# Larger values are integers that were converted to floats.
_LARGEST_SAMPLE = 1000.0
_PCM = ("int8", "uint8", "int16", "uint16")


def check_array(y: Any, name: str) -> tuple[np.ndarray, list[str]]:
    """Return clips as floats, and what is wrong with them.

    Parameters
    ----------
    y : array-like of shape (n_clips, n_samples)
        Samples.
    name : str
        Name of the argument in problems.

    Returns
    -------
    y : ndarray of float32 or float64
        Samples.
    problems : list of str
        At most one problem.
    """
    wanted = f"expected {name} of shape (n_clips, n_samples), got"
    if isinstance(y, (str, bytes, os.PathLike)):
        raise TypeError(f"{wanted} {y!r}: AudioClips.from_recordings([path, ...]) reads files")
    if hasattr(y, "tocsr"):
        raise TypeError(f"{wanted} a sparse matrix: pass a dense array")
    try:
        y = np.asarray(y)
    except ValueError:
        raise ValueError(
            f"{wanted} clips of different length: cut all clips to one length"
        ) from None
    if y.dtype.kind == "O":
        try:
            y = y.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{wanted} something that is not numbers: {error}") from None
    if y.dtype.kind == "c":
        raise ValueError(f"{wanted} complex numbers. Complex data not supported")
    if y.dtype.kind not in "fiub":
        raise TypeError(f"{wanted} an array of dtype {y.dtype}: pass floats in [-1, 1]")
    got = f"{wanted} an array of shape {y.shape}:"
    if y.ndim == 1:
        return y, [
            f"{got} a single clip is y[None, :]. Reshape your data either using "
            "array.reshape(-1, 1) or array.reshape(1, -1)"
        ]
    if y.ndim == 3 and 2 in y.shape[1:]:
        axis = 1 if y.shape[1] == 2 else 2
        return y, [f"{got} for stereo, mix to mono with y.mean(axis={axis})"]
    if y.ndim != 2:
        return y, [f"{got} every clip is one row of samples"]
    if y.shape[1] == 0:
        return y, [
            f"{wanted} clips without samples: Found array with 0 feature(s) (shape={y.shape}) "
            "while a minimum of 1 is required."
        ]
    if y.shape[0] == 0:
        return y, [f"{wanted} no clips (shape={y.shape}): a minimum of 1 clip is required"]
    if y.dtype.name in _PCM or (y.dtype.kind in "iu" and np.abs(y).max() > 1000):
        return y, [
            f"expected {name} as floats in [-1, 1], got integers of dtype {y.dtype}: divide "
            "samples by the format's largest value, for 16 bits y / 32768.0"
        ]
    if y.dtype not in (np.float32, np.float64):
        y = y.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(y).all(axis=1))
    if len(bad):
        return y, [
            f"expected finite samples in {name}, got NaN or infinity in {len(bad)} clip(s), "
            f"the first is clip {bad[0]}: remove or mend them"
        ]
    loudest = np.abs(y).max()
    if loudest > _LARGEST_SAMPLE:
        return y, [
            f"expected {name} as floats in [-1, 1], got values up to {loudest:g}: divide samples "
            "by the format's largest value, for 16 bits y / 32768.0"
        ]
    return y, []


def check_recording(y: Any, name: str, problems: list[str]) -> Any:
    """Return a recording as float32 of one dimension, or add to the problems.

    Parameters
    ----------
    y : Recording or array-like of shape (n_samples,)
        Samples.
    name : str
        Name of the recording in problems.
    problems : list of str
        Problems found so far.

    Returns
    -------
    Recording, or ndarray of float32 of shape (n_samples,)
        Samples; none if there is a problem.
    """
    if isinstance(y, (str, bytes)):
        problems.append(f"expected {name} as an array of samples, got text {y!r}")
        return np.zeros(0, np.float32)
    if isinstance(y, Recording):
        return y
    y = np.asarray(y)
    if y.dtype.kind not in "f":
        problems.append(
            f"expected {name} as floats in [-1, 1], got dtype {y.dtype}: divide integer samples "
            "by the format's largest value, for 16 bits y / 32768.0"
        )
    elif y.ndim != 1:
        hint = ": mix stereo to mono with y.mean(axis=...)" if y.ndim == 2 else ""
        problems.append(f"expected {name} of shape (n_samples,), got {y.shape}{hint}")
    elif not np.isfinite(y).all():
        problems.append(f"expected finite samples in {name}, got NaN or infinity")
    else:
        return np.ascontiguousarray(y, dtype=np.float32)
    return np.zeros(0, np.float32)


def as_integers(values: Any, name: str, problems: list[str]) -> np.ndarray:
    """Return integers as an array of one dimension, or add to the problems.

    Parameters
    ----------
    values : array-like of int
        Numbers.
    name : str
        Name of the argument in problems.
    problems : list of str
        Problems found so far.

    Returns
    -------
    ndarray of int
        Numbers; none if there is a problem.
    """
    values = np.asarray(values)
    if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
        problems.append(
            f"expected {name} as a 1-D array of integers, got shape {values.shape} and "
            f"dtype {values.dtype}"
        )
        return np.zeros(0, np.intp)
    return values.astype(np.intp)
