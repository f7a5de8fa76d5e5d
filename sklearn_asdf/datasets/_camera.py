"""What a camera and a tracker see of joints in metres.

Each function draws from the generator that it is given, always the same number of times.
"""

from __future__ import annotations

import numpy as np

__all__ = ["FRAME_SIZE", "drop_joints", "project", "track"]

FRAME_SIZE = (1280, 720)  # width and height of the picture in pixels


def project(
    position: np.ndarray, *, body_height: float, height_px: float, distance: float, aside: float
) -> np.ndarray:
    """Pixels (n_frames, n_joints, 2), y down, that a pinhole camera sees of joints in metres.

    The camera stands `distance` metres before the dancer, 1 m high and `aside` metres to the
    right; a body of `body_height` metres at that distance is `height_px` pixels tall.
    """
    scale = height_px * distance / body_height / (distance - position[..., 2])
    x = FRAME_SIZE[0] / 2 + scale * (position[..., 0] - aside)
    y = FRAME_SIZE[1] / 2 - scale * (position[..., 1] - 1.0)
    return np.stack([x, y], axis=-1)


def track(
    error_rng: np.random.Generator,
    jitter_rng: np.random.Generator,
    position: np.ndarray,
    *,
    noise: float,
) -> np.ndarray:
    """Add a tracker's errors: normal ones of standard deviation `noise`, and some jitter.

    Hands and feet err by half as much again; once in 200 joints and frames a joint is off by
    about six times as much.
    """
    n_frames, n_joints, _ = position.shape
    error = error_rng.standard_normal(position.shape)
    off = jitter_rng.random((n_frames, n_joints)) < 0.005
    unsure = np.ones(n_joints)
    unsure[[9, 10, 15, 16]] = 1.5
    return position + noise * error * (unsure * np.where(off, 6.0, 1.0))[..., None]


def drop_joints(
    rng: np.random.Generator, position: np.ndarray, *, dropout: float, run: float
) -> np.ndarray:
    """Put NaN for joints that the tracker loses for runs of on average `run` frames.

    Each joint is lost or seen by a two-state Markov chain whose stationary share is `dropout`.
    """
    n_frames, n_joints, _ = position.shape
    draw = rng.random((n_frames, n_joints))
    run = max(run, 1.0, dropout / (1 - dropout))
    lose, find = dropout / (1 - dropout) / run, 1 / run
    lost = np.empty((n_frames, n_joints), dtype=bool)
    lost[0] = draw[0] < dropout
    for i in range(1, n_frames):
        lost[i] = np.where(lost[i - 1], draw[i] >= find, draw[i] < lose)
    return np.where(lost[..., None], np.nan, position)
