"""The page: what is in it, and that a browser shows and plays it."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sklearn_asdf import (
    Motion,
    Skeleton,
    features_table,
    make_dance_pipeline,
    make_lma_pipeline,
)
from sklearn_asdf._summary import nearest_preset
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.metrics import music_beats
from sklearn_asdf.report import write_movement_report, write_report
from sklearn_asdf.report._beats import beats_of, hits, prolonged, tempo_of
from sklearn_asdf.report._curves import _staircase
from sklearn_asdf.report._evidence import Evidence, graded_rank, score_of, verdict_of
from sklearn_asdf.report._heard import evidence_of_sound, movement_speed
from sklearn_asdf.report._scores import answer_from_table, evidence_of_likelihood
from sklearn_asdf.video import probe, write_stick_figure

from .browser import browser  # noqa: F401 (a fixture)

SR = 22050
CLIP = 2.0


@pytest.fixture(scope="module")
def data():
    return make_dance_music(24, clip_duration=CLIP, hop_duration=1.0, random_state=0)


@pytest.fixture(scope="module")
def pipe(data):
    return make_dance_pipeline("tiny", n_keyframes=4, random_state=0).fit(data.poses, data.audio)


@pytest.fixture(scope="module")
def dance(data):
    """One whole dance of 6 s, three clips one after the other, and its music."""
    clips = np.asarray(data.poses)[:6:2]
    return Motion(np.concatenate(clips)[None], fps=30), np.concatenate(list(data.audio[:6:2]))


@pytest.fixture(scope="module")
def page(pipe, dance, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "dance.html"
    write_report(path, pipe, dance[0], audio=dance[1], title="Tests & <dances>", random_state=0)
    return path


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def of(self, tag, **wanted):
        return [
            a for t, a in self.tags if t == tag and all(a.get(k) == v for k, v in wanted.items())
        ]


def data_of(text):
    content = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(content.group(1))


def test_the_page_is_one_file_that_asks_for_no_other(page):
    tags = Tags(page.read_text())
    addresses = [a[k] for _, a in tags.tags for k in ("src", "href") if k in a]
    assert addresses
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert "http" not in re.sub(r"base64,[^\"]*", "", page.read_text())


def test_titles_are_text_whatever_they_hold(page):
    assert "<h1>Tests &amp; &lt;dances&gt;</h1>" in page.read_text()


def test_both_sounds_last_as_long_as_the_dance(page, dance):
    import soundfile

    players = Tags(page.read_text()).of("audio")
    assert [p["data-name"] for p in players] == ["generated music", "original music"]
    for player in players:
        samples, sr = soundfile.read(io.BytesIO(base64.b64decode(player["src"].split(",")[1])))
        assert sr == SR
        assert len(samples) == round(dance[0].duration * SR)
        assert np.abs(samples).max() > 0.01
    # The original music is that, by sample, but for its very ends and what would have clipped.
    quiet = np.abs(dance[1]) < 0.8
    np.testing.assert_allclose(samples[200:-200], dance[1][200:-200], atol=0.2)
    middle = slice(200, -200)
    apart = np.abs(samples - dance[1])[middle][quiet[middle]]
    assert apart.max() < 1e-3


def test_poses_are_those_of_the_dance(page, dance):
    content = data_of(page.read_text())
    poses = np.frombuffer(base64.b64decode(content["poses"]), "<i2")
    poses = poses.reshape(content["n_frames"], content["n_joints"], 2) / content["scale"]
    assert poses.shape == dance[0].shape[1:]
    assert 0 <= poses.min() < poses.max() <= 480
    # One scale for both axes: distances within a pose are kept, up to one factor.
    flat = dance[0].position[0] - dance[0].position[0][:, :1]
    moved = poses - poses[:, :1]
    factor = np.abs(moved).sum(0)[1:] / np.abs(flat).sum(0)[1:]
    assert np.ptp(factor) / factor.mean() < 0.02
    assert [a for a, _, side in content["bones"] if side == "left"]


@pytest.fixture(scope="module")
def table(dance):
    """What the command `features` writes of the dance."""
    return features_table({"dance": dance[0]}, rows="windows")


def csv_of(page):
    link = re.search(r'href="data:text/csv;base64,([^"]+)"', page.read_text())
    return pd.read_csv(io.BytesIO(base64.b64decode(link[1])))


def test_keyframes_are_those_of_the_table(page, table):
    marks = Tags(page.read_text()).of("button", **{"class": "keyframe"})
    times = [float(mark["data-time"]) for mark in marks]
    edges = np.unique(table[["start", "stop"]].to_numpy().round(6))
    np.testing.assert_allclose(times, edges, atol=1e-3)
    assert len(times) == 10


def test_laban_curves_have_one_step_in_each_window(page, table):
    curves = re.findall(r'class="steps" d="(M[^"]*V100Z)"', page.read_text())
    assert len(curves) == 5
    for curve in curves:
        assert curve.count("M") == 1
        pairs = curve.removesuffix("V100Z")[1:].split("L")
        x, y = np.array([[float(number) for number in pair.split()] for pair in pairs]).T
        # Nothing is drawn between two steps: each line is level or upright.
        assert ((np.diff(x) == 0) | (np.diff(y) == 0)).all()
        assert (np.diff(x) >= 0).all()
        ends = (table["start"].iloc[0], table["stop"].iloc[-1])
        np.testing.assert_allclose([x[0], x[-1]], 1000 / 6 * np.array(ends), atol=0.01)
        assert len(x) == 1 + 2 * len(table)


def test_the_curves_are_the_table_of_the_command(page, table):
    found = csv_of(page)
    pd.testing.assert_frame_equal(
        found.drop(columns="take"), table.drop(columns="take"), check_dtype=False, rtol=1e-5
    )
    # The values to read at the cursor are those of the table.
    shown = re.search(r'data-values="([^"]*)" data-unit="H²/s²"', page.read_text())
    values = [float(value) for value in shown[1].split(",")]
    np.testing.assert_allclose(values, table["weight"], rtol=0.01)


def test_windows_apart_are_drawn_apart():
    start, stop = np.array([0.0, 1.0, 3.0, 4.0]), np.array([1.0, 2.0, 4.0, 5.0])
    path = _staircase(start, stop, np.array([0.5, 1.0, 0.0, np.nan]), 5.0)
    assert path == (
        "M0.00 100L0.00 55.0L200.00 55.0L200.00 10.0L400.00 10.0V100Z"
        "M600.00 100L600.00 100.0L800.00 100.0V100Z"
    )


def test_a_step_lasts_through_the_border_of_two_clips():
    start, stop = np.array([0.0, 2.0]), np.array([1.9, 4.0])
    assert _staircase(start, stop, np.array([0.5, 1.0]), 4.0) == (
        "M0.00 100L0.00 55.0L500.00 55.0L500.00 10.0L1000.00 10.0V100Z"
    )


def rows_of(text):
    """Rows of the cards of scores, by title."""
    cards = re.findall(r'<div class="card">\s*<h4>(.*?)</h4>(.*?)</table>', text, re.S)
    return {
        title: dict(re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td>", rest)) for title, rest in cards
    }


def number(text):
    return float(text.replace("−", "-"))


def test_the_likelihood_stands_beside_its_baselines(page, pipe, dance):
    text = page.read_text()
    likelihood, adds = list(rows_of(text).values())[-2:]
    assert list(likelihood) == [
        "given this dance",
        "given other moments of the dance",
        "given no dance (baseline)",
    ]
    own, others, none = map(number, likelihood.values())
    over_others, over_none = map(number, adds.values())
    assert over_others == pytest.approx(own - others, abs=0.02)
    assert over_none == pytest.approx(own - none, abs=0.02)
    assert "Does the music follow the dance?" in text
    assert "mean squared error" in text


class Likelihoods:
    """A density whose scores are known: of the dance as it is, of shifted ones, and of none."""

    def __init__(self, own, others, none):
        self.own, self.others, self.none = own, iter(others), none

    def log_likelihood(self, X, codes):
        return self.own if X[0, 0] == 0 else next(self.others)

    def information_gain(self, X, codes):
        return self.own - self.none


@pytest.mark.parametrize(
    ("n_clips", "own", "others", "none", "strength", "evidence"),
    [
        (22, 1.0, [0.5] * 19, 0.0, 1.0, "1 nats per number of its code higher"),
        (22, 1.0, [0.5] * 19, 3.0, 0.0, "2 nats per number of its code lower"),
        # Right in half of the comparisons is what chance reaches.
        (22, 1.0, [0.5] * 9 + [1.5] * 10, 0.0, 0.0, "the right one in 9 of 19 comparisons"),
        (22, 1.0, [0.5] * 14 + [1.5] * 5, 0.0, 0.5263, "the right one in 14 of 19 comparisons"),
        # Too few comparisons tell nothing, whatever the likelihoods are.
        (21, 1.0, [0.5] * 18, 0.0, None, "the right one in 18 of 18 comparisons"),
        (8, 1.0, [1.5] * 5, 1.2, None, "Fewer than 19 comparisons cannot be told from chance"),
        (3, 1.0, [], 0.0, None, "too short"),
    ],
)
def test_the_model_is_evidence_too(n_clips, own, others, none, strength, evidence):
    X = np.arange(n_clips)[:, None]
    found = evidence_of_likelihood(Likelihoods(own, others, none), X, X)
    assert found.strength == (strength if strength is None else pytest.approx(strength, abs=2e-3))
    assert evidence in found.sentence
    # Memory is no question where the model does not expect the music.
    assert ("memory" in found.sentence) == (own > none)


def test_the_verdict_is_of_all_evidence():
    def verdict(*strengths):
        items = [Evidence(str(i), s, f"Plain {i}.", "") for i, s in enumerate(strengths)]
        return verdict_of(items).verdict

    assert verdict(1.0, 0.9, 0.85) == "Yes."
    assert verdict(1.0, 1.0, None) == "Yes."
    # One kind alone is never all.
    assert verdict(1.0, None) == "Probably."
    assert verdict(1.0, 0.5, 1.0) == "Probably."
    assert verdict(1.0, 0.0, 1.0) == "In part."
    assert verdict(0.5, None) == "In part."
    assert verdict(0.29, None) == "Not shown."
    assert verdict(0.0, 0.0) == "Not shown."
    assert verdict(None, None) == "Cannot be told."
    score = score_of("shares", "", {"own": 0.5, "other": np.nan})
    items = [Evidence("a", None, "It is short.", ""), Evidence("b", 1.0, "Fine.", "So.", [score])]
    answer = verdict_of(items)
    assert answer.sentence == "Fine. It is short."
    content = json.loads(json.dumps(answer.as_dict()))
    assert content["verdict"] == "Probably"
    assert content["evidence"][0] == {
        "subject": "b",
        "word": "clear",
        "strength": 1.0,
        "sentence": "So.",
        "by_rule": False,
        "scores": {"shares": {"own": 0.5, "other": None}},
    }


def test_ranks_are_graded_between_chance_and_one_in_twenty():
    shifted = np.arange(100) / 100
    assert graded_rank(0.2, shifted) == 0.0
    assert graded_rank(0.725, shifted) == pytest.approx(0.51, abs=0.02)
    assert graded_rank(0.96, shifted) == 1.0


def swinging(speed, fps=30.0, bpm=90.0):
    """A dancer whose arms swing with the beat, as wide as `speed` of each frame tells."""
    pose = np.asarray(make_dance_music(1, clip_duration=1.0, random_state=0).poses)[0, 0]
    position = np.repeat(pose[None], len(speed), axis=0)
    angle = 2 * np.pi * bpm / 60 * np.arange(len(speed)) / fps
    swing = speed * (np.sin(angle / 2) + 0.5 * np.sin(angle))
    for joint, share in ((7, 0.5), (8, 0.5), (9, 1.0), (10, 1.0)):
        position[:, joint, 1] += 60 * share * swing
    return Motion(position[None], fps=fps, skeleton="coco17")


def clicks(level, bpm, fps=30.0, first=0.0):
    """Clicks at a tempo, one of them at `first`, of the level of each frame."""
    time = np.arange(round(len(level) / fps * SR)) / SR
    since = (time - first) % (60 / bpm)
    click = np.exp(-since / 0.1) * np.sin(2 * np.pi * 880 * since)
    return (0.5 * click * np.interp(time, np.arange(len(level)) / fps, level)).astype(np.float32)


def heard(dance, sounds):
    """Return the evidence of sounds by its subject."""
    found = evidence_of_sound(dance, sounds, SR, beats_of(dance, sounds, SR))
    return {item.subject: item for item in found}


def test_level_follows_the_movement_or_not():
    course = 0.2 + 0.8 * np.sin(np.arange(720) / 720 * 2 * np.pi * 1.5) ** 2
    dance = swinging(course)
    speed = movement_speed(dance)
    assert len(speed) == 48
    assert np.corrcoef(speed, np.log(course.reshape(48, 15).mean(axis=1)))[0, 1] > 0.8
    follows, against = clicks(course, 90.0), clicks(1.2 - course, 90.0)
    found = heard(dance, {"generated music": follows, "original music": against})["Loudness"]
    assert found.strength == 1.0
    assert found.sentence.startswith("The music is louder where the dancer moves more")
    assert "it never has as much" in found.sentence
    assert "; the original music has −0." in found.sentence
    assert found.plain == "When the dancer moves more, it is louder."
    (level,) = found.scores
    assert [row["name"] for row in level.rows] == [
        "generated music",
        "shifted, highest 5 %",
        "original music",
    ]
    values = [float(row["text"].replace("−", "-")) for row in level.rows]
    assert values[0] > 0.95 >= values[1]
    assert values[2] < -0.5
    sounds = {"generated music": follows}
    ruled = evidence_of_sound(dance, sounds, SR, beats_of(dance, sounds, SR), by_rule=True)[1]
    assert ruled.plain == (
        "When the dancer moves more, it is louder, as this program does for every dance."
    )
    assert ruled.sentence.endswith("that the rule can be heard is all that this shows.")
    found = heard(dance, {"generated music": against})["Loudness"]
    assert (found.strength, found.plain) == (0.0, "Its loudness does not follow the movement.")
    assert found.sentence.startswith("The music is not clearly louder")


@pytest.fixture(scope="module")
def dance_of_108():
    data = make_dance_music(1, clip_duration=16, factors={"tempo": 108}, random_state=0)
    return data.poses, data.beats[0]


def test_beats_of_music_and_movement_are_compared_by_degrees(dance_of_108):
    dance, true = dance_of_108
    at = {
        bpm: heard(dance, {"music": clicks(np.ones(480), bpm, first=true[0])})["Beat"]
        for bpm in (108, 104, 85, 54)
    }
    strengths = [at[bpm].strength for bpm in (108, 104, 85)]
    # 4 % apart is neither the same nor another tempo, and 20 % apart is another one.
    assert strengths[0] > 0.9 > strengths[1] > strengths[2] + 0.2
    assert "half a beat after" in at[104].sentence
    assert at[108].plain == "It is on the beat of the dance."
    assert at[85].plain == "It is not on the beat of the dance."
    # Every other beat is met, at half the tempo.
    assert 0.5 < at[54].strength <= 0.75
    between = clicks(np.ones(480), 108, first=true[0] + 30 / 108)
    assert heard(dance, {"music": between})["Beat"].word == "none"
    silent = heard(dance, {"music": np.zeros(16 * SR, np.float32)})["Beat"]
    assert (silent.strength, silent.sentence) == (0.0, "No beat was found in the music.")
    found = beats_of(dance, {}, SR).dance
    apart = np.abs(found[:, None] - true).min(axis=1)
    assert np.median(apart) < 0.05


def test_tempo_and_hits_of_known_beats():
    beats = np.arange(20) * 0.5
    assert tempo_of(np.delete(beats, 7)) == pytest.approx(120)
    assert tempo_of(beats[:2]) == 0.0
    assert hits(beats, beats + 0.069) == 1.0
    assert hits(beats, beats + 0.08) == 0.0
    assert hits(beats, beats[::2]) == 0.5
    assert hits(beats, beats[:1]) == pytest.approx(1 / 20)
    assert hits(beats, beats[:0]) == 0.0


def test_beats_go_on_through_quiet_parts():
    course = np.ones(600)
    # The first six seconds are 35 dB lower, and the last two are silent.
    course[:180], course[540:] = 0.018, 0.0
    sound = clicks(course, 100.0, first=0.3)
    tracked = music_beats(sound[None], sr=SR)[0][0]
    found = beats_of(swinging(course), {"music": sound}, SR).sounds["music"]
    assert found[0] < 0.65 < 3 < tracked[0]
    assert 17.3 < found[-1] < 18.3
    apart = (found - 0.3 + 0.3) % 0.6 - 0.3
    assert np.abs(apart).max() < 0.05
    few = np.array([3.0, 3.5, 4.0])
    np.testing.assert_array_equal(prolonged(few, 0.0, 9.0), few)
    every = prolonged(np.arange(4.0, 6.1, 0.5), 0.0, 9.0)
    np.testing.assert_allclose(every, np.arange(0, 9, 0.5), atol=1e-9)


def test_a_dance_without_pulse_is_not_blamed():
    rng = np.random.default_rng(0)
    slow = np.cumsum(rng.normal(size=(600, 17, 2)), axis=0)
    dance = Motion(200 + slow[None], fps=30, skeleton="coco17")
    found = heard(dance, {"music": clicks(np.ones(600), 100)})["Beat"]
    assert found.strength is None
    assert found.sentence.startswith("This dance has no clear pulse")


def test_what_is_hardly_seen_or_too_short_has_no_answer():
    course = np.ones(360)
    dance, sound = swinging(course), {"generated music": clicks(course, 90.0)}
    hidden = np.array(dance.position)
    hidden[:, 100:] = np.nan
    assert heard(Motion(hidden, fps=30, skeleton="coco17"), sound) == {}
    assert heard(dance.frames(0, 170), sound) == {}
    # A beat needs eight seconds, the level six. There is nothing to follow in an even movement.
    short = heard(dance.frames(0, 190), sound)
    assert [item.strength for item in short.values()] == [None, None]
    assert short["Beat"].sentence == "A dance needs 8 s for a beat to be found."
    assert short["Loudness"].sentence.startswith("The dancer moves evenly")
    growing = swinging(np.linspace(0.2, 2.0, 190))
    tone = {"music": 0.1 * np.sin(np.arange(round(190 / 30 * SR)) / 10)}
    short = heard(growing, tone)["Loudness"]
    assert short.strength == 0.0
    assert short.sentence == "The music is equally loud throughout, while the movement is not."


def test_tables_are_answered_column_by_column():
    rows = ["model", "shuffled pairs", "metronome", "real"]
    table = pd.DataFrame(
        {"retrieval_r1": [0.5, 0.25, 0.1, 0.9], "f70_music": [0.3, 0.2, 0.4, 1.0]}, index=rows
    )
    answer = answer_from_table(table)
    assert answer.verdict == "In part."
    assert answer.sentence == (
        "The model's music is above every baseline in retrieval (0.5; best baseline 0.25; real "
        "music 0.9), but not above every baseline in beat (0.3; best baseline 0.4; real music 1)."
    )
    assert answer_from_table(table[["retrieval_r1"]]).verdict == "Yes."
    assert answer_from_table(table[["f70_music"]]).verdict == "No."
    assert answer_from_table(table[["f70_music"]].rename(columns=str.upper)).evidence[0].scores[
        0
    ].rows[0] == {
        "name": "model",
        "text": "0.3",
        "value": 0.3,
        "share": 30.0,
    }


def test_every_column_of_an_evaluation_is_explained():
    from sklearn_asdf.metrics._columns import COLUMNS, column_of

    guide = (Path(__file__).parents[1] / "docs/guide/scores.rst").read_text()
    table = guide[guide.index(".. _evaluate_columns:") :].split("==== ===")[2]
    documented = re.findall(r"^([a-z]\w+)(?: |$)", table, re.M)
    assert len(documented) > 20
    names = {column_of(name) for name in documented}
    assert None not in names
    assert set(COLUMNS) <= set(documented)


def test_own_scores_take_the_place_of_the_likelihood(pipe, dance, tmp_path):
    table = pd.DataFrame({"F70": [0.5, np.nan]}, index=["model", "<metronome>"])
    write_report(tmp_path / "a.html", pipe, dance[0], scores=table, random_state=0)
    assert rows_of((tmp_path / "a.html").read_text()) == {
        "F70": {"model": "0.5", "&lt;metronome&gt;": "–"}
    }


def test_without_music_there_is_one_sound_and_an_answer_from_it(pipe, dance, tmp_path):
    verdict = write_report(tmp_path / "a.html", pipe, dance[0], random_state=0)
    text = (tmp_path / "a.html").read_text()
    assert len(Tags(text).of("audio")) == 1
    assert "Does the music follow the dance?" in text
    assert "The dancer moves evenly" in text
    assert "The model:" not in text
    # What the page says, for programs.
    link = re.search(r'href="data:application/json;base64,([^"]+)"', text)
    saved = json.loads(base64.b64decode(link[1]))
    assert {key: saved[key] for key in verdict} == verdict
    assert verdict["verdict"] == "Cannot be told"
    assert [item["word"] for item in verdict["evidence"]] == ["cannot be told"] * 2
    assert saved["title"] == "a"
    assert saved["origin"]["Model"].startswith('preset "tiny"')
    assert text.count('<div class="row spectrogram">') == 1


@pytest.fixture
def page_with_video(pipe, dance, tmp_path):
    source = tmp_path / "source.mp4"
    rate = Motion(dance[0].position[:, ::2], fps=15, skeleton="coco17")
    write_stick_figure(rate, source, size=(640, 320))
    write_report(tmp_path / "a.html", pipe, dance[0], video=source, random_state=0)
    return tmp_path / "a.html"


def test_the_video_is_small_and_keeps_its_own_rate(page_with_video, tmp_path):
    (video,) = Tags(page_with_video.read_text()).of("video")
    (tmp_path / "small.mp4").write_bytes(base64.b64decode(video["src"].split(",")[1]))
    info = probe(tmp_path / "small.mp4")
    assert (info.width, info.height, info.fps) == (480, 240, 15)
    assert info.duration == pytest.approx(6.0, abs=0.1)
    # It has the generated music, for those who save it.
    assert info.has_sound
    assert 'download="dance_with_generated_music.mp4"' in page_with_video.read_text()


def test_the_video_follows_the_sound(page_with_video, browser):  # noqa: F811
    found = browser.run(
        page_with_video,
        """
        const sound = document.querySelector("audio"), video = document.getElementById("video");
        found.known = video.canPlayType('video/mp4; codecs="avc1.42E01E"') !== "";
        if (found.known) {
          await until(() => sound.readyState >= 3 && video.readyState >= 3);
          const box = (id) => document.getElementById(id).getBoundingClientRect();
          found.beside = box("video").right <= box("figure").left;
          document.getElementById("play").click();
          await until(() => sound.currentTime > 1);
          found.played = video.currentTime;
          document.getElementById("play").click();
          document.querySelectorAll(".keyframe")[4].click();
          await until(() => !video.seeking && !sound.seeking);
          found.times = [sound.currentTime, video.currentTime];
          found.paused = video.paused;
        }
        """,
    )
    assert found["problems"] == []
    if not found["known"]:
        pytest.skip("this browser does not decode H.264")
    assert found["beside"]
    assert found["played"] > 0.7
    assert found["times"][0] > 0.3
    assert found["times"][1] == pytest.approx(found["times"][0], abs=0.02)
    assert found["paused"]


def test_joints_with_common_names_get_bones_and_others_are_points(data, tmp_path):
    names = ["Hips", "Neck", "Head", "LeftArm", "LeftForeArm", "LeftHand", "thing"]
    arm = Motion(np.asarray(data.poses)[:, :, 5:12], fps=30, skeleton=Skeleton(names))
    for motion, n_bones, loose in (
        (arm, 4, [6]),
        (Motion(arm.position, fps=30, skeleton=None), 0, list(range(7))),
    ):
        pipe = make_dance_pipeline("tiny", n_keyframes=4, random_state=0)
        pipe.fit(motion, data.audio)
        write_report(tmp_path / "a.html", pipe, motion[:1], random_state=0)
        content = data_of((tmp_path / "a.html").read_text())
        assert len(content["bones"]) >= n_bones
        assert content["loose"] == loose
        poses = np.frombuffer(base64.b64decode(content["poses"]), "<i2").reshape(-1, 2)
        middle = (poses.min(0) + poses.max(0)) / 2 / content["scale"]
        np.testing.assert_allclose(middle, 240, atol=12)


def test_the_same_seed_gives_the_same_page(pipe, dance, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    for name in ("a", "b"):
        write_report(tmp_path / f"{name}.html", pipe, dance[0], title="", random_state=1)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_the_page_tells_where_it_comes_from(pipe, dance, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    write_report(
        tmp_path / "a.html", pipe, dance[0], random_state=3, about={"Files": "a.zip, <b>.mp4"}
    )
    foot = (tmp_path / "a.html").read_text().split("<footer>")[1]
    topics = {key: html.unescape(v) for key, v in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", foot)}
    assert topics["Files"] == "a.zip, <b>.mp4"
    assert topics["Model"] == 'preset "tiny"; fitted to 24 clips; clips of 2 s'
    assert topics["Its features"].startswith("clips at 30 frames per second, 4 keyframes in each")
    assert topics["Curves"].startswith("1 clip with 10 keyframes; 30 frames per second; low-pass")
    assert topics["Height H"].endswith("in the unit of the poses, estimated from the whole take")
    assert topics["Weights"].startswith("weight: nose 0.1, left wrist 0.3, right wrist 0.3")
    assert topics["Seen"].startswith("100 % of joints and frames")
    assert topics["Dance"].startswith("6.0 s, 17 joints (coco17), 2 axes, 30 frames")
    assert "seed 3; mono, 22,050 Hz" in topics["Music"]
    assert topics["Made"].startswith("2001-09-09 by sklearn_asdf ")


def test_what_differs_from_a_preset_is_listed(pipe):
    changed = clone(pipe).set_params(keyframes__method="uniform", music__regressor__n_mixtures=7)
    assert nearest_preset(changed) == (
        "tiny",
        ["keyframes__method='uniform'", "music__regressor__n_mixtures=7"],
    )
    other = clone(pipe).set_params(canonical="passthrough")
    assert nearest_preset(other) == ("tiny", ["canonical='passthrough'"])


def test_equal_weights_are_said(data, page, tmp_path):
    unnamed = "cannot be compared with those of other skeletons"
    assert unnamed not in page.read_text()
    pipe = make_dance_pipeline("tiny", n_keyframes=4, random_state=0)
    # Sixteen joints are those of no skeleton that is known.
    nameless = Motion(data.poses.position[:, :, 1:], fps=30)
    write_report(tmp_path / "a.html", pipe.fit(nameless, data.audio), nameless[:1], random_state=0)
    text = (tmp_path / "a.html").read_text()
    assert "have no names" in text
    assert unnamed in text


def test_unseen_joints_are_marked(pipe, dance, tmp_path):
    position = np.array(dance[0].position)
    position[:, :, 9] = np.nan
    write_report(tmp_path / "a.html", pipe, Motion(position, fps=30), random_state=0)
    content = data_of((tmp_path / "a.html").read_text())
    poses = np.frombuffer(base64.b64decode(content["poses"]), "<i2").reshape(-1, 17, 2)
    assert (poses[:, 9] == -32768).all()
    assert (np.delete(poses, 9, axis=1) != -32768).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"path": "page.txt"}, "expected a path that ends in .html"),
        ({"path": "nowhere/page.html"}, "expected a folder to write to"),
        ({"audio": np.zeros((2, 100))}, "expected audio as finite floats"),
        ({"video": "nowhere.mp4"}, "expected a video file, but 'nowhere.mp4' is no such file"),
        ({"take": np.zeros((1, 30, 17, 2))}, "expected a dance of at least 2 s"),
        ({"take": np.zeros((2, 90, 17, 2))}, "expected one whole dance, got 2 clips"),
    ],
    ids=["suffix", "folder", "audio", "video", "short", "clips"],
)
def test_bad_input_is_refused_and_nothing_written(change, message, pipe, dance, tmp_path):
    given = {"path": "page.html", "take": dance[0], "audio": None, "video": None} | change
    with pytest.raises(ValueError, match=message):
        write_report(
            tmp_path / given["path"],
            pipe,
            given["take"],
            audio=given["audio"],
            video=given["video"],
        )
    assert not list(tmp_path.iterdir())


def test_a_model_that_makes_no_music_is_refused(dance, tmp_path):
    with pytest.raises(TypeError, match="expected a fitted pipeline from poses to sound"):
        write_report(tmp_path / "a.html", make_lma_pipeline(), dance[0])
    with pytest.raises(ValueError, match="call fit first"):
        write_report(tmp_path / "a.html", make_dance_pipeline("tiny"), dance[0])


@pytest.fixture(scope="module")
def movement_page(dance, tmp_path_factory):
    path = tmp_path_factory.mktemp("movement") / "dance.html"
    write_movement_report(path, dance[0], about={"File": "dance.npz"})
    return path


def test_a_page_without_music_has_the_table_and_where_it_comes_from(movement_page, table):
    text = movement_page.read_text()
    found = csv_of(movement_page)
    pd.testing.assert_frame_equal(found, table, check_dtype=False, rtol=1e-5)
    tags = Tags(text)
    assert not tags.of("audio")
    assert "Does the music follow" not in text
    assert "spectrogram" not in text.split("<script")[0].split("</style>")[1]
    labels = re.findall(r'<div class="label">(\w+)', text)
    assert labels == ["Keyframes", "Weight", "Time", "Space", "Flow", "Shape", "Movement"]
    duration = table["stop"] - table["start"]
    mean = float((table["weight"] * duration).sum() / duration.sum())
    assert f"<tr><th>Weight</th><td>{mean:.3g}</td>" in text
    foot = text.split("<footer>")[1]
    for topic in ("File", "Dance", "Curves", "Height H", "Weights", "Seen", "Made"):
        assert f"<dt>{topic}</dt>" in foot
    assert f"{table.attrs['heights']['dance']:.4g} in the unit of the poses" in foot


def test_a_page_without_music_shows_rest_and_what_was_not_seen(dance, tmp_path):
    position = np.array(dance[0].position)
    position[:, 60:] = position[:, 60:61]
    position[:, :30, 9] = np.nan
    take = Motion(position, fps=30, skeleton="coco17")
    lma = make_lma_pipeline(n_keyframes=5).set_params(
        lma__missing="nan", keyframes__method="uniform"
    )
    write_movement_report(tmp_path / "a.html", take, lma=lma, title="A <still> end")
    text = (tmp_path / "a.html").read_text()
    assert "<h1>A &lt;still&gt; end</h1>" in text
    assert len(re.findall(r'class="steps faint" d="M', text)) == 1
    assert "Shape is pale where the dancer rests" in text
    assert ">Seen <output" in text
    hidden = np.full_like(position, np.nan)
    with pytest.raises(ValueError, match="expected the dancer to be seen"):
        write_movement_report(tmp_path / "b.html", Motion(hidden, fps=30, skeleton="coco17"))
    with pytest.raises(ValueError, match="expected a path that ends in"):
        write_movement_report(tmp_path / "b.txt", take)
    assert [p.name for p in tmp_path.iterdir()] == ["a.html"]


# What a visitor does, and what is then on the page.
VISIT = """
  const players = [...document.querySelectorAll("audio")];
  const state = () => ({
    time: Number(document.body.dataset.time), frame: Number(document.body.dataset.frame),
    left: document.getElementById("playhead").getBoundingClientRect().left,
    sound: players.map((p) => [p.currentTime, p.paused]),
    clock: document.getElementById("clock").textContent,
    ink: document.getElementById("figure").toDataURL().length,
  });
  const picture = () => document.getElementById("figure").toDataURL();
  await until(() => players.every((p) => p.readyState >= 3));
  found.durations = players.map((p) => p.duration);
  found.images = [...document.images].map((i) => [i.complete, i.naturalWidth]);
  found.begin = state();
  const before = picture();
  document.getElementById("play").click();
  await until(() => players[0].currentTime > 0.5);
  found.label = document.getElementById("play").getAttribute("aria-label");
  document.getElementById("play").click();
  await wait(50);
  found.played = state();
  found.moved = picture() !== before;
  const mark = document.querySelectorAll(".keyframe")[3];
  mark.click();
  await until(() => !players[0].seeking);
  await wait(50);
  found.keyframe = {
    wanted: Number(mark.dataset.time), now: mark.classList.contains("now"), ...state(),
  };
  const lane = document.querySelector(".curve .lane").getBoundingClientRect();
  document.querySelector(".curve .lane").dispatchEvent(new MouseEvent("click", {
    bubbles: true, clientX: lane.left + lane.width / 2, clientY: lane.top + 5,
  }));
  await until(() => !players[0].seeking);
  await wait(50);
  found.clicked = state();
  const values = () => [...document.querySelectorAll(".value")].map((out) => out.textContent);
  found.values = values();
  const box = document.querySelector(".curve .lane").getBoundingClientRect();
  document.getElementById("timeline").dispatchEvent(new PointerEvent("pointermove", {
    bubbles: true, clientX: box.left + box.width * 5.6 / 6, clientY: box.top + 5,
  }));
  found.pointed = values();
  found.cursor = document.getElementById("cursor").textContent;
  document.getElementById("timeline").dispatchEvent(new PointerEvent("pointerleave"));
  found.left = values();
  found.poses = document.getElementById("poses").textContent;
  document.getElementById("why").click();
  found.open = document.getElementById("evidence").open;
  const saved = [];
  HTMLAnchorElement.prototype.click = function () { saved.push(this); };
  const wav = document.querySelector('[data-format="wav"]');
  wav.dispatchEvent(new MouseEvent("click", { cancelable: true }));
  await until(() => saved.length);
  found.wav = [...new Uint8Array(await (await fetch(wav.href)).arrayBuffer())].slice(0, 48);
  found.wav_size = (await (await fetch(wav.href)).arrayBuffer()).byteLength;
  delete HTMLAnchorElement.prototype.click;
  document.querySelectorAll(".tracks input")[1].click();
  await wait(50);
  found.switched = state();
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
  await until(() => !players[1].seeking);
  await wait(50);
  found.stepped = state();
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true }));
  await until(() => players[1].currentTime > found.stepped.time + 0.3);
  found.second = state();
  players[1].currentTime = players[1].duration - 0.2;
  await until(() => players[1].ended);
  await wait(50);
  found.end = state();
