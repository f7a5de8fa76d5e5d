"""LMAFeaturizer: features of Laban Movement Analysis, one row per clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from .._validation import (
    Integral,
    Interval,
    Real,
    StrOptions,
    raise_all,
    validate_parameters,
)
from ..functional.windows import count_steps, frame_windows, step_edges
from .clips import MotionClips
from .container import Motion
from .joint_weights import joint_weights_of
from .kinematics import with_kinematics
from .lma_checks import as_list, group_problems
from .lma_groups import CLIP_GROUPS, WINDOW_GROUPS
from .lma_units import unit_of
from .stage import on_fitted_clock, validate_motion
from .step_groups import STEP_GROUPS, step_means, step_values
from .unseen import hide_unseen, within_clip
from .window_context import Columns, WindowContext

__all__ = ["BEAT_COLUMNS", "LMAFeaturizer"]

# Of group "beat": tempo, and cosine and sine of the phase times the strength.
BEAT_COLUMNS = ("clip_beat_tempo", "clip_mid_beat_cos", "clip_mid_beat_sin")

# Coordinates processed at a time: some megabytes, which bounds the memory and fits the cache.
_BLOCK = 2**20


class LMAFeaturizer(TransformerMixin, BaseEstimator):
    """Return features of Laban Movement Analysis, one row per clip.

    Between consecutive keyframes lie the windows of a clip; each is described by the Effort
    factors Weight, Time, Space and Flow, and by Shape, weighted over the joints. Further groups of
    features describe the windows or the whole clip.

    Parameters
    ----------
    groups : sequence of str, default=("effort", "shape", "posture")
        Groups of features, in the order of their columns; see the notes.
    joint_weights : {"paper", "uniform"} or dict, default="paper"
        Weight of each joint in eqs. 2 to 6. `"paper"` weights head, wrists and ankles as
        the paper's code does; a skeleton that lacks any of the five is weighted uniformly.
        A dict gives weights by joint name, ``{"left_wrist": 2, "right_wrist": 1}``, or by feature
        and joint, ``{"time": {"head": 1}}``, where features not named keep the paper's. Weights
        are scaled to the sum 1.
    space : {"directness", "path_ratio"}, default="directness"
        Space as distance over path, from 0 to 1, or as path over distance (eq. 4), at least 1.
    normalize : {"clip"} or None, default=None
        `"clip"` scales each feature of the windows to [0, 1] within each clip, as the paper does;
        the features then do not depend on the size of the movement.
    scope : {"window", "clip"}, default="window"
        `"clip"` describes the whole clip as one window.
    up : {"x", "y", "z", "-x", "-y", "-z"} or None, default=None
        Axis of space that points up, for heights. By default it is found for each clip from the
        direction from ankles to head; without such joints it is y.
    step_duration : float or None, default=None
        Duration in s of the steps into which each clip is also cut. None describes no steps.
    step_groups : sequence of str, default=("effort", "shape", "moment")
        Groups of features of the steps: "moment", "stillness", or groups of windows; see the notes.
    missing : {"zero", "nan"}, default="zero"
        Value of features of which nothing was seen: 0, so that the table is finite for any model,
        or NaN. With `"nan"`, so is every feature of which less than `min_seen` was seen.
    min_seen : float, default=0.5
        With ``missing="nan"``, least share of the frames and joints of a window, clip or step that
        must be seen. In eqs. 2 to 6 each joint counts by its weight, elsewhere all alike.
    length_unit : str, default="L"
        Name of the unit of length of the poses, for `feature_units_` alone.
    n_jobs : int or None, default=None
        Number of threads, as in joblib.

    Attributes
    ----------
    n_windows_ : int
        Windows of each clip.
    n_steps_ : int
        Steps of each clip, 0 without `step_duration`.
    feature_names_out_ : ndarray of str
        Names of the columns.
    feature_units_ : dict of str to str
        Unit of each column, such as ``"L²/s²"``; empty if it has none.
    joint_weights_ : dict of str to ndarray of shape (n_joints,)
        Weights of the joints in each of the five features.
    n_features_in_ : int
        Columns of a table, or joints times axes.
    n_joints_in_, n_axes_in_ : int
        Joints and axes seen in `fit`.
    skeleton_ : Skeleton or None
        The joints seen in `fit`.
    fps_ : float
        Frame rate of the poses in `fit`, in Hz, to which others are resampled.

    See Also
    --------
    KeyframeSegmenter : Finds the keyframes.
    make_lma_pipeline : From poses to this table, smoothing included.

    Notes
    -----
    Groups of windows, columns ``window1_weight, window1_time, ...``, one window after the other
    (L is the unit of length of the poses, heights of the dancer where they were scaled by body):

    - "effort": weight (eq. 2; L^2/s^2), time (eq. 3; L/s^2), space (eq. 4), flow (eq. 5; L/s^3)
    - "shape": shape (eq. 6; 1/L)
    - "timing": start, duration (s)
    - "energy": quantity_of_motion, the mean speed of all joints (L/s); kinetic_energy, by body
      mass (L^2/s^2); centre_speed, of the center of mass (L/s)
    - "fluidity": sparc, the spectral arc length of the mean speed; jerk_peaks (1/s)
    - "suddenness": suddenness, the largest acceleration over the mean one; impulse, the fastest
      gain of mean speed (L/s^2)
    - "posture": height and width of the box around the body, spread, hands_distance,
      hands_to_hips, hands_height above the hips, feet_distance, hips_height above the ankles (L)
    - "form": hull_area (L^2), contraction (the share of the box that the hull fills), sphericity
    - "symmetry": asymmetry (0 where the right mirrors the left); speed_balance, from -1 (only the
      left moves) to 1
    - "path": travel, displacement, rise and sink of the hips (L); floor_area they cover (L^2), or
      floor_width (L) in two dimensions

    Groups of whole clips, columns ``clip_...`` after those of all windows:

    - "level": log_speed, log_peak_speed (95th percentile), log_acceleration, log_jerk, log_energy,
      log_travel (each log(1 + x)), size and form as body_height, body_width, ...; hips_height and
      hands_height
    - "periodicity": tempo (BPM), tempo_strength, half_tempo_strength,
      double_tempo_strength (autocorrelation), beat_cos and beat_sin (phase of the beat at the
      first frame); a beat is a minimum of speed, of which a gesture to and fro has two
    - "pulse": the autocorrelation at ten tempi from 50 to 210 BPM
    - "sharpness", of body, head, hips, hands and feet: hands_peak, the log of the peak speed (95th
      percentile) over the mean one; hands_suddenness, of mean acceleration over mean speed, and
      hands_jerkiness, of mean jerk over mean acceleration; in L and s, each plus 0.02
    - "beat": beat_tempo (BPM) and beat_strength (0 to 1) of the beat that a
      `DanceBeatTracker` added, or else of kinematic beats (minima of speed); mid_beat_cos and
      mid_beat_sin, cosine and sine of its phase in the middle of the clip, times the strength
    - "beat_alternatives": what that tempo may be wrong about: half_tempo_weight,
      two_thirds_tempo_weight, own_tempo_weight, three_halves_tempo_weight and
      double_tempo_weight, the probabilities of tempi at those ratios to it by the
      repetitions of the movement, which sum to 1, and three_beat_weight, that of bars of three

    With `step_duration`, columns ``step0_weight, step0_time, ..., step1_weight, ...`` follow, step
    by step. A step has the values of the window in which its middle lies, or of the nearest one,
    and in group "moment" means over its own frames: speed and acceleration of the body, head,
    hands, feet and hips (L/s, L/s^2), hands_speed_difference and hips_rise (L/s), hands_height
    above the hips, hips_height above the ankles, hands_height_difference, and
    head_vertical, hips_vertical, hands_vertical and feet_vertical, the vertical places in the
    coordinates of the poses (L); in group "stillness" pose_speed, the mean speed of the joints
    about the mean velocity of all joints (L/s). The steps of a clip are equal and cover it, so
    dance and music have the same steps whatever the keyframes are.

    Columns whose joints the skeleton lacks are left out.

    A window reaches from one keyframe to the next. Means are over the frames that eq. 14 counts,
    from the first keyframe to the frame before the second; the maximum of Weight and the path of
    Space include the second keyframe, so that they do not depend on the frame rate.

    Velocity, acceleration, jerk and curvature are computed with the defaults of
    `KinematicsTransformer` if no earlier stage did. Without keyframes a clip is one window.

    A joint that was not seen in a window is left out, and the weights of the others are scaled up;
    a window in which nothing was seen or nothing moves gives 0. With ``missing="zero"`` the table
    is always finite. Values are clipped to the largest float. Clips are processed in blocks, so
    memory does not grow with their number.

    References
    ----------
    The ASDF-RNN paper, section 2.2.3, eqs. 2 to 6, and section 3.2.3; C. Larboulette and S. Gibet,
    "A review of computable expressive descriptors of human motion", MOCO 2015;
    `sklearn_asdf.functional` gives the source of each further formula.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import LMAFeaturizer
    >>> poses = np.random.default_rng(0).normal(size=(3, 60, 17, 2)).cumsum(axis=1)
    >>> lma = LMAFeaturizer(groups=["effort", "shape"]).set_output(transform="pandas")
    >>> list(lma.fit_transform(poses).columns)
    ['window1_weight', 'window1_time', 'window1_space', 'window1_flow', 'window1_shape']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "groups": [str, list, tuple],
        "joint_weights": [StrOptions({"paper", "uniform"}), dict],
        "space": [StrOptions({"directness", "path_ratio"})],
        "normalize": [StrOptions({"clip"}), None],
        "scope": [StrOptions({"window", "clip"})],
        "up": [StrOptions({"x", "y", "z", "-x", "-y", "-z"}), None],
        "step_duration": [Interval(Real, 0, None, closed="neither"), None],
        "step_groups": [str, list, tuple],
        "missing": [StrOptions({"zero", "nan"})],
        "min_seen": [Interval(Real, 0, 1, closed="right")],
        "length_unit": [str],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        groups: Sequence[str] = ("effort", "shape", "posture"),
        joint_weights: str | Mapping[str, Any] = "paper",
        space: str = "directness",
        normalize: str | None = None,
        scope: str = "window",
        up: str | None = None,
        step_duration: float | None = None,
        step_groups: Sequence[str] = ("effort", "shape", "moment"),
        missing: str = "zero",
        min_seen: float = 0.5,
        length_unit: str = "L",
        n_jobs: int | None = None,
    ) -> None:
        self.groups = groups
        self.joint_weights = joint_weights
        self.space = space
        self.normalize = normalize
        self.scope = scope
        self.up = up
        self.step_duration = step_duration
        self.step_groups = step_groups
        self.missing = missing
        self.min_seen = min_seen
        self.length_unit = length_unit
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and the poses, and name the columns.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Poses; a list of clips and a table (n_clips, n_frames) are accepted as well.
        y : None
            Ignored.

        Returns
        -------
        self
            The fitted featurizer.
        """
        validate_parameters(self)
        motion = validate_motion(self, X, reset=True)
        problems = group_problems(self._groups(), [*WINDOW_GROUPS, *CLIP_GROUPS], "groups")
        if self.step_duration is not None:
            known = [*STEP_GROUPS, *WINDOW_GROUPS]
            problems += group_problems(as_list(self.step_groups), known, "step_groups")
        weights, more = joint_weights_of(self.joint_weights, motion.skeleton, motion.n_joints)
        raise_all(problems + more)
        self.joint_weights_ = weights
        self.n_windows_ = self._count_windows(motion)
        self.n_steps_ = 0
        if self.step_duration is not None:
            self.n_steps_ = count_steps(motion.duration, self.step_duration, motion.n_frames)
        _, first = next(motion.batches(1))
        self.feature_names_out_ = np.array(list(self._columns(first)), dtype=object)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the features of each clip.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Poses with the joints, axes and number of keyframes of `fit`.

        Returns
        -------
        features : ndarray or DataFrame of shape (n_clips, n_features_out)
            In the floating type of the poses.
        """
        check_is_fitted(self)
        motion = on_fitted_clock(self, validate_motion(self, X, reset=False))
        n_windows = self._count_windows(motion)
        if n_windows != self.n_windows_:
            raise ValueError(
                f"LMAFeaturizer was fitted on clips of {self.n_windows_} "
                f"window{'s' if self.n_windows_ > 1 else ''}, got {n_windows}: give clips with "
                f"{self.n_windows_ + 1} keyframes, or fit again"
            )
        size = max(1, _BLOCK // int(np.prod(motion.shape[1:])))
        if size >= motion.n_clips and not isinstance(motion, MotionClips):
            return self._table(motion)
        batches = (part for _, part in motion.batches(size))
        if self.n_jobs in (None, 1):
            parts = [self._table(part) for part in batches]
        else:
            parts = Parallel(self.n_jobs, prefer="threads")(
                delayed(self._table)(part) for part in batches
            )
        return np.concatenate(parts)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns.

        Parameters
        ----------
        input_features : object, default=None
            Ignored.

        Returns
        -------
        names : ndarray of str
            ``window1_weight, window1_time, ...``, then ``clip_...``, then ``step0_...``.
        """
        check_is_fitted(self)
        return self.feature_names_out_.copy()

    @property
    def feature_units_(self) -> dict[str, str]:
        """Unit of each column by name; empty if it has none."""
        names = self.feature_names_out_
        units = {name: unit_of(name, self.length_unit) for name in names}
        if self.normalize == "clip":
            scaled = {name.partition("_")[2] for name in names if not name.startswith("clip_")}
            units |= {name: "" for name in names if name.partition("_")[2] in scaled}
        return units

    @property
    def _n_features_out(self) -> int:
        return len(self.feature_names_out_)

    def _groups(self) -> list[Any]:
        return as_list(self.groups)

    def _step_edges(self, motion: Motion) -> np.ndarray:
        """Frames that bound the steps, as many as in `fit`; none without steps."""
        # Models of earlier versions have no steps.
        n_steps = getattr(self, "n_steps_", 0)
        return step_edges(motion.n_frames, n_steps) if n_steps else np.zeros(0, int)

    def _count_windows(self, motion: Motion) -> int:
        keyframes = motion.keyframes
        if self.scope == "clip" or keyframes is None:
            return 1
        problems = []
        if keyframes.shape[1] < 2:
            problems.append(
                f"expected at least 2 keyframes per clip, got {keyframes.shape[1]}: windows lie "
                "between consecutive keyframes"
            )
        elif keyframes.min() < 0 or keyframes.max() > motion.n_frames:
            problems.append(
                f"expected keyframes from 0 to {motion.n_frames}, got {keyframes.min()} to "
                f"{keyframes.max()}"
            )
        elif (np.diff(keyframes, axis=1) < 0).any():
            problems.append("expected keyframes in ascending order: sort them within each clip")
        raise_all(problems)
        return keyframes.shape[1] - 1

    def _table(self, motion: Motion) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            table = np.ascontiguousarray(np.array(list(self._columns(motion).values())).T)
            known = bool(np.isfinite(table.sum()))
        largest = float(np.finfo(motion.dtype).max)
        if not known:
            unknown = 0.0 if self.missing == "zero" else np.nan
            np.nan_to_num(table, copy=False, nan=unknown, posinf=largest, neginf=-largest)
        if motion.dtype != table.dtype:
            np.clip(table, -largest, largest, out=table)
        return table.astype(motion.dtype, copy=False)

    def _columns(self, motion: Motion) -> Columns:
        motion = with_kinematics(motion)
        if self.scope == "clip" or motion.keyframes is None:
            stop = motion.lengths[:, None]
            start = np.zeros_like(stop)
        else:
            start, stop = frame_windows(motion.keyframes)
        context = WindowContext(motion, start, stop, self.joint_weights_, self.space, self.up)
        groups = self._groups()
        by_window: Columns = {}
        for group in (g for g in groups if g in WINDOW_GROUPS):
            by_window |= WINDOW_GROUPS[group](context)
        by_window = self._known(by_window, context, start, stop)
        if self.normalize == "clip":
            by_window = {name: within_clip(values) for name, values in by_window.items()}
        named = "clip" if self.scope == "clip" else "window{}"
        columns = {
            f"{named.format(window + 1)}_{name}": values[:, window]
            for window in range(start.shape[1])
            for name, values in by_window.items()
        }
        whole = np.zeros_like(motion.lengths)[:, None], motion.lengths[:, None]
        for group in (g for g in groups if g in CLIP_GROUPS):
            by_clip = {name: v[:, None] for name, v in CLIP_GROUPS[group](context).items()}
            by_clip = self._known(by_clip, context, *whole)
            columns |= {f"clip_{name}": v[:, 0] for name, v in by_clip.items()}
        return columns | self._step_columns(context, by_window, groups)

    def _known(
        self, columns: Columns, context: WindowContext, start: np.ndarray, stop: np.ndarray
    ) -> Columns:
        """Features, NaN where too little was seen, if that is asked for."""
        if self.missing == "zero":
            return columns
        return hide_unseen(columns, context, start, stop, self.min_seen)

    def _step_columns(
        self, context: WindowContext, by_window: Columns, groups: list[Any]
    ) -> Columns:
        edges = self._step_edges(context.motion)
        if not len(edges):
            return {}
        by_step: Columns = {}
        for group in as_list(self.step_groups):
            if group in STEP_GROUPS:
                curves = STEP_GROUPS[group](context)
                means = {name: step_means(curve, edges) for name, curve in curves.items()}
                steps = (np.tile(e, (len(context.start), 1)) for e in (edges[:-1], edges[1:]))
                by_step |= self._known(means, context, *steps)
                continue
            values = WINDOW_GROUPS[group](context)
            if group not in groups:
                values = self._known(values, context, context.start, context.stop)
            else:
                # Scaled within the clip, if the windows are.
                values = {name: by_window[name] for name in values}
            by_step |= {n: step_values(v, context.stop, edges) for n, v in values.items()}
        return {
            f"step{step}_{name}": values[:, step]
            for step in range(len(edges) - 1)
            for name, values in by_step.items()
        }

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
