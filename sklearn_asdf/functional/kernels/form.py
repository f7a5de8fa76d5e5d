"""Box, spread and scatter of the joints of many bodies, in which every joint was seen."""

from __future__ import annotations

import numpy as np

from ..compiled import Loops, use_compiled

__all__ = ["box_and_spread", "principal_values", "scatter_of_joints"]

# Bodies side by side in compiled loops.
_LANES = 128


def box_and_spread(position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sides of the boxes around bodies, and their RMS distances from the centers.

    Parameters
    ----------
    position : ndarray of shape (n_axes, n_joints, n_bodies)
        Positions without NaN, stored in this order.

    Returns
    -------
    sides : ndarray of shape (n_axes, n_bodies)
        In the unit of `position`.
    spread : ndarray of shape (n_bodies,)
        In the unit of `position`.
    """
    n_axes, n_joints, n_bodies = position.shape
    if use_compiled():
        sides, spread = np.empty((n_axes, n_bodies)), np.empty(n_bodies)
        _box_and_spread(position, np.empty((4, _LANES)), sides, spread)
        return sides, spread
    sides = position.max(axis=1) - position.min(axis=1)
    # Offsets from a joint instead of the center: one pass, and accurate far from 0.
    total, squares = np.zeros((n_axes, n_bodies)), np.zeros(n_bodies)
    for joint in range(n_joints):
        away = position[:, joint] - position[:, 0]
        total += away
        for axis in away:
            squares += axis * axis
    variance = squares / n_joints - np.square(total / n_joints).sum(axis=0)
    return sides, np.sqrt(np.maximum(variance, 0.0))


@Loops
def _box_and_spread(position, memory, sides, spread):
    n_axes, n_joints, n_bodies = position.shape
    for start in range(0, n_bodies, memory.shape[1]):
        n = min(memory.shape[1], n_bodies - start)
        low, high, total, squares = memory[0, :n], memory[1, :n], memory[2, :n], memory[3, :n]
        out = spread[start : start + n]
        for i in range(n):
            squares[i] = out[i] = 0.0
        for axis in range(n_axes):
            origin, side = position[axis, 0, start : start + n], sides[axis, start : start + n]
            for i in range(n):
                low[i] = high[i] = origin[i]
                total[i] = 0.0
            for joint in range(1, n_joints):
                place = position[axis, joint, start : start + n]
                for i in range(n):
                    low[i] = place[i] if place[i] < low[i] else low[i]
                    high[i] = place[i] if place[i] > high[i] else high[i]
                    away = place[i] - origin[i]
                    total[i] += away
                    squares[i] += away * away
            for i in range(n):
                side[i] = high[i] - low[i]
                mean = total[i] / n_joints
                out[i] += mean * mean
        for i in range(n):
            variance = squares[i] / n_joints - out[i]
            out[i] = np.sqrt(variance if variance > 0 else 0.0)


def scatter_of_joints(position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the scatter of joints about their centers, relative to the sizes of the bodies.

    Parameters
    ----------
    position : ndarray of shape (n_axes, n_joints, n_bodies)
        Positions without NaN, stored in this order.

    Returns
    -------
    scatter : ndarray of shape (n_axes, n_axes, n_bodies)
        Sums of products of offsets that are divided by the size, so that squares neither overflow
        nor vanish.
    size : ndarray of shape (n_bodies,)
        Largest offset of a coordinate.
    """
    n_axes, n_joints, n_bodies = position.shape
    if use_compiled():
        scatter, size = np.empty((n_axes, n_axes, n_bodies)), np.empty(n_bodies)
        _scatter(position, np.empty((n_axes, n_joints, _LANES)), scatter, size)
        return scatter, size
    away = position - (position.sum(axis=1) / n_joints)[:, None]
    size = np.abs(away).max(axis=(0, 1), initial=0.0)
    away /= np.where(size > 0, size, 1.0)
    return np.einsum("ajn,bjn->abn", away, away), size


@Loops
def _scatter(position, away, scatter, size):
    n_axes, n_joints, n_bodies = position.shape
    for start in range(0, n_bodies, away.shape[2]):
        n = min(away.shape[2], n_bodies - start)
        largest = size[start : start + n]
        for i in range(n):
            largest[i] = 0.0
        for axis in range(n_axes):
            _center(position[axis], away[axis], start, largest)
        for axis in range(n_axes):
            for joint in range(n_joints):
                row = away[axis, joint]
                for i in range(n):
                    row[i] /= largest[i] if largest[i] > 0 else 1.0
        for one in range(n_axes):
            for other in range(one + 1):
                out = scatter[one, other, start : start + n]
                for i in range(n):
                    out[i] = 0.0
                for joint in range(n_joints):
                    a, b = away[one, joint], away[other, joint]
                    for i in range(n):
                        out[i] += a[i] * b[i]
                mirrored = scatter[other, one, start : start + n]
                for i in range(n):
                    mirrored[i] = out[i]


@Loops
def _center(position, away, start, largest):
    """Fill the offsets from the centers along one axis, and raise the largest ones."""
    n = len(largest)
    mean = away[0, :n]
    for i in range(n):
        mean[i] = 0.0
    for joint in range(len(position)):
        place = position[joint, start : start + n]
        for i in range(n):
            mean[i] += place[i]
    for i in range(n):
        mean[i] /= len(position)
    # The first row holds the means until it is its turn.
    for joint in range(len(position) - 1, -1, -1):
        place, row = position[joint, start : start + n], away[joint]
        for i in range(n):
            row[i] = place[i] - mean[i]
            offset = abs(row[i])
            largest[i] = offset if offset > largest[i] else largest[i]


def principal_values(scatter: np.ndarray) -> np.ndarray:
    """Return the eigenvalues of symmetric matrices.

    Parameters
    ----------
    scatter : ndarray of shape (n_axes, n_axes, ...)
        Symmetric matrices, along the first two axes.

    Returns
    -------
    ndarray of shape (n_axes, ...)
        In ascending order.

    Notes
    -----
    Matrices of three rows are diagonalized side by side, by cyclic rotations (Jacobi, 1846).
    """
    if len(scatter) != 3 or not use_compiled():
        values = np.linalg.eigvalsh(np.moveaxis(scatter, (0, 1), (-2, -1)))
        return np.moveaxis(values, -1, 0)
    matrices = np.array(scatter.reshape(3, 3, -1))
    _diagonalize(matrices, _LANES)
    diagonal = [matrices[axis, axis].reshape(scatter.shape[2:]) for axis in range(3)]
    return np.sort(diagonal, axis=0)


@Loops
def _diagonalize(matrices, lanes):
    """Rotate matrices (3, 3, n_matrices) until their diagonals are their eigenvalues."""
    for start in range(0, matrices.shape[2], lanes):
        stop = min(start + lanes, matrices.shape[2])
        # Convergence is quadratic: after six rounds nothing but rounding errors is left.
        for _ in range(6):
            for p, q in ((0, 1), (0, 2), (1, 2)):
                r = 3 - p - q
                _rotate(
                    matrices[p, p, start:stop],
                    matrices[q, q, start:stop],
                    matrices[p, q, start:stop],
                    matrices[min(p, r), max(p, r), start:stop],
                    matrices[min(q, r), max(q, r), start:stop],
                )


@Loops
def _rotate(pp, qq, pq, rp, rq):
    for i in range(len(pp)):
        still = pq[i] == 0
        theta = (qq[i] - pp[i]) / (2 * (1.0 if still else pq[i]))
        tangent = 1 / (abs(theta) + np.sqrt(theta * theta + 1))
        tangent = 0.0 if still else (-tangent if theta < 0 else tangent)
        cosine = 1 / np.sqrt(tangent * tangent + 1)
        sine = tangent * cosine
        pp[i] -= tangent * pq[i]
        qq[i] += tangent * pq[i]
        pq[i] = 0.0
        rp[i], rq[i] = cosine * rp[i] - sine * rq[i], sine * rp[i] + cosine * rq[i]
