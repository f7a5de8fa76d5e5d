"""The page in a browser, from upload to download, with real work on small files."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest

from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.io import write_poses
from sklearn_asdf.studio import Studio
from sklearn_asdf.video import probe
from tests.chromium import Chromium, program

from .conftest import wait
from .test_app import serving

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("av")


@pytest.fixture
def page(tmp_path):
    """A browser with the page of a studio that works, and the studio."""
    if program() is None:
        pytest.skip("needs a browser, such as chromium")
    with (
        Studio(leaving=0.5) as studio,
        serving(studio) as port,
        Chromium(tmp_path / "browser", size=(1366, 768)) as browser,
    ):
        browser.open(f"http://127.0.0.1:{port}/")
        browser.until("state !== null")
        yield browser, studio


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


def test_from_upload_to_download_in_a_browser(page, files):
    browser, studio = page
    notes = files / "notes.txt"
    notes.write_text("no dance")
    browser.choose("#dance input[type=file]", [notes])
    assert problem(browser, "dance").startswith("'notes.txt' is a text: drop a video of a dance")
    browser.run("drop('dance', [new File(['a'], 'a.mp4'), new File(['b'], 'b.mp4')])")
    assert problem(browser, "dance").startswith("One dance at a time, please")
    browser.choose("#dance input[type=file]", [files / "my dance.npz"])
    browser.choose("#music input[type=file]", [files / "song.wav"])
    browser.until("state.dance && state.dance.ready && state.music.length")
    assert browser.run("document.querySelector('#dance .problem').hidden")
    browser.until("document.querySelector('#dance-player video').readyState > 0")
    browser.until("!document.getElementById('make').disabled")
    click(browser, "Make the soundtrack")
    # The first use of librosa compiles its loops.
    browser.until("state.takes.length === 1", 600)
    browser.until("document.querySelector('#take-player video').duration > 8.9")
    for text, suffix in [("Sound", ".wav"), ("Video", ".mp4"), ("Table", ".csv")]:
        click(browser, text)
        browser.downloaded(suffix, 100)
    sound, sr = soundfile.read(browser.downloaded(".wav"))
    assert len(sound) / sr == pytest.approx(9, abs=0.1)
    assert np.abs(sound).max() > 0.05
    video = probe(browser.downloaded(".mp4"))
    assert video.has_sound
    assert video.duration == pytest.approx(9, abs=0.1)
    assert browser.downloaded(".csv").read_text().startswith("start,")
    # A phone shows all of it without scrolling sideways.
    browser.resize((390, 844), dark=True)
    assert browser.run("document.documentElement.scrollWidth") == 390
    assert browser.problems == []
    assert {address.split("/")[2] for address in browser.addresses if "://" in address} == {
        browser.run("location.host")
    }
    # A closed page leaves nothing.
    session = next(iter(studio.sessions.values()))
    browser.open("about:blank")
    wait(lambda: not session.folder.exists())


def test_work_can_be_stopped_on_the_page(page):
    browser, studio = page
    click(browser, "Take an example dance")
    browser.until("state.job && state.job.doing === 'Drawing the dance'")
    pid = studio.jobs.worker.pid
    click(browser, "Stop")
    browser.until("!state.job && !state.dance")
    assert subprocess.run(["ps", "-p", str(pid)], capture_output=True).returncode != 0
    session = next(iter(studio.sessions.values()))
    assert [path for path in session.folder.rglob("*") if path.is_file()] == []
