"""MotionTransformer: base class of the motion stages, and checks of poses."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from .._validation import raise_all, validate_parameters
from ..music.clips import AudioClips
from .arrays import unpack_clips
from .clips import MotionClips
from .container import DEFAULT_FPS, Motion, as_motion

# Coordinates of a motion beyond which the stages go through it batch by batch: their results would
# take about two gigabytes.
_MANY = 2**25
# Fields that are computed from the frames of a motion, and cannot be resampled.
_BOUND_TO_FRAMES = ("velocity", "acceleration", "jerk", "curvature", "keyframes")


def validate_motion(
    estimator: Any,
    X: Any,
    *,
    reset: bool,
    allow_unseen: bool = False,
    any_joints: bool = False,
) -> Motion:
    """Return checked poses as a Motion, as scikit-learn's ``validate_data`` does for tables.

    Parameters
    ----------
    estimator : estimator
        In `fit` its ``n_features_in_``, ``n_joints_in_``, ``n_axes_in_``, ``skeleton_`` and
        ``fps_`` are set (and ``feature_names_in_`` for a DataFrame); later they are checked.
    X : Motion or array-like
        See :func:`sklearn_asdf.motion.as_motion`.
    reset : bool
        Whether `estimator` is being fitted. Otherwise joints and axes must be those of `fit`.
    allow_unseen : bool, default=False
        Whether a clip may be all NaN, as frames of a live stream may be.
    any_joints : bool, default=False
        Whether joints and axes may be others than those of `fit`.

    Returns
    -------
    Motion
        With at least one clip, no infinity, and some joint seen in each clip; at its own frame
        rate, see :func:`on_fitted_clock`.

    Notes
    -----
    The number of features of a table is that of its columns (frames), as in scikit-learn; otherwise
    it is ``n_joints * n_axes``, since the length of clips may differ from that in `fit`.
    """
    if isinstance(X, AudioClips):
        raise TypeError("expected poses, got AudioClips: are dance and audio swapped?")
    X = unpack_clips(X)
    fitted = None if reset else getattr(estimator, "skeleton_", None)
    table = not isinstance(X, Motion) and _ndim(X) <= 2
    if table:
        # Raises scikit-learn's errors for text, complex, sparse and empty tables.
        X = validate_data(
            estimator,
            X,
            reset=reset,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan",
        )
    motion = as_motion(X, skeleton=fitted if fitted and _joints_of(X) == len(fitted) else "auto")
    problems = []
    if motion.n_clips == 0:
        problems.append(
            f"Found array with 0 sample(s) (shape={motion.shape}) while a minimum of 1 is required "
            f"by {type(estimator).__name__}: expected at least one clip"
        )
    problems += _unusable(motion, allow_unseen=allow_unseen)
    if reset:
        raise_all(problems)
        if not table:
            estimator.n_features_in_ = motion.n_joints * motion.n_axes
            if hasattr(estimator, "feature_names_in_"):
                del estimator.feature_names_in_
        estimator.n_joints_in_ = motion.n_joints
        estimator.n_axes_in_ = motion.n_axes
        estimator.skeleton_ = motion.skeleton
        estimator.fps_ = motion.fps
        return motion
    expected = (estimator.n_joints_in_, estimator.n_axes_in_)
    if any_joints:
        raise_all(problems)
        return motion
    if motion.shape[2:] != expected:
        problems.append(
            f"{type(estimator).__name__} was fitted on poses of {expected[0]} joints and "
            f"{expected[1]} axes, got {motion.n_joints} joints and {motion.n_axes} axes"
        )
    elif fitted and motion.skeleton and fitted.joints != motion.skeleton.joints:
        names = zip(fitted.joints, motion.skeleton.joints, strict=True)
        was, got = next((a, b) for a, b in names if a != b)
        problems.append(
            f"{type(estimator).__name__} was fitted on other joints: expected {was!r}, got {got!r} "
            "in its place: reorder the joints or fit again"
        )
    raise_all(problems)
    return motion


def on_fitted_clock(estimator: Any, motion: Motion) -> Motion:
    """Return poses at the frame rate that an estimator was fitted at.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator. Without ``fps_``, as in models of early versions, the rate is 30 fps.
    motion : Motion
        Checked poses.

    Returns
    -------
    Motion
        `motion` itself if its rate is that of `fit`.

    Raises
    ------
    ValueError
        If the motion has fields that cannot be resampled (derivatives, keyframes), as within a
        pipeline, whose first stage resamples.
    """
    fps = getattr(estimator, "fps_", DEFAULT_FPS)
    if motion.fps == fps:
        return motion
    bound = [name for name in _BOUND_TO_FRAMES if getattr(motion, name) is not None]
    if bound:
        raise ValueError(
            f"{type(estimator).__name__} was fitted on motion at {fps:g} fps, got {motion.fps:g} "
            f"fps with {', '.join(bound)}, which cannot be resampled: resample the poses before "
            "the first stage (Motion.resample)"
        )
    return motion.resample(fps)


def _ndim(X: Any) -> int:
    """Return the number of axes of poses in any form, including ragged lists of clips."""
    if hasattr(X, "ndim"):
        return X.ndim
    if hasattr(X, "__array__"):
        return np.asarray(X).ndim
    if isinstance(X, (list, tuple)) and len(X):
        return 1 + _ndim(X[0])
    return 0 if not isinstance(X, (list, tuple)) else 1


def _joints_of(X: Any) -> int | None:
    """Return the number of joints of an array or list, which has no skeleton; else None."""
    if isinstance(X, (list, tuple)) and _ndim(X) == 4:
        return np.shape(X[0])[-2]
    return X.shape[2] if not isinstance(X, Motion) and _ndim(X) == 4 else None


def _unusable(motion: Motion, *, allow_unseen: bool) -> list[str]:
    """Return error messages on the values of positions."""
    if isinstance(motion, MotionClips):
        # Each stage checks the batches that it gets.
        return []
    if motion.complete:
        return []
    problems = []
    infinite = np.isinf(motion.position)
    if infinite.any():
        clip, frame, joint, _ = (int(i[0]) for i in np.nonzero(infinite))
        problems.append(
            f"expected finite coordinates (NaN for a joint not seen), got infinity in clip {clip}, "
            f"frame {frame}, joint {joint}"
        )
    unseen = np.flatnonzero(~motion.seen.any(axis=(1, 2)))
    if unseen.size and not allow_unseen:
        which = ", ".join(map(str, unseen[:5])) + (", ..." if unseen.size > 5 else "")
        problems.append(
            f"expected each clip to have a joint that was seen, got only NaN in "
            f"{'clip' if unseen.size == 1 else 'clips'} {which}: leave "
            f"{'it' if unseen.size == 1 else 'them'} out"
        )
    return problems


class MotionTransformer(TransformerMixin, BaseEstimator):
    """Base class of the stages that take poses and return a Motion with an additional field.

    A stage defines ``_transform(motion)`` and, if its parameters depend on the poses (a cut-off on
    the frame rate, for example), ``_check(motion)``, which raises before anything is computed.
    """

    # The only field that a stage adds, if it is small: it is then computed at once, even where the
    # others are computed batch by batch.
    _added: ClassVar[str | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # A Motion is not a table, whatever container is configured for tables.
        super().__init_subclass__(auto_wrap_output_keys=None, **kwargs)

    def _check(self, motion: Motion) -> None:
        """Raise if the parameters do not fit the poses."""

    def _transform(self, motion: Motion) -> Motion:
        raise NotImplementedError

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and the poses, and store their joints and frame rate.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Poses; a list of clips and a table (n_clips, n_frames) are accepted as well.
        y : None
            Ignored.

        Returns
        -------
        self
            The fitted stage.
        """
        validate_parameters(self)
        self._check(validate_motion(self, X, reset=True))
        return self

    def transform(self, X: Any) -> Motion:
        """Return a new Motion with the fields that this stage adds.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Poses with the joints and axes of `fit`. They are resampled to the frame rate of `fit`;
            that of arrays is 30 fps.

        Returns
        -------
        Motion
            The input is not changed.
        """
        check_is_fitted(self)
        motion = self._validate(X)
        # Before resampling too: a higher rate adds no frequencies.
        self._check(motion)
        if motion.n_clips > 1 and (isinstance(motion, MotionClips) or motion.position.size > _MANY):
            return self._transform_clips(MotionClips.of(motion))
        return self._transform_checked(motion)

    def _transform_checked(self, motion: Motion) -> Motion:
        resampled = self._on_clock(motion)
        if resampled is not motion:
            self._check(resampled)
        return self._transform(resampled)

    def _transform_clips(self, clips: MotionClips) -> MotionClips:
        """Return what `transform` adds to clips that are not all in memory."""
        if self._added is None:
            return clips.then(self._transform_batch)
        batches = (self._transform_batch(part) for _, part in clips.batches())
        parts = [getattr(batch, self._added) for batch in batches]
        return clips.with_fields(**{self._added: np.concatenate(parts)})

    def _transform_batch(self, motion: Motion) -> Motion:
        """Transform some of many clips, in memory."""
        motion = self._validate(motion)
        self._check(motion)
        return self._transform_checked(motion)

    def _validate(self, X: Any) -> Motion:
        """Return the poses that `transform` was given, checked."""
        return validate_motion(self, X, reset=False)

    def _on_clock(self, motion: Motion) -> Motion:
        """Return checked poses at the frame rate of `fit`."""
        return on_fitted_clock(self, motion)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the coordinates, which a stage does not change.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names to return, such as those of the previous stage. None means the columns of a table,
            or joints and axes, such as ``left_wrist_x``.

        Returns
        -------
        names : ndarray of str
            One per column of a table, or per joint and axis.
        """
        check_is_fitted(self, "n_features_in_")
        if input_features is not None:
            return np.asarray(input_features, dtype=object)
        if hasattr(self, "feature_names_in_"):
            return self.feature_names_in_.copy()
        if self.n_features_in_ != self.n_joints_in_ * self.n_axes_in_:
            return np.array([f"x{i}" for i in range(self.n_features_in_)], dtype=object)
        named = self.skeleton_ is not None
        joints = self.skeleton_.joints if named else map("joint{}".format, range(self.n_joints_in_))
        axes = "xyz"[: self.n_axes_in_]
        return np.array([f"{joint}_{axis}" for joint in joints for axis in axes], dtype=object)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Return self without effect: a Motion is not a table.

        ``Pipeline.set_output`` calls this method of every step.

        Parameters
        ----------
        transform : str or None, default=None
            Ignored.

        Returns
        -------
        self
            The stage.
        """
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
