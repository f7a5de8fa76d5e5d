"""Curves of level, brightness and onset density of music, and how well they agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d
from sklearn.utils import check_random_state

from ..functional.mel import melspectrogram, power_to_db
from ._audio_analysis import as_clips

__all__ = ["CURVES", "SMOOTHING", "curve_correlations", "music_curves", "pooled_correlation"]

CURVES = ("level", "brightness", "onset_density")
_N_MELS = 40
# Frames per second of the spectrogram.
_RATE = 86
_FLOOR = 1e-10
# Level in dB re 1 below which sound counts as silence.
_SILENCE = -70.0
# Standard deviation in s of the smoothing of curves before they are compared.
SMOOTHING = 0.5
# Curves are shifted against each other by up to this for the lag, and by at least this by chance.
_MAX_LAG = 3.0
_MIN_SHIFT = 4.0


def music_curves(
    audio: Any, *, sr: int = 22050, step_duration: float = 0.5, smoothing: float = 0.0
) -> np.ndarray:
    """Return level, brightness and onset density of music in equal steps of time.

    Parameters
    ----------
    audio : AudioClips or array-like of shape (n_clips, n_samples) or (n_samples,)
        Mono audio; of one dimension, it is one piece.
    sr : int, default=22050
        Sampling rate in Hz of an array.
    step_duration : float, default=0.5
        Duration of a step in s. The rest of a clip that is shorter is left out.
    smoothing : float, default=0.0
        Standard deviation in s of a Gaussian by which the curves are smoothed.

    Returns
    -------
    curves : ndarray of shape (n_clips, n_steps, 3) or (n_steps, 3)
        - level: root mean square, dB re 1, at least -70;
        - brightness: power-weighted mean frequency, in octaves above 20 Hz; in silence, that of
          the last step that is not silent;
        - onset density: mean increase of the bands from frame to frame in dB, of 86 frames per
          second, over the 80 dB below the loudest band of the clip.

    See Also
    --------
    curve_correlations : Compares the curves of two pieces.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import music_curves
    >>> y = np.random.default_rng(0).normal(0, 0.1, 44100)
    >>> y[22050:] /= 10
    >>> music_curves(y)[:, 0].round() - music_curves(y)[0, 0].round()
    array([  0.,   0., -20., -20.])
    """
    import librosa

    whole = np.ndim(audio) == 1
    audio, sr = as_clips(np.asarray(audio)[None] if whole else audio, sr=sr)
    if not step_duration * sr >= 1:
        raise ValueError(f"expected step_duration of at least a sample, got {step_duration} s")
    n_steps = max(int(audio.shape[1] / sr / step_duration + 1e-6), 1)
    octave = np.log2(librosa.mel_frequencies(_N_MELS + 2, fmax=sr / 2)[1:-1] / 20.0)
    hop = max(1, round(sr / _RATE))
    samples = np.rint(np.arange(n_steps + 1) * step_duration * sr).astype(int)
    edges = np.rint(samples / hop).astype(int)
    curves = np.empty((len(audio), n_steps, 3))
    for curve, y in zip(curves, audio):
        mel = melspectrogram(
            np.asarray(y, np.float32)[None], sr=sr, n_fft=8 * hop, hop_length=hop, n_mels=_N_MELS
        )[0]
        decibels = power_to_db(mel, ref=max(float(mel.max()), _FLOOR), top_db=80.0)
        rise = np.maximum(np.diff(decibels, axis=1, prepend=decibels[:, :1]), 0.0).mean(axis=0)
        inside = np.minimum(edges, mel.shape[1] - 1)
        inside[-1] = max(inside[-1], inside[-2] + 1)
        sums = np.add.reduceat(mel, inside[:-1], axis=1)[:, :n_steps] / np.diff(inside)
        power = sums.sum(axis=0)
        curve[:, 0] = _levels(np.asarray(y, float), samples)
        curve[:, 1] = _held(octave @ sums / np.maximum(power, 1e-30), curve[:, 0] > _SILENCE)
        curve[:, 2] = np.add.reduceat(rise, inside[:-1])[:n_steps] / np.diff(inside)
    if smoothing:
        curves = _smooth(curves, smoothing / step_duration)
    return curves[0] if whole else curves


def _levels(y: np.ndarray, edges: np.ndarray) -> np.ndarray:
    energy = np.concatenate([[0.0], np.cumsum(np.square(y))])[np.minimum(edges, len(y))]
    power = np.diff(energy) / np.maximum(np.diff(edges), 1)
    levels: np.ndarray = np.maximum(10 * np.log10(np.maximum(power, 1e-12)), _SILENCE)
    return levels


def _held(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Repeat the last known value; before the first one, that one."""
    if not known.any():
        return np.zeros(len(values))
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return values[np.where(last < 0, np.flatnonzero(known)[0], last)]


