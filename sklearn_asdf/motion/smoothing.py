"""PoseSmoother: gaps of poses filled, noise filtered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from scipy import signal
from sklearn.utils.validation import check_is_fitted

from .._validation import Integral, Interval, Real, StrOptions, raise_all, validate_parameters
from ..functional import filters
from ..functional.gaps import fill_gaps
from ..functional.one_euro import one_euro, one_euro_step
from .container import DEFAULT_FPS, Motion
from .stage import MotionTransformer, validate_motion

__all__ = ["MIN_CONFIDENCE", "PoseSmoother", "certain_positions", "confident_positions"]

# Joints of lower confidence are treated as not seen, by default.
MIN_CONFIDENCE = 0.2


def confident_positions(motion: Motion, min_confidence: float = MIN_CONFIDENCE) -> np.ndarray:
    """Return positions, NaN where the tracker's confidence is too low.

    Parameters
    ----------
    motion : Motion
        Poses. A confidence that is NaN is unknown, and the joint is kept.
    min_confidence : float, default=0.2
        Lowest confidence of a joint that counts as seen.

    Returns
    -------
    ndarray of shape (n_clips, n_frames, n_joints, n_axes)
        The positions themselves if there is no confidence.
    """
    if motion.confidence is None:
        return motion.position
    doubtful = motion.confidence < min_confidence
    return np.where(doubtful[..., None], motion.dtype.type(np.nan), motion.position)


def certain_positions(motion: Motion, min_confidence: float = MIN_CONFIDENCE) -> np.ndarray:
    """Return positions as `confident_positions`, with some joint in each clip.

    Parameters
    ----------
    motion : Motion
        Poses.
    min_confidence : float, default=0.2
        Lowest confidence of a joint that counts as seen.

    Returns
    -------
    ndarray of shape (n_clips, n_frames, n_joints, n_axes)
        The positions themselves if there is no confidence.

    Raises
    ------
    ValueError
        If no joint of a clip is certain enough.
    """
    position = confident_positions(motion, min_confidence)
    if position is not motion.position:
        unseen = np.flatnonzero(np.isnan(position).any(axis=-1).all(axis=(1, 2)))
        if unseen.size:
            raise ValueError(
                f"expected some joint of each clip to reach min_confidence="
                f"{min_confidence:g}, got none in clip {unseen[0]}: leave it out or take "
                "a lower min_confidence"
            )
    return position


class PoseSmoother(MotionTransformer):
    """Fill gaps in poses and smooth them.

    Parameters
    ----------
    method : {"butterworth", "savgol", "one_euro"} or None, default="butterworth"
        The filter; None only fills gaps.
    cutoff : float, default=3.0
        Butterworth: frequency at which one pass halves the power (Hz), below half the frame rate.
    order : int, default=5
        Butterworth: order of one pass.
    zero_phase : bool, default=True
        Butterworth and None: whether a frame may depend on later ones, so that there is no delay.
        False is for live use. (Savitzky-Golay is never causal, One Euro always.)
    max_gap : float, default=0.5
        Longest gap that is filled, in seconds.
    min_confidence : float, default=0.2
        Joints of lower confidence are treated as not seen, if the poses have a confidence. NaN
        means that it is unknown, and the joint is kept.
    window_duration : float, default=0.3
        Savitzky-Golay: length of the window in seconds.
    polyorder : int, default=3
        Savitzky-Golay: degree of the polynomial.
    min_cutoff : float, default=1.0
        One Euro: cut-off at rest (Hz).
    beta : float, default=0.0
        One Euro: increase of the cut-off with speed, in Hz per (unit of length)/s.
    d_cutoff : float, default=1.0
        One Euro: cut-off of the filter of the velocity (Hz).
    fps : float or None, default=None
        Frame rate of the result in Hz. None is that of the poses in `fit`.

    Attributes
    ----------
    n_features_in_ : int
        Columns of a table, or joints times axes.
    n_joints_in_, n_axes_in_ : int
        Joints and axes seen in `fit`.
    skeleton_ : Skeleton or None
        The joints seen in `fit`.
    fps_ : float
        Frame rate of the result in Hz, to which poses at other rates are resampled: `fps`, or that
        of the poses in `fit`.
    feature_names_in_ : ndarray of str
        Column names, if `fit` saw a DataFrame with names of type str.

    See Also
    --------
    KinematicsTransformer : The next stage.
    sklearn_asdf.functional.filters : The filters as functions.

    Notes
    -----
    Gaps up to `max_gap` seconds are filled by linear interpolation before filtering. Longer gaps,
    and frames before a joint was first seen or after it was last seen, stay NaN; runs of seen
    frames between them are filtered separately. Clips may have any length: one frame is returned
    unchanged. A still dancer stays exactly still.

    Without zero phase, or with One Euro, a frame depends only on itself and earlier ones. In a gap
    the last seen position is then held for `max_gap` seconds, after which the joint is NaN and the
    filter starts anew. :meth:`partial_transform` returns the same frame by frame.

    Derivatives, curvature and keyframes of the input are dropped, since they are not those of the
    smoothed poses.

    References
    ----------
    .. [1] The paper, section 3.2.1: 5th-order IIR low-pass at 3 Hz, each joint and axis on its own.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import PoseSmoother
    >>> poses = np.random.default_rng(0).normal(size=(2, 120, 17, 2))
    >>> smooth = PoseSmoother().fit_transform(poses)
    >>> bool(smooth.position.std() < 0.5 * poses.std())
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "method": [StrOptions({"butterworth", "savgol", "one_euro"}), None],
        "cutoff": [Interval(Real, 0, None, closed="neither")],
        "order": [Interval(Integral, 1, 20, closed="both")],
        "zero_phase": ["boolean"],
        "max_gap": [Interval(Real, 0, None, closed="both")],
        "min_confidence": [Interval(Real, 0, None, closed="left")],
        "window_duration": [Interval(Real, 0, None, closed="neither")],
        "polyorder": [Interval(Integral, 0, 20, closed="both")],
        "min_cutoff": [Interval(Real, 0, None, closed="neither")],
        "beta": [Interval(Real, 0, None, closed="left")],
        "d_cutoff": [Interval(Real, 0, None, closed="neither")],
        "fps": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(
        self,
        *,
        method: str | None = "butterworth",
        cutoff: float = 3.0,
        order: int = 5,
        zero_phase: bool = True,
        max_gap: float = 0.5,
        min_confidence: float = MIN_CONFIDENCE,
        window_duration: float = 0.3,
        polyorder: int = 3,
        min_cutoff: float = 1.0,
        beta: float = 0.0,
        d_cutoff: float = 1.0,
        fps: float | None = None,
    ) -> None:
        self.method = method
        self.cutoff = cutoff
        self.order = order
        self.zero_phase = zero_phase
        self.max_gap = max_gap
        self.min_confidence = min_confidence
        self.window_duration = window_duration
        self.polyorder = polyorder
        self.min_cutoff = min_cutoff
        self.beta = beta
        self.d_cutoff = d_cutoff
        self.fps = fps

    @property
    def _causal(self) -> bool:
        return self.method == "one_euro" or (self.method != "savgol" and not self.zero_phase)

    def _check(self, motion: Motion) -> None:
        self._check_rate(motion.fps)

    def _check_rate(self, fps: float) -> None:
        """Raise if the filter does not fit a frame rate."""
        problems = []
        if self.method == "butterworth" and self.cutoff >= fps / 2:
            problems.append(
                f"expected cutoff below half the frame rate ({fps / 2:g} Hz at "
                f"{fps:g} fps), got {self.cutoff:g}: take a lower cutoff, resample the "
                "motion to more frames per second, or pass method=None"
            )
        if self.method == "savgol":
            window = filters.window_length(self.window_duration, fps=fps)
            if self.polyorder >= window:
                problems.append(
                    f"expected polyorder below the frames of a window ({self.window_duration:g} s "
                    f"are {window} at {fps:g} fps), got {self.polyorder}: take a longer "
                    "window_duration or a lower polyorder"
                )
        raise_all(problems)

    def _on_clock(self, motion: Motion) -> Motion:
        # Resampling would spread positions of low confidence to the frames beside them.
        if motion.confidence is not None and motion.fps != getattr(self, "fps_", DEFAULT_FPS):
            motion = replace(motion, position=confident_positions(motion, self.min_confidence))
        return super()._on_clock(motion)

    def _transform(self, motion: Motion) -> Motion:
        position = certain_positions(motion, self.min_confidence)
        fps = motion.fps
        complete = position is motion.position and motion.complete
        if not complete:
            position = fill_gaps(position, fps=fps, max_gap=self.max_gap, causal=self._causal)
        if self.method == "butterworth":
            position = filters.butterworth(
                position,
                fps=fps,
                cutoff=self.cutoff,
                order=self.order,
                zero_phase=self.zero_phase,
                complete=complete,
            )
        elif self.method == "savgol":
            position = filters.savgol(
                position, fps=fps, window_duration=self.window_duration, polyorder=self.polyorder
            )
        elif self.method == "one_euro":
            position = one_euro(
                position,
                fps=fps,
                min_cutoff=self.min_cutoff,
                beta=self.beta,
                d_cutoff=self.d_cutoff,
            )
        return Motion(position, fps=fps, skeleton=motion.skeleton, confidence=motion.confidence)

    def partial_transform(self, X: Any) -> Motion:
        """Smooth the next frames of a live stream, for a causal method.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_new_frames, n_joints, n_axes)
            The frames since the last call, usually one. Each clip is a dancer.

        Returns
        -------
        Motion
            The same frames, smoothed; bit for bit what `transform` returns for all frames so far.

        Notes
        -----
        Needs ``zero_phase=False`` or One Euro, and `fit` on any poses of these joints before.
        `fit` and :meth:`reset_stream` begin a new stream. Frames in which no joint is seen are
        accepted; positions are held there too, since the end of a stream is unknown.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import PoseSmoother
        >>> poses = np.random.default_rng(0).normal(size=(1, 60, 17, 2))
        >>> live = PoseSmoother(zero_phase=False).fit(poses)
        >>> frames = [live.partial_transform(poses[:, [i]]).position for i in range(60)]
        >>> np.array_equal(np.concatenate(frames, axis=1), live.transform(poses).position)
        True
        """
        check_is_fitted(self)
        if not self._causal:
            raise ValueError(
                f"expected a causal method for partial_transform, got method={self.method!r} with "
                f"zero_phase={self.zero_phase}: Savitzky-Golay and zero phase need later frames. "
                "Use method='one_euro', or zero_phase=False with Butterworth"
            )
        motion = validate_motion(self, X, reset=False, allow_unseen=True)
        fps = getattr(self, "fps_", DEFAULT_FPS)
        if motion.fps != fps:
            raise ValueError(
                f"expected the next frames at {fps:g} fps, as in fit, got {motion.fps:g} fps: a "
                "stream cannot be resampled frame by frame, fit on poses of its rate"
            )
        self._check(motion)
        stream = self.__dict__.get("_stream")
        if stream is None:
            stream = self._stream = _Stream(self, motion)
        if motion.n_clips != stream.n_clips:
            raise ValueError(
                f"expected the next frames of {stream.n_clips} clips, got {motion.n_clips}: call "
                "reset_stream() to begin anew"
            )
        sure = np.moveaxis(confident_positions(motion, self.min_confidence), -1, 0)
        # Each frame needs the state after the previous one.
        frames = [stream.step(sure[:, :, i]) for i in range(motion.n_frames)]
        position = np.moveaxis(np.stack(frames, axis=2), 0, -1)
        return Motion(
            position, fps=motion.fps, skeleton=motion.skeleton, confidence=motion.confidence
        )

    def reset_stream(self) -> Self:
        """Begin a new stream for :meth:`partial_transform`.

        Returns
        -------
        self
            The smoother.
        """
        self.__dict__.pop("_stream", None)
        return self

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and the poses, and keep their joints and frame rate.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Poses; a list of clips and a table (n_clips, n_frames) are accepted as well.
        y : None
            Ignored.

        Returns
        -------
        self
            The fitted smoother.
        """
        validate_parameters(self)
        motion = validate_motion(self, X, reset=True)
        self._check_rate(motion.fps)
        if self.fps is not None:
            self.fps_ = float(self.fps)
            self._check_rate(self.fps_)
        return self.reset_stream()


class _Stream:
    """State of a causal smoother between frames, arrays (n_axes, n_clips, n_joints)."""

    def __init__(self, smoother: PoseSmoother, motion: Motion) -> None:
        shape = (motion.n_axes, motion.n_clips, motion.n_joints)
        self.n_clips = motion.n_clips
        # Finite, so that the infinite age of a joint that was never seen exceeds it.
        self.longest = min(np.floor(smoother.max_gap * motion.fps + 1e-9), np.finfo(float).max)
        self.age = np.full(shape[1:], np.inf)
        self.held = np.zeros(shape, motion.dtype)
        self.origin = np.zeros(shape, motion.dtype)
        self.method = smoother.method
        if self.method == "butterworth":
            self.sections = filters.butterworth_sections(
                fps=motion.fps, cutoff=smoother.cutoff, order=smoother.order
            )
            self.state = np.zeros((len(self.sections), 2, *shape))
        elif self.method == "one_euro":
            self.settings = {
                "fps": motion.fps,
                "min_cutoff": smoother.min_cutoff,
                "beta": smoother.beta,
                "d_cutoff": smoother.d_cutoff,
            }
            self.state = np.zeros((2, *shape))

    def step(self, x: np.ndarray) -> np.ndarray:
        """Smooth one frame (n_axes, n_clips, n_joints)."""
        seen = ~np.isnan(x).any(axis=0)
        running = self.age <= self.longest
        self.age = np.where(seen, 0, self.age + 1)
        known = self.age <= self.longest
        self.held = np.where(seen, x, self.held)
        start = known & ~running
        self.origin = np.where(start, self.held, self.origin)
        move = self.held - self.origin
        if self.method == "butterworth":
            self.state[:, :, :, start] = 0
            y, self.state = signal.sosfilt(self.sections, move[None], axis=0, zi=self.state)
            y = y[0] + self.origin
        elif self.method == "one_euro":
            self.state[:, :, start] = 0
            last, speed = one_euro_step(move, self.state[0], self.state[1], **self.settings)
            self.state = np.stack([last, speed])
            y = last + self.origin
        else:
            y = self.held
        return np.where(known, y, np.nan).astype(x.dtype, copy=False)
