"""What the metrics hear in clips: onsets, beats, tempo, key, pulse and spectrum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .._validation import check_choice, require
from ..functional.mel import melspectrogram, power_to_db
from ..functional.periodicity import tempogram
from ..functional.tonality import key_correlations
from ..music.clips import AudioClips, check_audio

HOP_LENGTH = 512
# A band's silence in dB: some 80 dB below a tone of full scale, which no ear hears beside it.
_FLOOR = -40.0
_PICKING: dict[str, Any] = {
    "d2m": {"wait": 1, "delta": 0.2, "pre_avg": 1, "post_avg": 1, "post_max": 1},
    "loris": {
        "wait": 1, "delta": 0.2, "pre_avg": 3, "post_avg": 3, "pre_max": 3, "post_max": 3,
    },
}  # fmt: skip
# Periods of 40 to 240 beats a minute.
TEMPI = np.geomspace(40.0, 240.0, 31)
_BATCH = 32


def as_clips(audio: Any, *, sr: int = 22050, name: str = "audio") -> tuple[Any, int]:
    """Return checked clips and their sampling rate, which `AudioClips` know themselves."""
    require("librosa", extra="music", purpose="listening to music")
    sr = audio.sr if isinstance(audio, AudioClips) else sr
    return check_audio(audio, sr=sr, allow_silent=True, name=name), sr


def check_pair(y_true: Any, y_pred: Any, *, sr: int = 22050) -> tuple[Any, Any, int]:
    """Return true and generated clips, as many and as long, and their sampling rate."""
    y_true, rate = as_clips(y_true, sr=sr, name="y_true")
    y_pred, other = as_clips(y_pred, sr=rate, name="y_pred")
    if other != rate or y_true.shape != y_pred.shape:
        raise ValueError(
            f"expected y_pred as y_true, {y_true.shape} at {rate} Hz, got {y_pred.shape} at "
            f"{other} Hz: score clips of one length at one rate"
        )
    return y_true, y_pred, rate


def onset_envelopes(audio: Any, sr: int) -> np.ndarray:
    """librosa's onset strength of clips, (n_clips, n_frames), a value every `HOP_LENGTH` samples.

    Of spectrograms that are librosa's own to the fifth digit, and many times as fast.
    """
    import librosa

    rows = []
    for mel in _mels(audio, sr, HOP_LENGTH):
        for decibels in power_to_db(mel, ref=1.0, top_db=80.0):
            rows.append(librosa.onset.onset_strength(S=decibels, sr=sr, hop_length=HOP_LENGTH))
    return np.stack(rows)


def onset_times(envelope: np.ndarray, sr: int, variant: str) -> np.ndarray:
    """Onsets in s, picked as one of the published scores picks them."""
    import librosa

    check_choice(variant, _PICKING, name="variant")
    return librosa.onset.onset_detect(
        onset_envelope=envelope, sr=sr, hop_length=HOP_LENGTH, units="time", **_PICKING[variant]
    )


def track_beats(envelope: np.ndarray, sr: int) -> tuple[np.ndarray, float]:
    """Beats in s and the tempo in beats a minute; none and 0 in silence."""
    import librosa

    if not envelope.any():
        return np.zeros(0), 0.0
    tempo, beats = librosa.beat.beat_track(
        onset_envelope=envelope, sr=sr, hop_length=HOP_LENGTH, units="time"
    )
    return np.asarray(beats, dtype=float), float(np.ravel(tempo)[0])


def chroma_profile(y: np.ndarray, sr: int) -> np.ndarray:
    """Mean weight of the 12 pitch classes of one clip, from C up."""
    import librosa

    n_fft = 4096
    # librosa warns of clips that are shorter than a window.
    y = np.pad(np.asarray(y, dtype=np.float32), (0, max(0, n_fft - len(y))))
    spectrum = np.abs(librosa.stft(y, n_fft=n_fft, hop_length=n_fft // 2))
    if not spectrum.any():
        return np.zeros(12)
    return librosa.feature.chroma_stft(S=spectrum**2, sr=sr, tuning=0.0).mean(axis=1)


def clarity_of_pulse(envelopes: np.ndarray, sr: int) -> np.ndarray:
    """Largest autocorrelation of onset envelopes (n_clips, n_frames), 40 to 240 BPM."""
    rate = sr / HOP_LENGTH
    lags = np.arange(np.ceil(rate * 0.25), np.floor(rate * 1.5) + 1)
    return np.maximum(tempogram(envelopes, fps=rate, tempi=60 * rate / lags).max(axis=1), 0.0)


def mel_decibels(
    audio: Any, sr: int, *, hop_length: int = HOP_LENGTH, floor: float = _FLOOR
) -> Iterator[np.ndarray]:
    """Mel spectrograms in dB of one batch of clips after the other, (n, 128, n_frames)."""
    for mel in _mels(audio, sr, hop_length):
        yield np.maximum(power_to_db(mel, ref=1.0, top_db=None), floor)


def _mels(audio: Any, sr: int, hop_length: int) -> Iterator[np.ndarray]:
    for i in range(0, len(audio), _BATCH):
        clips = np.asarray(audio[i : i + _BATCH], dtype=np.float32)
        yield melspectrogram(clips, sr=sr, n_fft=2048, hop_length=hop_length, n_mels=128)


def mel_statistics(decibels: np.ndarray, n_bands: int) -> np.ndarray:
    """Mean and deviation over time of `n_bands` wide bands, (n_clips, 2 * n_bands)."""
    n_clips, n_mels, n_frames = decibels.shape
    bands = decibels.reshape(n_clips, n_bands, n_mels // n_bands, n_frames).mean(axis=2)
    return np.concatenate([bands.mean(axis=2), bands.std(axis=2)], axis=1)


def flux(decibels: np.ndarray) -> np.ndarray:
    """Mean rise of the bands from frame to frame, (n_clips, n_frames)."""
    rise = np.diff(decibels, axis=2, prepend=decibels[:, :, :1])
    return np.maximum(rise, 0.0).mean(axis=1)


@dataclass(frozen=True)
class Heard:
    """All that `evaluate` hears in the clips of one row, so that each is listened to once."""

    onsets_d2m: list[np.ndarray]
    onsets_loris: list[np.ndarray]
    beats: list[np.ndarray]
    tempo: np.ndarray
    key_clarity: np.ndarray
    pulse_clarity: np.ndarray
    judged: np.ndarray
    statistics: np.ndarray
    mel: np.ndarray

    @classmethod
    def of(cls, audio: Any, sr: int) -> Heard:
        """Listen to clips."""
        from ._distances import coarse_spectrograms
        from ._features import music_features
        from ._quality import statistics_of

        envelopes = onset_envelopes(audio, sr)
        beats, tempo = zip(*(track_beats(e, sr) for e in envelopes))
        chroma = np.stack([chroma_profile(y, sr) for y in audio])
        return cls(
            onsets_d2m=[onset_times(e, sr, "d2m") for e in envelopes],
            onsets_loris=[onset_times(e, sr, "loris") for e in envelopes],
            beats=list(beats),
            tempo=np.array(tempo),
            key_clarity=key_correlations(chroma).max(axis=1),
            pulse_clarity=clarity_of_pulse(envelopes, sr),
            judged=music_features(audio, sr=sr),
            statistics=statistics_of(audio, sr, envelopes=envelopes, chroma=chroma),
            mel=coarse_spectrograms(audio, sr=sr),
        )

    def take(self, index: np.ndarray) -> Heard:
        """The same of other clips, or of the same in another order."""
        parts: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, part in parts.items():
            parts[name] = [part[i] for i in index] if isinstance(part, list) else part[index]
        return Heard(**parts)
