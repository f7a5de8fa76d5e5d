"""Smoothing and derivatives beside batched scipy and numpy, in one run on one machine.

``pytest -m benchmark -n 0 -s tests/benchmarks`` prints the figures; the results are checked to
agree. Times are not asserted, but that they grow with the number of frames and of clips alone.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from sklearn_asdf import KinematicsTransformer, Motion, PoseSmoother

from .timing import computing, shortest

pytestmark = pytest.mark.benchmark

SHAPES = {
    "100 clips, 2-D": (100, 240, 17, 2),
    "100 clips, 3-D": (100, 240, 17, 3),
    "one stream of 100,000 frames": (1, 100_000, 17, 2),
}


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


def _ours(x):
    motion = Motion(x)
    smoother = PoseSmoother().fit(motion)
    kinematics = KinematicsTransformer(slow_speed=0.0).fit(motion)
    return lambda: kinematics.transform(smoother.transform(Motion(x)))


def _walk(shape, dtype="float64"):
    return np.random.default_rng(0).normal(size=shape).cumsum(axis=1).astype(dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SHAPES)
def test_smoothing_and_derivatives(name, dtype, speed_table):
    x = _walk(SHAPES[name], dtype)
    ours = _ours(x)
    result, expected = ours(), _scipy_and_numpy(x)
    if dtype == "float64":
        for field, wanted in zip(("velocity", "acceleration", "jerk"), expected, strict=False):
            np.testing.assert_allclose(getattr(result, field), wanted, atol=1e-5)
    theirs_s, ours_s = shortest(lambda: _scipy_and_numpy(x), ours)
    speed_table.add(
        f"Smoothing, derivatives and curvature: {name}, {dtype}",
        ours_s,
        frames=x.shape[0] * x.shape[1],
        peer="SciPy and NumPy, batched",
        theirs=theirs_s,
    )


@pytest.mark.parametrize("of", ["frames", "clips"])
def test_smoothing_and_derivatives_are_linear(of, speed_table):
    sizes = [2**k for k in range(11, 16)] if of == "frames" else [2**k for k in range(3, 8)]
    shapes = [(1, n, 17, 2) if of == "frames" else (n, 240, 17, 2) for n in sizes]
    times = [shortest(_ours(_walk(shape)), clock=computing)[0] for shape in shapes]
    work = f"Growth with {of}: smoothing, derivatives and curvature"
    assert speed_table.add_growth(work, sizes, times) <= 1.1


def test_one_live_frame(speed_table):
    x = _walk((1, 300, 17, 2))
    live = PoseSmoother(zero_phase=False).fit(x)
    frames = [x[:, [i]] for i in range(300)]

    def ours():
        live.reset_stream()
        return [live.partial_transform(frame) for frame in frames]

    (taken,) = shortest(ours)
    speed_table.add("Smoothing of one live frame", taken / 300)
    np.testing.assert_array_equal(ours()[-1].position, live.transform(x).position[:, -1:])
