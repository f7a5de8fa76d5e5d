"""Skeleton: joints with bones, limbs, spine, left and right, and masses.

All registered skeletons share one vocabulary (``left_wrist``, ``right_hip``, ``neck``, ...), so a
weight given by name refers to the same joint for any tracker. Names of other sources, such as BVH
files, are found by :meth:`Skeleton.find`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from .._validation import did_you_mean, raise_all
from .joint_names import SIDES, places_of, plain, spelled

__all__ = ["Segment", "Skeleton"]

# Share of the body's mass, place of the center of mass between the two ends (from the first), and
# length as a share of the body's height: means of the women's and men's values of de Leva (1996),
# table 4. The lengths of heads, hands and feet depend on where a tracker puts their ends.
_SEGMENTS: dict[str, tuple[float, float, float | None, str, str]] = {
    "head": (0.06810, 0.0, None, "head", "head"),
    "trunk": (0.43015, 0.4046, 0.2915, "shoulders", "hips"),
    "upper_arm": (0.02630, 0.5763, 0.1602, "shoulder", "elbow"),
    "forearm": (0.01500, 0.4567, 0.1534, "elbow", "wrist"),
    "hand": (0.00585, 0.5, None, "wrist", "hand"),
    "thigh": (0.14470, 0.3854, 0.2275, "hip", "knee"),
    "shank": (0.04570, 0.4374, 0.2529, "knee", "ankle"),
    "foot": (0.01330, 0.5, None, "ankle", "toe"),
}

_LIMBS = (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))


@dataclass(frozen=True)
class Segment:
    """A part of the body between two joints, or two centers of joints.

    Parameters
    ----------
    name : str
        ``"trunk"``, ``"left_thigh"``, ...
    proximal, distal : tuple of str
        The joints whose mean is the upper and the lower end.
    mass : float
        Share of the body's mass, in [0, 1].
    center : float
        Position of the center of mass, from 0 (proximal end) to 1 (distal end).
    length : float or None, default=None
        Share of the body's height, if it is known.

    Examples
    --------
    >>> from sklearn_asdf.motion.skeletons import get_skeleton
    >>> [s.mass for s in get_skeleton("coco17").segments if s.name == "left_thigh"]
    [0.1447]
    """

    name: str
    proximal: tuple[str, ...]
    distal: tuple[str, ...]
    mass: float
    center: float
    length: float | None = None


@dataclass(frozen=True)
class Skeleton:
    """Names of joints, and the bones between them.

    Parameters
    ----------
    joints : sequence of str
        One name per joint, in the order of the joints axis.
    bones : sequence of (str, str), default=()
        Pairs of joints that a bone connects, for figures and body size.
    name : str or None, default=None
        The name in the registry, if the skeleton is registered.

    Attributes
    ----------
    limb_bones : tuple of (str, str)
        The bones whose angles are used for keyframes: shoulder-elbow, elbow-wrist, hip-knee and
        knee-ankle, left and right, if the skeleton has any of them, else all its bones.
    spine : pair of tuples of str, or None
        The joints whose mean is the center of the hips, and those whose mean is the center of the
        shoulders; None if the skeleton has no such joints.
    left_right : tuple of (str, str)
        Each joint on the left with its counterpart on the right.
    segments : tuple of Segment
        Parts of the body with their shares of its mass and height.
    masses : ndarray of shape (n_joints,)
        Share of the body's mass at each joint, with sum 1: ``masses @ position`` is the center of
        mass.

    Notes
    -----
    Masses are the means of the women's and men's values of de Leva [1]_; a segment's mass is shared
    between its two ends so that their weighted mean is the segment's center of mass. Segments with
    no joints are left out and the others scaled to 1; a skeleton with no known limbs has equal
    masses.

    References
    ----------
    .. [1] P. de Leva, "Adjustments to Zatsiorsky-Seluyanov's segment inertia parameters", Journal
       of Biomechanics 29(9), 1996.

    Examples
    --------
    >>> from sklearn_asdf import Skeleton
    >>> arm = Skeleton(["r_shoulder", "r_elbow", "r_wrist"],
    ...                [("r_shoulder", "r_elbow"), ("r_elbow", "r_wrist")])
    >>> arm.limb_bones
    (('r_shoulder', 'r_elbow'), ('r_elbow', 'r_wrist'))
    >>> arm.index("right_wrist")
    2
    """

    joints: tuple[str, ...]
    bones: tuple[tuple[str, str], ...] = ()
    name: str | None = None

    def __init__(
        self,
        joints: Sequence[str],
        bones: Iterable[Sequence[str]] = (),
        *,
        name: str | None = None,
    ) -> None:
        if isinstance(joints, str):
            raise TypeError(f"expected a sequence of joint names, got the string {joints!r}")
        names, pairs = tuple(joints), tuple(tuple(bone) for bone in bones)
        problems = []
        if not names or not all(isinstance(j, str) and j for j in names):
            problems.append(f"expected at least one joint, each with a name, got {names!r}")
        double = sorted((j for j, n in Counter(names).items() if n > 1), key=str)
        if double:
            problems.append(
                f"expected each joint name once, got {', '.join(map(str, double))} twice"
            )
        known = set(names)
        for pair in pairs:
            unknown = [j for j in pair if j not in known]
            if len(pair) != 2:
                problems.append(f"expected a bone to be a pair of joint names, got {pair!r}")
            elif unknown:
                problems.append(
                    f"expected bones between joints of the skeleton, got {pair!r}: there is no "
                    f"joint {unknown[0]!r}.{did_you_mean(unknown[0], names)}"
                )
        raise_all(problems)
        object.__setattr__(self, "joints", names)
        object.__setattr__(self, "bones", pairs)
        object.__setattr__(self, "name", name)

    def __len__(self) -> int:
        return len(self.joints)

    def __repr__(self) -> str:
        if self.name is not None:
            return f"get_skeleton({self.name!r})"
        return f"Skeleton({len(self.joints)} joints, {len(self.bones)} bones)"

    def __getstate__(self) -> dict[str, Any]:
        # Without cached properties: joblib must hash equal skeletons alike.
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @cached_property
    def _spelled(self) -> list[str]:
        """Names of the joints in one spelling, ``left_fore_arm``."""
        return spelled(self.joints)

    @cached_property
    def _places(self) -> dict[str, int]:
        """Index of each name by which a joint can be found."""
        return places_of(self.joints)

    def find(self, name: str) -> str | None:
        """Return the joint of this skeleton that `name` refers to.

        Parameters
        ----------
        name : str
            A joint's own name, another spelling of it, or a name of the shared vocabulary.

        Returns
        -------
        str or None
            The joint's own name; None if there is no such joint.

        Examples
        --------
        >>> from sklearn_asdf import Skeleton
        >>> Skeleton(["Hips", "LeftForeArm"]).find("left_elbow")
        'LeftForeArm'
        """
        place = self._place(name)
        return None if place is None else self.joints[place]

    def _place(self, name: str) -> int | None:
        # Other spellings are understood, but at a cost.
        place = self._places.get(name)
        return self._places.get(plain(name)) if place is None else place

    def index(self, name: str) -> int:
        """Return the index of a joint on the joints axis.

        Parameters
        ----------
        name : str
            As for :meth:`find`.

        Returns
        -------
        int
            The index.

        Examples
        --------
        >>> from sklearn_asdf.motion.skeletons import get_skeleton
        >>> get_skeleton("coco17").index("left_wrist")
        9
        """
        place = self._place(name)
        if place is None:
            raise ValueError(
                f"expected a joint of the skeleton, got {name!r}."
                f"{did_you_mean(name, self.joints)} Its joints are {', '.join(self.joints)}"
            )
        return place

    def side(self, joint: str) -> str | None:
        """Return the side of the body of a joint.

        Parameters
        ----------
        joint : str
            As for :meth:`find`.

        Returns
        -------
        {"left", "right"} or None
            None for the middle of the body, and if the name has no side.

        Examples
        --------
        >>> from sklearn_asdf import Skeleton
        >>> Skeleton(["Hips", "LeftUpLeg", "RKNE"]).side("RKNE")
        'right'
        """
        side = self._spelled[self.index(joint)].partition("_")[0]
        return side if side in SIDES else None

    def indices(self, names: Any) -> np.ndarray:
        """Return the indices of joints, nested as `names` is.

        Parameters
        ----------
        names : (nested) sequence of str
            Joints, pairs of joints, ...

        Returns
        -------
        ndarray of int
            One index per name.

        Examples
        --------
        >>> from sklearn_asdf.motion.skeletons import get_skeleton
        >>> skeleton = get_skeleton("coco17")
        >>> skeleton.indices(skeleton.limb_bones).shape
        (8, 2)
        """
        if isinstance(names, str):
            return np.asarray(self.index(names))
        return np.asarray([self.indices(n) for n in names], dtype=np.intp)

    def _known(self, *names: str) -> tuple[str, ...]:
        found = [self.find(n) for n in names]
        return tuple(dict.fromkeys(f for f in found if f is not None))

    def _both(self, part: str) -> tuple[str, ...]:
        pair = self._known(f"left_{part}", f"right_{part}")
        return pair if len(pair) == 2 else ()

    @cached_property
    def limb_bones(self) -> tuple[tuple[str, str], ...]:
        pairs = (
            self._known(f"{side}_{upper}", f"{side}_{lower}")
            for upper, lower in _LIMBS
            for side in SIDES
        )
        return tuple((p[0], p[1]) for p in pairs if len(p) == 2) or self.bones

    @cached_property
    def spine(self) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        low = self._both("hip") or self._known("pelvis")
        high = self._both("shoulder") or self._known("neck") or self._known("head")
        return (low, high) if low and high and low != high else None

    @cached_property
    def left_right(self) -> tuple[tuple[str, str], ...]:
        plain = dict(zip(self._spelled, self.joints))
        return tuple(
            (joint, plain["right" + name[4:]])
            for name, joint in plain.items()
            if name.startswith("left_") and "right" + name[4:] in plain
        )

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        shoulders = self._both("shoulder") or self._known("neck")
        hips = self._both("hip") or self._known("pelvis")
        ears = self._both("ear")
        head = ears or self._known("head")
        found = []
        if head:
            found.append(Segment("head", head, head, *_SEGMENTS["head"][:3]))
        if shoulders and hips:
            found.append(Segment("trunk", shoulders, hips, *_SEGMENTS["trunk"][:3]))
        for side in SIDES:
            for name, (mass, mid, length, upper, lower) in list(_SEGMENTS.items())[2:]:
                high = self._known(f"{side}_{upper}")
                low = self._known(f"{side}_{lower}") or (high if name in ("hand", "foot") else ())
                if high and low:
                    found.append(Segment(f"{side}_{name}", high, low, mass, mid, length))
        return tuple(found)

    @cached_property
    def masses(self) -> np.ndarray:
        masses = np.zeros(len(self.joints))
        for s in self.segments:
            np.add.at(masses, self.indices(s.proximal), s.mass * (1 - s.center) / len(s.proximal))
            np.add.at(masses, self.indices(s.distal), s.mass * s.center / len(s.distal))
        total = masses.sum()
        masses = masses / total if total > 0 else np.full(len(masses), 1 / len(masses))
        masses.setflags(write=False)
        return masses
