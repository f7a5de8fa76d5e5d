"""Displays of movement: a strip of poses, and the curves of the Laban features."""

from __future__ import annotations

import numpy as np

from .._validation import require
from ..motion.container import as_motion

__all__ = ["LMADisplay", "PoseStripDisplay"]


def check_axes(ax):
    """Return `ax`, or a new one, so that displays can be drawn into anybody's figure."""
    return import_pyplot().subplots()[1] if ax is None else ax


def import_pyplot():
    """Return matplotlib's pyplot, or say how to install it."""
    require("matplotlib", extra="music", purpose="plotting")
    import matplotlib.pyplot as plt

    return plt


class PoseStripDisplay:
    """A dance clip as a strip of poses on the axis of time, its keyframes marked.

    Made by :meth:`from_motion`.

    Parameters
    ----------
    position : ndarray of shape (n_frames, n_joints, n_axes)
        Joint positions of one clip; NaN where a joint was not seen.
    bones : sequence of (int, int)
        Pairs of joints to connect.
    fps : float
        Frames per second.
    keyframes : ndarray of shape (n_keyframes,), default=None
        Frames to mark.
    start : float, default=0.0
        Time of the first frame, in seconds.
    y_up : bool, default=True
        Whether the second axis points up, as in metres, and not down, as in pixels.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.plotting import PoseStripDisplay
    >>> dance = make_dance_music(n_clips=2, random_state=0).poses
    >>> display = PoseStripDisplay.from_motion(dance, clip=0)
    """

    def __init__(self, position, *, bones, fps, keyframes=None, start=0.0, y_up=True):
        self.position = position
        self.bones = bones
        self.fps = fps
        self.keyframes = keyframes
        self.start = start
        self.y_up = y_up

    @classmethod
    def from_motion(cls, motion, clip=0, *, start=0.0, ax=None, **kwargs):
        """Draw one clip of a motion.

        Parameters
        ----------
        motion : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Poses; keyframes are drawn if :class:`KeyframeSegmenter` has added them.
        clip : int, default=0
            Which clip.
        start : float, default=0.0
            Time of the clip's first frame, in seconds.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        display : PoseStripDisplay
            The display, drawn.
        """
        motion = as_motion(motion)
        names, bones = [], []
        if motion.skeleton is not None:
            names = list(motion.skeleton.joints)
            bones = [(names.index(a), names.index(b)) for a, b in motion.skeleton.bones]
        keyframes = None if motion.keyframes is None else motion.keyframes[clip]
        display = cls(
            np.asarray(motion.position[clip]),
            bones=bones,
            fps=motion.fps,
            keyframes=keyframes,
            start=start,
            y_up=points_up(motion.position[clip], names),
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, n_poses=12):
        """Draw the strip.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        n_poses : int, default=12
            Poses drawn evenly in grey; keyframes are drawn besides, in colour.

        Returns
        -------
        display : PoseStripDisplay
            The display itself.
        """
        ax = check_axes(ax)
        n_frames = len(self.position)
        plane = upright_poses(self.position, y_up=self.y_up)
        keyframes = [] if self.keyframes is None else list(self.keyframes)
        even = np.unique(np.linspace(0, n_frames - 1, n_poses).astype(int))
        # A grey pose under a keyframe's would only blur it.
        gap = n_frames / n_poses / 3
        quiet = [f for f in even if all(abs(f - k) > gap for k in keyframes)]
        width = n_frames / self.fps / n_poses
        for frame, colour, line in [
            *((f, "0.75", 1.0) for f in quiet),
            *((k, "C3", 1.5) for k in keyframes),
        ]:
            pose = plane[frame] * width * 1.6
            pose[:, 0] += self.start + frame / self.fps
            for bone in self.bones:
                ax.plot(*pose[list(bone)].T, color=colour, linewidth=line)
            if not self.bones:
                ax.plot(*pose.T, ".", color=colour)
        for frame in keyframes:
            ax.axvline(self.start + frame / self.fps, color="C3", linewidth=0.5, alpha=0.5)
        ax.set(xlabel="time (s)", yticks=[], aspect="equal")
        ax.set_xlim(self.start - width / 2, self.start + (n_frames - 1) / self.fps + width / 2)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def upright_poses(position, *, y_up):
    """Poses (n_frames, n_joints, 2) about their own centre, one unit high, pointing up."""
    plane = np.array(position[..., :2], dtype=float)
    if plane.shape[-1] == 1:
        plane = np.concatenate([np.zeros_like(plane), plane], axis=-1)
    if not y_up:
        plane[..., 1] *= -1
    seen = plane[np.isfinite(plane).all(-1)]
    height = np.ptp(seen[:, 1]) if len(seen) else 1.0
    with np.errstate(invalid="ignore"):
        counts = np.isfinite(plane).sum(1, keepdims=True)
        centre = np.nansum(plane, 1, keepdims=True) / np.maximum(counts, 1)
    centre[..., 1] = np.median(centre[..., 1])
    return (plane - centre) / (height or 1.0)


