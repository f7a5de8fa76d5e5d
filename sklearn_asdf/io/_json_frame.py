"""The people in one frame of JSON, in the format of each tracker."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ._take import NotPoses, Person

_CONFIDENCE = ("score", "confidence", "visibility", "likelihood", "presence", "c")
_IMAGE = ("pose_landmarks", "poseLandmarks", "landmarks", "image_landmarks", "landmark")
_WORLD = ("pose_world_landmarks", "poseWorldLandmarks", "worldLandmarks", "world_landmarks")
# What trackers call a person whom they follow; "id" counts only where joints have names (tfjs).
_IDENTITY = ("track_id", "trackId", "tracking_id", "track", "idx", "person_id")
# Keys of MMPose and AlphaPose that hold the people of one frame.
_PEOPLE = ("instances", "instance_info", "preds", "predictions", "pred_instances", "bodies")
_OPENPOSE = {
    "image": ("pose_keypoints_2d", "pose_keypoints"),
    "world": ("pose_keypoints_3d",),
}


def people_of(frame: Any, coordinates: str) -> tuple[list[Person], str]:
    """Return the people in one frame, and the name of the format."""
    if not frame:
        return [], ""
    if isinstance(frame, dict):
        return _people_of_dict(frame, coordinates)
    if not isinstance(frame, list):
        raise NotPoses(f"is {kind_of(frame)} where a pose was expected")
    if is_joint(frame[0]):
        return [_landmarks(frame, coordinates)], "MediaPipe"
    people: list[Person] = []
    kind = ""
    for entry in frame:
        found, found_kind = people_of(entry, coordinates)
        kind = found_kind or kind
        people += found
    return people, kind


def _people_of_dict(frame: dict, coordinates: str) -> tuple[list[Person], str]:
    if "people" in frame:
        people = frame["people"]
        if any(isinstance(p, dict) and "keypoints" in p for p in people or ()):
            return people_of(people, coordinates)
        return _each(people, lambda p: _openpose(p, coordinates)), "OpenPose"
    key = next((key for key in _PEOPLE if key in frame), None)
    if key is not None:
        return people_of(frame[key], coordinates)
    if any(key in frame for keys in _OPENPOSE.values() for key in keys):
        return _each([frame], lambda p: _openpose(p, coordinates)), "OpenPose"
    if any(key in frame for key in _IMAGE + _WORLD):
        wanted = _IMAGE if coordinates == "image" else _WORLD
        found = next((frame[key] for key in wanted if key in frame), None)
        if found is None and not any(key in frame for key in wanted):
            raise NotPoses(
                f"has no {coordinates} landmarks: read it with coordinates="
                f"{'world' if coordinates == 'image' else 'image'!r}"
            )
        return people_of(found, coordinates)[0], "MediaPipe"
    if "poses" in frame:
        poses, scores = frame["poses"], frame.get("scores")
        if isinstance(scores, list) and isinstance(poses, list) and len(scores) == len(poses):
            return _each(list(zip(poses, scores)), lambda p: _runway(*p)), "RunwayML PoseNet"
        return people_of(poses, coordinates)
    if "pose" in frame:
        return people_of(frame["pose"], coordinates)
    key = "keypoints3D" if coordinates == "world" and "keypoints3D" in frame else "keypoints"
    if is_instance(frame):
        return _instance(frame), "MMPose"
    if key in frame:
        if not frame[key]:
            return [], "tfjs"
        person = _keypoints(frame[key], coordinates)
        person.identity = _identity(frame, *(["id"] if person.joints else []))
        return [person], "tfjs"
    if "joints" in frame:
        return people_of({**frame, "keypoints": frame["joints"]}, coordinates)
    raise NotPoses(
        f"has the keys {', '.join(map(repr, list(frame)[:8]))}, none of which names poses "
        "(people, poses, keypoints, landmarks)"
    )


def _identity(person: dict, *more: str) -> Any:
    """Return what the tracker calls a person, or None."""
    return next((person[key] for key in (*_IDENTITY, *more) if person.get(key) is not None), None)


def _openpose(person: dict, coordinates: str) -> Person | None:
    """Return a person, or None for one of whom only hands or a face were found."""
    width = 3 if coordinates == "image" else 4
    flat = next((person[key] for key in _OPENPOSE[coordinates] if person.get(key)), None)
    if flat is None:
        other = "world" if coordinates == "image" else "image"
        if any(person.get(key) for key in _OPENPOSE[other]):
            raise NotPoses(
                f"has a person without {' or '.join(_OPENPOSE[coordinates])}: read it with "
                f"coordinates={other!r}"
            )
        return None
    values = numbers(flat)
    if values.ndim != 1 or len(values) % width:
        raise NotPoses(f"has a person of {values.size} numbers, expected {width} for each joint")
    values = values.reshape(-1, width)
    return Person(values[:, :-1], values[:, -1], identity=_identity(person))


def is_instance(entry: Any) -> bool:
    """Tell whether this is a person as MMPose writes one."""
    return isinstance(entry, dict) and {"keypoints", "keypoint_scores"} <= set(entry)


def _instance(instance: dict) -> list[Person]:
    """MMPose: coordinates in two or three axes, with a list of scores beside them."""
    position = numbers(instance["keypoints"])
    if not position.size:
        return []
    if position.ndim not in (2, 3) or position.shape[-1] not in (2, 3):
        raise NotPoses("has keypoints that are no list of [x, y] or [x, y, z]")
    n_joints = position.shape[-2]
    people = position.reshape(-1, n_joints, position.shape[-1])
    scores = instance["keypoint_scores"]
    values = np.full(people.shape[:2], np.nan) if scores is None else numbers(scores)
    if values.size != people[..., 0].size:
        raise NotPoses(f"has {values.size} keypoint_scores for {people[..., 0].size} keypoints")
    who = _identity(instance)
    names = who if isinstance(who, list) and len(who) == len(people) > 1 else [who] * len(people)
    return [
        Person(pose, score, identity=name)
        for pose, score, name in zip(people, values.reshape(people.shape[:2]), names)
    ]


def _runway(pose: Any, score: Any) -> Person:
    position = numbers(pose)
    if position.ndim != 2 or position.shape[1] < 2:
        raise NotPoses("has a pose that is no list of [x, y]")
    return Person(position[:, :2], np.full(len(position), float(score)))


def _keypoints(joints: Any, coordinates: str) -> Person:
    """tfjs and ml5: a list of named joints, with or without a `position` of their own."""
    if not isinstance(joints, list) or not all(isinstance(j, dict) for j in joints):
        values = numbers(joints)
        if values.ndim == 1 and len(values) % 3 == 0:
            values = values.reshape(-1, 3)
            return Person(values[:, :2], values[:, 2])
        if values.ndim == 2 and values.shape[1] in (2, 3):
            return Person(values[:, :2], values[:, 2] if values.shape[1] == 3 else None)
        raise NotPoses("has keypoints that are neither named joints nor x, y, score")
    names = tuple(snake(j.get("part") or j.get("name") or "") for j in joints)
    person = _landmarks([{**j, **(j.get("position") or {})} for j in joints], coordinates)
    if all(names) and len(set(names)) == len(names):
        person.joints = names
    return person


def _landmarks(joints: list, coordinates: str) -> Person:
    """Dicts of x, y, z, visibility or lists of them; depth is kept in world coordinates."""
    if isinstance(joints[0], dict):
        axes = "xyz" if coordinates == "world" and "z" in joints[0] else "xy"
        try:
            position = numbers([[j[axis] for axis in axes] for j in joints])
        except (KeyError, TypeError) as error:
            raise NotPoses(f"has a joint without {' and '.join(axes)}") from error
        known = (k for k in _CONFIDENCE if any(j.get(k) is not None for j in joints))
        key = next(known, None)
        confidence = None if key is None else numbers([j.get(key) for j in joints])
        return Person(position, confidence)
    values = numbers(joints)
    if values.ndim != 2:
        raise NotPoses("has joints of different length")
    n_axes = 3 if coordinates == "world" and values.shape[1] >= 3 else 2
    return Person(values[:, :n_axes], values[:, 3] if values.shape[1] == 4 else None)


def _each(entries: Any, convert: Callable[[Any], Person | None]) -> list[Person]:
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise NotPoses(f"has {kind_of(entries)} where a list of people was expected")
    people = [convert(entry) for entry in entries if entry]
    return [person for person in people if person is not None]


def is_joint(entry: Any) -> bool:
    if isinstance(entry, dict):
        return "x" in entry and "y" in entry and "keypoints" not in entry
    return (
        isinstance(entry, list)
        and 2 <= len(entry) <= 4
        and all(isinstance(v, (int, float)) for v in entry)
    )


def numbers(values: Any) -> np.ndarray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise NotPoses(
            "has coordinates that are no numbers, or joints of unequal length"
        ) from error


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(name)).replace(" ", "_").lower()


def kind_of(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "text", type(None): "nothing"}.get(
        type(value), f"the value {value!r}"
    )
