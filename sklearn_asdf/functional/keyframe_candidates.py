"""Candidates for keyframes: frames at which curves of bone angles are salient (eqs. 9 to 11).

Curves have their frames on the last axis: (..., n_curves, n_frames).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .compiled import use_compiled
from .filters import window_length
from .kernels.angles import angles_of_bones
from .kernels.curves import symmetric_differences

__all__ = ["bone_angles", "candidate_frames", "curve_salience"]


def bone_angles(position: ArrayLike, bones: ArrayLike, reference: ArrayLike) -> np.ndarray:
    """Return the angle between each bone and a reference vector (eq. 9).

    Parameters
    ----------
    position : array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Joint positions, in any unit of length.
    bones : array-like of int, shape (n_bones, 2)
        First and last joint of each bone.
    reference : array-like of shape (n_clips, n_frames, n_axes)
        Reference vector, the spine for example, in any unit.

    Returns
    -------
    theta : ndarray of shape (n_clips, n_bones, n_frames)
        Angles in radians, from 0 to pi.

    Notes
    -----
    The arc cosine of eq. 9 is computed as the arc tangent of sine over cosine, which is the same
    angle without the loss of half the digits near 0 and pi. NaN where a joint was not seen, and
    where a bone or the reference has no length.

    References
    ----------
    The ASDF-RNN paper, section 3.2.2, eq. 9.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.keyframe_candidates import bone_angles
    >>> elbow_wrist = np.array([[[[0.0, 0.0], [1.0, 1.0]]]])
    >>> theta = bone_angles(elbow_wrist, [[0, 1]], np.array([[[0.0, 1.0]]]))
    >>> np.degrees(theta).round(6).tolist()
    [[[45.0]]]
    """
    position = np.asarray(position)
    bones = np.asarray(bones, dtype=np.intp).reshape(-1, 2)
    n_clips, n_frames, n_joints, n_axes = position.shape
    if n_axes > 1 and use_compiled():
        return angles_of_bones(position, bones, np.asarray(reference))
    used, ends = np.unique(bones, return_inverse=True)
    ends = ends.reshape(bones.shape)
    frames = (n_clips, 1, n_frames)
    side = np.asarray(reference, dtype=float)

    def bone(axis: int) -> np.ndarray:
        # Joints first: every operation below then runs over contiguous frames.
        plane = position[..., axis].reshape(n_clips * n_frames, n_joints)
        rows = np.ascontiguousarray(plane.T[used], dtype=float)
        vector = (rows[ends[:, 1]] - rows[ends[:, 0]]).reshape(-1, n_clips, n_frames)
        return vector.transpose(1, 0, 2)

    along = [bone(axis) for axis in range(n_axes)]
    ref = [np.ascontiguousarray(side[..., axis]).reshape(frames) for axis in range(n_axes)]
    cosine = sum(b * r for b, r in zip(along, ref))
    if n_axes == 1:
        sine = np.zeros_like(cosine)
    elif n_axes == 2:
        sine = np.abs(along[0] * ref[1] - along[1] * ref[0])
    else:
        pairs = [(i, j) for i in range(n_axes) for j in range(i)]
        sine = np.sqrt(sum((along[i] * ref[j] - along[j] * ref[i]) ** 2 for i, j in pairs))
    theta = np.arctan2(sine, cosine)
    theta[(sine == 0) & (cosine == 0)] = np.nan
    return theta


def curve_salience(
    theta: ArrayLike, *, fps: float, sigma: float = 0.025, kernel_duration: float = 1 / 6
) -> np.ndarray:
    """Return the absolute difference of Gaussians of each curve (eq. 10).

    Parameters
    ----------
    theta : array-like of shape (..., n_frames)
        Curves, of angles in radians for example, without NaN.
    fps : float
        Frames per second (Hz).
    sigma : float, default=0.025
        Standard deviation of the narrower Gaussian in s; the wider has twice that.
    kernel_duration : float, default=1/6
        Length of both kernels in s, rounded to an odd number of frames, at least three.

    Returns
    -------
    salience : ndarray of shape (..., n_frames)
        In the unit of `theta`, not negative; exactly 0 where the curve is flat.

    Notes
    -----
    Both kernels sum to 1. Curves are extended by their first and last value. The defaults are the
    paper's 0.75 and 5 frames at its 30 fps.

    References
    ----------
    The ASDF-RNN paper, section 3.2.2, eq. 10.

    Examples
    --------
    >>> from sklearn_asdf.functional.keyframe_candidates import curve_salience
    >>> int(curve_salience([0, 0, 0, 1, 0, 0, 0], fps=30).argmax())
    3
    """
    theta = np.asarray(theta, dtype=float)
    reach = max(1, window_length(kernel_duration, fps=fps) // 2)
    offset = np.arange(-reach, reach + 1) / fps
    narrow, wide = np.exp(-0.5 * (offset[:, None] / [sigma, 2 * sigma]) ** 2).T
    kernel = wide / wide.sum() - narrow / narrow.sum()
    # The kernel sums to 0: weights on differences from its center suffice.
    return symmetric_differences(theta, kernel[reach + 1 :])


def candidate_frames(
    salience: ArrayLike, lengths: ArrayLike | None = None, *, floor: ArrayLike = 0.0
) -> np.ndarray:
    """Return the frames whose salience exceeds the curve's mean salience (eq. 11).

    Parameters
    ----------
    salience : array-like of shape (n_clips, n_curves, n_frames)
        Salience curves.
    lengths : array-like of int, shape (n_clips,), optional
        Frames of each clip; later ones are padding. By default all.
    floor : float or array-like broadcasting with `salience`, default=0
        Frames of at most this salience are no candidates; it excludes rounding errors.

    Returns
    -------
    candidates : ndarray of bool, shape (n_clips, n_curves, n_frames)
        True at candidates. A flat curve has none.

    References
    ----------
    The ASDF-RNN paper, section 3.2.2, eq. 11.

    Examples
    --------
    >>> from sklearn_asdf.functional.keyframe_candidates import candidate_frames
    >>> candidate_frames([[[0.0, 3.0, 1.0, 0.0]]]).tolist()
    [[[False, True, False, False]]]
    """
    salience = np.asarray(salience, dtype=float)
    n_frames = salience.shape[-1]
    if lengths is None:
        mean = salience.mean(axis=-1, keepdims=True)
        return salience > np.maximum(mean, floor)
    lengths = np.asarray(lengths)[:, None, None]
    inside = np.arange(n_frames) < lengths
    mean = np.where(inside, salience, 0.0).sum(axis=-1, keepdims=True) / np.maximum(lengths, 1)
    return inside & (salience > np.maximum(mean, floor))
