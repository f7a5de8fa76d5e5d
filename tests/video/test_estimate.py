"""From a video to a Motion, with scripted networks and, where there are any, with real ones."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from sklearn_asdf.video import _estimate, estimate_poses
from sklearn_asdf.video._blazepose import Region
from sklearn_asdf.video._reader import read_frames

from .conftest import write_video
from .test_people import ScriptedNetwork, body


class BrightSpots(ScriptedNetwork):
    """Sees a person wherever the picture has a bright column, at its place."""

    def __init__(self, *_):
        super().__init__()

    def _people(self, picture):
        pixels = np.asarray(picture)[..., 1].astype(int)
        columns = np.flatnonzero(pixels.max(axis=0) > 128)
        groups = np.split(columns, np.flatnonzero(np.diff(columns) > 4) + 1) if len(columns) else []
        height = [float((pixels[:, g] > 128).sum(axis=0).max()) for g in groups]
        return [Region(float(g.mean()), 24.0, h + 12, 0.0) for g, h in zip(groups, height)]

    def detect(self, picture, *, closely=False):
        return sorted(self._people(picture), key=lambda r: -r.side)

    def landmarks(self, picture, region):
        people = self._people(picture)
        if not people:
            return body(region, score=0.0)
        near = min(people, key=lambda r: abs(r.x - region.x))
        return body(near, score=float(abs(near.x - region.x) < 12))


def spots(*tracks, width=128, height=48):
    """Return dark pictures with a bright bar for each track of (x, bar height) a picture."""
    pictures = np.zeros((len(tracks[0]), height, width, 3), np.uint8)
    for track in tracks:
        for picture, (x, tall) in zip(pictures, track):
            if x is not None:
                picture[height - tall :, round(x) - 3 : round(x) + 3] = 255
    return pictures


@pytest.fixture
def scripted(monkeypatch):
    monkeypatch.setattr(_estimate, "BlazePose", BrightSpots)
    monkeypatch.setattr(_estimate, "fetch_pose_models", lambda *_, **__: ("", ""))
    pytest.importorskip("ai_edge_litert")


def across(motion, clip=0):
    return motion.position[clip, :, :, 0].mean(axis=1)


def test_poses_follow_the_dancer(scripted, make_video):
    x = np.linspace(20, 100, 25)
    motion = estimate_poses(make_video(pictures=spots([(v, 40) for v in x])))
    assert motion.shape == (1, 25, 17, 2)
    assert motion.fps == 25
    assert motion.skeleton.name == "coco17"
    assert np.ptp(across(motion) - x) < 2
    np.testing.assert_array_equal(motion.confidence, 1)


def test_skeleton_and_coordinates_choose_what_is_returned(scripted, make_video):
    path = make_video(pictures=spots([(50, 40)] * 5))
    whole = estimate_poses(path, skeleton="mediapipe33")
    assert whole.shape == (1, 5, 33, 2)
    few = estimate_poses(path)
    names = whole.skeleton.joints
    for i, joint in enumerate(few.skeleton.joints):
        np.testing.assert_array_equal(
            few.position[:, :, i], whole.position[:, :, names.index(joint)]
        )
    assert estimate_poses(path, coordinates="world").shape == (1, 5, 17, 3)


def test_frames_without_a_dancer_are_nan(scripted, make_video):
    track = [(40, 40)] * 5 + [(None, 0)] * 4 + [(44, 40)] * 5
    motion = estimate_poses(make_video(pictures=spots(track)))
    assert motion.seen.all(axis=2)[0].tolist() == [True] * 5 + [False] * 4 + [True] * 5
    assert (motion.confidence[0, 5:9] == 0).all()


def test_the_largest_is_kept_or_whom_one_asks_for(scripted, make_video):
    path = make_video(pictures=spots([(30, 20)] * 10, [(90, 40)] * 10))
    assert across(estimate_poses(path)).mean() > 70
    assert across(estimate_poses(path, person=0)).mean() < 50
    everybody = estimate_poses(path, person="all")
    assert len(everybody) == 2
    assert across(everybody, 0).mean() < across(everybody, 1).mean()
    with pytest.raises(ValueError, match=r"expected person from 0 to 1, since .* shows 2 people"):
        estimate_poses(path, person=2)


def test_a_variable_frame_rate_becomes_a_constant_one(scripted, make_video):
    times = np.array([0, 0.04, 0.12, 0.16, 0.28, 0.32, 0.36, 0.4])
    path = make_video(pictures=spots([(20 + 200 * t, 40) for t in times]), times=times)
    motion = estimate_poses(path, fps=25)
    # The dancer moves evenly, so she is on a line at the constant rate; the last frame is kept.
    assert motion.fps == 25
    assert motion.n_frames == 11
    line = 200 * np.arange(11) / 25
    assert np.abs(across(motion) - across(motion)[0] - line).max() < 2


def test_the_default_rate_is_that_of_the_pictures(scripted, make_video):
    gaps = np.random.default_rng(0).choice([0.03, 0.05], 39)
    times = np.r_[0, np.cumsum(gaps)]
    path = make_video("a.mkv", pictures=spots([(20 + 50 * t, 40) for t in times]), times=times)
    motion = estimate_poses(path)
    assert motion.fps == pytest.approx(39 / times[-1], rel=0.01)
    assert motion.duration == pytest.approx(times[-1] + 1 / motion.fps, abs=1 / motion.fps)
    line = 50 * np.arange(motion.n_frames) / motion.fps
    assert np.abs(across(motion) - across(motion)[0] - line).max() < 2


def test_long_gaps_between_pictures_are_not_filled(scripted, make_video):
    times = np.array([0, 0.04, 0.08, 1.0, 1.04])
    motion = estimate_poses(make_video(pictures=spots([(40, 40)] * 5), times=times), fps=25)
    assert motion.seen.all(axis=2)[0].tolist() == [True] * 3 + [False] * 22 + [True] * 2


def test_nobody_is_a_sentence(scripted, make_video):
    with pytest.raises(ValueError, match=r"expected a dancer in .* nobody is seen in any of"):
        estimate_poses(make_video(pictures=spots([(None, 0)] * 20)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"person": "larges"}, "Did you mean 'largest'"),
        ({"person": -1}, "expected person as 'largest', 'all' or a number"),
        ({"fps": 0}, "expected fps from 1 to 1000"),
        ({"max_people": 0}, "expected max_people of at least 1"),
        ({"skeleton": "coco18"}, "expected skeleton to be one of 'coco17'"),
        ({"coordinates": "pixels"}, "expected coordinates to be one of"),
    ],
)
def test_options_are_checked_before_work(options, message):
    with pytest.raises(ValueError, match=message):
        estimate_poses("nowhere.mp4", **options)


def read_rgb(path, n, start=0):
    av = pytest.importorskip("av")
    with av.open(str(path)) as container:
        frames = [f for f, _ in zip(container.decode(video=0), range(start + n))]
    return np.stack([f.to_ndarray(format="rgb24") for f in frames[start:]])


@pytest.fixture(scope="module")
def dancer(data_dir):
    return data_dir / "dancer_video" / "dancer.avi"


@pytest.mark.real_data
@pytest.mark.parametrize(
    "n_pictures", [250, pytest.param(None, marks=pytest.mark.slow)], ids=["10 s", "whole"]
)
def test_the_filmed_dancer_is_where_the_track_says(
    dancer, data_dir, pose_models, n_pictures, monkeypatch
):
    track = np.load(data_dir / "dancer_video" / "dancer_blazepose33.npz")["keypoints"]
    # One picture of the film is lacking, the second.
    track = track[: n_pictures and n_pictures + 1]
    monkeypatch.setattr(
        _estimate, "read_frames", lambda *a, **k: islice(read_frames(*a, **k), n_pictures)
    )
    motion = estimate_poses(dancer, skeleton="mediapipe33", models=pose_models)
    assert motion.shape == (1, *track.shape[:2], 2)
    error = np.linalg.norm(motion.position[0] - track[..., :2], axis=-1)
    # Within a few pixels of a picture of 518 x 496, where she fills most of it.
    assert np.percentile(np.median(error, axis=1), 95) < 4
    assert np.percentile(error.mean(axis=1), 95) < 6


@pytest.mark.real_data
def test_two_dancers_beside_each_other_are_told_apart(dancer, pose_models, tmp_path):
    film = read_rgb(dancer, 30)
    small = film[:, ::2, ::2][:, :, ::-1]
    height, width = film.shape[1:3]
    stage = np.zeros((len(film), height, width + small.shape[2], 3), np.uint8)
    stage[:, :, :width] = film
    stage[:, -small.shape[1] :, width:] = small
    stage = stage[:, : height // 2 * 2, : stage.shape[2] // 2 * 2]
    path = write_video(tmp_path / "two.mp4", stage)
    everybody = estimate_poses(path, person="all", models=pose_models)
    assert len(everybody) == 2
    left, right = (across(everybody, i) for i in range(2))
    assert np.nanmax(left) < width < np.nanmin(right)
    assert np.isfinite(left).all()
    assert np.isfinite(right).all()
    largest = estimate_poses(path, models=pose_models)
    np.testing.assert_array_equal(largest.position[0], everybody.position[0])


@pytest.mark.real_data
def test_a_dancer_far_from_the_camera_is_found(dancer, pose_models, tmp_path):
    film = read_rgb(dancer, 10)[:, ::2, ::2]
    near = estimate_poses(
        write_video(tmp_path / "near.mp4", film[:, :248, :258]), models=pose_models
    )
    stage = np.full((len(film), 620, 1100, 3), 60, np.uint8)
    stage[:, -248:, 400:658] = film[:, :248, :258]
    far = estimate_poses(write_video(tmp_path / "far.mp4", stage), models=pose_models)
    error = np.linalg.norm(far.position - near.position - [400, 620 - 248], axis=-1)
    assert np.median(error) < 4


@pytest.mark.real_data
def test_a_turned_video_gives_the_upright_dancer(dancer, pose_models, tmp_path):
    film = read_rgb(dancer, 10)
    lying = np.rot90(film, axes=(1, 2))[:, : film.shape[2] // 2 * 2, : film.shape[1] // 2 * 2]
    path = write_video(tmp_path / "phone.mp4", lying, turned=90)
    upright = estimate_poses(write_video(tmp_path / "still.mp4", film), models=pose_models)
    turned = estimate_poses(path, models=pose_models)
    error = np.linalg.norm(turned.position - upright.position, axis=-1)
    assert np.median(error) < 4


@pytest.mark.real_data
@pytest.mark.parametrize("kind", ["black", "noise"])
def test_pictures_without_people_are_a_sentence(kind, pose_models, tmp_path):
    shape = (10, 120, 160, 3)
    pictures = np.zeros(shape, np.uint8)
    if kind == "noise":
        pictures = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    with pytest.raises(ValueError, match="nobody is seen"):
        estimate_poses(write_video(tmp_path / "empty.mp4", pictures), models=pose_models)
