"""The page: what is in it, and that a browser shows and plays it."""

from __future__ import annotations

import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_asdf import Motion, Skeleton, make_dance_pipeline, make_lma_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.performance import overlapping_clips
from sklearn_asdf.report import write_report
from sklearn_asdf.report._heard import answer_from_sound, movement_speed
from sklearn_asdf.report._scores import answer_from_likelihood, answer_from_table
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
    assert all(address.startswith("data:") for address in addresses)
    assert "http" not in re.sub(r"base64,[^\"]*", "", page.read_text())


def test_titles_are_text_whatever_they_hold(page):
    assert "<h1>Tests &amp; &lt;dances&gt;</h1>" in page.read_text()


def test_both_sounds_last_as_long_as_the_dance(page, dance):
    import soundfile

    players = Tags(page.read_text()).of("audio")
    assert [p["data-name"] for p in players] == ["generated music", "true music"]
    for player in players:
        samples, sr = soundfile.read(io.BytesIO(base64.b64decode(player["src"].split(",")[1])))
        assert sr == SR
        assert len(samples) == round(dance[0].duration * SR)
        assert np.abs(samples).max() > 0.01
    # The true music is that, sample by sample, but for its very ends and what would have clipped.
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


def test_keyframes_are_those_of_the_segmenter(page, pipe, dance):
    marks = Tags(page.read_text()).of("button", **{"class": "keyframe"})
    times = [float(mark["data-time"]) for mark in marks]
    assert times == sorted(times)
    # Clips overlap; a keyframe is that of the clip whose middle is nearest.
    clips, hop = overlapping_clips(dance[0], CLIP)
    middles = CLIP / 2 + np.arange(len(clips)) * hop
    found = pipe[:4].transform(clips).keyframes / 30 + (middles - CLIP / 2)[:, None]
    expected = {
        round(float(t), 3)
        for i, row in enumerate(found)
        for t in row
        if abs(t - middles).argmin() == i
    }
    assert {round(t, 3) for t in times} == expected


def test_laban_curves_go_through_the_whole_piece(page):
    curves = re.findall(r'd="(M[^"]*V100Z)"', page.read_text())
    # The speed of the movement and the level of the music come after the features.
    assert len(curves) == 7
    for curve in curves[:5]:
        assert curve.count("M") == 1
        x = [float(pair.split()[0]) for pair in curve.removesuffix("V100Z")[1:].split("L")]
        assert x[0] == 0
        assert x[-1] == pytest.approx(1000, abs=0.01)
        assert x == sorted(x)
        # Steps of a quarter of a second.
        assert max(np.diff(x)) < 1000 * 0.3 / 6 * 1.1


def test_the_curves_are_there_as_a_table(page):
    link = re.search(r'href="data:text/csv;base64,([^"]+)"', page.read_text())
    table = pd.read_csv(io.BytesIO(base64.b64decode(link[1])), index_col=0)
    names = ["weight [H²/s²]", "time [H/s²]", "space [distance/path]", "flow [H/s³]", "shape [H⁻¹]"]
    assert list(table.columns) == names
    assert table.index.name == "start [s]"
    np.testing.assert_allclose(table.index, np.arange(0, 6, 0.25))
    assert (table.to_numpy() >= 0).all()


def rows_of(text):
    """Rows of the cards of scores, by title."""
    cards = re.findall(r'<div class="card">\s*<h3>(.*?)</h3>(.*?)</table>', text, re.S)
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
    ("n_clips", "own", "others", "none", "verdict", "evidence"),
    [
        (22, 1.0, [0.5] * 19, 0.0, "Yes.", "comparisons), and 1 nats per number"),
        (22, 1.0, [0.5] * 19, 3.0, "In part.", "comparisons), but 2 nats per number"),
        (8, 1.0, [0.5] * 5, 0.0, "Probably.", "5 comparisons are few"),
        (8, 1.0, [0.5, 2.0, 0.5, 0.5, 0.5], 0.0, "In part.", "in 4 of 5 comparisons"),
        (8, 1.0, [1.5] * 5, 1.2, "No.", "in 0 of 5 comparisons"),
        (3, 1.0, [], 0.0, "Cannot be told.", "too short"),
    ],
)
def test_the_answer_comes_with_its_evidence(n_clips, own, others, none, verdict, evidence):
    X = np.arange(n_clips)[:, None]
    answer = answer_from_likelihood(Likelihoods(own, others, none), X, X)
    assert answer.verdict == verdict
    assert evidence in answer.sentence


