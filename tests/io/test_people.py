"""Which person of each frame is read: identities, and what happens without any."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from sklearn_asdf.io import read_poses

N_FRAMES = 30
BODY = np.random.default_rng(1).uniform(0, 100, (17, 2)).round(2)
FIRST = np.stack([BODY + np.array([100 + t, 200]) for t in range(N_FRAMES)])
# The second dancer is the smaller one, but comes near for ten frames.
SECOND = np.stack(
    [BODY * (1.9 if 10 <= t < 20 else 0.8) + [700 - t, 200] for t in range(N_FRAMES)]
).round(2)


def listing(t):
    """Both dancers with their identities; the order changes."""
    people = [(3, FIRST[t]), (12, SECOND[t])]
    return people[::-1] if t % 3 == 0 else people


def flat(pose):
    return np.c_[pose, np.full(17, 0.9)].ravel().tolist()


def alphapose(name):
    return [
        {"image_id": f"{t}.jpg", "category_id": 1, "keypoints": flat(p), "score": 2, **name(who)}
        for t in range(N_FRAMES)
        for who, p in listing(t)
    ]


def mmpose(name):
    return {
        "meta_info": {"dataset_name": "coco"},
        "instance_info": [
            {
                "frame_id": t + 1,
                "instances": [
                    {"keypoints": p.tolist(), "keypoint_scores": [0.9] * 17, **name(who)}
                    for who, p in listing(t)
                ],
            }
            for t in range(N_FRAMES)
        ],
    }


def poseflow(name):
    return {
        f"{t}.jpg": [{"keypoints": flat(p), "scores": 2, **name(who)} for who, p in listing(t)]
        for t in range(N_FRAMES)
    }


def openpose(name):
    return [
        {"people": [{"pose_keypoints_2d": flat(p), **name(who)} for who, p in listing(t)]}
        for t in range(N_FRAMES)
    ]


def tfjs(name):
    return [
        [
            {
                "keypoints": [
                    {"name": f"joint {i}", "x": x, "y": y, "score": 0.9}
                    for i, (x, y) in enumerate(p.tolist())
                ],
                **name(who),
            }
            for who, p in listing(t)
        ]
        for t in range(N_FRAMES)
    ]


def coco(name):
    return {
        "images": [{"id": t, "file_name": f"{t:05d}.png"} for t in range(N_FRAMES)],
        "annotations": [
            {"id": 9 * t + who, "image_id": t, "keypoints": flat(p), **name(who)}
            for t in range(N_FRAMES)
            for who, p in listing(t)
        ],
        "categories": [{"id": 1, "name": "person"}],
    }


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (alphapose, lambda who: {"idx": [float(who)]}),
        (alphapose, lambda who: {"idx": who}),
        (poseflow, lambda who: {"idx": who}),
        (mmpose, lambda who: {"track_id": who}),
        (mmpose, lambda who: {"track_id": str(who)}),
        (openpose, lambda who: {"person_id": [who]}),
        (tfjs, lambda who: {"id": who}),
        (coco, lambda who: {"track_id": who}),
        (coco, lambda who: {"attributes": {"track_id": who}}),
    ],
)
def test_identities_are_followed(tmp_path, document, name):
    path = tmp_path / "take.json"
    path.write_text(json.dumps(document(name)))
    # 12 comes after 3, as numbers do; over the whole take the first one is larger.
    for person, truth in ((0, FIRST), ("first", FIRST), (1, SECOND), ("largest", SECOND)):
        assert_array_equal(read_poses(path, fps=30, person=person).position[0], truth)
    with pytest.raises(ValueError, match=r"at most 2 people.*person 2"):
        read_poses(path, fps=30, person=2)


@pytest.mark.parametrize(
    "name",
    [
        lambda who: {},
        lambda who: {"person_id": [-1]},
        lambda who: {"track_id": None},
        # AlphaPose without its tracker.
        lambda who: {"idx": [0.0]},
    ],
)
def test_the_same_name_for_everybody_is_no_identity(tmp_path, name):
    path = tmp_path / "take.json"
    path.write_text(json.dumps(openpose(name)))
    assert_array_equal(read_poses(path, fps=30, person="follow").position[0], FIRST)
    with pytest.warns(UserWarning, match="does not say who is who.* 1 time"):
        largest = read_poses(path, fps=30).position[0]
    assert_array_equal(largest[:10], FIRST[:10])
    # The other one comes near, and is not much smaller after that.
    assert_array_equal(largest[10:], SECOND[10:])


def test_a_new_name_in_every_frame_is_no_identity(tmp_path):
    count = iter(range(1000))
    path = tmp_path / "take.json"
    path.write_text(json.dumps(mmpose(lambda who: {"track_id": next(count)})))
    assert_array_equal(read_poses(path, fps=30, person="follow").position[0], FIRST)


def test_largest_stays_with_a_dancer_of_about_the_same_size(tmp_path):
    rng = np.random.default_rng(0)
    frames = []
    for t in range(40):
        pose = FIRST[0] * (1 + 0.05 * np.sin(t)) + [t, 0]
        other = FIRST[0] * (1 + 0.05 * np.cos(t)) + [600, 0]
        people = [{"pose_keypoints_2d": flat(p)} for p in (pose, other)]
        frames.append({"people": people[:: rng.choice([-1, 1])] if t not in (20, 21) else []})
    path = tmp_path / "take.json"
    path.write_text(json.dumps(frames))
    motion = read_poses(path, fps=30)
    assert_array_equal(np.flatnonzero(~motion.seen[0].any(axis=1)), [20, 21])
    left = np.delete(motion.position[0], [20, 21], axis=0)[..., 0].mean(axis=1) < 400
    assert left.all() or not left.any()


def sleap_rows(track):
    rows = []
    for t in range(N_FRAMES):
        for who, pose in listing(t):
            row = {"track": track(t, who), "frame_idx": t, "instance.score": 0.9}
            for i in range(3):
                row |= {f"n{i}.x": pose[i, 0], f"n{i}.y": pose[i, 1], f"n{i}.score": 0.8}
            rows.append(row)
    return pd.DataFrame(rows)


def test_tracks_of_a_table(tmp_path):
    path = tmp_path / "sleap.csv"
    sleap_rows(lambda t, who: f"track_{who:02d}").to_csv(path, index=False)
    assert_array_equal(read_poses(path, fps=30, person=0).position[0], FIRST[:, :3])
    assert_array_equal(read_poses(path, fps=30, person=1).position[0], SECOND[:, :3])


@pytest.mark.parametrize("missing", ["empty", "nan", "no column"])
def test_two_people_per_frame_without_tracks(tmp_path, missing):
    table = sleap_rows(lambda t, who: None if missing == "empty" else "nan")
    if missing == "no column":
        table = table.drop(columns="track")
    path = tmp_path / "sleap.csv"
    table.to_csv(path, index=False)
    motion = read_poses(path, fps=30, person="follow")
    assert_array_equal(motion.position[0], FIRST[:, :3])
    with pytest.warns(UserWarning, match=r"person='follow'"):
        assert read_poses(path, fps=30).n_frames == N_FRAMES


def test_people_without_tracks_in_a_long_table(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(
        "frame,track,joint,x,y\n"
        "0,,hip,0,0\n0,,head,1,1\n0,,hip,0,0\n0,,head,90,90\n"
        "1,,hip,0,0\n1,,head,91,90\n1,,hip,0,0\n1,,head,1,2\n"
    )
    assert_array_equal(read_poses(path, fps=30).position[0, :, 1], [[90, 90], [91, 90]])


def test_instances_corrected_by_hand_without_a_track_fill_the_track(tmp_path):
    # The dancer of track_03 lost the track in three frames; nobody else stands there.
    table = sleap_rows(lambda t, who: None if who == 3 and t in (0, 14, 15) else f"track_{who:02d}")
    path = tmp_path / "sleap.csv"
    table.to_csv(path, index=False)
    assert_array_equal(read_poses(path, fps=30, person=0).position[0], FIRST[:, :3])
    # Where the other one is away, nobody is put in the place.
    table = sleap_rows(lambda t, who: None if who == 3 else "track_12")
    table[~((table["track"] == "track_12") & (table["frame_idx"] == 5))].to_csv(path, index=False)
    motion = read_poses(path, fps=30, person=0)
    assert np.isnan(motion.position[0, 5]).all()
    assert_array_equal(motion.position[0, 6], SECOND[6, :3])


def test_an_identity_twice_in_a_frame_is_the_nearer_one(tmp_path):
    document = alphapose(lambda who: {"idx": who})
    for entry in document:
        if entry["image_id"] in ("7.jpg", "8.jpg"):
            entry["idx"] = 3
    path = tmp_path / "take.json"
    path.write_text(json.dumps(document))
    assert_array_equal(read_poses(path, fps=30, person=0).position[0], FIRST)


def test_one_joint_each_never_counts_as_a_jump(tmp_path):
    path = tmp_path / "take.csv"
    path.write_text("frame,track,hip_x,hip_y\n0,,0,0\n0,,900,0\n1,,901,0\n1,,1,0\n")
    assert_array_equal(read_poses(path, fps=30).position[0, :, 0, 0], [0, 1])
