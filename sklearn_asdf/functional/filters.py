"""Low-pass filters and gaps: poses in, poses out.

Everywhere in this module poses are arrays (..., n_frames, n_joints, n_axes), and a joint is unseen
in a frame where any of its coordinates is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import signal

__all__ = [
    "butterworth",
    "butterworth_sections",
    "fill_gaps",
    "one_euro",
    "one_euro_step",
    "savgol",
    "window_length",
]

# Up to so many frames a filter is applied as a matrix, which is many times as fast as recursion.
_LARGEST_MATRIX = 512
# Numbers filtered at once.
_CHUNK = 1 << 20


def _seen(position: np.ndarray) -> np.ndarray:
    return ~np.isnan(position).any(axis=-1)


def _all_seen(position: np.ndarray) -> bool:
    """Whether nothing is NaN, in one pass that makes no temporary."""
    with np.errstate(over="ignore", invalid="ignore"):
        return not np.isnan(position.sum(dtype=np.float64))


def _neighbours(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the last seen frame up to, and the first from each frame on (-1, n_frames: none)."""
    n_frames = seen.shape[-2]
    frame = np.arange(n_frames)[:, None]
    before = np.maximum.accumulate(np.where(seen, frame, -1), axis=-2)
    after = np.minimum.accumulate(np.where(seen, frame, n_frames)[..., ::-1, :], axis=-2)
    return before, after[..., ::-1, :]


def fill_gaps(
    position: np.ndarray, *, fps: float, max_gap: float = np.inf, causal: bool = False
) -> np.ndarray:
    """Fill the frames in which a joint was not seen, in gaps up to `max_gap` seconds.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames a second (Hz).
    max_gap : float, default=inf
        Longest gap that is filled, in seconds.
    causal : bool, default=False
        Whether a frame may only use what came before it.

    Returns
    -------
    ndarray
        `position` itself if there is nothing to fill, otherwise a filled copy.

    Notes
    -----
    A gap is filled along the straight line between the frames beside it, the whole gap or nothing
    of it. What a joint did before it was first seen and after it was last seen stays NaN.
    Causal, the last seen position is held for `max_gap` seconds, whether the joint comes back or
    not; frames after the last in which any joint of the clip was seen stay NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.filters import fill_gaps
    >>> x = np.array([0.0, np.nan, 2.0, np.nan]).reshape(-1, 1, 1)
    >>> fill_gaps(x, fps=30).ravel()
    array([ 0.,  1.,  2., nan])
    """
    if _all_seen(position):
        return position
    seen = _seen(position)
    n_frames = seen.shape[-2]
    before, after = _neighbours(seen)
    frame = np.arange(n_frames)[:, None]
    longest = np.floor(min(max_gap * fps, float(n_frames)) + 1e-9)
    gap = ~seen & (before >= 0)
    if causal:
        ended = after.min(axis=-1, keepdims=True) == n_frames
        gap &= (frame - before <= longest) & ~ended
    else:
        gap &= (after < n_frames) & (after - before - 1 <= longest)
    if not gap.any():
        return position
    filled = position.copy()
    *clip, at, joint = np.nonzero(gap)
    first, last = before[gap], after[gap]
    start = position[(*clip, first, joint)]
    if causal:
        filled[(*clip, at, joint)] = start
        return filled
    share = ((at - first) / (last - first))[:, None].astype(position.dtype)
    stop = position[(*clip, last, joint)]
    filled[(*clip, at, joint)] = start * (1 - share) + stop * share
    return filled


