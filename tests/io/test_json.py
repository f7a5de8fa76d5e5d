"""Every tracker's JSON, written here as that tracker writes it."""

from __future__ import annotations

import gzip
import json
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf.io import read_poses
from sklearn_asdf.motion.skeletons import get_skeleton

COCO = get_skeleton("coco17").joints
POSENET_PARTS = [
    "nose", "leftEye", "rightEye", "leftEar", "rightEar", "leftShoulder", "rightShoulder",
    "leftElbow", "rightElbow", "leftWrist", "rightWrist", "leftHip", "rightHip", "leftKnee",
    "rightKnee", "leftAnkle", "rightAnkle",
]  # fmt: skip


@pytest.fixture
def dance():
    """Four frames of 17 joints in pixels."""
    return np.random.default_rng(0).uniform(1, 400, (4, 17, 2)).round(2)


def save(path, document):
    path.write_text(json.dumps(document))
    return path


def test_asdf_batch(tmp_path, dance):
    frames = [
        {
            "score": 0.9, "interpolation": False, "framRel": i, "timeRel": i / 30,
            "framAbs": 90 + i, "timeAbs": 3 + i / 30, "head": [1, 2], "torso": [3, 4],
            "data": pose.tolist(),
        }
        for i, pose in enumerate(dance)
    ]  # fmt: skip
    frames[1] = {"score": 0.8, "interpolation": True, "framRel": 1, "framAbs": 91}
    frames[2]["score"] = 0
    batch = {
        "videoStart": 3, "videoEnd": 4, "totalFrames": 4, "frameRate": 25, "skkiped": 1,
        "maxSpan": 2, "frames": frames,
    }  # fmt: skip
    motion = read_poses(save(tmp_path / "batch.txt", batch))
    assert motion.shape == (1, 4, 17, 2)
    assert motion.fps == 25
    assert motion.skeleton.name == "coco17"
    assert_array_equal(motion.position[0, [0, 3]], dance[[0, 3]])
    assert np.isnan(motion.position[0, 1:3]).all()
    assert_array_equal(motion.confidence[0, :, 5], [0.9, 0, 0, 0.9])


def test_asdf_frames_lie_where_their_numbers_say(tmp_path, dance):
    frames = [
        {"score": 1, "interpolation": False, "framRel": n, "data": pose.tolist()}
        for n, pose in zip([0, 1, 3, 6], dance)
    ]
    motion = read_poses(save(tmp_path / "b.json", {"frameRate": 30, "frames": frames}))
    assert_array_equal(np.flatnonzero(motion.seen[0].all(axis=1)), [0, 1, 3, 6])


def test_runwayml_one_file_a_frame_and_a_list(tmp_path, dance):
    unit = dance / 400
    frames = [{"poses": [p.tolist()], "scores": [0.7]} for p in unit]
    frames[2] = {"poses": [], "scores": []}
    one = read_poses(save(tmp_path / "take.json", frames), fps=24, image_size=(640, 480))
    assert one.fps == 24
    assert_allclose(one.position[0, 0], unit[0] * [640, 480])
    assert np.isnan(one.position[0, 2]).all()
    folder = tmp_path / "take"
    folder.mkdir()
    for i, frame in enumerate(frames):
        # Numbers decide, not the alphabet: 9, 10, 11, 12.
        save(folder / f"frame{i + 9}.json", frame)
    many = read_poses(folder, fps=24, image_size=(640, 480))
    assert_array_equal(many.position, one.position)


def posenet(pose, score=0.5):
    return {
        "score": score,
        "keypoints": [
            {"part": part, "score": score, "position": {"x": float(x), "y": float(y)}}
            for part, (x, y) in zip(POSENET_PARTS, pose)
        ],
    }


def movenet(pose):
    return {
        "keypoints": [
            {"name": name, "x": float(x), "y": float(y), "score": 0.25}
            for name, (x, y) in zip(COCO, pose)
        ]
    }


