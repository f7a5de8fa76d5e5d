"""Searches over the pipeline: how many encoders are trained, where, and that scores stay the same.

The encoder here is light and counts its fits in a file; the networks' search is in the test marked
slow (``pytest -m slow tests/test_search.py``).
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    KFold,
    cross_validate,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr

from sklearn_asdf import AudioClips, AudioTargetRegressor, Motion, make_dance_pipeline
from sklearn_asdf.model_selection import RecordingKFold, overlapping_clips
from sklearn_asdf.music.encoder_cache import fit_encoder
from sklearn_asdf.pipeline import make_lma_pipeline

GRID = {"keyframes__n_keyframes": [3, 4, 5], "music__regressor__alpha": [0.1, 1.0, 10.0, 100.0]}


class CountingEncoder(TransformerMixin, BaseEstimator):
    """Principal components that leave a line in a file for each fit, in whatever process."""

    unused_in_fit = ("gain",)

    def __init__(self, log, n_components=4, gain=1.0, pause=0.0, interrupted=False):
        self.log = log
        self.n_components = n_components
        self.gain = gain
        self.pause = pause
        self.interrupted = interrupted

    def fit(self, X, y=None):
        with open(self.log, "a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(self.pause)
        X = np.asarray(X, dtype=float)
        self.mean_ = X.mean(axis=0)
        self.components_ = np.linalg.svd(X - self.mean_, full_matrices=False)[2][
            : self.n_components
        ]
        self.interrupted_ = self.interrupted
        return self

    def transform(self, X):
        return (np.asarray(X, dtype=float) - self.mean_) @ self.components_.T

    def inverse_transform(self, X):
        return self.gain * (X @ self.components_ + self.mean_)


def count(log):
    """Return how many fits the file has seen, and forget them."""
    n = len(log.read_text().splitlines()) if log.exists() else 0
    log.write_text("")
    return n


@pytest.fixture
def log(tmp_path):
    return tmp_path / "fits"


@pytest.fixture(scope="module")
def data():
    """Six performances of three clips each, which overlap in time."""
    rng = np.random.default_rng(0)
    poses = Motion(rng.normal(size=(18, 40, 17, 2)).cumsum(axis=1), fps=20)
    audio = AudioClips.from_recordings(
        [0.1 * rng.normal(size=400) for _ in range(6)], sr=100, clip_duration=2, hop_duration=1
    )
    return poses, audio


def make_pipeline(log, memory=None, **encoder):
    """Return the whole way from poses to sound, with light parts."""
    steps = dict(make_lma_pipeline(memory=memory).steps)
    music = AudioTargetRegressor(Ridge(), CountingEncoder(str(log), **encoder), memory=memory)
    steps |= {"scale": StandardScaler(), "music": music}
    return Pipeline(list(steps.items()), memory=memory)


def search(data, pipe, grid=GRID, **options):
    """Search by performance; return the scores of every fold."""
    poses, audio = data
    found = GridSearchCV(pipe, grid, cv=GroupKFold(3), refit=False, error_score="raise", **options)
    results = found.fit(poses, audio, groups=audio.groups).cv_results_
    return np.array([results[f"split{i}_test_score"] for i in range(3)])


@pytest.fixture(scope="module")
def expected(data, tmp_path_factory):
    log = tmp_path_factory.mktemp("plain") / "fits"
    scores = search(data, make_pipeline(log))
    assert count(log) == 36
    assert len(np.unique(scores)) == 36
    return scores


@pytest.mark.parametrize("backend", [None, "threading", "loky"])
def test_twelve_candidates_and_three_folds_train_three_encoders(
    data, log, tmp_path, expected, backend
):
    pipe = make_pipeline(log, str(tmp_path / "cache"), pause=0.2)
    with joblib.parallel_config(backend or "sequential", n_jobs=1 if backend is None else 4):
        scores = search(data, pipe)
    # Four workers begin with two candidates of one fold: one of them must wait for the other.
    assert count(log) == 3
    assert_array_equal(scores, expected)


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_two_processes_gives_the_same_scores(data, log, tmp_path, expected):
    distributed = pytest.importorskip("distributed", reason="needs the extra 'distributed'")
    pipe = make_pipeline(log, str(tmp_path / "cache"))
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=str(tmp_path / "dask"),
        ) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config("dask"),
    ):
        pids = set(client.run(os.getpid).values())
        scores = search(data, pipe)
    assert len(pids) == 2
    fitted_in = {int(line) for line in log.read_text().split()}
    assert fitted_in <= pids
    assert count(log) == 3
    assert_array_equal(scores, expected)


def test_the_cache_tells_encoders_and_training_sets_apart(data, log, tmp_path):
    audio = data[1]
    memory = str(tmp_path / "cache")
    first, codes = fit_encoder(CountingEncoder(str(log)), audio[:9], memory)
    again, same = fit_encoder(CountingEncoder(str(log)), audio[:9], memory)
    assert count(log) == 1
    assert again is not first
    assert_array_equal(codes, same)
    fit_encoder(CountingEncoder(str(log), n_components=2), audio[:9], memory)
    fit_encoder(CountingEncoder(str(log)), audio[1:10], memory)
    fit_encoder(CountingEncoder(str(log)), np.asarray(audio[:9]), memory)
    assert count(log) == 3
    # What only decoding needs makes no other encoder, and is as it was asked for.
    louder, _ = fit_encoder(CountingEncoder(str(log), gain=2.0), audio[:9], memory)
    assert count(log) == 0
    assert_array_equal(louder.inverse_transform(codes), 2 * first.inverse_transform(codes))
    fit_encoder(CountingEncoder(str(log)), audio[:9], joblib.Memory(memory, verbose=0))
    assert count(log) == 0
    fit_encoder(CountingEncoder(str(log)), audio[:9], joblib.Memory(None))
    assert count(log) == 1


def test_audio_mapped_from_disk_is_the_same_audio(data, log, tmp_path):
    recording = np.asarray(data[1].recordings[0])
    np.save(tmp_path / "recording.npy", recording)
    mapped = np.load(tmp_path / "recording.npy", mmap_mode="r")
    options = {"sr": 100, "clip_duration": 2, "hop_duration": 1}
    for y in (recording, mapped):
        audio = AudioClips.from_recordings([y], **options)
        fit_encoder(CountingEncoder(str(log)), audio, str(tmp_path / "cache"))
    assert count(log) == 1
    # Not copied either: clips are windows into the file.
    assert np.shares_memory(audio.recordings[0], mapped)


def _fit_in_process(log, memory, pause, start, results):
    rng = np.random.default_rng(0)
    start.wait()
    _, codes = fit_encoder(CountingEncoder(log, pause=pause), rng.normal(size=(9, 30)), memory)
    results.put(codes)


def _processes(n, log, memory, pause):
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(n), context.Queue()
    arguments = (str(log), str(memory), pause, start, results)
    started = [context.Process(target=_fit_in_process, args=arguments) for _ in range(n)]
    for process in started:
        process.start()
    # The barrier is returned so that it outlives the processes' start.
    return started, results, start


def test_processes_that_want_one_encoder_at_once_train_it_once(log, tmp_path):
    started, results, _barrier = _processes(3, log, tmp_path / "cache", 1.0)
    codes = [results.get(timeout=300) for _ in started]
    for process in started:
        process.join()
    assert [p.exitcode for p in started] == [0, 0, 0]
    assert count(log) == 1
    for other in codes[1:]:
        assert_array_equal(other, codes[0])


def test_a_killed_process_keeps_nobody_waiting(log, tmp_path):
    (victim,), _, _barrier = _processes(1, log, tmp_path / "cache", 60.0)
    while not log.exists() or not log.read_text():
        assert victim.is_alive()
        time.sleep(0.05)
    os.kill(victim.pid, signal.SIGKILL)
    victim.join()
    count(log)
    started, results, _barrier = _processes(1, log, tmp_path / "cache", 0.0)
    assert results.get(timeout=300).shape == (9, 4)
    started[0].join()
    assert count(log) == 1


def test_an_interrupted_encoder_is_used_but_not_kept(data, log, tmp_path):
    X, memory = np.zeros((18, 2)), str(tmp_path / "cache")
    encoder = CountingEncoder(str(log), interrupted=True)
    for _ in range(2):
        model = AudioTargetRegressor(Ridge(), encoder, memory=memory).fit(X, data[1])
        assert model.transformer_.interrupted_
    assert count(log) == 2


def test_a_damaged_cache_is_filled_anew(data, log, tmp_path):
    memory = str(tmp_path / "cache")
    fit_encoder(CountingEncoder(str(log)), data[1], memory)
    for path in Path(memory).rglob("output.pkl"):
        path.write_bytes(path.read_bytes()[:50])
    codes = [fit_encoder(CountingEncoder(str(log)), data[1], memory)[1] for _ in range(2)]
    assert count(log) == 2
    assert_array_equal(*codes)


def test_a_cache_that_cannot_be_written_is_refused(data, log, tmp_path):
    (tmp_path / "file").write_text("in the way")
    model = AudioTargetRegressor(
        Ridge(), CountingEncoder(str(log)), memory=str(tmp_path / "file" / "cache")
    )
    with pytest.raises(ValueError, match="expected a folder that can be written"):
        model.fit(np.zeros((18, 2)), data[1])
    assert count(log) == 0


def test_nested_and_halving_searches_share_encoders(data, log, tmp_path):
    poses, audio = data
    pipe = make_pipeline(log, str(tmp_path / "cache"))
    grid = {"music__regressor__alpha": [0.1, 10.0]}
    inner = GridSearchCV(pipe, grid, cv=RecordingKFold(2))
    found = cross_validate(
        inner, poses, audio, cv=RecordingKFold(3), return_train_score=True, error_score="raise"
    )
    assert np.isfinite(found["test_score"]).all()
    # Three outer training sets, and the three halves that any two of them have in common.
    assert count(log) == 6
    halving = HalvingGridSearchCV(
        pipe, GRID, cv=RecordingKFold(3), factor=2, min_resources=9, random_state=0
    )
    halving.fit(poses, audio)
    assert halving.n_candidates_ == [12, 6]
    assert halving.predict(poses).shape == audio.shape


def test_motion_stages_are_shared_too(data, log, tmp_path):
    pipe = make_pipeline(log, str(tmp_path / "cache"))
    search(data, pipe, {"music__regressor__alpha": [0.1, 1.0]})
    outputs = list((tmp_path / "cache").rglob("sklearn/pipeline/*/*/output.pkl"))
    # Smoothing, derivatives, keyframes, features and scaling of three training sets.
    assert len(outputs) == 15


def test_a_frozen_encoder_can_be_searched_with(data, log, expected):
    pipe = make_pipeline(log)
    encoder = CountingEncoder(str(log)).fit(data[1])
    count(log)
    pipe.set_params(music__transformer=FrozenEstimator(encoder))
    scores = search(data, pipe)
    assert count(log) == 0
    assert np.isfinite(scores).all()


class WeighedRidge(Ridge):
    """Keeps the weights that it got."""

    def fit(self, X, y, sample_weight=None):
        self.weight_ = sample_weight
        return super().fit(X, y, sample_weight)


def test_metadata_are_routed_through_a_search(data, log, tmp_path):
    poses, audio = data
    weight = np.arange(1.0, 19.0)
    with config_context(enable_metadata_routing=True):
        regressor = WeighedRidge().set_fit_request(sample_weight=True)
        pipe = make_pipeline(log, str(tmp_path / "cache")).set_params(
            music__regressor=regressor, scale="passthrough"
        )
        pipe["music"].set_score_request(sample_weight=True)
        # scikit-learn before 1.8 asks the pipeline too.
        pipe.set_score_request(sample_weight=True)
        found = GridSearchCV(pipe, {"music__regressor__alpha": [1.0, 2.0]}, cv=GroupKFold(3)).fit(
            poses, audio, sample_weight=weight, groups=audio.groups
        )
    assert_array_equal(found.best_estimator_[-1].regressor_.weight_, weight)
    unweighted = search(data, clone(pipe), {"music__regressor__alpha": [1.0, 2.0]})
    assert not np.allclose(found.cv_results_["split0_test_score"], unweighted[0])


def test_clips_of_one_recording_on_both_sides_are_noticed(data, log):
    poses, audio = data
    pipe = make_pipeline(log)
    with pytest.warns(UserWarning, match=r"of 6 clips to score overlap .*score is too high"):
        GridSearchCV(
            pipe, {"music__regressor__alpha": [1.0]}, cv=KFold(3, shuffle=True, random_state=0)
        ).fit(poses, audio)
    # Neither the training set's own score nor clean splits say anything.
    cross_validate(pipe, poses, audio, cv=RecordingKFold(3), return_train_score=True)
    model = pipe.fit(poses[:9], audio[:9])
    model.score(poses[:9], audio[:9])
    model.score(poses[9:], audio[9:])
    # Loading a recording anew does not hide it.
    again = AudioClips([y.copy() for y in audio.recordings], audio.groups, audio.starts, 200, 100)
    again.starts = again.starts + 0
    model = pipe.fit(poses[::3], audio[::3])
    with pytest.warns(UserWarning, match="6 of 6 clips to score overlap"):
        model.score(poses[1::3], again[1::3])


def test_overlaps_are_those_of_time():
    y = np.random.default_rng(0).normal(size=100)
    clips = AudioClips([y, y[:50]], [0, 0, 0, 1], [0, 10, 50, 0], 10, 10)
    assert overlapping_clips(clips, clips[:1]).tolist() == [True, False, False, False]
    assert overlapping_clips(clips, clips[1:]).tolist() == [False, True, True, True]
    other = AudioClips([y], [0, 0, 0, 0], [9, 19, 60, 45], 10, 10)
    assert overlapping_clips(other, clips).tolist() == [True, True, False, True]
    assert overlapping_clips(other[:0], clips).tolist() == []


def test_folds_by_recording():
    y = np.random.default_rng(0).normal(size=(3, 50))
    # The last recording is the first one, loaded again.
    audio = AudioClips.from_recordings([*y, y[0].copy()], sr=10, clip_duration=2, hop_duration=1)
    X = np.zeros(len(audio))
    for train, test in RecordingKFold(3).split(X, audio):
        assert not overlapping_clips(audio[test], audio[train]).any()
        assert len(train) + len(test) == len(audio)
    by_hand = GroupKFold(2).split(X, groups=audio.groups % 2)
    for mine, theirs in zip(RecordingKFold(2).split(X, audio, audio.groups % 2), by_hand):
        assert_array_equal(mine[1], theirs[1])
    assert len(list(RecordingKFold(2).split(audio))) == 2
    with pytest.raises(ValueError, match="expected AudioClips, which store their recordings"):
        next(RecordingKFold(2).split(X, np.zeros((len(X), 3))))


@pytest.mark.parametrize("preset", ["default", "codec", "paper", "tiny"])
def test_a_notebook_shows_a_pipeline_that_can_be_read(preset):
    pipe = make_dance_pipeline(preset)
    page = estimator_html_repr(pipe)
    names = ["PoseSmoother", "KinematicsTransformer", "KeyframeSegmenter", "LMAFeaturizer"]
    names += ["AudioTargetRegressor", "MDNRegressor"]
    names += ["UnitEncoder"] if preset == "default" else ["MelEncoder"]
    # In the order of the flow.
    shown = page[page.index("</style>") :]
    places = [re.search(rf"<div>(\w+: )?{name}</div>", shown).start() for name in names]
    assert places == sorted(places)
    assert len(repr(pipe).splitlines()) <= 25
    assert page.startswith("<style>")


def search_with_networks(folder):
    """Search here without and with memory, and on a cluster; return all scores."""
    import distributed

    from sklearn_asdf.datasets import make_dance_music

    made = make_dance_music(n_clips=18, n_performances=6, clip_duration=2.0, random_state=0)
    data = made.poses, made.audio
    grid = {"keyframes__n_keyframes": [4, 5, 6], "music__regressor__n_mixtures": [1, 2, 3, 4]}
    pipe = make_dance_pipeline("tiny", random_state=0)
    pipe.set_params(music__regressor__epochs=2, music__transformer__epochs=2)
    scores = {"plain": search(data, pipe, grid)}
    for name in ("memory", "cluster"):
        memory = str(Path(folder, name))
        pipe.set_params(memory=memory, music__memory=memory)
        if name == "memory":
            scores[name] = search(data, pipe, grid)
            continue
        with (
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster),
            joblib.parallel_config("dask"),
        ):
            scores[name] = search(data, pipe, grid)
    np.savez(Path(folder, "scores.npz"), **scores)


@pytest.mark.slow
def test_the_networks_search_on_a_cluster_gives_the_same_scores(tmp_path):
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    pytest.importorskip("distributed", reason="needs the extra 'distributed'")
    code = (
        "from tests.test_search import search_with_networks\n"
        f"if __name__ == '__main__': search_with_networks({str(tmp_path)!r})"
    )
    # With as many threads as Dask gives its workers: others add up in another order.
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        cwd=Path(__file__).parents[1],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    with np.load(tmp_path / "scores.npz") as scores:
        assert len(np.unique(scores["plain"])) == 36
        assert_array_equal(scores["memory"], scores["plain"])
        assert_array_equal(scores["cluster"], scores["plain"])
    for name in ("memory", "cluster"):
        kept = list((tmp_path / name).rglob("_fit_once/*/output.pkl"))
        # And the one entry that is no encoder.
        assert len(kept) == 3 + 1
