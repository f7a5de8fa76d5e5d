"""Compiled loops give what NumPy gives, and can be switched off."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from sklearn_asdf import KeyframeSegmenter, LMAFeaturizer
from sklearn_asdf.functional import filters, geometry, kinematics, lma, windows
from sklearn_asdf.functional.body import body_size
from sklearn_asdf.functional.compiled import numpy_only, use_compiled
from sklearn_asdf.functional.kernels.form import principal_values
from sklearn_asdf.functional.keyframe_candidates import bone_angles, curve_salience
from sklearn_asdf.functional.keyframes import cluster_extremes, select_keyframes
from sklearn_asdf.functional.kmeans import kmeans_1d
from sklearn_asdf.motion.lma_groups import CLIP_GROUPS, WINDOW_GROUPS

pytest.importorskip("numba", reason="compiled loops need numba (the extra 'fast')")


def walk(shape, *, dtype="float64", missing=0.0, seed=0):
    """Return random walks, of which a share of the coordinates is not seen."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape).cumsum(axis=1).astype(dtype)
    x[0, :, 0] = 1.5
    x[rng.random(shape) < missing] = np.nan
    return x


def both(function, *args, **parameters):
    """Return the results of compiled loops and of NumPy."""
    assert use_compiled()
    compiled = function(*args, **parameters)
    with numpy_only():
        plain = function(*args, **parameters)
    return compiled, plain


def assert_same(compiled, plain, *, single=False):
    assert compiled.dtype == plain.dtype
    np.testing.assert_array_equal(np.isnan(compiled), np.isnan(plain))
    size = np.nanmax(np.abs(plain), initial=0.0)
    limit = 1e-4 if single else 1e-10
    np.testing.assert_allclose(compiled, plain, rtol=limit, atol=limit * max(size, 1e-300))


@pytest.mark.parametrize("missing", [0.0, 0.05, 0.4])
@pytest.mark.parametrize("n_axes", [1, 2, 3])
@pytest.mark.parametrize("n_frames", [1, 2, 3, 4, 5, 6, 64, 131])
def test_derivatives(n_frames, n_axes, missing):
    for slow in (0.0, 0.05):
        for dtype in ("float64", "float32"):
            x = walk((3, n_frames, 5, n_axes), dtype=dtype, missing=missing)
            results = both(kinematics.derivatives, x, fps=30, slow_speed=slow)
            for compiled, plain in zip(*results, strict=True):
                assert_same(compiled, plain, single=dtype == "float32")


def test_derivatives_of_positions_in_any_order_of_memory():
    x = walk((2, 50, 5, 2))
    expected = kinematics.derivatives(x, fps=30)
    views = np.lib.stride_tricks.sliding_window_view(walk((1, 90, 5, 2))[0], 50, axis=0)[::20]
    for same in (np.moveaxis(np.moveaxis(x, -1, 0).copy(), 0, -1), np.asfortranarray(x)):
        for result, wanted in zip(kinematics.derivatives(same, fps=30), expected, strict=True):
            np.testing.assert_array_equal(result, wanted)
    windows = np.moveaxis(views, -1, 1)
    result, wanted = (kinematics.derivatives(w, fps=30)[2] for w in (windows, windows.copy()))
    np.testing.assert_array_equal(result, wanted)


@pytest.mark.parametrize("missing", [0.0, 0.05])
@pytest.mark.parametrize("n_frames", [1, 2, 19, 240, 1500])
@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_butterworth(n_axes, n_frames, missing):
    x = walk((2, n_frames, 9, n_axes), missing=missing)
    assert_same(*both(filters.butterworth, x, fps=30.0))
    x = walk((2, n_frames, 9, n_axes), missing=missing, dtype="float32")
    assert_same(*both(filters.butterworth, x, fps=30.0), single=True)


@pytest.mark.parametrize(("fps", "cutoff", "order"), [(30, 14, 1), (120, 3, 5), (500, 2, 8)])
def test_butterworth_of_long_streams_in_blocks(fps, cutoff, order):
    x = walk((1, 4000, 40, 2))
    assert_same(*both(filters.butterworth, x, fps=fps, cutoff=cutoff, order=order))


@pytest.mark.parametrize("n_joints", [1, 4, 9, 33, 70])
@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_butterworth_of_bodies_that_fill_no_vector(n_axes, n_joints):
    x = walk((2, 60, n_joints, n_axes))
    assert_same(*both(filters.butterworth, x, fps=30.0, order=8))
    x = x.astype(np.float32)
    assert_same(*both(filters.butterworth, x, fps=30.0), single=True)


@pytest.mark.parametrize("n_axes", [2, 3])
def test_angles_of_bones(n_axes):
    x = walk((3, 100, 17, n_axes), missing=0.02, seed=1)
    # Without length, and along and against the reference.
    x[1, :9, 5] = x[1, :9, 6]
    reference = x[:, :, 6] - x[:, :, 5]
    x[2, :9, 8] = x[2, :9, 7] + 2 * reference[2, :9]
    x[2, :9, 10] = x[2, :9, 9] - reference[2, :9]
    compiled, plain = both(bone_angles, x, [[5, 6], [7, 8], [9, 10], [11, 12]], reference)
    assert_same(compiled, plain)
    np.testing.assert_allclose(compiled[2, 1:3, 2:4], [[0, 0], [np.pi, np.pi]], atol=1e-7)


