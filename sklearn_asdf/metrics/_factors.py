"""Tempo, loudness, brightness and articulation of music, and whether they are those intended."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from ._listen import as_clips, onset_envelopes, track_beats

__all__ = ["factor_correlations", "musical_factors"]

# Column of make_dance_music's factors that each measure is heard for.
_INTENDED = {
    "tempo": "tempo",
    "loudness": "loudness",
    "brightness": "tilt",
    "articulation": "articulation",
}
# Tempi half or double as fast are one: all are brought into the octave from here up.
_SLOWEST = 75.0
# Softer than any music, in root mean square: -120 dB.
_SILENCE = 1e-6


def musical_factors(audio: Any, *, sr: int = 22050) -> pd.DataFrame:
    """Measure tempo, loudness, brightness and articulation of clips.

    Parameters
    ----------
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Sound, mono.
    sr : int, default=22050
        Sampling rate of an array in Hz.

    Returns
    -------
    factors : DataFrame of n_clips rows
        - `tempo`: beats a minute (`music_beats`), brought by octaves into 75 to 150; 0 where there
          is no onset;
        - `loudness`: level of the whole clip, dB re 1, at least -120;
        - `brightness`: mean of the octaves above 20 Hz, weighted by the power there; 0 in silence;
        - `articulation`: geometric by arithmetic mean of the level in stretches of 46 ms: near 1,
          notes flow into each other; near 0, there is silence between them.

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
                "tempo": tempo * 2.0 ** -np.floor(np.log2(tempo / _SLOWEST)) if tempo else 0.0,
                "loudness": 20 * np.log10(max(loudness, _SILENCE)),
                "brightness": float(power @ octave / power.sum()) if power.any() else 0.0,
                "articulation": float(np.exp(np.log(level).mean()) / level.mean()),
            }
        )
    return pd.DataFrame(rows)


def factor_correlations(
    factors: pd.DataFrame, audio: Any, groups: Any = None, *, sr: int = 22050
) -> pd.Series:
    """Rank correlations of what music is like with what it was meant to be like.

    Parameters
    ----------
    factors : DataFrame of n_clips rows
        What the dance was made with, as :func:`~sklearn_asdf.datasets.make_dance_music` returns it:
        columns `tempo`, `loudness`, `tilt` and `articulation`.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Music generated for the dances, or the real music, which gives the ceiling.
    groups : array-like of shape (n_clips,), default=None
        Performance of each clip: both sides are then averaged over the clips of each.
    sr : int, default=22050
        Sampling rate of an array in Hz.

    Returns
    -------
    correlations : Series
        Spearman's, of `tempo`, `loudness`, `brightness` (with the tilt) and `articulation`
        (`musical_factors`); 0 where either side does not vary.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import factor_correlations
    >>> data = make_dance_music(12, n_performances=12, random_state=0)
    >>> bool((factor_correlations(data.factors, data.audio) > 0.7).all())
    True
    """
    missing = [name for name in _INTENDED.values() if name not in factors]
    if missing or len(factors) != len(audio):
        raise ValueError(
            f"expected factors with the columns {list(_INTENDED.values())} and one row for each of "
            f"{len(audio)} clips, got {len(factors)} rows and the columns {list(factors)}"
        )
    if groups is not None and np.shape(groups) != (len(audio),):
        raise ValueError(f"expected one group a clip, {len(audio)}, got {np.shape(groups)}")
    heard = musical_factors(audio, sr=sr)
    meant = factors[list(_INTENDED.values())].reset_index(drop=True).set_axis(list(heard), axis=1)
    if groups is not None:
        groups = np.asarray(groups)
        heard, meant = heard.groupby(groups).mean(), meant.groupby(groups).mean()
    return pd.Series({name: _rank_correlation(meant[name], heard[name]) for name in heard})


def _rank_correlation(a: pd.Series, b: pd.Series) -> float:
    varies = a.nunique() > 1 and b.nunique() > 1
    return float(spearmanr(a, b).statistic) if varies else 0.0
