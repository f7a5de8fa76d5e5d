"""Fitted audio encoders kept in a folder: one training for each encoder and training set."""

from __future__ import annotations

import os
import re
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from filelock import FileLock
from sklearn.utils.validation import check_memory

from .._files import check_writable_folder
from .._validation import validate_parameters
from .._version import __version__

__all__ = ["fit_encoder"]


# joblib writes to such names, then renames.
_HALF_WRITTEN = re.compile(r"(output\.pkl|metadata\.json)\..*\d+-(pid-)?\d+")


class _InterruptedError(Exception):
    """Carries an encoder out of the cache that must not stay in it."""


def fit_encoder(
    transformer: Any, audio: Any, memory: Any, *, metadata: dict[str, Any] | None = None
) -> tuple[Any, np.ndarray]:
    """Fit an encoder of audio, or take it from where the same one was kept.

    Parameters
    ----------
    transformer : estimator
        The encoder, not fitted; it is fitted in place or left as it is.
    audio : AudioClips or ndarray of shape (n_clips, n_samples)
        The training clips.
    memory : str, joblib.Memory or None
        Where fitted encoders are kept.
    metadata : dict, default=None
        Further arguments of `fit`, such as `sample_weight`.

    Returns
    -------
    transformer : estimator
        The fitted encoder.
    codes : ndarray of shape (n_clips, code_size)
        Codes of the training clips.

    Notes
    -----
    Of processes that want the same encoder at once, one trains it and the others wait for it; a
    lock dies with the process that holds it. A training that Ctrl-C ended is not kept.

    An encoder's class attribute `unused_in_fit` names the parameters that do not change what `fit`
    learns: encoders that differ in these alone are one.
    """
    metadata = metadata or {}
    if isinstance(memory, (str, os.PathLike)):
        memory = os.fspath(check_writable_folder(memory))
    memory = check_memory(memory)
    if getattr(memory, "location", memory) is None:
        return _fit(transformer, audio, metadata)
    # An encoder from the cache is not fitted, and so would not check what only decoding uses.
    validate_parameters(transformer)
    # What does not change the fit does not make another encoder.
    params = transformer.get_params()
    own = {name: params.pop(name) for name in getattr(transformer, "unused_in_fit", ())}
    if not hasattr(audio, "recordings"):
        audio = np.asarray(audio)
    key = joblib.hash((type(transformer).__qualname__, params, audio, metadata, __version__))
    cached = memory.cache(_fit_once, ignore=["transformer", "audio", "metadata"])
    with _lock(memory, "first"):
        # joblib notes the function's source when it is first called. Two processes that do so at
        # once may each find the other's half-written note and clear the folder.
        cached(None, None, None, None)
    with _lock(memory, key):
        _remove_leftovers(memory, key)
        try:
            transformer, codes = cached(key, transformer, audio, metadata)
        except _InterruptedError as interrupted:
            transformer, codes = interrupted.args
    return transformer.set_params(**own), codes


def _fit(transformer: Any, audio: Any, metadata: dict[str, Any]) -> tuple[Any, np.ndarray]:
    if hasattr(transformer, "fit_transform"):
        # Those that would listen twice need not.
        codes = transformer.fit_transform(audio, **metadata)
        return transformer, codes
    transformer = transformer.fit(audio, **metadata)
    return transformer, transformer.transform(audio)


def _fit_once(key: str | None, transformer: Any, audio: Any, metadata: Any) -> Any:
    """Fit; joblib keeps the result under the key."""
    if key is None:
        return None
    fitted, codes = _fit(transformer, audio, metadata)
    if getattr(fitted, "interrupted_", False):
        raise _InterruptedError(fitted, codes)
    return fitted, codes


def _remove_leftovers(memory: Any, key: str) -> None:
    """Remove what was left of this result by processes that were killed while they wrote it.

    Only whoever holds the result's lock writes it, so nobody else's files are touched.
    """
    location = getattr(memory, "location", None)
    if not isinstance(location, (str, os.PathLike)):
        return
    # joblib keeps a result in a folder named after the arguments that count.
    folder = f"**/{_fit_once.__name__}/{joblib.hash({'key': key})}"
    for path in Path(location).glob(f"{folder}/*.*"):
        if _HALF_WRITTEN.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _lock(memory: Any, name: str) -> AbstractContextManager[Any]:
    location = getattr(memory, "location", None)
    if not isinstance(location, (str, os.PathLike)):
        return nullcontext()
    folder = Path(location) / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{name}.lock")
