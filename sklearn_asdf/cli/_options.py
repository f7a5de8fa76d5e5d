"""Options that several commands have, so that they read and mean the same everywhere."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Any

from .._defaults import SOUNDTRACK_TEMPERATURE, TEMPERATURE

__all__ = [
    "add_clips", "add_command", "add_draw", "add_folders", "add_force", "add_loudness", "add_model",
    "add_take", "check_clips", "check_draw", "number", "positive", "require_music", "require_play",
    "temperature_of", "whole",
]  # fmt: skip

# Loudness of generated music in LUFS: that of streaming services for music is between -14 and -16.
_FOR_PLAYING = ("librosa", "soundfile", "soxr", "pyloudnorm", "mir_eval", "matplotlib", "jinja2")
_LOUDNESS = "-16"
_MODELS_OWN = "model"


class _Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Shows defaults, where there is one to show."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default in (None, False):
            return action.help
        return super()._get_help_string(action)


def add_command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int | None],
    *,
    help: str,
    more: str,
) -> argparse.ArgumentParser:
    """Add a command; `help` is one line of the list, `more` the text of its own page."""
    parser = commands.add_parser(name, help=help, description=more, formatter_class=_Formatter)
    parser.set_defaults(run=run)
    parser.add_argument(
        "--quiet", action="store_true", default=False, help="say nothing and show no progress"
    )
    return parser


def add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--force", action="store_true", default=False, help="replace a file that is there already"
    )


def add_take(parser: argparse.ArgumentParser, *, each: bool = False) -> None:
    """Add the options for reading poses and videos; `each` is whether all people can be taken."""
    parser.add_argument(
        "--fps",
        type=positive,
        metavar="N",
        help="frames per second of pose files that do not tell it, or tell it wrong",
    )
    parser.add_argument(
        "--person",
        type=_person_or_each if each else _person,
        default="largest",
        metavar="WHO",
        help="whom to take where there are several: 'largest' or a number from 0, counted from "
        "left to right as they come in" + ("; 'each' makes one for each of them" if each else ""),
    )
    parser.add_argument(
        "--image-size",
        type=_size,
        metavar="WxH",
        help="pixels of the picture, such as 1920x1080, for pose files whose x and y are shares of "
        "its width and height (MediaPipe, RunwayML)",
    )
    parser.add_argument(
        "--coordinates",
        default="image",
        choices=("image", "world"),
        help="what to read of pose files that have both: places in the picture, or metres about "
        "the hips ('world', in three axes)",
    )
    parser.add_argument(
        "--pose-model",
        metavar="DIR",
        help="folder of the pose networks for videos, two .tflite files; without it they are "
        "fetched once",
    )


def _size(text: str) -> tuple[float, float]:
    """Return a width and height, as of '1920x1080'."""
    match = re.fullmatch(r"(\d+)\s*[x×*,]\s*(\d+)", text.strip().lower())
    if match is None or not int(match[1]) or not int(match[2]):
        raise argparse.ArgumentTypeError(
            f"expected width and height in pixels, such as 1920x1080, got {text!r}"
        )
    return float(match[1]), float(match[2])


def add_clips(parser: argparse.ArgumentParser, *, hop_duration: float | None = 1.0) -> None:
    parser.add_argument(
        "--clip-duration", type=positive, default=8.0, metavar="S", help="seconds of a clip"
    )
    parser.add_argument(
        "--hop-duration",
        type=positive,
        default=hop_duration,
        metavar="S",
        help="seconds from one clip's start to the next one's"
        + (
            "; by default 1, or for rows of windows equal clips without overlap"
            if hop_duration is None
            else ""
        ),
    )


def add_draw(parser: argparse.ArgumentParser, *, by_model: bool = False) -> None:
    """Add how music is sampled; `by_model` is whether the temperature depends on the model."""
    meaning = (
        "how varied the music is: 1 samples from the whole density, 0 always plays what is most "
        "likely for the dance"
    )
    kinds = f" (default: {TEMPERATURE}; models of 'soundtrack': {SOUNDTRACK_TEMPERATURE}, as there)"
    parser.add_argument(
        "--temperature",
        type=number,
        default=None if by_model else TEMPERATURE,
        metavar="T",
        help=meaning + (kinds if by_model else ""),
    )
    parser.add_argument(
        "--random-state", type=whole, default=0, metavar="N", help="another number, another take"
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a model that 'fit' or 'demo' wrote")


def check_draw(options: argparse.Namespace) -> None:
    """Refuse temperatures and seeds that mean nothing."""
    if options.temperature is not None and not options.temperature >= 0:
        raise ValueError(
            f"expected --temperature of at least 0, got {options.temperature}: 1 samples from the "
            "density as it is, 0 takes its mean"
        )
    if not 0 <= options.random_state < 2**32:
        raise ValueError(f"expected --random-state from 0 to 2**32 - 1, got {options.random_state}")


def temperature_of(options: argparse.Namespace, model: Any) -> float | None:
    """Return the temperature that was asked for, or that of the kind of model; None is the mean."""
    from ..performance import audio_regressor_of
    from ..unpaired import UnpairedRegressor

    if options.temperature is not None:
        return options.temperature or None
    soundtrack = isinstance(audio_regressor_of(model).regressor_, UnpairedRegressor)
    return SOUNDTRACK_TEMPERATURE if soundtrack else TEMPERATURE


def positive(text: str) -> float:
    """Read a number above 0."""
    value = _read_number(float, text, "a number above 0")
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return value


def number(text: str) -> float:
    """Read a number."""
    return _read_number(float, text, "a number")


def whole(text: str) -> int:
    """Read a whole number."""
    return int(_read_number(int, text, "a whole number"))


def _read_number(kind: type[int] | type[float], text: str, expected: str) -> float:
    # The parser's own sentence would name the Python type or function.
    try:
        return kind(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}") from None


def _person_or_each(text: str) -> str | int:
    return text if text == "each" else _person(text)


def _person(text: str) -> str | int:
    if text.isdigit():
        return int(text)
    if text != "largest":
        raise argparse.ArgumentTypeError(f"expected 'largest' or a number from 0, got {text!r}")
    return text


def add_folders(parser: argparse.ArgumentParser, *, required: bool = True, more: str = "") -> None:
    """Add the two folders of dances and music."""
    parser.add_argument(
        "--poses",
        required=required,
        metavar="DIR",
        help=f"folder of pose files or videos{more}",
    )
    parser.add_argument(
        "--audio",
        required=required,
        metavar="DIR",
        help="folder of sound files or videos of the same names; may be the same folder",
    )


def add_loudness(parser: argparse.ArgumentParser) -> None:
    """Add how loud generated music is."""
    parser.add_argument(
        "--loudness",
        type=_loudness,
        default=_LOUDNESS,
        metavar="LUFS",
        help=f"loudness of the music, from -60 to -5 LUFS; {_MODELS_OWN!r} leaves the level of the "
        "model's own music",
    )


def _loudness(text: str) -> float | None:
    if text == _MODELS_OWN:
        return None
    expected = f"{_MODELS_OWN!r} or a number from -60 to -5"
    value = _read_number(float, text, expected)
    if not -60 <= value <= -5:
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text}")
    return value


def check_clips(options: argparse.Namespace) -> None:
    """Refuse clips that have no room for their keyframes."""
    n_frames = round(options.clip_duration * 30)
    few = options.n_keyframes < 2 <= n_frames
    hint = "take more keyframes" if few else "take fewer keyframes, or a longer --clip-duration"
    if not 2 <= options.n_keyframes <= n_frames:
        raise ValueError(
            f"expected --n-keyframes from 2 to {n_frames}, the frames of a clip of "
            f"{options.clip_duration:g} s at 30 frames per second, got {options.n_keyframes}: "
            f"{hint}"
        )


def require_music(purpose: str) -> None:
    """Say before any work what has to be installed for learning and making music."""
    from .._validation import require

    require("keras", "scikeras", *_FOR_PLAYING, extra="music", purpose=purpose)


def require_play(purpose: str) -> None:
    """Say before any work what has to be installed for making music with a saved model."""
    from .._validation import require

    require(*_FOR_PLAYING, extra="play", purpose=purpose)
