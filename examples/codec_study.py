"""
How good is the code for music?
===============================

Held-out error of the codec beside linear baselines, on folders of recordings of your own, split by
piece::

    python examples/codec_study.py FOLDER [FOLDER ...] [--splits 5] [--hop 1] ...

Each folder gets its own column. Errors are mean squared errors of [0, 1] mel spectrograms over
the loudest 80 dB of each clip, at 1024 numbers for 8 s. The baselines are what any network has to
beat: the mean training clip, and principal components of 50,000 patches of 64 frames drawn at
random times (256 numbers each, none for the level).
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from sklearn_asdf import AudioClips, MelEncoder
from sklearn_asdf.music.clips import load_audio
from sklearn_asdf.music.spectra import SpectrumBank, spectrogram_options

SUFFIXES = {".wav", ".flac", ".ogg", ".mp3"}


def cut(recordings, hop):
    """8 s clips."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return AudioClips.from_recordings(recordings, hop_duration=hop)


def patch_baseline(encoder, clips, seed, n_patches=50_000, n_components=256, length=64):
    """Mean and principal components of patches at random times."""
    bank = SpectrumBank.of(clips, spectrogram_options(encoder), 80.0)
    rng = np.random.default_rng(seed)
    clip = rng.integers(len(bank), size=n_patches)
    first = bank.starts[clip] + rng.integers(bank.n_frames - length + 1, size=n_patches)

    def draw(i):
        index = first[i : i + 1000, None] + np.arange(length)
        levels = np.broadcast_to(bank.levels[clip[i : i + 1000], None], index.shape)
        return bank.unit(index, levels).reshape(len(index), -1)

    batches = range(0, n_patches, 1000)
    mean = sum(draw(i).sum(axis=0, dtype=np.float64) for i in batches) / n_patches
    mean = mean.astype(np.float32)
    basis = rng.standard_normal((len(mean), n_components + 64)).astype(np.float32)
    for _ in range(5):
        basis = np.linalg.qr(basis)[0]
        image = np.zeros_like(basis)
        for i in batches:
            patches = draw(i) - mean
            image += patches.T @ (patches @ basis)
        turn = np.linalg.eigh(basis.T @ image)[1][:, ::-1][:, :n_components]
        components, basis = (basis @ turn).T, image
    return mean, components


def baseline_errors(mean, components, spectrograms):
    """Errors of the mean alone and of the components."""
    patches = spectrograms.swapaxes(1, 2).reshape(len(spectrograms), -1, len(mean))
    decoded = np.clip((patches - mean) @ components.T @ components + mean, 0, 1)
    return np.square(patches - mean).mean(), np.square(patches - decoded).mean()


def fit_paper(clips, seconds):
    """Train the paper's network for as many epochs as fit in some seconds."""
    with tempfile.TemporaryDirectory() as folder:
        model = MelEncoder(architecture="paper", epochs=1, checkpoint_dir=folder, random_state=0)
        began = time.perf_counter()
        model.fit(clips)
        first = time.perf_counter() - began
        # Goes on from the checkpoint.
        model.set_params(epochs=max(1, int(seconds / first))).fit(clips)
    return model, time.perf_counter() - began


def main():
    """Print the table of every split, and the mean."""
    parser = argparse.ArgumentParser(description="Held-out error of the codec and its baselines.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--only", type=int, help="run this split alone, from 0")
    parser.add_argument("--hop", type=float, default=1.0, help="s between training clips")
    parser.add_argument("--epochs", type=int, default=4, help="of the local network")
    parser.add_argument(
        "--paper", type=float, default=0, metavar="MINUTES", help="train the paper's network too"
    )
    options = parser.parse_args()

    folders = [
        [load_audio(p) for p in sorted(f.rglob("*")) if p.suffix in SUFFIXES]
        for f in options.folders
    ]
    orders = [np.random.default_rng(0).permutation(len(f)) for f in folders]
    print(
        "split  method                " + "".join(f"{f.name:>20}" for f in options.folders) + "  s"
    )
    for split in range(options.splits) if options.only is None else [options.only]:
        held = [set(order[split :: options.splits]) for order in orders]
        train = [y for f, h in zip(folders, held) for i, y in enumerate(f) if i not in h]
        tests = [cut([f[i] for i in sorted(h)], 2.0) for f, h in zip(folders, held)]
        clips = cut(train, options.hop)

        def report(method, errors, seconds, split=split):
            row = "".join(f"{e:20.5f}" for e in errors)
            print(f"{split:<7}{method:22}{row}{seconds:6.0f}", flush=True)

        start = MelEncoder(epochs=0, random_state=0)
        began = time.perf_counter()
        start.fit(clips)
        seconds = time.perf_counter() - began
        spectrograms = [start.spectrogram(t) for t in tests]
        began = time.perf_counter()
        baseline = patch_baseline(start, clips, split)
        errors = [baseline_errors(*baseline, s) for s in spectrograms]
        report("mean", [e[0] for e in errors], 0)
        report("patch components", [e[1] for e in errors], time.perf_counter() - began)
        report(
            "MelEncoder, 0 epochs", [start.reconstruction_error(t).mean() for t in tests], seconds
        )
        began = time.perf_counter()
        local = MelEncoder(epochs=options.epochs, random_state=0).fit(clips)
        seconds = time.perf_counter() - began
        errors = [local.reconstruction_error(t).mean() for t in tests]
        report(f"MelEncoder, {options.epochs} epochs", errors, seconds)
        if options.paper:
            paper, seconds = fit_paper(clips, 60 * options.paper)
            errors = [paper.reconstruction_error(t).mean() for t in tests]
            report(f"paper, {paper.epochs} epochs", errors, seconds)


if __name__ == "__main__":
    main()
