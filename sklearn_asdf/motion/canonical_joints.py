"""The canonical joints: those that all trackers and rigs have, and how each skeleton's map to them.

Names of other sources are found by :meth:`~sklearn_asdf.Skeleton.find`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from .._validation import did_you_mean, raise_all
from ..functional.body import center_of
from .joint_names import SIDES
from .skeletons import Skeleton, get_skeleton

__all__ = ["CANONICAL", "JointMap", "check_names", "map_joints"]

CANONICAL = get_skeleton("canonical15")

# Joints whose mean replaces a joint that a skeleton lacks. Where all have both, it is the mean too,
# since trackers put necks and pelvises in different places.
_HEADS = (("left_ear", "right_ear"), ("head",), ("left_eye", "right_eye"), ("nose",))
_CENTERS = {"neck": "shoulder", "pelvis": "hip"}


@dataclass(frozen=True)
class JointMap:
    """Where the canonical joints come from in a skeleton.

    Parameters
    ----------
    sources : dict of str to tuple of int
        For each canonical joint the indices of the joints whose mean it is.
    missing : tuple of str
        Canonical joints that the skeleton lacks, which are never seen.
    """

    sources: dict[str, tuple[int, ...]]
    missing: tuple[str, ...]

    def apply(self, position: np.ndarray) -> np.ndarray:
        """Return the canonical joints of poses.

        Parameters
        ----------
        position : ndarray of shape (..., n_joints, n_axes)
            Poses of the skeleton.

        Returns
        -------
        ndarray of shape (..., 15, n_axes)
            NaN where a joint is missing or was not seen.
        """
        shape = (*position.shape[:-2], len(CANONICAL), position.shape[-1])
        mapped = np.full(shape, np.nan, position.dtype)
        for place, joint in enumerate(CANONICAL.joints):
            source = self.sources.get(joint)
            if source is None:
                continue
            if len(source) == 1:
                mapped[..., place, :] = position[..., source[0], :]
            elif joint == "head":
                # One ear is often hidden, and the ears are close to each other.
                mapped[..., place, :] = center_of(position, source)
            else:
                mapped[..., place, :] = position[..., list(source), :].mean(axis=-2)
        return mapped


def map_joints(
    skeleton: Skeleton | None, names: Mapping[str, str] | None = None
) -> tuple[JointMap | None, list[str]]:
    """Return how the joints of a skeleton map to the canonical ones, and why they do not.

    Parameters
    ----------
    skeleton : Skeleton or None
        The joints; None are unnamed ones, which do not map.
    names : mapping of str to str or None, default=None
        The joint of the skeleton for each canonical joint whose name is not found.

    Returns
    -------
    joints : JointMap or None
        None if the body cannot be identified: hips, shoulders, and wrists or ankles are needed.
    problems : list of str
        What is missing.

    Examples
    --------
    >>> from sklearn_asdf.motion.canonical_joints import map_joints
    >>> from sklearn_asdf.motion.skeletons import get_skeleton
    >>> joints, _ = map_joints(get_skeleton("openpose18"))
    >>> joints.sources["pelvis"], joints.missing
    ((11, 8), ())
    """
    if skeleton is None:
        return None, [
            "expected poses with named joints, got unnamed ones: pass "
            "Motion(array, skeleton=Skeleton([...]))"
        ]
    find = dict(_found(skeleton, names or {}))
    sources = {joint: tuple(map(skeleton.index, found)) for joint, found in find.items()}
    missing = tuple(joint for joint in CANONICAL.joints if joint not in sources)
    lacking = _lacking(missing)
    if not lacking:
        return JointMap(sources, missing), []
    unused = [j for j in skeleton.joints if not any(j in found for found in find.values())]
    hints = [did_you_mean(joint, unused).strip() for joint in lacking]
    hint = " ".join(
        [""] + [h.replace("Did", f"For {j!r}, did") for j, h in zip(lacking, hints) if h]
    )
    return None, [
        f"expected poses with hips, shoulders, and wrists or ankles, got joints without "
        f"{', '.join(lacking)}: tell which joints these are with names={{{lacking[0]!r}: ...}}."
        f"{hint} The joints are {', '.join(skeleton.joints)}"
    ]


def check_names(names: Mapping[str, str] | None) -> None:
    """Raise if names are not those of canonical joints.

    Parameters
    ----------
    names : mapping of str to str or None
        As of :func:`map_joints`.
    """
    raise_all(
        [
            f"expected names of the canonical joints {', '.join(CANONICAL.joints)}, got {joint!r}."
            f"{did_you_mean(joint, CANONICAL.joints)}"
            for joint in names or ()
            if joint not in CANONICAL.joints
        ]
    )


def _found(skeleton: Skeleton, names: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield canonical joints with the joints of a skeleton whose mean they are."""
    given = {joint: own for joint, own in names.items() if skeleton.find(own) is not None}

    def find(joint: str) -> str | None:
        return skeleton.find(given.get(joint, joint))

    head = (given["head"],) if "head" in given else ()
    for option in (head, *_HEADS):
        if option and all(find(joint) for joint in option):
            yield "head", tuple(str(find(joint)) for joint in option)
            break
    for center, part in _CENTERS.items():
        both = [find(f"{side}_{part}") for side in SIDES]
        own = find(center)
        if None not in both:
            yield center, tuple(map(str, both))
        elif own is not None:
            yield center, (own,)
            # A rig without hips turns its legs about the pelvis.
            both = [own, own]
        for side, joint in zip(SIDES, both):
            if joint is not None:
                yield f"{side}_{part}", (joint,)
    for part in ("elbow", "wrist", "knee", "ankle"):
        for side in SIDES:
            if (joint := find(f"{side}_{part}")) is not None:
                yield f"{side}_{part}", (joint,)


def _lacking(missing: tuple[str, ...]) -> list[str]:
    """Return the joints without which the body cannot be identified, of those that are missing."""
    lacking = [f"{s}_{part}" for part in ("hip", "shoulder") for s in SIDES]
    ends = [[f"{s}_{part}" for s in SIDES] for part in ("wrist", "ankle")]
    if all(any(joint in missing for joint in end) for end in ends):
        lacking += ends[0]
    return [joint for joint in lacking if joint in missing]
