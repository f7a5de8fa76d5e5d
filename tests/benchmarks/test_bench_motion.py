"""Smoothing and derivatives beside batched scipy and numpy, in one run on one machine.

``pytest -m benchmark -s tests/benchmarks`` prints the figures; the results are checked to agree,
the times are not asserted.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np
import pytest
from scipy import signal
from threadpoolctl import threadpool_limits

from sklearn_asdf import KinematicsTransformer, Motion, PoseSmoother

pytestmark = pytest.mark.benchmark

SHAPES = {
    "100 clips, 2-D": (100, 240, 17, 2),
    "100 clips, 3-D": (100, 240, 17, 3),
    "one stream of 100,000 frames": (1, 100_000, 17, 2),
}


def _seconds(*functions, repeats=7):
    """Median times of functions called by turns, so that a busy machine is busy for all.

    On one core each: what scipy's filters use.
    """
    times = [[] for _ in functions]
    for function in functions:
        function()
    with threadpool_limits(1):
        for _ in range(repeats):
            for function, taken in zip(functions, times, strict=True):
                start = time.perf_counter()
                function()
                taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def _scipy_and_numpy(x, fps=30.0):
    """The same stages as anybody would write them with scipy and numpy, on all clips at once."""
    sections = signal.butter(5, 3.0, fs=fps, output="sos")
    x = signal.sosfiltfilt(sections, x, axis=1)
    v, a, j = np.empty_like(x), np.empty_like(x), np.empty_like(x)
    v[:, 1:-1] = (x[:, 2:] - x[:, :-2]) * (fps / 2)
    a[:, 1:-1] = (x[:, 2:] - 2 * x[:, 1:-1] + x[:, :-2]) * fps**2
    j[:, 2:-2] = (x[:, 4:] - 2 * x[:, 3:-1] + 2 * x[:, 1:-3] - x[:, :-4]) * (fps**3 / 2)
    for d, reach in ((v, 1), (a, 1), (j, 2)):
        d[:, :reach] = d[:, [reach]]
        d[:, -reach:] = d[:, [-reach - 1]]
    if x.shape[-1] == 2:
        area = np.abs(v[..., 0] * a[..., 1] - v[..., 1] * a[..., 0])
    else:
        area = np.linalg.norm(np.cross(v, a), axis=-1)
    return v, a, j, area / (v * v).sum(axis=-1) ** 1.5


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SHAPES)
def test_smoothing_and_derivatives(name, dtype, capsys):
    shape = SHAPES[name]
    x = np.random.default_rng(0).normal(size=shape).cumsum(axis=1).astype(dtype)
    motion = Motion(x)
    smoother = PoseSmoother().fit(motion)
    kinematics = KinematicsTransformer(curvature_regularization=0.0).fit(motion)

    def ours():
        return kinematics.transform(smoother.transform(motion))

    result = ours()
    expected = _scipy_and_numpy(x)
    if dtype == "float64":
        for name_, wanted in zip(("velocity", "acceleration", "jerk"), expected, strict=False):
            np.testing.assert_allclose(getattr(result, name_), wanted, atol=1e-5)
    theirs_s, ours_s = _seconds(lambda: _scipy_and_numpy(x), ours)
    frames = shape[0] * shape[1] / 1e6
    with capsys.disabled():
        sys.stdout.write(
            f"\n{name}, {dtype}: scipy and numpy {frames / theirs_s:.2f} M frames/s, sklearn_asdf "
            f"{frames / ours_s:.2f} M frames/s: {theirs_s / ours_s:.1f} times as fast\n"
        )


def test_one_live_frame(capsys):
    x = np.random.default_rng(0).normal(size=(1, 300, 17, 2)).cumsum(axis=1)
    live = PoseSmoother(zero_phase=False).fit(x)
    frames = [x[:, [i]] for i in range(300)]

    def ours():
        live.reset_stream()
        return [live.partial_transform(frame) for frame in frames]

    (taken,) = _seconds(ours)
    with capsys.disabled():
        sys.stdout.write(f"\none live frame: {taken / 300 * 1e6:.0f} microseconds\n")
    np.testing.assert_array_equal(ours()[-1].position, live.transform(x).position[:, -1:])
