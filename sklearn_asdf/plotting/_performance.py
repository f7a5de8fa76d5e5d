"""PerformanceDisplay: a dance, its Laban features and its music on a common time axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from ..motion.container import as_motion
from ..music.spectra import spectrogram_options
from ..performance import clip_duration_of, encoder_of
from ._body import front_view
from ._features import feature_units
from ._motion import LMADisplay, PoseStripDisplay, import_pyplot
from ._spectrogram import SpectrogramDisplay
from ._windows import describe_take

__all__ = ["PerformanceDisplay"]


class PerformanceDisplay:
    """Poses with keyframes, Laban features and spectrograms of a dance on a common time axis.

    Use :meth:`from_pipeline` to create it.

    Parameters
    ----------
    poses : PoseStripDisplay
        The dance.
    features : LMADisplay
        Its Laban features.
    spectrograms : SpectrogramDisplay
        Its music.
    title : str, default=None
        Heading of the figure.

    Attributes
    ----------
    axes_ : list of matplotlib Axes
        The axes of the plots.
    figure_ : matplotlib Figure
        Their figure.

    See Also
    --------
    sklearn_asdf.report.write_report : Writes an animated HTML page with sound.

    Examples
    --------
    >>> from sklearn_asdf import make_dance_pipeline
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.plotting import PerformanceDisplay
    >>> data = make_dance_music(n_clips=12, clip_duration=2.0, random_state=0)
    >>> pipe = make_dance_pipeline("tiny", n_keyframes=4, random_state=0)
    >>> pipe = pipe.fit(data.poses, data.audio)
    >>> music = pipe.predict(data.poses[:1])[0]
    >>> display = PerformanceDisplay.from_pipeline(pipe, data.poses[:1], {"music": music})
    """

    def __init__(
        self,
        poses: PoseStripDisplay,
        features: LMADisplay,
        spectrograms: SpectrogramDisplay,
        *,
        title: str | None = None,
    ) -> None:
        self.poses = poses
        self.features = features
        self.spectrograms = spectrograms
        self.title = title

    @classmethod
    def from_pipeline(
        cls,
        pipeline: Any,
        take: Any,
        audio: Mapping[str, np.ndarray],
        *,
        title: str | None = None,
        max_duration: float = 24.0,
    ) -> Self:
        """Draw a dance, its features computed by a fitted pipeline, and spectrograms.

        Parameters
        ----------
        pipeline : Pipeline
            Fitted, from :func:`make_dance_pipeline`.
        take : Motion or array-like of shape (1, n_frames, n_joints, n_axes)
            One dance, at least as long as a clip of the training set, without gaps.
        audio : dict of str to ndarray of shape (n_samples,)
            Sounds by title, from the first frame on, at the encoder's sampling rate. The first one
            sets the scale of the spectrograms.
        title : str, default=None
            Heading. If only a part of the dance is drawn, its times are added.
        max_duration : float, default=24.0
            Maximum duration in seconds. Only the beginning of a longer dance is drawn, since the
            poses would be too small.

        Returns
        -------
        display : PerformanceDisplay
            The plotted display.
        """
        encoder = encoder_of(pipeline)
        take = as_motion(take)
        duration = take.n_frames / take.fps
        shown = min(duration, max(max_duration, clip_duration_of(pipeline)))
        part = f"{duration:.3g} s of dance"
        if shown < duration:
            take = take.frames(0, round(shown * take.fps))
            part = f"the first {shown:.3g} s of {duration:.3g} s of dance"
        windows = describe_take(pipeline, take)
        keyframes = np.rint(windows.keyframes * take.fps).astype(int)
        options = spectrogram_options(encoder)
        sounds = {
            name: np.asarray(samples[: round(shown * encoder.sr)])
            for name, samples in audio.items()
        }
        return cls(
            PoseStripDisplay(
                front_view(take)[0],
                skeleton=take.skeleton,
                fps=take.fps,
                keyframes=np.minimum(keyframes, take.n_frames - 1),
            ),
            LMADisplay(
                np.array(list(windows.values.values())).reshape(-1, len(windows.edges) - 1).T,
                names=list(windows.values),
                edges=windows.edges,
                units=feature_units(pipeline),
            ),
            SpectrogramDisplay.of_audio(sounds, **options),
            title=part if title is None else f"{title}: {part}",
        ).plot()

    def plot(self, axes: Any = None) -> Self:
        """Draw the performance.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            For poses, features and each spectrogram; None creates a figure.

        Returns
        -------
        display : PerformanceDisplay
            The display itself.
        """
        if axes is None:
            n_sounds = len(self.spectrograms.spectrograms)
            _, axes = import_pyplot().subplots(
                2 + n_sounds,
                figsize=(12, 5.5 + 1.6 * n_sounds),
                sharex=True,
                height_ratios=[2, 3, *[1.6] * n_sounds],
                layout="constrained",
            )
        limits = self.poses.plot(axes[0]).ax_.get_xlim()
        self.features.plot(axes[1])
        self.spectrograms.plot(axes[2:])
        what = "poses" if self.title is None else self.title
        axes[0].set(title=f"{what}; lines and colored figures mark keyframes", xlabel="")
        axes[1].set(title="Laban features between the keyframes", xlabel="")
        axes[0].set_xlim(limits)
        self.axes_, self.figure_ = list(axes), axes[0].figure
        return self
