"""Beats of recorded music: one steady grid where the music has one, or else librosa's."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..functional.bar_pointer import beat_states, viterbi_beats
from ..functional.beat_grid import beat_position
from ..functional.periodicity import detrend

__all__ = ["beats_of_recording"]

# Frames of onset strength beyond which a recording is long: two minutes.
_LONG = 10_000
# Tightness of librosa's second pass; the first has its default of 100.
_STRICT = 400
# A grid is searched within this relative distance of librosa's tempo.
_NEAR = 0.04
# Evidence in nats per second of the onsets, and of both passes, in the first of the grids.
_OF_ONSETS, _OF_PASSES = 0.3, 0.3
# Another grid has to be stronger than the first by this share of the strength of librosa's beats.
_STRONGER = 0.05
# Least strength of a grid as a share of that of librosa's beats. In steady songs it was .47 and
# more, in music with rubato and in grids of a wrong phase .31 and less.
_STEADY = 0.4
# The grid that was found then follows both passes where they are this near to it, in beats, and its
# tempo changes by the inverse of the tightness within 2 s.
_CLOSE, _FOLLOWING, _TIGHTNESS = 0.15, 5.0, 200.0
# Fewer beats give no tempo.
_FEWEST = 8


def beats_of_recording(
    onset_strength: np.ndarray, *, sr: float, hop_length: int, start_bpm: float = 100.0
) -> np.ndarray:
    """Return the beats of a recording.

    Parameters
    ----------
    onset_strength : ndarray of shape (n_frames,)
        How much the level increases in each frame; not 0 everywhere.
    sr : float
        Sampling rate in Hz.
    hop_length : int
        Samples from one frame to the next.
    start_bpm : float, default=100.0
        Tempo in BPM near which the tempo is searched.

    Returns
    -------
    beats : ndarray of shape (n_beats,)
        Times in s, possibly none.

    Notes
    -----
    The tempo is that of librosa's tracker [1]_, which follows each onset: its beats leave the beat
    for a while where others are stronger. Therefore the most likely grids through them are found
    (:func:`~sklearn_asdf.functional.bar_pointer.viterbi_beats`): of its beats, of those of a second
    pass that keeps a steadier tempo, and of both and the onsets. The beats are the grid with the
    strongest onsets, if these are at least 0.4 times as strong as at librosa's beats. Otherwise
    the music has no steady tempo, and its beats are librosa's. Finally, the grid follows small
    changes of tempo: those beats of both passes that are within 0.15 beats of it.

    References
    ----------
    .. [1] D. P. W. Ellis, "Beat tracking by dynamic programming", Journal of New Music Research
       36(1), 2007.
    """
    import librosa

    bpm = _tempo_of(onset_strength, sr, hop_length, start_bpm)

    def tracked(**options: Any) -> np.ndarray:
        return librosa.beat.beat_track(
            onset_envelope=onset_strength,
            sr=sr,
            hop_length=hop_length,
            start_bpm=start_bpm,
            trim=False,
            units="time",
            **options,
        )[1]

    beats = np.asarray(tracked(bpm=bpm), dtype=float)
    if len(beats) < _FEWEST:
        return beats
    tempo = 60 / float(np.median(np.diff(beats)))
    passes = [beats, np.asarray(tracked(bpm=tempo, tightness=_STRICT), dtype=float)]
    passes = [p for p in passes if len(p) >= _FEWEST]
    fps = sr / hop_length
    time = np.arange(len(onset_strength)) / fps
    of_passes = [np.exp(2j * np.pi * beat_position(p, time)) for p in passes]
    pulse = detrend(onset_strength[None], fps=fps)[0]
    both = _OF_ONSETS * np.tanh(pulse) + _OF_PASSES * np.mean(of_passes, axis=0)
    grids = [_grid(activation, fps, tempo) for activation in (both, *of_passes)]
    least = _strength(pulse, beats, fps)
    first, *others = (_strength(pulse, grid, fps) for grid in grids)
    # The first one counts as stronger, so that no rounding decides.
    best = int(np.argmax([first + _STRONGER * least, *others]))
    if (first, *others)[best] < _STEADY * least or len(grids[best]) < 2:
        return beats
    grid = np.exp(2j * np.pi * beat_position(grids[best], time))
    close = [np.abs(np.angle(p / grid)) < 2 * np.pi * _CLOSE for p in of_passes]
    activation = _FOLLOWING * np.mean(np.multiply(of_passes, close), axis=0)
    return _grid(activation, fps, tempo, tightness=_TIGHTNESS)


def _grid(
    activation: np.ndarray, fps: float, tempo: float, tightness: float = 3000.0
) -> np.ndarray:
    """Return the most likely beats near a tempo within a recording."""
    tempi = beat_states((tempo * (1 - _NEAR), tempo * (1 + _NEAR)))
    beats = viterbi_beats(
        activation,
        fps=fps,
        tempi=tempi,
        log_prior=np.zeros(len(tempi)),
        weight=1.0,
        tightness=tightness,
    )
    return beats[(beats >= 0) & (beats <= len(activation) / fps)]


def _strength(pulse: np.ndarray, beats: np.ndarray, fps: float) -> float:
    """Return the mean strength of the onsets within a frame of beats."""
    if not len(beats):
        return 0.0
    frame = np.rint(beats * fps).astype(int)[:, None] + np.arange(-1, 2)
    return float(pulse[np.clip(frame, 0, len(pulse) - 1)].max(axis=1).mean())


def _tempo_of(
    onset_strength: np.ndarray, sr: float, hop_length: int, start_bpm: float
) -> np.ndarray | None:
    """Return librosa's estimate of the tempo in BPM; None leaves it to the tracker.

    librosa computes the autocorrelations around all frames at once, 3 GB for 20 minutes. For long
    recordings they are summed part by part here.
    """
    import librosa

    n_frames = len(onset_strength)
    if n_frames <= _LONG:
        return None
    size = int(librosa.time_to_frames(8.0, sr=sr, hop_length=hop_length))
    padded = np.pad(onset_strength, size // 2, mode="linear_ramp", end_values=[0, 0])
    total = np.zeros(size)
    for first in range(0, n_frames, _LONG):
        part = padded[first : min(first + _LONG, n_frames) + size - 1]
        around = librosa.feature.tempogram(
            onset_envelope=part, sr=sr, hop_length=hop_length, win_length=size, center=False
        )
        total += around.sum(axis=1)
    mean = total[:, None] / n_frames
    tempo: np.ndarray = librosa.feature.tempo(
        tg=mean, sr=sr, hop_length=hop_length, start_bpm=start_bpm
    )
    return tempo