@pytest.mark.parametrize(
    ("frame", "score"),
    [
        (lambda pose: [posenet(pose)], 0.5),
        (lambda pose: posenet(pose), 0.5),
        (lambda pose: [{"pose": posenet(pose), "skeleton": []}], 0.5),
        (lambda pose: [movenet(pose)], 0.25),
        (lambda pose: movenet(pose), 0.25),
    ],
    ids=["tfjs", "tfjs single", "ml5", "movenet", "movenet single"],
)
def test_tfjs_and_ml5(tmp_path, dance, frame, score):
    motion = read_poses(save(tmp_path / "take.json", [frame(p) for p in dance]), fps=30)
    assert motion.skeleton.name == "coco17"
    assert_array_equal(motion.position[0], dance)
    assert_array_equal(motion.confidence, np.full((1, 4, 17), score))


def test_doubtful_joints_left_out_by_the_tracker_are_not_seen(tmp_path, dance):
    frames = [[posenet(p)] for p in dance]
    del frames[1][0]["keypoints"][3:5]
    motion = read_poses(save(tmp_path / "take.json", frames), fps=30)
    assert motion.shape == (1, 4, 17, 2)
    assert np.isnan(motion.position[0, 1, 3:5]).all()
    assert np.isnan(motion.position).sum() == 4
    assert_array_equal(motion.position[0, 1, 5:], dance[1, 5:])


def openpose(people, key="pose_keypoints_2d"):
    return {
        "version": 1.3,
        "people": [{"person_id": [-1], key: np.ravel(person).tolist()} for person in people],
    }


@pytest.mark.parametrize(
    ("n_joints", "key", "name"),
    [
        (25, "pose_keypoints_2d", "openpose25"),
        (18, "pose_keypoints_2d", "openpose18"),
        (18, "pose_keypoints", "openpose18"),
    ],
)
def test_openpose_folder_and_zip(tmp_path, n_joints, key, name):
    poses = np.random.default_rng(1).uniform(1, 9, (3, n_joints, 3))
    poses[..., 2] /= 10
    poses[1, 4] = 0
    texts = {
        f"dance_{i:012d}_keypoints.json": json.dumps(openpose([pose], key))
        for i, pose in zip([0, 1, 4], poses)
    }
    # A frame without anybody, as OpenPose writes it.
    texts["dance_000000000002_keypoints.json"] = json.dumps(openpose([]))
    folder = tmp_path / "dance"
    folder.mkdir()
    with zipfile.ZipFile(tmp_path / "dance.zip", "w") as file:
        for place, text in texts.items():
            (folder / place).write_text(text)
            file.writestr(f"json/{place}", text)
    motion = read_poses(folder, fps=30)
    assert motion.shape == (1, 5, n_joints, 2)
    assert motion.skeleton.name == name
    assert_array_equal(motion.position[0, [0, 4]], poses[[0, 2], :, :2])
    assert_array_equal(motion.confidence[0, [0, 4]], poses[[0, 2], :, 2])
    # A joint with no confidence lies at 0, 0, and is not there.
    assert np.isnan(motion.position[0, 1, 4]).all()
    assert np.isnan(motion.position[0, 2:4]).all()
    assert_array_equal(read_poses(tmp_path / "dance.zip", fps=30).position, motion.position)


def test_openpose_in_three_dimensions(tmp_path):
    poses = np.random.default_rng(1).uniform(0.1, 1, (2, 25, 4))
    frames = [openpose([p], "pose_keypoints_3d") for p in poses]
    path = save(tmp_path / "take.json", frames)
    assert_array_equal(read_poses(path, fps=30, coordinates="world").position[0], poses[..., :3])
    with pytest.raises(ValueError, match=r"frame 0.*without pose_keypoints_2d"):
        read_poses(path, fps=30)


