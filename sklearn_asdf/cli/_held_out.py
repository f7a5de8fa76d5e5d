"""Music and scores for held-out dances, for `demo` and `fit`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from .._progress import progress
from ..functional.pairing import partners
from ..metrics import beat_f70, music_beats
from ..music.clips import AudioClips
from ..performance import audio_regressor_of, features_of

__all__ = ["HeldOut", "choose", "in_words", "perform_held_out", "score"]

# Pieces to hold out where nobody says how many, and of how many pieces one is held out.
_MOST_HELD_OUT = 3
_SHARE = 4
_METRONOME = 120.0
_COLUMNS = {
    "gain": "gain",
    "gain_permuted": "gain, permuted",
    "beat": "beat",
    "beat_metronome": "beat, metronome",
}
_LEGEND = (
    "gain: what the dance adds to the log-likelihood of its real music, in nats for each number of "
    "the code",
    "gain, permuted: the same with dances of other pieces, or another moment where there is one "
    "piece alone; the gain has to be above it",
    "beat: agreement of the beats with those of the real music within 70 ms, from 0 to 1",
    f"beat, metronome: the same for clicks at {_METRONOME:g} BPM",
)


@dataclass(frozen=True)
class HeldOut:
    """One dance that the model has not learned from, with its real and its generated music."""

    name: str
    dance: Any
    music: AudioClips
    features: Any
    generated: np.ndarray

    @property
    def recording(self) -> np.ndarray:
        """The real music from the first clip's start to the last one's end."""
        hop = round(self.hop_duration * self.music.sr)
        return np.concatenate([*(clip[:hop] for clip in self.music[:-1]), self.music[-1]])

    @property
    def hop_duration(self) -> float:
        """Time between successive clips in s; a clip's own length if there is but one."""
        return _hop_duration(self.music)


