"""The demo from end to end: data, fit, music for held-out dances, pictures, scores, the model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from .. import datasets, plotting
from .._files import atomic_path
from .._progress import Progress
from ..motion.container import Motion
from ..music.loudness import at_loudness
from ..music.sound_file import write_sound
from ..persistence import save
from ..pipeline import make_dance_pipeline
from ..plotting._motion import import_pyplot
from ._console import say, verbosity
from ._held_out import HeldOut, choose, in_words, perform_held_out, score
from ._takes import end, read_folders

__all__ = ["MODEL", "SCORES", "run_demo"]

# Files in the output folder whatever the dances are called.
MODEL, SCORES = "model.zip", "scores.csv"
# Of a synthetic performance: many short ones teach more than few long ones.
_CLIPS_EACH = 3
# Seconds; more poses would be too small to see.
_LONGEST_PICTURE = 24.0


def run_demo(options: argparse.Namespace, out: Path) -> int:
    """Fit on some performances, make music for the others, and score it."""
    clock = {"clip_duration": options.clip_duration, "hop_duration": _hop_duration(options)}
    data = _data(options, clock)
    pieces = np.unique(data.groups)
    held_out = choose(pieces, options.held_out, options.random_state)
    train = ~np.isin(data.groups, held_out)
    say(
        options,
        f"{len(data.groups)} clips of {options.clip_duration:g} s, {clock['hop_duration']:g} s "
        f"apart, of {len(pieces)} performances; learning from {train.sum()} clips, "
        f"{len(held_out)} held out",
    )
    pipe = make_dance_pipeline(
        options.preset, random_state=options.random_state, verbose=verbosity(options)
    )
    pipe.fit(data.poses[train], data.audio[train])
    save(pipe, out / MODEL)

    performed = []
    for piece in perform_held_out(
        pipe,
        data,
        held_out,
        **clock,
        temperature=options.temperature,
        random_state=options.random_state,
        verbose=verbosity(options),
    ):
        say(options, f"music for {piece.name}")
        with Progress("drawing", verbose=verbosity(options)):
            _write(out, pipe, piece, loudness=options.loudness)
        performed.append(piece)
    table = score(pipe, performed, verbose=verbosity(options))
    with atomic_path(out / SCORES) as path:
        table.to_csv(path, index=False)
    for line in in_words(table):
        say(options, line)
    say(options, f"listen to {out / f'{performed[0].name}_generated.wav'}")
    return end(data.get("skipped", {}), options)


def _hop_duration(options: argparse.Namespace) -> float:
    if options.hop_duration is not None:
        return options.hop_duration
    return 1.0 if options.poses is not None else options.clip_duration / 2


def _data(options: argparse.Namespace, clock: dict[str, Any]) -> Any:
    if options.poses is not None:
        return read_folders(options.poses, options.audio, options, **clock)
    return datasets.make_dance_music(
        options.n_clips,
        n_performances=max(1, options.n_clips // _CLIPS_EACH),
        random_state=options.random_state,
        **clock,
    )


def _write(out: Path, pipe: Pipeline, piece: HeldOut, *, loudness: float | None) -> None:
    """Write the generated music, the real music and a picture of both."""
    sr = int(piece.music.sr)
    generated = piece.generated
    if loudness is not None:
        generated = at_loudness(generated, loudness, sr=sr)
    write_sound(out / f"{piece.name}_generated.wav", generated, sr=sr)
    write_sound(out / f"{piece.name}_true.wav", piece.recording, sr=sr)
    _draw(out / f"{piece.name}.png", pipe, piece)


def _draw(path: Path, pipe: Pipeline, piece: HeldOut) -> None:
    """Poses with keyframes, Laban features and both spectrograms, on one axis of time."""
    pyplot = import_pyplot()
    dance = piece.dance
    hop = round(piece.hop_duration * dance.fps)
    frames = [*(clip[:hop] for clip in dance.position[:-1]), dance.position[-1]]
    display = plotting.PerformanceDisplay.from_pipeline(
        pipe,
        Motion(np.concatenate(frames)[None], fps=dance.fps, skeleton=dance.skeleton),
        {"true music": piece.recording, "generated music": piece.generated},
        title=path.stem,
    )
    with atomic_path(path) as temporary:
        display.figure_.savefig(temporary, dpi=80)
    pyplot.close(display.figure_)
