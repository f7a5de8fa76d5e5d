"""Spectrograms and their inversion beside librosa's, over real recordings (pytest -m benchmark)."""

from __future__ import annotations

import time

import numpy as np
import pytest

from sklearn_asdf import AudioClips
from sklearn_asdf.functional.griffinlim import mel_to_audio
from sklearn_asdf.functional.mel import melspectrogram, power_to_db

librosa = pytest.importorskip("librosa")
pytestmark = [pytest.mark.benchmark, pytest.mark.real_data]


@pytest.fixture(scope="module")
def clips(data_dir):
    paths = sorted((data_dir / "ballet_music").glob("*.ogg"))[:4]
    paths += sorted((data_dir / "recordings").glob("*.ogg"))
    found = AudioClips.from_recordings(paths, hop_duration=30, short="pad")
    return np.asarray(found[:: max(1, len(found) // 6)])[:6]


def _best(call, repeats):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
    return min(times), result


def _quality(y, mel):
    back = melspectrogram(y)
    error = np.linalg.norm(np.sqrt(back) - np.sqrt(mel)) / np.linalg.norm(np.sqrt(mel))
    distance = power_to_db(back) - power_to_db(mel)
    return error, np.sqrt((distance**2).mean(axis=0)).mean()


def test_forward(clips, record_property):
    options = {"sr": 22050, "n_fft": 4096, "hop_length": 690, "n_mels": 128}
    melspectrogram(clips[:1])
    ours, _ = _best(lambda: melspectrogram(clips), 5)
    theirs, _ = _best(lambda: [librosa.feature.melspectrogram(y=y, **options) for y in clips], 5)
    ratio = theirs / ours
    record_property("times_librosa", ratio)
    print(f"forward: {ours / len(clips) * 1e3:.2f} ms a clip, {ratio:.1f} times librosa")  # noqa: T201
    assert ratio > 1


def test_inverse(clips, record_property):
    mels = [melspectrogram(y) for y in clips]
    n = clips.shape[1]
    rows = {}
    seconds, sounds = _best(lambda: [mel_to_audio(m, n_samples=n, random_state=0) for m in mels], 2)
    rows["ours"] = seconds, np.mean([_quality(y, m) for y, m in zip(sounds, mels)], axis=0)

    def slow(mel):
        # In halves: NNLS over 2049 bins x 256 frames crashes with some versions of SciPy.
        halves = [
            librosa.feature.inverse.mel_to_stft(part, sr=22050, n_fft=4096)
            for part in np.array_split(mel, 2, axis=1)
        ]
        return librosa.griffinlim(np.hstack(halves), n_fft=4096, hop_length=690, length=n)

    seconds, sounds = _best(lambda: [slow(m) for m in mels], 1)
    rows["librosa"] = seconds, np.mean([_quality(y, m) for y, m in zip(sounds, mels)], axis=0)
    for name, (seconds, (error, distance)) in rows.items():
        print(  # noqa: T201
            f"{name}: {seconds / len(mels):.3f} s a clip, mel error {error:.3f}, "
            f"log-spectral distance {distance:.2f} dB"
        )
    record_property("times_librosa", rows["librosa"][0] / rows["ours"][0])
    assert (rows["ours"][1] < rows["librosa"][1]).all()