def choose(pieces: np.ndarray, n_held_out: int | None, random_state: int) -> np.ndarray:
    """Sample the pieces to hold out.

    Parameters
    ----------
    pieces : ndarray
        All of them.
    n_held_out : int or None
        How many; None is one in four, at least one and at most three, so that enough are left to
        learn from.
    random_state : int
        Seed.
    """
    n_pieces = len(pieces)
    if n_pieces < 2:
        raise ValueError(
            f"expected at least 2 dances with their music, one to learn from and one to hold out, "
            f"got {n_pieces}: give more"
        )
    if n_held_out is None:
        n_held_out = min(_MOST_HELD_OUT, max(1, n_pieces // _SHARE))
    if not 1 <= n_held_out < n_pieces:
        raise ValueError(
            f"expected to hold out from 1 to {n_pieces - 1} of {n_pieces} dances, got "
            f"{n_held_out}: change --held-out, or give more dances"
        )
    rng = np.random.RandomState(random_state)
    return np.sort(rng.choice(pieces, n_held_out, replace=False))


def perform_held_out(
    pipe: Pipeline,
    data: Any,
    held_out: np.ndarray,
    *,
    clip_duration: float,
    hop_duration: float,
    temperature: float,
    random_state: int,
    verbose: int = 0,
) -> Iterator[HeldOut]:
    """Make music for each dance that was held out."""
    for i, piece in enumerate(held_out):
        clips = _successive(data, piece, clip_duration=clip_duration, hop_duration=hop_duration)
        dance, music = data.poses[clips], data.audio[clips]
        features = features_of(pipe, dance)
        generated = audio_regressor_of(pipe).compose(
            features,
            hop_duration=_hop_duration(music),
            temperature=temperature or None,
            # Another seed for each: what the pieces then share is not the sample.
            random_state=random_state + i,
            verbose=verbose,
        )
        yield HeldOut(str(data.names[piece]), dance, music, features, generated)


def score(pipe: Pipeline, pieces: Sequence[HeldOut], *, verbose: int = 0) -> pd.DataFrame:
    """Return the scores of held-out dances beside those of permuted pairs and a metronome.

    Parameters
    ----------
    pipe : Pipeline
        Fitted on other dances.
    pieces : sequence of HeldOut
        The dances and the music made for them.
    verbose : int, default=0
        Above 0, show progress.

    Returns
    -------
    DataFrame
        One row per piece: ``performance``, ``log_likelihood``, ``gain``, ``gain_permuted``,
        ``beat``, ``beat_metronome``.

    Notes
    -----
    The permuted gain is the mean over the dances of the other pieces, moment by moment; of a single
    piece, it is that of the other half of its own dance.
    """
    model = audio_regressor_of(pipe)
    density = model.regressor_
    groups = np.repeat(np.arange(len(pieces)), [len(piece.features) for piece in pieces])
    partner = partners(groups)
    rows = []
    for i, piece in enumerate(
        progress(pieces, "scoring held-out dances", unit="dances", verbose=verbose)
    ):
        codes = model.transformer_.transform(piece.music)
        others = [
            _rows(other.features, partner[groups == i, j] - np.flatnonzero(groups == j)[0])
            for j, other in enumerate(pieces)
            if j != i
        ]
        n_clips = len(piece.features)
        others = others or [_rows(piece.features, np.roll(np.arange(n_clips), n_clips // 2))]
        true, made = (
            _beats(piece.recording, piece.music.sr),
            _beats(piece.generated, piece.music.sr),
        )
        clicks = np.arange(0, len(piece.recording) / piece.music.sr, 60 / _METRONOME)
        rows.append(
            {
                "performance": piece.name,
                "log_likelihood": density.log_likelihood(piece.features, codes),
                "gain": density.information_gain(piece.features, codes),
                "gain_permuted": np.mean([density.information_gain(X, codes) for X in others]),
                "beat": beat_f70([true], [made]),
                "beat_metronome": beat_f70([true], [clicks]),
            }
        )
    return pd.DataFrame(rows)


def in_words(table: pd.DataFrame) -> list[str]:
    """Return what `score` found as lines: a table, what its columns mean, and what follows."""
    shown = table.set_index("performance")[list(_COLUMNS)]
    mean = shown.mean()
    if len(shown) > 1:
        shown.loc["mean"] = mean
    shown = shown.rename(columns=_COLUMNS).rename_axis(None)
    return [
        "",
        f"scores of {len(table)} held-out dance{'s' if len(table) > 1 else ''}",
        shown.to_string(float_format=lambda value: f"{value:.3f}"),
        "",
        *_LEGEND,
        *_verdicts(mean),
        "",
    ]


def _verdicts(mean: pd.Series) -> list[str]:
    lines = []
    if not mean["gain"] > max(mean["gain_permuted"], 0.0):
        lines.append(
            "By its gain, the dance adds nothing here to what the model knows of the music: the "
            "gain is not above 0 and that of permuted pairs. More dances would help."
        )
        if mean["beat"] > mean["beat_metronome"]:
            lines.append("The beat still agrees with the real one better than a metronome.")
    if not mean["beat"] > mean["beat_metronome"]:
        lines.append("The beat of the music agrees with the real one no better than a metronome.")
    return lines


def _successive(data: Any, piece: Any, *, clip_duration: float, hop_duration: float) -> np.ndarray:
    """Clips of a piece that follow each other without a gap, overlapping by about half.

    Clips may lack where too few poses were seen: the longest stretch counts. Neighbors that
    overlap by more than half would only blur each other.
    """
    clips = np.flatnonzero(data.groups == piece)
    starts = data.audio.starts[clips]
    hop = hop_duration * data.audio.sr
    breaks = np.flatnonzero(np.abs(np.diff(starts) - hop) > 1) + 1
    run = max(np.split(clips, breaks), key=len)
    return run[:: max(1, round(clip_duration / hop_duration / 2))]


def _hop_duration(music: AudioClips) -> float:
    hops = np.diff(music.starts)
    return float(hops[0]) / music.sr if len(hops) else music.clip_duration


def _rows(X: Any, rows: np.ndarray) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _beats(recording: np.ndarray, sr: float) -> np.ndarray:
    return music_beats(np.asarray(recording, np.float32)[None], sr=int(sr))[0][0]
