"""The preset "synthesis": from dances to new sound on their beat, and what its model holds."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from sklearn_asdf import load, make_dance_pipeline, save
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.performance import perform

pytest.importorskip("keras", reason="the networks need the extra 'music'")
pytest.importorskip("librosa", reason="needs the extra 'music'")


@pytest.fixture(scope="module")
def data():
    return make_dance_music(12, n_performances=4, random_state=0)


@pytest.fixture(scope="module")
def pipe(data):
    pipe = make_dance_pipeline("synthesis", n_keyframes=4, random_state=0).set_params(
        beats__max_iter=5,
        music__transformer__n_components=12,
        music__transformer__codebook_size=40,
        music__transformer__n_iter=4,
        music__regressor__n_channels=12,
        music__regressor__regressor__recurrent_layer_sizes=(16,),
        music__regressor__regressor__epochs=4,
        music__regressor__n_mixtures=3,
    )
    return pipe.fit(data.poses, data.audio)


def test_music_has_the_tempo_of_the_dance(pipe, data):
    features = pipe[:-1].transform(data.poses)
    codes = pipe[-1].predict_codes(features, temperature=0.1, random_state=0)
    np.testing.assert_allclose(2 ** codes[:, -3], features["clip_beat_tempo"], rtol=1e-5)
    audio = pipe[-1].decode(codes)
    assert audio.shape == (12, 8 * 22050)
    level = 20 * np.log10(np.sqrt(np.square(audio).mean(axis=1)))
    assert level.min() > -60
    mean = pipe.predict(data.poses[:2])
    assert mean.shape == (2, 8 * 22050)
    assert np.isfinite(mean).all()


def test_a_whole_dance_gets_one_piece(pipe):
    take = make_dance_music(1, clip_duration=20.0, random_state=1).poses
    first, again, other = (perform(pipe, take, random_state=s).audio for s in (0, 0, 1))
    assert abs(len(first) / 22050 - 20) < 0.05
    assert np.abs(first).max() <= 1
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


def test_the_saved_model_holds_no_music_and_plays_the_same(pipe, data, tmp_path):
    path = tmp_path / "model.zip"
    save(pipe, path)
    with zipfile.ZipFile(path) as file:
        assert not [name for name in file.namelist() if name.startswith("sounds")]
    again = load(path)
    features = pipe[:-1].transform(data.poses[:2])
    music = [
        model[-1].sample_y(features, random_state=3, temperature=0.2) for model in (pipe, again)
    ]
    np.testing.assert_array_equal(music[0], music[1])


def test_unfitted_preset_keeps_its_parameters(tmp_path):
    pipe = make_dance_pipeline("synthesis", n_keyframes=7)
    save(pipe, tmp_path / "model.zip")
    assert repr(load(tmp_path / "model.zip").get_params()) == repr(pipe.get_params())
