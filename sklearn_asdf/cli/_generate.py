"""`sklearn-asdf generate`, and what `report` shares with it."""

from __future__ import annotations

import argparse
from typing import Any

from .._validation import require
from ..motion.container import Motion
from ..performance import encoder_of, motion_stage_of, perform
from ..persistence import load
from ._options import add_command, add_draw, add_force, add_model, add_take, check_draw, say
from ._takes import check_output, is_video, read_take

_SOUNDS = (".wav", ".flac", ".ogg", ".mp3")
_FILMS = (".mp4", ".mov", ".mkv")


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "generate",
        run,
        help="make music for a dance",
        more=(
            "Make music for a dance. The ending of the output chooses what is written: sound "
            f"({', '.join(_SOUNDS)}), or a film ({', '.join(_FILMS)}): the film of the dance with "
            "the new music, or a stick figure where there is only a pose file."
        ),
    )
    add_model(parser)
    parser.add_argument("take", metavar="POSES|VIDEO", help="the dance")
    parser.add_argument("-o", "--out", required=True, metavar="FILE", help="sound or film to write")
    add_draw(parser)
    add_take(parser)
    add_force(parser)


def run(options: argparse.Namespace) -> None:
    """Make the music and write it."""
    check_draw(options)
    out = check_output(options.out, (*_SOUNDS, *_FILMS), force=options.force)
    model, take = read_model_and_take(options)
    played = perform(
        model,
        take,
        temperature=options.temperature or None,
        random_state=options.random_state,
    )
    if out.suffix.lower() in _SOUNDS:
        from ..music.sound_file import write_sound

        write_sound(out, played.audio, sr=played.sr)
    else:
        from ..music.sound_file import prepare_for_export
        from ..video import add_music, write_stick_figure

        audio = prepare_for_export(played.audio, sr=played.sr)
        if is_video(options.take):
            add_music(options.take, audio, out, sr=played.sr)
        else:
            write_stick_figure(take, out, audio=audio, sr=played.sr)
    say(options, f"{out}: {len(played.audio) / played.sr:.1f} s of music")


def read_model_and_take(options: argparse.Namespace) -> tuple[Any, Motion]:
    """Return the model, and the dance with the joints that it was fitted to."""
    require("keras", "librosa", "soundfile", extra="music", purpose="making music")
    from ._quiet import start_keras

    start_keras()
    model = load(options.model)
    encoder_of(model)
    first = motion_stage_of(model)
    known = getattr(first, "skeleton_", None)
    whole = known is not None and known.name == "mediapipe33"
    take = read_take(
        options.take,
        options,
        skeleton="mediapipe33" if whole else "coco17",
        coordinates="world" if getattr(first, "n_axes_in_", 2) == 3 else "image",
    )
    check_joints(model, take, options.take)
    return model, take


def check_joints(model: Any, dance: Motion, path: str) -> None:
    """Refuse dances of other joints than the model was fitted to."""
    known, given = getattr(motion_stage_of(model), "skeleton_", None), dance.skeleton
    if known is not None and given is not None and known.joints != given.joints:
        raise ValueError(
            f"expected a dance of the joints that the model was fitted to "
            f"({known.name or len(known)}), got {given.name or len(given)} in {path!r}: track it "
            "with the tracker that the model's dances were tracked with"
        )
