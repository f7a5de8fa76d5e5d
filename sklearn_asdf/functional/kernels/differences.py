"""Central differences of all orders and curvature, in one pass (equations 7 and 8).

Planes are arrays (n_axes, n_clips, n_frames, n_joints), and a joint is not seen in a frame where
any of its coordinates is NaN.
"""

from __future__ import annotations

import numpy as np

from ..compiled import Loops, use_compiled
from ..curvature import fill_curvature
from ..gaps import all_seen

__all__ = ["fill_derivatives", "fill_differences"]

# Elements processed at a time by NumPy.
_CHUNK = 1 << 17
# Frames processed at a time by compiled loops: what fits into the first cache.
_BLOCK = 64


def fill_derivatives(
    x: np.ndarray,
    out: dict[int, np.ndarray],
    curvature: np.ndarray,
    *,
    fps: float,
    slow_speed: np.ndarray,
) -> None:
    """Write velocity, acceleration, jerk and curvature of positions to arrays.

    Parameters
    ----------
    x : ndarray of shape (n_axes, n_clips, n_frames, n_joints)
        Positions, NaN where a joint was not seen.
    out : dict of int to ndarray
        Where to write the derivatives of orders 1, 2 and 3, each shaped as `x`.
    curvature : ndarray of shape (n_clips, n_frames, n_joints)
        Where to write the curvature.
    fps : float
        Frames per second (Hz).
    slow_speed : ndarray of shape (n_clips,)
        See :func:`sklearn_asdf.functional.curvature.curvature`.
    """
    size = len(x) * x.shape[2] * x.shape[3]
    if use_compiled():
        of = x.dtype.type
        scales = of(fps / 2), of(fps**2), of(fps**3 / 2), of(fps)
        floor = np.square(slow_speed).astype(x.dtype)
        whole = [slice(0, x.shape[1])] if x.flags.c_contiguous else _chunks(x.shape[1], size)
        for clips in whole:
            some = np.ascontiguousarray(x[:, clips])
            to = out[1], out[2], out[3], curvature, clips.start
            _derivatives(some, scales, floor, _BLOCK, *to)
        return
    for clips in _chunks(x.shape[1], size):
        part = {k: o[:, clips] for k, o in out.items()}
        fill_differences(x[:, clips], part, fps=fps)
        v, a = (np.moveaxis(part[k], 0, -1) for k in (1, 2))
        fill_curvature(v, a, curvature[clips], slow_speed=slow_speed[clips])


