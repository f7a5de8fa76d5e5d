"""Phases of spectrograms from known derivatives, frame after frame, by least squares."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solveh_banded

__all__ = ["PhaseRecurrence"]

# Weight of the quietest bin relative to the loudest: keeps the equations regular.
_LEAST = 1e-6
_TINY = 1e-20


class PhaseRecurrence:
    r"""Phases of short-time spectra whose derivatives in time and frequency are known roughly.

    Parameters
    ----------
    n_fft : int
        Length of the Hann window and of the FFT in samples.
    hop_length : int
        Samples from one frame to the next.
    before : ndarray of complex of shape (n_frames, n_bins), default=None
        Known spectra of the frames before the first one, from which it goes on.

    Notes
    -----
    Recurrent phase unwrapping by weighted least squares [1]_. The phasors z of a frame are to be
    those of the frame before, advanced by :math:`\alpha_k` beyond the center of the bin, and those
    of adjacent bins are to differ by :math:`\beta_k`:

    .. math::

        \min_z \sum_k w_k |z_k - z'_k e^{i (2 \pi a k / M + \alpha_k)}|^2
        + \sum_k v_k |z_{k+1} - e^{i \beta_k} z_k|^2

    for a hop of a and an FFT of M samples. With magnitudes s the weights are
    :math:`w_k = s_k \min(s_k, s'_k)` and :math:`v_k = s_k s_{k+1}`: at an onset, what was before
    counts little, and adjacent bins agree on the moment of the attack. The equations are
    tridiagonal. Only the phases of z are used.

    A run begins from the phases of the frame before it, so memory does not grow with the sound.
    Before the first frame is silence, unless `before` tells what there is.

    References
    ----------
    .. [1] Y. Masuyama, K. Yatabe, Y. Koizumi, Y. Oikawa and N. Harada, "Phase reconstruction based
       on recurrent phase unwrapping with deep neural networks", ICASSP 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.phase_recurrence import PhaseRecurrence
    >>> magnitude = np.ones((3, 5))
    >>> z = PhaseRecurrence(8, 2).phasors(magnitude, np.zeros((3, 5)), np.zeros((3, 4)))
    >>> z.shape
    (3, 5)
    >>> float(np.abs(z).min().round(6))
    1.0
    """

    def __init__(self, n_fft: int, hop_length: int, before: np.ndarray | None = None) -> None:
        n_bins = 1 + n_fft // 2
        self._center = 2 * np.pi * hop_length / n_fft * np.arange(n_bins)
        self._phasors = np.exp(1j * np.pi / n_bins * np.arange(n_bins) ** 2)
        # Before the sound is silence, so adjacent bins decide alone.
        self._magnitude = np.zeros(n_bins)
        if before is not None and len(before):
            self._magnitude = np.abs(before[-1]).astype(float)
            self._phasors = before[-1] / np.maximum(self._magnitude, _TINY)

    def phasors(self, magnitude: np.ndarray, advance: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Return the phasors of the next frames.

        Parameters
        ----------
        magnitude : ndarray of shape (n_frames, n_bins)
            Magnitudes.
        advance : ndarray of shape (n_frames, n_bins)
            Phase advance from the frame before in radians, beyond that of a sine at the center of
            the bin.
        slope : ndarray of shape (n_frames, n_bins - 1)
            Phase difference of adjacent bins in radians, of FFTs centered in the window: 0 for
            steady sines.

        Returns
        -------
        ndarray of complex128 of shape (n_frames, n_bins)
            Numbers of modulus 1, of FFTs that begin with the first sample of the window.
        """
        turns = np.exp(1j * (advance + self._center))
        # From the center of the window to its first sample is half a turn per bin.
        coupling = -np.exp(1j * slope)
        found = np.empty(magnitude.shape, complex)
        for t, loud in enumerate(magnitude.astype(float)):
            scale = 1 / max(float(loud.max(initial=0.0)), _TINY)
            own = loud * scale + _LEAST
            before = self._magnitude * scale
            self._phasors = _solve(own, before, self._phasors * turns[t], coupling[t])
            self._magnitude, found[t] = loud, self._phasors
        return found


def _solve(
    loud: np.ndarray, before: np.ndarray, advanced: np.ndarray, coupling: np.ndarray
) -> np.ndarray:
    """Return the phasors of one frame; magnitudes are relative to its loudest bin."""
    in_time = loud * (np.minimum(loud, before) + _LEAST)
    in_frequency = loud[1:] * loud[:-1]
    # The lower form of a Hermitian band matrix: its diagonal, and the one below.
    matrix = np.zeros((2, len(loud)), complex)
    matrix[0] = in_time
    matrix[0, :-1] += in_frequency
    matrix[0, 1:] += in_frequency
    matrix[1, :-1] = -in_frequency * coupling
    z = solveh_banded(
        matrix,
        in_time * advanced,
        lower=True,
        overwrite_ab=True,
        overwrite_b=True,
        check_finite=False,
    )
    return z / np.maximum(np.abs(z), _TINY)
