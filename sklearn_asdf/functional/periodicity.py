"""Tempo of a movement, its strength, and the phase of its beats."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .kernels.spectra import power_at

__all__ = ["beat_tempo", "detrend", "kinematic_beats", "motion_tempo", "tempogram"]


def _clip_lengths(curve: np.ndarray, lengths: ArrayLike | None) -> np.ndarray:
    return np.full(len(curve), curve.shape[1]) if lengths is None else np.asarray(lengths)


def detrend(
    activity: ArrayLike, *, fps: float, lengths: ArrayLike | None = None, duration: float = 2.0
) -> np.ndarray:
    """Remove slow changes of activity curves and scale them to unit variance.

    Parameters
    ----------
    activity : array-like of shape (n_clips, n_frames)
        Activity, the mean speed of the joints for example, without NaN.
    fps : float
        Frames per second (Hz).
    lengths : array-like of int, shape (n_clips,), optional
        Frames of each clip. By default all.
    duration : float, default=2.0
        Length in s of the moving average that is subtracted.

    Returns
    -------
    pulse : ndarray of shape (n_clips, n_frames)
        Without unit; 0 in padding and for a curve that does not change.

    Examples
    --------
    >>> from sklearn_asdf.functional.periodicity import detrend
    >>> detrend([[1.0, 1.0, 1.0]], fps=30).tolist()
    [[0.0, 0.0, 0.0]]
    """
    activity = np.asarray(activity, dtype=float)
    n_frames = activity.shape[1]
    length = _clip_lengths(activity, lengths)[:, None]
    frame = np.arange(n_frames)
    inside = frame < length
    activity = np.where(inside, activity, 0.0)
    size = np.abs(activity).max(axis=1, keepdims=True, initial=0.0)
    scale = np.where(size > 0, size, 1.0)
    activity = activity / scale
    total = np.zeros((len(activity), n_frames + 1))
    np.cumsum(activity, axis=1, out=total[:, 1:])
    reach = max(round(duration * fps / 2), 1)
    low = np.maximum(frame - reach, 0)
    high = np.minimum(frame + reach + 1, length)
    span = np.maximum(high - low, 1)
    mean = (np.take_along_axis(total, high, axis=1) - total[:, low]) / span
    pulse = np.where(inside, activity - mean, 0.0)
    count = np.maximum(length, 1)
    pulse = np.where(inside, pulse - pulse.sum(axis=1, keepdims=True) / count, 0.0)
    deviation = np.sqrt((pulse**2).sum(axis=1, keepdims=True) / count)
    # Deviations below this are rounding errors of a constant curve.
    moving = deviation > 1e-9
    return np.where(moving, pulse / np.where(moving, deviation, 1.0), 0.0)


def kinematic_beats(
    activity: ArrayLike, *, fps: float, lengths: ArrayLike | None = None
) -> np.ndarray:
    """Return the kinematic beats of a movement: minima of its speed.

    Parameters
    ----------
    activity : array-like of shape (n_clips, n_frames)
        Activity, the mean speed of the joints for example, without NaN.
    fps : float
        Frames per second (Hz).
    lengths : array-like of int, shape (n_clips,), optional
        Frames of each clip. By default all.

    Returns
    -------
    beat : ndarray of shape (n_clips, n_frames)
        Near 1 at minima of the activity, near -1 at its maxima, 0 where nothing changes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.periodicity import kinematic_beats
    >>> speed = 1 - np.cos(2 * np.pi * np.arange(120) / 30)  # at rest once a second
    >>> kinematic_beats(speed[None], fps=30)[0, [30, 45, 60]].round(1).tolist()
    [0.9, -0.9, 0.9]
    """
    return -np.tanh(detrend(activity, fps=fps, lengths=lengths))


def _autocorrelation(pulse: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Autocorrelation of unit-variance curves, up to half of the frames, (n_clips, n_lags)."""
    n_frames = pulse.shape[1]
    n_fft = 1 << max(2 * n_frames - 1, 1).bit_length()
    spectrum = np.fft.rfft(pulse, n_fft, axis=1)
    lagged = np.fft.irfft(np.abs(spectrum) ** 2, n_fft, axis=1)[:, : n_frames // 2 + 2]
    lag = np.arange(lagged.shape[1])
    overlap = length[:, None] - lag
    # Few frames overlap at large lags: their mean product is no estimate.
    known = overlap >= np.maximum(length[:, None] / 2, 1)
    return np.where(known, lagged / np.maximum(overlap, 1), 0.0)


def _at(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Values (n_clips, n_lags) at fractional lags (n_clips, n_places), 0 beyond the last."""
    last = values.shape[1] - 1
    low = np.clip(np.floor(place).astype(np.intp), 0, max(last - 1, 0))
    share = np.clip(place - low, 0.0, 1.0)
    left = np.take_along_axis(values, low, axis=1)
    right = np.take_along_axis(values, np.minimum(low + 1, last), axis=1)
    return np.where(place <= last, left + share * (right - left), 0.0)


def tempogram(
    activity: ArrayLike, *, fps: float, tempi: ArrayLike, lengths: ArrayLike | None = None
) -> np.ndarray:
    """Return the autocorrelation of activity at given tempi.

    Parameters
    ----------
    activity : array-like of shape (n_clips, n_frames)
        Activity, the mean speed of the joints for example, without NaN.
    fps : float
        Frames per second (Hz).
    tempi : array-like of shape (n_tempi,) or (n_clips, n_tempi)
        Tempi in BPM, for all clips or for each.
    lengths : array-like of int, shape (n_clips,), optional
        Frames of each clip. By default all.

    Returns
    -------
    strength : ndarray of shape (n_clips, n_tempi)
        Autocorrelation at one beat's lag, from -1 to 1; 0 where the clip is shorter than two
        beats, and where nothing changes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.periodicity import tempogram
    >>> activity = 1 + np.cos(2 * np.pi * 2 * np.arange(240) / 30)  # 2 Hz
    >>> tempogram(activity[None], fps=30, tempi=[120, 80]).round(1).tolist()
    [[1.0, -1.0]]
    """
    activity = np.asarray(activity, dtype=float)
    length = _clip_lengths(activity, lengths)
    pulse = detrend(activity, fps=fps, lengths=length)
    lag = 60 * fps / np.asarray(tempi, dtype=float)
    place = np.broadcast_to(lag, (len(activity), lag.shape[-1]))
    return np.clip(_at(_autocorrelation(pulse, length), place), -1.0, 1.0)


def motion_tempo(
    activity: ArrayLike,
    *,
    fps: float,
    lengths: ArrayLike | None = None,
    tempo_range: tuple[float, float] = (40.0, 240.0),
    start_bpm: float = 120.0,
) -> np.ndarray:
    """Return the tempo of a movement, its strength, and the phase of its beats.

    Parameters
    ----------
    activity : array-like of shape (n_clips, n_frames)
        Activity, the mean speed of the joints for example, without NaN.
    fps : float
        Frames per second (Hz).
    lengths : array-like of int, shape (n_clips,), optional
        Frames of each clip. By default all.
    tempo_range : (float, float), default=(40, 240)
        Lowest and highest tempo, in BPM.
    start_bpm : float, default=120.0
        Of tempi that are equally strong, the one nearer to this is returned, in BPM.

    Returns
    -------
    tempo : ndarray of shape (n_clips, 6)
        Columns: BPM; strength, half_strength and double_strength, the autocorrelation
        at one beat's lag and at those of half and double the tempo, at least 0; cosine and sine of
        the beat's phase at the first frame. All are 0 where there is no beat.

    Notes
    -----
    Beats are kinematic beats, minima of the speed, as in the beat alignment scores of the
    literature. A gesture to and fro has two: a swing with a period of one second has 120 BPM, and
    `half_strength` says how much the way there differs from the way back.

    The lag is that of the largest local maximum of the autocorrelation, weighted by a log-normal of
    one octave around `start_bpm`, or half of it if the autocorrelation is as large there; refined
    by a parabola and then by the spectrum of the whole clip around it. With the phase psi, beats
    lie where ``2 pi * tempo / 60 * t + psi`` is a multiple of 2 pi, t being the time since the
    first frame.

    References
    ----------
    R. Li, S. Yang, D. A. Ross and A. Kanazawa, "AI choreographer", ICCV 2021 (beats of motion as
    minima of speed); D. P. W. Ellis, "Beat tracking by dynamic programming", Journal of New Music
    Research 36(1), 2007 (weighted autocorrelation).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.periodicity import motion_tempo
    >>> t = np.arange(240) / 30
    >>> speed = 1 - np.cos(2 * np.pi * 1.6 * t)  # at rest at 0 s, then every 1 / 1.6 s
    >>> motion_tempo(speed[None], fps=30)[0, [0, 4]].round(1).tolist()
    [96.0, 1.0]
    """
    activity = np.asarray(activity, dtype=float)
    n_clips = len(activity)
    out = np.zeros((n_clips, 6))
    length = _clip_lengths(activity, lengths)
    pulse = detrend(activity, fps=fps, lengths=length)
    strength = _autocorrelation(pulse, length)
    lag = np.arange(1, strength.shape[1] - 1)
    if not len(lag):
        return out
    here, before, after = strength[:, 1:-1], strength[:, :-2], strength[:, 2:]
    slowest, fastest = tempo_range
    tempo = 60 * fps / lag
    usual = np.exp(-0.5 * np.log2(tempo / start_bpm) ** 2)
    allowed = (tempo >= slowest) & (tempo <= fastest)
    peak = (here > before) & (here >= after) & (here > 0) & allowed
    score = np.where(peak, here * usual, -1.0)
    best = score.argmax(axis=1)
    found = score.max(axis=1) > 0
    if not found.any():
        return out
    # An equally large autocorrelation at half the lag means half the period.
    half = (best + 1) // 2 - 1
    near = np.clip(half[:, None] + [-1, 0, 1], 0, len(lag) - 1)
    half = np.take_along_axis(
        near, np.take_along_axis(score, near, axis=1).argmax(axis=1)[:, None], axis=1
    )[:, 0]
    row = np.arange(n_clips)
    faster = (score[row, half] > 0) & (here[row, half] >= 0.9 * here[row, best])
    best = np.where(faster, half, best)
    pick = [values[row, best] for values in (before, here, after)]
    bend = pick[0] - 2 * pick[1] + pick[2]
    shift = np.divide(0.5 * (pick[0] - pick[2]), bend, out=np.zeros(n_clips), where=bend < 0)
    period = lag[best] + np.clip(shift, -0.5, 0.5)

    frequency, phase = _refine(pulse, length, fps / period, fps=fps)
    period = fps / frequency
    at = _at(strength, period[:, None] * [1.0, 2.0, 0.5])
    out[:, 0] = 60 * frequency
    out[:, 1:4] = np.clip(at, 0.0, 1.0)
    out[:, 4], out[:, 5] = np.cos(phase), np.sin(phase)
    out[~found] = 0.0
    return out


def _refine(
    pulse: np.ndarray, length: np.ndarray, frequency: np.ndarray, *, fps: float
) -> tuple[np.ndarray, np.ndarray]:
    """Frequency of the spectral peak within 6 %, and the beat's phase at the first frame."""
    n_frames = pulse.shape[1]
    frame = np.arange(n_frames)
    window = np.sin(np.pi * (frame + 0.5) / np.maximum(length, 1)[:, None]) ** 2
    window = np.where(frame < length[:, None], window, 0.0) * pulse
    detune = np.linspace(-0.06, 0.06, 25)
    # Angles are taken about the middle of the clip, where phases of adjacent frequencies agree.
    time = (frame - (length[:, None] - 1) / 2) / fps
    angle = 2 * np.pi * time * frequency[:, None]
    power = power_at(window, angle, 1 + detune)
    best = power.argmax(axis=1)
    inner = (best > 0) & (best < len(detune) - 1)
    middle = np.clip(best, 1, len(detune) - 2)
    left, top, right = (
        np.take_along_axis(power, (middle + d)[:, None], axis=1)[:, 0] for d in (-1, 0, 1)
    )
    bend = left - 2 * top + right
    usable = inner & (bend < 0)
    shift = np.divide(0.5 * (left - right), bend, out=np.zeros(len(best)), where=usable)
    change = np.where(usable, detune[middle] + shift * (detune[1] - detune[0]), 0.0)
    refined = frequency * (1 + change)
    angle = 2 * np.pi * time * refined[:, None]
    crest = np.arctan2(-(np.sin(angle) * window).sum(axis=1), (np.cos(angle) * window).sum(axis=1))
    # A beat is a trough, half a turn from the crest; the first frame lies half a clip before.
    start = 2 * np.pi * refined * time[:, 0]
    return refined, crest + start - np.pi


def beat_tempo(
    beat: ArrayLike,
    *,
    fps: float,
    lengths: ArrayLike | None = None,
    tempo_range: tuple[float, float] = (40.0, 240.0),
    start_bpm: float = 100.0,
) -> np.ndarray:
    """Return tempo and phase of an estimate of the beat in each frame.

    Parameters
    ----------
    beat : array-like of shape (n_clips, n_frames)
        Estimated cosine of the beat's phase: 1 on a beat, -1 half way between two.
    fps : float
        Frames per second (Hz).
    lengths : array-like of int, shape (n_clips,), optional
        Frames of each clip. By default all.
    tempo_range : (float, float), default=(40, 240)
        Lowest and highest tempo, in BPM.
    start_bpm : float, default=100.0
        Of tempi that are equally strong, the one nearer to this is returned, in BPM.

    Returns
    -------
    tempo : ndarray of shape (n_clips, 4)
        Columns: BPM; strength, the share of a cosine of that tempo in the clip, from 0
        to 1; cosine and sine of its phase in the middle of the clip, 0 being on a beat. All are 0
        where nothing changes.

    Notes
    -----
    The best cosine under a Hann window, its power weighted by a log-normal of one octave around
    `start_bpm`. The phase is given in the middle, where it depends least on the tempo.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.periodicity import beat_tempo
    >>> t = np.arange(240) / 30
    >>> beat = np.cos(2 * np.pi * 1.5 * (t - t.mean()))
    >>> beat_tempo(beat[None], fps=30)[0, :3].round(1).tolist()
    [90.0, 1.0, 1.0]
    """
    values = np.asarray(beat, dtype=float)
    length = np.maximum(_clip_lengths(values, lengths), 1)[:, None]
    frame = np.arange(values.shape[1])
    inside = frame < length
    window = np.where(inside, np.sin(np.pi * (frame + 0.5) / length) ** 2, 0.0)
    weight = window / window.sum(axis=1, keepdims=True)
    values = np.where(inside, values, 0.0)
    values = values - (weight * values).sum(axis=1, keepdims=True)
    power = (weight * values**2).sum(axis=1)
    tempi = np.geomspace(*tempo_range, 241)
    time = (frame - (length - 1) / 2) / fps
    usual = np.exp(-0.5 * np.log2(tempi / start_bpm) ** 2)
    wave = np.empty((len(values), len(tempi)), dtype=complex)
    for i, tempo in enumerate(tempi):
        wave[:, i] = 2 * (weight * values * np.exp(-2j * np.pi * tempo / 60 * time)).sum(axis=1)
    size = np.abs(wave) ** 2
    best = np.clip((size * usual).argmax(axis=1), 1, len(tempi) - 2)
    row = np.arange(len(values))
    left, top, right = (size[row, best + d] for d in (-1, 0, 1))
    bend = left - 2 * top + right
    shift = np.divide(0.5 * (left - right), bend, out=np.zeros(len(best)), where=bend < 0)
    tempo = tempi[best] * (tempi[1] / tempi[0]) ** np.clip(shift, -0.5, 0.5)
    phase = np.angle(wave[row, best])
    strength = top / np.maximum(2 * power, 1e-30)
    out = np.stack([tempo, np.minimum(strength, 1.0), np.cos(phase), np.sin(phase)], axis=1)
    out[power < 1e-12] = 0.0
    return out
