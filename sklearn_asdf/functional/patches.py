"""Local principal components: a linear code of spectrograms with a time axis."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.fft

from .ties import first_largest

__all__ = [
    "StationaryCovariance",
    "code_steps",
    "decode_patches",
    "encode_patches",
    "lagged_covariance",
]


def code_steps(code_size: int, n_frames: int, *, frames_per_step: int = 64) -> int:
    """Return the number of time steps of a code of a given size.

    Parameters
    ----------
    code_size : int
        Size of a code.
    n_frames : int
        Frames of a clip.
    frames_per_step : int, default=64
        Intended number of frames of a step.

    Returns
    -------
    steps : int
        The largest divisor of `code_size`, with at least two numbers per step, that does not exceed
        ``n_frames / frames_per_step``; at least 1.

    Examples
    --------
    >>> from sklearn_asdf.functional.patches import code_steps
    >>> code_steps(1024, 256)
    4
    >>> code_steps(1024, 350), code_steps(1021, 256), code_steps(1024, 1)
    (4, 1, 1)
    """
    most = max(1, n_frames // frames_per_step)
    return max(
        s for s in range(1, most + 1) if (code_size % s == 0 and code_size >= 2 * s) or s == 1
    )


def lagged_covariance(
    draw: Callable[[np.ndarray], np.ndarray],
    starts: np.ndarray,
    stops: np.ndarray,
    *,
    n_lags: int,
    group: int = 64,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the sums of products of frames at each lag, over all stretches of music.

    Parameters
    ----------
    draw : callable
        Returns the centered frames, float32 (..., n_mels), of an array of frame numbers.
    starts, stops : ndarray of int of shape (n_stretches,)
        First frame of each stretch, and the frame after its last.
    n_lags : int
        Number of lags, from 0.
    group : int, default=64
        Number of blocks that are transformed at a time.

    Returns
    -------
    products : ndarray of float64 of shape (n_lags, n_mels, n_mels)
        ``products[k] = sum of outer(x[t], x[t + k])``.
    counts : ndarray of int of shape (n_lags,)
        Number of products of each lag.

    Notes
    -----
    ``products / counts`` is the limit of the covariance of patches sampled at random times as their
    number grows. Blocks of frames are correlated by FFT, and their products summed in float64:
    principal directions of nearly equal variance are sensitive to rounding errors.
    """
    n_fft = scipy.fft.next_fast_len(4 * n_lags, real=True)
    step = n_fft - n_lags + 1
    first = np.concatenate([np.arange(a, b, step) for a, b in zip(starts, stops)])
    stop = np.repeat(stops, -(-(stops - starts) // step))
    spectrum: np.ndarray | None = None
    for i in range(0, len(first), group):
        index = first[i : i + group, None] + np.arange(n_fft)
        inside = index < stop[i : i + group, None]
        ahead = draw(np.where(inside, index, first[i]))
        ahead *= inside[..., None]
        here = scipy.fft.rfft(ahead[:, :step], n_fft, axis=1).transpose(1, 2, 0)
        ahead = scipy.fft.rfft(ahead, axis=1).transpose(1, 0, 2)
        product = np.conj(here).astype(np.complex128) @ ahead.astype(np.complex128)
        spectrum = product if spectrum is None else np.add(spectrum, product, out=spectrum)
    products = scipy.fft.irfft(spectrum, n_fft, axis=0)[:n_lags]
    counts = np.maximum((stops - starts)[:, None] - np.arange(n_lags), 0).sum(axis=0)
    return products, counts


class StationaryCovariance:
    """Covariance of music that depends on the time lag alone.

    Parameters
    ----------
    covariance : ndarray of shape (n_lags, n_mels, n_mels)
        Covariance of frames 0, 1, ... frames apart.
    """

    def __init__(self, covariance: np.ndarray) -> None:
        self.covariance = np.asarray(covariance, np.float64)
        self.n_mels = covariance.shape[1]

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """Return the covariance of all frames times vectors.

        Parameters
        ----------
        vectors : ndarray of shape (n_frames * n_mels, n_vectors)
            With at most as many frames as there are lags.

        Returns
        -------
        ndarray of float64 of shape (n_frames * n_mels, n_vectors)
            The products.
        """
        length = len(vectors) // self.n_mels
        n_fft = scipy.fft.next_fast_len(2 * length, real=True)
        kernel = np.zeros((n_fft, self.n_mels, self.n_mels))
        kernel[:length] = self.covariance[:length]
        kernel[n_fft - length + 1 :] = self.covariance[1:length][::-1].swapaxes(1, 2)
        kernel = np.conj(scipy.fft.rfft(kernel, axis=0))
        result = np.empty(vectors.shape)
        for i in range(0, vectors.shape[1], 128):
            part = vectors[:, i : i + 128].reshape(length, self.n_mels, -1)
            part = kernel @ scipy.fft.rfft(part, n_fft, axis=0)
            part = scipy.fft.irfft(part, n_fft, axis=0)[:length]
            result[:, i : i + 128] = part.reshape(len(vectors), -1)
        return result

    def components(
        self, n_components: int, length: int, random_state: np.random.RandomState, n_passes: int = 8
    ) -> np.ndarray:
        """Return the directions of the greatest variance of patches.

        Parameters
        ----------
        n_components : int
            Number of directions wanted.
        length : int
            Frames of a patch.
        random_state : RandomState
            Source of the first directions.
        n_passes : int, default=8
            Power iterations.

        Returns
        -------
        components : ndarray of float32 of shape (n_components, length * n_mels)
            Orthonormal, greatest variance first; rows of zeros where there are fewer.

        Notes
        -----
        Block power iteration with a quarter more directions than wanted [1]_, exact where there
        are few values. The largest entry of each component is positive.

        References
        ----------
        .. [1] N. Halko, P.-G. Martinsson and J. A. Tropp, "Finding structure with randomness",
           SIAM Review 53(2), 2011.
        """
        n_values = length * self.n_mels
        rank = min(n_components, n_values)
        if n_values <= 512:
            basis = np.eye(n_values)
            image = self.apply(basis)
        else:
            width = min(rank + 16 + rank // 4, n_values)
            noise = random_state.standard_normal((n_values, width))
            basis = np.linalg.qr(noise)[0]
            for _ in range(n_passes - 1):
                basis = np.linalg.qr(self.apply(basis))[0]
            image = self.apply(basis)
        inner = basis.T @ image
        values, turn = np.linalg.eigh((inner + inner.T) / 2)
        values, turn = values[::-1], turn[:, ::-1]
        seen = np.count_nonzero(values[:rank] > max(values[0], 0) * 1e-6)
        components = np.zeros((n_components, n_values))
        components[:seen] = (basis @ turn[:, :seen]).T
        largest = first_largest(np.abs(components[:seen]))
        components[:seen] *= np.sign(components[np.arange(seen), largest])[:, None]
        return components.astype(np.float32)

    def decoder(self, components: np.ndarray) -> np.ndarray:
        """Return the linear estimate of a patch from its own and its neighbors' coordinates.

        Parameters
        ----------
        components : ndarray of shape (n_components, length * n_mels)
            Directions whose coordinates are known for three consecutive patches. The covariance
            must have three times as many lags as a patch has frames.

        Returns
        -------
        decoder : ndarray of float32 of shape (3, n_components, length * n_mels)
            Factors of the coordinates before, here and after.

        Notes
        -----
        The linear estimate of least mean square error (Wiener filter). From the coordinates of the
        patch alone it would be the components themselves; those of its neighbors improve the
        estimate at the ends of the patch.
        """
        n, n_values = components.shape
        used = np.flatnonzero(components.any(axis=1))
        blocks = np.zeros((3, n_values, 3, len(used)))
        for i in range(3):
            blocks[i, :, i] = components[used].T
        three = blocks.reshape(3 * n_values, -1)
        cross = self.apply(three)
        inner = three.T @ cross
        inner = (inner + inner.T) / 2
        # Covariances of few clips, estimated for each lag, need not be positive definite.
        values, turn = np.linalg.eigh(inner)
        values = np.maximum(values, 1e-3 * max(values.mean(), 1e-12)) if len(values) else values
        found = (turn / values) @ (turn.T @ cross[n_values : 2 * n_values].T)
        decoder = np.zeros((3, n, n_values), np.float32)
        decoder[:, used] = found.reshape(3, len(used), n_values)
        return decoder


def encode_patches(
    clips: np.ndarray, mean: np.ndarray, components: np.ndarray, *, steps: int
) -> np.ndarray:
    """Return the components' coordinates of each step of clips.

    Parameters
    ----------
    clips : ndarray of shape (n_clips, n_frames, n_mels)
        Spectrograms, frames before bands.
    mean : ndarray of shape (patch_frames * n_mels,)
        Mean patch.
    components : ndarray of shape (n_components, patch_frames * n_mels)
        Orthonormal directions.
    steps : int
        Steps of a code; the last frame of a clip is repeated if the steps exceed it.

    Returns
    -------
    code : ndarray of float32 of shape (n_clips, steps, n_components)
        Coordinates.
    """
    n_clips, n_frames, n_mels = clips.shape
    missing = steps * (len(mean) // n_mels) - n_frames
    clips = np.pad(clips, ((0, 0), (0, missing), (0, 0)), mode="edge")
    patches = clips.reshape(n_clips, steps, -1) - mean
    # In float64 a row's code does not depend on the rows that share the matrix product.
    return (patches.astype(np.float64) @ components.T.astype(np.float64)).astype(np.float32)


def decode_patches(
    code: np.ndarray, mean: np.ndarray, decoder: np.ndarray, *, n_frames: int
) -> np.ndarray:
    """Return the spectrograms of coordinates, in [0, 1].

    Parameters
    ----------
    code : ndarray of shape (n_clips, steps, n_components)
        Coordinates.
    mean : ndarray of shape (patch_frames * n_mels,)
        Mean patch.
    decoder : ndarray of shape (1 or 3, n_components, patch_frames * n_mels)
        Factors of a step's own coordinates, or of those before, here and after.
    n_frames : int
        Frames of a clip.

    Returns
    -------
    clips : ndarray of float32 of shape (n_clips, n_frames, n_mels)
        Spectrograms, frames before bands.

    Notes
    -----
    Before the first and after the last step, coordinates count as 0, their mean.
    """
    code = np.asarray(code, np.float32)
    n_clips, steps = code.shape[:2]
    patches = code @ decoder[len(decoder) // 2]
    if len(decoder) == 3:
        patches[:, 1:] += code[:, :-1] @ decoder[0]
        patches[:, :-1] += code[:, 1:] @ decoder[2]
    patches += mean
    patch_frames = -(-n_frames // steps)
    clips = patches.reshape(n_clips, steps * patch_frames, -1)[:, :n_frames]
    return np.clip(clips, 0, 1)
