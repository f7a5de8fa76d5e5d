"""The default preset, with no parameter changed, on performances that were held out."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf import make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.metrics import hold_still, musical_factors, stop_response
from sklearn_asdf.performance import perform

pytest.importorskip("keras", reason="the density needs the extra 'music'")


@pytest.fixture(scope="module")
def performed():
    data = make_dance_music(30, n_performances=15, random_state=0)
    new = data.groups >= 12
    pipe = make_dance_pipeline(random_state=0).fit(data.poses[~new], data.audio[~new])
    return data, new, pipe


def test_music_of_new_dances_has_their_tempo(performed):
    data, new, pipe = performed
    music = pipe.predict(data.poses[new])
    assert music.shape == data.audio[new].shape
    assert np.isfinite(music).all()
    tempo = data.factors["tempo"].to_numpy()[new]
    octaves = np.log2(musical_factors(music)["tempo"].to_numpy() / tempo)
    # Up to an octave, which the movement leaves open, within 4 %.
    assert np.median(np.abs(octaves - np.round(octaves))) < np.log2(1.04)


def test_the_dance_explains_more_of_the_music_than_another_dance(performed):
    data, new, pipe = performed
    X = pipe[:-1].transform(data.poses[new])
    audio = data.audio[new]
    own = pipe[-1].log_likelihood(X, audio)
    others = X.iloc[np.roll(np.arange(len(X)), 2)]
    assert own > pipe[-1].log_likelihood(others, audio)


def test_a_model_of_dances_without_rests_stops_too(performed):
    _, _, pipe = performed
    dance = make_dance_music(1, clip_duration=24.0, random_state=8).poses
    stopped = hold_still(dance, 12.0, 3.0)
    music = [perform(pipe, d, random_state=0).audio for d in (stopped, dance)]
    response = stop_response(*music, start=12.0, duration=3.0)
    assert response["fall"] > 20
    assert response["delay"] < 0.5
    assert abs(response["return_delay"]) < 0.5


@pytest.fixture(scope="module")
def with_rests():
    data = make_dance_music(
        40, n_performances=10, clip_duration=8.0, hop_duration=3.0, courses=True, random_state=1
    )
    pipe = make_dance_pipeline(random_state=0).set_params(
        beats__max_iter=20, music__regressor__regressor__regressor__epochs=10
    )
    return pipe.fit(data.poses, data.audio)


@pytest.mark.parametrize("seed", [8, 9])
def test_the_music_stops_when_the_dancer_freezes(with_rests, seed):
    dance = make_dance_music(1, clip_duration=44.0, random_state=seed).poses
    stopped = hold_still(dance, 30.0, 3.0)
    music = [perform(with_rests, d, random_state=0).audio for d in (stopped, dance)]
    response = stop_response(*music, start=30.0, duration=3.0)
    assert response["fall"] > 20
    assert response["delay"] < 0.5
    assert abs(response["return_delay"]) < 0.5
    assert response["elsewhere"] < 1
