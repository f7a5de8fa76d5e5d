"""From smoothed poses to the table of Laban features, and from one clip's poses to its row.

``pytest -m benchmark -n 0 -s tests/benchmarks`` prints the figures, beside the effort profile of
musicalgestures where that is installed (extra `benchmark`). Times are not asserted, but that they
grow with the number of frames and of clips alone.
"""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from sklearn_asdf import KeyframeSegmenter, KinematicsTransformer, LMAFeaturizer, PoseSmoother
from sklearn_asdf.functional.compiled import numpy_only
from sklearn_asdf.pipeline import make_lma_pipeline

from .timing import computing, shortest

pytestmark = pytest.mark.benchmark

# Of the default preset.
GROUPS = ("effort", "shape", "level", "periodicity")


def _poses(shape):
    return np.random.default_rng(0).normal(size=shape).cumsum(axis=1)


def _table(shape):
    """Return a function that computes the table of the default preset."""
    motion = PoseSmoother().fit_transform(_poses(shape))
    motion = KinematicsTransformer(scale="body").fit_transform(motion)
    motion = KeyframeSegmenter().fit_transform(motion)
    lma = LMAFeaturizer(groups=GROUPS).fit(motion)
    return lambda: lma.transform(motion)


def _with_numpy(function):
    def run():
        with numpy_only():
            return function()

    return run


@pytest.mark.parametrize("n_axes", [2, 3])
def test_table_of_the_default_preset(n_axes, speed_table):
    table = _table((100, 240, 17, n_axes))
    ours, theirs = shortest(table, _with_numpy(table))
    work = f"Laban table of the default preset: 100 clips, {n_axes}-D"
    speed_table.add(work, ours, frames=24_000, peer="the same in NumPy", theirs=theirs)
    np.testing.assert_allclose(table(), _with_numpy(table)(), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("preset", ["default", "paper"])
def test_one_clip_from_poses_to_its_row(preset, speed_table):
    poses = _poses((1, 240, 17, 2))
    pipeline = make_lma_pipeline(preset=preset).fit(poses)
    ours, theirs = shortest(lambda: pipeline.transform(poses), _effort_profiles(poses[0]))
    peer = "musicalgestures, Effort of five joints" if theirs > 1e-5 else ""
    work = f"One clip from poses to its row, {preset}"
    speed_table.add(work, ours, peer=peer, theirs=theirs if peer else None)


def _effort_profiles(clip, fps=30.0):
    """Return the nearest rival: four Effort factors of five joints in as many windows."""
    if importlib.util.find_spec("musicalgestures") is None:
        return lambda: None
    from musicalgestures._effort import effort_profile

    window = len(clip) / fps / 9

    def profiles():
        for joint in (0, 9, 10, 15, 16):
            effort_profile(clip[:, joint], fps, window_s=window)

    return profiles


@pytest.mark.parametrize("of", ["frames", "clips"])
def test_the_table_is_linear(of, speed_table):
    sizes = [2**k for k in range(11, 16)] if of == "frames" else [2**k for k in range(4, 9)]
    shapes = [(1, n, 17, 2) if of == "frames" else (n, 240, 17, 2) for n in sizes]
    times = [shortest(_table(shape), repeats=3, clock=computing)[0] for shape in shapes]
    assert speed_table.add_growth(f"Growth with {of}: Laban table", sizes, times) <= 1.1
