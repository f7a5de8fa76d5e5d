"""A filter of second-order sections, applied forwards and backwards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import signal

from ..compiled import Loops, use_compiled
from .vector_loops import LANES, VectorLoop

__all__ = ["ZeroPhaseFilter"]

# Up to this number of frames NumPy applies the filter as a matrix, faster than a recursion.
_LARGEST_MATRIX = 512
# Signals side by side, and frames at a time, of compiled loops: what fits into the caches.
_LANES = 64
_BLOCK = 1024
# Sections that a vector of signals passes at a time.
_SECTIONS = 3
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
    def _in_threes(self) -> tuple[np.ndarray, np.ndarray]:
        """Sections and steady states, and idle sections up to a multiple of three."""
        missing = -len(self.sections) % _SECTIONS
        same = np.tile([1.0, 0.0, 0.0, 1.0, 0.0, 0.0], (missing, 1))
        steady = np.concatenate([self.steady, np.zeros((missing, 2))])
        return np.concatenate([self.sections, same]), steady

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
        lanes = -(-joints * n_axes // LANES) * LANES
        rows = np.empty((min(n_frames, _BLOCK + 2 * ahead) + 2 * padding, lanes))
        sections, steady = self._in_threes
        state = np.empty((2, len(sections), 2, lanes))
        size = n_frames * n_joints * n_axes
        step = n_clips if position.flags.c_contiguous else max(1, _CHUNK // size)
        for at in range(0, n_clips, step):
            part = np.ascontiguousarray(position[at : at + step])
            part = part.reshape(len(part), n_frames, n_joints * n_axes)
            lengths = padding, ahead, _BLOCK
            _filter_clips(part, sections, steady, lengths, joints, rows, state, out, at)
        return out


@Loops
def _filter_clips(x, sections, steady, lengths, joints, rows, state, out, at):
    """Filter clips (n_clips, n_frames, n_joints * n_axes), whose first is the clip `at` of `out`.

    `rows` and `state` are memory for the signals of `joints` joints, filtered side by side.
    """
    n_joints = out.shape[3]
    for clip in range(len(x)):
        for first in range(0, n_joints, joints):
            some = first, min(first + joints, n_joints)
            _filter_joints(x[clip], sections, steady, lengths, rows, state, out, at + clip, some)


@Loops
def _filter_joints(x, sections, steady, lengths, rows, state, out, clip, joints):
    """Filter some joints of a clip (n_frames, n_joints * n_axes), a block of frames at a time."""
    n_frames, n_axes = len(x), len(out)
    low, n = joints[0] * n_axes, (joints[1] - joints[0]) * n_axes
    origin, wide = x[0, low : low + n], -(-n // LANES) * LANES
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
            for i in range(n, wide):
                row[i] = 0.0
        if start == 0:
            _reflect(rows, before, 1, padding, wide)
            _begin(rows[0, :wide], steady, here)
        if end == n_frames:
            _reflect(rows, size - 1, -1, padding, wide)
            size += padding
        _run(rows, wide, sections, here, 0, own, 1)
        for k in range(len(sections)):
            for i in range(wide):
                later[k, 0, i], later[k, 1, i] = here[k, 0, i], here[k, 1, i]
        _run(rows, wide, sections, later, own, size, 1)
        _begin(rows[size - 1, :wide], steady, later)
        _run(rows, wide, sections, later, size - 1, before - 1, -1)
        to = out[:, clip, start:stop, joints[0] : joints[1]]
        _separate(rows[before : before + stop - start], origin, to)
        start = stop


@Loops
def _separate(rows, origin, out):
    """Copy rows, moved back to their origin, to an array with the axes first."""
    n_axes, n_frames, n_joints = out.shape
    vectors = -(-n_joints // LANES) if (n_axes == 2 or n_axes == 3) and n_joints >= LANES else 0
    for i in range(vectors):
        # Some joints are copied twice, if the last vector has too few.
        first = min(i * LANES, n_joints - LANES)
        some, moved, to = rows[:, first * n_axes :], origin[first * n_axes :], out[:, :, first:]
        if n_axes == 2:
            _separate_two(some, moved, to, 0, n_frames, 1)
        else:
            _separate_three(some, moved, to, 0, n_frames, 1)
    for axis in range(n_axes if vectors == 0 else 0):
        for frame in range(n_frames):
            row, to_row = rows[frame], out[axis, frame]
            for i in range(n_joints):
                to_row[i] = row[i * n_axes + axis] + origin[i * n_axes + axis]


@VectorLoop
def _separate_two(code, first, n_frames, step):
    _write_separation(code, 2, first, n_frames, step)


@VectorLoop
def _separate_three(code, first, n_frames, step):
    _write_separation(code, 3, first, n_frames, step)


def _write_separation(code: Any, n_axes: int, first: Any, n_frames: Any, step: Any) -> None:
    """Write the loop that copies the coordinates of some joints to one row for each axis."""
    origin = code.separate(1, code.address(1), n_axes)
    source = code.variable(code.address(0, first))
    targets = [code.variable(code.address(2, axis, first)) for axis in range(n_axes)]
    with code.frames(n_frames):
        planes = code.separate(0, code.builder.load(source), n_axes)
        for target, values, moved in zip(targets, planes, origin):
            code.store(2, code.builder.fadd(values, moved), code.builder.load(target))
            code.advance(target, code.builder.mul(step, code.stride(2, 1)))
        code.advance(source, code.builder.mul(step, code.stride(0, 0)))


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
    """Filter the first n signals of rows in place, n being a multiple of those of a vector."""
    for k in range(0, len(sections), _SECTIONS):
        for lane in range(0, n, LANES):
            _filter_vector(
                rows[:, lane:],
                sections[k:],
                state[k:, :, lane:],
                first,
                (last - first) * step,
                step,
            )


@VectorLoop
def _filter_vector(code, first, n_frames, step):
    """Write the loop that filters the first signals of rows in place, by the first sections.

    ``y = b0 x + z0`` and so on, as in SciPy's ``sosfilt``.
    """
    load, store, multiply_add = code.builder.load, code.builder.store, code.multiply_add
    some = range(_SECTIONS)
    b0, b1, b2, a1, a2 = ([code.repeat(1, k, i) for k in some] for i in (0, 1, 2, 4, 5))
    a1, a2 = ([code.builder.fneg(a) for a in many] for many in (a1, a2))
    places = [(code.address(2, k, 0), code.address(2, k, 1)) for k in some]
    state = [[code.variable(code.load(2, at)) for at in two] for two in places]
    pointer = code.variable(code.address(0, first))
    with code.frames(n_frames):
        x = code.load(0, load(pointer))
        for k, (z0, z1) in zip(some, state):
            y = multiply_add(b0[k], x, load(z0))
            store(multiply_add(a1[k], y, multiply_add(b1[k], x, load(z1))), z0)
            store(multiply_add(a2[k], y, code.builder.fmul(b2[k], x)), z1)
            x = y
        code.store(0, x, load(pointer))
        code.advance(pointer, code.builder.mul(step, code.stride(0, 0)))
    for two, ats in zip(state, places):
        for z, at in zip(two, ats):
            code.store(2, load(z), at)