def test_which_person(tmp_path):
    small, large = np.zeros((2, 18, 3)), np.zeros((2, 18, 3))
    small[..., 2] = large[..., 2] = 1
    small[..., :2] = 100 + np.arange(18)[:, None]
    large[..., :2] = 1 + 5 * np.arange(18)[:, None]
    # In the second frame the large one is hidden but for two joints, and another is larger.
    large[1, 2:] = 0
    path = save(
        tmp_path / "t.json", [openpose([small[0], large[0]]), openpose([small[1], large[1]])]
    )
    first = read_poses(path, fps=30, person="first").position[0]
    assert_array_equal(first, small[..., :2])
    assert_array_equal(read_poses(path, fps=30, person=0).position[0], first)
    with pytest.warns(UserWarning, match=r"changes to another person 1 time.*person='follow'"):
        largest = read_poses(path, fps=30).position[0]
    assert_array_equal(largest[0], large[0, :, :2])
    assert_array_equal(largest[1], small[1, :, :2])
    follow = read_poses(path, fps=30, person="follow").position[0]
    assert_array_equal(follow[1, :2], large[1, :2, :2])
    with pytest.raises(ValueError, match=r"at most 2 people.*person 2"):
        read_poses(path, fps=30, person=2)


@pytest.mark.parametrize("body", [{"pose_keypoints_2d": []}, {"pose_keypoints_2d": None}, {}])
def test_openpose_people_without_a_body(tmp_path, body):
    poses = np.random.default_rng(1).uniform(1, 9, (3, 25, 3))
    hands = {**body, "person_id": [-1], "hand_left_keypoints_2d": [1, 2, 0.5] * 21}
    frames = [openpose([pose]) for pose in poses]
    frames[0]["people"].insert(0, hands)
    frames[1]["people"] = [hands]
    motion = read_poses(save(tmp_path / "take.json", frames), fps=30, person="first")
    assert np.isnan(motion.position[0, 1]).all()
    assert_array_equal(motion.position[0, [0, 2]], poses[[0, 2], :, :2])
    with pytest.raises(ValueError, match=r"in the form of OpenPose, but nobody"):
        read_poses(save(tmp_path / "take.json", [{"people": [hands]}] * 3), fps=30)


def test_files_that_macos_adds_are_no_frames(tmp_path):
    poses = np.random.default_rng(1).uniform(1, 9, (3, 25, 3))
    folder = tmp_path / "take"
    folder.mkdir()
    with zipfile.ZipFile(tmp_path / "take.zip", "w") as file:
        for t, pose in enumerate(poses):
            name = f"take_{t:012d}_keypoints.json"
            save(folder / name, openpose([pose]))
            (folder / f"._{name}").write_bytes(b"\x00\x05\x16\x07")
            file.write(folder / name, f"take/{name}")
            file.writestr(f"__MACOSX/take/._{name}", b"\x00\x05\x16\x07")
    for path in (folder, tmp_path / "take.zip"):
        assert_array_equal(read_poses(path, fps=30).position[0], poses[..., :2])


def mmpose(pose, score=0.5, **more):
    scores = np.full(len(pose), score).tolist()
    box = {"bbox": [[0, 0, 9, 9]], "bbox_score": 0.9}
    return {"keypoints": pose.tolist(), "keypoint_scores": scores, **box, **more}


NAMES = {str(i): name for i, name in enumerate(COCO)}


@pytest.mark.parametrize(
    "document",
    [
        lambda p: {"meta_info": {}, "instance_info": [
            {"frame_id": i + 1, "instances": [mmpose(p[i])]} for i in (2, 0, 3, 1)]},
        lambda p: [{"frame_id": i, "instances": [mmpose(p[i])]} for i in range(4)],
        lambda p: [[mmpose(x)] for x in p],
        lambda p: {"meta_info": {"keypoint_id2name": NAMES}, "preds": [[mmpose(x)] for x in p]},
        lambda p: {"predictions": [[[mmpose(x)]] for x in p]},
        lambda p: [{"meta_info": {"frame_id": i}, "preds": [mmpose(p[i])]} for i in (3, 2, 1, 0)],
        lambda p: [mmpose(p[i], frame_id=i) for i in (3, 2, 1, 0)],
        lambda p: [{"frame_id": i, "instances": {
            "keypoints": [x.tolist()], "keypoint_scores": [[0.5] * 17]}} for i, x in enumerate(p)],
    ],
)  # fmt: skip
def test_mmpose(tmp_path, dance, document):
    motion = read_poses(save(tmp_path / "take.json", document(dance)), fps=30)
    assert motion.skeleton.name == "coco17"
    assert_array_equal(motion.position[0], dance)
    assert_array_equal(motion.confidence, np.full((1, 4, 17), 0.5))


