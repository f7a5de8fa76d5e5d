"""The progress display, on a stream that is read back."""

from __future__ import annotations

import time

import pytest

from sklearn_asdf import _progress
from sklearn_asdf._progress import Progress, progress

pytest.importorskip("tqdm")


@pytest.fixture
def shown(capsys):
    """Return all that the display has shown until now."""
    parts = []

    def read():
        parts.extend(part for part in capsys.readouterr().err.replace("\n", "\r").split("\r"))
        return [part for part in parts if part.strip()]

    return read


def test_nothing_is_shown_unasked(shown):
    assert list(progress(range(3), "counting", unit="numbers")) == [0, 1, 2]
    with Progress("working") as bar:
        bar.begin("one")
        bar.stop_early("enough")
    assert shown() == []


def test_what_how_far_and_how_long(shown):
    assert list(progress(iter("abc"), "reading", unit="takes", total=3, verbose=1)) == list("abc")
    assert shown()[0].startswith("reading:   0%|")
    assert "| 3/3 takes [00:00<" in shown()[-1]


def test_parts_count_once_they_are_done(shown):
    with Progress("scoring", total=5, unit="clips", verbose=1) as bar:
        bar.begin("making", 2)
        bar.begin("listening", 3)
    assert any("0/5 clips" in line and "making" in line for line in shown())
    assert any("2/5 clips" in line and "listening" in line for line in shown())
    assert "5/5 clips" in shown()[-1]


def test_what_fails_is_not_shown_as_done(shown):
    def fail():
        with Progress("scoring", total=1, verbose=1) as bar:
            bar.begin("making")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert "0/1" in shown()[-1]


def test_an_early_end_is_full_and_says_why(shown):
    with Progress("training", total=500, unit="epochs", verbose=1) as bar:
        bar.update(40)
        bar.stop_early("stopped early, after 40 of 500 epochs")
    assert "100%" in shown()[-1]
    assert "40/40 epochs" in shown()[-1]
    assert "stopped early, after 40 of 500 epochs" in shown()[-1]


def test_the_clock_goes_on_while_one_step_takes_long(shown, monkeypatch):
    monkeypatch.setattr(_progress, "_TICK", 0.02)
    with Progress("starting", verbose=1):
        time.sleep(1.2)
        assert any("00:01" in line for line in shown())
