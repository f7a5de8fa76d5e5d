"""Angles between bones and a reference vector (equation 9)."""

from __future__ import annotations

import numpy as np

from ..compiled import Loops

__all__ = ["angles_of_bones"]

# The arc tangent is computed up to the tangent of 22.5 degrees; larger ones are turned by 45.
_LARGEST = np.sqrt(2) - 1


def _arc_tangent(degree: int = 10) -> tuple[float, ...]:
    """Return coefficients of ``(atan(t) / t - 1) / t^2`` in powers of ``t^2``, from the highest.

    The polynomial through the nodes of Chebyshev, whose error is below the rounding of float64.
    """

    def excess(square: np.ndarray) -> np.ndarray:
        powers = np.arange(40)
        # The series of Gregory: differences of nearly equal numbers would lose digits.
        return np.sum(
            (-1.0) ** (powers + 1) * square[..., None] ** powers / (2 * powers + 3), axis=-1
        )

    fit = np.polynomial.Chebyshev.interpolate(excess, degree, domain=[0, _LARGEST**2])
    return tuple(fit.convert(kind=np.polynomial.Polynomial).coef[::-1].tolist())


_COEFFICIENTS = _arc_tangent()


def angles_of_bones(position: np.ndarray, bones: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the angle between each bone and a reference vector, with compiled loops.

    Parameters
    ----------
    position : ndarray of shape (n_clips, n_frames, n_joints, n_axes)
        Joint positions in two or three axes; fast where these are stored first.
    bones : ndarray of int, shape (n_bones, 2)
        First and last joint of each bone.
    reference : ndarray of shape (n_clips, n_frames, n_axes)
        Reference vector.

    Returns
    -------
    ndarray of shape (n_clips, n_bones, n_frames)
        As :func:`sklearn_asdf.functional.keyframe_candidates.bone_angles` returns it.
    """
    n_clips, n_frames, _, n_axes = position.shape
    theta = np.empty((n_clips, len(bones), n_frames))
    axes = [np.ascontiguousarray(position[..., axis]) for axis in range(n_axes)]
    sides = np.ascontiguousarray(np.moveaxis(reference, -1, 0), dtype=float)
    # The third axis of the plane is 0.
    memory = np.zeros((3, n_frames))
    third = axes[-1], sides[-1]
    _angles((*axes, third[0])[:3], (*sides, third[1])[:3], n_axes, bones, memory, theta)
    return theta


@Loops
def _angles(position, reference, n_axes, bones, memory, theta):
    n_clips, n_frames, _ = position[0].shape
    x, y, z = memory[0], memory[1], memory[2]
    for clip in range(n_clips):
        for bone in range(len(bones)):
            start, stop = bones[bone, 0], bones[bone, 1]
            _subtract(position[0][clip], start, stop, x)
            _subtract(position[1][clip], start, stop, y)
            if n_axes == 3:
                _subtract(position[2][clip], start, stop, z)
            to = theta[clip, bone]
            r_x, r_y, r_z = reference[0][clip], reference[1][clip], reference[2][clip]
            if n_axes == 2:
                for i in range(n_frames):
                    sine = abs(x[i] * r_y[i] - y[i] * r_x[i])
                    to[i] = _angle(sine, x[i] * r_x[i] + y[i] * r_y[i])
            else:
                for i in range(n_frames):
                    a, b = y[i] * r_x[i] - x[i] * r_y[i], z[i] * r_x[i] - x[i] * r_z[i]
                    c = z[i] * r_y[i] - y[i] * r_z[i]
                    cosine = x[i] * r_x[i] + y[i] * r_y[i] + z[i] * r_z[i]
                    to[i] = _angle(np.sqrt(a * a + b * b + c * c), cosine)


@Loops
def _subtract(plane, start, stop, out):
    for frame in range(len(plane)):
        out[frame] = np.float64(plane[frame, stop]) - np.float64(plane[frame, start])


@Loops
def _angle(sine, cosine):
    """Return the angle of a sine that is not negative and a cosine; NaN if both are 0."""
    along = abs(cosine)
    steep = sine > along
    low, high = (along, sine) if steep else (sine, along)
    turned = low > _LARGEST * high
    tangent = ((low - high) if turned else low) / ((low + high) if turned else high)
    square = tangent * tangent
    total = 0.0
    for coefficient in _COEFFICIENTS:
        total = total * square + coefficient
    angle = tangent + tangent * (square * total)
    angle = angle + np.pi / 4 if turned else angle
    angle = np.pi / 2 - angle if steep else angle
    angle = np.pi - angle if cosine < 0 else angle
    return angle if sine == sine else np.nan
