"""Poses in JSON: ASDF batches, RunwayML, tfjs and ml5, OpenPose, MMPose, COCO, AlphaPose, ...

`people_of` reads one frame; here the frames are found and put in order, with what the file says
about all of them.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import numpy as np

from ._json_frame import is_instance, is_joint, kind_of, numbers, people_of, snake
from ._limits import check_shape
from ._order import frame_numbers, place_by_number
from ._take import NotPoses, Person, Take, gather, single

COCO17 = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip


def parse_json(text: str, *, coordinates: str = "image") -> Take:
    """Return the take that one JSON document holds."""
    try:
        document = _decode(text)
    except json.JSONDecodeError as error:
        raise NotPoses(
            f"is no whole JSON ({error.msg} at line {error.lineno}, column {error.colno}): it is "
            "cut off or damaged, so export it again"
        ) from error
    return take_of(document, coordinates=coordinates)


def parse_json_folder(texts: dict[str, str], *, coordinates: str = "image") -> Take:
    """Return the take whose frames are one JSON document each, ordered by number in the name."""
    frames, kinds = [], set()
    for name, text in texts.items():
        try:
            people, kind = people_of(_decode(text), coordinates)
        except json.JSONDecodeError as error:
            raise NotPoses(
                f"holds {name}, which is no whole JSON ({error.msg} at line {error.lineno}): it "
                "is cut off or damaged, so export it again or remove it"
            ) from error
        except NotPoses as error:
            raise NotPoses(f"holds {name}, which {error}") from error
        frames.append(people)
        kinds.add(kind)
    kinds.discard("")
    if len(kinds) > 1:
        raise NotPoses(f"holds frames of several formats ({', '.join(sorted(kinds))})")
    order = frame_numbers(re.sub(r"\.json.*$", "", name) for name in texts)
    kind = kinds.pop() if kinds else "JSON frames"
    # Trackers write a file for every frame: where the numbers begin is where the take does.
    return _finish(place_by_number(frames, order)[0], format=kind)


# Under these keys a document lists its frames, or the people of a single frame.
_FRAMES = ("frames", "instance_info", "preds", "predictions")
_FRAME_NUMBER = ("frame_id", "frame_idx", "frame_index", "frame_number", "frame")


def _decode(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise NotPoses("is JSON of lists within lists, nested far too deep") from None


def take_of(document: Any, *, coordinates: str = "image") -> Take:
    """Return the take of a decoded JSON document."""
    fps, names = None, None
    if isinstance(document, dict):
        if "annotations" in document:
            return _coco(document["annotations"], document)
        for key in ("fps", "frameRate", "frame_rate", "framerate"):
            if isinstance(document.get(key), (int, float)) and document[key] > 0:
                fps = float(document[key])
                break
        names = _names_of(document.get("meta_info"))
        listed = [document[key] for key in _FRAMES if isinstance(document.get(key), list)]
        if listed:
            frames = listed[0]
            if any(isinstance(f, dict) and "interpolation" in f for f in frames):
                return _asdf(frames, fps)
            document = frames
        elif _is_by_image(document):
            return _by_image(document, coordinates)
        else:
            document = [document]
    if not isinstance(document, list):
        raise NotPoses(f"holds {kind_of(document)} where poses were expected")
    if not document:
        raise NotPoses("holds no frames")
    first = next((entry for entry in document if entry), None)
    if isinstance(first, dict) and "image_id" in first and "keypoints" in first:
        return _coco(document, {})
    order = [_number_of(entry) for entry in document]
    # Lists of landmarks, of coordinates and of MMPose's instances are one frame.
    if is_joint(first) or (is_instance(first) and None in order):
        document, order = [document], [None]
    frames, kinds = [], set()
    for i, entry in enumerate(document):
        try:
            people, kind = people_of(entry, coordinates)
        except NotPoses as error:
            raise NotPoses(f"holds frame {i}, which {error}") from error
        frames.append(people)
        kinds.add(kind)
    kinds.discard("")
    for person in (person for people in frames for person in people):
        if person.joints is None and names and len(names) == len(person.position):
            person.joints = names
    if None not in order and (len(set(order)) > 1 or len(order) == 1):
        frames, order = _joined_frames(frames, order)
        frames = place_by_number(frames, order)[0]
    return _finish(frames, format=kinds.pop() if len(kinds) == 1 else "JSON frames", fps=fps)


def _number_of(frame: Any) -> int | None:
    """Return the number that a frame gives itself."""
    if not isinstance(frame, dict):
        return None
    about = frame.get("meta_info")
    for place in (frame, about if isinstance(about, dict) else {}):
        for key in _FRAME_NUMBER:
            if isinstance(place.get(key), int):
                return place[key]
    return None


def _joined_frames(frames: list, order: list) -> tuple[list, list]:
    """Join entries of one frame, as where each person has an entry."""
    joined: dict[Any, list[Person]] = {}
    for people, number in zip(frames, order):
        joined.setdefault(number, []).extend(people)
    return list(joined.values()), list(joined)


def _names_of(about: Any) -> tuple[str, ...] | None:
    """Return the names of MMPose's keypoints, if the file has them."""
    names = about.get("keypoint_id2name") if isinstance(about, dict) else None
    if not isinstance(names, dict) or not all(str(key).isdecimal() for key in names):
        return None
    return tuple(snake(names[key]) for key in sorted(names, key=int))


