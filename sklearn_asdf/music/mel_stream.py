"""Playback of mel codes that arrive one after the other, as of a live dance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["MelStream"]


class MelStream:
    """Player of successive codes: one continuous sound.

    Parameters
    ----------
    decode : callable
        From a code (code_size,) to a mel spectrogram in dB, (n_mels, n_frames).
    render : callable
        From a mel spectrogram in dB, the number of samples and the samples that it begins with, to
        the sound.
    finish : callable
        From sound to what is played, such as a filter with a short memory.
    n_samples : int
        Samples of a clip.
    n_fft, hop_length : int
        Length of a window and hop in samples.

    Notes
    -----
    The end of each clip is rendered as a continuation of what was played: its phases go on from
    there, and what was played, the end that is faded over too, is a fixed part of the sound. The
    last spectra of a clip are of windows that extend beyond it; the last whole one stands for them.
    """

    def __init__(
        self,
        decode: Callable[[np.ndarray], np.ndarray],
        render: Callable[[np.ndarray, int, np.ndarray], np.ndarray],
        finish: Callable[[np.ndarray], np.ndarray],
        *,
        n_samples: int,
        n_fft: int,
        hop_length: int,
    ) -> None:
        self._decode, self._render, self._finish = decode, render, finish
        self._n_samples, self._hop_length = n_samples, hop_length
        # Frames that see anything before these samples end within them.
        self._n_kept = n_fft + 2 * hop_length
        self._past = np.zeros(0, np.float32)
        # The last frame whose window the clip fills.
        self._last_whole = max((n_samples - n_fft // 2) // hop_length, 0)

    def play(self, code: np.ndarray, n_new: int, n_fade: int = 0) -> np.ndarray:
        """Return the sound from where the last call's new sound ended.

        Parameters
        ----------
        code : ndarray of shape (code_size,)
            Code of the clip that ends where this sound does.
        n_new : int
            Samples until the next call's sound begins.
        n_fade : int, default=0
            Further samples, with which the next call's sound begins too.

        Returns
        -------
        y : ndarray of float32 of shape (n_new + n_fade,)
            The sound.
        """
        begin = self._n_samples - n_new - n_fade
        # Where what was played already ends.
        end = begin + min(n_fade, len(self._past))
        n_known = min(len(self._past), self._n_kept)
        frame = -(-max(end - n_known, 0) // self._hop_length)
        if not n_known or frame * self._hop_length > begin:
            # Nothing, or too little, to continue.
            frame = max(begin - self._n_kept, 0) // self._hop_length
            n_known = 0
        first = frame * self._hop_length
        known = self._past[len(self._past) - (end - first) :] if n_known else self._past[:0]
        db = self._decode(code)
        frames = np.minimum(np.arange(frame, db.shape[1]), self._last_whole)
        y = self._render(db[:, frames], self._n_samples - first, known)
        whole = np.concatenate([self._past, y[end - first :]])
        self._past = whole[max(len(whole) - self._n_kept - n_fade, 0) :]
        return self._finish(whole)[len(whole) - n_new - n_fade :]
