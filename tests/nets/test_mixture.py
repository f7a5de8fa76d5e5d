"""The same mathematics with gradients: against NumPy, and networks of the sizes they should be."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("keras", reason="the networks need the extra 'music'")

from sklearn_asdf.density.mixtures import GaussianMixtures
from sklearn_asdf.nets.backend import import_keras
from sklearn_asdf.nets.mixture import MixtureNLL, mixture_log_prob, scale_of
from sklearn_asdf.nets.mixture_network import build_network, output_bias
from sklearn_asdf.nets.mixture_output import (
    PADDING,
    scale_of_numpy,
    split_factors,
    split_output,
)
from sklearn_asdf.nets.network import Network

keras = import_keras()


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def as_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_log_prob_is_numpys():
    logits, means, y = numbers(5, 3), numbers(5, 3, 2), numbers(5, 2, seed=1)
    scales = np.exp(numbers(5, 3, 2, seed=2))
    weights = np.exp(logits.astype(float))
    density = GaussianMixtures(weights / weights.sum(axis=1, keepdims=True), means, scales)
    found = as_numpy(mixture_log_prob(logits, means, scales, y))
    np.testing.assert_allclose(found, density.log_prob(y), rtol=1e-5)


@pytest.mark.parametrize("activation", ["softplus", "elu"])
def test_scales_are_numpys_and_above_their_floor(activation):
    raw = np.array([-90.0, -3.0, 0.0, 2.0, 80.0], dtype=np.float32)
    found = as_numpy(scale_of(raw, activation, 0.01))
    np.testing.assert_allclose(found, scale_of_numpy(raw, activation, 0.01), rtol=1e-6)
    assert found.min() >= 0.01 * (1 - 1e-6)
    assert (np.diff(found) > 0).all()


def test_the_loss_is_the_negative_log_likelihood_a_dimension():
    out, y = numbers(6, 3 + 2 * 3 * 4), numbers(6, 4, seed=1)
    logits, means, raw = split_output(out, 3)
    weights = np.exp(logits.astype(float))
    density = GaussianMixtures(
        weights / weights.sum(axis=1, keepdims=True), means, scale_of_numpy(raw, "softplus", 1e-3)
    )
    expected = -density.log_prob(y) / 4
    np.testing.assert_allclose(as_numpy(MixtureNLL(3).call(y, out)), expected, rtol=1e-5)
    np.testing.assert_allclose(float(MixtureNLL(3)(y, out)), expected.mean(), rtol=1e-5)
    np.testing.assert_allclose(
        float(MixtureNLL(3, factor=2.0)(y, out)), 2 * expected.mean(), rtol=1e-5
    )


@pytest.mark.parametrize(("rank", "dtype", "rtol"), [(1, "float64", 1e-7), (3, "float32", 1e-4)])
def test_log_prob_with_factors_is_numpys(rank, dtype, rtol):
    logits, means, y = numbers(5, 3), numbers(5, 3, 4), numbers(5, 4, seed=1)
    scales, relative = np.exp(numbers(5, 3, 4, seed=2)), numbers(3, 4, rank, seed=3)
    weights = np.exp(logits.astype(float))
    density = GaussianMixtures(
        weights / weights.sum(axis=1, keepdims=True), means, scales, scales[..., None] * relative
    )
    arrays = (a.astype(dtype) for a in (logits, means, scales, y, relative))
    found = as_numpy(mixture_log_prob(*arrays))
    np.testing.assert_allclose(found, density.log_prob(y), rtol=rtol)


def test_networks_put_their_factors_behind_each_row():
    factors = numbers(2, 3, 1)
    model = build_network(n_inputs=4, n_targets=3, n_mixtures=2, factors=factors)
    X, y = numbers(5, 4), numbers(5, 3, seed=1)
    out = as_numpy(model(X))
    assert out.shape == (5, 2 + 2 * 2 * 3 + 2 * 3)
    np.testing.assert_array_equal(out[:, -6:], np.tile(factors.ravel(), (5, 1)))
    rest, found = split_factors(out, 2, 1)
    np.testing.assert_array_equal(found, factors)
    logits, means, raw = split_output(rest, 2)
    scales = scale_of_numpy(raw, "softplus", 1e-3)
    expected = as_numpy(mixture_log_prob(logits, means, scales, y, found)) / -3
    np.testing.assert_allclose(as_numpy(MixtureNLL(2, rank=1).call(y, out)), expected, rtol=1e-5)
    copy = keras.models.model_from_json(model.to_json())
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(as_numpy(copy(X)), out)
    plain = build_network(n_inputs=4, n_targets=3, n_mixtures=2)
    assert model.count_params() == plain.count_params() + factors.size


@pytest.mark.parametrize("size", [0.0, 1.0, 1e4, np.nan])
def test_equal_or_broken_factors_do_not_raise(size):
    out, y = numbers(6, 2 + 2 * 2 * 3 + 2 * 3 * 2), numbers(6, 3, seed=1)
    out[:, -12:] = size
    loss = as_numpy(MixtureNLL(2, rank=2).call(y, out))
    assert np.isfinite(loss).all() == np.isfinite(size)


def test_the_loss_is_registered():
    loss = MixtureNLL(3, "elu", 0.5, factor=2.0, rank=2)
    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(copy) is MixtureNLL
    assert copy.get_config() == loss.get_config()


def test_far_targets_give_a_finite_loss():
    out = numbers(2, 2 + 2 * 2 * 1)
    loss = as_numpy(MixtureNLL(2).call(np.full((2, 1), 1e6, np.float32), out))
    assert np.isfinite(loss).all()


def test_a_network_starts_at_the_mixture_it_is_given():
    weights, means = np.array([0.25, 0.75]), np.array([[1.0, 2.0], [3.0, 4.0]])
    scales = np.array([[0.5, 0.5], [1.0, 2.0]])
    bias = output_bias(weights, means, scales, min_scale=0.01)
    model = build_network(n_inputs=3, n_targets=2, n_mixtures=2, bias=bias, kernel_scale=0.0)
    logits, m, raw = split_output(as_numpy(model(numbers(4, 3))), 2)
    np.testing.assert_allclose(np.exp(logits), np.tile(weights, (4, 1)), rtol=1e-5)
    np.testing.assert_allclose(m, np.tile(means, (4, 1, 1)), rtol=1e-5)
    np.testing.assert_allclose(
        scale_of_numpy(raw, "softplus", 0.01), np.tile(scales, (4, 1, 1)), rtol=1e-5
    )


def test_the_papers_network_has_the_papers_size():
    layers = {}
    n_in = 5
    for i, size in enumerate((512, 1024)):
        layers[f"lstm{i}"] = 4 * size * (n_in + size + 1)
        n_in = size
    for i, size in enumerate((2048, 4096, 2048)):
        layers[f"dense{i}"] = size * (n_in + 1)
        n_in = size
    model = build_network(
        n_inputs=45,
        n_targets=1024,
        n_mixtures=10,
        step_size=5,
        recurrent_layer_sizes=(512, 1024),
        hidden_layer_sizes=(2048, 4096, 2048),
        recurrent_activation="sigmoid",
        activations=("sigmoid", "relu", "relu"),
        dropout=0.5,
        blank=True,
    )
    assert model.get_layer("mixture").count_params() == 41_984_010
    assert model.count_params() == 41_984_010 + sum(layers.values())
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("LSTM") == 2
    assert kinds.count("Dropout") == 3
    names = [layer.activation.__name__ for layer in model.layers if hasattr(layer, "activation")]
    assert names == ["sigmoid", "sigmoid", "sigmoid", "relu", "relu", "linear"]


def test_padded_steps_do_not_count():
    config = {
        "n_inputs": 12,
        "n_targets": 1,
        "n_mixtures": 2,
        "step_size": 3,
        "recurrent_layer_sizes": (4,),
    }
    long = build_network(**config)
    short = build_network(**(config | {"n_inputs": 6}))
    short.set_weights(long.get_weights())
    X = numbers(5, 6)
    padded = np.concatenate([X, np.full((5, 6), PADDING, np.float32)], axis=1)
    np.testing.assert_allclose(as_numpy(long(padded)), as_numpy(short(X)), rtol=1e-5, atol=1e-6)
    silent = Network(build_network, config, long.get_weights()).predict(
        np.full_like(padded, PADDING)
    )
    assert np.isfinite(silent).all()
