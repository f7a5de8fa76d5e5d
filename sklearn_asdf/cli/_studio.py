"""`sklearn-asdf studio`."""

from __future__ import annotations

import argparse
from typing import Any

from ._console import note, say
from ._options import add_command, positive, whole


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "studio",
        run,
        help="a page in the browser: drop a video and music, see and hear the soundtrack",
        more=(
            "Open a page in the browser that does without a command line: drop a video of a dance, "
            "choose music, and see and hear the result. Everything runs on this computer, without "
            "a network; files of a page are removed when it is closed. Ctrl-C ends it."
        ),
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen on; with another one, everybody who can reach it may use the page",
    )
    parser.add_argument(
        "--port", type=whole, metavar="N", help="port to listen on; 8765 or a free one if not given"
    )
    parser.add_argument(
        "--no-browser",
        action="store_true",
        default=False,
        help="do not open the page, only say its address",
    )
    parser.add_argument(
        "--longest",
        type=positive,
        default=20,
        metavar="MINUTES",
        help="longest dance that the page takes; finding the dancer takes one to three times as "
        "long as the video",
    )
    parser.add_argument(
        "--pose-model",
        metavar="DIR",
        help="folder of the pose networks for videos, two .tflite files; without it they are "
        "fetched once",
    )


def run(options: argparse.Namespace) -> None:
    """Serve the page."""
    from .._validation import require
    from ._options import require_play

    require("starlette", "uvicorn", "av", "ai_edge_litert", extra="studio", purpose="the studio")
    require_play("the studio")
    from ..studio import serve

    def started(address: str) -> None:
        say(options, f"{address}: the studio (Ctrl-C ends it)")
        if options.host not in ("127.0.0.1", "localhost", "::1"):
            note("note: everybody who can reach this address may use the page")

    serve(
        host=options.host,
        port=options.port,
        open_browser=not options.no_browser,
        longest=60.0 * options.longest,
        models=options.pose_model,
        started=started,
    )
    say(options, "the studio is closed, and its files are removed")