def fill_differences(x: np.ndarray, out: dict[int, np.ndarray], *, fps: float) -> None:
    """Write central differences of positions to arrays, with NumPy.

    Parameters
    ----------
    x : ndarray of shape (n_axes, n_clips, n_frames, n_joints)
        Positions, NaN where a joint was not seen.
    out : dict of int to ndarray
        Where to write the derivatives, by their order, each shaped as `x`.
    fps : float
        Frames per second (Hz).

    Notes
    -----
    Edges and gaps as in :func:`sklearn_asdf.functional.kinematics.velocity`.
    """
    n_axes, n_clips, n_frames, n_joints = x.shape
    seen = all_seen(x)
    rows = max(16, _CHUNK // (n_axes * n_joints))
    for clips in _chunks(n_clips, n_axes * n_frames * n_joints):
        for start in range(0, n_frames, rows):
            part = {k: o[:, clips, start : start + rows] for k, o in out.items()}
            _difference_rows(x[:, clips], start, part, fps)
        for k, o in out.items():
            _repeat_edges(o[:, clips], x[:, clips], k, fps, seen=seen)


def _chunks(n_clips: int, size: int) -> list[slice]:
    step = max(1, _CHUNK // size)
    return [slice(i, i + step) for i in range(0, n_clips, step)]


def _difference_rows(x: np.ndarray, start: int, out: dict[int, np.ndarray], fps: float) -> None:
    """Fill the frames from `start` on of planes (n_axes, n_clips, n_frames, n_joints)."""
    n_frames = x.shape[2]
    stop = min(start + next(iter(out.values())).shape[2], n_frames)
    near = np.ascontiguousarray(x[:, :, max(start - 2, 0) : stop + 2])
    skip = start - max(start - 2, 0)

    def inside(reach: int) -> slice:
        return slice(max(start, reach), min(stop, n_frames - reach))

    if 1 in out and (at := inside(1)).start < at.stop:
        here = slice(at.start - start, at.stop - start)
        low, high = at.start - start + skip, at.stop - start + skip
        v = out[1][:, :, here]
        np.subtract(near[:, :, low + 1 : high + 1], near[:, :, low - 1 : high - 1], out=v)
        v *= fps / 2
    if near.shape[2] < 3 or not {2, 3} & set(out):
        return
    # Differences of differences: a joint far from the origin loses no digits.
    step = near[:, :, 1:] - near[:, :, :-1]
    second = step[:, :, 1:] - step[:, :, :-1]
    if 2 in out and (at := inside(1)).start < at.stop:
        here = slice(at.start - start, at.stop - start)
        low, high = at.start - start + skip, at.stop - start + skip
        np.multiply(second[:, :, low - 1 : high - 1], fps**2, out=out[2][:, :, here])
    if 3 in out and (at := inside(2)).start < at.stop:
        here = slice(at.start - start, at.stop - start)
        low, high = at.start - start + skip, at.stop - start + skip
        j = out[3][:, :, here]
        np.subtract(second[:, :, low:high], second[:, :, low - 2 : high - 2], out=j)
        j *= fps**3 / 2


def _repeat_edges(out: np.ndarray, x: np.ndarray, order: int, fps: float, *, seen: bool) -> None:
    """Where the stencil of `order` does not fit, repeat the nearest estimate that does.

    Both are planes (n_axes, n_clips, n_frames, n_joints); `out` holds estimates wherever the
    stencil fits into the clip, and `seen` means that nothing is NaN.
    """
    reach = 2 if order == 3 else 1
    n_frames = x.shape[2]
    out[:, :, :reach] = out[:, :, [reach]] if n_frames > 2 * reach else 0
    out[:, :, n_frames - reach if n_frames > 2 * reach else 0 :] = (
        out[:, :, [n_frames - reach - 1]] if n_frames > 2 * reach else 0
    )
    if not seen:
        _repeat_beside_gaps(out, x, reach)
    if order == 1 and (n_frames == 2 or not seen):
        _slope_of_two(out, x, fps)


def _repeat_beside_gaps(out: np.ndarray, x: np.ndarray, reach: int) -> None:
    """Repeat estimates where the stencil touches a gap; runs too short for it get zero."""
    n_frames = x.shape[2]
    unseen = np.isnan(x).any(axis=0)
    fits = ~unseen & ~np.isnan(out).any(axis=0)
    fits[:, :reach] = fits[:, max(n_frames - reach, 0) :] = False
    clip, frame, joint = np.nonzero(~unseen & ~fits)
    missing = np.ones(len(frame), dtype=bool)
    values = np.zeros((len(out), len(frame)), dtype=out.dtype)
    # The stencil of an estimate spans the frame that it is repeated to: no gap lies between.
    for step in (s for r in range(1, reach + 1) for s in (r, -r)):
        near = np.clip(frame + step, 0, n_frames - 1)
        use = missing & fits[clip, near, joint]
        values[:, use] = out[:, clip[use], near[use], joint[use]]
        missing &= ~use
    out[:, clip, frame, joint] = values
    out[:, unseen] = np.nan


def _slope_of_two(out: np.ndarray, x: np.ndarray, fps: float) -> None:
    """Give runs of two frames, in which no central difference fits, the slope between them."""
    unseen = np.isnan(x).any(axis=0)
    edge = np.ones_like(unseen[:, :1])
    padded = np.concatenate([edge, unseen, edge], axis=1)
    pair = ~unseen[:, :-1] & ~unseen[:, 1:] & padded[:, :-3] & padded[:, 3:]
    clip, frame, joint = np.nonzero(pair)
    slope = (x[:, clip, frame + 1, joint] - x[:, clip, frame, joint]) * fps
    out[:, clip, frame, joint] = out[:, clip, frame + 1, joint] = slope


@Loops
def _derivatives(x, scales, floor, block, velocity, acceleration, jerk, curvature, at):
    """Fill all derivatives and the curvature, clip by clip and some frames at a time.

    `scales` are the factors of the three differences, and of the slope between two frames, in the
    type of `x`; `floor` has the squared slow speed of each clip, in the same type; the clips of `x`
    are those from `at` on.
    """
    n_axes, n_clips, n_frames, n = x.shape
    flat = (n_axes, -1, n_frames * n)
    rows, rows_v, rows_a = x.reshape(flat), velocity.reshape(flat), acceleration.reshape(flat)
    rows_j, rows_c = jerk.reshape(flat), curvature.reshape((-1, n_frames * n))
    for clip in range(at, at + n_clips):
        missing = 0
        for start in range(0, n_frames * n, block * n):
            stop = min(start + block * n, n_frames * n)
            for axis in range(n_axes):
                to = rows_v[axis, clip], rows_a[axis, clip], rows_j[axis, clip]
                missing += _block(rows[axis, clip - at], start, stop, n, scales, to)
        v, a, j = velocity[:, clip], acceleration[:, clip], jerk[:, clip]
        if n_frames >= 5:
            _repeat_at_ends(v, a, j)
        if missing or n_frames < 5:
            _repeat_in_runs(x[:, clip - at], scales[3], v, a, j)
        _curvature(rows_v, rows_a, clip, floor[clip], rows_c[clip])


@Loops
def _block(x, start, stop, n, scales, out):
    """Fill the derivatives of some frames of one axis; return the number of values not seen."""
    first, last = max(start, n), min(stop, len(x) - n)
    size = max(last - first, 0)
    x0, x1, x2 = x[first - n :], x[first:], x[first + n :]
    v, a = out[0][first:], out[1][first:]
    # Differences of differences: a joint far from the origin loses no digits.
    for i in range(size):
        v[i] = (x2[i] - x0[i]) * scales[0]
        a[i] = ((x2[i] - x1[i]) - (x1[i] - x0[i])) * scales[1]
    first, last = max(start, 2 * n), min(stop, len(x) - 2 * n)
    size = max(last - first, 0)
    x0, x1, x2, x3, x4 = (
        x[first - 2 * n :],
        x[first - n :],
        x[first:],
        x[first + n :],
        x[first + 2 * n :],
    )
    j = out[2][first:]
    for i in range(size):
        later = (x4[i] - x3[i]) - (x3[i] - x2[i])
        j[i] = (later - ((x2[i] - x1[i]) - (x1[i] - x0[i]))) * scales[2]
    missing = 0
    for value in x[start:stop]:
        missing += value != value
    return missing


@Loops
def _repeat_at_ends(velocity, acceleration, jerk):
    """Repeat the nearest estimate where the stencil does not fit into the clip."""
    n_axes, n_frames, n_joints = velocity.shape
    last = n_frames - 1
    for axis in range(n_axes):
        for joint in range(n_joints):
            v, a, j = velocity[axis, :, joint], acceleration[axis, :, joint], jerk[axis, :, joint]
            v[0], a[0], v[last], a[last] = v[1], a[1], v[last - 1], a[last - 1]
            j[0] = j[1] = j[2]
            j[last] = j[last - 1] = j[last - 2]


@Loops
def _repeat_in_runs(x, slope_scale, velocity, acceleration, jerk):
    """Treat each unbroken run of seen frames of a joint as a clip of its own."""
    n_axes, n_frames, n_joints = x.shape
    for joint in range(n_joints):
        begin = 0
        for frame in range(n_frames + 1):
            unseen = frame == n_frames
            for axis in range(n_axes):
                unseen = unseen or x[axis, frame, joint] != x[axis, frame, joint]
            if not unseen:
                continue
            for axis in range(n_axes):
                v, a, j = (
                    velocity[axis, :, joint],
                    acceleration[axis, :, joint],
                    jerk[axis, :, joint],
                )
                slope = (x[axis, frame - 1, joint] - x[axis, begin, joint]) * slope_scale
                for i in range(begin, frame):
                    near = min(max(i, begin + 1), frame - 2)
                    v[i] = v[near] if frame - begin > 2 else slope
                    a[i] = a[near] if frame - begin > 2 else 0
                    near = min(max(i, begin + 2), frame - 3)
                    j[i] = j[near] if frame - begin > 4 else 0
                if frame < n_frames:
                    v[frame] = a[frame] = j[frame] = np.nan
            begin = frame + 1


@Loops
def _curvature(v, a, clip, floor, out):
    """Fill the curvature of a clip (equation 8)."""
    zero, largest = out.dtype.type(0), np.finfo(out.dtype).max
    double = out.itemsize == 8
    if len(v) == 1:
        x = v[0, clip]
        for i in range(out.size):
            out[i] = x[i] * zero
    elif len(v) == 2:
        vx, vy, ax, ay = v[0, clip], v[1, clip], a[0, clip], a[1, clip]
        for i in range(out.size):
            square = vx[i] * vx[i] + vy[i] * vy[i] + floor
            # A division is slow, but cubes of small speeds vanish in float32.
            root, area = np.sqrt(square), abs(vx[i] * ay[i] - vy[i] * ax[i])
            bend = area / (root * square) if double else area / root / square
            bend = largest if bend > largest else bend
            out[i] = zero if square == zero else bend
    elif double:
        vx, vy, vz = v[0, clip], v[1, clip], v[2, clip]
        ax, ay, az = a[0, clip], a[1, clip], a[2, clip]
        for i in range(out.size):
            square = vx[i] * vx[i] + vy[i] * vy[i] + vz[i] * vz[i] + floor
            xy, xz = vx[i] * ay[i] - vy[i] * ax[i], vx[i] * az[i] - vz[i] * ax[i]
            yz = vy[i] * az[i] - vz[i] * ay[i]
            bend = np.sqrt(xy * xy + xz * xz + yz * yz) / (np.sqrt(square) * square)
            bend = largest if bend > largest else bend
            out[i] = zero if square == zero else bend
    else:
        vx, vy, vz = v[0, clip], v[1, clip], v[2, clip]
        ax, ay, az = a[0, clip], a[1, clip], a[2, clip]
        for i in range(out.size):
            square = vx[i] * vx[i] + vy[i] * vy[i] + vz[i] * vz[i] + floor
            # Areas are squared: unit vectors keep fast joints within the range of float32.
            root = np.sqrt(square)
            x, y, z = vx[i] / root, vy[i] / root, vz[i] / root
            xy, xz, yz = x * ay[i] - y * ax[i], x * az[i] - z * ax[i], y * az[i] - z * ay[i]
            bend = np.sqrt(xy * xy + xz * xz + yz * yz) / square
            bend = largest if bend > largest else bend
            out[i] = zero if square == zero else bend
