"""Tempo, metre and beats of a whole dance: `estimate_tempo` and `track_beats`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit
from sklearn.utils.validation import check_is_fitted

from .._validation import raise_all
from ..functional.bar_pointer import STEP_DURATION, beat_states, filter_beats, viterbi_beats
from ..functional.kinematics import magnitude
from ..functional.tempo import (
    METRES,
    TEMPI,
    WINDOWS_EACH,
    metre_log_odds,
    tempo_curves,
    tempo_evidence,
    tempo_likelihood,
    tempo_peaks,
    tempo_posterior,
    tempo_prior,
)
from .beat_activation import smooth_velocity, stride_activation, weight_activation
from .beat_track import BeatTrack, TempoCandidate, TempoEstimate
from .container import Motion, as_motion
from .given_beat import checked_beat, near_tempo, steady_beats

__all__ = ["estimate_tempo", "three_beat_bars", "track_beats"]

# Evidence in nats per second. What is known of a dance's beat without its music is little.
_WEIGHT, _UNTRAINED_WEIGHT = 5.0, 1.0
# The tempo is estimated from the whole dance: it outweighs single steps.
_TEMPO_WEIGHT = 3.0
# Probability of tempi unlike those of the music that is to be played.
_OTHER_TEMPI = 0.01
# Share of the dances that move on every other beat of their music, as rumbas and cha-chas do.
_EVERY_OTHER_BEAT = 1 / 3
# The beats begin at the estimated tempo, within this relative distance of it.
_NEAR = 0.04
# Windows of 8 s, and steps of the bar pointer.
_STEPS_OF_A_WINDOW = 4
# Weight at which the posterior of a learned tempo is as sure as it is often right.
_POSTERIOR_WEIGHT = 1.0


def estimate_tempo(
    motion: Any,
    *,
    start_bpm: float = 100.0,
    std_bpm: float = 0.35,
    metres: Sequence[int] = (3, 4),
) -> TempoEstimate:
    """Estimate the tempo and the metre of a dance, without training and without music.

    Parameters
    ----------
    motion : Motion or array-like of shape (1, n_frames, n_joints, n_axes)
        One dance, of some 8 s at least.
    start_bpm : float, default=100.0
        Center of the prior over tempi in BPM.
    std_bpm : float, default=0.35
        Its standard deviation in octaves.
    metres : sequence of int, default=(3, 4)
        Beats per bar to choose from, of 2, 3 and 4. Two and four differ little.

    Returns
    -------
    TempoEstimate
        With the posterior over metres and tempi.

    See Also
    --------
    track_beats : Where the beats lie.
    sklearn_asdf.functional.tempo : The model.

    Notes
    -----
    The tempo is one at which the movement repeats itself after a beat and after the beats of a
    bar, and whose multiples and parts stand out of its spectrum as they do in bars of that metre;
    see :func:`~sklearn_asdf.functional.tempo.tempo_likelihood`. The evidence of windows of 8 s is
    added over the dance. What it is most often wrong about is the octave and the metre: see
    `alternatives`.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.motion import estimate_tempo
    >>> data = make_dance_music(1, clip_duration=16, factors={"tempo": 108}, random_state=0)
    >>> estimate = estimate_tempo(data.poses)
    >>> bool(abs(estimate.tempo / data.factors["tempo"][0] - 1) < 0.02)
    True
    """
    motion = _one_dance(motion)
    _check_prior(start_bpm, std_bpm, metres)
    likelihood = _likelihood(motion, metres)
    return _estimate(likelihood, tempo_prior(start_bpm=start_bpm, std_bpm=std_bpm), metres)


def three_beat_bars(motion: Any, tempo: float) -> float:
    """Return the probability that the bars of a dance have three beats, and not two or four.

    Parameters
    ----------
    motion : Motion or array-like of shape (1, n_frames, n_joints, n_axes)
        One dance, of some 8 s at least.
    tempo : float
        Tempo of its music in BPM; the dance may move on every other beat.

    Returns
    -------
    probability : float
        With the evidence of :func:`estimate_tempo`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.motion.tempo import three_beat_bars
    >>> t = np.arange(480) / 30
    >>> sway = np.cos(2 * np.pi * 1.5 * t) + np.cos(2 * np.pi * 0.5 * t)  # 90 BPM, bars of three
    >>> three_beat_bars(sway[None, :, None, None], 90.0) > 0.9
    True
    """
    likelihood = _likelihood(_one_dance(motion), (3, 4))
    odds = metre_log_odds(likelihood, tempo, every_other=_EVERY_OTHER_BEAT)
    return float(expit(odds.mean() * max(len(odds) / WINDOWS_EACH, 1.0)))


def track_beats(
    motion: Any,
    *,
    tracker: Any = None,
    start_bpm: float = 100.0,
    std_bpm: float = 0.35,
    tightness: float = 3000.0,
    causal: bool = False,
    tempi: ArrayLike | None = None,
    strides: bool = False,
    bpm: float | None = None,
    taps: ArrayLike | None = None,
) -> BeatTrack:
    """Track the beats of a whole dance, as one grid whose tempo may drift.

    Parameters
    ----------
    motion : Motion or array-like of shape (1, n_frames, n_joints, n_axes)
        One dance, of some 8 s at least.
    tracker : DanceBeatTracker, default=None
        Fitted to dances and their music: which movement goes with the beat, and which tempi are
        usual, are then known. Without it, or where it was fitted without music, beats are moments
        at which the dancer's weight is lowest and the feet rest.
    start_bpm, std_bpm : float, default=100.0, 0.35
        Prior over tempi, as in :func:`estimate_tempo`; not used with a tracker that knows music.
    tightness : float, default=3000.0
        How steady the tempo is: the inverse of the relative change that is expected within 2 s.
    causal : bool, default=False
        Whether each beat is predicted from the activations before it alone, as in a live
        performance. The activations themselves look a second or two ahead.
    tempi : array-like of shape (n_pieces,), default=None
        Tempi in BPM of music that the dance may belong to, near which its tempo is expected; a
        dance may move on every other beat of it. Not used with a tracker that knows music.
    strides : bool, default=False
        Without a tracker that knows music, whether beats are found by the strides of the feet, as
        ballroom dances have them; see the notes.
    bpm : float, default=None
        Tempo in BPM, if it is known. The beats are then regular, and only where they lie is
        searched. Over a minute, an error of 0.5 % is half a beat.
    taps : array-like of shape (n_taps,), default=None
        Times in s of some beats, increasing, as somebody taps them: two or more, or one with `bpm`.
        They set the tempo, unless `bpm` does, and where the beats lie: tap for 15 s or more.

    Returns
    -------
    BeatTrack
        Beats, tempo and metre, with alternatives.

    See Also
    --------
    estimate_tempo : The tempo alone.
    sklearn_asdf.functional.bar_pointer : The model.

    Notes
    -----
    Without training the tempo is often right, and the phase as often as a dancer's weight falls on
    the beat. With `strides`, the feet count more than the trunk: on a beat both rest, as in the
    kinematic beats of the literature, but in bars of three the stride goes through the beat, and
    the feet are fastest, and one much faster than the other. Bars begin at those beats at which the
    trunk is pushed up the most.

    In 32 ballroom dances the beats that are found by strides have an F-measure of .48. With the
    tempo to a tenth of a BPM it is .53, and .83 if the best of four quarters of a beat is added
    (:meth:`~sklearn_asdf.motion.BeatTrack.shifted`). With the tempo and one beat that was tapped
    with an error of 40 ms it is .89, with four .99; with 8, 16, 24, 32 or 48 taps and no tempo
    .57, .75, .89, .95 and .99.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.motion import track_beats
    >>> data = make_dance_music(1, clip_duration=16, factors={"tempo": 108}, random_state=0)
    >>> track = track_beats(data.poses)
    >>> bool(np.abs(track.beats[1:6] - data.beats[0][:5]).max() < 0.07)
    True
    """
    motion = _one_dance(motion)
    metres = (3, 4)
    _check_prior(start_bpm, std_bpm, metres, tightness)
    typed = bpm is not None
    bpm, taps = checked_beat(bpm, taps)
    if causal and bpm is not None:
        raise ValueError("expected no bpm and no taps with causal=True: both know the whole dance")
    trained = tracker is not None and _knows_music(tracker)
    likelihood = _likelihood(motion, metres)
    states = beat_states()
    evidence = None
    if trained:
        activation, weight = tracker.activation(motion)[0, : motion.lengths[0]], _WEIGHT
        log_prior = near_tempo(
            tempo_prior(states, known=getattr(tracker, "tempi_", None)), states, bpm
        )
        flat = np.full(len(TEMPI), -np.log(len(TEMPI)))
        estimate = _learned(activation, motion.fps, log_prior, likelihood, flat, metres)
    else:
        prior = tempo_prior(start_bpm=start_bpm, std_bpm=std_bpm, known=tempi, other=_OTHER_TEMPI)
        prior = near_tempo(prior, TEMPI, bpm)
        every_other = 0.0 if tempi is None or bpm is not None else _EVERY_OTHER_BEAT
        estimate = _estimate(likelihood, prior, metres, every_other)
        n_frames, weight = motion.lengths[0], _UNTRAINED_WEIGHT
        if causal:
            n_steps = int(np.ceil(n_frames / motion.fps / STEP_DURATION))
            known = _evidence(likelihood, n_steps, every_other)
            evidence = np.diff(np.logaddexp.reduce(known, axis=1), axis=0, prepend=0.0)
            three: Any = _three_by_now(known, _on_states(prior), motion)
            log_prior = _on_states(prior)
        else:
            three = float(estimate.metre == 3)
            log_prior = near_tempo(_near(estimate), states, bpm)
        activation = _untrained(motion, strides, three)[:n_frames]
    settings: dict[str, Any] = {"fps": motion.fps, "tempi": states, "weight": weight}
    if bpm is not None:
        beats = steady_beats(activation, motion.fps, bpm, taps, weight=weight, typed=typed)
    elif causal:
        beats, _ = filter_beats(activation, log_prior=log_prior, evidence=evidence, **settings)
    else:
        beats = viterbi_beats(activation, log_prior=log_prior, tightness=tightness, **settings)
    tempo = 60 / float(np.median(np.diff(beats))) if len(beats) > 1 else estimate.tempo
    candidates = (
        TempoCandidate(estimate.tempo, estimate.metre, estimate.confidence),
        *estimate.alternatives,
    )
    chosen = [c for c in candidates if abs(np.log(c.tempo / tempo)) < 0.04]
    others = tuple(c for c in candidates if c not in chosen)
    metre = chosen[0].metre if chosen else _metre_at(likelihood, tempo)
    confidence = float(sum(c.weight for c in chosen))
    downbeats = _downbeats(motion, beats, metre)
    return BeatTrack(tempo, beats, downbeats, metre, confidence, others)


def _one_dance(motion: Any) -> Motion:
    motion = as_motion(motion)
    if len(motion) != 1:
        raise ValueError(
            f"expected one whole dance, got {len(motion)} clips: give one at a time, motion[[0]]"
        )
    return motion


def _check_prior(
    start_bpm: float, std_bpm: float, metres: Sequence[int], tightness: float = 1.0
) -> None:
    problems = [
        f"expected {name} above 0, got {value!r}"
        for name, value in (
            ("start_bpm", start_bpm),
            ("std_bpm", std_bpm),
            ("tightness", tightness),
        )
        if not value > 0
    ]
    if not len(metres) or not set(metres) <= set(METRES):
        problems.append(f"expected metres among {', '.join(map(str, METRES))}, got {metres!r}")
    raise_all(problems)


def _knows_music(tracker: Any) -> bool:
    if not hasattr(tracker, "activation"):
        raise TypeError(f"expected a DanceBeatTracker, got {type(tracker).__name__}")
    check_is_fitted(tracker)
    return tracker.model_ is not None


def _likelihood(motion: Motion, metres: Sequence[int]) -> np.ndarray:
    position = motion.position[0, : motion.lengths[0]]
    return tempo_likelihood(
        tempo_curves(position, fps=motion.fps), fps=motion.fps, metres=tuple(metres)
    )


def _estimate(
    likelihood: np.ndarray,
    log_prior: np.ndarray,
    metres: Sequence[int],
    every_other: float = 0.0,
) -> TempoEstimate:
    posterior = tempo_posterior(likelihood, log_prior, every_other=every_other)
    candidates = [
        TempoCandidate(float(tempo), int(metres[int(row)]), float(weight))
        for tempo, row, weight in tempo_peaks(posterior)
    ]
    first, *others = candidates
    return TempoEstimate(*first, tuple(others), TEMPI, posterior, tuple(metres))


def _learned(
    activation: np.ndarray,
    fps: float,
    log_prior: np.ndarray,
    likelihood: np.ndarray,
    flat: np.ndarray,
    metres: Sequence[int],
) -> TempoEstimate:
    """The tempo that a tracker predicts, with the metres estimated from the movement."""
    _, probability = filter_beats(
        activation, fps=fps, tempi=beat_states(), log_prior=log_prior, weight=_POSTERIOR_WEIGHT
    )
    tempo = np.interp(TEMPI, beat_states(), probability[-1]) * TEMPI
    by_metre = tempo_posterior(likelihood, flat, every_other=_EVERY_OTHER_BEAT)
    share = by_metre / np.maximum(by_metre.sum(axis=0), 1e-300)
    posterior = share * (tempo / tempo.sum())
    with np.errstate(divide="ignore"):
        return _estimate(np.log(posterior)[None], flat, metres)


def _metre_at(likelihood: np.ndarray, tempo: float) -> int:
    """Return the more likely metre, three or four, at a tempo."""
    odds = metre_log_odds(likelihood, tempo, every_other=_EVERY_OTHER_BEAT)
    return 3 if odds.mean() > 0 else 4


def _near(estimate: TempoEstimate) -> np.ndarray:
    """Log-probability of the states before the first beat: those of the estimated tempo alone.

    The activation says little of the tempo, since a dance has accents at others as well.
    """
    near = np.abs(np.log(beat_states() / estimate.tempo)) < _NEAR
    posterior = _on_states(np.log(estimate.posterior.sum(axis=0) + 1e-12))
    return np.where(near, _TEMPO_WEIGHT * posterior, -1e4)


def _on_states(log_probability: np.ndarray) -> np.ndarray:
    return np.interp(np.log(beat_states()), np.log(TEMPI), log_probability)


def _untrained(motion: Motion, strides: bool, three: Any) -> np.ndarray:
    """Activation of one dance, whose bars have three beats with a probability (for each frame)."""
    if not strides:
        return weight_activation(motion)[0]
    by_metre = [(three, 3), (1 - three, 4)]
    parts = [p * stride_activation(motion, metre=m)[0] for p, m in by_metre if np.any(p)]
    return np.sum(parts, axis=0)


def _evidence(likelihood: np.ndarray, n_steps: int, every_other: float) -> np.ndarray:
    """Evidence of the windows that have ended by each step, (n_steps, n_metres, n_tempi)."""
    known = tempo_evidence(likelihood, every_other=every_other, running=True)
    known = np.stack([[_on_states(row - now.max()) for row in now] for now in known])
    ended = np.arange(n_steps) - _STEPS_OF_A_WINDOW + 1
    # The only window of a shorter dance ends with it.
    ended[-1] = len(known) - 1
    evidence: np.ndarray = known[np.clip(ended, 0, len(known) - 1)]
    return np.where(ended[:, None, None] < 0, 0.0, evidence)


def _three_by_now(evidence: np.ndarray, log_prior: np.ndarray, motion: Motion) -> np.ndarray:
    """Probability in each frame that bars have three beats, by the steps that have ended."""
    by_metre = np.logaddexp.reduce(evidence + log_prior, axis=2)
    # Strides of three and of four are nearly opposite: an uncertain metre is an uncertain beat.
    after = np.append(0.5, expit(by_metre[:, 0] - by_metre[:, 1]))
    step = (np.arange(motion.n_frames) / motion.fps / STEP_DURATION).astype(int)
    return after[np.minimum(step, len(after) - 1)]


def _downbeats(motion: Motion, beats: np.ndarray, metre: int) -> np.ndarray:
    """Those beats, a bar apart, at which the trunk is pushed up the most."""
    velocity, upward = smooth_velocity(motion)
    strength = -magnitude(velocity).mean(axis=2)[0] if upward is None else upward[0]
    frame = np.clip(np.rint(beats * motion.fps).astype(int), 0, len(strength) - 1)
    sums = [strength[frame[first::metre]].mean() for first in range(min(metre, len(beats)))]
    return beats[int(np.argmax(sums)) :: metre] if sums else beats
