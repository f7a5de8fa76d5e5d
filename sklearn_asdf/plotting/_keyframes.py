"""KeyframeDisplay: keyframes on the curve of the mean limb angle."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.isotonic import isotonic_regression

from ..functional.frames import fill_curves
from ..motion.container import Motion, as_motion
from ..motion.keyframes import KeyframeSegmenter
from ..motion.skeleton import Skeleton
from ._body import Body, front_view
from ._colors import ACCENT
from ._motion import centered_poses, import_pyplot

__all__ = ["KeyframeDisplay"]


class KeyframeDisplay:
    """Keyframes on the curve of the mean limb angle, with their poses above it.

    Corresponds to figure 3 of the paper. Use :meth:`from_motion` to create it.

    Parameters
    ----------
    curve : ndarray of shape (n_frames,)
        Mean angle of the limb bones to the reference bone in degrees, or the mean coordinate of
        joints without names.
    keyframes : ndarray of int of shape (n_keyframes,)
        The frames to mark.
    poses : ndarray of shape (n_keyframes, n_joints, 2)
        Poses at the keyframes, one unit high and y pointing up; NaN where a joint was not seen.
    skeleton : Skeleton or None
        Names and bones of the joints; None draws each joint as a point.
    fps : float
        Frames per second.
    start : float, default=0.0
        Time of the first frame, in seconds.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    sklearn_asdf.KeyframeSegmenter : Finds the keyframes.

    Examples
    --------
    >>> from sklearn_asdf import make_lma_pipeline
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.plotting import KeyframeDisplay
    >>> dance = make_dance_music(n_clips=2, random_state=0).poses
    >>> motion = make_lma_pipeline(n_keyframes=6)[:3].fit_transform(dance)
    >>> display = KeyframeDisplay.from_motion(motion, clip=0)
    """

    def __init__(
        self,
        curve: np.ndarray,
        keyframes: np.ndarray,
        *,
        poses: np.ndarray,
        skeleton: Skeleton | None,
        fps: float,
        start: float = 0.0,
    ) -> None:
        self.curve = curve
        self.keyframes = keyframes
        self.poses = poses
        self.skeleton = skeleton
        self.fps = fps
        self.start = start

    @classmethod
    def from_motion(
        cls, motion: Motion, clip: int = 0, *, start: float = 0.0, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Draw the keyframes of one clip.

        Parameters
        ----------
        motion : Motion
            Poses to which :class:`KeyframeSegmenter` has added keyframes.
        clip : int, default=0
            Index of the clip.
        start : float, default=0.0
            Time of the clip's first frame, in seconds.
        ax : matplotlib Axes, default=None
            Axes to draw into; None creates a figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        display : KeyframeDisplay
            The plotted display.
        """
        motion = as_motion(motion)
        frames = motion.keyframes
        if frames is None:
            raise ValueError(
                "expected a motion with keyframes, got none: pass it through KeyframeSegmenter"
            )
        one = motion[[clip]]
        # The curve by which they were found, with the segmenter's own defaults.
        curves = fill_curves(KeyframeSegmenter().curves(one))[0]
        named = one.skeleton is not None and len(one.skeleton.limb_bones) > 0
        curve = curves.mean(axis=0)
        keyframes = frames[clip]
        display = cls(
            np.degrees(curve) if named else curve,
            keyframes,
            poses=centered_poses(front_view(one)[0])[keyframes],
            skeleton=one.skeleton,
            fps=one.fps,
            start=start,
        )
        return display.plot(ax=ax, ylabel="mean limb angle (°)" if named else None, **kwargs)

    def plot(self, ax: Any = None, *, ylabel: str | None = None) -> Self:
        """Draw the curve, the keyframes on it and their poses above.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into; None creates a figure.
        ylabel : str, default=None
            Label of the curve; None is "mean coordinate".

        Returns
        -------
        display : KeyframeDisplay
            The display itself.
        """
        if ax is None:
            ax = import_pyplot().subplots(figsize=(10, 4), layout="constrained")[1]
        time = self.start + np.arange(len(self.curve)) / self.fps
        ax.plot(time, self.curve, color="0.4")
        at = self.start + np.asarray(self.keyframes) / self.fps
        ax.plot(at, self.curve[self.keyframes], "o", color=ACCENT, zorder=3)
        low, high = np.nanmin(self.curve), np.nanmax(self.curve)
        span = (high - low) or 1.0
        # The upper half is the poses'.
        ax.set_ylim(low - 0.08 * span, high + 1.15 * span)
        ax.set_yticks([tick for tick in ax.get_yticks() if low <= tick <= high])
        width = (time[-1] - time[0] or 1.0) / max(len(self.keyframes), 1)
        # Figures stand beside each other, as near to their keyframes as that allows.
        steps = width * np.arange(len(at))
        places = isotonic_regression(at - steps) + steps
        body = Body.of(self.skeleton, self.poses.shape[1])
        radius = body.head_radius(self.poses)
        # Arms may reach farther than the figure is wide.
        half = max(0.4, float(np.nanmax(np.abs(self.poses[..., 0]), initial=0.0)))
        foot = high + 0.17 * span
        for moment, place, pose, value in zip(at, places, self.poses, self.curve[self.keyframes]):
            line = [moment, moment, place], [value, high + 0.05 * span, foot]
            ax.plot(*line, ":", color=ACCENT, linewidth=0.8)
            figure = ax.inset_axes(
                [place - width / 2, foot, width, 0.96 * span], transform=ax.transData
            )
            body.draw(figure, pose, radius=(radius, radius), color=ACCENT, linewidth=1.4)
            figure.set(xlim=(-half, half), ylim=(-0.55, 0.6), aspect="equal", anchor="S")
            figure.axis("off")
        ax.set(xlabel="time (s)", ylabel=ylabel or "mean coordinate")
        edges = *time[[0, -1]], *(places[[0, -1]] + [-width / 2, width / 2] if len(places) else ())
        ax.set_xlim(min(edges), max(edges))
        self.ax_, self.figure_ = ax, ax.figure
        return self
