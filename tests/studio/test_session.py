"""What a visitor can do, without a page and without computing."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf.studio import Studio, _studio
from sklearn_asdf.studio._checks import check_dance
from sklearn_asdf.studio._knobs import Knobs
from sklearn_asdf.studio._state import file_of, state_of
from tests.video.conftest import stripes, write_video

from .conftest import give, wait


def idle(session):
    wait(lambda: session.job is None)


def test_from_a_dance_and_music_to_takes(session, worker, poses, music):
    give(session, "dance", "my dance.npz", poses)
    idle(session)
    assert state_of(session)["dance"]["ready"]
    give(session, "music", "song.wav", music)
    assert state_of(session)["music"] == [
        {"id": session.music[0]["id"], "name": "song.wav", "duration": 6.0}
    ]
    worker.answers["make_takes"] = [{"number": 1, "seed": 5, "duration": 3.0}]
    session.make(Knobs.read({"seed": 5, "wild": 100}))
    idle(session)
    [arguments] = [arguments for task, arguments in worker.calls if task == "make_takes"]
    assert arguments["model"]["music"] == [session.music[0]["path"]]
    assert arguments["knobs"]["wild"] == 100
    assert [take["number"] for take in state_of(session)["takes"]] == [1]
    # The next take has the next number, and the first can be removed.
    worker.answers["make_takes"] = lambda first, **_: [{"number": first, "seed": 6, "duration": 3}]
    session.make(Knobs())
    idle(session)
    session.remove("take", "1")
    assert [take["number"] for take in session.takes] == [2]


def test_a_take_is_judged_in_the_background_and_made_half_a_beat_later(
    session, worker, poses, music
):
    give(session, "dance", "d.npz", poses)
    give(session, "music", "song.wav", music)
    idle(session)
    said = {"verdict": "In part", "sentence": "In part: between its beats.", "between": True}
    worker.answers["judge_take"] = said
    worker.answers["make_takes"] = lambda first, **_: [{"number": first, "seed": 6, "duration": 3}]
    session.make(Knobs.read({"seed": 6, "wild": 80, "shift": 0.75}))
    idle(session)
    wait(lambda: "verdict" in state_of(session)["takes"][0])
    assert state_of(session)["takes"][0]["verdict"] == said
    assert session.problem is None
    # Other music that was chosen since has nothing to do with it.
    session.choose_shipped(["waltz"])
    worker.answers["judge_take"] = ValueError("the dance is gone")
    session.make_later(1)
    idle(session)
    first, again = [arguments for task, arguments in worker.calls if task == "make_takes"]
    assert again["model"] == first["model"]
    assert again["knobs"] == {**first["knobs"], "shift": 0.25}
    wait(lambda: "verdict" in session.takes[1])
    assert session.takes[1]["verdict"]["sentence"] == "It could not be judged: the dance is gone"
    assert session.problem is None


def test_a_judgement_is_in_nobodys_way_and_ends_with_the_dance(session, worker, poses, music):
    give(session, "dance", "d.npz", poses)
    give(session, "music", "song.wav", music)
    idle(session)

    def judge(**_):
        worker.held.clear()
        return {}

    worker.answers["judge_take"] = judge
    worker.answers["make_takes"] = lambda first, **_: [
        {"number": first + i, "seed": i, "duration": 3} for i in (0, 1)
    ]
    session.make(Knobs(takes=2))
    # Of the second one: it is held.
    wait(lambda: [task for task, _ in worker.calls].count("judge_take") == 2)
    assert session.job is None
    session.remove("dance", "")
    wait(lambda: not session._judging)
    assert session.takes == []


def test_places_on_the_server_are_not_told(session, poses, music):
    give(session, "dance", "my dance.npz", poses)
    give(session, "music", "song.wav", music)
    idle(session)
    assert str(session.folder) not in str(state_of(session))


def test_progress_is_told_in_plain_words(session, worker, poses):
    worker.held.clear()
    give(session, "dance", "d.npz", poses)
    wait(lambda: session.job.progress is not None)
    job = state_of(session)["job"]
    assert (job["doing"], job["share"], job["step"]) == ("Finding the dancer", 0.25, "dance")
    worker.held.set()
    idle(session)


def test_a_stopped_search_leaves_no_dance_and_no_files(session, worker, poses):
    worker.held.clear()
    give(session, "dance", "d.npz", poses)
    wait(lambda: worker.calls)
    session.stop()
    idle(session)
    assert session.dance is None
    assert session.problem is None
    assert [path for path in session.folder.rglob("*") if path.is_file()] == []


def test_what_the_work_refuses_is_a_sentence_without_places(session, worker, poses):
    def nobody(source, **_):
        raise ValueError(f"expected a dancer in {source!r}, but nobody is seen")

    worker.answers["find_dancer"] = nobody
    give(session, "dance", "my dance.npz", poses)
    idle(session)
    assert session.problem == {
        "step": "dance",
        "sentence": "Expected a dancer in 'my dance.npz', but nobody is seen.",
    }
    assert session.dance is None


@pytest.mark.parametrize(
    ("step", "name", "content", "sentence"),
    [
        ("dance", "notes.txt", b"hello", r"'notes.txt' is a text: drop a video of a dance"),
        ("dance", "me.jpg", b"\xff\xd8", "'me.jpg' is a picture"),
        ("dance", "song.mp3", b"ID3", "'song.mp3' is music, and this is the place for the dance"),
        ("dance", "d.mp4", b"no video at all", "'d.mp4' cannot be read as one"),
        ("dance", "d.json", b"{", "'d.json' is neither a video nor a pose file"),
        ("music", "notes.txt", b"hello", "'notes.txt' is no music"),
        ("music", "song.wav", b"RIFFxxxx", "song.wav"),
    ],
)
def test_what_is_no_dance_or_no_music_is_a_sentence(session, step, name, content, sentence):
    pytest.importorskip("av")
    pytest.importorskip("soundfile")
    with pytest.raises(ValueError, match=sentence) as refusal:
        give(session, step, name, content)
    assert str(session.folder) not in str(refusal.value)
    assert session.problem["step"] == step
    assert [path for path in session.folder.rglob("*") if path.is_file()] == []
    # Nothing is in the way of the next one.
    assert (session.upload, session.checking, session.job) == (None, None, None)


def test_silent_videos_are_dances_but_no_music(session, tmp_path):
    content = write_video(tmp_path / "d.mp4", stripes(60)).read_bytes()
    give(session, "dance", "d.mp4", content)
    idle(session)
    assert session.dance["ready"]
    with pytest.raises(ValueError, match=r"'d.mp4' is a silent video, so there is no music in it"):
        give(session, "music", "d.mp4", content)


def test_silent_music_is_a_sentence(session, tmp_path):
    soundfile = pytest.importorskip("soundfile")
    soundfile.write(tmp_path / "s.wav", np.zeros(80000), 8000)
    with pytest.raises(ValueError, match=r"'s.wav', but it is silent throughout"):
        give(session, "music", "s.wav", (tmp_path / "s.wav").read_bytes())


def test_a_video_of_two_hours_is_a_sentence_at_once(tmp_path):
    path = tmp_path / "long.mp4"
    write_video(path, stripes(7200, width=16, height=16), fps=1, options={"bf": "0"})
    with pytest.raises(ValueError, match=r"'long.mp4' is 2 h long, .* of up to 20 min: cut out"):
        check_dance(path, longest=1200.0)


def test_two_uploads_at_once_do_not_mix(studio, poses, music):
    one, two = studio.new_session(), studio.new_session()
    first, second = one.begin_upload("dance", "d.npz", len(poses)), None
    with pytest.raises(ValueError, match=r"'d.npz' is still on its way: wait .* or stop it"):
        one.begin_upload("dance", "e.npz", 10)
    # Another page is another matter, also with the same name.
    second = two.begin_upload("dance", "d.npz", len(poses))
    for part in (poses[:100], poses[100:]):
        first.write(part)
        second.write(part)
    first.finish()
    second.give_up()
    one.accept(first)
    idle(one)
    assert one.dance["name"] == "d.npz"
    assert two.dance is None
    assert not second.path.exists()
    with pytest.raises(KeyError):
        file_of(two, "poses")


def test_an_upload_that_breaks_off_is_a_sentence_and_leaves_nothing(session):
    upload = session.begin_upload("dance", "d.mp4", 100)
    upload.write(b"half")
    with pytest.raises(ValueError, match=r"only 4 of 100 bytes of 'd.mp4' arrived"):
        upload.finish()
    assert not upload.path.exists()
    upload = session.begin_upload("dance", "d.mp4", 3)
    with pytest.raises(ValueError, match="larger than was announced"):
        upload.write(b"more than three")
    assert not upload.path.exists()
    session.begin_upload("dance", "d.mp4", 3)
    session.stop()
    assert session.upload is None


def test_files_larger_than_the_disk_are_refused_before_they_come(session):
    with pytest.raises(ValueError, match="to spare: make room"):
        session.begin_upload("dance", "d.mp4", 10**15)
    with pytest.raises(ValueError, match="is empty"):
        session.begin_upload("dance", "d.mp4", 0)


def test_one_piece_of_work_at_a_time(session, worker, poses, music):
    with pytest.raises(ValueError, match="no dance yet"):
        session.make(Knobs())
    worker.held.clear()
    give(session, "dance", "d.npz", poses)
    with pytest.raises(ValueError, match=r"still at work \(reading the dance\): wait, or stop it"):
        session.use_example()
    # But music may come meanwhile.
    give(session, "music", "song.wav", music)
    worker.held.set()
    idle(session)
    session.remove("music", str(session.music[0]["id"]))
    with pytest.raises(ValueError, match="no music yet"):
        session.make(Knobs())


def test_a_saved_model_takes_the_place_of_music(session, worker, poses):
    give(session, "dance", "d.npz", poses)
    idle(session)
    give(session, "model", "mine.zip", b"PK")
    idle(session)
    assert session.model_for() == {"path": session.model["path"]}
    session.choose_shipped(["waltz", "calm"])
    assert session.model is None
    assert session.model_for()["shipped"] == ["calm", "waltz"]
    with pytest.raises(ValueError, match="no piece called 'nothing'"):
        session.choose_shipped(["nothing"])


def test_learning_needs_dances_and_gives_a_model(session, worker, music, poses):
    with pytest.raises(ValueError, match="nothing to learn from yet"):
        session.learn()
    give(session, "pairs", "a.npz", poses)
    give(session, "pairs", "a.wav", music)
    give(session, "pairs", "b.wav", music)
    assert session.pairs == ["a.npz", "a.wav", "b.wav"]
    session.remove("pairs", "b.wav")
    assert session.pairs == ["a.npz", "a.wav"]
    kept = {path.name for path in (session.folder / "pairs").iterdir()}
    assert kept == {"a.npz", "a.wav"}
    worker.answers["learn"] = {"n_dances": 1, "skipped": {"c": "it is silent"}}
    session.learn()
    idle(session)
    assert session.model["name"] == "learned from 1 dance"
    assert session.notes == ["'c' was left out: it is silent"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"wild": 101}, "calm or wild must be from 0 to 100"),
        ({"seed": "x"}, "the seed must be"),
        ({"takes": 9}, "the number of takes must be from 1 to 4"),
        ({"start": 5, "end": 3}, "must end after it begins"),
        ({"follow": float("nan")}, "how closely"),
    ],
)
def test_settings_out_of_range_are_sentences(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        Knobs.read(given)


def test_a_closed_page_leaves_nothing(studio, worker, poses):
    session = studio.new_session()
    worker.held.clear()
    give(session, "dance", "d.npz", poses)
    wait(lambda: worker.calls)
    session.seen -= 1000
    studio.sweep()
    wait(lambda: not session.folder.exists())
    assert session.name not in studio.sessions
    with pytest.raises(ValueError, match="away for too long"):
        session.begin_upload("dance", "d.npz", 3)
    # The work of the next page is not held up.
    worker.held.set()
    other = studio.new_session()
    give(other, "dance", "d.npz", poses)
    idle(other)
    assert other.dance["ready"]


def test_a_reloaded_page_stays(studio):
    session = studio.new_session()
    session.leave()
    studio.sweep()
    assert studio.session(session.name) is session
    session.leave()
    session.leaving -= 1000
    studio.sweep()
    with pytest.raises(KeyError):
        studio.session(session.name)


def test_pages_are_limited(studio):
    for _ in range(12):
        studio.new_session()
    with pytest.raises(ValueError, match="12 pages of this studio are open"):
        studio.new_session()


def test_two_visitors_wait_for_each_other(studio, worker, poses):
    one, two = studio.new_session(), studio.new_session()
    worker.held.clear()
    give(one, "dance", "d.npz", poses)
    wait(lambda: worker.calls)
    give(two, "dance", "d.npz", poses)
    assert state_of(two)["job"]["waiting"] == 1
    assert len(worker.calls) == 1
    # Whoever waits can stop, and the other one goes on.
    two.stop()
    assert two.job is None
    worker.held.set()
    idle(one)
    assert one.dance["ready"]
    assert len(worker.calls) == 1


def test_the_studio_leaves_nothing_behind(worker, tmp_path, monkeypatch, poses):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    worker.held.clear()
    with Studio(worker=worker) as studio:
        give(studio.new_session(), "dance", "d.npz", poses)
    assert worker.closed
    assert list((tmp_path / "t").iterdir()) == []


def test_folders_of_killed_servers_are_removed(worker, tmp_path, monkeypatch):
    pytest.importorskip("fcntl")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead = tmp_path / "sklearn-asdf-studio-dead"
    (dead / "session").mkdir(parents=True)
    (dead / "lock").touch()
    with Studio(worker=worker) as living:
        _studio.remove_abandoned()
        assert living.folder.is_dir()
        assert not dead.exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"bpm": 300}, "the tempo in BPM must be from 40 to 240"),
        ({"taps": "1 2"}, "the taps must be times in seconds"),
        ({"taps": [1, 2, 2]}, "one after the other"),
    ],
)
def test_what_is_no_beat_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Knobs.read(given)


def test_what_is_known_of_the_beat_goes_to_the_music():
    assert Knobs.read({}).beat == {}
    assert Knobs.read({"bpm": 96, "shift": 0.5}).beat == {"bpm": 96, "shift": 0.5}
    assert Knobs.read({"taps": [0.5, 1, 1.5, 2]}).beat == {"taps": [0.5, 1, 1.5, 2]}
    # Too few to have a tempo.
    assert Knobs.read({"taps": [0.5, 1]}).beat == {}
