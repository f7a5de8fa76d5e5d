"""The paper's network to the letter, and the local one from its components."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("keras")
pytest.importorskip("librosa")

from sklearn_asdf import MelEncoder
from sklearn_asdf.nets.codec_networks import build_decoder, build_encoder

PAPER = {
    "architecture": "paper",
    "n_frames": 256,
    "n_mels": 128,
    "code_size": 1024,
    "variational": False,
    "dtype_policy": None,
}
SMALL = {"code_size": 16, "n_mels": 16, "n_fft": 512, "hop_length": 256, "random_state": 0}


@pytest.fixture(scope="module")
def audio():
    rng = np.random.default_rng(0)
    t = np.arange(11025) / 22050
    pitch = rng.uniform(200, 2000, (24, 1))
    return (np.sin(2 * np.pi * pitch * t) * rng.uniform(0.1, 0.5, (24, 1))).astype(np.float32)


def test_the_paper_has_its_numbers_of_parameters():
    encoder, decoder = build_encoder(**PAPER), build_decoder(**PAPER)
    assert encoder.count_params() == 33_943_296
    assert decoder.count_params() == 33_587_200
    assert encoder.output_shape == (None, 1024)
    assert decoder.output_shape == (None, 256, 128)


@pytest.mark.parametrize(("n_frames", "n_mels"), [(1, 8), (33, 40)])
def test_the_paper_takes_other_sizes(n_frames, n_mels):
    config = {**PAPER, "n_frames": n_frames, "n_mels": n_mels, "code_size": 6}
    clips = np.random.default_rng(0).random((2, n_frames, n_mels), np.float32)
    encoder, decoder = build_encoder(**config), build_decoder(**config)
    code = np.asarray(encoder(clips))
    assert code.shape == (2, 6)
    assert (code >= 0).all()
    # A clip's code is its own: that of the other clip in the batch does not matter.
    np.testing.assert_allclose(encoder(clips[:1]), code[:1], rtol=1e-5, atol=1e-6)
    assert abs(code[0] - code[1]).max() > 1e-4
    picture = np.asarray(decoder(code))
    assert picture.shape == clips.shape
    assert ((picture >= 0) & (picture <= 1)).all()
    np.testing.assert_allclose(decoder(code[1:]), picture[1:], rtol=1e-5, atol=1e-6)


def test_the_paper_trains(audio):
    encoder = MelEncoder(
        architecture="paper", epochs=3, batch_size=8, validation_fraction=0.25, **SMALL
    ).fit(audio)
    assert len(encoder.history_["loss"]) == len(encoder.history_["val_loss"]) == 3
    assert encoder.history_["loss"][-1] < encoder.history_["loss"][0]
    code = encoder.transform(audio)
    assert (code >= 0).all()
    assert encoder.inverse_transform(code[:2]).shape == (2, 11025)


@pytest.mark.parametrize("variational", [False, True])
def test_the_local_network_starts_from_its_components(audio, variational):
    start = MelEncoder(epochs=0, **SMALL).fit(audio)
    trained = MelEncoder(
        epochs=1, learning_rate=1e-9, variational=variational, kl_weight=0.0, **SMALL
    ).fit(audio)
    a, b = start.transform(audio), trained.transform(audio)
    np.testing.assert_allclose(a, b, atol=2e-3)
    np.testing.assert_allclose(start.decode(a), trained.decode(b), atol=2e-3)


def test_training_adds_detail(audio):
    start = MelEncoder(epochs=0, **SMALL).fit(audio)
    trained = MelEncoder(epochs=10, batch_size=4, validation_fraction=0, **SMALL).fit(audio)
    assert trained.reconstruction_error(audio).mean() < start.reconstruction_error(audio).mean()


def test_interrupted_training_goes_on(audio, tmp_path):
    options = {"architecture": "paper", "batch_size": 8, **SMALL}
    MelEncoder(epochs=1, checkpoint_dir=tmp_path, **options).fit(audio)
    resumed = MelEncoder(epochs=3, checkpoint_dir=tmp_path, **options).fit(audio)
    assert len(resumed.history_["loss"]) == 3
    with pytest.raises(ValueError, match="another"):
        MelEncoder(epochs=3, checkpoint_dir=tmp_path, **options).fit(audio[:20])
