"""Several channels of sound mixed to one."""

from __future__ import annotations

import warnings

import numpy as np

__all__ = ["ChannelMixer", "warn_cancelled"]

# Channels that have nothing in common, mixed, keep 1 / n_channels of their mean power. Less than a
# tenth of that means that they cancel each other.
_CANCELLED = 0.1


class ChannelMixer:
    """Mix the channels of a recording to one, block by block.

    Parameters
    ----------
    channel : int or None, default=None
        The only channel to take; None takes the mean of all.

    Notes
    -----
    The mean of any number of channels in [-1, 1] is in [-1, 1]. Channels of opposite
    phase cancel each other: :meth:`cancelled` returns the channel to use instead.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.music.channels import ChannelMixer
    >>> mixer = ChannelMixer()
    >>> mixer.mix(np.array([[0.5, 0.25]]))
    array([0.375], dtype=float32)
    >>> mixer.cancelled() is None
    True
    """

    def __init__(self, channel: int | None = None) -> None:
        self._channel = channel
        self._power = np.zeros(0)
        self._mixed_power = 0.0

    def mix(self, block: np.ndarray) -> np.ndarray:
        """Return a block (n_samples, n_channels) as mono float32 (n_samples,)."""
        if self._channel is not None:
            return np.ascontiguousarray(
                block[:, min(self._channel, block.shape[1] - 1)], np.float32
            )
        mono = block.mean(axis=1, dtype=np.float32)
        power = np.square(block, dtype=np.float64).sum(axis=0)
        # A file may change its layout midway.
        size = max(len(power), len(self._power))
        self._power = np.pad(self._power, (0, size - len(self._power)))
        self._power[: len(power)] += power
        self._mixed_power += float(np.square(mono, dtype=np.float64).sum())
        return mono

    def cancelled(self) -> int | None:
        """Return the loudest channel if the mean has lost nearly all sound, else None."""
        n_channels = len(self._power)
        # Not "above": power that is NaN cancels nothing.
        if n_channels < 2 or not self._power.sum() > 0:
            return None
        lost = self._mixed_power < _CANCELLED * self._power.sum() / n_channels**2
        return int(self._power.argmax()) if lost else None


def warn_cancelled(path: object, channel: int) -> None:
    """Say that the channels of a file cancel each other, and what is taken instead."""
    warnings.warn(
        f"the channels of {str(path)!r} cancel each other (opposite phase), so their mean is "
        f"silence: channel {channel + 1} alone is taken instead",
        UserWarning,
        stacklevel=4,
    )
