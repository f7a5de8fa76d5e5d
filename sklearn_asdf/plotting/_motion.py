"""PoseStripDisplay and LMADisplay: a strip of poses, and curves of the Laban features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from .._validation import require
from ..motion.container import as_motion
from ..motion.skeleton import Skeleton
from ._body import Body, front_view
from ._colors import ACCENT, CYCLE
from ._features import limits

__all__ = ["LMADisplay", "PoseStripDisplay"]

# Of a strip of poses that are one unit high, and the room for one beside the others.
_STRIP_HEIGHT = 1.15
_POSE_WIDTH = 0.55
_SMALLEST_POSE = 0.65


def check_axes(ax: Any) -> Any:
    """Return `ax`, or a new one, so that displays can be drawn into anybody's figure."""
    return import_pyplot().subplots()[1] if ax is None else ax


def import_pyplot() -> Any:
    """Return matplotlib's pyplot, or say how to install it."""
    require("matplotlib", extra="plot", purpose="plotting")
    import matplotlib.pyplot as plt

    return plt


class PoseStripDisplay:
    """A dance clip as a strip of poses along a time axis, with its keyframes.

    Use :meth:`from_motion` to create it.

    Parameters
    ----------
    poses : ndarray of shape (n_frames, n_joints, 2)
        Joint positions of one clip in any unit, the second axis pointing up; NaN where a joint was
        not seen.
    skeleton : Skeleton or None
        Names and bones of the joints; None draws each joint as a point.
    fps : float
        Frames per second.
    keyframes : ndarray of shape (n_keyframes,), default=None
        Frames to mark.
    start : float, default=0.0
        Time of the first frame, in seconds.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.plotting import PoseStripDisplay
    >>> dance = make_dance_music(n_clips=2, random_state=0).poses
    >>> display = PoseStripDisplay.from_motion(dance, clip=0)
    """

    def __init__(
        self,
        poses: np.ndarray,
        *,
        skeleton: Skeleton | None,
        fps: float,
        keyframes: np.ndarray | None = None,
        start: float = 0.0,
    ) -> None:
        self.poses = poses
        self.skeleton = skeleton
        self.fps = fps
        self.keyframes = keyframes
        self.start = start

    @classmethod
    def from_motion(
        cls, motion: Any, clip: int = 0, *, start: float = 0.0, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Draw one clip of a motion.

        Parameters
        ----------
        motion : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Poses; keyframes are drawn if :class:`KeyframeSegmenter` has added them. Of three axes
            two are drawn that show the dancer upright, from the front or back.
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
        display : PoseStripDisplay
            The plotted display.
        """
        one = as_motion(motion)[[clip]]
        display = cls(
            front_view(one)[0, : one.lengths[0]],
            skeleton=one.skeleton,
            fps=one.fps,
            keyframes=None if one.keyframes is None else one.keyframes[0],
            start=start,
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax: Any = None, *, n_poses: int | None = None) -> Self:
        """Draw the strip.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into; None creates a figure.
        n_poses : int, default=None
            Number of poses, at equal distances; None draws as many as fit next to each other.
            Keyframes are marked by lines, and their poses are drawn in color where they have room;
            other poses are then grey, and stand where there is room between these.

        Returns
        -------
        display : PoseStripDisplay
            The display itself.
        """
        if ax is None:
            ax = import_pyplot().subplots(figsize=(10, 2.2), layout="constrained")[1]
        poses = centered_poses(self.poses)
        n_frames = len(poses)
        duration = max(n_frames - 1, 1) / self.fps
        # Seconds that are as wide as a pose is tall.
        box = ax.get_window_extent()
        per_height = duration * box.height / box.width / _STRIP_HEIGHT
        keyframes = [] if self.keyframes is None else [int(frame) for frame in self.keyframes]
        # Keyframes that follow each other fast make smaller poses, so that more have room.
        room = np.median(np.diff(keyframes)) / self.fps if len(keyframes) > 2 else np.inf
        share = np.clip(room / (per_height * _POSE_WIDTH), _SMALLEST_POSE, 1.0)
        per_height *= share
        width = per_height * _POSE_WIDTH
        if n_poses is None:
            n_poses = max(2, int(duration / width))
        sides = _sides(poses) * per_height * self.fps
        shown = _with_room(keyframes, [], sides)
        # Between keyframes poses stand wherever there is room.
        n_places = 8 * n_poses if keyframes else n_poses
        even = np.unique(np.linspace(0, n_frames - 1, n_places).astype(int))
        quiet = _with_room(even, shown, sides) if keyframes else even
        body = Body.of(self.skeleton, poses.shape[1])
        radius = body.head_radius(poses)
        # Without keyframes to stand out from, limbs have the colors of their sides.
        plain = "0.7" if keyframes else None
        edges = [self.start - width / 2, self.start + duration + width / 2]
        for frames, color, linewidth in ((quiet, plain, 1.2), (shown, ACCENT, 1.4)):
            for frame in frames:
                pose = poses[frame] * [per_height, 1.0]
                pose[:, 0] += self.start + frame / self.fps
                edges += pose[np.isfinite(pose[:, 0]), 0].tolist()
                head = (per_height * radius, radius)
                body.draw(ax, pose, radius=head, color=color, linewidth=linewidth)
        for frame in keyframes:
            ax.axvline(self.start + frame / self.fps, color=ACCENT, linewidth=0.5, alpha=0.5)
        ax.set(
            xlabel="time (s)",
            yticks=[],
            # Arms that reach beyond the ends are not cut off.
            xlim=(min(edges) - 0.1 * width, max(edges) + 0.1 * width),
            ylim=(-_STRIP_HEIGHT / share / 2, _STRIP_HEIGHT / share / 2),
        )
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _sides(poses: np.ndarray) -> np.ndarray:
    """Return how far each pose reaches to the left and to the right, (n_frames, 2)."""
    seen = np.isfinite(poses[..., 0])
    left = np.where(seen, poses[..., 0], 0.0).min(axis=1)
    right = np.where(seen, poses[..., 0], 0.0).max(axis=1)
    return np.stack([left, right], axis=1)


def _with_room(frames: Iterable[int], taken: Sequence[int], sides: np.ndarray) -> list[int]:
    """Return those of some frames whose poses touch neither those before nor those taken.

    `sides` is how far the pose of each frame reaches, in frames.
    """
    kept: list[int] = []
    for frame in frames:
        left, right = frame + sides[frame]
        others = (other + sides[other] for other in (*taken, *kept[-1:]))
        if all(right < low or left > high for low, high in others):
            kept.append(int(frame))
    return kept


def centered_poses(poses: np.ndarray) -> np.ndarray:
    """Poses (n_frames, n_joints, 2), centered and scaled so that the tallest has height 1."""
    seen = np.isfinite(poses).all(axis=-1, keepdims=True)
    low = np.where(seen, poses, np.inf).min(axis=1)
    high = np.where(seen, poses, -np.inf).max(axis=1)
    shown = (high >= low).all(axis=-1)
    if not shown.any():
        return poses.copy()
    # Sideways each pose stands on its own moment; jumps and bows are seen.
    bottom, top = np.percentile(low[shown, 1], 1), np.percentile(high[shown, 1], 99)
    middle = np.full((len(poses), 1, 2), (bottom + top) / 2)
    middle[shown, 0, 0] = (low[shown, 0] + high[shown, 0]) / 2
    width = np.percentile((high - low)[shown, 0], 99)
    return (poses - middle) / (max(top - bottom, width * 0.6) or 1.0)


class LMADisplay:
    """The Laban features of one clip as steps over its windows.

    Use :meth:`from_features` to create it.

    Parameters
    ----------
    values : ndarray of shape (n_windows, n_features)
        Features of each window.
    names : sequence of str
        Names of the features.
    edges : ndarray of shape (n_windows + 1,)
        Boundaries of the windows, in seconds.
    units : dict of str to str, default=None
        Units of the features by name, for the labels.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    Examples
    --------
    >>> from sklearn_asdf import make_lma_pipeline
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.plotting import LMADisplay
    >>> poses = make_dance_music(n_clips=2, random_state=0).poses
    >>> lma = make_lma_pipeline(n_keyframes=5)
    >>> motion = lma[:-1].fit_transform(poses)
    >>> table = lma[-1].set_output(transform="pandas").fit_transform(motion)
    >>> display = LMADisplay.from_features(table, motion, clip=0)
    """

    def __init__(
        self,
        values: np.ndarray,
        *,
        names: Sequence[str],
        edges: np.ndarray,
        units: Mapping[str, str] | None = None,
    ) -> None:
        self.values = values
        self.names = names
        self.edges = edges
        self.units = units

    @classmethod
    def from_features(
        cls,
        features: Any,
        motion: Any,
        clip: int = 0,
        *,
        names: Sequence[str] = ("weight", "time", "space", "flow", "shape"),
        units: Mapping[str, str] | None = None,
        start: float = 0.0,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw features of a table of :class:`LMAFeaturizer`.

        Parameters
        ----------
        features : DataFrame of shape (n_clips, n_features)
            Table with columns such as `window1_weight`.
        motion : Motion
            Input of the featurizer; its keyframes are the boundaries of the windows.
        clip : int, default=0
            Index of the clip.
        names : sequence of str, default=("weight", "time", "space", "flow", "shape")
            Names of the features to draw.
        units : dict of str to str, default=None
            Units of the features by name or by column, for the labels, such as `feature_units_` of
            the featurizer.
        start : float, default=0.0
            Time of the clip's first frame, in seconds.
        ax : matplotlib Axes, default=None
            Axes to draw into; None creates a figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        display : LMADisplay
            The plotted display.
        """
        if motion.keyframes is None:
            edges = np.array([0, motion.lengths[clip] - 1])
        else:
            edges = motion.keyframes[clip]
        row = features.iloc[clip]
        windows = range(1, len(edges))
        values = np.array([[row[f"window{w}_{name}"] for name in names] for w in windows])
        if units is not None:
            units = {name: units.get(name, units.get(f"window1_{name}", "")) for name in names}
        display = cls(values, names=names, edges=start + edges / motion.fps, units=units)
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax: Any = None) -> Self:
        """Draw each feature as a step curve between 0 and a round number, given in its label.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into; None creates a figure.

        Returns
        -------
        display : LMADisplay
            The display itself.

        Notes
        -----
        An outlier, more than three times as large as 90 % of the values, is cut off at the top.
        """
        if ax is None:
            ax = import_pyplot().subplots(figsize=(10, 4), layout="constrained")[1]
        labels = []
        for i, (name, column) in enumerate(zip(self.names, np.asarray(self.values, float).T)):
            bottom, top = limits(column, name=name)
            unit = f" {self.units[name]}" if self.units and self.units.get(name) else ""
            labels.append(f"{name}\n{bottom:g} to {top:g}{unit}")
            curve = np.clip((column - bottom) / (top - bottom), 0, 1) * 0.8 - i
            ax.axhline(-i, color="0.85", linewidth=0.8, zorder=0)
            color = CYCLE[i % len(CYCLE)]
            ax.stairs(curve, self.edges, label=name, baseline=None, color=color, linewidth=1.6)
            ax.stairs(curve, self.edges, baseline=-i, fill=True, color=color, alpha=0.2)
        n = len(self.names)
        ax.set(xlabel="time (s)", yticks=[0.4 - i for i in range(n)], ylim=(0.9 - n, 1.0))
        ax.set_yticklabels(labels, fontsize="small")
        ax.tick_params(axis="y", length=0)
        ax.set_xlim(self.edges[0], self.edges[-1])
        self.ax_, self.figure_ = ax, ax.figure
        return self
