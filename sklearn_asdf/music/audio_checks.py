"""Checks of the audio that estimators are given: clips, and clips as those in `fit`."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_array as sklearn_check_array
from sklearn.utils.validation import validate_data

from .._validation import raise_all
from .clips import AudioClips
from .sample_checks import check_array

__all__ = ["check_audio", "check_clips", "check_code_size", "check_hop_duration"]


def check_audio(
    y: Any,
    *,
    sr: int = 22050,
    n_samples: int | None = None,
    allow_silent: bool = False,
    name: str = "audio",
) -> Any:
    """Return checked audio, or raise an error with all that is wrong.

    Parameters
    ----------
    y : AudioClips or array-like of shape (n_clips, n_samples)
        Mono clips, floats in [-1, 1].
    sr : int, default=22050
        Expected sampling rate in Hz; an array is taken to be at that rate.
    n_samples : int, default=None
        Expected length of a clip; any if None.
    allow_silent : bool, default=False
        Whether every clip may be silent.
    name : str, default="audio"
        Name of the argument in errors.

    Returns
    -------
    AudioClips or ndarray of float32 or float64 of shape (n_clips, n_samples)
        `AudioClips` are returned as they are; floats keep their precision, integers become float64.

    Raises
    ------
    TypeError
        If `y` is text, a path or otherwise no numbers.
    ValueError
        If `y` has another rank or length, no clips, NaN or infinite samples, only silent
        clips, integer samples of a sound file, or another sampling rate.

    Notes
    -----
    Samples beyond [-1, 1], a constant offset and clipping are left as they are. Single silent
    clips are allowed.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.music.audio_checks import check_audio
    >>> check_audio(np.zeros(5))
    Traceback (most recent call last):
        ...
    ValueError: expected audio of shape (n_clips, n_samples), got an array of shape (5,): ...
    """
    if isinstance(y, AudioClips):
        problems = []
        if y.sr != sr:
            problems.append(
                f"expected {name} at {sr} Hz, got clips at {y.sr} Hz: cut them with sr={sr}, "
                "which resamples files"
            )
        if not len(y):
            problems.append(f"expected {name} with at least one clip, got none")
    else:
        y, problems = check_array(y, name)
    if not problems and n_samples is not None and y.shape[1] != n_samples:
        problems.append(
            f"expected {name} clips of {n_samples} samples, got {y.shape[1]}: "
            "cut all clips to one length"
        )
    if not problems and not allow_silent and not any(np.any(clip) for clip in y):
        problems.append(f"expected sound in {name}, but every clip is silent")
    raise_all(problems)
    return y


def check_clips(encoder: Any, X: Any, *, reset: bool) -> Any:
    """Return checked clips for an encoder, of the length of those in `fit`.

    Parameters
    ----------
    encoder : estimator
        With the parameter `sr`. If `reset`, its ``n_features_in_`` (and ``feature_names_in_`` for a
        DataFrame) are set; otherwise they are checked.
    X : AudioClips or array-like of shape (n_clips, n_samples)
        Clips at `sr` Hz.
    reset : bool
        Whether the encoder is being fitted. Then some clip must have sound.

    Returns
    -------
    AudioClips or ndarray of shape (n_clips, n_samples)
        As :func:`check_audio` returns them.
    """
    checked = check_audio(X, sr=encoder.sr, allow_silent=not reset)
    if not reset and checked.shape[1] != encoder.n_features_in_:
        raise ValueError(
            f"X has {checked.shape[1]} features, but {type(encoder).__name__} is expecting "
            f"{encoder.n_features_in_} features as input: give clips of "
            f"{encoder.n_features_in_ / encoder.sr:.6g} s, as in training"
        )
    named = X if hasattr(X, "columns") else checked
    if isinstance(checked, AudioClips):
        named = np.empty((0, checked.shape[1]))
    validate_data(encoder, named, reset=reset, skip_check_array=True)
    return checked


def check_code_size(code: Any, n_numbers: int, *, dtype: Any) -> np.ndarray:
    """Return codes of clips as an array, or raise an error if they are not of so many numbers."""
    code = sklearn_check_array(code, dtype=dtype, input_name="code")
    if code.shape[1] != n_numbers:
        raise ValueError(
            f"expected codes of {n_numbers} numbers, got {code.shape[1]}: pass what transform "
            "returned"
        )
    return code


def check_hop_duration(hop_duration: float, duration: float) -> None:
    """Raise an error if successive clips of a piece would not touch each other."""
    if not 0 < hop_duration <= duration:
        raise ValueError(
            f"expected hop_duration above 0 and at most a clip's {duration:g} s, got "
            f"{hop_duration}: clips must touch each other"
        )
