"""Linear low-pass filters of poses: Butterworth and Savitzky-Golay.

Poses are arrays (..., n_frames, n_joints, n_axes), and a joint is not seen in a frame where any of
its coordinates is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy import signal

from .compiled import use_compiled
from .gaps import all_seen
from .kernels.zero_phase import ZeroPhaseFilter

__all__ = [
    "butterworth",
    "butterworth_sections",
    "each_run",
    "savgol",
    "window_length",
]

# Up to this number of frames a filter is applied as a matrix, which is much faster than recursion.
_LARGEST_MATRIX = 512
# Elements filtered at a time.
_CHUNK = 1 << 20


def each_run(position: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Apply a filter to each unbroken run of seen frames of each joint.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    function : callable
        Maps an array (n_axes, n_frames, n_signals) to one of the same shape. It gets positions
        relative to the first frame of a run, so a still dancer stays exactly still, and a large
        offset costs no accuracy.

    Returns
    -------
    ndarray
        Shaped as `position`, NaN where it is. It is a view of an array with the axes of space
        first, so derivatives and curvature of it are fast.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.filters import each_run
    >>> each_run(np.array([1.0, 2.0, 4.0]).reshape(-1, 1, 1), lambda x: 2 * x).ravel()
    array([1., 3., 7.])
    """
    n_axes = position.shape[-1]
    planes = np.moveaxis(position, -1, 0)
    n_frames, n_joints = planes.shape[-2:]
    x = planes.reshape(n_axes, -1, n_frames, n_joints).swapaxes(1, 2)
    y = np.empty(planes.shape, dtype=position.dtype)
    out = y.reshape(n_axes, -1, n_frames, n_joints).swapaxes(1, 2)
    if all_seen(position):
        # Chunks fit the processor's cache and bound the memory.
        step = max(1, _CHUNK // (n_frames * n_joints * n_axes))
        for i in range(0, x.shape[2], step):
            part = x[:, :, i : i + step]
            move = np.empty(part.shape, dtype=position.dtype)
            np.subtract(part, part[:, :1], out=move)
            smooth = function(move.reshape(n_axes, n_frames, -1)).reshape(part.shape)
            np.add(smooth, part[:, :1], out=out[:, :, i : i + step], casting="same_kind")
        return np.moveaxis(y, 0, -1)
    out[:] = np.nan
    edges = np.zeros((*x.shape[2:], n_frames + 2), dtype=np.int8)
    edges[..., 1:-1] = np.moveaxis(~np.isnan(x).any(axis=0), 0, -1)
    change = np.diff(edges)
    clip, joint, start = np.nonzero(change == 1)
    length = np.nonzero(change == -1)[2] - start
    # Runs of one length are filtered together: the loop is over lengths, not over runs.
    for n in np.unique(length):
        some = length == n
        at = (slice(None), np.arange(n)[:, None] + start[some], clip[some], joint[some])
        run = x[at]
        out[at] = function(run - run[:, :1]) + run[:, :1]
    return np.moveaxis(y, 0, -1)


def _savgol_run(x: np.ndarray, window_length: int, polyorder: int) -> np.ndarray:
    n_frames = x.shape[-2]
    window = min(window_length, n_frames - (n_frames + 1) % 2)
    order = min(polyorder, window - 1)
    return signal.savgol_filter(x, window, order, axis=-2, mode="interp")


@lru_cache(maxsize=8)
def _savgol_matrix(n_frames: int, window_length: int, polyorder: int) -> np.ndarray:
    matrix = _savgol_run(np.eye(n_frames), window_length, polyorder)
    matrix.setflags(write=False)
    return matrix


def _savgol(x: np.ndarray, window_length: int, polyorder: int) -> np.ndarray:
    """Filter (n_axes, n_frames, n_signals) by a matrix or window by window: what is faster."""
    n_axes, n_frames, n_signals = x.shape
    if n_frames > min(_LARGEST_MATRIX, n_axes * n_signals):
        return _savgol_run(x, window_length, polyorder)
    matrix = _savgol_matrix(n_frames, window_length, polyorder)
    return np.matmul(matrix.astype(x.dtype, copy=False), x)


@lru_cache(maxsize=8)
def _zero_phase(*, fps: float, cutoff: float, order: int) -> ZeroPhaseFilter:
    # The default padding of sosfiltfilt at ten frames per period of the cut-off, as in the paper,
    # and of the same duration at any frame rate.
    padding = round(3 * (order + 1) * fps / cutoff / 10)
    return ZeroPhaseFilter(butterworth_sections(fps=fps, cutoff=cutoff, order=order), padding)


def butterworth_sections(*, fps: float, cutoff: float, order: int) -> np.ndarray:
    """Return a Butterworth low-pass filter as second-order sections.

    Parameters
    ----------
    fps : float
        Frames per second (Hz).
    cutoff : float
        Frequency at which the power is halved (Hz), below ``fps / 2``.
    order : int
        Order of the filter.

    Returns
    -------
    ndarray of shape (n_sections, 6)
        For ``scipy.signal.sosfilt``.

    Examples
    --------
    >>> from sklearn_asdf.functional.filters import butterworth_sections
    >>> butterworth_sections(fps=30, cutoff=3, order=5).shape
    (3, 6)
    """
    return signal.butter(order, cutoff, fs=fps, output="sos")


def butterworth(
    position: np.ndarray,
    *,
    fps: float,
    cutoff: float = 3.0,
    order: int = 5,
    zero_phase: bool = True,
    complete: bool = False,
) -> np.ndarray:
    """Smooth poses with a Butterworth low-pass filter.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames per second (Hz).
    cutoff : float, default=3.0
        Frequency at which one pass halves the power (Hz), below ``fps / 2``.
    order : int, default=5
        Order of one pass.
    zero_phase : bool, default=True
        Whether to filter forwards and backwards, which does not delay the motion and squares the
        gain, or only forwards.
    complete : bool, default=False
        Whether it is known that every joint was seen in every frame, which is not checked then.

    Returns
    -------
    ndarray
        Smoothed poses, NaN where `position` is.

    Notes
    -----
    The filter consists of second-order sections, which are accurate at any order and cut-off, and
    starts in the steady state of the first frame, so a still dancer stays still. With `zero_phase`,
    the ends are extended by odd reflection, as in ``scipy.signal.sosfiltfilt``, for a duration that
    depends on `cutoff` and `order` alone (SciPy's default at ten frames per period of the cut-off,
    as in the paper), or by as many frames as there are. Each unbroken run of seen frames is
    filtered on its own. The result is that of ``sosfiltfilt`` up to rounding errors.

    References
    ----------
    .. [1] The paper, section 3.2.1: 5th-order IIR low-pass at 3 Hz.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.filters import butterworth
    >>> x = np.ones((60, 1, 2))
    >>> np.array_equal(butterworth(x, fps=30), x)
    True
    """
    if zero_phase:
        smooth = _zero_phase(fps=fps, cutoff=cutoff, order=order)
        if not use_compiled() or not (complete or all_seen(position)):
            return each_run(position, smooth)
        clips = smooth.clips(position.reshape(-1, *position.shape[-3:]))
        return np.moveaxis(clips.reshape(position.shape[-1:] + position.shape[:-1]), 0, -1)
    sections = butterworth_sections(fps=fps, cutoff=cutoff, order=order)

    def forwards(x: np.ndarray) -> np.ndarray:
        still = np.zeros((len(sections), x.shape[0], 2, x.shape[2]))
        return signal.sosfilt(sections, x, axis=1, zi=still)[0]

    return each_run(position, forwards)


def window_length(window_duration: float, *, fps: float) -> int:
    """Return the odd number of frames, at least one, nearest to a duration.

    Parameters
    ----------
    window_duration : float
        Length in seconds.
    fps : float
        Frames per second (Hz).

    Returns
    -------
    int
        Number of frames.

    Examples
    --------
    >>> from sklearn_asdf.functional.filters import window_length
    >>> window_length(0.3, fps=30)
    9
    """
    return max(1, 2 * round((window_duration * fps - 1) / 2) + 1)


def savgol(
    position: np.ndarray, *, fps: float, window_duration: float = 0.3, polyorder: int = 3
) -> np.ndarray:
    """Smooth poses with a Savitzky-Golay filter: a polynomial fitted to a moving window.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames per second (Hz).
    window_duration : float, default=0.3
        Length of the window in seconds, rounded to an odd number of frames.
    polyorder : int, default=3
        Degree of the polynomial.

    Returns
    -------
    ndarray
        Smoothed poses, NaN where `position` is.

    Notes
    -----
    At the ends the polynomials of the first and the last whole window are evaluated. Runs of seen
    frames shorter than the window get a window of their own length and, if they have too few
    frames, a lower degree.

    References
    ----------
    .. [1] A. Savitzky, M. Golay, "Smoothing and differentiation of data by simplified least squares
       procedures", Analytical Chemistry 36(8), 1964.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.filters import savgol
    >>> cubic = np.linspace(-1, 1, 30).reshape(-1, 1, 1) ** 3
    >>> np.allclose(savgol(cubic, fps=30), cubic)
    True
    """
    window = window_length(window_duration, fps=fps)
    return each_run(position, lambda x: _savgol(x, window, polyorder))
