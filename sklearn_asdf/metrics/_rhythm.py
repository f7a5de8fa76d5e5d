"""Rhythm of generated music compared with that of true music: the published scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._validation import require
from ..functional.beat_scores import coverage_and_hits, occupied_bins
from ._audio_analysis import as_clips, check_pair, onset_envelopes, onset_times, track_beats

__all__ = [
    "beat_f70",
    "beat_scores_d2m",
    "beat_scores_loris",
    "music_beats",
    "onset_f1_5hz",
    "tempo_difference",
]


def _onsets(audio: Any, sr: int, variant: str) -> list[np.ndarray]:
    return [onset_times(e, sr, variant) for e in onset_envelopes(audio, sr)]


def rhythm_bins(
    onsets: Sequence[np.ndarray], *, duration: float, bin_duration: float
) -> np.ndarray:
    """Return which bins of each clip contain an onset, (n_clips, n_bins)."""
    options = {"duration": duration, "bin_duration": bin_duration}
    return np.stack([occupied_bins(times, **options) for times in onsets])


def summary(coverage: np.ndarray, hits: np.ndarray) -> dict[str, float]:
    """Return BCS, BHS, CSD, HSD and F1, given coverage and hits of each clip."""
    bcs, bhs = float(coverage.mean()), float(hits.mean())
    many = len(coverage) > 1
    return {
        "bcs": bcs,
        "bhs": bhs,
        "csd": float(coverage.std(ddof=1)) if many else 0.0,
        "hsd": float(hits.std(ddof=1)) if many else 0.0,
        "f1": 2 * bcs * bhs / (bcs + bhs) if bcs + bhs else 0.0,
    }


def score_onsets(
    true: Sequence[np.ndarray],
    generated: Sequence[np.ndarray],
    *,
    duration: float,
    variant: str,
    bin_duration: float = 1.0,
) -> dict[str, float]:
    """Return beat scores, given the onset times of true and generated clips in s."""
    options = {"duration": duration, "bin_duration": bin_duration}
    bins = rhythm_bins(true, **options), rhythm_bins(generated, **options)
    return summary(*coverage_and_hits(*bins, variant=variant))


def _beat_scores(
    y_true: Any, y_pred: Any, sr: int, variant: str, bin_duration: float = 1.0
) -> dict[str, Any]:
    y_true, y_pred, sr = check_pair(y_true, y_pred, sr=sr)
    return score_onsets(
        _onsets(y_true, sr, variant),
        _onsets(y_pred, sr, variant),
        duration=y_true.shape[1] / sr,
        variant=variant,
        bin_duration=bin_duration,
    )


def beat_scores_d2m(y_true: Any, y_pred: Any, *, sr: int = 22050) -> dict[str, float]:
    """Return beat coverage and beat hit scores as defined by D2M-GAN and CDCD.

    Parameters
    ----------
    y_true, y_pred : AudioClips or array-like of shape (n_clips, n_samples)
        True and generated clips.
    sr : int, default=22050
        Sampling rate in Hz of arrays.

    Returns
    -------
    scores : dict of float
        - `bcs`: number of generated rhythm points divided by that of true ones, may exceed 1;
        - `bhs`: number of common rhythm points divided by that of true ones;
        - `csd`, `hsd`: their standard deviations over clips (ddof 1; 0 for one clip);
        - `f1`: harmonic mean of `bcs` and `bhs`.

    See Also
    --------
    beat_scores_loris : The other definition of scores with these names.
    onset_f1_5hz : F1 at a resolution that distinguishes rhythms.

    Notes
    -----
    A rhythm point is a second that contains an onset. Nearly every second of music does, so a
    metronome scores nearly as high as music, or higher since coverage may exceed 1: compare with
    the baselines of `evaluate`. A clip whose true music has no onset scores 0.

    References
    ----------
    Y. Zhu et al., "Quantized GAN for complex music generation from dance videos", ECCV 2022; Y. Zhu
    et al., "Discrete contrastive diffusion for cross-modal music and image generation", ICLR 2023.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import beat_scores_d2m
    >>> music = make_dance_music(3, random_state=0).audio
    >>> beat_scores_d2m(music, music)
    {'bcs': 1.0, 'bhs': 1.0, 'csd': 0.0, 'hsd': 0.0, 'f1': 1.0}
    """
    return _beat_scores(y_true, y_pred, sr, "d2m")


def beat_scores_loris(y_true: Any, y_pred: Any, *, sr: int = 22050) -> dict[str, float]:
    """Return beat coverage and beat hit scores as defined by LORIS.

    Parameters
    ----------
    y_true, y_pred : AudioClips or array-like of shape (n_clips, n_samples)
        True and generated clips.
    sr : int, default=22050
        Sampling rate in Hz of arrays.

    Returns
    -------
    scores : dict of float
        - `bcs`: number of common rhythm points divided by that of generated ones (precision);
        - `bhs`: number of common rhythm points divided by that of true ones (recall);
        - `csd`, `hsd`: their standard deviations over clips (ddof 1; 0 for one clip);
        - `f1`: harmonic mean of `bcs` and `bhs`.

    See Also
    --------
    beat_scores_d2m : The other definition of scores with these names, with other onsets.

    Notes
    -----
    A rhythm point is a second that contains an onset. As with `beat_scores_d2m`, trivial music
    scores nearly as high as good music. A ratio with a denominator of 0 is 0.

    References
    ----------
    J. Yu et al., "Long-term rhythmic video soundtracker", ICML 2023.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import beat_scores_loris
    >>> music = make_dance_music(3, random_state=0).audio
    >>> beat_scores_loris(music, music)["f1"]
    1.0
    """
    return _beat_scores(y_true, y_pred, sr, "loris")


def onset_f1_5hz(y_true: Any, y_pred: Any, *, sr: int = 22050) -> float:
    """Return the F1 score of `beat_scores_loris` for rhythm points of 0.2 s.

    Parameters
    ----------
    y_true, y_pred : AudioClips or array-like of shape (n_clips, n_samples)
        True and generated clips.
    sr : int, default=22050
        Sampling rate in Hz of arrays.

    Returns
    -------
    f1 : float
        Harmonic mean of the mean precision and the mean recall, at most 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import onset_f1_5hz
    >>> music = np.asarray(make_dance_music(3, random_state=0).audio)
    >>> onset_f1_5hz(music, music), round(onset_f1_5hz(music, np.roll(music, 1, axis=0)), 1)
    (1.0, 0.7)
    """
    return _beat_scores(y_true, y_pred, sr, "loris", 0.2)["f1"]


def music_beats(audio: Any, *, sr: int = 22050) -> tuple[list[np.ndarray], np.ndarray]:
    """Return beats and tempo of clips, tracked by librosa.

    Parameters
    ----------
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Mono audio.
    sr : int, default=22050
        Sampling rate in Hz of an array.

    Returns
    -------
    beats : list of ndarray
        Times of each clip's beats in s.
    tempo : ndarray of shape (n_clips,)
        Tempo in BPM; 0 for a clip without onsets.

    References
    ----------
    D. P. W. Ellis, "Beat tracking by dynamic programming", Journal of New Music Research 36(1),
    2007.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import music_beats
    >>> data = make_dance_music(1, factors={"tempo": 120, "sharpness": 1}, random_state=0)
    >>> beats, tempo = music_beats(data.audio)
    >>> tempo.round(-1)
    array([120.])
    """
    audio, sr = as_clips(audio, sr=sr)
    tracked = [track_beats(e, sr) for e in onset_envelopes(audio, sr)]
    return [beats for beats, _ in tracked], np.array([tempo for _, tempo in tracked])


def tempo_difference(y_true: Any, y_pred: Any, *, sr: int = 22050) -> float:
    """Return the mean difference between the tempi of true and generated clips.

    Parameters
    ----------
    y_true, y_pred : AudioClips or array-like of shape (n_clips, n_samples)
        True and generated clips.
    sr : int, default=22050
        Sampling rate in Hz of arrays.

    Returns
    -------
    difference : float
        Mean absolute difference of the tempi of `music_beats` in BPM. Octave errors, half or double
        the tempo, are not forgiven.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import tempo_difference
    >>> music = make_dance_music(2, random_state=0).audio
    >>> tempo_difference(music, music)
    0.0
    """
    y_true, y_pred, sr = check_pair(y_true, y_pred, sr=sr)
    tempi = [music_beats(y, sr=sr)[1] for y in (y_true, y_pred)]
    return float(np.abs(tempi[0] - tempi[1]).mean())


def beat_f70(beats_true: Sequence[Any], beats_pred: Sequence[Any]) -> float:
    """Return the mean F-measure of beats with a tolerance of 70 ms.

    Parameters
    ----------
    beats_true, beats_pred : sequence of array-like
        Times in s of the beats of each clip: of the true music (`music_beats`) or of the dance
        (`dance_beats`), and of the generated music.

    Returns
    -------
    f_measure : float
        Mean of :func:`mir_eval.beat.f_measure`, at most 1. A clip in which either has no beat
        scores 0.

    Notes
    -----
    The first 5 s are not left out, as is customary with mir_eval, since clips are short.

    References
    ----------
    M. E. P. Davies, N. Degara and M. D. Plumbley, "Evaluation methods for musical audio beat
    tracking algorithms", Queen Mary University report C4DM-TR-09-06, 2009.

    Examples
    --------
    >>> from sklearn_asdf.metrics import beat_f70
    >>> beat_f70([[1.0, 2.0, 3.0]], [[1.05, 2.2, 3.0]])
    0.6666666666666666
    """
    return float(np.mean(beat_f70_of_clips(beats_true, beats_pred)))


def beat_f70_of_clips(beats_true: Sequence[Any], beats_pred: Sequence[Any]) -> np.ndarray:
    """Return the F-measure of each clip; `beat_f70` is their mean."""
    require("mir_eval", extra="play", purpose="the F-measure of beats")
    import mir_eval

    if len(beats_true) != len(beats_pred) or not len(beats_true):
        raise ValueError(
            "expected beats of the same number of clips, at least one, got "
            f"{len(beats_true)} and {len(beats_pred)}: pass one array of times per clip"
        )
    scores = []
    for true, pred in zip(beats_true, beats_pred):
        true, pred = (np.sort(np.ravel(b).astype(float)) for b in (true, pred))
        # mir_eval warns of empty beats.
        both = true.size and pred.size
        scores.append(mir_eval.beat.f_measure(true, pred) if both else 0.0)
    return np.array(scores)
