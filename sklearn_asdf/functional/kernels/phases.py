"""Phases of a phase vocoder that is locked to the peaks of spectra."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..compiled import Loops, use_compiled

__all__ = ["turns_of_spectra"]

_TINY = 1e-20
# Growth of the power of a peak over one hop that counts as an attack.
_ONSET = 16.0


def turns_of_spectra(
    here: np.ndarray, before: np.ndarray, last: np.ndarray, first: np.ndarray
) -> np.ndarray:
    """Return numbers of size 1 that turn spectra so that phases go on from frame to frame.

    Parameters
    ----------
    here, before : ndarray of complex64, shape (n_frames, n_bins)
        Spectra of the source: of the frames, and of one hop before each.
    last : ndarray of complex64, shape (n_bins,)
        Spectrum of the frame before the first.
    first : ndarray of complex64, shape (n_bins,)
        What the frame before the first was turned by.

    Returns
    -------
    ndarray of complex64, shape (n_frames, n_bins)
        Each bin has that of the nearest peak of its spectrum.
    """
    if use_compiled():
        turns = np.empty(here.shape, np.complex64)
        power, peaks = np.empty(here.shape[1] + 4, np.float32), np.empty(here.shape[1], np.intp)
        _turn(here, before, last, first, power, peaks, turns)
        return turns
    previous = np.concatenate([last[None], here[:-1]])
    n_frames, n_bins = here.shape
    power = here.real**2 + here.imag**2
    peaks, width = _peaks(power)
    # The jump of each peak's phase between frames that are not turned.
    jump = previous.ravel()[peaks] * np.conj(before.ravel()[peaks])
    size = np.abs(jump)
    # Phases begin anew where sound does, so that attacks stay sharp.
    was = before.ravel()[peaks]
    anew = (size < _TINY) | (power.ravel()[peaks] > _ONSET * (was.real**2 + was.imag**2))
    jump /= np.maximum(size, _TINY)
    jump[anew] = 0
    # The peak of the previous frame whose phase a peak continues.
    region = np.repeat(np.arange(len(peaks), dtype=np.int32), width)
    ahead = region[np.maximum(peaks - n_bins, 0)]
    stops = np.cumsum(np.bincount(peaks // n_bins)).tolist()
    turn = anew.astype(np.complex64)
    turn[: stops[0]] += jump[: stops[0]] * first[peaks[: stops[0]]]
    for a, b in pairwise(stops):
        turn[a:b] += turn.take(ahead[a:b]) * jump[a:b]
    # Products drift away from size 1 by rounding.
    turn /= np.abs(turn)
    return np.repeat(turn, width).reshape(n_frames, n_bins)


def _peaks(power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of peaks in raveled spectra, and of how many bins each is the nearest."""
    n_bins = power.shape[1]
    padded = np.pad(power, ((0, 0), (2, 2)), constant_values=-1.0)
    peak = power >= padded[:, 1:-3]
    for i in (0, 3, 4):
        peak &= power >= padded[:, i : i + n_bins]
    # Each frame has one, its largest value.
    peaks = np.flatnonzero(peak)
    frame = peaks // n_bins
    middle = (peaks[1:] + peaks[:-1]) // 2 + 1
    edges = np.where(frame[1:] == frame[:-1], middle, frame[1:] * n_bins)
    return peaks, np.diff(edges, prepend=0, append=power.size)


@Loops
def _turn(here, before, last, first, power, peaks, turns):
    n_frames, n_bins = here.shape
    power[0] = power[1] = power[n_bins + 2] = power[n_bins + 3] = -1.0
    for frame in range(n_frames):
        spectrum, was = here[frame], before[frame]
        previous = here[frame - 1] if frame > 0 else last
        turned = turns[frame - 1] if frame > 0 else first
        own = power[2 : n_bins + 2]
        for k in range(n_bins):
            own[k] = spectrum[k].real * spectrum[k].real + spectrum[k].imag * spectrum[k].imag
        count = 0
        for k in range(n_bins):
            size = power[k + 2]
            peaks[count] = k
            count += (
                (size >= power[k + 1])
                & (size >= power[k + 3])
                & (size >= power[k])
                & (size >= power[k + 4])
            )
        start = 0
        for i in range(count):
            k = peaks[i]
            stop = (k + peaks[i + 1]) // 2 + 1 if i + 1 < count else n_bins
            turns[frame, start:stop] = _turn_of_peak(own[k], previous[k], was[k], turned[k])
            start = stop


@Loops
def _turn_of_peak(power, previous, was, turned):
    """Return what turns a peak, so that its phase goes on or, at an attack, begins anew."""
    a, b = np.float64(previous.real), np.float64(previous.imag)
    c, d = np.float64(was.real), np.float64(was.imag)
    real, imaginary = a * c + b * d, b * c - a * d
    size = np.sqrt(real * real + imaginary * imaginary)
    if size < _TINY or power > _ONSET * (c * c + d * d):
        return np.complex64(1.0)
    a, b = np.float64(turned.real), np.float64(turned.imag)
    # Products drift away from size 1 by rounding.
    size *= np.sqrt(a * a + b * b)
    return np.complex64(
        complex((a * real - b * imaginary) / size, (a * imaginary + b * real) / size)
    )
