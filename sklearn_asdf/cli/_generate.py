"""`sklearn-asdf generate`, and what `report` shares with it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._beat import add_beat, check_beat, given_beats
from ._console import say, verbosity
from ._options import (
    add_command,
    add_draw,
    add_force,
    add_loudness,
    add_model,
    add_take,
    check_draw,
    require_play,
    temperature_of,
)
from ._takes import Wanted, check_not_read, check_output, check_takes, read_take

if TYPE_CHECKING:
    from ..motion.container import Motion

# Endings of what can be written.
SOUNDS = (".wav", ".flac", ".ogg", ".mp3")
VIDEOS = (".mp4", ".mov", ".mkv")


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "generate",
        run,
        help="make music for a dance",
        more=(
            "Make music for a dance. The ending of the output chooses what is written: sound "
            f"({', '.join(SOUNDS)}), or a video ({', '.join(VIDEOS)}): the video of the dance "
            "with the new music, or a stick figure where there is only a pose file."
        ),
    )
    add_model(parser)
    parser.add_argument("take", metavar="POSES|VIDEO", help="the dance")
    parser.add_argument(
        "-o", "--out", required=True, metavar="FILE", help="sound or video to write"
    )
    add_draw(parser, by_model=True)
    add_beat(parser)
    add_loudness(parser)
    add_take(parser)
    add_force(parser)


def run(options: argparse.Namespace) -> None:
    """Make the music and write it."""
    check_draw(options)
    check_beat(options)
    out = check_output(options.out, (*SOUNDS, *VIDEOS), force=options.force)
    if out.suffix.lower() in VIDEOS:
        from .._validation import require

        require("av", "PIL", extra="video", purpose="writing videos")
    model, take = read_model_and_take(options)
    from ..performance import perform

    played = perform(
        model,
        take,
        beats=given_beats(model, take, options),
        temperature=temperature_of(options, model),
        random_state=options.random_state,
        loudness=options.loudness,
        verbose=verbosity(options),
    )
    write_music(out, played, take, options)
    say(options, f"{out}: {len(played.audio) / played.sr:.1f} s of music")


def write_music(out: Path, played: Any, take: Motion, options: argparse.Namespace) -> None:
    """Write a performance as sound, or as a video of the dance or of a stick figure."""
    from ..datasets._dance_files import is_video

    if out.suffix.lower() in SOUNDS:
        from ..music.sound_file import write_sound

        write_sound(out, played.audio, sr=played.sr)
        return
    from .._progress import Progress
    from ..music.sound_file import prepare_for_export
    from ..video import add_music, write_stick_figure

    audio = prepare_for_export(played.audio, sr=played.sr)
    with Progress("writing the video", verbose=verbosity(options)):
        if is_video(options.take):
            add_music(options.take, audio, out, sr=played.sr)
        else:
            write_stick_figure(take, out, audio=audio, sr=played.sr)


def read_model_and_take(options: argparse.Namespace) -> tuple[Any, Motion]:
    """Return the model, and the dance with the joints that it was fitted to."""
    require_play("making music")
    _check_order(options.model, options.take)
    check_takes([options.take], options)
    check_not_read(Path(options.out), [options.take])
    model = read_model(options.model, verbosity(options))
    return model, read_take(options.take, options, Wanted(model), verbose=verbosity(options))


def read_model(path: str, verbose: int = 0) -> Any:
    """Return a fitted model that makes music."""
    from ..performance import encoder_of
    from ..persistence import load

    model = load(path)
    encoder_of(model)
    return model


def _check_order(model: str, take: str) -> None:
    """Refuse a model and a dance that changed places."""
    from ..datasets._take_files import is_model

    if not is_model(model) and is_model(take):
        raise ValueError(
            f"expected the model first and the dance second, got {take!r}, a model, in the "
            f"dance's place: swap them"
        )
    if is_model(take):
        raise ValueError(f"expected a pose file or a video, but {take!r} is a model")
    if not Path(take).exists():
        raise ValueError(f"expected a pose file or a video, but there is no {take!r}")
