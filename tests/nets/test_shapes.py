"""Shapes of weights without Keras are those that Keras makes."""

import numpy as np
import pytest

from sklearn_asdf.nets.shapes import weight_shapes

pytest.importorskip("keras", reason="the networks need the extra 'music'")

SIZE = {"n_inputs": 6, "n_targets": 2, "n_mixtures": 3}
CLIP = {
    "n_frames": 21, "n_mels": 18, "code_size": 12, "steps": 4, "variational": False,
    "dtype_policy": "float32", "tune_components": False, "filters": 5,
}  # fmt: skip


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"hidden_layer_sizes": (), "bias": np.zeros(15)},
        {"hidden_layer_sizes": (8, 5), "dropout": 0.5, "noise": 0.1, "alpha": 0.1},
        {"step_size": 2, "recurrent_layer_sizes": (7, 4), "hidden_layer_sizes": (3,)},
        {"factors": np.zeros((3, 2, 1))},
    ],
)
def test_mixture(config):
    from sklearn_asdf.nets.mixture_network import build_network

    model = build_network(**SIZE, **config)
    shapes = weight_shapes("build_network", SIZE | config)
    assert shapes == [w.shape for w in model.get_weights()]


@pytest.mark.parametrize("architecture", ["local", "paper"])
@pytest.mark.parametrize("change", [{}, {"variational": True}, {"n_frames": 32, "n_mels": 16}])
def test_autoencoder(architecture, change):
    from sklearn_asdf.nets import autoencoder

    config = CLIP | change | {"architecture": architecture}
    for name in ("build_encoder", "build_decoder"):
        model = getattr(autoencoder, name)(**config)
        assert weight_shapes(name, config) == [w.shape for w in model.get_weights()]