@pytest.mark.parametrize("refine", [False, True])
def test_extremes_and_selection(refine):
    rng = np.random.default_rng(3)
    # Steps of whole numbers: many ties and rests.
    curves = rng.integers(-1, 2, size=(4, 5, 120)).cumsum(axis=-1).astype(float)
    candidates, lengths = rng.random(curves.shape) < 0.15, np.array([120, 90, 40, 3])
    candidates &= np.arange(120) < lengths[:, None, None]
    kept = both(cluster_extremes, candidates, curves, lengths, fps=30, refine=refine)
    np.testing.assert_array_equal(*kept)
    votes = kept[0].sum(axis=1)
    chosen = both(select_keyframes, votes, curves.mean(axis=1), 8, lengths, fps=30)
    np.testing.assert_array_equal(*chosen)


@pytest.mark.parametrize("n_clusters", [1, 2, 3, 10, 40])
def test_clusters_are_the_same_where_costs_tie_too(n_clusters):
    rng = np.random.default_rng(n_clusters)
    spaced = np.arange(90.0).reshape(1, -1) // 2
    frames = np.sort([rng.choice(400, 90, replace=False) for _ in range(5)], axis=1)
    for values in (rng.random((6, 90)).cumsum(axis=1), frames.astype(float), spaced):
        counts = rng.integers(1, 91, len(values))
        for weights in (None, rng.integers(1, 8, values.shape)):
            np.testing.assert_array_equal(
                *both(kmeans_1d, values, n_clusters, counts, weights=weights)
            )


def test_clusters_of_a_long_row_are_cut_in_time():
    rng = np.random.default_rng(0)
    values = np.sort(rng.choice(10_000, 2000, replace=False)).astype(float)[None]
    # Both ways to search: few clusters, and many.
    for n_clusters in (6, 100):
        np.testing.assert_array_equal(*both(kmeans_1d, values, n_clusters))


def test_salience():
    curves = walk((3, 50, 4)).swapaxes(1, 2)
    for fps in (30.0, 120.0):
        np.testing.assert_array_equal(*both(curve_salience, curves, fps=fps))
    np.testing.assert_array_equal(*both(curve_salience, curves[..., :1], fps=30.0))


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_keyframes(n_axes, missing):
    x = walk((4, 200, 17, n_axes), missing=missing)
    x[:, 50:90] = x[:, [50]]
    for refine in (True, False):
        compiled, plain = both(KeyframeSegmenter(refine=refine).fit_transform, x)
        np.testing.assert_array_equal(compiled.keyframes, plain.keyframes)


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_form_of_the_body(n_axes, missing):
    x = walk((3, 70, 9, n_axes), missing=missing)
    whole = np.round(x)  # points that coincide and lie in one line
    for function in (geometry.extent, geometry.spread, geometry.convex_hull_area):
        assert_same(*both(function, x))
        assert_same(*both(function, whole))
    assert_same(*both(geometry.sphericity, x))


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("how", ["sum", "mean", "max", "min"])
def test_reductions_of_windows(how, missing):
    curves = walk((3, 50, 1))[..., 0]
    curves[np.random.default_rng(1).random(curves.shape) < missing] = np.nan
    start = np.array([[0, 10, 10, 49, 50]] * 3)
    stop = np.array([[10, 10, 45, 50, 50]] * 3)
    assert_same(*both(windows.reduce_windows, curves, start, stop, how=how))
    assert_same(*both(lma.mean_of_windows, curves, start, stop))


@pytest.mark.parametrize("missing", [0.0, 0.02])
@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_table_of_all_groups(n_axes, missing):
    x = walk((3, 120, 17, n_axes), missing=missing)
    groups = [*WINDOW_GROUPS, *CLIP_GROUPS]
    motion = KeyframeSegmenter(n_keyframes=5).fit_transform(x)
    for space in ("directness", "path_ratio"):
        table = LMAFeaturizer(groups=groups, space=space).fit_transform
        compiled, plain = both(table, motion)
        np.testing.assert_allclose(compiled, plain, rtol=1e-10, atol=1e-10)


def test_still_joints_stay_exactly_still():
    x = np.full((1, 3000, 5, 2), 1 / 3)
    np.testing.assert_array_equal(filters.butterworth(x, fps=30), x)
    assert not any(d.any() for d in kinematics.derivatives(x, fps=30))


def test_numpy_only_ends_with_its_block_and_nests():
    with numpy_only():
        with numpy_only(False):
            assert not use_compiled()
        assert not use_compiled()
    assert use_compiled()
    with numpy_only(False):
        assert use_compiled()


def test_without_numba_the_stages_use_numpy():
    code = """
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: None if name == "numba" else found(name, *a)
import numpy as np
from sklearn_asdf import make_lma_pipeline
poses = np.random.default_rng(0).normal(size=(2, 60, 17, 2)).cumsum(1)
print(make_lma_pipeline().fit_transform(poses).shape[0], "numba" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["2", "False"], done.stderr


def test_numba_disable_jit_means_numpy():
    code = "from sklearn_asdf.functional import compiled; print(compiled.use_compiled())"
    for value, used in (("1", "False"), ("0", "True")):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": value}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment
        )
        assert done.stdout.strip() == used, done.stderr


def test_eigenvalues_of_three_rows():
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(3, 5, 400)) * 10.0 ** rng.integers(-4, 3, (3, 1, 400))
    factors[:, :, :20] = 0
    factors[2, :, 20:40] = 0
    matrices = np.einsum("akn,bkn->abn", factors, factors)
    compiled, plain = both(principal_values, matrices)
    assert np.all(np.abs(compiled - plain) <= 1e-14 * plain[-1])


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_body_size(n_axes, missing):
    segments = [((0,), (1,), 0.2), ((2, 3), (4, 5), 0.3), ((6,), (7, 8), 0.1)]
    for n_frames in (1, 2, 7, 50):
        x = walk((4, n_frames, 9, n_axes), missing=missing, seed=n_frames)
        x[1, :, 7] = np.nan
        assert_same(*both(body_size, x, segments))
