"""The analysis of music clips from which `evaluate` computes its scores."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..functional.tonality import key_correlations
from ._audio_analysis import (
    chroma_profile,
    max_autocorrelation,
    onset_envelopes,
    onset_times,
    track_beats,
)
from ._curves import SMOOTHING, music_curves
from ._distances import coarse_spectrograms
from ._features import music_features
from ._quality import statistics_of

__all__ = ["ClipAnalysis", "analyze_clips"]


@dataclass(frozen=True)
class ClipAnalysis:
    """Onsets, beats, tempo, clarity, features, spectrograms and curves, one entry per clip."""

    onsets_d2m: list[np.ndarray]
    onsets_loris: list[np.ndarray]
    beats: list[np.ndarray]
    tempo: np.ndarray
    key_clarity: np.ndarray
    pulse_clarity: np.ndarray
    features: np.ndarray
    statistics: np.ndarray
    spectrograms: np.ndarray
    curves: np.ndarray

    def take(self, index: np.ndarray) -> ClipAnalysis:
        """Return the analysis of the clips at `index`, in that order."""
        parts: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, part in parts.items():
            parts[name] = [part[i] for i in index] if isinstance(part, list) else part[index]
        return ClipAnalysis(**parts)


def analyze_clips(audio: Any, sr: int) -> ClipAnalysis:
    """Return the analysis of checked clips.

    Parameters
    ----------
    audio : AudioClips or ndarray of shape (n_clips, n_samples)
        Clips, as returned by `as_clips`.
    sr : int
        Sampling rate in Hz.

    Returns
    -------
    ClipAnalysis
        Everything that the scores of `evaluate` need of these clips.
    """
    envelopes = onset_envelopes(audio, sr)
    beats, tempo = zip(*(track_beats(e, sr) for e in envelopes))
    chroma = np.stack([chroma_profile(y, sr) for y in audio])
    return ClipAnalysis(
        onsets_d2m=[onset_times(e, sr, "d2m") for e in envelopes],
        onsets_loris=[onset_times(e, sr, "loris") for e in envelopes],
        beats=list(beats),
        tempo=np.array(tempo),
        key_clarity=key_correlations(chroma).max(axis=1),
        pulse_clarity=max_autocorrelation(envelopes, sr),
        features=music_features(audio, sr=sr),
        statistics=statistics_of(audio, sr, envelopes=envelopes, chroma=chroma),
        spectrograms=coarse_spectrograms(audio, sr=sr),
        curves=music_curves(audio, sr=sr, smoothing=SMOOTHING),
    )
