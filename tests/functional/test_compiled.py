"""Compiled loops give what NumPy gives, and can be switched off."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from sklearn_asdf.functional import filters, kinematics
from sklearn_asdf.functional.compiled import numpy_only, use_compiled

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
    for regularization in (0.0, 0.05):
        for dtype in ("float64", "float32"):
            x = walk((3, n_frames, 5, n_axes), dtype=dtype, missing=missing)
            results = both(kinematics.derivatives, x, fps=30, regularization=regularization)
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


def test_numba_disable_jit_means_numpy(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert not use_compiled()
