"""Keyframes of many clips, and of long streams with few and with many keyframes."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf import KeyframeSegmenter, PoseSmoother
from sklearn_asdf.functional.compiled import numpy_only

from .timing import computing, shortest

pytestmark = pytest.mark.benchmark


def _smooth(shape):
    x = np.random.default_rng(0).normal(size=shape).cumsum(axis=1)
    return PoseSmoother().fit_transform(x)


def _search(motion, n_keyframes=10):
    segmenter = KeyframeSegmenter(n_keyframes=n_keyframes).fit(motion)
    return lambda: segmenter.transform(motion)


def _with_numpy(function):
    def run():
        with numpy_only():
            return function()

    return run


@pytest.mark.parametrize("n_axes", [2, 3])
def test_keyframes_of_clips(n_axes, speed_table):
    search = _search(_smooth((100, 240, 17, n_axes)))
    ours, theirs = shortest(search, _with_numpy(search))
    work = f"Keyframes: 100 clips, {n_axes}-D, 10 keyframes each"
    speed_table.add(work, ours, frames=24_000, peer="the same in NumPy", theirs=theirs)


def test_ten_keyframes_of_a_stream_of_100_000_frames(speed_table):
    search = _search(_smooth((1, 100_000, 17, 2)))
    ours, theirs = shortest(search, _with_numpy(search), repeats=2)
    work = "Keyframes: one stream of 100,000 frames, 10 keyframes"
    speed_table.add(work, ours, peer="the same in NumPy", theirs=theirs)


def test_a_thousand_keyframes_of_25_000_frames(speed_table):
    search = _search(_smooth((1, 25_000, 17, 2)), n_keyframes=1000)
    ours, theirs = shortest(search, _with_numpy(search), repeats=2)
    work = "Keyframes: one stream of 25,000 frames, 1,000 keyframes"
    speed_table.add(work, ours, peer="the same in NumPy", theirs=theirs)


@pytest.mark.parametrize("of", ["frames", "clips"])
def test_keyframes_are_found_in_n_log_n(of, speed_table):
    sizes = [2**k for k in range(14, 19)] if of == "frames" else [2**k for k in range(4, 9)]
    shapes = [(1, n, 17, 2) if of == "frames" else (n, 240, 17, 2) for n in sizes]
    times = [shortest(_search(_smooth(shape)), repeats=3, clock=computing)[0] for shape in shapes]
    growth = speed_table.add_growth(f"Growth with {of}: keyframes", sizes, times)
    # In one stream the search for the best bounds takes n log n.
    log_n = np.polyfit(np.log(sizes), np.log(np.log(sizes)), 1)[0] if of == "frames" else 0.0
    assert growth - log_n <= 1.1
