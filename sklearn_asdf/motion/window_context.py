"""WindowContext: the clips and windows that groups of features are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..functional import geometry, lma
from ..functional.frames import fill_curves
from ..functional.kinematics import magnitude
from ..functional.periodicity import kinematic_beats
from ..functional.windows import reduce_windows
from .container import Motion

__all__ = ["PARTS", "Columns", "WindowContext"]

Columns = dict[str, np.ndarray]
# Parts of the body that are described apart, and their joints.
PARTS = {
    "head": ("head",),
    "hips": ("left_hip", "right_hip"),
    "hands": ("left_wrist", "right_wrist"),
    "feet": ("left_ankle", "right_ankle"),
}


@dataclass
class WindowContext:
    """Clips, their windows, and curves that several groups need, computed once on demand.

    Parameters
    ----------
    motion : Motion
        With velocity, acceleration, jerk and curvature.
    start, stop : ndarray of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last.
    weights : dict of str to ndarray of shape (n_joints,)
        Weight of each joint in each of eqs. 2 to 6.
    space : str
        Form of eq. 4: "directness" or "path_ratio".
    up : str or None
        Axis that points up, with a sign; None finds it.
    """

    motion: Motion
    start: np.ndarray
    stop: np.ndarray
    weights: dict[str, np.ndarray]
    space: str
    up: str | None

    def kinematics(self, name: str) -> np.ndarray:
        """Velocity, acceleration, jerk or curvature of the motion."""
        array: Any = getattr(self.motion, name)
        return array

    @cached_property
    def uniform(self) -> np.ndarray:
        """Equal weights of all joints."""
        return np.full(self.motion.n_joints, 1 / self.motion.n_joints)

    @cached_property
    def rounding(self) -> np.ndarray:
        """Largest rounding error of a coordinate in each clip, (n_clips, 1)."""
        largest = np.nan_to_num(np.abs(self.motion.position)).max(axis=(1, 2, 3))
        return 64 * np.finfo(self.motion.dtype).eps * largest.astype(float)[:, None]

    @cached_property
    def speed(self) -> np.ndarray:
        """Speed of each joint, (n_clips, n_frames, n_joints)."""
        return np.asarray(magnitude(self.kinematics("velocity")), dtype=float)

    def curve(self, values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """Weighted mean over joints, interpolated where none was seen, (n_clips, n_frames)."""
        weights = self.uniform if weights is None else weights
        values = np.asarray(values, dtype=float)
        nothing = np.isnan(values[..., weights > 0]).all(axis=-1)
        curve = lma.weighted_over_joints(values, weights)
        return fill_curves(np.where(nothing, np.nan, curve)) if nothing.any() else curve

    def mean_length(self, name: str, weights: np.ndarray, *, squared: bool = False) -> np.ndarray:
        """Weighted mean of the lengths of a derivative, as :meth:`curve`, (n_clips, n_frames)."""
        mean = lma.mean_length(self.kinematics(name), weights, squared=squared, missing=False)
        if not np.isnan(mean).any():
            return mean
        lengths = magnitude(self.kinematics(name))
        return self.curve(lengths**2 if squared else lengths, weights)

    @cached_property
    def activity(self) -> np.ndarray:
        """Mean speed of all joints, (n_clips, n_frames)."""
        return self.mean_length("velocity", self.uniform)

    @cached_property
    def beat(self) -> np.ndarray:
        """Cosine of the phase of the beat, (n_clips, n_frames): kinematic beats by default."""
        if self.motion.beat is not None:
            return np.asarray(self.motion.beat, dtype=float)
        return kinematic_beats(self.activity, fps=self.motion.fps, lengths=self.motion.lengths)

    @cached_property
    def acceleration(self) -> np.ndarray:
        """Mean magnitude of acceleration, with the weights of Time, (n_clips, n_frames)."""
        return self.mean_length("acceleration", self.weights["time"])

    @cached_property
    def jerk(self) -> np.ndarray:
        """Mean magnitude of jerk, with the weights of Flow, (n_clips, n_frames)."""
        return self.mean_length("jerk", self.weights["flow"])

    @cached_property
    def masses(self) -> np.ndarray:
        """Share of the body's mass at each joint."""
        skeleton = self.motion.skeleton
        return self.uniform if skeleton is None else skeleton.masses

    @cached_property
    def energy(self) -> np.ndarray:
        """Kinetic energy by body mass, (n_clips, n_frames)."""
        return 0.5 * self.mean_length("velocity", self.masses, squared=True)

    @cached_property
    def body(self) -> np.ndarray:
        """Positions, stored joint by joint, which makes reductions over joints faster."""
        position = np.moveaxis(self.motion.position, (-1, -2), (0, 1))
        return np.moveaxis(np.ascontiguousarray(position, dtype=float), (0, 1), (-1, -2))

    @cached_property
    def bodies(self) -> geometry.Bodies:
        """Positions as the functions of form take them."""
        return geometry.Bodies.of(self.body)

    def places(self, joints: tuple[str, ...]) -> list[int]:
        """Places of joints in the skeleton; none if it lacks one of them."""
        skeleton = self.motion.skeleton
        if skeleton is None or any(skeleton.find(joint) is None for joint in joints):
            return []
        return [skeleton.index(joint) for joint in joints]

    def joint(self, *names: str) -> np.ndarray | None:
        """Positions of the mean of joints, (n_clips, n_frames, n_axes), or None."""
        skeleton = self.motion.skeleton
        if skeleton is None or any(skeleton.find(name) is None for name in names):
            return None
        places = [self.body[:, :, skeleton.index(name)] for name in names]
        return sum(places[1:], start=places[0]) / len(places)

    def pair(self, part: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Positions of the left and the right one of a pair of joints, or None."""
        left, right = self.joint(f"left_{part}"), self.joint(f"right_{part}")
        return None if left is None or right is None else (left, right)

    @cached_property
    def hips(self) -> np.ndarray:
        """Center of the hips, or of all joints, (n_clips, n_frames, n_axes), interpolated."""
        skeleton = self.motion.skeleton
        spine = None if skeleton is None else skeleton.spine
        center = None if spine is None else self.joint(*spine[0])
        if center is None:
            axes = range(self.motion.n_axes)
            position = self.motion.position
            center = np.stack([self.curve(position[..., a]) for a in axes], axis=-1)
        return np.moveaxis(fill_curves(np.moveaxis(center, 1, -1)), -1, 1)

    @cached_property
    def upward(self) -> np.ndarray:
        """Unit vector that points up in each clip, (n_clips, n_axes)."""
        n_axes = self.motion.n_axes
        upward = np.zeros((self.motion.n_clips, n_axes))
        if self.up is not None:
            upward[:, min("xyz".index(self.up[-1]), n_axes - 1)] = -1 if self.up[0] == "-" else 1
            return upward
        head = self.joint("head")
        feet = self.joint("left_ankle", "right_ankle")
        if feet is None:
            feet = self.hips
        usual = min(1, n_axes - 1)
        if head is None:
            upward[:, usual] = 1
            return upward
        along = np.nan_to_num(head - feet).sum(axis=1)
        axis = np.abs(along).argmax(axis=1)
        sign = np.sign(np.take_along_axis(along, axis[:, None], axis=1)[:, 0])
        axis = np.where(sign == 0, usual, axis)
        upward[np.arange(len(axis)), axis] = np.where(sign == 0, 1, sign)
        return upward

    @cached_property
    def vertical_axis(self) -> np.ndarray:
        """Vertical axis of each clip, (n_clips,)."""
        return np.abs(self.upward).argmax(axis=1)

    def height(self, point: np.ndarray) -> np.ndarray:
        """Height of points, (n_clips, n_frames) from (n_clips, n_frames, n_axes)."""
        return (point * self.upward[:, None]).sum(axis=-1)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Mean of the known values of each window, (n_clips, n_windows)."""
        return lma.mean_of_windows(values, self.start, self.stop)

    def reduce(self, values: np.ndarray, how: str) -> np.ndarray:
        """Sum, largest or smallest of each window, (n_clips, n_windows)."""
        return reduce_windows(values, self.start, self.stop, how=how)

    @cached_property
    def sides(self) -> np.ndarray:
        """Sides of the box around the body in each frame, (n_clips, n_frames, n_axes)."""
        return geometry.extent(self.bodies)

    @cached_property
    def size(self) -> Columns:
        """Height, width and spread of the body in each frame, (n_clips, n_frames)."""
        vertical = self.vertical_axis[:, None, None]
        across = np.arange(self.sides.shape[-1]) != vertical
        return {
            "height": (self.sides * ~across).sum(axis=-1),
            "width": magnitude(self.sides * across),
            "spread": geometry.spread(self.bodies),
        }

    @cached_property
    def form(self) -> Columns:
        """Hull area, contraction and sphericity in each frame, (n_clips, n_frames)."""
        sides = self.sides
        n_axes = self.motion.n_axes
        if n_axes < 2 or self.motion.n_joints < 3:
            return {}
        hull = geometry.convex_hull_area(self.bodies)
        pairs = [(i, j) for i in range(n_axes) for j in range(i)]
        box = sum(sides[..., i] * sides[..., j] for i, j in pairs) / len(pairs)
        filled = np.divide(hull, box, out=np.zeros_like(hull), where=box > 0)
        return {
            "hull_area": hull,
            "contraction": np.where(np.isnan(hull), hull, filled),
            "sphericity": geometry.sphericity(self.bodies),
        }