def _each_run(position: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Apply `function` to each unbroken run of seen frames of each joint, NaN elsewhere.

    `function` maps arrays (n_axes, n_frames, n_signals) along the frames. It gets them relative to
    their first frame, so that a still dancer stays exactly still and that moving a clip far away
    costs no accuracy. Runs of one length are worked on together, so the loop is over lengths, not
    over runs. The result is a view of an array with the axes of space first: derivatives and
    curvature of it are fast.
    """
    n_axes = position.shape[-1]
    planes = np.moveaxis(position, -1, 0)
    n_frames, n_joints = planes.shape[-2:]
    x = planes.reshape(n_axes, -1, n_frames, n_joints).swapaxes(1, 2)
    y = np.empty(planes.shape, dtype=position.dtype)
    out = y.reshape(n_axes, -1, n_frames, n_joints).swapaxes(1, 2)
    if _all_seen(position):
        # Chunks stay in the processor's cache and bound the memory.
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
    for n in np.unique(length):
        some = length == n
        at = (slice(None), np.arange(n)[:, None] + start[some], clip[some], joint[some])
        run = x[at]
        out[at] = function(run - run[:, :1]) + run[:, :1]
    return np.moveaxis(y, 0, -1)


def _butterworth_run(x: np.ndarray, *, fps: float, cutoff: float, order: int) -> np.ndarray:
    sections = butterworth_sections(fps=fps, cutoff=cutoff, order=order)
    # sosfiltfilt's own padding at ten frames per period of the cut-off, as in the paper, and as
    # long in seconds at any frame rate.
    padding = round(3 * (order + 1) * fps / cutoff / 10)
    return signal.sosfiltfilt(sections, x, axis=-2, padlen=min(padding, x.shape[-2] - 1))


def _savgol_run(x: np.ndarray, window_length: int, polyorder: int) -> np.ndarray:
    n_frames = x.shape[-2]
    window = min(window_length, n_frames - (n_frames + 1) % 2)
    order = min(polyorder, window - 1)
    return signal.savgol_filter(x, window, order, axis=-2, mode="interp")


@lru_cache(maxsize=8)
def _matrix(kind: str, n_frames: int, **params: Any) -> np.ndarray:
    """Return a linear zero-phase filter of `n_frames` frames as a matrix."""
    eye = np.eye(n_frames)
    if kind == "savgol":
        matrix = _savgol_run(eye, **params)
    else:
        matrix = _butterworth_run(eye, **params)
    matrix.setflags(write=False)
    return matrix


def _zero_phase(x: np.ndarray, kind: str, **params: Any) -> np.ndarray:
    """Filter (n_axes, n_frames, n_signals) by what is faster: a matrix, or frame by frame."""
    n_axes, n_frames, n_signals = x.shape
    if n_frames <= min(_LARGEST_MATRIX, n_axes * n_signals):
        return np.matmul(_matrix(kind, n_frames, **params).astype(x.dtype, copy=False), x)
    if kind == "savgol":
        return _savgol_run(x, **params)
    return _butterworth_run(x, **params)


def butterworth_sections(*, fps: float, cutoff: float, order: int) -> np.ndarray:
    """Return a Butterworth low-pass filter as second-order sections.

    Parameters
    ----------
    fps : float
        Frames a second (Hz).
    cutoff : float
        Frequency at which the power is halved (Hz), below ``fps / 2``.
    order : int
        Order of the filter.

    Returns
    -------
    ndarray of shape (n_sections, 6)
        As ``scipy.signal.sosfilt`` takes them.

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
) -> np.ndarray:
    """Smooth poses with a Butterworth low-pass filter.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames a second (Hz).
    cutoff : float, default=3.0
        Frequency at which one pass halves the power (Hz), below ``fps / 2``.
    order : int, default=5
        Order of one pass.
    zero_phase : bool, default=True
        Whether to filter forwards and backwards, which does not delay the motion and squares the
        gain, or only forwards.

    Returns
    -------
    ndarray
        Smoothed poses, NaN where `position` is.

    Notes
    -----
    The filter is held as second-order sections, which stay accurate at any order and cut-off, and
    starts in the steady state of the first frame, so that a still dancer stays still. Forwards and
    backwards, the ends are extended oddly, as by ``scipy.signal.sosfiltfilt``, or by as many frames
    as there are. Each unbroken run of seen frames is filtered on its own. Where many signals have
    the same number of frames, the same filter is applied as one matrix; it agrees with
    ``sosfiltfilt`` up to rounding.

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
        params: dict[str, Any] = {"fps": fps, "cutoff": cutoff, "order": order}
        return _each_run(position, lambda x: _zero_phase(x, "butterworth", **params))
    sections = butterworth_sections(fps=fps, cutoff=cutoff, order=order)

    def forwards(x: np.ndarray) -> np.ndarray:
        still = np.zeros((len(sections), x.shape[0], 2, x.shape[2]))
        return signal.sosfilt(sections, x, axis=1, zi=still)[0]

    return _each_run(position, forwards)


def window_length(window_duration: float, *, fps: float) -> int:
    """Return the odd number of frames, at least one, nearest to a duration.

    Parameters
    ----------
    window_duration : float
        Length in seconds.
    fps : float
        Frames a second (Hz).

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
        Frames a second (Hz).
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
    At the ends the polynomial of the first and the last whole window is evaluated. Runs of seen
    frames shorter than the window get a window of their own length and, where there are too few
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
    params = {"window_length": window_length(window_duration, fps=fps), "polyorder": polyorder}
    return _each_run(position, lambda x: _zero_phase(x, "savgol", **params))