def swinging(speed, fps=30.0, bpm=90.0):
    """A dancer whose arms swing with the beat, as wide as `speed` of each frame tells."""
    pose = np.asarray(make_dance_music(1, clip_duration=1.0, random_state=0).poses)[0, 0]
    position = np.repeat(pose[None], len(speed), axis=0)
    angle = 2 * np.pi * bpm / 60 * np.arange(len(speed)) / fps
    swing = speed * (np.sin(angle / 2) + 0.5 * np.sin(angle))
    for joint, share in ((7, 0.5), (8, 0.5), (9, 1.0), (10, 1.0)):
        position[:, joint, 1] += 60 * share * swing
    return Motion(position[None], fps=fps, skeleton="coco17")


def clicks(level, bpm, fps=30.0):
    """Clicks at a tempo, of the level of each frame."""
    time = np.arange(round(len(level) / fps * SR)) / SR
    since = time % (60 / bpm)
    click = np.exp(-since / 0.1) * np.sin(2 * np.pi * 880 * since)
    return (0.5 * click * np.interp(time, np.arange(len(level)) / fps, level)).astype(np.float32)


def test_level_follows_the_movement_or_not():
    course = 0.2 + 0.8 * np.sin(np.arange(720) / 720 * 2 * np.pi * 1.5) ** 2
    dance = swinging(course)
    speed = movement_speed(dance)
    assert len(speed) == 48
    assert np.corrcoef(speed, np.log(course.reshape(48, 15).mean(axis=1)))[0, 1] > 0.8
    follows, against = clicks(course, 90.0), clicks(1.2 - course, 90.0)
    answer = answer_from_sound(dance, {"generated music": follows, "true music": against}, SR)
    assert answer.sentence.startswith("The music is louder where the dancer moves more")
    assert "and none of 33 shifted copies of the music has as much" in answer.sentence
    level = answer.scores[0]
    assert [row["name"] for row in level.rows] == [
        "generated music",
        "shifted, highest 5 %",
        "true music",
    ]
    values = [float(row["text"].replace("−", "-")) for row in level.rows]
    assert values[0] > 0.95 >= values[1]
    assert values[2] < -0.5
    answer = answer_from_sound(dance, {"generated music": against}, SR)
    assert answer.sentence.startswith("The music is not clearly louder")


@pytest.mark.parametrize(
    ("bpm", "verdict", "sentence"),
    [
        (108, "In tempo, not in loudness.", "BPM, is that of the movement, estimated as 10"),
        (85, "Not shown.", "BPM, is not that of the movement, estimated as 10"),
    ],
)
def test_tempo_of_music_and_movement_are_compared(bpm, verdict, sentence):
    data = make_dance_music(1, clip_duration=16, factors={"tempo": 108}, random_state=0)
    answer = answer_from_sound(data.poses, {"music": clicks(np.ones(480), bpm)}, SR)
    assert answer.verdict == verdict
    assert sentence in answer.sentence
    assert abs(float(answer.scores[-1].rows[0]["text"]) / bpm - 1) < 0.03


def test_what_is_hardly_seen_or_too_short_has_no_answer():
    course = np.ones(360)
    dance, sound = swinging(course), {"generated music": clicks(course, 90.0)}
    hidden = np.array(dance.position)
    hidden[:, 100:] = np.nan
    assert answer_from_sound(Motion(hidden, fps=30, skeleton="coco17"), sound, SR) is None
    assert answer_from_sound(dance.frames(0, 170), sound, SR) is None
    # A tempo needs eight seconds, the level six. There is nothing to follow in an even movement.
    short = answer_from_sound(dance.frames(0, 190), sound, SR)
    assert (short.verdict, short.scores) == ("Cannot be told.", [])
    assert short.sentence == "The dancer moves evenly: there is no course that loudness can follow."
    growing = swinging(np.linspace(0.2, 2.0, 190))
    tone = {"music": 0.1 * np.sin(np.arange(round(190 / 30 * SR)) / 10)}
    short = answer_from_sound(growing, tone, SR)
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
    assert answer_from_table(table[["f70_music"]].rename(columns=str.upper)).scores[0].rows[0] == {
        "name": "model",
        "text": "0.3",
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
    write_report(tmp_path / "a.html", pipe, dance[0], random_state=0)
    text = (tmp_path / "a.html").read_text()
    assert len(Tags(text).of("audio")) == 1
    assert "Does the music follow the dance?" in text
    assert "The dancer moves evenly" in text
    assert "Does the model expect the true music" not in text
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


def test_the_same_seed_gives_the_same_page(pipe, dance, tmp_path):
    for name in ("a", "b"):
        write_report(tmp_path / f"{name}.html", pipe, dance[0], title="", random_state=1)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


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


def test_a_browser_plays_seeks_and_shows_no_error(page, browser):  # noqa: F811
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
    assert found["switched"]["sound"][1][0] == pytest.approx(3.0, abs=0.1)
    assert found["stepped"]["time"] < found["switched"]["time"]
    assert not found["second"]["sound"][1][1]
    assert found["second"]["sound"][0][1]
    assert found["end"]["frame"] == 179


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