def test_mmpose_people_of_pictures(tmp_path, dance):
    people = [mmpose(dance[0] / 9), mmpose(dance[0], score=0.7)]
    # One file is one picture, whether the inferencer or the demo wrote it.
    for document in (people, {"meta_info": {}, "instance_info": people}):
        motion = read_poses(save(tmp_path / "one.json", document), fps=30)
        assert_array_equal(motion.position[0], dance[:1])
        assert_array_equal(motion.confidence, np.full((1, 1, 17), 0.7))
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, pose in enumerate(dance):
        save(folder / f"{i:06d}.json", [mmpose(pose / 9), mmpose(pose)] if i != 2 else [])
    motion = read_poses(folder, fps=30)
    assert np.isnan(motion.position[0, 2]).all()
    assert_array_equal(motion.position[0, [0, 1, 3]], dance[[0, 1, 3]])


def test_mmpose_in_three_dimensions_keeps_depth(tmp_path, dance):
    deep = np.concatenate([dance, dance[..., :1] / 1000], axis=2)
    document = [{"frame_id": i, "instances": [mmpose(pose)]} for i, pose in enumerate(deep)]
    assert_array_equal(read_poses(save(tmp_path / "t.json", document), fps=30).position[0], deep)
    document[0]["instances"][0]["keypoint_scores"] = [0.5]
    with pytest.raises(ValueError, match="frame 0, which has 1 keypoint_scores for 17 keypoints"):
        read_poses(save(tmp_path / "t.json", document), fps=30)


def test_joints_without_a_score_stay(tmp_path, dance):
    frames = [[movenet(pose)] for pose in dance]
    frames[1][0]["keypoints"][0]["score"] = None
    del frames[1][0]["keypoints"][1]["score"]
    motion = read_poses(save(tmp_path / "take.json", frames), fps=30, min_confidence=0.2)
    assert_array_equal(motion.position[0], dance)
    assert_array_equal(motion.confidence[0, 1, :3], [np.nan, np.nan, 0.25])


@pytest.mark.parametrize(
    "images",
    [
        lambda ids: [{"id": n, "file_name": f"cam1_{i:04d}_v2.png"} for i, n in enumerate(ids)],
        lambda ids: [
            {"id": n, "file_name": f"f_{i}_png.rf.{7 * n:x}a.jpg"} for i, n in enumerate(ids)
        ],
        lambda ids: [{"id": n, "file_name": "x.png", "frame_id": i} for i, n in enumerate(ids)],
        lambda ids: [{"id": n} for n in sorted(ids)],
    ],
)
def test_coco_images_are_in_the_order_of_their_frames(tmp_path, dance, images):
    ids = [14, 11, 13, 12]
    listed = images(ids)
    at = {image["id"]: i for i, image in enumerate(listed)}
    document = {
        "images": [listed[i] for i in (2, 0, 3, 1)],
        "annotations": [coco_result(n, dance[at[n]]) for n in ids],
    }
    motion = read_poses(save(tmp_path / "instances.json", document), fps=30)
    assert_array_equal(motion.position[0], dance)


