"""The One Euro filter: a causal low-pass filter whose cut-off increases with speed.

Poses are arrays (..., n_frames, n_joints, n_axes), and a joint is not seen in a frame where any of
its coordinates is NaN.
"""

from __future__ import annotations

import numpy as np

from .filters import each_run

__all__ = ["one_euro", "one_euro_step"]


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
        What this function returned for the previous frame; initially `x` and zeros.
    fps : float
        Frames per second (Hz).
    min_cutoff, beta, d_cutoff : float
        See :func:`one_euro`.

    Returns
    -------
    last, speed : ndarray
        Filtered positions and filtered velocities.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.one_euro import one_euro_step
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
        Frames per second (Hz).
    min_cutoff : float, default=1.0
        Cut-off at rest (Hz): lower is steadier.
    beta : float, default=0.0
        Increase of the cut-off with speed, in Hz per (unit of length)/s: higher lags less.
    d_cutoff : float, default=1.0
        Cut-off of the filter of the velocity (Hz).

    Returns
    -------
    ndarray
        Smoothed poses, NaN where `position` is.

    Notes
    -----
    The filter is causal. Its speed is the norm of the joint's velocity and not taken axis by axis,
    so the result rotates with the camera. Each unbroken run of seen frames starts anew at its first
    position.

    References
    ----------
    .. [1] G. Casiez, N. Roussel, D. Vogel, "1 Euro filter: a simple speed-based low-pass filter for
       noisy input in interactive systems", CHI 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.one_euro import one_euro
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

    return each_run(position, forwards)