def points_up(position, names):
    """Whether the joint named like a head lies at larger y than those named like ankles."""
    high = [i for i, name in enumerate(names) if "head" in name or "nose" in name]
    low = [i for i, name in enumerate(names) if "ankle" in name]
    if not high or not low:
        return position.shape[-1] == 3
    seen = np.isfinite(position[..., 1])
    y = np.where(seen, position[..., 1], 0.0)

    def level(joints):
        return y[:, joints].sum() / max(seen[:, joints].sum(), 1)

    return bool(level(high) > level(low))


class LMADisplay:
    """The Laban features of one clip as steps over its windows.

    Made by :meth:`from_features`.

    Parameters
    ----------
    values : ndarray of shape (n_windows, n_features)
        Features of each window.
    names : sequence of str
        Names of the features.
    edges : ndarray of shape (n_windows + 1,)
        Times at which windows begin and end, in seconds.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
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

    def __init__(self, values, *, names, edges):
        self.values = values
        self.names = names
        self.edges = edges

    @classmethod
    def from_features(
        cls,
        features,
        motion,
        clip=0,
        *,
        names=("weight", "time", "space", "flow", "shape"),
        start=0.0,
        ax=None,
        **kwargs,
    ):
        """Draw features from the table that :class:`LMAFeaturizer` made.

        Parameters
        ----------
        features : DataFrame of shape (n_clips, n_features)
            Table with columns such as `window1_weight`.
        motion : Motion
            What the featurizer saw: its keyframes bound the windows.
        clip : int, default=0
            Which clip.
        names : sequence of str, default=("weight", "time", "space", "flow", "shape")
            Which features of the windows.
        start : float, default=0.0
            Time of the clip's first frame, in seconds.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        display : LMADisplay
            The display, drawn.
        """
        if motion.keyframes is None:
            edges = np.array([0, motion.lengths[clip] - 1])
        else:
            edges = motion.keyframes[clip]
        row = features.iloc[clip]
        windows = range(1, len(edges))
        values = np.array([[row[f"window{w}_{name}"] for name in names] for w in windows])
        display = cls(values, names=names, edges=start + edges / motion.fps)
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None):
        """Draw each feature as a step curve, scaled to its own range over the clip.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        display : LMADisplay
            The display itself.
        """
        ax = check_axes(ax)
        low, high = self.values.min(0), self.values.max(0)
        scaled = (self.values - low) / np.where(high > low, high - low, 1.0)
        for i, name in enumerate(self.names):
            # Offsets keep the five curves apart.
            curve = scaled[:, i] * 0.8 - i
            ax.stairs(curve, self.edges, label=name, baseline=None, color=f"C{i}")
        ax.set(xlabel="time (s)", yticks=[0.4 - i for i in range(len(self.names))])
        ax.set_yticklabels(self.names)
        self.ax_, self.figure_ = ax, ax.figure
        return self
