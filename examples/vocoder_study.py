"""
How good is the sound of a spectrogram?
=======================================

Held-out recordings from their mel spectrograms by each vocoder, on folders of recordings of your
own, split by piece, and on synthetic music::

    python examples/vocoder_study.py FOLDER [FOLDER ...] [--visqol] [--ablations] ...

Each collection gets its own columns: harmonic error in cents, spectral distance and, with
``--visqol``, the score of ViSQOL (extra ``visqol``). The time is that of a processor per second of
sound. The neural vocoder is trained on the other recordings.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from sklearn_asdf import AudioClips
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.functional.griffinlim import mel_to_audio, mel_to_power
from sklearn_asdf.functional.mel import melspectrogram
from sklearn_asdf.functional.phase_recurrence import PhaseRecurrence
from sklearn_asdf.metrics import harmonic_error, spectral_distance, visqol
from sklearn_asdf.music.clips import load_audio
from sklearn_asdf.music.neural_vocoder import fit_vocoder

SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}
SR = 22050


def excerpt(path, seconds):
    """Sound from the middle of a recording."""
    y = load_audio(path)
    first = max(len(y) // 2 - seconds * SR // 2, 0)
    return y[first : first + seconds * SR]


def collections(options):
    """Training sounds, and per collection the held-out clips of 8 s."""
    train, tests = [], {}
    for folder in options.folders:
        paths = [p for p in sorted(folder.rglob("*")) if p.suffix in SUFFIXES]
        order = np.random.default_rng(0).permutation(len(paths))
        held = set(order[: max(1, len(paths) // options.splits)])
        train += [excerpt(p, options.seconds) for i, p in enumerate(paths) if i not in held]
        tests[folder.name] = np.stack([excerpt(paths[i], 8) for i in sorted(held)])
    if options.synthetic:
        train += list(np.asarray(make_dance_music(options.synthetic, random_state=0).audio))
        tests["synthetic"] = np.asarray(make_dance_music(8, random_state=1).audio)[::2]
    return train, tests


def magnitudes_alone(vocoder):
    """Start from the magnitudes of the network with phases of noise."""

    def spectra(mel, blocks, known):
        rng = np.random.default_rng(0)
        for block in blocks:
            magnitude = vocoder.estimate(mel, block)[0]
            yield (magnitude * np.exp(2j * np.pi * rng.random(magnitude.shape))).astype("c8")

    return spectra


def phases_alone(vocoder, bands):
    """Start from the phases of the network with smooth magnitudes."""

    def spectra(mel, blocks, known):
        recurrence = PhaseRecurrence(vocoder.n_fft, vocoder.hop_length)
        for block in blocks:
            _, advance, slope = vocoder.estimate(mel, block)
            magnitude = np.sqrt(mel_to_power(mel[block].T, n_fft=bands["n_fft"]).T)
            phasors = recurrence.phasors(magnitude, advance, slope[:, :-1])
            yield (magnitude * phasors).astype("c8")

    return spectra


def methods(vocoder, bands, ablations):
    """Name, start and iterations of each row."""
    yield from (("griffin_lim", "random", n) for n in (16, 32))
    yield "pghi", "pghi", 16
    yield from (("neural", vocoder.spectra, n) for n in (0, 2, 4, 8, 16))
    if ablations:
        yield from (("magnitudes alone", magnitudes_alone(vocoder), n) for n in (4, 16))
        yield from (("phases alone", phases_alone(vocoder, bands), n) for n in (4, 16))


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description="Quality and time of the vocoders.")
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--splits", type=int, default=5, help="a share of 1/SPLITS is held out")
    parser.add_argument("--seconds", type=int, default=60, help="of each training recording")
    parser.add_argument("--synthetic", type=int, default=48, help="synthetic training clips")
    parser.add_argument("--n-fft", type=int, default=4096)
    parser.add_argument("--hop", type=int, default=690)
    parser.add_argument("--n-mels", type=int, default=128)
    parser.add_argument("--visqol", action="store_true")
    parser.add_argument("--ablations", action="store_true")
    options = parser.parse_args()

    train, tests = collections(options)
    bands = {"n_fft": options.n_fft, "hop_length": options.hop}
    whole = {"sr": SR, "n_mels": options.n_mels, "fmin": 0.0, "fmax": None, **bands}
    began = time.process_time()
    clips = AudioClips.from_recordings(train, hop_duration=4.0)
    vocoder = fit_vocoder(clips, whole, random_state=np.random.RandomState(0))
    print(f"{vocoder.network}, trained in {time.process_time() - began:.0f} s of a processor")
    names = "".join(f"{name[:20]:>24}" for name in tests)
    print(f"vocoder           iterations{names}     time")
    for name, start, n_iter in methods(vocoder, bands, options.ablations):
        cells, seconds, total = "", 0.0, 0.0
        for y in tests.values():
            mel = melspectrogram(y, n_mels=options.n_mels, **bands)
            began = time.process_time()
            found = mel_to_audio(
                mel, n_samples=y.shape[1], n_iter=n_iter, start=start, random_state=0, **bands
            )
            seconds += time.process_time() - began
            total += y.size / SR
            cents, distance = harmonic_error(found, y).mean(), spectral_distance(found, y).mean()
            score = f"{visqol(found, y).mean():6.2f}" if options.visqol else " " * 6
            cells += f"{cents:10.1f} c{distance:6.3f}{score}"
        print(f"{name:18}{n_iter:10}{cells}  {seconds / total:.3f} s/s", flush=True)


if __name__ == "__main__":
    main()
