"""A look-ahead limiter: the gain is reduced before peaks, without clipping."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d

__all__ = ["CEILING", "Limiter", "limit"]

# -1 dB re full scale: lossy codecs (AAC, Vorbis, MP3) decode to higher peaks than they encoded.
CEILING = 10 ** (-1 / 20)
# Attack: time before a peak over which the gain decreases, in s. It is half a period of 50 Hz, so
# the gain does not follow single periods of a bass.
_LOOK_AHEAD = 0.01
# Release: increase of the gain after a peak, in dB/s.
_RELEASE = 20.0


class Limiter:
    """Limit a stream of sound, block by block, without delay.

    Parameters
    ----------
    sr : int
        Sampling rate in Hz.
    ceiling : float, default=CEILING
        Largest magnitude of the output.

    See Also
    --------
    limit : Limits a whole piece.

    Notes
    -----
    Sample n needs a reduction of ``d[n] = max(0, 20 log10(abs(x[n]) / ceiling))`` dB, released at
    20 dB/s, ``r[n] = max(d[n], r[n - 1] - release / sr)``; the maximum of r over the 10 ms that
    follow is averaged over the 10 ms before. Each average is over maxima that include d[n], so no
    sample exceeds the ceiling, and the gain decreases linearly before a peak.

    No library is suitable: pedalboard is under the GPL, numpy-audio-limiter exceeds its threshold,
    and FFmpeg's filter needs PyAV, an additional dependency.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.limiter import Limiter
    >>> limiter = Limiter(22050, ceiling=0.5)
    >>> bool(np.abs(limiter.process(np.array([0.1, 2.0, 0.1]))).max() <= 0.5)
    True
    """

    def __init__(self, sr: int, *, ceiling: float = CEILING) -> None:
        self.ceiling = float(ceiling)
        self._step = _RELEASE / sr
        self._size = 2 * max(1, round(_LOOK_AHEAD * sr / 2))
        self._released = 0.0
        # Maxima of the samples before the next block, and its last reduction.
        self._maxima = np.zeros(self._size)
        self._last = 0.0

    def process(self, y: np.ndarray, preview: np.ndarray | None = None) -> np.ndarray:
        """Return the next block, limited.

        Parameters
        ----------
        y : ndarray of shape (n_samples,)
            The block.
        preview : ndarray of shape (n_preview,), default=None
            What is known of the sound after the block. Without it, the gain may have to change
            within one sample where a block begins with a peak.

        Returns
        -------
        ndarray of shape (n_samples,)
            Of the same dtype; what needs no reduction is returned as it came.
        """
        n_samples = len(y)
        whole = y if preview is None else np.concatenate([y, preview])
        if not n_samples:
            return y.copy()
        needed = np.abs(whole.astype(float)) / self.ceiling
        needed = 20 * np.log10(np.maximum(needed, 1.0))
        if not (needed.any() or self._released or self._maxima.any()):
            return y.copy()
        time = self._step * np.arange(1, len(whole) + 1)
        released = np.maximum.accumulate(np.maximum(needed + time, self._released)) - time
        released = np.maximum(released, 0.0)
        # The maximum of each sample and of the `size` samples after it.
        ahead = maximum_filter1d(np.pad(released, (0, self._size)), self._size + 1)
        ahead = ahead[self._size // 2 :][:n_samples]
        maxima = np.concatenate([self._maxima, ahead])
        total = np.concatenate([[0.0], np.cumsum(maxima)])
        reduction = (total[self._size + 1 :] - total[: -self._size - 1]) / (self._size + 1)
        reduction = self._catch_up(reduction, needed[:n_samples])
        self._released = float(released[n_samples - 1])
        self._maxima = maxima[len(maxima) - self._size :]
        self._last = float(reduction[-1])
        return (y * 10 ** (-reduction / 20)).astype(y.dtype)

    def _catch_up(self, reduction: np.ndarray, needed: np.ndarray) -> np.ndarray:
        """Reduce the gain faster if the preview did not contain a peak near the block's start."""
        head = needed[: self._size]
        missing = head - reduction[: len(head)]
        if (missing > 1e-9).any():
            steps = np.arange(1, len(head) + 1)
            slope = ((head - self._last) / steps).max()
            line = np.minimum(self._last + slope * steps, head.max())
            reduction[: len(head)] = np.maximum(reduction[: len(head)], line)
        # Rounding errors of the sums.
        return np.maximum(reduction, needed)


def limit(y: np.ndarray, *, sr: int, ceiling: float = CEILING) -> np.ndarray:
    """Return sound below a ceiling, with the gain reduced before peaks.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Mono sound.
    sr : int
        Sampling rate in Hz.
    ceiling : float, default=CEILING
        Largest magnitude of a sample; -1 dB re full scale.

    Returns
    -------
    ndarray of shape (n_samples,)
        Of the same dtype. Sound that stays below the ceiling is returned as it came.

    See Also
    --------
    Limiter : The same for a stream, with the equations.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.limiter import limit
    >>> limit(np.array([0.0, 0.5, -0.5]), sr=22050)
    array([ 0. ,  0.5, -0.5])
    """
    return Limiter(sr, ceiling=ceiling).process(np.asarray(y))
