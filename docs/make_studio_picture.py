"""Make the picture of the studio in the guide: `python docs/make_studio_picture.py`.

The page is driven in Chromium as a user would drive it: a dance and music are chosen, and a take
is made. The dance is the example; a video may be given instead.
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sklearn_asdf.studio import Studio
from sklearn_asdf.studio._serve import make_server
from tests.chromium import Chromium

PIECES = ("calm", "playful", "waltz")


def drive(browser: Chromium, video: Path | None, moment: float) -> None:
    """Go through the three steps, and stop both videos at a moment in s."""
    browser.until("state !== null")
    for name in PIECES:
        browser.run(f"document.querySelector('input[value={name}]').click()")
    if video is None:
        browser.run("document.getElementById('example').click()")
    else:
        browser.choose("#dance input[type=file]", [video.resolve()])
    browser.until("state.dance && state.dance.ready", 1200)
    browser.until("!document.getElementById('make').disabled")
    browser.run("document.getElementById('make').click()")
    browser.until("state.takes.length === 1", 600)
    browser.run("document.getElementById('knobs').open = true")
    for player in ("dance-player", "take-player"):
        place = f"document.querySelector('#{player} video')"
        browser.until(f"{place}.readyState > 1")
        browser.run(f"{place}.removeAttribute('controls'); {place}.currentTime = {moment}")
    time.sleep(2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--video", type=Path, help="video of a dance")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "static" / "studio.webp")
    parser.add_argument("--moment", type=float, default=8.0, help="second of the dance to show")
    parser.add_argument("--pose-model", help="folder of the pose networks")
    parser.add_argument("--width", type=int, default=1366)
    parser.add_argument("--dark", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.create_server(("127.0.0.1", 0)) as listener,
        Studio(models=options.pose_model) as studio,
    ):
        server = make_server(studio)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with Chromium(Path(folder), size=(options.width, 768), dark=options.dark) as browser:
                browser.open(f"http://127.0.0.1:{listener.getsockname()[1]}/")
                drive(browser, options.video, options.moment)
                picture = Path(folder, "studio.png")
                browser.screenshot(picture)
            with Image.open(picture) as shown:
                shown.convert("RGB").save(options.out, quality=82, method=6)
        finally:
            server.should_exit = True
            thread.join()


if __name__ == "__main__":
    main()
