"""Principal components of the spectra of steps, with or without an envelope of their own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["StepComponents", "envelope_axes", "fit_components"]

# Cosines over the bands of a spectrum that are its envelope.
_N_CURVES = 10
# Of the map from levels to envelopes, in dB squared.
_PENALTY = 0.01


class StepComponents(NamedTuple):
    """Linear maps between the values of a step and its code.

    Parameters
    ----------
    encoding : ndarray of shape (n_components, n_values)
        Axes on which values are projected.
    decoding : ndarray of shape (n_components, n_values)
        Values for each number of a code.
    variance : ndarray of shape (n_components,)
        Of the projections.
    total : float
        Variance of all values that are encoded.
    """

    encoding: np.ndarray
    decoding: np.ndarray
    variance: np.ndarray
    total: float


def envelope_axes(n_mels: int, n_frames: int, n_curves: int = _N_CURVES) -> np.ndarray:
    """Return orthonormal smooth curves over the bands of each frame.

    Parameters
    ----------
    n_mels : int
        Bands of a frame.
    n_frames : int
        Frames.
    n_curves : int, default=10
        Cosines of a frame, at most `n_mels`.

    Returns
    -------
    ndarray of shape (n_frames * n_mels, n_frames * n_curves)
        One column per curve.

    Examples
    --------
    >>> from sklearn_asdf.music.beat_components import envelope_axes
    >>> envelope_axes(8, 2, 3).shape
    (16, 6)
    """
    place = (np.arange(n_mels) + 0.5) / n_mels
    curves = np.cos(np.pi * np.outer(place, np.arange(min(n_curves, n_mels))))
    return np.kron(np.eye(n_frames), np.linalg.qr(curves)[0])


def fit_components(
    covariance: np.ndarray, n_components: int, *, n_envelope: int, n_levels: int, n_mels: int
) -> StepComponents:
    """Find the components of levels of bands, and of the fine structure of spectra.

    Parameters
    ----------
    covariance : ndarray of shape (n_values, n_values)
        Of the values of a step: `n_levels` levels of bands, and then spectra, all in dB.
    n_components : int
        Components.
    n_envelope : int
        How many of these are components of the levels; the others are those of the spectra without
        their envelopes. 0 takes all from whole spectra.
    n_levels : int
        Levels of a step; 0 without an envelope.
    n_mels : int
        Bands of a spectrum.

    Returns
    -------
    StepComponents
        The components of the levels, which decode to envelopes of spectra too, by a ridge
        regression; then those of the fine structure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.music.beat_components import fit_components
    >>> values = np.random.default_rng(0).normal(size=(100, 4 + 2 * 30))
    >>> cov = np.cov(values, rowvar=False)
    >>> found = fit_components(cov, 6, n_envelope=2, n_levels=4, n_mels=30)
    >>> found.encoding[:2, 4:].any(), found.encoding[2:, :4].any(), found.decoding[:2, 4:].any()
    (np.False_, np.False_, np.True_)
    """
    if not n_envelope:
        axes, variance = _principal(covariance, n_components)
        return StepComponents(axes, axes, variance, float(np.trace(covariance)))
    levels, spectra = covariance[:n_levels, :n_levels], covariance[n_levels:, n_levels:]
    curves = envelope_axes(n_mels, len(spectra) // n_mels)
    fine = spectra - curves @ (curves.T @ spectra)
    fine = fine - (fine @ curves) @ curves.T
    encoding = np.zeros((n_components, len(covariance)))
    encoding[:n_envelope, :n_levels], of_levels = _principal(levels, n_envelope)
    encoding[n_envelope:, n_levels:], of_fine = _principal(fine, n_components - n_envelope)
    penalized = levels + _PENALTY * np.eye(n_levels)
    envelope = np.linalg.solve(penalized, covariance[:n_levels, n_levels:] @ curves) @ curves.T
    decoding = encoding.copy()
    decoding[:n_envelope, n_levels:] = encoding[:n_envelope, :n_levels] @ envelope
    variance = np.concatenate([of_levels, of_fine])
    return StepComponents(encoding, decoding, variance, float(np.trace(levels) + np.trace(fine)))


def _principal(covariance: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return principal axes (n, n_values) and their variances, the largest first."""
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1][:n], vectors.T[::-1][:n]
    # The sign of an eigenvector is arbitrary.
    largest = np.take_along_axis(vectors, abs(vectors).argmax(axis=1)[:, None], axis=1)
    return vectors * np.sign(largest), np.maximum(values, 0.0)
