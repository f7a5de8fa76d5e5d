"""Make the report that README and pages show: `python docs/make_report.py`.

Music that the package synthesizes is played for a synthetic dance with calm and vigorous parts, and
compared with the music that the dance was synthesized with. The command writes the report of it to
`docs/static/report.html`, the dancer with the new music to `docs/static/soundtrack.mp4`, and a
picture of the page to `docs/static/report.png`, which needs Chromium and the extra `test`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from sklearn_asdf import make_soundtrack_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.music.sound_file import prepare_for_export
from sklearn_asdf.performance import perform
from sklearn_asdf.report import write_report
from sklearn_asdf.video import write_stick_figure

HERE = Path(__file__).parent
PAGE = HERE / "static" / "report.html"
DURATION = 20.0


def main() -> None:
    """Write the page and its picture."""
    data = make_dance_music(1, clip_duration=DURATION, courses=True, random_state=4)
    dance, own = data.poses, np.asarray(data.audio)[0]
    pipe = make_soundtrack_pipeline("builtin", poses=dance, random_state=0)
    piece = perform(pipe, dance, temperature=0.3, random_state=0, loudness=-16.0)
    sound = prepare_for_export(piece.audio, sr=piece.sr)
    video = HERE / "static" / "soundtrack.mp4"
    write_stick_figure(dance, video, audio=sound, sr=piece.sr, size=(480, 480))
    verdict = write_report(
        PAGE,
        pipe,
        dance,
        performance=piece,
        audio=own,
        title="A synthetic dance, before and after",
        temperature=0.3,
        random_state=0,
        loudness=-16.0,
    )
    print(f"{PAGE}: {PAGE.stat().st_size / 1e6:.1f} MB, {verdict['verdict']}")
    sys.path.insert(0, str(HERE.parent))
    from tests.chromium import Chromium

    with tempfile.TemporaryDirectory() as folder, Chromium(Path(folder), size=(1200, 900)) as page:
        page.open(PAGE.as_uri())
        page.until("document.body.dataset.frame !== undefined")
        page.run("document.getElementById('seek').value = 6.2")
        page.run("document.getElementById('seek').dispatchEvent(new Event('input'))")
        page.screenshot(HERE / "static" / "report.png", whole=False)


if __name__ == "__main__":
    main()
