"""Options for what is known of the beat of a dance: `--bpm`, `--beat-at`, `--shift-beat`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ._console import say
from ._options import number, positive

if TYPE_CHECKING:
    import numpy as np

__all__ = ["add_beat", "check_beat", "given_beats", "is_given"]

_BPM = (40.0, 240.0)
# Other tempi that are named.
_MOST_NAMED = 3


def add_beat(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--bpm",
        type=positive,
        metavar="N",
        help="tempo of the dance in beats per minute to a tenth, if you know it; otherwise it is "
        "found in the movement",
    )
    parser.add_argument(
        "--beat-at",
        type=number,
        nargs="+",
        metavar="S",
        help="seconds of the dance at which there are beats: one with --bpm, or several in a row",
    )
    parser.add_argument(
        "--shift-beat",
        type=number,
        default=0.0,
        metavar="X",
        help="how much later than found the beats are, as a part of one: 0.25, 0.5 or 0.75",
    )


def check_beat(options: argparse.Namespace) -> None:
    """Refuse what is no beat, before any work."""
    from ..motion.given_beat import checked_beat

    if options.bpm is not None and not _BPM[0] <= options.bpm <= _BPM[1]:
        raise ValueError(f"expected --bpm from {_BPM[0]:g} to {_BPM[1]:g}, got {options.bpm:g}")
    if not 0 <= options.shift_beat <= 1:
        raise ValueError(f"expected --shift-beat from 0 to 1, got {options.shift_beat:g}")
    try:
        checked_beat(options.bpm, options.beat_at)
    except ValueError as error:
        raise ValueError(f"{error} (--beat-at; one needs --bpm)") from None


def is_given(options: argparse.Namespace) -> bool:
    """Return whether anything is known of the beat."""
    return options.bpm is not None or options.beat_at is not None or options.shift_beat != 0


def given_beats(pipeline: Any, dance: Any, options: argparse.Namespace) -> np.ndarray | None:
    """Return the beats of a dance as a model finds them with what was given, and name the tempo.

    None where nothing was given and the model tracks no beats.
    """
    from ..performance import find_beats, tracks_beats

    given = is_given(options)
    if not given and not tracks_beats(pipeline):
        return None
    track = find_beats(
        pipeline, dance, bpm=options.bpm, taps=options.beat_at, shift=options.shift_beat
    )
    others = [f"{c.tempo:.0f}" for c in track.alternatives if c.weight > 0.02][:_MOST_NAMED]
    text = f"beat: {track.tempo:.1f} BPM"
    if not given:
        text += f" (found with a probability of {track.confidence:.0%}"
        text += f"; it may also be {' or '.join(others)}" if others else ""
        text += "; --bpm, --beat-at and --shift-beat set another)"
    say(options, text)
    return track.beats
