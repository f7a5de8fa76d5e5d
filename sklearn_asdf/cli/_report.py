"""`sklearn-asdf report`."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

from ._beat import add_beat, check_beat, given_beats, is_given
from ._console import say, verbosity
from ._generate import read_model_and_take
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
from ._takes import check_output, read_true_music


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "report",
        run,
        help="a page that shows and plays what a model makes of a dance",
        more=(
            "Write one HTML page to look at and listen to, which needs no network: the moving "
            "skeleton in step with the music, keyframes, Laban features, spectrograms and scores."
        ),
    )
    add_model(parser)
    parser.add_argument("take", metavar="POSES|VIDEO", help="the dance")
    parser.add_argument("-o", "--out", required=True, metavar="PAGE", help="page to write, .html")
    parser.add_argument(
        "--audio",
        metavar="FILE",
        help="the music that was danced to, to compare with; a video's own sound if not given",
    )
    parser.add_argument(
        "--scores",
        metavar="TABLE",
        help="scores to show, which 'evaluate -o' wrote; without, the likelihood of the real music",
    )
    parser.add_argument(
        "--verdict", metavar="FILE", help="file to write what the page says, .json, for programs"
    )
    parser.add_argument("--title", metavar="TEXT", help="heading; the dance's name if not given")
    add_draw(parser, by_model=True)
    add_beat(parser)
    add_loudness(parser)
    add_take(parser)
    add_force(parser)


def run(options: argparse.Namespace) -> None:
    """Write the page."""
    from ._scores import read_scores

    check_draw(options)
    check_beat(options)
    out = check_output(options.out, (".html", ".htm"), force=options.force)
    verdict_file = None
    if options.verdict is not None:
        verdict_file = check_output(options.verdict, (".json",), force=options.force)
    require_play("a report")
    scores = None if options.scores is None else read_scores(options.scores)
    if options.audio is not None:
        _check_audio(options.audio)
    model, take = read_model_and_take(options)
    from .._files import atomic_path
    from ..datasets._dance_files import is_video
    from ..datasets._take_files import take_name
    from ..performance import encoder_of
    from ..report import write_report

    verdict = write_report(
        out,
        model,
        take,
        audio=read_true_music(options.take, options.audio, sr=int(encoder_of(model).sr)),
        video=options.take if is_video(options.take) else None,
        beats=given_beats(model, take, options) if is_given(options) else None,
        title=options.title or take_name(options.take),
        scores=scores,
        temperature=temperature_of(options, model),
        random_state=options.random_state,
        loudness=options.loudness,
        about=_files(options.model, options.take),
        verbose=verbosity(options),
    )
    if verdict_file is not None:
        with atomic_path(verdict_file) as temporary:
            temporary.write_text(json.dumps(verdict, indent=2, ensure_ascii=False) + "\n", "utf-8")
    say(options, f"{out}: open it in a browser")


def _files(model: str, take: str) -> dict[str, str]:
    """Return the names of the files, and the digest of the model."""
    with open(model, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"Files": f"{Path(model).name}, {Path(take).name}", "SHA-256 of the model": digest}


def _check_audio(path: str) -> None:
    if not Path(path).is_file():
        raise ValueError(f"expected the music in --audio, but there is no file {path!r}")
