"""The centers of the hip joints from markers on the pelvis."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["hip_centers"]

# Shares of the distance between the two markers in front (Bell et al., 1990).
_MEDIAL, _POSTERIOR, _DISTAL = 0.14, 0.19, 0.30


def hip_centers(left: ArrayLike, right: ArrayLike, back: ArrayLike) -> np.ndarray:
    """Return the centers of both hip joints.

    Parameters
    ----------
    left, right : array-like of shape (..., 3)
        Anterior superior iliac spines: the markers at the front of the pelvis.
    back : array-like of shape (..., 3)
        Mean of the posterior superior iliac spines, or the sacrum.

    Returns
    -------
    ndarray of shape (2, ..., 3)
        The left hip and the right hip, in the unit of the input.

    Notes
    -----
    With the distance w between the markers in front, the center lies .14 w from its marker to the
    middle, .19 w to the back and .30 w downwards [1]_. Downwards is at right angles to the plane of
    the markers, in a right-handed system of axes. NaN in a marker makes both hips NaN.

    References
    ----------
    .. [1] A. L. Bell, D. R. Pedersen and R. A. Brand, "A comparison of the accuracy of several hip
       center location prediction methods", Journal of Biomechanics 23(6), 1990.

    Examples
    --------
    The dancer looks along x, and z points up.

    >>> from sklearn_asdf.functional.hip_centers import hip_centers
    >>> hip_centers([0, 10, 100], [0, -10, 100], [-15, 0, 100]).round(1)
    array([[-3.8,  7.2, 94. ],
           [-3.8, -7.2, 94. ]])
    """
    left, right, back = (np.asarray(point, dtype=float) for point in (left, right, back))
    across = left - right
    width = np.linalg.norm(across, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        to_left = across / width
        to_back = back - (left + right) / 2
        to_back = to_back - (to_back * to_left).sum(axis=-1, keepdims=True) * to_left
        to_back = to_back / np.linalg.norm(to_back, axis=-1, keepdims=True)
    downwards = np.cross(to_back, to_left)
    shift = width * (_POSTERIOR * to_back + _DISTAL * downwards)
    inwards = _MEDIAL * across
    return np.stack([left - inwards + shift, right + inwards + shift])