def _is_by_image(document: dict) -> bool:
    """Tell whether a document maps names of images to people, as AlphaPose's PoseFlow does."""
    return all(
        isinstance(people, (list, dict)) and re.search(r"\d", name)
        for name, people in document.items()
    ) and bool(document)


def _by_image(document: dict, coordinates: str) -> Take:
    frames, kinds = [], set()
    for name, entry in document.items():
        try:
            people, kind = people_of(entry, coordinates)
        except NotPoses as error:
            raise NotPoses(f"holds {name!r}, which {error}") from error
        frames.append(people)
        kinds.add(kind)
    placed, first = place_by_number(frames, frame_numbers(document))
    kinds.discard("")
    return _finish(placed, first=first, format=kinds.pop() if len(kinds) == 1 else "JSON frames")


def _asdf(frames: list, fps: float | None) -> Take:
    """The paper's batches: interpolated and score-0 frames hold no pose that was seen."""
    mask = np.array(
        [bool(not f.get("interpolation") and f.get("score") and f.get("data")) for f in frames]
    )
    seen = [frame for frame, has_pose in zip(frames, mask) if has_pose]
    if not seen:
        raise NotPoses(f"holds {len(frames)} frame(s) of an ASDF batch, none with a pose")
    counts = sorted({len(f["data"]) for f in seen})
    if len(counts) > 1:
        raise NotPoses(f"holds poses of {' and '.join(map(str, counts))} joints")
    frame_numbers = [f.get("framRel", f.get("frameRel")) for f in frames]
    known = all(isinstance(n, int) for n in frame_numbers)
    ordered = known and all(b > a for a, b in itertools.pairwise(frame_numbers))
    at = np.array(frame_numbers) - frame_numbers[0] if ordered else np.arange(len(frames))
    if at[-1] >= 10 * len(frames) + 1000:
        at = np.arange(len(frames))
    values = numbers([f["data"] for f in seen])
    if values.ndim != 3 or values.shape[2] < 2:
        raise NotPoses("holds an ASDF batch whose data is no list of [x, y]")
    check_shape((int(at[-1]) + 1, counts[0], 2), values.size, "an array of poses")
    position = np.full((at[-1] + 1, counts[0], 2), np.nan)
    confidence = np.zeros(position.shape[:2])
    position[at[mask]] = values[..., :2]
    confidence[at[mask]] = numbers([f["score"] for f in seen])[:, None]
    skeleton = "coco17" if counts[0] == 17 else None
    return single(position, confidence, fps=fps, skeleton=skeleton, format="ASDF frame batch")


def _coco(entries: list, document: dict) -> Take:
    """COCO results, COCO annotations and AlphaPose: people with the image they are in."""
    images = {image["id"]: image for image in document.get("images", ())}
    categories = [c for c in document.get("categories") or () if c.get("keypoints")] or [{}]
    names = tuple(snake(name) for name in categories[0].get("keypoints", ())) or None
    frames: dict[Any, list[Person]] = {image: [] for image in images}
    for entry in entries:
        if not entry.get("keypoints"):
            continue
        values = numbers(entry["keypoints"])
        if values.size % 3:
            raise NotPoses(f"has keypoints of {values.size} numbers, expected x, y, c a joint")
        values = values.reshape(-1, 3)
        # The "id" of an annotation is not that of a person.
        both = [entry, entry.get("attributes") or {}]
        ids = [part.get(key) for part in both for key in ("track_id", "idx")]
        who = next((value for value in ids if value is not None), None)
        person = Person(values[:, :2], values[:, 2], names, who)
        frames.setdefault(entry["image_id"], []).append(person)
    order = _image_numbers(images) if images else frame_numbers(frames)
    order += [None] * (len(frames) - len(order))
    placed, first = place_by_number(list(frames.values()), order)
    # Results leave out images without people; annotations list all images.
    return _finish(placed, first=0 if images else first, format="COCO keypoints")


def _image_numbers(images: dict[Any, dict]) -> list[int | None]:
    """Return the place in time of each image of a COCO document."""
    for key in _FRAME_NUMBER:
        if all(isinstance(image.get(key), int) for image in images.values()):
            return [image[key] for image in images.values()]
    if all(image.get("file_name") for image in images.values()):
        found = frame_numbers(image["file_name"] for image in images.values())
        if None not in found and len(set(found)) == len(found):
            return found
    listed: list[int | None] = list(range(len(images)))
    if not all(isinstance(image, int) for image in images):
        return listed
    # Ids of a collection of photographs are spread wide, and their order means nothing.
    spread = max(images) - min(images)
    return list(images) if spread < 10 * len(images) + 1000 else listed


def _finish(frames: list, **known: Any) -> Take:
    people = [person for frame in frames for person in frame]
    named = {joint for p in people if p.joints is not None for joint in p.joints}
    if named and named <= set(COCO17):
        return gather(frames, names=COCO17, skeleton="coco17", **known)
    layouts = {17: "coco17", 18: "openpose18", 25: "openpose25", 33: "mediapipe33"}
    skeleton = None if named or not people else layouts.get(len(people[0].position))
    return gather(frames, skeleton=skeleton, **known)
