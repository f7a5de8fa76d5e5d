"""Drawing of a body: front view, bones with sides, head, and joints without bones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..motion.container import Motion
from ..motion.joint_names import SIDES, body_bones
from ..motion.skeletons import Skeleton

__all__ = ["Body", "front_view", "mean_of_joints"]

# Radius of a head as a share of the trunk, from hips to shoulders (a head is 0.13 of the body's
# height, a trunk 0.29), or, without a trunk, of the height of all joints.
_HEAD_PER_TRUNK = 0.22
_HEAD_PER_HEIGHT = 0.065
_FACE = ("nose", *(f"{side}_{part}" for part in ("eye", "ear") for side in SIDES))


@dataclass(frozen=True)
class Body:
    """The lines to draw between joints with their sides, and the joints of the head.

    Made by :meth:`of`.

    Parameters
    ----------
    bones : tuple of (int, int)
        Pairs of joints to connect. The bones of the face are left out where a head is drawn.
    sides : tuple of str
        Of each bone: ``"left"``, ``"right"`` or ``"middle"``.
    joint_sides : tuple of str
        Of each joint.
    loose : tuple of int
        Joints without bones, which are drawn as points.
    head, neck : tuple of int
        Joints whose mean is the center of the head, and those whose mean is the lower end of the
        neck. Without a known head both are empty; without a line to draw, `neck` is.
    trunk : pair of tuples of int, or None
        Joints of the hips and of the shoulders.
    """

    bones: tuple[tuple[int, int], ...]
    sides: tuple[str, ...]
    joint_sides: tuple[str, ...]
    loose: tuple[int, ...]
    head: tuple[int, ...] = ()
    neck: tuple[int, ...] = ()
    trunk: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    @classmethod
    def of(cls, skeleton: Skeleton | None, n_joints: int) -> Body:
        """Return what to draw of a skeleton; of joints without names, points."""
        if skeleton is None:
            return cls((), (), ("middle",) * n_joints, tuple(range(n_joints)))
        joint_sides = tuple(skeleton.side(name) or "middle" for name in skeleton.joints)
        pairs = skeleton.bones or body_bones(skeleton.find)
        bones = [(skeleton.index(a), skeleton.index(b)) for a, b in pairs]
        face = {skeleton.index(name) for name in _FACE if skeleton.find(name)}
        head = _head_of(skeleton)
        neck: tuple[int, ...] = ()
        if head:
            hidden = face | set(head)
            # A line from the shoulders replaces lines from the ears.
            ears = [b for b in bones if face & set(b) and not set(b) <= face]
            direct = [b for b in bones if set(b) - face and set(head) & set(b)]
            bones = [b for b in bones if not face & set(b)]
            if (ears or not direct) and skeleton.spine:
                neck = tuple(skeleton.indices(skeleton.spine[1]))
        else:
            hidden = set()
        used = {joint for bone in bones for joint in bone}
        trunk = None
        if skeleton.spine is not None:
            low, high = skeleton.spine
            trunk = (tuple(skeleton.indices(low)), tuple(skeleton.indices(high)))
        return cls(
            tuple(bones),
            tuple(_side_of(bone, joint_sides) for bone in bones),
            joint_sides,
            tuple(i for i in range(n_joints) if i not in used | hidden),
            head,
            neck,
            trunk,
        )

    def head_radius(self, plane: np.ndarray) -> float:
        """Return the radius of the head in the unit of positions (..., n_joints, 2)."""
        if self.trunk is not None:
            low, high = (mean_of_joints(plane, joints) for joints in self.trunk)
            length = np.linalg.norm(high - low, axis=-1)
            length = length[np.isfinite(length)]
            # The trunk is as long as where it is seen unbent and from the front.
            if len(length) and np.percentile(length, 90) > 0:
                return _HEAD_PER_TRUNK * float(np.percentile(length, 90))
        seen = plane[..., 1][np.isfinite(plane[..., 1])]
        return _HEAD_PER_HEIGHT * float(np.ptp(seen)) if len(seen) else 0.0

    def lines(self, pose: np.ndarray) -> list[tuple[np.ndarray, str]]:
        """Return the lines to draw of one pose (n_joints, 2) with their sides; seen ones only."""
        lines = [(pose[list(bone)], side) for bone, side in zip(self.bones, self.sides)]
        if self.neck:
            ends = [mean_of_joints(pose, joints) for joints in (self.neck, self.head)]
            lines.append((np.array(ends), "middle"))
        return [(line, side) for line, side in lines if np.isfinite(line).all()]

    def points(self, pose: np.ndarray) -> np.ndarray:
        """Return the joints to draw as points, (n_points, 2); seen ones only."""
        points = pose[list(self.loose)]
        return points[np.isfinite(points).all(axis=-1)]

    def draw(
        self,
        ax: Any,
        pose: np.ndarray,
        *,
        radius: tuple[float, float],
        color: str | None = None,
        linewidth: float = 1.5,
    ) -> None:
        """Draw one pose into matplotlib axes, in one color or in those of the sides.

        The head's `radius` is in the units of both axes.
        """
        from matplotlib.collections import LineCollection
        from matplotlib.patches import Ellipse

        from ._colors import SIDES as COLORS

        lines = self.lines(pose)
        ax.add_collection(
            LineCollection(
                [line for line, _ in lines],
                colors=[color or COLORS[side] for _, side in lines],
                linewidths=linewidth,
                capstyle="round",
            ),
            autolim=False,
        )
        color = color or COLORS["middle"]
        if len(points := self.points(pose)):
            ax.plot(*points.T, ".", color=color, markersize=3)
        if self.head and np.isfinite(center := mean_of_joints(pose, self.head)).all():
            head = Ellipse(
                (float(center[0]), float(center[1])),
                2 * radius[0],
                2 * radius[1],
                color=color,
                linewidth=0,
            )
            ax.add_patch(head)


def mean_of_joints(position: np.ndarray, joints: Sequence[int]) -> np.ndarray:
    """Return the mean (..., n_axes) of those of some joints that are seen; NaN where none is."""
    some = position[..., list(joints), :]
    seen = np.isfinite(some).all(axis=-1, keepdims=True)
    count = seen.sum(axis=-2)
    total = np.where(seen, some, 0.0).sum(axis=-2)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def front_view(motion: Motion) -> np.ndarray:
    """Return positions (n_clips, n_frames, n_joints, 2), the second axis pointing up.

    The axis on which the head and the ankles lie farthest apart is upright. Of the other axes of
    three, the one is taken on which left and right lie farther apart. Joints without such names
    are taken as in a picture (two axes, y pointing down) or as in most motion capture (three axes,
    y pointing up). One axis is drawn upright.
    """
    position = np.asarray(motion.position, dtype=float)
    if motion.n_axes == 1:
        return np.concatenate([np.zeros_like(position), position], axis=-1)
    up, sign = 1, 1.0 if motion.n_axes == 3 else -1.0
    skeleton = motion.skeleton
    ends = _ends(skeleton) if skeleton is not None else None
    if ends is not None:
        rise = _mean_difference(position, *ends)
        if np.isfinite(rise).all() and rise.any():
            # An image has no other axis to stand on.
            up = 1 if motion.n_axes == 2 else int(np.argmax(np.abs(rise)))
            sign = float(np.sign(rise[up])) or sign
    across = [axis for axis in range(motion.n_axes) if axis != up]
    if len(across) == 2 and skeleton is not None:
        pairs = [tuple(skeleton.indices(pair)) for pair in skeleton.left_right]
        if pairs:
            left, right = map(list, zip(*pairs))
            apart = np.abs(position[..., left, :] - position[..., right, :])[..., across]
            apart = apart[np.isfinite(apart).all(axis=-1)]
            if len(apart) and apart[:, 1].mean() > apart[:, 0].mean():
                across = across[::-1]
    return np.stack([position[..., across[0]], sign * position[..., up]], axis=-1)


def _side_of(bone: tuple[int, int], joint_sides: Sequence[str]) -> str:
    sides = {joint_sides[joint] for joint in bone}
    return sides.pop() if len(sides) == 1 else "middle"


def _head_of(skeleton: Skeleton) -> tuple[int, ...]:
    """Return the joints whose mean is the center of the head."""
    ears = [skeleton.find(f"{side}_ear") for side in SIDES]
    if None not in ears:
        return tuple(skeleton.index(name) for name in ears if name is not None)
    name = skeleton.find("head") or skeleton.find("nose")
    return () if name is None else (skeleton.index(name),)


def _ends(skeleton: Skeleton) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return joints at the top of the body and at its bottom."""
    top = _head_of(skeleton) or _known(skeleton, "neck") or _pair(skeleton, "shoulder")
    low = _pair(skeleton, "ankle") or _pair(skeleton, "knee") or _pair(skeleton, "hip")
    low = low or _known(skeleton, "pelvis")
    return (top, low) if top and low else None


def _known(skeleton: Skeleton, *names: str) -> tuple[int, ...]:
    return tuple(skeleton.index(name) for name in names if skeleton.find(name))


def _pair(skeleton: Skeleton, part: str) -> tuple[int, ...]:
    return _known(skeleton, *(f"{side}_{part}" for side in SIDES))


def _mean_difference(position: np.ndarray, a: Sequence[int], b: Sequence[int]) -> np.ndarray:
    difference = mean_of_joints(position, a) - mean_of_joints(position, b)
    difference = difference[np.isfinite(difference).all(axis=-1)]
    return difference.mean(axis=0) if len(difference) else np.full(position.shape[-1], np.nan)
