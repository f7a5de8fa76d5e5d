"""Features in batches: the same numbers, on whichever workers, and errors that name the clips."""

from __future__ import annotations

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_asdf import BatchTransformer, Motion, PoseSmoother, make_lma_pipeline


@pytest.fixture(scope="module")
def poses():
    rng = np.random.default_rng(0)
    take = Motion(rng.normal(size=(1, 400, 17, 2)).cumsum(axis=1), fps=20)
    return take.windows(clip_duration=3.0, hop_duration=1.0)


@pytest.fixture(scope="module")
def table(poses):
    return make_lma_pipeline(n_keyframes=4).fit_transform(poses)


@pytest.mark.parametrize("batch_size", [1, 5, 18, 1000])
def test_batches_change_nothing(poses, table, batch_size):
    found = BatchTransformer(make_lma_pipeline(n_keyframes=4), batch_size=batch_size)
    assert_allclose(found.fit_transform(poses), table, rtol=1e-9)


@pytest.mark.parametrize("backend", [pytest.param("loky", marks=pytest.mark.slow), "threading"])
def test_workers_change_nothing(poses, table, backend):
    found = BatchTransformer(make_lma_pipeline(n_keyframes=4), batch_size=5, n_jobs=2)
    with joblib.parallel_config(backend):
        assert_allclose(found.fit_transform(poses), table, rtol=1e-9)


def test_lists_frames_and_names(poses, table):
    found = BatchTransformer(make_lma_pipeline(n_keyframes=4), batch_size=5)
    clips = [np.asarray(poses)[i] for i in range(len(poses))]
    at_30 = make_lma_pipeline(n_keyframes=4).fit_transform(np.asarray(poses))
    assert_allclose(found.fit_transform(clips), at_30, rtol=1e-9)
    frame = found.set_output(transform="pandas").fit_transform(poses)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns[0] == "window1_weight"
    assert_allclose(frame.to_numpy(), table, rtol=1e-9)
    flat = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 3)), columns=list("abc"))
    scaler = FrozenEstimator(StandardScaler().fit(flat))
    scaled = BatchTransformer(scaler, batch_size=2).fit(flat)
    assert_array_equal(scaled.transform(flat), scaler.transform(flat))
    assert list(scaled.feature_names_in_) == list("abc")
    assert scaled.n_features_in_ == 3
    assert list(scaled.get_feature_names_out()) == list("abc")
    assert list(found.get_feature_names_out()) == list(frame.columns)


def test_a_pipeline_with_batches_is_one_like_others(poses):
    pipe = make_pipeline(
        BatchTransformer(make_lma_pipeline(n_keyframes=4), batch_size=5), StandardScaler(), PCA(2)
    )
    pipe.set_params(batchtransformer__transformer__keyframes__n_keyframes=3)
    whole = make_pipeline(make_lma_pipeline(n_keyframes=3), StandardScaler(), PCA(2))
    np.testing.assert_allclose(
        pipe.fit_transform(poses), whole.fit_transform(poses), rtol=1e-6, atol=1e-6
    )


def test_errors_name_the_clips(poses):
    array = np.array(poses.position)
    array[13] = np.nan
    found = BatchTransformer(make_lma_pipeline(n_keyframes=4), batch_size=5).fit(poses)
    with pytest.raises(ValueError, match=r"batch that starts at clip 10.*only NaN in clip 3"):
        found.transform(Motion(array, fps=20))
    with pytest.raises(TypeError, match="expected a transformer that returns a table"):
        BatchTransformer(PoseSmoother()).fit_transform(poses)
    with pytest.raises(ValueError, match="'batch_size' parameter"):
        BatchTransformer(PoseSmoother(), batch_size=0).fit(poses)
