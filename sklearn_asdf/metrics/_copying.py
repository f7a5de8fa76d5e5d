"""Whether generated music copies the training music, by its nearest half seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view

from .._validation import require
from ..functional.mel import BLOCK_SIZE, hann, mel_filterbank
from ..music.audio_checks import check_audio
from ..music.clips import AudioClips
from ..music.spectra import clip_stretches

__all__ = ["data_copying", "nearest_segments"]

# A segment is described in so many parts, and segments of the training music begin so often.
_N_PARTS = 4
_STARTS_PER_PART = 2
_N_FFT = 4096
_N_MELS = 40
_N_CEPSTRA = 12
# Highest frequency of the bands relative to the sampling rate: half an octave below the highest.
_TOP = 0.35
# Power of a band relative to the loudest of its piece, and of a segment, below which it is silent.
_BAND_FLOOR = 1e-8
_SEGMENT_FLOOR = 1e-6
# Pairs of segments that are compared at once.
_AT_ONCE = 4_000_000


def nearest_segments(
    audio: Any,
    training: Any,
    *,
    sr: int = 22050,
    segment_duration: float = 0.5,
    transpositions: Sequence[int] = (0,),
) -> pd.DataFrame:
    r"""Find the most similar segment of the training music for each segment of other music.

    Parameters
    ----------
    audio : AudioClips, array-like of shape (n_pieces, n_samples) or list of 1-D arrays
        Music, mono. Overlapping clips of one recording are taken as one piece.
    training : AudioClips, array-like of shape (n_pieces, n_samples) or list of 1-D arrays
        The music in which similar segments are looked for.
    sr : int, default=22050
        Sampling rate of arrays in Hz.
    segment_duration : float, default=0.5
        Duration of a segment in s.
    transpositions : sequence of int, default=(0,)
        Semitones by which a training segment may be transposed: ``range(-5, 7)`` finds transposed
        copies too.

    Returns
    -------
    segments : DataFrame with one row per segment
        - `piece`, `time`: where the segment begins, in s from the beginning of its piece;
        - `distance`: distance to the nearest training segment; 0 is the same music;
        - `training_piece`, `training_time`: where that one begins;
        - `transposition`: semitones by which it is transposed.

        Segments more than 60 dB below the loudest segment of their piece are left out.

    Notes
    -----
    A segment is described in four parts of equal length, so the order of what sounds counts. Each
    has a chroma, the square root of power in the twelve pitch classes, of norm 1, and a timbre, the
    mel-frequency cepstral coefficients 1 to 12 of 40 bands at most 80 dB below the loudest of the
    piece. Neither depends on the level. The distance of two segments is the root of the mean of
    their squared distances in chroma and in timbre, each divided by its mean over random pairs of
    training segments: 1 is the distance of unrelated training music.

    Training segments begin every sixteenth of a second (an eighth of `segment_duration`), so that a
    copy is at most half of that out of step. Of transposed segments, all frequencies are moved, at
    the same tempo.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import nearest_segments
    >>> t = np.arange(22050) / 22050
    >>> training = [np.sin(2 * np.pi * f * t) * np.exp(-3 * t) for f in (262, 330, 392)]
    >>> nearest_segments([0.1 * training[1]], training)[["time", "training_piece"]].values.tolist()
    [[0.0, 1.0], [0.5, 1.0]]
    """
    _check_options(segment_duration, transpositions)
    segments = _Segments.of(audio, sr, segment_duration, "audio")
    return _nearest([segments], training, sr, segment_duration, transpositions)[0]


def data_copying(
    generated: Any,
    training: Any,
    held_out: Any,
    *,
    sr: int = 22050,
    segment_duration: float = 0.5,
    transpositions: Sequence[int] = (0,),
) -> dict[str, float]:
    r"""Return whether generated music is nearer to the training music than other real music is.

    Parameters
    ----------
    generated : AudioClips, array-like of shape (n_pieces, n_samples) or list of 1-D arrays
        Generated music, mono.
    training : AudioClips, array-like of shape (n_pieces, n_samples) or list of 1-D arrays
        Music of the training set.
    held_out : AudioClips, array-like of shape (n_pieces, n_samples) or list of 1-D arrays
        Real music of the same kind that is not in the training set.
    sr : int, default=22050
        Sampling rate of arrays in Hz.
    segment_duration : float, default=0.5
        Duration of a segment in s.
    transpositions : sequence of int, default=(0,)
        Semitones by which a training segment may be transposed.

    Returns
    -------
    scores : dict of float
        - `distance`: median distance from generated segments to the nearest training segment;
        - `held_out_distance`: the same for the held-out music;
        - `ratio`: the first divided by the second. A model that plays its training music is far
          below 1, one that copies no more than real music repeats itself is at 1 or above;
        - `below_1`, `below_5`: share of the generated segments that are nearer to the training
          music than the nearest 1 % and 5 % of the held-out segments: about .01 and .05 if the
          music is as new as held-out music.

    See Also
    --------
    nearest_segments : The distances, and where the nearest segments are.

    Notes
    -----
    The comparison with held-out data follows [1]_: music has few chords and many repetitions, so a
    small distance alone is no copy. Held-out music should be as similar to the training music as
    new music may be: other pieces of the same kind, recorded alike, and not other takes of the
    same pieces. A model that makes noise is far from all music and copies nothing: read
    these scores beside those of quality.

    References
    ----------
    .. [1] C. Meehan, K. Chaudhuri and S. Dasgupta, "A non-parametric test to detect data-copying
       in generative models", AISTATS 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.datasets import make_music
    >>> from sklearn_asdf.metrics import data_copying
    >>> training, new = (make_music("calm", duration=10, random_state=i) for i in (0, 1))
    >>> scores = data_copying([0.5 * training.recordings[0]], training, new)
    >>> scores["below_1"]
    1.0
    """
    _check_options(segment_duration, transpositions)
    segments = [
        _Segments.of(audio, sr, segment_duration, name)
        for name, audio in (("generated", generated), ("held_out", held_out))
    ]
    tables = _nearest(segments, training, sr, segment_duration, transpositions)
    distances = [table["distance"] for table in tables]
    found, usual = (float(d.median()) for d in distances)
    below = {
        f"below_{percent}": float((distances[0] < np.percentile(distances[1], percent)).mean())
        for percent in (1, 5)
    }
    ratio = found / usual if usual else float("nan")
    return {"distance": found, "held_out_distance": usual, "ratio": ratio, **below}


def _check_options(segment_duration: float, transpositions: Sequence[int]) -> None:
    require("librosa", extra="play", purpose="analyzing music")
    if not segment_duration > 0:
        raise ValueError(
            f"expected segment_duration above 0 s, got {segment_duration}: pass 0.5, say"
        )
    if not len(transpositions):
        raise ValueError(
            "expected at least one transposition, got none: (0,) compares music as it is"
        )


class _Segments:
    """Descriptions of all segments of some pieces.

    Attributes
    ----------
    piece, time : ndarray of shape (n_segments,)
        Piece, and beginning in s.
    chroma : ndarray of float32 of shape (n_segments, 4 * 12)
        Chroma of four parts.
    timbre : ndarray of float32 of shape (n_segments, 4 * 12)
        Cepstral coefficients of four parts.
    """

    def __init__(self, parts: list[tuple[np.ndarray, ...]]) -> None:
        self.piece, self.time, self.chroma, self.timbre = (
            np.concatenate(columns) for columns in zip(*parts)
        )

    @classmethod
    def of(
        cls,
        audio: Any,
        sr: int,
        duration: float,
        name: str,
        *,
        dense: bool = False,
        semitones: int = 0,
    ) -> _Segments:
        """Describe segments that begin every `duration`, or every eighth of it, transposed."""
        sr = audio.sr if isinstance(audio, AudioClips) else sr
        n_fft = 2 ** max(round(np.log2(_N_FFT * sr / 22050)), 6)
        length = _N_PARTS * _STARTS_PER_PART
        hop = duration / length
        step = 1 if dense else length
        parts: list[tuple[np.ndarray, ...]] = []
        for piece, offset, y in _pieces(audio, sr, name):
            chroma, timbre, level = _describe(y, sr, n_fft, hop, semitones)
            # A part's frame is centered on it.
            first = np.arange(0, len(chroma) - length + 1, step)
            frames = first[:, None] + 1 + _STARTS_PER_PART * np.arange(_N_PARTS)
            sounds = level[frames].mean(axis=1) > _SEGMENT_FLOOR
            frames = frames[sounds]
            parts.append(
                (
                    np.full(len(frames), piece),
                    offset + first[sounds] * hop,
                    chroma[frames].reshape(len(frames), _N_PARTS * 12),
                    timbre[frames].reshape(len(frames), _N_PARTS * _N_CEPSTRA),
                )
            )
        found = cls(parts)
        if not len(found.piece):
            raise ValueError(
                f"expected {name} with at least one segment of {duration:g} s that sounds, got "
                "none: pass longer music that is not silent"
            )
        return found


def _pieces(audio: Any, sr: int, name: str) -> Iterator[tuple[int, float, np.ndarray]]:
    """Yield the number of each piece, where it begins in s, and its samples."""
    if isinstance(audio, list | tuple):
        for i, y in enumerate(audio):
            yield i, 0.0, check_audio(np.asarray(y)[None], sr=sr, allow_silent=True, name=name)[0]
        return
    audio = check_audio(audio, sr=sr, allow_silent=True, name=name)
    if not isinstance(audio, AudioClips):
        for i, y in enumerate(audio):
            yield i, 0.0, y
        return
    for rows, first, stop in clip_stretches(audio):
        piece = int(audio.groups[rows[0]])
        yield piece, first / sr, np.asarray(audio.recordings[piece][first:stop])


def _describe(
    y: np.ndarray, sr: int, n_fft: int, hop: float, semitones: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return chroma (n_frames, 12), cepstra (n_frames, 12) and relative level (n_frames,).

    A frame is centered on each multiple of `hop`, in s.
    """
    import librosa

    # Frequencies count as if they were some semitones higher.
    rate = sr * 2 ** (semitones / 12)
    bank = mel_filterbank(sr=rate, n_fft=n_fft, n_mels=_N_MELS, fmax=_TOP * sr)
    pitch_classes = librosa.filters.chroma(sr=rate, n_fft=n_fft, tuning=0.0).astype(np.float32).T
    padded = np.pad(np.asarray(y, dtype=np.float32), (n_fft // 2, n_fft // 2 + 1))
    starts = np.round(np.arange(0, len(y) / sr, hop) * sr).astype(np.intp)
    mel = np.empty((len(starts), _N_MELS), np.float32)
    chroma = np.empty((len(starts), 12), np.float32)
    size = max(1, BLOCK_SIZE // n_fft)
    for t in range(0, len(starts), size):
        windows = sliding_window_view(padded, n_fft)[starts[t : t + size]]
        spectrum = scipy.fft.rfft(windows * hann(n_fft))
        power = spectrum.real**2 + spectrum.imag**2
        mel[t : t + size], chroma[t : t + size] = bank.to_mel(power), power @ pitch_classes
    chroma = np.sqrt(np.maximum(chroma, 0))
    chroma /= np.maximum(np.linalg.norm(chroma, axis=1, keepdims=True), 1e-20)
    loudest = max(float(mel.max(initial=0.0)), 1e-20)
    log = np.log(np.maximum(mel / loudest, _BAND_FLOOR))
    timbre = scipy.fft.dct(log, norm="ortho", axis=1)[:, 1 : 1 + _N_CEPSTRA]
    level = mel.sum(axis=1)
    return chroma, timbre, level / max(float(level.max(initial=0.0)), 1e-20)


def _nearest(
    segments: list[_Segments],
    training: Any,
    sr: int,
    duration: float,
    transpositions: Sequence[int],
) -> list[pd.DataFrame]:
    """Return the tables of `nearest_segments` of several pieces of music."""
    scales: np.ndarray | None = None
    tables: list[pd.DataFrame] = []
    for semitones in transpositions:
        known = _Segments.of(training, sr, duration, "training", dense=True, semitones=semitones)
        if scales is None:
            # In the units of the first transposition, for all.
            scales = np.repeat([_scale(known.chroma), _scale(known.timbre)], _N_PARTS * 12)
        found = [_compare(some, known, scales, semitones) for some in segments]
        if tables:
            found = [
                old.where(old["distance"] <= new["distance"], new)
                for old, new in zip(tables, found, strict=True)
            ]
        tables = found
    return tables


def _compare(
    segments: _Segments, known: _Segments, scales: np.ndarray, semitones: int
) -> pd.DataFrame:
    """Return the nearest known segment of each segment."""
    wanted, table = (np.hstack([s.chroma, s.timbre]) * scales for s in (segments, known))
    center = table.mean(axis=0)
    wanted, table = wanted - center, table - center
    squares = np.square(table).sum(axis=1)
    rows = max(1, _AT_ONCE // len(table))
    near = np.concatenate(
        [
            np.argmin(squares - 2 * wanted[i : i + rows] @ table.T, axis=1)
            for i in range(0, len(wanted), rows)
        ]
    )
    return pd.DataFrame(
        {
            "piece": segments.piece,
            "time": segments.time,
            # Of the nearest alone, without the cancellation of the expanded square.
            "distance": np.sqrt(np.square(wanted - table[near]).sum(axis=1, dtype=np.float64)),
            "training_piece": known.piece[near],
            "training_time": known.time[near],
            "transposition": semitones,
        }
    )


def _scale(values: np.ndarray) -> np.float32:
    """Return the factor with which the mean square distance of two random rows is 1/2."""
    spread = float(values.var(axis=0, dtype=np.float64).sum())
    return np.float32(np.sqrt(0.25 / spread) if spread > 1e-9 else 1.0)
