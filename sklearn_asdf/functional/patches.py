"""Local principal components: a linear code of spectrograms that keeps time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["code_steps", "decode_patches", "encode_patches", "patch_components"]


def code_steps(code_size: int, n_frames: int, *, frames_per_step: int = 64) -> int:
    """Return into how many time steps a code of a given size is divided.

    Parameters
    ----------
    code_size : int
        Numbers of a code.
    n_frames : int
        Frames of a clip.
    frames_per_step : int, default=64
        Frames that a step should stand for.

    Returns
    -------
    steps : int
        The divisor of `code_size` with at least two numbers a step that comes nearest to
        ``n_frames / frames_per_step`` without passing it; at least 1.

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


def patch_components(
    draw: Callable[[int, int], np.ndarray],
    *,
    n_patches: int,
    n_components: int,
    random_state: np.random.RandomState,
    n_passes: int = 4,
    batch_size: int = 1024,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the principal components of patches that never lie in memory together.

    Parameters
    ----------
    draw : callable
        ``draw(first, stop)`` returns these patches, float32 (stop - first, n_values); the same
        whenever it is called.
    n_patches : int
        Number of patches.
    n_components : int
        Number of components wanted.
    random_state : RandomState
        Source of the first directions.
    n_passes : int, default=4
        Passes over the patches; more come nearer to the exact components.
    batch_size : int, default=1024
        Patches drawn at once.

    Returns
    -------
    mean : ndarray of float32 of shape (n_values,)
        Mean patch.
    components : ndarray of float32 of shape (n_components, n_values)
        Orthonormal directions of the greatest variance, largest first; rows of zeros where the
        patches span fewer.

    Notes
    -----
    Block power iteration with ten directions more than wanted [1]_; small problems are solved
    exactly. The largest entry of each component is positive.

    References
    ----------
    .. [1] N. Halko, P.-G. Martinsson and J. A. Tropp, "Finding structure with randomness", SIAM
       Review 53(2), 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.patches import patch_components
    >>> X = np.random.RandomState(0).normal(size=(500, 3)).astype(np.float32) * [1, 9, 3]
    >>> mean, components = patch_components(
    ...     lambda i, j: X[i:j], n_patches=500, n_components=1,
    ...     random_state=np.random.RandomState(0))
    >>> np.abs(components).round(1)
    array([[0., 1., 0.]], dtype=float32)
    """
    batches = [(i, min(i + batch_size, n_patches)) for i in range(0, n_patches, batch_size)]
    mean = sum(draw(*b).sum(axis=0, dtype=np.float64) for b in batches) / n_patches
    mean = mean.astype(np.float32)
    n_values = len(mean)
    rank = min(n_components, n_values, n_patches)

    if n_values <= 1024:
        covariance = np.zeros((n_values, n_values))
        for b in batches:
            patches = (draw(*b) - mean).astype(np.float64)
            covariance += patches.T @ patches
        values, vectors = np.linalg.eigh(covariance)
        values, vectors = values[::-1], vectors[:, ::-1]
    else:
        basis = random_state.standard_normal((n_values, min(rank + 10, n_values)))
        basis = np.linalg.qr(basis.astype(np.float32))[0]
        for _ in range(n_passes):
            image = np.zeros_like(basis)
            for b in batches:
                patches = draw(*b)
                patches -= mean
                image += patches.T @ (patches @ basis)
            # Rayleigh-Ritz in the last basis: the image is known for that one only.
            values, turn = np.linalg.eigh((basis.T @ image).astype(np.float64))
            vectors = basis @ turn[:, ::-1].astype(np.float32)
            values = values[::-1]
            basis = np.linalg.qr(image)[0]
    seen = np.count_nonzero(values[:rank] > values[0] * 1e-9) if values[0] > 0 else 0
    components = np.zeros((n_components, n_values), np.float32)
    components[:seen] = vectors[:, :seen].T
    largest = np.abs(components[:seen]).argmax(axis=1)
    components[:seen] *= np.sign(components[np.arange(seen), largest])[:, None]
    return mean, components


def encode_patches(clips, mean, components, *, steps: int) -> np.ndarray:
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
        Steps of a code; a clip's last frame goes on where the steps reach beyond it.

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


def decode_patches(code, mean, components, *, n_frames: int) -> np.ndarray:
    """Return the spectrograms that coordinates stand for, in [0, 1].

    Parameters
    ----------
    code : ndarray of shape (n_clips, steps, n_components)
        Coordinates.
    mean : ndarray of shape (patch_frames * n_mels,)
        Mean patch.
    components : ndarray of shape (n_components, patch_frames * n_mels)
        Orthonormal directions.
    n_frames : int
        Frames of a clip.

    Returns
    -------
    clips : ndarray of float32 of shape (n_clips, n_frames, n_mels)
        Spectrograms, frames before bands.
    """
    patches = np.asarray(code, np.float32) @ components + mean
    n_clips, steps = patches.shape[:2]
    patch_frames = -(-n_frames // steps)
    clips = patches.reshape(n_clips, steps * patch_frames, -1)[:, :n_frames]
    return np.clip(clips, 0, 1)
