"""Tempo, loudness, brightness and articulation of music, and their agreement with a target."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from ._audio_analysis import as_clips, onset_envelopes, track_beats

__all__ = ["factor_correlations", "musical_factors"]

# Factor of make_dance_music that corresponds to each measure.
_TARGETS = {
    "tempo": "tempo",
    "loudness": "loudness",
    "brightness": "tilt",
    "articulation": "articulation",
}
# Trackers confuse octaves of the tempo: tempi are doubled or halved into that above this, BPM.
_MIN_TEMPO = 75.0
# Smaller differences are inaudible.
_DECIMALS = {"tempo": 1, "loudness": 1, "brightness": 2, "articulation": 2}
# Lowest level, -120 dB, as root mean square.
_SILENCE = 1e-6


def musical_factors(audio: Any, *, sr: int = 22050) -> pd.DataFrame:
    """Return tempo, loudness, brightness and articulation of clips.

    Parameters
    ----------
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Mono audio.
    sr : int, default=22050
        Sampling rate in Hz of an array.

    Returns
    -------
    factors : DataFrame of n_clips rows
        - `tempo`: tempo in BPM (`music_beats`), transposed by octaves into 75 to 150; 0 without
          onsets;
        - `loudness`: level of the whole clip in dB re 1, at least -120;
        - `brightness`: power-weighted mean frequency, in octaves above 20 Hz; 0 in silence;
        - `articulation`: ratio of the geometric to the arithmetic mean of the level in frames of
          46 ms; near 1 for connected notes (legato), near 0 for notes separated by silence
          (staccato).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import musical_factors
    >>> tone = 0.1 * np.sin(2 * np.pi * 640 * np.arange(22050) / 22050)
    >>> musical_factors(tone[None]).drop(columns="tempo").round(1)
       loudness  brightness  articulation
    0     -23.0         5.0           1.0
    """
    import librosa

    audio, sr = as_clips(audio, sr=sr)
    rows = []
    for y, envelope in zip(audio, onset_envelopes(audio, sr)):
        y = np.asarray(y, dtype=np.float32)
        tempo = track_beats(envelope, sr)[1]
        level = librosa.feature.rms(y=y, frame_length=1024, hop_length=256, center=False)[0]
        power = (np.abs(librosa.stft(y, n_fft=2048, hop_length=1024)) ** 2).sum(axis=1)
        octave = np.log2(np.maximum(librosa.fft_frequencies(sr=sr, n_fft=2048) / 20.0, 1.0))
        loudness = np.sqrt(np.square(y, dtype=np.float64).mean())
        level = np.maximum(level.astype(float), _SILENCE)
        rows.append(
            {
                "tempo": tempo * 2.0 ** -np.floor(np.log2(tempo / _MIN_TEMPO)) if tempo else 0.0,
                "loudness": 20 * np.log10(max(loudness, _SILENCE)),
                "brightness": float(power @ octave / power.sum()) if power.any() else 0.0,
                "articulation": float(np.exp(np.log(level).mean()) / level.mean()),
            }
        )
    return pd.DataFrame(rows)


def factor_correlations(
    factors: pd.DataFrame, audio: Any, groups: Any = None, *, sr: int = 22050
) -> pd.Series:
    """Return rank correlations between the target factors and those measured in music.

    Parameters
    ----------
    factors : DataFrame of n_clips rows
        Target factors, as returned by :func:`~sklearn_asdf.datasets.make_dance_music`, with the
        columns `tempo`, `loudness`, `tilt` and `articulation`.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Music generated for the dances, or the real music, which gives the upper bound.
    groups : array-like of shape (n_clips,), default=None
        Performance of each clip. If given, both sides are averaged over the clips of each
        performance.
    sr : int, default=22050
        Sampling rate in Hz of an array.

    Returns
    -------
    correlations : Series
        Spearman correlations of `tempo`, `loudness`, `brightness` (with `tilt`) and `articulation`
        (`musical_factors`); 0 if either side is constant. Measures are first rounded to 0.1 BPM,
        0.1 dB, 0.01 octaves, and 0.01 of articulation, so that inaudible differences do not count.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import factor_correlations
    >>> data = make_dance_music(12, n_performances=12, random_state=0)
    >>> bool((factor_correlations(data.factors, data.audio) > 0.7).all())
    True
    """
    missing = [name for name in _TARGETS.values() if name not in factors]
    if missing or len(factors) != len(audio):
        raise ValueError(
            f"expected factors with the columns {list(_TARGETS.values())} and one row for each of "
            f"{len(audio)} clips, got {len(factors)} rows and the columns {list(factors)}"
        )
    if groups is not None and np.shape(groups) != (len(audio),):
        raise ValueError(
            f"expected groups of shape ({len(audio)},), the performance of each clip, got "
            f"{np.shape(groups)}"
        )
    measured = musical_factors(audio, sr=sr).round(_DECIMALS)
    target = (
        factors[list(_TARGETS.values())].reset_index(drop=True).set_axis(list(measured), axis=1)
    )
    if groups is not None:
        groups = np.asarray(groups)
        measured, target = measured.groupby(groups).mean(), target.groupby(groups).mean()
    return pd.Series({name: _rank_correlation(target[name], measured[name]) for name in measured})


def _rank_correlation(a: pd.Series, b: pd.Series) -> float:
    varies = a.nunique() > 1 and b.nunique() > 1
    return float(spearmanr(a, b).statistic) if varies else 0.0
