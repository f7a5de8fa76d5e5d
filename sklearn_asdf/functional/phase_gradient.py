"""Phases of spectrograms from the gradient of their magnitudes."""

from __future__ import annotations

import heapq

import numpy as np

from .compiled import Loops, use_compiled

__all__ = ["PhaseIntegration"]

# Of the Gaussian window nearest to a Hann window, in squared window lengths.
_HANN = 0.25645
# Bins that are quieter than this, relative to the loudest, in nats, get no integrated phase.
_RANGE = np.log(1e-5)
_TINY = 1e-20


class PhaseIntegration:
    r"""Phases of the short-time spectra of a sound from their magnitudes, in runs of frames.

    Parameters
    ----------
    n_fft : int
        Length of the Hann window and of the FFT in samples.
    hop_length : int
        Samples from one frame to the next.
    before : ndarray of complex of shape (n_frames, 1 + n_fft // 2), default=None
        Known spectra of the frames before the first one, from which it goes on.

    Notes
    -----
    Phase gradient heap integration [1]_. With a Gaussian window the phase :math:`\varphi` of a bin
    m in frame n has a gradient that the magnitudes s tell,

    .. math:: \varphi_t &= \tfrac{aM}{2\gamma} (\log s_{m+1,n} - \log s_{m-1,n}) + 2 \pi a m / M \\
              \varphi_\omega &= -\tfrac{\gamma}{2aM} (\log s_{m,n+1} - \log s_{m,n-1})

    per frame and per bin, for a hop of a and an FFT of M samples; with a Hann window it is nearly
    so, with :math:`\gamma = 0.256 M^2`. It is integrated by the trapezoidal rule from bin to bin in
    the order of their magnitudes, so that errors of quiet bins do not reach loud ones. Bins more
    than 100 dB below the loudest have the phase 0.

    A run begins from the phases of the frame before it, so memory does not grow with the sound.
    The first bin of a region that no earlier frame reaches has the phase 0.

    References
    ----------
    .. [1] Z. Průša, P. Balazs and P. L. Søndergaard, "A noniterative method for reconstruction of
       phase from STFT magnitude", IEEE/ACM Transactions on Audio, Speech, and Language Processing
       25(5), 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.phase_gradient import PhaseIntegration
    >>> PhaseIntegration(n_fft=8, hop_length=2).phases(np.ones((3, 5))).shape
    (3, 5)
    """

    def __init__(self, n_fft: int, hop_length: int, before: np.ndarray | None = None) -> None:
        self.n_fft, self.hop_length = n_fft, hop_length
        # The last two frames: their logarithms of magnitudes, and the phases of the last one.
        self._log: np.ndarray | None = None
        self._last: np.ndarray | None = None
        self._loudest = -np.inf
        if before is not None and len(before):
            self._log = np.log(np.maximum(np.abs(before[-2:]).astype(np.float64), _TINY))
            # As seen from the center of the window.
            self._last = np.angle(before[-1]) - np.pi * (np.arange(before.shape[1]) % 2)
            self._loudest = float(self._log.max())

    def phases(self, magnitude: np.ndarray) -> np.ndarray:
        """Return the phases of the next frames.

        Parameters
        ----------
        magnitude : ndarray of shape (n_frames, 1 + n_fft // 2)
            Magnitudes.

        Returns
        -------
        ndarray of float64 of shape (n_frames, 1 + n_fft // 2)
            Phases in radians, of FFTs that begin with the first sample of the window.
        """
        log = np.log(np.maximum(magnitude.astype(np.float64), _TINY))
        self._loudest = max(self._loudest, float(log.max(initial=-np.inf)))
        before = 0 if self._log is None else len(self._log)
        whole = log if self._log is None else np.concatenate([self._log, log])
        in_time, in_frequency = self._gradient(whole)
        first = max(before - 1, 0)
        # The last frame before is known: the integration goes on from it.
        phase = np.zeros((len(whole) - first, whole.shape[1]))
        known = np.zeros(phase.shape, dtype=bool)
        if self._last is not None:
            phase[0], known[0] = self._last, True
        loud = whole[first:]
        integrate = _compiled if use_compiled() else _integrate
        order = np.argsort(-loud, axis=None, kind="stable")
        integrate(
            loud, in_time[first:], in_frequency[first:], order, self._loudest + _RANGE, phase, known
        )
        self._log, self._last = whole[-2:], phase[-1]
        found = phase[len(phase) - len(log) :]
        # From the center of the window to its first sample.
        return found + np.pi * (np.arange(found.shape[1]) % 2)

    def _gradient(self, log: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        gamma = _HANN * self.n_fft**2
        scale = self.hop_length * self.n_fft / gamma
        padded = np.pad(log, 1, mode="edge")
        in_time = 0.5 * scale * (padded[1:-1, 2:] - padded[1:-1, :-2])
        in_time += 2 * np.pi * self.hop_length / self.n_fft * np.arange(log.shape[1])
        in_frequency = -0.5 / scale * (padded[2:, 1:-1] - padded[:-2, 1:-1])
        return in_time, in_frequency


def _integrate(
    log: np.ndarray,
    in_time: np.ndarray,
    in_frequency: np.ndarray,
    order: np.ndarray,
    floor: float,
    phase: np.ndarray,
    known: np.ndarray,
) -> None:
    n_frames, n_bins = log.shape
    heap = [(0.0, 0)]
    heap.pop()
    for m in range(n_bins):
        if known[0, m] and log[0, m] > floor:
            heapq.heappush(heap, (-log[0, m], m))
    for i in range(len(order) + 1):
        while heap:
            _, place = heapq.heappop(heap)
            t, m = place // n_bins, place % n_bins
            if t + 1 < n_frames and not known[t + 1, m] and log[t + 1, m] > floor:
                phase[t + 1, m] = phase[t, m] + 0.5 * (in_time[t, m] + in_time[t + 1, m])
                known[t + 1, m] = True
                heapq.heappush(heap, (-log[t + 1, m], place + n_bins))
            if t > 0 and not known[t - 1, m] and log[t - 1, m] > floor:
                phase[t - 1, m] = phase[t, m] - 0.5 * (in_time[t, m] + in_time[t - 1, m])
                known[t - 1, m] = True
                heapq.heappush(heap, (-log[t - 1, m], place - n_bins))
            if m + 1 < n_bins and not known[t, m + 1] and log[t, m + 1] > floor:
                phase[t, m + 1] = phase[t, m] + 0.5 * (in_frequency[t, m] + in_frequency[t, m + 1])
                known[t, m + 1] = True
                heapq.heappush(heap, (-log[t, m + 1], place + 1))
            if m > 0 and not known[t, m - 1] and log[t, m - 1] > floor:
                phase[t, m - 1] = phase[t, m] - 0.5 * (in_frequency[t, m] + in_frequency[t, m - 1])
                known[t, m - 1] = True
                heapq.heappush(heap, (-log[t, m - 1], place - 1))
        if i == len(order):
            break
        seed = order[i]
        t, m = seed // n_bins, seed % n_bins
        if not known[t, m] and log[t, m] > floor:
            known[t, m] = True
            heapq.heappush(heap, (-log[t, m], seed))


_compiled = Loops(_integrate)
