"""Options that several commands have, so that they read and mean the same everywhere."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ..performance import TEMPERATURE

__all__ = ["add_command", "check_draw", "positive", "say"]


class _Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Shows defaults, where there is one to show."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default in (None, False):
            return action.help
        return super()._get_help_string(action)


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], None], *, help: str, more: str
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


def add_take(parser: argparse.ArgumentParser) -> None:
    """Add what tells how to read poses and videos."""
    parser.add_argument(
        "--fps",
        type=float,
        metavar="N",
        help="frames a second of pose files that do not tell it",
    )
    parser.add_argument(
        "--person",
        type=_person,
        default="largest",
        metavar="WHO",
        help="whom to take where there are several: 'largest' or a number from 0, counted from "
        "left to right as they come in",
    )
    parser.add_argument(
        "--pose-model",
        metavar="DIR",
        help="folder of the pose networks for videos; without it they are fetched once",
    )


def add_clips(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--clip-duration", type=positive, default=8.0, metavar="S", help="seconds of a clip"
    )
    parser.add_argument(
        "--hop-duration",
        type=positive,
        default=1.0,
        metavar="S",
        help="seconds from one clip's start to the next one's",
    )


def add_draw(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--temperature",
        type=float,
        default=TEMPERATURE,
        metavar="T",
        help=(
            "how daring the music is: 1 draws from the whole density, 0 always plays what the "
            "dance tells most likely"
        ),
    )
    parser.add_argument(
        "--random-state", type=int, default=0, metavar="N", help="another number, another take"
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a model that 'fit' or 'demo' wrote")


def check_draw(options: argparse.Namespace) -> None:
    """Refuse temperatures and seeds that mean nothing."""
    if not options.temperature >= 0:
        raise ValueError(
            f"expected --temperature of at least 0, got {options.temperature}: 1 draws from the "
            "density as it is, 0 takes its mean"
        )
    if not 0 <= options.random_state < 2**32:
        raise ValueError(f"expected --random-state from 0 to 2**32 - 1, got {options.random_state}")


def positive(text: str) -> float:
    """Read a number above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return value


def _person(text: str) -> str | int:
    if text.isdigit():
        return int(text)
    if text != "largest":
        raise argparse.ArgumentTypeError(f"expected 'largest' or a number from 0, got {text!r}")
    return text


def say(options: argparse.Namespace, sentence: str) -> None:
    """Tell the user something, unless asked not to."""
    if not options.quiet:
        print(sentence)
