"""The same seed gives the same scores, whatever the number of jobs and threads and the cache.

The whole table, of the presets "tiny", "codec" and "default" in processes of one and two threads,
takes some minutes: ``pytest -m slow tests/test_reproducibility.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="the presets need the extra 'music'")

from sklearn.model_selection import GroupKFold, cross_val_score

from sklearn_asdf import MDNRegressor, make_dance_pipeline, save
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.metrics import get_scorer

# What makes a preset quick; the choices that could hang on a rounding stay.
QUICK = {
    "tiny": {"music__regressor__epochs": 2},
    "codec": {
        "music__transformer__epochs": 1,
        "music__transformer__pitch_shifts": (),
        "music__regressor__epochs": 20,
    },
    "default": {"beats__max_iter": 10, "music__regressor__regressor__regressor__epochs": 40},
}
_TOLERANCE = 1e-6


def scores(preset, n_clips, n_jobs, memory):
    """Return the scores of two folds."""
    data = make_dance_music(n_clips, n_performances=6, random_state=0)
    model = make_dance_pipeline(preset, random_state=0, memory=memory).set_params(**QUICK[preset])
    return cross_val_score(
        model,
        data.poses,
        data.audio,
        groups=data.groups,
        cv=GroupKFold(2),
        scoring=get_scorer("log_likelihood"),
        n_jobs=n_jobs,
    )


def _scores_in_process(preset, n_clips, *, n_threads, n_jobs=1, memory=None):
    code = (
        "import json\n"
        "from tests.test_reproducibility import scores\n"
        f"print(json.dumps(list(scores({preset!r}, {n_clips}, {n_jobs}, {memory!r}))))"
    )
    pools = ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
    threads = {f"{pool}_THREADS": str(n_threads) for pool in pools}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        env=os.environ | threads,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_jobs_and_cache_do_not_change_scores(tmp_path):
    expected = scores("tiny", 12, 1, None)
    found = _scores_in_process("tiny", 12, n_threads=1, memory=str(tmp_path))
    np.testing.assert_allclose(found, expected, rtol=0, atol=_TOLERANCE)
    # From the cache.
    found = scores("tiny", 12, 1, str(tmp_path))
    np.testing.assert_allclose(found, expected, rtol=0, atol=_TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("preset", QUICK)
def test_the_table_of_scores_has_one_number_a_fold(preset, tmp_path):
    table = {
        (threads, jobs, cached): _scores_in_process(
            preset,
            36,
            n_threads=threads,
            n_jobs=jobs,
            memory=str(tmp_path) if cached else None,
        )
        for threads in (1, 2)
        for jobs in (1, 2)
        for cached in (False, True)
    }
    values = np.array(list(table.values()))
    np.testing.assert_allclose(values, values[[0] * len(values)], rtol=0, atol=_TOLERANCE)


@pytest.fixture(scope="module")
def codes():
    """Few rows of many numbers, as a code is: standardized, most of it noise, two kinds of rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(72, 6)).astype(np.float32)
    kind = rng.random(72) < 0.5
    y = 0.7 * X @ rng.normal(size=(6, 32)) + 1.5 * kind[:, None] + rng.normal(size=(72, 32))
    return X, (20 + 3 * y).astype(np.float32)


def fit(X, y, **params):
    """Fit a density of which all choices are made."""
    model = MDNRegressor(
        3, linear_baseline=True, hidden_layer_sizes=(16,), epochs=30, random_state=0, **params
    )
    return model.fit(X, y)


@pytest.mark.parametrize("n_rows", [16, 30, 60])
def test_roundings_of_targets_change_nothing(codes, n_rows):
    X, y = codes
    rounding = 1e-7 * np.random.default_rng(1).normal(size=y.shape)
    moved = y.astype(float) * (1 + rounding)
    model, other = (fit(X[:n_rows], targets[:n_rows]) for targets in (y.astype(float), moved))
    assert other.unconditional_.n_components == model.unconditional_.n_components
    assert other.n_iter_ == model.n_iter_
    score = model.score(X[60:], y[60:])
    assert other.score(X[60:], y[60:]) == pytest.approx(score, rel=0, abs=1e-5)


def test_the_unit_of_float32_targets_only_shifts_the_score(codes):
    X, y = codes
    score = fit(X[:60], y[:60]).log_likelihood(X[60:], y[60:])
    in_thousands = y * np.float32(1000)
    shift = score - fit(X[:60], in_thousands[:60]).log_likelihood(X[60:], in_thousands[60:])
    assert shift == pytest.approx(np.log(1000), rel=0, abs=1e-4)


def test_a_float32_constant_stays_one(codes):
    X, y = codes
    y = y.copy()
    y[:, 3] = np.float32(7.3)
    y[::2, 3] = np.nextafter(np.float32(7.3), np.float32(8))
    density = fit(X[:60], y[:60]).predict_dist(X[60:])
    np.testing.assert_allclose(density.mean[:, 3], 7.3, rtol=1e-6)
    assert (density.std[:, 3] > 1e-3).all()


def test_a_model_is_saved_in_the_same_bytes_by_two_processes(codes, tmp_path):
    X, y = codes
    code = (
        "import numpy as np, sys\n"
        "from sklearn_asdf import save\n"
        "from tests.test_reproducibility import fit\n"
        "data = np.load(sys.argv[1])\n"
        "save(fit(data['X'], data['y']), sys.argv[2])\n"
    )
    np.savez(tmp_path / "data.npz", X=X, y=y)
    save(fit(X, y), tmp_path / "here.zip")
    save(fit(X, y), tmp_path / "again.zip")
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "data.npz"), str(tmp_path / "there.zip")],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    here, again, there = ((tmp_path / f"{n}.zip").read_bytes() for n in ("here", "again", "there"))
    assert here == again
    assert here == there