@pytest.mark.parametrize(
    "people",
    [
        lambda p: [{"keypoints": np.c_[p, np.full(17, 0.5)].ravel().tolist(), "scores": 2.5}],
        lambda p: {
            "version": "AlphaPose v0.3",
            "bodies": [{"joints": np.c_[p, np.full(17, 0.5)].ravel().tolist()}],
        },
        lambda p: openpose([np.c_[p, np.full(17, 0.5)]]),
    ],
)
def test_alphapose_by_image(tmp_path, dance, people):
    document = {f"{i + 9}.jpg": people(pose) for i, pose in enumerate(dance)}
    motion = read_poses(save(tmp_path / "a.json", dict(reversed(document.items()))), fps=30)
    assert_array_equal(motion.position[0], dance)
    assert_array_equal(motion.confidence, np.full((1, 4, 17), 0.5))


def coco_result(image, pose, score=2.5):
    c = np.full((17, 1), 0.6)
    flat = np.hstack([pose, c]).ravel().tolist()
    return {"image_id": image, "category_id": 1, "keypoints": flat, "score": score}


def test_coco_results_and_alphapose(tmp_path, dance):
    numbers = [3, 4, 12, 10]
    results = [coco_result(n, p) for n, p in zip(numbers, dance)]
    coco = read_poses(save(tmp_path / "coco.json", results), fps=30)
    assert coco.shape == (1, 10, 17, 2)
    assert_array_equal(coco.position[0, [0, 1, 9, 7]], dance)
    assert np.isnan(coco.position[0, 2:7]).all()
    assert coco.confidence[0, 0, 0] == 0.6
    alpha = [{**coco_result(f"{n}.jpg", p), "idx": 1.0} for n, p in zip(numbers, dance)]
    assert_array_equal(
        read_poses(save(tmp_path / "alpha.json", alpha), fps=30).position, coco.position
    )


def test_every_fifth_image_is_a_frame(tmp_path, dance):
    results = [coco_result(f"frame_{5 * n:05d}.jpg", p) for n, p in zip([2, 3, 4, 6], dance)]
    motion = read_poses(save(tmp_path / "coco.json", results), fps=6)
    assert_array_equal(motion.position[0, [0, 1, 2, 4]], dance)
    assert motion.n_frames == 5


def test_coco_annotations_follow_their_images(tmp_path, dance):
    ids = [397133, 37777, 252219, 87038]
    annotations = [coco_result(n, p) for n, p in zip(ids, dance)]
    annotations[0]["keypoints"][2] = 0
    document = {
        "images": [{"id": n} for n in ids],
        "annotations": annotations,
        "categories": [{"keypoints": list(COCO)}],
    }
    motion = read_poses(save(tmp_path / "instances.json", document), fps=30)
    assert np.isnan(motion.position[0, 0, 0]).all()
    assert_array_equal(motion.position[0, 1:], dance[1:])


def landmarks(pose):
    return [
        {"x": float(x), "y": float(y), "z": float(z), "visibility": float(v)} for x, y, z, v in pose
    ]


@pytest.mark.parametrize(
    "frame",
    [
        landmarks,
        lambda pose: pose.tolist(),
        lambda pose: {"pose_landmarks": landmarks(pose), "pose_world_landmarks": landmarks(-pose)},
        lambda pose: {"landmarks": [landmarks(pose)], "worldLandmarks": [landmarks(-pose)]},
    ],
    ids=["objects", "lists", "both", "tasks"],
)
def test_mediapipe(tmp_path, frame):
    poses = np.random.default_rng(3).uniform(0.1, 1, (3, 33, 4))
    poses[..., :2] *= 4
    document = [frame(pose) for pose in poses] + [None]
    path = save(tmp_path / "take.json", document)
    motion = read_poses(path, fps=30)
    assert motion.shape == (1, 4, 33, 2)
    assert motion.skeleton.name == "mediapipe33"
    assert_array_equal(motion.position[0, :3], poses[..., :2])
    assert_array_equal(motion.confidence[0, :3], poses[..., 3])
    assert np.isnan(motion.position[0, 3]).all()
    sign = -1 if isinstance(document[0], dict) else 1
    if sign > 0:
        world = read_poses(path, fps=30, coordinates="world")
        assert_array_equal(world.position[0, :3], poses[..., :3])
    sure = read_poses(path, fps=30, min_confidence=0.5)
    assert_array_equal(sure.seen[0, :3], poses[..., 3] >= 0.5)