def _smooth(curves: np.ndarray, sigma: float) -> np.ndarray:
    smooth: np.ndarray = gaussian_filter1d(curves, sigma, axis=-2, mode="nearest")
    return smooth


def _standardized(curves: np.ndarray) -> np.ndarray:
    """Curves (n_steps, ...) of mean 0 and sum of squares 1, or 0 where they are constant."""
    curves = curves - curves.mean(axis=0)
    size = np.sqrt(np.square(curves).sum(axis=0))
    return np.divide(curves, size, out=np.zeros_like(curves), where=size > 1e-6)


def pooled_correlation(
    true: np.ndarray,
    generated: np.ndarray,
    groups: np.ndarray,
    *,
    n_permutations: int,
    random_state: Any,
) -> tuple[np.ndarray, np.ndarray]:
    """Return correlations of curves of clips within performances, and their p-values.

    Parameters
    ----------
    true, generated : ndarray of shape (n_clips, n_steps, n_curves)
        Curves of clips, smoothed.
    groups : ndarray of int of shape (n_clips,)
        Performance of each clip.
    n_permutations : int
        Number of random shifts of all performances.
    random_state : int, RandomState instance or None
        Seed of the shifts.

    Returns
    -------
    correlation : ndarray of shape (n_curves,)
        Mean over the performances.
    p : ndarray of shape (n_curves,)
        From shifts of the clips of each performance, one after the other, in a circle by at least
        half a clip.
    """
    rng = check_random_state(random_state)
    places = np.unique(groups)
    found, chance = np.zeros(true.shape[2]), np.zeros((n_permutations, true.shape[2]))
    for group in places:
        a, b = (
            _standardized(c[groups == group].reshape(-1, c.shape[-1])) for c in (true, generated)
        )
        every = _all_shifts(a, b)
        found = found + every[0]
        least = min(true.shape[1] // 2, len(a) // 2)
        chance = (
            chance
            + every[rng.randint(least, max(len(a) - least, least) + 1, n_permutations) % len(a)]
        )
    p = (1 + (chance >= found - 1e-9).sum(axis=0)) / (1 + n_permutations)
    return found / len(places), p


def _all_shifts(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Correlations of standardized curves with all circular shifts, (n_steps, n_curves)."""
    spectrum = np.fft.rfft(a, axis=0).conj() * np.fft.rfft(b, axis=0)
    shifts: np.ndarray = np.fft.irfft(spectrum, len(a), axis=0)
    return shifts


def curve_correlations(
    true: Sequence[Any],
    generated: Sequence[Any],
    *,
    sr: int = 22050,
    step_duration: float = 0.5,
    n_permutations: int = 999,
    random_state: Any = None,
) -> pd.DataFrame:
    r"""Return how well generated pieces follow the course of others, moment by moment.

    Parameters
    ----------
    true : sequence of array-like
        One entry per performance: the real music of shape (n_samples_i,), or its curves, of shape
        (n_steps_i, 3) as `music_curves` returns them.
    generated : sequence of array-like
        The music that was generated for them, or its curves; it begins at the same moment.
    sr : int, default=22050
        Sampling rate in Hz of audio.
    step_duration : float, default=0.5
        Duration of a step in s.
    n_permutations : int, default=999
        Number of random shifts for each p-value.
    random_state : int, RandomState instance or None, default=None
        Seed of the shifts. Pass an int for reproducible output across calls.

    Returns
    -------
    scores : DataFrame with the rows level, brightness and onset_density
        - `r`: correlation of the curves within each piece, mean over pieces;
        - `p`: p-value of `r`, from shifts of each generated piece in a circle by at least 4 s;
        - `other`: the same correlation with the curves of other pieces, mean over all pairs;
        - `place`: correlation of the true curves with what other true pieces have at the same
          distance from their beginning, or in the second half from their end;
        - `lag`: shift in s of the generated music, from -3 to 3, at which the mean correlation is
          largest; positive where the music is late, between steps by a parabola.

    Notes
    -----
    Curves are smoothed by a Gaussian with a standard deviation of 0.5 s. Constant curves have a
    correlation of 0. Slow changes of a piece have few independent parts, so a correlation alone
    says little: read it beside `p`, `other` and `place`. Music mostly begins and ends softly, so
    whatever tells where a piece begins and ends, without any dance, correlates with it by `place`,
    and shifts do not show that. Curves of dances (of
    :func:`~sklearn_asdf.datasets.make_dance_music`, `courses`) can stand for the real music.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import curve_correlations
    >>> rng = np.random.default_rng(0)
    >>> music = [rng.normal(0, 10 ** rng.normal(-2, 0.3, 40).repeat(11025)) for _ in range(2)]
    >>> softer = [0.5 * y for y in music]
    >>> scores = curve_correlations(music, softer, random_state=0)
    >>> scores.loc["level", ["r", "lag"]].round(2).tolist()
    [1.0, 0.0]
    """
    if len(true) != len(generated) or not len(true):
        raise ValueError(
            f"expected one generated piece for each performance, got {len(generated)} for "
            f"{len(true)}"
        )
    pairs = []
    for a, b in zip(true, generated):
        a, b = (_curves(x, sr, step_duration) for x in (a, b))
        n = min(len(a), len(b))
        pairs.append(
            tuple(_standardized(_smooth(c[:n], SMOOTHING / step_duration)) for c in (a, b))
        )
    rng = check_random_state(random_state)
    r = np.mean([(a * b).sum(axis=0) for a, b in pairs], axis=0)
    shifted = np.zeros((n_permutations, len(r)))
    for a, b in pairs:
        every = _all_shifts(a, b)
        least = min(round(_MIN_SHIFT / step_duration), len(a) // 4)
        shifted += every[rng.randint(least, max(len(a) - least, least + 1), n_permutations)]
    p = (1 + (shifted / len(pairs) >= r - 1e-12).sum(axis=0)) / (1 + n_permutations)
    others = [
        (_standardized(a[: min(len(a), len(b))]) * _standardized(b[: min(len(a), len(b))])).sum(0)
        for i, (a, _) in enumerate(pairs)
        for j, (_, b) in enumerate(pairs)
        if i != j
    ]
    other = np.mean(others, axis=0) if others else np.full(len(r), np.nan)
    place = _place_correlation([a for a, _ in pairs])
    return pd.DataFrame(
        {"r": r, "p": p, "other": other, "place": place, "lag": _lag(pairs, step_duration)},
        index=list(CURVES),
    )


def _place_correlation(curves: list[np.ndarray]) -> np.ndarray:
    """Mean correlation of curves with the mean of the others at the same place, (n_curves,)."""
    if len(curves) < 2:
        return np.full(len(CURVES), np.nan)
    # In standard deviations, so that long pieces count as much as short ones.
    curves = [curve * np.sqrt(len(curve)) for curve in curves]
    found = np.zeros(len(CURVES))
    for i, curve in enumerate(curves):
        half = -(-len(curve) // 2)
        total, count = np.zeros_like(curve), np.zeros((len(curve), 1))
        for other in curves[:i] + curves[i + 1 :]:
            n = min(half, len(other))
            total[:n] += other[:n]
            count[:n] += 1
            n = min(len(curve) - half, len(other))
            if n:
                total[-n:] += other[-n:]
                count[-n:] += 1
        expected = _standardized(total / np.maximum(count, 1))
        found += (expected * _standardized(curve)).sum(axis=0)
    return found / len(curves)


def _curves(piece: Any, sr: int, step_duration: float) -> np.ndarray:
    piece = np.asarray(piece, dtype=float)
    if piece.ndim == 2 and piece.shape[1] == len(CURVES):
        return piece
    return music_curves(piece, sr=sr, step_duration=step_duration)


def _lag(pairs: list[Any], step_duration: float) -> np.ndarray:
    """Lag in s of the second curves behind the first, (3,)."""
    most = round(_MAX_LAG / step_duration)
    lags = np.arange(-most, most + 1)
    total = np.zeros((len(lags), len(CURVES)))
    for a, b in pairs:
        for row, lag in enumerate(lags):
            if len(a) > abs(lag) + 1:
                early, late = (a[: len(a) - lag], b[lag:]) if lag >= 0 else (a[-lag:], b[:lag])
                total[row] += (early * late).sum(axis=0)
    best = total.argmax(axis=0)
    inner = np.clip(best, 1, len(lags) - 2)
    left, middle, right = (total[inner + i, np.arange(total.shape[1])] for i in (-1, 0, 1))
    bend = left - 2 * middle + right
    offset = np.divide(left - right, 2 * bend, out=np.zeros(total.shape[1]), where=bend < 0)
    return (lags[inner] + np.clip(offset, -1, 1)) * step_duration
