"""What a report says to try next, and movement and loudness in one plot."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from sklearn_asdf import make_soundtrack_pipeline
from sklearn_asdf.datasets import make_dance_music, make_music
from sklearn_asdf.performance import find_beats
from sklearn_asdf.report import write_report
from sklearn_asdf.report._advice import (
    advice_of,
    advice_of_movement,
    in_studio,
    lies_between,
)
from sklearn_asdf.report._beats import Beats, beats_of
from sklearn_asdf.report._curves import courses
from sklearn_asdf.report._description import describe
from sklearn_asdf.report._evidence import Evidence, verdict_of
from sklearn_asdf.report._heard import evidence_of_sound

SR = 22050


@pytest.fixture(scope="module")
def dance():
    return make_dance_music(1, clip_duration=16, courses=True, random_state=4).poses


@pytest.fixture(scope="module")
def described(dance):
    return describe(dance, "dance")


def beat(strength=0.0):
    return [Evidence("Beat", strength, "plain", "sentence")]


def beats(tempo, other, lag=0.0):
    """Beats of a dance and of music at these tempi, one later than the other, in beats."""
    of_dance = np.arange(0.0, 16.0, 60 / tempo)
    return Beats(of_dance, 0.9, sounds={"music": np.arange(lag * 60 / other, 16.0, 60 / other)})


@pytest.mark.parametrize(
    ("found", "options"),
    [
        (beats(100, 100, 0.5), "--shift-beat 0.5"),
        (beats(100, 82), "--bpm 100"),
        (beats(100, 100, 0.25), "--bpm 100 --beat-at 2.4"),
        (Beats(alternatives=(96.0, 64.0)), "--bpm 96 or --bpm 64"),
    ],
)
def test_a_missed_beat_has_its_own_remedy(found, options, described):
    strength = None if found.dance is None else 0.0
    known = {"by_rule": True, "tracks_beats": True}
    (advice,) = advice_of(beat(strength), found, described, 16.0, **known)
    assert advice.options == options
    # A page of the studio names what its visitor can press.
    shown = in_studio(advice)
    assert "In the studio" in shown.remedy
    assert "--" not in shown.remedy + shown.options


def test_music_lies_between_beats_that_were_found():
    between = beats(100, 100, 0.5)
    assert lies_between(between)
    assert not lies_between(replace(between, given=True))
    assert not lies_between(beats(100, 100))
    assert not lies_between(beats(100, 82, 0.5))
    assert not lies_between(Beats())


def test_a_beat_that_was_given_is_not_advised_again(described):
    found = beats(88, 124)
    found = Beats(found.dance, 1.0, given=True, sounds=found.sounds)
    known = {"by_rule": True, "tracks_beats": True}
    (advice,) = advice_of(beat(), found, described, 16.0, **known)
    assert advice.options == ""
    assert "hears 124 BPM" in advice.weak


def test_a_rule_is_no_evidence():
    def verdict(strength):
        of_beat = Evidence("Beat", strength, "It is.", "It is.")
        rule = Evidence("Loudness", 1.0, "Louder.", "Louder.", by_rule=True)
        return verdict_of([of_beat, rule]).verdict

    assert [verdict(s) for s in (1.0, 0.5, 0.0, None)] == [
        "Yes.",
        "In part.",
        "In loudness only.",
        "In loudness only.",
    ]


def test_the_tempo_alone_is_no_beat(dance):
    from .test_report import clicks

    true = beats_of(dance, {}, SR).dance
    bpm = 60 / np.median(np.diff(true))
    off = clicks(np.ones(480), bpm, first=true[0] + 30 / bpm)
    found = evidence_of_sound(dance, {"m": off}, SR, beats_of(dance, {"m": off}, SR))[0]
    assert found.word == "none"
    assert found.plain == "It has the tempo of the dance, but plays between its beats."


def test_what_cannot_be_given_is_not_advised(described):
    known = {"by_rule": False, "tracks_beats": False}
    (advice,) = advice_of(beat(), beats(100, 82), described, 16.0, **known)
    assert advice.options == ""
    (advice,) = advice_of(beat(None), Beats(), described, 5.0, **known)
    assert "longer part" in advice.remedy


def test_what_is_clear_needs_no_advice(described):
    known = {"by_rule": True, "tracks_beats": True}
    assert advice_of(beat(1.0), beats(100, 100), described, 16.0, **known) == []


def test_loudness_is_mended_as_the_model_allows(described):
    weak = [Evidence("Loudness", 0.0, "plain", "sentence")]
    even = [Evidence("Loudness", None, "plain", "sentence")]

    def options(evidence, by_rule):
        known = {"by_rule": by_rule, "tracks_beats": True}
        return advice_of(evidence, Beats(), described, 16.0, **known)[0].options

    assert options(weak, by_rule=True) == "--follow 2"
    assert options(weak, by_rule=False) == ""
    assert options(even, by_rule=True) == "--energy -1 to 1"


def test_what_was_not_seen_is_to_be_filmed_again(dance):
    position = np.array(dance.position)
    position[:, :, 11:] = np.nan
    (advice, *_) = advice_of_movement(describe(type(dance)(position, fps=30), "dance"))
    assert "of the joints and frames were seen" in advice.weak
    assert advice_of_movement(None)[0].weak == "The dancer is seen in too few frames."


def test_movement_and_loudness_are_one_plot_with_their_correlation(dance):
    data = make_dance_music(1, clip_duration=16, courses=True, random_state=4)
    sound = np.asarray(data.audio)[0]
    (row,) = courses(dance, sound, SR, 16.0)
    loudness = evidence_of_sound(dance, {"music": sound}, SR, Beats())[1]
    value = loudness.scores[0].rows[0]["value"]
    assert row["range"] == f"correlation {value:.2f}".replace("-", "−")
    assert row["path"].startswith("M0.0 ")
    assert row["over"]["path"].count("L") == row["path"].count("L") == 31
    # An even sound has nothing to correlate with.
    (row,) = courses(dance, np.full(16 * SR, 0.1, np.float32), SR, 16.0)
    assert row["range"] == "one of them is even"


def test_the_page_takes_beats_that_were_given(dance, tmp_path):
    pipe = make_soundtrack_pipeline(make_music("calm", duration=20, random_state=0), poses=dance)
    track = find_beats(pipe, dance, bpm=77)
    page = tmp_path / "page.html"
    verdict = write_report(page, pipe, dance, beats=track.beats, random_state=0)
    sentence = next(e["sentence"] for e in verdict["evidence"] if e["subject"] == "Beat")
    assert re.search(r"and the dance, as was given, 7[678]", sentence)
    text = page.read_text()
    assert "Those of the dance were given" in text
    assert 'id="next"' in text
    assert 'id="laban"' in text
