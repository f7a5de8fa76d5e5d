"""The page in a browser, from upload to download."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from sklearn_asdf import load
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.io import write_poses
from sklearn_asdf.performance import encoder_of
from sklearn_asdf.studio import Studio, _tasks
from sklearn_asdf.video import add_music, probe
from tests.browser import program
from tests.chromium import Chromium

from .conftest import wait
from .test_app import serving

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("av")


@contextmanager
def opened(studio, folder):
    """Give a browser with the page of a studio."""
    if program() is None:
        pytest.skip("needs a browser, such as chromium")
    with (
        studio,
        serving(studio) as port,
        Chromium(folder / "browser", size=(1366, 768)) as browser,
    ):
        browser.open(f"http://127.0.0.1:{port}/")
        browser.until("state !== null")
        yield browser


def played(folder, dance, first, **_):
    """Stand for the making of a take: a tone."""
    tone = 0.3 * np.sin(2 * np.pi * 330 * np.arange(22050 * 3) / 22050)
    soundfile.write(Path(folder, f"take{first}.wav"), tone, 22050)
    add_music(Path(dance, "dance.mp4"), tone, Path(folder, f"take{first}.mp4"))
    return [{"number": first, "seed": 0, "duration": 3.0}]


@pytest.fixture
def files(tmp_path):
    """A short dance, and a piece of music."""
    data = make_dance_music(1, clip_duration=9.0, random_state=0)
    write_poses(data.poses, tmp_path / "my dance.npz")
    soundfile.write(tmp_path / "song.wav", np.asarray(data.audio)[0], int(data.audio.sr))
    return tmp_path


def click(browser, text):
    browser.run(
        "[...document.querySelectorAll('button')].find("
        f"(b) => b.textContent === {json.dumps(text)} && b.offsetParent).click()"
    )


def problem(browser, step):
    browser.until(f"!document.querySelector('#{step} .problem').hidden")
    return browser.run(f"document.querySelector('#{step} .problem').textContent")


def test_from_upload_to_download_in_a_browser(worker, tmp_path, poses, music):
    worker.answers |= {
        "find_dancer": _tasks.find_dancer, "make_takes": played, "write_video": _tasks.write_video
    }  # fmt: skip
    (tmp_path / "notes.txt").write_text("no dance")
    (tmp_path / "my dance.npz").write_bytes(poses)
    (tmp_path / "song.wav").write_bytes(music)
    with opened(Studio(worker=worker, leaving=0.5), tmp_path) as browser:
        browser.choose("#dance input[type=file]", [tmp_path / "notes.txt"])
        assert problem(browser, "dance").startswith("'notes.txt' is a text: drop a video")
        browser.run("drop('dance', [new File(['a'], 'a.mp4'), new File(['b'], 'b.mp4')])")
        assert problem(browser, "dance").startswith("One dance at a time, please")
        browser.choose("#dance input[type=file]", [tmp_path / "my dance.npz"])
        browser.choose("#music input[type=file]", [tmp_path / "song.wav"])
        browser.until("!document.getElementById('make').disabled")
        assert browser.run("document.querySelector('#dance .problem').hidden")
        browser.until("document.querySelector('#dance-player video').readyState > 0")
        click(browser, "Make the soundtrack")
        browser.until("document.querySelector('#take-player video').duration > 2.9")
        click(browser, "Sound")
        click(browser, "Video")
        sound, sr = soundfile.read(browser.downloaded(".wav"))
        assert len(sound) / sr == 3
        video = probe(browser.downloaded(".mp4"))
        assert (video.duration, video.has_sound) == (3.0, True)
        # A phone shows all of it without scrolling sideways.
        for dark in (False, True):
            browser.resize((390, 844), dark=dark)
            assert browser.run("document.documentElement.scrollWidth") == 390
        # A refusal is an answer, no failure of the page.
        assert [text for text in browser.problems if "422" not in text] == []
        host = browser.run("location.host")
        asked = {address.split("/")[2] for address in browser.addresses if "://" in address}
        assert asked == {host}


def test_the_beat_is_tapped_along_with_the_dance(worker, tmp_path, files):
    worker.answers |= {"find_dancer": _tasks.find_dancer, "make_takes": played}
    with opened(Studio(worker=worker, leaving=0.5), tmp_path) as browser:
        browser.choose("#dance input[type=file]", [files / "my dance.npz"])
        browser.choose("#music input[type=file]", [files / "song.wav"])
        browser.until("!document.getElementById('make').disabled")
        browser.until("document.querySelector('#dance-player video').readyState > 0")
        browser.run("document.getElementById('knobs').open = true")
        click(browser, "Tap the beat")
        said = "document.getElementById('taps').textContent"
        browser.until(f"{said}.startsWith('Press the button')")
        for at in (1.0, 1.5, 2.0, 2.5, 3.0):
            # The moments of the video stand for those of a hand.
            browser.run(
                f"Object.defineProperty(document.querySelector('#dance-player video'), "
                f"'currentTime', {{configurable: true, value: {at}}})"
            )
            click(browser, "Tap on each beat")
        # The button is at the video that plays, and says what comes next.
        assert browser.run("document.getElementById('tapping').closest('.card').id") == "dance"
        assert browser.run(said) == "120 BPM, tapped. Now press “Make the soundtrack”."
        click(browser, "Make the soundtrack")
        browser.until("state.takes.length === 1")
        [made] = [arguments for task, arguments in worker.calls if task == "make_takes"]
        assert made["knobs"]["taps"] == [1.0, 1.5, 2.0, 2.5, 3.0]
        browser.until("document.getElementById('tapping').closest('.card').id === 'soundtrack'")
        assert [text for text in browser.problems if "422" not in text] == []


def test_a_report_is_opened_in_a_tab_and_works_there(worker, tmp_path, files):
    # It runs, and cannot read the page of the studio.
    script = (
        "<script>try { document.title = opener.document.title; } "
        "catch { document.title = 'It runs'; }</script>"
    )
    worker.answers |= {
        "find_dancer": _tasks.find_dancer,
        "make_takes": played,
        "judge_take": {"verdict": "In part", "sentence": "In part: between.", "between": True},
        "write_page": lambda out, **_: Path(out).write_text("<!DOCTYPE html>" + script) and {},
    }
    with opened(Studio(worker=worker, leaving=0.5), tmp_path) as browser:
        browser.choose("#dance input[type=file]", [files / "my dance.npz"])
        browser.choose("#music input[type=file]", [files / "song.wav"])
        browser.until("!document.getElementById('make').disabled")
        click(browser, "Make the soundtrack")
        browser.until(
            "document.querySelector('#takes .verdict')?.textContent === 'In part: between.'"
        )
        click(browser, "Again, half a beat later")
        browser.until("state.takes.length === 2 && state.takes[1].verdict && !state.job")
        assert browser.run("state.takes.map((take) => take.knobs.shift)") == [0, 0.5]

        def press():
            # Scripts open tabs only for a click of a person.
            x, y = browser.run(
                "(() => { const button = document.querySelector('[data-open]'); "
                "button.scrollIntoView({ block: 'center', behavior: 'instant' }); "
                "const { x, y } = button.getBoundingClientRect(); return [x + 9, y + 9]; })()"
            )
            for kind in ("mousePressed", "mouseReleased"):
                browser.call(
                    "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
                )
            time.sleep(1.0)

        def titles():
            found = browser.call("Target.getTargets")["targetInfos"]
            return {target["title"] for target in found if target["type"] == "page"}

        # On a busy machine the page may still be moving below the mouse: then it is pressed again.
        wait(lambda: "It runs" in titles() or press())
        assert browser.problems == []


def test_work_is_stopped_by_a_button_and_by_closing_the_page(worker, tmp_path):
    worker.held.clear()
    studio = Studio(worker=worker, leaving=0.5)
    with opened(studio, tmp_path) as browser:
        session = next(iter(studio.sessions.values()))
        click(browser, "Take an example dance")
        browser.until("document.querySelector('#dance progress')?.value === 0.25")
        assert browser.run("document.querySelector('#dance .doing').textContent") == (
            "Finding the dancer"
        )
        click(browser, "Stop")
        browser.until(
            "!state.job && !state.dance && document.getElementById('example').offsetParent"
        )
        click(browser, "Take an example dance")
        browser.until("state.job")
        # A page that is only reloaded stays as it is.
        browser.call("Page.reload")
        browser.until("typeof state === 'object' && state && state.job")
        browser.open("about:blank")
        wait(lambda: not session.folder.exists())
        assert studio.sessions == {}


@pytest.mark.slow
def test_the_real_work_from_upload_to_download(tmp_path, files):
    with opened(Studio(leaving=0.5), tmp_path) as browser:
        browser.choose("#dance input[type=file]", [files / "my dance.npz"])
        browser.choose("#music input[type=file]", [files / "song.wav"])
        browser.until("!document.getElementById('make').disabled", 100)
        click(browser, "Make the soundtrack")
        # The first use of librosa compiles its loops.
        browser.until("state.takes.length === 1", 600)
        # What the report says stands beside the take.
        browser.until("state.takes[0].verdict", 100)
        said = browser.run("document.querySelector('#takes .verdict').textContent")
        assert said.split(":")[0] in ("Yes", "In part", "In loudness only"), said
        # Scripts open tabs only for a click of a person.
        browser.run(
            "window.open = () => (window.tab = { document: { body: {} }, location: "
            "{ replace(to) { window.shown = to; } } })"
        )
        click(browser, "Open the report")
        browser.until("window.shown", 200)
        page = browser.run("fetch(window.shown).then((answer) => answer.text())")
        for text, suffix in [("Table", ".csv"), ("Report", ".html"), ("Model", ".zip")]:
            browser.until("!state.job")
            click(browser, text)
            browser.downloaded(suffix, 200)
        click(browser, "Sound")
        sound, sr = soundfile.read(browser.downloaded(".wav"))
        assert len(sound) / sr == pytest.approx(9, abs=0.1)
        assert np.abs(sound).max() > 0.05
        assert browser.downloaded(".csv").read_text().startswith("take,start,")
        assert encoder_of(load(browser.downloaded(".zip"))).sr == sr
        report = browser.downloaded(".html").read_text()
        assert report.startswith("<!DOCTYPE html>")
        assert report == page
        verdict = browser.run("state.takes[0].verdict.verdict")
        assert f"<strong>{verdict}.</strong>" in report
        assert "<code>--" not in report
