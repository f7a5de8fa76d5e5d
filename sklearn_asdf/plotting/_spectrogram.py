"""SpectrogramDisplay: mel spectrograms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from ..functional.mel import melspectrogram, power_to_db
from ._motion import import_pyplot

__all__ = ["SpectrogramDisplay"]

# Hz.
_TICKS = (128, 512, 2048, 8192)


class SpectrogramDisplay:
    """Mel spectrograms on a common scale, for example of a clip and its reconstruction.

    Use :meth:`from_encoder` or :meth:`from_audio`, or pass spectrograms.

    Parameters
    ----------
    spectrograms : dict of str to ndarray of shape (n_mels, n_frames)
        Mel spectrograms in [0, 1] by title.
    sr : float
        Sampling rate, in Hz.
    hop_length : int
        Samples between frames.
    fmin : float, default=0.0
        Lowest mel frequency, in Hz.
    fmax : float, default=None
        Highest mel frequency, in Hz; None is half the sampling rate.
    start : float, default=0.0
        Time of the first frame, in seconds.

    Attributes
    ----------
    axes_ : list of matplotlib Axes
        The axes of the plots.
    figure_ : matplotlib Figure
        Their figure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.plotting import SpectrogramDisplay
    >>> ramp = np.linspace(0, 1, 128)[:, None] * np.ones(256)
    >>> display = SpectrogramDisplay({"ramp": ramp}, sr=22050, hop_length=690).plot()
    """

    def __init__(
        self,
        spectrograms: Mapping[str, np.ndarray],
        *,
        sr: int,
        hop_length: int,
        fmin: float = 0.0,
        fmax: float | None = None,
        start: float = 0.0,
    ) -> None:
        self.spectrograms = spectrograms
        self.sr = sr
        self.hop_length = hop_length
        self.fmin = fmin
        self.fmax = fmax
        self.start = start

    @classmethod
    def from_encoder(
        cls, encoder: Any, audio: Any, clip: int = 0, *, axes: Any = None, **kwargs: Any
    ) -> Self:
        """Draw the spectrogram of a clip and that of its reconstruction.

        Parameters
        ----------
        encoder : MelEncoder
            A fitted encoder.
        audio : AudioClips or array-like of shape (n_clips, n_samples)
            Sound.
        clip : int, default=0
            Index of the clip.
        axes : sequence of two matplotlib Axes, default=None
            Axes to draw into; None creates a figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        display : SpectrogramDisplay
            The plotted display.
        """
        one = audio[clip : clip + 1]
        pictures = {
            "true": encoder.spectrogram(one)[0],
            "decoded": encoder.decode(encoder.transform(one))[0],
        }
        display = cls(
            pictures,
            sr=encoder.sr,
            hop_length=encoder.hop_length,
            fmin=encoder.fmin,
            fmax=encoder.fmax,
        )
        return display.plot(axes=axes, **kwargs)

    @classmethod
    def from_audio(
        cls,
        audio: Mapping[str, np.ndarray],
        *,
        sr: int = 22050,
        n_fft: int = 4096,
        hop_length: int = 690,
        n_mels: int = 128,
        fmin: float = 0.0,
        fmax: float | None = None,
        top_db: float = 80.0,
        axes: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the spectrograms of sounds of any length on the scale of the first one.

        Parameters
        ----------
        audio : dict of str to ndarray of shape (n_samples,)
            Sounds by title; the maximum of the first one is white.
        sr : float, default=22050
            Sampling rate, in Hz.
        n_fft : int, default=4096
            Length of the window, in samples.
        hop_length : int, default=690
            Samples between frames.
        n_mels : int, default=128
            Number of mel bands.
        fmin : float, default=0.0
            Lowest mel frequency, in Hz.
        fmax : float, default=None
            Highest mel frequency, in Hz; None is half the sampling rate.
        top_db : float, default=80.0
            Range of the colors below the maximum, in dB.
        axes : sequence of matplotlib Axes, default=None
            One for each sound; None creates a figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        display : SpectrogramDisplay
            The plotted display.
        """
        return cls.of_audio(
            audio,
            sr=sr,
            n_fft=n_fft,
            hop_length=hop_length,
            n_mels=n_mels,
            fmin=fmin,
            fmax=fmax,
            top_db=top_db,
        ).plot(axes, **kwargs)

    @classmethod
    def of_audio(
        cls,
        audio: Mapping[str, np.ndarray],
        *,
        sr: int,
        n_fft: int,
        hop_length: int,
        n_mels: int,
        fmin: float = 0.0,
        fmax: float | None = None,
        top_db: float = 80.0,
    ) -> Self:
        """Compute the spectrograms of sounds without drawing them.

        Parameters
        ----------
        audio : dict of str to ndarray of shape (n_samples,)
            As for :meth:`from_audio`.
        sr, n_fft, hop_length, n_mels, fmin, fmax, top_db : float or int
            As for :meth:`from_audio`.

        Returns
        -------
        display : SpectrogramDisplay
            The display, not yet drawn.
        """
        bands: dict[str, Any] = {"sr": sr, "hop_length": hop_length, "fmin": fmin, "fmax": fmax}
        power = {
            title: melspectrogram(samples, n_fft=n_fft, n_mels=n_mels, **bands)
            for title, samples in audio.items()
        }
        loudest = next(iter(power.values())).max()
        pictures = {
            title: 1 + power_to_db(mel, ref=loudest, top_db=None) / top_db
            for title, mel in power.items()
        }
        return cls(pictures, **bands)

    def plot(self, axes: Any = None, *, cmap: str = "magma") -> Self:
        """Draw the spectrograms.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            One for each spectrogram; None creates a figure.
        cmap : str, default="magma"
            Color map.

        Returns
        -------
        display : SpectrogramDisplay
            The display itself.
        """
        if axes is None:
            n = len(self.spectrograms)
            _, grid = import_pyplot().subplots(
                n, figsize=(10, 0.6 + 2 * n), sharex=True, squeeze=False, layout="constrained"
            )
            axes = grid[:, 0]
        for ax, (title, mel) in zip(axes, self.spectrograms.items()):
            n_mels, n_frames = mel.shape
            stop = self.start + n_frames * self.hop_length / self.sr
            ax.imshow(
                np.clip(mel, 0, 1),
                origin="lower",
                aspect="auto",
                cmap=cmap,
                vmin=0,
                vmax=1,
                extent=(self.start, stop, 0, n_mels),
            )
            fmax = self.fmax or self.sr / 2
            ticks = np.array([tick for tick in _TICKS if self.fmin < tick < fmax])
            ax.set_yticks(mel_band(ticks, self.fmin, fmax, n_mels))
            ax.set_yticklabels(ticks)
            ax.set(ylim=(0, n_mels), ylabel="Hz", title=title)
        axes[-1].set_xlabel("time (s)")
        self.axes_, self.figure_ = list(axes), axes[0].figure
        return self


def mel_band(frequency: Any, fmin: float, fmax: float, n_mels: int) -> Any:
    """Position of frequencies in Hz on an axis of mel bands."""
    import librosa

    low, high = librosa.hz_to_mel(fmin), librosa.hz_to_mel(fmax)
    return (librosa.hz_to_mel(frequency) - low) / (high - low) * (n_mels + 1) - 1
