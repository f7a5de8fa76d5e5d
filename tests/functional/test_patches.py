"""The linear code of spectrograms: covariances by lag, their directions, and the decoder."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf.functional.patches import (
    StationaryCovariance,
    code_steps,
    decode_patches,
    encode_patches,
    lagged_covariance,
)

N_MELS = 3


def autoregression(n_frames, seed=0, memory=0.8):
    """Frames that forget: their covariance at a lag is ``memory**lag`` of that at 0."""
    rng = np.random.default_rng(seed)
    x = np.zeros((n_frames, N_MELS))
    scale = np.array([2.0, 1.0, 0.5])
    for t in range(1, n_frames):
        x[t] = memory * x[t - 1] + scale * rng.normal(size=N_MELS)
    return x.astype(np.float32)


def decaying(n_lags, memory=0.8):
    """The covariance of such frames, exactly."""
    return memory ** np.arange(n_lags)[:, None, None] * np.diag([4.0, 1.0, 0.25])


def dense(covariance, length):
    """The covariance of all pairs of frames of a patch, as one matrix."""
    rows = [
        [covariance[j - i] if j >= i else covariance[i - j].T for j in range(length)]
        for i in range(length)
    ]
    return np.block(rows)


@pytest.mark.parametrize("group", [1, 64])
def test_products_at_each_lag_are_those_of_a_loop(group):
    x = autoregression(300)
    starts, stops = np.array([0, 120]), np.array([100, 300])
    products, counts = lagged_covariance(lambda i: x[i], starts, stops, n_lags=8, group=group)
    for lag in range(8):
        expected = sum(
            np.outer(x[t], x[t + lag]) for a, b in zip(starts, stops) for t in range(a, b - lag)
        )
        assert_allclose(products[lag], expected, rtol=1e-4, atol=1e-3)
        assert counts[lag] == (100 - lag) + (180 - lag)


def test_lags_longer_than_a_stretch_have_no_products():
    x = autoregression(5)
    products, counts = lagged_covariance(lambda i: x[i], np.array([0]), np.array([5]), n_lags=8)
    assert counts.tolist() == [5, 4, 3, 2, 1, 0, 0, 0]
    assert_allclose(products[5:], 0, atol=1e-5)


def test_applied_to_vectors_it_is_the_matrix():
    rng = np.random.default_rng(1)
    covariance = decaying(12) + 0.1 * rng.normal(size=(12, N_MELS, N_MELS))
    covariance[0] = (covariance[0] + covariance[0].T) / 2
    vectors = rng.normal(size=(12 * N_MELS, 130))
    found = StationaryCovariance(covariance).apply(vectors)
    assert_allclose(found, dense(covariance, 12) @ vectors, atol=1e-9)


@pytest.mark.parametrize("length", [6, 200])
def test_components_are_the_eigenvectors(length):
    # The longer patch has too many values for the exact solution.
    covariance = StationaryCovariance(decaying(length))
    found = covariance.components(3, length, np.random.RandomState(0))
    values, vectors = np.linalg.eigh(dense(decaying(length), length))
    assert_allclose(found @ found.T, np.eye(3), atol=1e-4)
    for component, value, vector in zip(found, values[::-1], vectors.T[::-1]):
        assert abs(component @ vector) > 0.99
        assert component @ covariance.apply(component[:, None].astype(float))[:, 0] == (
            pytest.approx(value, rel=1e-3)
        )
        assert component[np.abs(component).argmax()] > 0


def test_directions_without_variance_are_zero():
    covariance = StationaryCovariance(np.diag([1.0, 0.0, 0.0])[None])
    found = covariance.components(3, 1, np.random.RandomState(0))
    assert_allclose(found, [[1, 0, 0], [0, 0, 0], [0, 0, 0]], atol=1e-6)


def test_neighbors_improve_the_estimate_of_a_patch():
    length = 4
    covariance = StationaryCovariance(decaying(3 * length))
    components = covariance.components(2, length, np.random.RandomState(0))
    decoder = covariance.decoder(components)
    assert decoder.shape == (3, 2, length * N_MELS)
    x = autoregression(4000, seed=3).reshape(1, -1, N_MELS)
    steps = x.shape[1] // length
    mean = np.zeros(length * N_MELS, np.float32)
    code = encode_patches(x, mean, components, steps=steps)
    own = (code @ components).reshape(x.shape)
    own_error = np.square(own - x).mean()
    # Spectrograms are in [0, 1]: shifted there and back.
    shift, unit = 0.5, 100.0
    found = decode_patches(code / unit, mean + shift, decoder, n_frames=x.shape[1])
    error = np.square((found - shift) * unit - x).mean()
    assert error < 0.97 * own_error
    # No linear estimate is better: its residuals are not correlated with the coordinates.
    residual = (found - shift) * unit - x
    patches = residual.reshape(steps, -1)
    assert abs(np.corrcoef(patches[1:-1, 0], code[0, :-2, 0])[0, 1]) < 0.1
    assert abs(np.corrcoef(patches[1:-1, 0], code[0, 1:-1, 0])[0, 1]) < 0.1


def test_all_components_give_a_clip_back():
    clips = np.random.default_rng(0).uniform(0.1, 0.9, (2, 10, N_MELS)).astype(np.float32)
    steps = 3
    patch_frames = 4
    mean = np.full(patch_frames * N_MELS, 0.5, np.float32)
    components = np.eye(patch_frames * N_MELS, dtype=np.float32)
    code = encode_patches(clips, mean, components, steps=steps)
    assert_allclose(code[0, 0], clips[0, :4].ravel() - 0.5, rtol=1e-6)
    # The last frame is repeated to the end of the last step.
    assert_allclose(code[:, 2, -N_MELS:], clips[:, -1] - 0.5, rtol=1e-6)
    back = decode_patches(code, mean, components[None], n_frames=10)
    assert_allclose(back, clips, atol=1e-6)
    assert_array_equal(decode_patches(code + 9, mean, components[None], n_frames=10), 1)
    assert_array_equal(decode_patches(code - 9, mean, components[None], n_frames=10), 0)


@pytest.mark.parametrize(
    ("code_size", "n_frames", "expected"),
    [(1024, 256, 4), (1021, 256, 1), (6, 640, 3), (1, 640, 1), (1024, 1, 1)],
)
def test_number_of_steps_divides_the_code(code_size, n_frames, expected):
    assert code_steps(code_size, n_frames) == expected
