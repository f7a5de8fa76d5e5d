"""The tempo and the metre of a movement, as a posterior over both, without training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from .filters import butterworth
from .frames import fill_curves

__all__ = [
    "METRES",
    "RATIOS",
    "TEMPI",
    "WINDOWS_EACH",
    "metre_log_odds",
    "tempo_alternatives",
    "tempo_curves",
    "tempo_evidence",
    "tempo_likelihood",
    "tempo_peaks",
    "tempo_posterior",
    "tempo_prior",
]

# Tempi that are compared, in BPM: half a percent apart.
TEMPI = np.geomspace(40.0, 240.0, 321)

# For each metre, the lags in beats at which a movement repeats itself, and by how much its power
# exceeds the spectrum around it at multiples of the frequency of the beat.
METRES: Mapping[int, tuple[tuple[int, ...], Mapping[float, float]]] = {
    2: ((1, 2, 4), {1 / 2: 1.0, 1.0: 2.5, 3 / 2: 0.5, 2.0: 2.5}),
    3: ((1, 3, 6), {1 / 3: 1.0, 2 / 3: 0.8, 1.0: 2.5, 4 / 3: 0.5, 2.0: 2.0}),
    4: ((1, 2, 4), {1 / 4: 0.4, 1 / 2: 1.0, 1.0: 2.5, 3 / 2: 0.5, 2.0: 2.5}),
}

# Tempi, relative to a given one, that a movement is often taken for: octaves, and 3:2.
RATIOS = (1 / 2, 2 / 3, 1.0, 3 / 2, 2.0)

_CUTOFF, _ORDER = 8.0, 2  # Hz; up to the fourth multiple of 120 BPM, rolling off slowly
# Moving averages of so many seconds are removed from curves, and again before they are correlated.
_SLOW_TREND, _TREND = 4.0, 2.0
_WINDOW, _HOP = 8.0, 2.0  # s
# Nats for a mean autocorrelation of 1, and for a nat of each spectrum. Neighboring frames and
# joints are no independent observations, so both are far below what their number would give.
_REPETITION, _SPECTRUM = 12.0, 1.2
# Windows of a dance that count as one: they overlap, and a dance repeats its figures.
WINDOWS_EACH = 8
_FREQUENCIES = np.geomspace(0.15, 8.5, 481)  # Hz
_LARGEST_RATIO = 6.0


def tempo_curves(position: ArrayLike, *, fps: float, vertical_axis: int = 1) -> list[np.ndarray]:
    """Return the curves of a dance in which its tempo shows.

    Parameters
    ----------
    position : array-like of shape (n_frames, n_joints, n_axes)
        Poses in any unit of length; NaN is bridged.
    fps : float
        Frame rate in Hz.
    vertical_axis : int, default=1
        The axis that points up or down; the last one if there are fewer axes.

    Returns
    -------
    curves : list of ndarray of shape (n_frames, n_curves)
        Vertical velocity of each joint; its vertical acceleration; the rate of change of its
        speed; and that of the mean speed. Slow trends are removed.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.tempo import tempo_curves
    >>> [c.shape for c in tempo_curves(np.zeros((90, 17, 2)), fps=30)]
    [(90, 17), (90, 17), (90, 17), (90, 1)]
    """
    filled = np.moveaxis(fill_curves(np.moveaxis(np.asarray(position, dtype=float), 0, -1)), -1, 0)
    if 0.45 * fps > _CUTOFF:
        filled = butterworth(filled, fps=fps, cutoff=_CUTOFF, order=_ORDER)
    if len(filled) < 2:
        filled = np.repeat(filled, 2, axis=0)[: max(len(filled), 2)]
    up = min(vertical_axis, filled.shape[-1] - 1)
    velocity = np.gradient(filled, axis=0) * fps
    speed = np.linalg.norm(velocity, axis=-1)
    curves = [
        velocity[..., up],
        np.gradient(velocity[..., up], axis=0) * fps,
        np.gradient(speed, axis=0) * fps,
        np.gradient(speed.mean(axis=1, keepdims=True), axis=0) * fps,
    ]
    return [_detrend(c, _SLOW_TREND, fps) for c in curves]


def _detrend(curves: np.ndarray, duration: float, fps: float) -> np.ndarray:
    size = 2 * int(duration * fps / 2) + 1
    return curves - uniform_filter1d(curves, size, axis=0, mode="nearest")


def tempo_likelihood(
    curves: Sequence[np.ndarray],
    *,
    fps: float,
    tempi: ArrayLike = TEMPI,
    metres: Sequence[int] = (3, 4),
) -> np.ndarray:
    r"""Return how likely the windows of a dance are under each tempo and metre.

    Parameters
    ----------
    curves : sequence of ndarray of shape (n_frames, n_curves)
        Of one dance, from :func:`tempo_curves`.
    fps : float
        Frame rate in Hz.
    tempi : array-like of shape (n_tempi,), default=TEMPI
        Tempi in BPM.
    metres : sequence of int, default=(3, 4)
        Beats per bar, keys of `METRES`.

    Returns
    -------
    log_likelihood : ndarray of shape (n_windows, n_metres, n_tempi)
        Up to a constant, in nats, of windows of 8 s that start every 2 s; a shorter dance is one
        window. Zero where nothing moves.

    Notes
    -----
    Two kinds of evidence are added. A movement repeats itself after a beat, two beats and four, or
    after a beat, a bar and two bars of three: the first is the mean autocorrelation :math:`r` at
    those lags, summed over the curves of each kind. And a bar of three has power at multiples of
    a third of the beat's frequency where a bar of four has none: the second is the Whittle
    likelihood of the spectrum, relative to the spectrum around each frequency,

    .. math:: \sum_h \frac{g_h}{1 + g_h} \frac{P(hf)}{\bar P(hf)} - \log(1 + g_h),

    :math:`g_h` being the expected excess of power at the multiple :math:`h` of the frequency of
    the beat (`METRES`). Ratios above 6 count as 6, so that one pure tone does not decide.

    References
    ----------
    P. Whittle, "Estimation and information in stationary time series", Arkiv för Matematik 2,
    1953.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.tempo import TEMPI, tempo_curves, tempo_likelihood
    >>> height = np.cos(2 * np.pi * 1.75 * np.arange(360) / 30)  # 105 BPM
    >>> curves = tempo_curves(height[:, None, None], fps=30)
    >>> tempo_likelihood(curves, fps=30).shape
    (3, 2, 321)
    """
    tempi = np.asarray(tempi, dtype=float)
    n_frames = len(curves[0])
    size = min(round(_WINDOW * fps), n_frames)
    starts = range(0, n_frames - size + 1, max(round(_HOP * fps), 1))
    beat = np.log(tempi / 60)
    out = np.zeros((len(starts), len(metres), len(tempi)))
    for kind in curves:
        fast = _detrend(kind, _TREND, fps)
        repetition = _autocorrelation(np.stack([fast[s : s + size] for s in starts]))
        windows = np.stack([kind[s : s + size] for s in starts])
        spectrum = _relative_spectrum(windows, fps)
        moves = np.ptp(windows, axis=1).max(axis=1) > 1e-9 * max(np.abs(kind).max(), 1e-300)
        lag = np.arange(size)
        for w, m in np.argwhere(moves[:, None] & np.ones(len(metres), dtype=bool)):
            lags, gains = METRES[metres[m]]
            repeated = np.mean(
                [np.interp(k * 60 * fps / tempi, lag, repetition[w], right=0.0) for k in lags],
                axis=0,
            )
            gain = 0.0
            for h, g in gains.items():
                ratio = np.interp(beat + np.log(h), np.log(_FREQUENCIES), spectrum[w])
                gain = gain + np.minimum(ratio, _LARGEST_RATIO) * g / (1 + g) - np.log1p(g)
            out[w, m] += (_REPETITION * repeated + _SPECTRUM * gain) / len(curves)
    return out


def _autocorrelation(windows: np.ndarray) -> np.ndarray:
    """Autocorrelation of curves (n_windows, n_frames, n_curves), their products added."""
    n_frames = windows.shape[1]
    windows = windows - windows.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(windows, 2 * n_frames, axis=1)) ** 2
    products = np.fft.irfft(power.sum(axis=2), axis=1)[:, :n_frames]
    # Few frames overlap at large lags: their mean product is no estimate.
    mean = products / np.maximum(n_frames - np.arange(n_frames), n_frames / 4)
    return np.divide(mean, mean[:, :1], out=np.zeros_like(mean), where=mean[:, :1] > 0)


def _relative_spectrum(windows: np.ndarray, fps: float) -> np.ndarray:
    """Power at `_FREQUENCIES` over that within about half an octave, (n_windows, n)."""
    n_frames = windows.shape[1]
    n_fft = 8 << (n_frames - 1).bit_length()
    windows = windows - windows.mean(axis=1, keepdims=True)
    taper = np.hanning(n_frames + 2)[1:-1, None]
    power = (np.abs(np.fft.rfft(windows * taper, n_fft, axis=1)) ** 2).sum(axis=2)
    frequency = np.fft.rfftfreq(n_fft, 1 / fps)
    at = np.stack([np.interp(_FREQUENCIES, frequency, p, right=0.0) for p in power])
    at *= _FREQUENCIES  # power per octave
    octave = np.log(2) / np.log(_FREQUENCIES[1] / _FREQUENCIES[0])
    around = gaussian_filter1d(at, 0.5 * octave, axis=1, mode="nearest")
    floor = 1e-12 * at.max(axis=1, keepdims=True)
    return np.divide(at, around, out=np.ones_like(at), where=around > floor)


def tempo_prior(
    tempi: ArrayLike = TEMPI,
    *,
    start_bpm: float = 100.0,
    std_bpm: float = 0.35,
    known: ArrayLike | None = None,
    other: float = 0.1,
) -> np.ndarray:
    """Return the logarithm of a prior over tempi.

    Parameters
    ----------
    tempi : array-like of shape (n_tempi,), default=TEMPI
        Tempi in BPM.
    start_bpm : float, default=100.0
        Center of a log-normal in BPM.
    std_bpm : float, default=0.35
        Its standard deviation in octaves.
    known : array-like of shape (n_pieces,), default=None
        Tempi of known pieces in BPM: the prior is then a mixture of their density, with a kernel of
        a tenth of an octave, and the log-normal.
    other : float, default=0.1
        Share of the log-normal in that mixture.

    Returns
    -------
    log_prior : ndarray of shape (n_tempi,)
        In nats; its exponential sums to 1.

    Examples
    --------
    >>> from sklearn_asdf.functional.tempo import TEMPI, tempo_prior
    >>> float(TEMPI[tempo_prior(known=[90, 91, 130]).argmax()].round())
    91.0
    """
    octaves = np.log2(np.asarray(tempi, dtype=float))

    def normal(center: float | np.ndarray, scale: float) -> np.ndarray:
        density = np.exp(-0.5 * ((octaves - np.log2(center)) / scale) ** 2) + 1e-300
        return density / density.sum(axis=-1, keepdims=True)

    prior = normal(start_bpm, std_bpm)
    if known is not None and np.size(known):
        centers = np.asarray(known, dtype=float).reshape(-1, 1)
        prior = other * prior + (1 - other) * normal(centers, 0.1).mean(axis=0)
    return np.log(prior)


def tempo_evidence(
    log_likelihood: ArrayLike, *, every_other: float = 0.0, running: bool = False
) -> np.ndarray:
    """Return the log-likelihood of each metre and tempo of a whole dance.

    Parameters
    ----------
    log_likelihood : array-like of shape (n_windows, n_metres, n_tempi)
        From :func:`tempo_likelihood`, of `TEMPI` if `every_other` is above 0.
    every_other : float, default=0.0
        Probability, below 1, that a dance moves on every other beat of its music.
    running : bool, default=False
        Whether to return the log-likelihoods of the dance up to the end of each window.

    Returns
    -------
    log_likelihood : ndarray of shape (n_metres, n_tempi) or (n_windows, n_metres, n_tempi)
        In nats; see the notes of :func:`tempo_posterior`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.tempo import tempo_evidence
    >>> tempo_evidence(np.ones((16, 2, 4)))[0].tolist()
    [2.0, 2.0, 2.0, 2.0]
    """
    evidence = np.asarray(log_likelihood, dtype=float)
    if running:
        n_windows = np.arange(1, len(evidence) + 1)[:, None, None]
        joint = evidence.cumsum(axis=0) / np.minimum(n_windows, WINDOWS_EACH)
    else:
        joint = evidence.sum(axis=0) / min(len(evidence), WINDOWS_EACH)
    return _or_every_other(joint, TEMPI, every_other) if every_other else joint


def tempo_posterior(
    log_likelihood: ArrayLike, log_prior: ArrayLike, *, every_other: float = 0.0
) -> np.ndarray:
    """Return the probability of each metre and tempo of a whole dance.

    Parameters
    ----------
    log_likelihood : array-like of shape (n_windows, n_metres, n_tempi)
        From :func:`tempo_likelihood`.
    log_prior : array-like of shape (n_tempi,)
        From :func:`tempo_prior`, of `TEMPI` if `every_other` is above 0.
    every_other : float, default=0.0
        Probability, below 1, that a dance moves on every other beat of its music.

    Returns
    -------
    probability : ndarray of shape (n_metres, n_tempi)
        Sums to 1. Metres are equally probable before.

    Notes
    -----
    Eight windows, which overlap and repeat the figures of the same dance, count as one; the dance
    as a whole as one at least. With the probability p of `every_other`, the likelihood of a tempo f
    is :math:`(1 - p) L(f) + p L(f / 2)`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.tempo import tempo_posterior
    >>> tempo_posterior(np.zeros((3, 2, 4)), np.zeros(4)).round(3)[0].tolist()
    [0.125, 0.125, 0.125, 0.125]
    """
    joint = tempo_evidence(log_likelihood, every_other=every_other) + log_prior
    joint = np.exp(joint - joint.max())
    return joint / joint.sum()


def _or_every_other(evidence: np.ndarray, tempi: np.ndarray, share: float) -> np.ndarray:
    """Log-likelihood of tempi, if a share of the dances moves on every other beat, (..., n)."""
    rows = evidence.reshape(-1, evidence.shape[-1])
    at: np.ndarray = np.stack([np.interp(tempi, TEMPI, row) for row in rows])
    if share:
        half = np.stack([np.interp(tempi / 2, TEMPI, row, left=-np.inf) for row in rows])
        at = np.logaddexp(at + np.log1p(-share), half + np.log(share))
    return at.reshape(*evidence.shape[:-1], len(tempi))


def tempo_alternatives(
    log_likelihood: ArrayLike, tempo: float, *, ratios: Sequence[float] = RATIOS
) -> np.ndarray:
    r"""Return the probabilities of a tempo, and of others that it is often mistaken for.

    Parameters
    ----------
    log_likelihood : array-like of shape (n_windows, n_metres, n_tempi)
        From :func:`tempo_likelihood` for the tempi `TEMPI`.
    tempo : float
        In BPM.
    ratios : sequence of float, default=RATIOS
        The tempi that are compared, relative to `tempo`.

    Returns
    -------
    weights : ndarray of shape (n_metres, n_ratios)
        They sum to 1; 0 for tempi outside of `TEMPI`. If all are outside, all are 0.

    Notes
    -----
    With the evidence L of :func:`tempo_evidence`, the weight of the metre m and the ratio r is
    :math:`L_m(r f) / \sum_{m', r'} L_{m'}(r' f)`: before, all are equally probable.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.tempo import (
    ...     tempo_alternatives, tempo_curves, tempo_likelihood
    ... )
    >>> height = np.cos(2 * np.pi * 1.5 * np.arange(480) / 30)  # 90 BPM
    >>> likelihood = tempo_likelihood(tempo_curves(height[:, None, None], fps=30), fps=30)
    >>> tempo_alternatives(likelihood, 90.0).sum(axis=0).argmax()
    np.int64(2)
    """
    evidence = tempo_evidence(log_likelihood)
    at = np.asarray(ratios, dtype=float) * tempo
    inside = (at >= TEMPI[0]) & (at <= TEMPI[-1])
    if not inside.any():
        return np.zeros((len(evidence), len(at)))
    joint = np.stack([np.interp(at, TEMPI, row) for row in evidence])
    joint = np.where(inside, joint, -np.inf)
    weights: np.ndarray = np.exp(joint - joint.max())
    return weights / weights.sum()


def metre_log_odds(
    log_likelihood: ArrayLike, tempo: float, *, every_other: float = 0.0
) -> np.ndarray:
    """Return how much more likely bars of three are than bars of four, at a known tempo.

    Parameters
    ----------
    log_likelihood : array-like of shape (n_windows, 2, n_tempi)
        From :func:`tempo_likelihood` for the metres 3 and 4 and the tempi `TEMPI`.
    tempo : float
        In BPM.
    every_other : float, default=0.0
        Probability that a dance moves on every other beat, as for :func:`tempo_posterior`.

    Returns
    -------
    log_odds : ndarray of shape (n_windows,)
        In nats, above 0 for bars of three.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.tempo import metre_log_odds, tempo_curves, tempo_likelihood
    >>> t = np.arange(480) / 30
    >>> sway = np.cos(2 * np.pi * 1.5 * t) + np.cos(2 * np.pi * 0.5 * t)  # 90 BPM, bars of three
    >>> likelihood = tempo_likelihood(tempo_curves(sway[:, None, None], fps=30), fps=30)
    >>> bool((metre_log_odds(likelihood, 90.0) > 0).all())
    True
    """
    evidence = np.asarray(log_likelihood, dtype=float)
    at = np.array([float(tempo)])
    of_three, of_four = _or_every_other(evidence, at, every_other)[..., 0].T
    odds: np.ndarray = of_three - of_four
    return odds


def tempo_peaks(
    probability: ArrayLike, *, tempi: ArrayLike = TEMPI, n_peaks: int = 5, width: float = 0.04
) -> np.ndarray:
    """Return the most probable tempi, with their metres and their weights.

    Parameters
    ----------
    probability : array-like of shape (n_metres, n_tempi)
        From :func:`tempo_posterior`.
    tempi : array-like of shape (n_tempi,), default=TEMPI
        Tempi in BPM, log-spaced.
    n_peaks : int, default=5
        Return at most so many.
    width : float, default=0.04
        A tempo stands for what lies within this relative distance of it.

    Returns
    -------
    peaks : ndarray of shape (n_peaks, 3)
        Tempo in BPM, row of the metre and weight, the heaviest first. Weights are the
        probabilities of what each tempo stands for, and sum to at most 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.tempo import TEMPI, tempo_peaks
    >>> near = np.exp(-0.5 * (np.log(TEMPI / 96) / 0.01) ** 2)
    >>> tempo_peaks([near / near.sum()], n_peaks=1).round(2).tolist()
    [[96.0, 0.0, 1.0]]
    """
    left = np.array(probability, dtype=float)
    octaves = np.log(np.asarray(tempi, dtype=float))
    step = octaves[1] - octaves[0]
    peaks: list[tuple[float, int, float]] = []
    while len(peaks) < n_peaks and left.sum() > 1e-3:
        over_metres = left.sum(axis=0)
        best = int(over_metres.argmax())
        near = np.abs(octaves - octaves[best]) <= np.log1p(width) + 1e-9
        inner = slice(max(best - 1, 0), best + 2)
        shift = 0.0
        if 0 < best < len(octaves) - 1 and over_metres[inner].min() > 0:
            # The logarithm of a narrow posterior is a parabola.
            a, b, c = np.log(over_metres[inner])
            shift = float(np.clip(0.5 * (a - c) / min(a - 2 * b + c, -1e-12), -0.5, 0.5))
        metre = int(left[:, near].sum(axis=1).argmax())
        tempo = float(np.exp(octaves[best] + shift * step))
        peaks.append((tempo, metre, float(left[:, near].sum())))
        left[:, near] = 0.0
    return np.array(sorted(peaks, key=lambda peak: -peak[2])).reshape(-1, 3)
