"""FFT bins between mel bands: levels of bands, and finer values, read at each bin."""

from __future__ import annotations

import numpy as np

__all__ = ["TOP_DB", "MelBins", "quantize"]

# Range below the loudest bin of a spectrum, in dB.
TOP_DB = 80.0


class MelBins:
    """Places of FFT bins among mel bands.

    Parameters
    ----------
    sr : float
        Sampling rate in Hz.
    n_fft : int
        Length of the FFT in samples.
    n_mels : int
        Number of mel bands.
    n_knots : int
        Values per band: from half a band below its center to half a band above it.
    fmin, fmax : float, default=0.0, None
        Lowest and highest frequency of the bands in Hz; None means half of `sr`.

    Attributes
    ----------
    bands, knots : ndarray of int of shape (2, n_bins)
        The bands and the knots, counted through all bands, between which each bin is.
    band_share, knot_share : ndarray of float32 of shape (n_bins,)
        Weights of the second ones.

    Notes
    -----
    The bins between the centers of two bands are few at low frequencies and many at high ones.
    Values are read at bins by linear interpolation. Bins beyond the centers of the outer bands have
    their values.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.mel_bins import MelBins
    >>> bins = MelBins(sr=22050, n_fft=4096, n_mels=128, n_knots=4)
    >>> bins.levels(np.arange(128.0)).shape
    (2049,)
    >>> bins.read(np.zeros((3, 128 * 4, 2))).shape
    (3, 2049, 2)
    """

    def __init__(
        self,
        *,
        sr: float,
        n_fft: int,
        n_mels: int,
        n_knots: int,
        fmin: float = 0.0,
        fmax: float | None = None,
    ) -> None:
        import librosa

        edges = librosa.mel_frequencies(n_mels + 2, fmin=fmin, fmax=fmax or sr / 2)
        hertz = np.arange(1 + n_fft // 2) * sr / n_fft
        place = np.interp(hertz, edges, np.arange(-1, n_mels + 1)).clip(0, n_mels - 1)
        low = np.floor(place).astype(np.intp)
        self.bands = np.stack([low, np.minimum(low + 1, n_mels - 1)])
        self.band_share = (place - low).astype(np.float32)
        nearest = np.floor(place + 0.5).clip(0, n_mels - 1)
        within = (place - nearest + 0.5).clip(0, 1) * (n_knots - 1)
        low = np.floor(within).astype(np.intp)
        first = nearest.astype(np.intp) * n_knots
        self.knots = first + np.stack([low, np.minimum(low + 1, n_knots - 1)])
        self.knot_share = (within - low).astype(np.float32)

    def levels(self, bands: np.ndarray) -> np.ndarray:
        """Return values of bands at the bins.

        Parameters
        ----------
        bands : ndarray of shape (..., n_mels)
            One value per band, such as its level in dB.

        Returns
        -------
        ndarray of shape (..., n_bins)
            Interpolated between the centers of the bands.
        """
        low, high = (bands[..., i] for i in self.bands)
        return low + self.band_share * (high - low)

    def read(self, knots: np.ndarray) -> np.ndarray:
        """Return values of knots at the bins.

        Parameters
        ----------
        knots : ndarray of shape (..., n_mels * n_knots, n_values)
            Values at the knots of all bands.

        Returns
        -------
        ndarray of shape (..., n_bins, n_values)
            Interpolated between the knots of the nearest band.
        """
        low, high = (knots[..., i, :] for i in self.knots)
        return low + self.knot_share[:, None] * (high - low)


def quantize(level: np.ndarray, *phases: np.ndarray) -> np.ndarray:
    """Return levels and phases in 8 bits each.

    Parameters
    ----------
    level : ndarray of shape (...)
        In dB, at most 0; -80 and below are one.
    *phases : ndarray of shape (...)
        In radians, any number of turns.

    Returns
    -------
    ndarray of int8 of shape (..., 1 + n_phases)
        Levels in steps of 80 / 254 dB from -127, and phases in steps of pi / 127.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.mel_bins import quantize
    >>> quantize(np.array([0.0, -90.0]), np.array([np.pi / 2, 2 * np.pi]))
    array([[ 127,   64],
           [-127,    0]], dtype=int8)
    """
    whole = np.empty((*level.shape, 1 + len(phases)), np.int8)
    whole[..., 0] = np.round(np.maximum(level, -TOP_DB) * (254 / TOP_DB) + 127)
    for i, phase in enumerate(phases, start=1):
        turns = phase / (2 * np.pi)
        whole[..., i] = np.round((turns - np.round(turns)) * 254)
    return whole
