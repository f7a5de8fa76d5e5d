"""Networks in NumPy: equal to Keras to the rounding of float32 and float64."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("keras", reason="compared with Keras")

from sklearn_asdf.nets.backend import import_keras
from sklearn_asdf.nets.codec_networks import build_decoder, build_encoder
from sklearn_asdf.nets.forward import convolves_images, forward_of
from sklearn_asdf.nets.layers import ACTIVATIONS, convolve_image, convolve_image_transposed, lstm
from sklearn_asdf.nets.mixture_network import build_network
from sklearn_asdf.nets.mixture_output import PADDING
from sklearn_asdf.nets.network import Network
from sklearn_asdf.nets.shapes import weight_shapes
from sklearn_asdf.nets.vocoder_network import build_vocoder

keras = import_keras()
RNG = np.random.default_rng(0)


def as_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def random_weights(model, scale=0.3):
    """Weights without symmetry, biases included."""
    return [(scale * RNG.normal(size=w.shape)).astype(w.dtype) for w in model.get_weights()]


def compared(build, config, x, tolerance):
    model = build(**config)
    weights = random_weights(model)
    model.set_weights(weights)
    found = forward_of(build.__name__, config, weights)(x)
    expected = as_numpy(model(x, training=False))
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    # Sums of large and small terms are as precise as the large ones.
    atol = tolerance * max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, atol=atol, rtol=tolerance)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_activations_are_those_of_keras(name):
    x = np.linspace(-8, 8, 97, dtype=np.float32).reshape(1, -1)
    found = ACTIVATIONS[name](x)
    assert found.dtype == np.float32
    expected = as_numpy(keras.activations.get(name)(keras.ops.convert_to_tensor(x)))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
@pytest.mark.parametrize(
    "config",
    [
        {},
        {"hidden_layer_sizes": (16, 8), "activations": ("tanh", "relu"), "dropout": 0.5},
        {"factors": RNG.normal(size=(2, 3, 1)), "noise": 0.1},
        {"step_size": 4, "recurrent_layer_sizes": (6, 5), "hidden_layer_sizes": ()},
        {"step_size": 3, "recurrent_layer_sizes": (7,), "recurrent_activation": "sigmoid"},
    ],
    ids=["dense", "deep", "factors", "recurrent", "sigmoid"],
)
def test_mixture_networks_equal_keras(config, dtype, tolerance):
    config = {"n_inputs": 12, "n_targets": 3, "n_mixtures": 2, "dtype": dtype} | config
    x = RNG.normal(size=(9, 12)).astype(dtype)
    if "step_size" in config:
        # Steps that are padding, at the end and in between, and a row of nothing else.
        steps = x.reshape(9, -1, config["step_size"])
        steps[1, -1:], steps[2, 1], steps[3] = PADDING, PADDING, PADDING
    compared(build_network, config, x, tolerance)


@pytest.mark.parametrize(("n_frames", "n_mels"), [(8, 16), (33, 7), (1, 8)])
@pytest.mark.parametrize("variational", [False, True])
@pytest.mark.parametrize("architecture", ["local", "paper"])
def test_autoencoders_equal_keras(architecture, n_frames, n_mels, variational):
    config = {
        "architecture": architecture, "n_frames": n_frames, "n_mels": n_mels, "code_size": 6,
        "steps": 1 if n_frames == 1 else 3, "variational": variational, "dtype_policy": None,
        "tune_components": True, "filters": 5,
    }  # fmt: skip
    clips = RNG.random((3, n_frames, n_mels), np.float32)
    codes = RNG.normal(size=(3, 6)).astype(np.float32)
    assert convolves_images("build_encoder", config) == (architecture == "paper")
    assert convolves_images("build_decoder", config) == (architecture == "local")
    compared(build_encoder, config, clips, 1e-5)
    compared(build_decoder, config, codes, 1e-5)


@pytest.mark.parametrize("kernel_sizes", [(5, 3), (3,)])
def test_vocoders_equal_keras(kernel_sizes):
    config = {"n_mels": 9, "n_context": 1, "channels": 4, "kernel_sizes": kernel_sizes}
    config |= {"n_knots": 3, "seed": 0}
    x = RNG.normal(size=(5, 3, 9)).astype(np.float32)
    compared(build_vocoder, config, x, 1e-5)
    shapes = [w.shape for w in build_vocoder(**config).get_weights()]
    assert weight_shapes("build_vocoder", config) == shapes


def test_a_kernel_of_one_tap_copies_and_a_stride_skips():
    image = RNG.normal(size=(2, 5, 4, 1))
    one = np.ones((1, 1, 1, 1))
    np.testing.assert_array_equal(convolve_image(image, [one, np.zeros(1)]), image)
    np.testing.assert_array_equal(
        convolve_image(image, [one, np.ones(1)], stride=2), image[:, ::2, ::2] + 1
    )
    wide = convolve_image_transposed(image, [np.ones((2, 2, 1, 1)), np.zeros(1)], stride=2)
    np.testing.assert_array_equal(wide, image.repeat(2, axis=1).repeat(2, axis=2))


def test_a_masked_sequence_ends_with_its_last_step():
    weights = [RNG.normal(size=s).astype(np.float32) for s in ((3, 16), (4, 16), (16,))]
    x = RNG.normal(size=(2, 5, 3)).astype(np.float32)
    mask = np.array([[True] * 3 + [False] * 2] * 2)
    np.testing.assert_array_equal(lstm(x, weights, mask=mask), lstm(x[:, :3], weights))


def test_a_row_is_the_same_whatever_rows_come_with_it():
    config = {"n_inputs": 12, "n_targets": 20, "n_mixtures": 3, "hidden_layer_sizes": (64, 64)}
    network = Network(build_network, config, random_weights(build_network(**config)))
    x = RNG.normal(size=(2000, 12)).astype(np.float32)
    whole = network.predict(x)
    # The BLAS of earlier NumPy divides small products between threads as the number of rows has it.
    rtol = 0 if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else 1e-5
    for n in (1, 31, 33, 500):
        np.testing.assert_allclose(network.predict(x[:n]), whole[:n], rtol=rtol, atol=rtol)
    found = network.predict(x[700:701])
    np.testing.assert_allclose(found, whole[700:701], rtol=rtol, atol=rtol)
    assert network.predict(x[:0]).shape == (0, 3 * 41)


def test_activations_that_are_not_known_are_left_to_keras():
    config = {"n_inputs": 2, "n_targets": 1, "n_mixtures": 1, "activations": ("celu",)}
    model = build_network(**config)
    assert forward_of("build_network", config, model.get_weights()) is None
    x = RNG.normal(size=(3, 2)).astype(np.float32)
    found = Network(build_network, config, model.get_weights()).predict(x)
    np.testing.assert_allclose(found, as_numpy(model(x)), rtol=1e-6)
    assert forward_of("build_something", {}, []) is None


def test_a_pickled_network_predicts_without_keras(tmp_path):
    import pickle

    config = {"n_inputs": 2, "n_targets": 1, "n_mixtures": 1}
    network = Network(build_network, config, build_network(**config).get_weights())
    (tmp_path / "network.pkl").write_bytes(pickle.dumps(network))
    code = (
        "import pickle, sys, numpy as np\n"
        "network = pickle.load(open(sys.argv[1], 'rb'))\n"
        "print(network.predict(np.ones((1, 2), 'f4')).tolist())\n"
        "assert not {'keras', 'tensorflow', 'scikeras'} & set(sys.modules)\n"
    )
    path = str(tmp_path / "network.pkl")
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(network.predict(np.ones((1, 2), "f4")).tolist())
