"""A filter of second-order sections, applied forwards and backwards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import signal

from ..compiled import Loops, use_compiled

__all__ = ["ZeroPhaseFilter"]

# Up to this number of frames NumPy applies the filter as a matrix, faster than a recursion.
_LARGEST_MATRIX = 512
# Signals side by side, and frames at a time, of compiled loops: what fits into the caches.
_LANES = 64
_BLOCK = 1024
# Elements that are copied at a time.
_CHUNK = 1 << 17


@dataclass(frozen=True, eq=False)
class ZeroPhaseFilter:
    """A linear filter without delay: second-order sections, applied forwards and backwards.

    Both passes begin in the steady state of their first value, and the ends are extended by odd
    reflection, as in ``scipy.signal.sosfiltfilt``, which defines the result.

    Parameters
    ----------
    sections : ndarray of shape (n_sections, 6)
        Second-order sections, as SciPy designs them.
    padding : int
        Frames by which the ends are extended, or as many as there are.
    """

    sections: np.ndarray
    padding: int

    @cached_property
    def steady(self) -> np.ndarray:
        """State of each section after a long input of ones, (n_sections, 2)."""
        return np.asarray(signal.sosfilt_zi(self.sections))

    @cached_property
    def memory(self) -> int:
        """Frames after which an earlier state is smaller than its rounding error."""
        slowest = max(np.abs(np.roots(section[3:])).max(initial=0) for section in self.sections)
        return int(np.ceil(np.log(1e-18) / np.log(slowest))) if slowest > 0 else 1

    @cached_property
    def _matrices(self) -> dict[int, np.ndarray]:
        return {}

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return filtered signals.

        Parameters
        ----------
        x : ndarray of shape (n_axes, n_frames, n_signals)
            Signals without NaN.

        Returns
        -------
        ndarray of shape (n_axes, n_frames, n_signals)
            In the type of `x`, if that is a floating type.
        """
        if use_compiled():
            return self.clips(np.moveaxis(x, 0, -1)[None])[:, 0]
        n_axes, n_frames, n_signals = x.shape
        if n_frames > min(_LARGEST_MATRIX, n_axes * n_signals):
            return self._recursion(x)
        if n_frames not in self._matrices:
            self._matrices[n_frames] = self._recursion(np.eye(n_frames))
        return np.matmul(self._matrices[n_frames].astype(x.dtype, copy=False), x)

    def _recursion(self, x: np.ndarray) -> np.ndarray:
        padding = min(self.padding, x.shape[-2] - 1)
        return signal.sosfiltfilt(self.sections, x, axis=-2, padlen=padding)

    def clips(self, position: np.ndarray) -> np.ndarray:
        """Return filtered clips, with compiled loops.

        Parameters
        ----------
        position : ndarray of shape (n_clips, n_frames, n_joints, n_axes)
            Poses without NaN.

        Returns
        -------
        ndarray of shape (n_axes, n_clips, n_frames, n_joints)
            Positions in the type of `position`. The first frame of a clip is subtracted while it
            is filtered, so a joint that is still stays exactly where it is.

        Notes
        -----
        A long clip is filtered in blocks, which fit into the processor's cache. The backward pass
        of a block begins so many frames after its end that nothing is left of its first state.
        """
        n_clips, n_frames, n_joints, n_axes = position.shape
        out = np.empty((n_axes, n_clips, n_frames, n_joints), dtype=position.dtype)
        padding = min(self.padding, n_frames - 1)
        joints = min(max(_LANES // n_axes, 1), n_joints)
        ahead = max(self.memory, padding) + 1
        rows = np.empty((min(n_frames, _BLOCK + 2 * ahead) + 2 * padding, joints * n_axes))
        state = np.empty((2, len(self.sections), 2, joints * n_axes))
        size = n_frames * n_joints * n_axes
        step = n_clips if position.flags.c_contiguous else max(1, _CHUNK // size)
        for at in range(0, n_clips, step):
            part = np.ascontiguousarray(position[at : at + step])
            part = part.reshape(len(part), n_frames, n_joints * n_axes)
            lengths = padding, ahead, _BLOCK
            _filter_clips(part, self.sections, self.steady, lengths, rows, state, out, at)
        return out


@Loops
def _filter_clips(x, sections, steady, lengths, rows, state, out, at):
    """Filter clips (n_clips, n_frames, n_joints * n_axes), whose first is the clip `at` of `out`.

    `rows` and `state` are memory for as many signals as are filtered side by side.
    """
    n_axes, _, _, n_joints = out.shape
    joints = rows.shape[1] // n_axes
    for clip in range(len(x)):
        for first in range(0, n_joints, joints):
            some = first, min(first + joints, n_joints)
            _filter_joints(x[clip], sections, steady, lengths, rows, state, out, at + clip, some)


@Loops
def _filter_joints(x, sections, steady, lengths, rows, state, out, clip, joints):
    """Filter some joints of a clip (n_frames, n_joints * n_axes), a block of frames at a time."""
    n_frames, n_axes = len(x), len(out)
    low, n = joints[0] * n_axes, (joints[1] - joints[0]) * n_axes
    origin = x[0, low : low + n]
    padding, ahead, block = lengths
    here, later = state[0], state[1]
    start = 0
    while start < n_frames:
        stop = start + block if start + block + ahead < n_frames else n_frames
        end = min(stop + ahead, n_frames)
        before = padding if start == 0 else 0
        own, size = before + stop - start, before + end - start
        for frame in range(start, end):
            row, values = rows[before + frame - start], x[frame, low : low + n]
            for i in range(n):
                row[i] = values[i] - origin[i]
        if start == 0:
            _reflect(rows, before, 1, padding, n)
            _begin(rows[0, :n], steady, here)
        if end == n_frames:
            _reflect(rows, size - 1, -1, padding, n)
            size += padding
        _run(rows, n, sections, here, 0, own, 1)
        for k in range(len(sections)):
            for i in range(n):
                later[k, 0, i], later[k, 1, i] = here[k, 0, i], here[k, 1, i]
        _run(rows, n, sections, later, own, size, 1)
        _begin(rows[size - 1, :n], steady, later)
        _run(rows, n, sections, later, size - 1, before - 1, -1)
        for axis in range(n_axes):
            for frame in range(start, stop):
                row = rows[before + frame - start]
                to = out[axis, clip, frame, joints[0] : joints[1]]
                for i in range(len(to)):
                    to[i] = row[i * n_axes + axis] + origin[i * n_axes + axis]
        start = stop


@Loops
def _reflect(rows, edge, step, padding, n):
    """Extend signals beyond an edge by their values on the other side, turned about the edge."""
    for i in range(1, padding + 1):
        to, at, mirrored = rows[edge - step * i], rows[edge], rows[edge + step * i]
        for s in range(n):
            to[s] = 2 * at[s] - mirrored[s]


@Loops
def _begin(row, steady, state):
    """Set the sections to their steady state for the values of a row."""
    for k in range(len(steady)):
        for i in range(len(row)):
            state[k, 0, i] = steady[k, 0] * row[i]
            state[k, 1, i] = steady[k, 1] * row[i]


@Loops
def _run(rows, n, sections, state, first, last, step):
    """Filter rows in place, in the order of SciPy's ``sosfilt``."""
    for t in range(first, last, step):
        for k in range(len(sections)):
            _section(rows[t, :n], sections[k], state[k, 0], state[k, 1])


@Loops
def _section(row, section, z0, z1):
    b0, b1, b2, a1, a2 = section[0], section[1], section[2], section[4], section[5]
    for i in range(len(row)):
        x = row[i]
        y = b0 * x + z0[i]
        z0[i] = b1 * x - a1 * y + z1[i]
        z1[i] = b2 * x - a2 * y
        row[i] = y