def one_euro_step(
    x: np.ndarray,
    last: np.ndarray,
    speed: np.ndarray,
    *,
    fps: float,
    min_cutoff: float,
    beta: float,
    d_cutoff: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Filter one frame with the One Euro filter.

    Parameters
    ----------
    x : ndarray of shape (n_axes, ...)
        Positions in this frame.
    last, speed : ndarray, shaped as `x`
        What this function returned for the frame before; to start, `x` and zeros.
    fps : float
        Frames a second (Hz).
    min_cutoff, beta, d_cutoff : float
        See :func:`one_euro`.

    Returns
    -------
    last, speed : ndarray
        Filtered positions and filtered velocities.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.filters import one_euro_step
    >>> one_euro_step(np.ones(2), np.ones(2), np.zeros(2), fps=30, min_cutoff=1, beta=0, d_cutoff=1)
    (array([1., 1.]), array([0., 0.]))
    """
    rate = 2 * np.pi * d_cutoff / fps
    speed = speed + rate / (1 + rate) * ((x - last) * fps - speed)
    cutoff = min_cutoff + beta * np.sqrt((speed * speed).sum(axis=0))
    rate = 2 * np.pi * cutoff / fps
    return last + rate / (1 + rate) * (x - last), speed


def one_euro(
    position: np.ndarray,
    *,
    fps: float,
    min_cutoff: float = 1.0,
    beta: float = 0.0,
    d_cutoff: float = 1.0,
) -> np.ndarray:
    """Smooth poses with the One Euro filter, whose cut-off grows with speed.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames a second (Hz).
    min_cutoff : float, default=1.0
        Cut-off at rest (Hz): lower is steadier.
    beta : float, default=0.0
        Growth of the cut-off with speed, in Hz by (unit of length)/s: higher lags less.
    d_cutoff : float, default=1.0
        Cut-off of the filter of the velocity (Hz).

    Returns
    -------
    ndarray
        Smoothed poses, NaN where `position` is.

    Notes
    -----
    Causal. The speed is the length of the joint's velocity, not taken axis by axis, so that turning
    the camera turns the result. Each unbroken run of seen frames starts anew at its first position.

    References
    ----------
    .. [1] G. Casiez, N. Roussel, D. Vogel, "1 Euro filter: a simple speed-based low-pass filter for
       noisy input in interactive systems", CHI 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.filters import one_euro
    >>> x = np.ones((60, 1, 2))
    >>> np.array_equal(one_euro(x, fps=30), x)
    True
    """
    settings = {"fps": fps, "min_cutoff": min_cutoff, "beta": beta, "d_cutoff": d_cutoff}

    def forwards(x: np.ndarray) -> np.ndarray:
        y = np.zeros(x.shape)
        last, speed = y[:, 0], np.zeros_like(y[:, 0])
        # Each frame needs the one before: the filter is recursive and not linear.
        for i in range(x.shape[1]):
            last, speed = one_euro_step(x[:, i], last, speed, **settings)
            y[:, i] = last
        return y

    return _each_run(position, forwards)
