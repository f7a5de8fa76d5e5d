"""Live playback of mel codes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("librosa")

from sklearn_asdf import AudioClips, MelEncoder
from sklearn_asdf.functional.griffinlim import mel_to_audio
from sklearn_asdf.functional.mel import melspectrogram
from sklearn_asdf.music.mel_stream import MelStream

SR = 22050
N_FFT, HOP = 2048, 512
BANDS = {"n_fft": N_FFT, "hop_length": HOP}


def chord(n_samples, shift=0):
    t = (np.arange(n_samples) + shift) / SR
    return sum(0.1 * np.sin(2 * np.pi * f * t) for f in (220, 277.2, 329.6)).astype(np.float32)


@pytest.mark.parametrize("start", ["random", "pghi"])
def test_a_sound_is_continued(start):
    y = chord(2 * SR)
    mel = melspectrogram(y, n_mels=96, **BANDS)
    options = {"n_samples": len(y), "n_iter": 8, "start": start, "random_state": 0, **BANDS}
    found = mel_to_audio(mel, before=y[:SR], **options)
    np.testing.assert_array_equal(found[:SR], y[:SR])
    # No click where it ends, as there is in a sound that is put behind it.
    jumps = np.abs(np.diff(found))[SR - N_FFT : SR + N_FFT]
    assert jumps.max() < 1.5 * np.abs(np.diff(y)).max()
    level = np.std(found[SR : SR + N_FFT])
    assert level == pytest.approx(np.std(y), rel=0.25)
    both = mel_to_audio(np.stack([mel, mel]), before=y[:SR], **options)
    np.testing.assert_allclose(both[0], both[1], atol=1e-6)


def streamed(stream, codes, n_new, n_fade):
    """What the live loop plays: ends cross-faded with the next beginnings."""
    pieces, tail = [], None
    for code in codes:
        y = stream.play(code, n_new, n_fade)
        assert y.shape == (n_new + n_fade,)
        if tail is not None:
            # The end of the last sound is the beginning of the next.
            np.testing.assert_allclose(y[:n_fade], tail, atol=1e-3)
        pieces.append(y[:n_new])
        tail = y[n_new:]
    return np.concatenate(pieces)


@pytest.mark.parametrize(("vocoder", "highpass"), [("griffin_lim", None), ("pghi", 60.0)])
def test_a_steady_chord_stays_steady_across_calls(vocoder, highpass):
    clips = AudioClips.from_recordings([chord(6 * SR)], clip_duration=2, hop_duration=0.25)
    options = {"code_size": 32, "n_mels": 96, "pitch_shifts": (), "epochs": 0, **BANDS}
    encoder = MelEncoder(vocoder=vocoder, highpass=highpass, random_state=0, **options).fit(clips)
    codes = encoder.transform(clips)[2:12]
    n_new, n_fade = SR // 4, SR // 10
    y = streamed(encoder.stream(), codes, n_new, n_fade)
    # No click at the joints, and no dip of the level.
    jumps = np.abs(np.diff(y))
    assert jumps[SR:].max() < 1.3 * np.abs(np.diff(chord(2 * SR))).max()
    levels = [np.std(part) for part in np.array_split(y[SR:], 12)]
    assert np.std(levels) < 0.1 * np.mean(levels)
    assert np.mean(levels) == pytest.approx(np.std(chord(SR)), rel=0.25)


def test_rendered_ends_are_where_the_clip_ends():
    calls, rows = [], []

    def render(db, n_samples, known):
        calls.append((db.shape, n_samples, len(known)))
        rows.append(db[0])
        return np.concatenate([known, np.full(n_samples - len(known), len(calls), np.float32)])

    stream = MelStream(
        lambda code: np.tile(np.arange(101.0), (4, 1)),
        render,
        lambda y: y,
        n_samples=1000,
        n_fft=40,
        hop_length=10,
    )
    first = stream.play(np.zeros(1), 100, 20)
    assert (first == 1).all()
    # Frames from 60 samples before what is played, 1000 - 120: there is no past to begin with.
    assert calls == [((4, 19), 180, 0)]
    second = stream.play(np.zeros(1), 100, 20)
    # The fade is what was played already, and after it comes what is new.
    np.testing.assert_array_equal(second, np.repeat([1, 2], [20, 100]).astype(np.float32))
    assert calls[1] == ((4, 17), 160, 60)
    # Windows of 40 samples are whole up to the frame at 980, the 99th; it stands for the last two.
    assert rows[-1].tolist()[-4:] == [97, 98, 98, 98]
