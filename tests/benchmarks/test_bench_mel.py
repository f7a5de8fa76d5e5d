"""Spectrograms and their inversion beside librosa's, and what training costs (pytest -m benchmark).

Only the first two want real recordings.
"""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

from sklearn_asdf import AudioClips
from sklearn_asdf.functional.griffinlim import mel_to_audio
from sklearn_asdf.functional.mel import melspectrogram, power_to_db

librosa = pytest.importorskip("librosa")
pytestmark = pytest.mark.benchmark


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


@pytest.mark.real_data
def test_forward(clips, record_property):
    options = {"sr": 22050, "n_fft": 4096, "hop_length": 690, "n_mels": 128}
    melspectrogram(clips[:1])
    ours, _ = _best(lambda: melspectrogram(clips), 5)
    theirs, _ = _best(lambda: [librosa.feature.melspectrogram(y=y, **options) for y in clips], 5)
    ratio = theirs / ours
    record_property("times_librosa", ratio)
    print(f"forward: {ours / len(clips) * 1e3:.2f} ms a clip, {ratio:.1f} times librosa")  # noqa: T201
    assert ratio > 1


@pytest.mark.real_data
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


def _mumble(seconds, seed):
    """Filtered noise whose level wanders: as hard as music for all that is counted here."""
    rng = np.random.default_rng(seed)
    y = np.diff(rng.standard_normal(seconds * 22050 + 1).astype(np.float32))
    return 0.1 * y * np.repeat(rng.uniform(0.2, 1, seconds).astype(np.float32), 22050)


def test_training_beside_plain_fit(record_property):
    """The same network with the same rows, by `train_autoencoder` and by Keras's own `fit`."""
    from sklearn_asdf import mel
    from sklearn_asdf.nets import autoencoder

    clips = AudioClips.from_recordings([_mumble(300, 0), _mumble(60, 1)])
    seen = {}
    original = autoencoder.train_autoencoder

    def spy(config, frames, rows, **options):
        keep = dict(options)
        start = time.perf_counter()
        result = original(config, frames, rows, **options)
        seen.update(seconds=time.perf_counter() - start, args=(config, frames, rows), options=keep)
        return result

    epochs = 6
    encoder = mel.MelEncoder(epochs=epochs, pitch_shifts=(), schedule="constant", random_state=0)
    rows_of_times = []
    for _ in range(3):
        autoencoder.train_autoencoder = spy
        try:
            encoder.fit(clips)
        finally:
            autoencoder.train_autoencoder = original
        config, frames, rows = seen["args"]
        options = seen["options"]
        start = time.perf_counter()
        model = autoencoder._build_training(
            frames, options["top_db"], options["seed"], options["loss"], options["kl_weight"],
            **config,
        )  # fmt: skip
        model.compile("adam", autoencoder.MeanOutput(), jit_compile=False)
        held = options["validation_rows"]
        model.fit(
            rows,
            np.zeros((len(rows), 1), np.float32),
            batch_size=options["batch_size"],
            epochs=epochs,
            validation_data=(held, np.zeros((len(held), 1), np.float32)),
            verbose=0,
        )
        rows_of_times.append((seen["seconds"], time.perf_counter() - start))
    ours, plain = np.min(rows_of_times, axis=0)
    record_property("times_plain_fit", ours / plain)
    print(f"{epochs} epochs: {ours:.1f} s, {ours / plain:.3f} of plain fit's {plain:.1f} s")  # noqa: T201


_SIX_HOURS = """
import resource, sys, time
import numpy as np
sys.path.insert(0, {folder!r})
from test_bench_mel import _mumble
from sklearn_asdf import AudioClips, MelEncoder
recordings = [_mumble(900, seed) for seed in range(25)]
clips = AudioClips.from_recordings(recordings, hop_duration=1.0)
clips = clips[:21825]
start = time.perf_counter()
encoder = MelEncoder(epochs=1, random_state=0).fit(clips)
fitted = time.perf_counter() - start
code = encoder.transform(clips)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(f"{{len(clips)}} clips: peak {{peak:.2f}} GB, fit {{fitted:.0f}} s, "
      f"encoded in {{time.perf_counter() - start - fitted:.0f}} s")
assert np.isfinite(code).all() and peak < 4
"""


def test_six_hours_at_one_second_hop_in_four_gigabytes():
    """All of it: samples, spectra, components, an epoch of the network, and the codes."""
    script = _SIX_HOURS.format(folder=str(__file__).rpartition("/")[0])
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False
    )
    print(result.stdout)  # noqa: T201
    assert result.returncode == 0, result.stderr