"""


def test_a_browser_plays_seeks_and_shows_no_error(page, table, browser):  # noqa: F811
    found = browser.run(page, VISIT)
    assert found["problems"] == []
    assert found["durations"] == pytest.approx([6.0, 6.0], abs=0.01)
    assert len(found["images"]) == 2
    assert all(complete and width > 0 for complete, width in found["images"])
    assert found["begin"]["frame"] == 0
    assert found["label"] == "pause"
    assert 0.5 <= found["played"]["time"] < 4
    assert found["moved"]
    assert found["played"]["left"] > found["begin"]["left"]
    for name in ("played", "keyframe", "clicked"):
        state = found[name]
        assert state["frame"] == int(state["time"] * 30 + 1e-3)
        assert state["time"] == pytest.approx(state["sound"][0][0], abs=0.05)
        assert state["sound"][0][1]
    assert found["keyframe"]["time"] == pytest.approx(found["keyframe"]["wanted"], abs=0.01)
    assert found["keyframe"]["now"]
    assert found["clicked"]["time"] == pytest.approx(3.0, abs=0.1)
    assert found["clicked"]["clock"] == "3.0 / 6.0 s"
    starts = table["start"].to_numpy()
    # After the speed of the movement and the level of the music.
    for values, at in ((found["values"], 3.0), (found["pointed"], 5.6), (found["left"], 3.0)):
        row = np.searchsorted(starts, at, side="right") - 1
        if at > table["stop"][row]:
            assert values[2:7] == ["–"] * 5
            continue
        shown = [float(value.split()[0].replace("−", "-")) for value in values[2:7]]
        wanted = table[["weight", "time", "space", "flow", "shape"]].to_numpy()[row]
        np.testing.assert_allclose(shown, wanted, rtol=0.01)
    assert found["values"][2].endswith(" H²/s²")
    assert found["values"][0].endswith(" %")
    assert re.fullmatch(r"\d+ of 10 poses shown", found["poses"])
    assert found["open"]
    head = bytes(found["wav"])
    assert (head[:4], head[8:16], head[36:40]) == (b"RIFF", b"WAVEfmt ", b"data")
    assert int.from_bytes(head[24:28], "little") == SR
    assert found["wav_size"] == 44 + 2 * 6 * SR
    assert found["cursor"] == "5.60 s"
    assert found["switched"]["sound"][1][0] == pytest.approx(3.0, abs=0.1)
    assert found["stepped"]["time"] < found["switched"]["time"]
    assert not found["second"]["sound"][1][1]
    assert found["second"]["sound"][0][1]
    assert found["end"]["frame"] == 179


@pytest.mark.parametrize("width", [390, 1366])
def test_a_page_without_music_plays_and_fits(movement_page, browser, width):  # noqa: F811
    found = browser.run(
        movement_page,
        """
        const clock = document.querySelector("audio");
        await until(() => clock.readyState >= 3);
        found.duration = clock.duration;
        const root = document.scrollingElement;
        found.sideways = root.scrollWidth - root.clientWidth;
        document.getElementById("play").click();
        await until(() => clock.currentTime > 0.4);
        found.frame = Number(document.body.dataset.frame);
        document.getElementById("play").click();
        document.querySelectorAll(".keyframe")[3].click();
        await until(() => !clock.seeking);
        await wait(50);
        found.at = [Number(document.querySelectorAll(".keyframe")[3].dataset.time),
          Number(document.body.dataset.time)];
        found.values = [...document.querySelectorAll(".value")].map((out) => out.textContent);
        """,
        size=(width, 844),
    )
    assert found["problems"] == []
    assert found["duration"] == pytest.approx(6.0, abs=0.01)
    assert found["sideways"] == 0
    assert found["frame"] > 8
    assert found["at"][0] == pytest.approx(found["at"][1], abs=0.01)
    assert found["values"][0].endswith(" H²/s²")


@pytest.mark.parametrize("width", [390, 1366])
def test_a_page_fits_and_shows_the_timeline_while_it_plays(page, browser, width):  # noqa: F811
    found = browser.run(
        page,
        """
        const players = [...document.querySelectorAll("audio")];
        await until(() => players.every((p) => p.readyState >= 3));
        const root = document.scrollingElement;
        found.width = innerWidth;
        found.sideways = root.scrollWidth - root.clientWidth;
        const inner = document.getElementById("scroller");
        found.inner = inner.scrollWidth - inner.clientWidth;
        document.getElementById("timeline").scrollIntoView();
        document.getElementById("play").click();
        await until(() => players[0].currentTime > 0.3);
        const seen = (id) => {
          const box = document.getElementById(id).getBoundingClientRect();
          return Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
        };
        found.seen = [seen("figure"), seen("timeline")];
        found.poses = [...document.querySelectorAll(".keyframe:not(.crowded)")].map((mark) => {
          const box = mark.getBoundingClientRect();
          return [box.left, box.right];
        });
        """,
        size=(width, 844),
    )
    assert found["problems"] == []
    assert found["width"] == width
    assert found["sideways"] == 0
    assert found["inner"] == 0
    assert min(found["seen"]) > 100
    ends = np.array(found["poses"])
    assert len(ends) >= 3
    assert (ends[1:, 0] - ends[:-1, 1] > -7).all()


def test_a_browser_draws_the_whole_page(page, browser, tmp_path):  # noqa: F811
    from matplotlib.image import imread

    browser.screenshot(page, tmp_path / "page.png", size=(1280, 1300))
    picture = imread(tmp_path / "page.png")[..., :3]
    assert picture.shape[:2] == (1300, 1280)
    # The dancer's sides, the playhead and the spectrograms' black are all on it.
    for color in ("#e69f00", "#0072b2", "#d55e00", "#000004"):
        rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        assert (np.abs(picture - rgb).max(-1) < 0.02).sum() > 100, color