def test_shares_of_a_picture_of_unknown_size_are_told(tmp_path):
    poses = np.random.default_rng(3).uniform(0.1, 1, (3, 33, 4))
    path = save(tmp_path / "take.json", [landmarks(pose) for pose in poses])
    with pytest.warns(UserWarning, match=r"shares of the picture's width.*pass image_size="):
        shares = read_poses(path, fps=30)
    pixels = read_poses(path, fps=30, image_size=(1920, 1080))
    assert_allclose(pixels.position, shares.position * [1920, 1080])
    # Metres are not shares, and nor are pixels beyond the picture.
    read_poses(path, fps=30, coordinates="world")
    posenet_in_pixels = save(tmp_path / "b.json", [posenet(p) for p in 100 * poses[:, :17, :2]])
    read_poses(posenet_in_pixels, fps=30)


def test_mediapipe_world_landmarks(tmp_path):
    pose = np.random.default_rng(3).uniform(0.1, 1, (33, 4))
    both = {"pose_landmarks": landmarks(pose), "pose_world_landmarks": landmarks(pose + 1)}
    world = read_poses(save(tmp_path / "a.json", [both]), fps=30, coordinates="world")
    assert_allclose(world.position[0, 0], pose[:, :3] + 1)
    image_only = save(tmp_path / "b.json", [{"pose_landmarks": landmarks(pose)}])
    with pytest.raises(ValueError, match=r"no world landmarks.*coordinates='image'"):
        read_poses(image_only, fps=30, coordinates="world")


def test_frames_may_come_with_their_rate_and_compressed(tmp_path, dance):
    document = {"fps": 12.5, "frames": [[posenet(p)] for p in dance]}
    path = tmp_path / "take.json.gz"
    path.write_bytes(gzip.compress(json.dumps(document).encode()))
    assert read_poses(path).fps == 12.5


def test_an_unknown_rate_is_assumed_aloud(tmp_path, dance):
    path = save(tmp_path / "take.json", [[posenet(p)] for p in dance])
    with pytest.warns(UserWarning, match="frame rate, 30 fps are assumed"):
        assert read_poses(path).fps == 30


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"people": [', "no whole JSON .*line 1.*cut off or damaged"),
        ("[]", "holds no frames"),
        ("[[], [], null]", "nobody"),
        ('{"a": 1}', "keys 'a', none of which names poses"),
        ('["x"]', "text where a pose"),
        ('[{"people": [{"pose_keypoints_2d": [1, 2]}]}]', "2 numbers, expected 3 for each"),
        ('[{"poses": [[["a", "b"]]], "scores": [1]}]', "no numbers"),
        ('{"frameRate": 30, "frames": [{"interpolation": true}]}', "none with a pose"),
        ('{"keypoints": [{"q": 1}]}', "without x and y"),
        ('{"annotations": [{"keypoints": [1, 2, 3]}]}', "damaged or in an unknown variant"),
    ],
)
def test_bad_json_ends_in_a_sentence_with_the_path(tmp_path, text, message):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"expected poses in .*bad\.json.*{message}"):
        read_poses(path)


def test_frames_of_different_layouts_are_refused(tmp_path):
    frames = [openpose([np.ones((25, 3))]), openpose([np.ones((18, 3))])]
    with pytest.raises(ValueError, match="poses of 18 and 25 joints"):
        read_poses(save(tmp_path / "t.json", frames))


def test_a_damaged_frame_in_a_folder_is_named(tmp_path):
    save(tmp_path / "f1.json", openpose([np.ones((18, 3))]))
    (tmp_path / "f2.json").write_text('{"people"')
    with pytest.raises(ValueError, match=r"holds f2\.json, which is no whole JSON"):
        read_poses(tmp_path)
