"""DanceBeatTracker: where the beats of a dance lie, learned from its music."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from joblib import Parallel, delayed
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import GroupKFold
from sklearn.utils import check_random_state, gen_batches
from threadpoolctl import threadpool_limits

from .._validation import Integral, Interval, Real, require, validate_parameters
from ..functional.beat_grid import beat_position
from ..functional.frames import fill_curves
from ..functional.kinematics import magnitude
from ..functional.periodicity import rest_beat
from ..music.analysis import analyze, recordings_of
from ..music.clips import AudioClips, check_audio
from .container import Motion
from .kinematics import KinematicsTransformer
from .skeletons import Skeleton
from .stage import MotionTransformer, validate_motion

__all__ = ["DanceBeatTracker"]

# Parts of the body that move apart, by the vocabulary of skeletons.
_SIDED = (
    ("ankle", "heel", "toe", "big_toe", "small_toe", "foot", "foot_index"),
    ("wrist", "hand"),
    ("elbow",),
    ("hip",),
    ("knee",),
    ("shoulder",),
)
_CENTRES = (("head", "nose"), ("pelvis", "waist", "spine"))
# Seconds from one moment that is looked at to the next.
_STEP = 2 / 15
# Frames, evenly spread over the clips, that are learned from.
_FRAMES_LEARNED = 20_000
# Clips that are looked at at once: some tens of megabytes.
_BLOCK = 64


class DanceBeatTracker(MotionTransformer):
    """Add the beat of the music to dances: which movement goes with it is learned from pairs.

    `fit` listens to the beats of the music and learns how the body moves around them;
    `transform` tells for each frame of other dances how near a beat is. Without music it takes
    moments of rest for beats.

    Parameters
    ----------
    reach : float, default=0.67
        Seconds before and after a frame that are looked at.
    n_trees : int, default=100
        Trees of the gradient boosting.
    cv : int, default=3
        Parts of the training clips, whole recordings where they are known, that `fit_transform`
        tells the beat of as of dances that were not learned from; see the notes.
    sr : int, default=22050
        Sampling rate of arrays of music in Hz; :class:`~sklearn_asdf.AudioClips` know their own.
    usual_tempo : float, default=100.0
        Beats a minute near which the tempo of music is looked for.
    n_jobs : int, default=None
        Models that `fit_transform` learns at once, in threads; -1 takes all cores. Each model's
        trees grow in one thread: threads of one forest wait for each other, and where others use
        the machine, in vain.
    random_state : int, RandomState instance or None, default=None
        Seed of the trees: pass an int for the same bits on each call.

    Attributes
    ----------
    model_ : HistGradientBoostingRegressor or None
        What was learned; None where there was no music.
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
    LMAFeaturizer : Its group "beat" tells tempo and phase from what is added here.
    UnitEncoder : Decodes tempo and phase to music.

    Notes
    -----
    The added field ``beat`` (n_clips, n_frames) is near 1 on a beat, near -1 half way between two
    and near 0 where the movement tells nothing: the expected cosine of the phase.

    Looked at are, at moments up to `reach` away: speed, magnitude of the acceleration, height,
    vertical velocity and acceleration of the whole body and of its parts, left and right as their
    mean and as the size of their difference, so that a mirrored dance has the same beat. Each is
    standardised within its clip, so it is rhythm that is learned and not who danced. Joints
    without names are one part, the whole. Velocity and acceleration are computed with the
    defaults of `KinematicsTransformer` where no stage before did.

    Music is :class:`~sklearn_asdf.AudioClips`, whose beats are tracked in whole recordings, or an
    array (n_clips, n_samples) with more samples than a clip has frames; any other `y` is no music.

    A model fits the dances that it learned from better than new ones. What comes next in a
    pipeline must not rely on that, so `fit_transform` gives each training clip the word of a
    model that did not learn from its recording, as
    :class:`sklearn.preprocessing.TargetEncoder` does: ``fit(X, y).transform(X)`` is not the same
    as ``fit_transform(X, y)``.

    References
    ----------
    R. Li, S. Yang, D. A. Ross and A. Kanazawa, "AI choreographer", ICCV 2021 (moments of rest as
    beats); J. H. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of
    Statistics 29(5), 2001.

    Examples
    --------
    >>> from sklearn_asdf import DanceBeatTracker
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> data = make_dance_music(8, n_performances=4, random_state=0)
    >>> tracker = DanceBeatTracker(n_trees=10, random_state=0).fit(data.poses, data.audio)
    >>> tracker.transform(data.poses).beat.shape
    (8, 240)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "reach": [Interval(Real, 0, None, closed="left")],
        "n_trees": [Interval(Integral, 1, None, closed="left")],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "sr": [Interval(Integral, 1, None, closed="left")],
        "usual_tempo": [Interval(Real, 40, 240, closed="both")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        reach: float = 0.67,
        n_trees: int = 100,
        cv: int = 3,
        sr: int = 22050,
        usual_tempo: float = 100.0,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.reach = reach
        self.n_trees = n_trees
        self.cv = cv
        self.sr = sr
        self.usual_tempo = usual_tempo
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn which movement goes with the beat of the music.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Poses; a list of clips and a table (n_clips, n_frames) do as well.
        y : AudioClips or array-like of shape (n_clips, n_samples), default=None
            The music of each clip. Without it beats are moments of rest.

        Returns
        -------
        self
            The fitted stage.
        """
        motion, phase, _ = self._prepare(X, y)
        self.model_ = None if phase is None else self._learn(motion, phase)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Motion:
        """Learn from dances and their music, and tell each one's beat as if it were new.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Poses; a list of clips and a table (n_clips, n_frames) do as well.
        y : AudioClips or array-like of shape (n_clips, n_samples), default=None
            The music of each clip. Without it beats are moments of rest.

        Returns
        -------
        Motion
            With `beat`, of models that did not learn from the clip's recording.
        """
        motion, phase, groups = self._prepare(X, y)
        if phase is None or len(np.unique(groups)) < 2:
            self.model_ = None if phase is None else self._learn(motion, phase)
            return self._transform(motion)
        n_splits = min(self.cv, len(np.unique(groups)))
        folds = list(GroupKFold(n_splits).split(phase, groups=groups))
        sets = [np.arange(len(motion)), *(train for train, _ in folds)]
        self.model_, *models = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(self._learn)(motion[rows], phase[rows]) for rows in sets
        )
        beat = np.empty(motion.shape[:2], motion.dtype)
        for model, (_, test) in zip(models, folds):
            beat[test] = self._tell(model, motion[test]).beat
        return motion._with(beat=beat)

    def _prepare(self, X: Any, y: Any) -> tuple[Motion, Any, Any]:
        """The dances, and where there is music the phase of its beat and who belongs together."""
        validate_parameters(self)
        motion = validate_motion(self, X, reset=True)
        music = self._music(motion, y)
        self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        phase, groups = None, None
        if music is not None:
            phase = self._phases(motion, music)
            groups = music.groups if isinstance(music, AudioClips) else np.arange(len(music))
        return motion, phase, groups

    def _music(self, motion: Motion, y: Any) -> Any:
        """The music, checked, or None where `y` is none."""
        if y is None:
            return None
        if not isinstance(y, AudioClips):
            try:
                y = np.asarray(y)
            except ValueError:  # rows of different length: no music, and not for this stage to say
                return None
            if y.ndim != 2 or y.dtype.kind not in "fiu" or y.shape[1] <= motion.n_frames:
                return None
        if len(y) != motion.n_clips:
            raise ValueError(
                f"expected one audio clip for each dance clip, got {motion.n_clips} of dance and "
                f"{len(y)} of audio: cut both on one clock (datasets.load_folder does)"
            )
        sr = y.sr if isinstance(y, AudioClips) else self.sr
        duration = y.shape[1] / sr
        if not 0.8 < duration / motion.duration < 1.25:
            raise ValueError(
                f"expected music as long as the dance, got clips of {duration:.4g} s of "
                f"music and {motion.duration:.4g} s of dance: check sr={sr} Hz and fps="
                f"{motion.fps:g} Hz"
            )
        require("librosa", extra="music", purpose="learning the beat of music")
        return check_audio(y, sr=sr)

    def _phases(self, motion: Motion, music: Any) -> np.ndarray:
        """Cosine of the phase of the music's beat in each frame, (n_clips, n_frames)."""
        sr = music.sr if isinstance(music, AudioClips) else self.sr
        time = np.arange(motion.n_frames) / motion.fps
        phase = np.empty(motion.shape[:2])
        for recording, rows, starts in recordings_of(music):
            beats = analyze(recording, sr=sr, start_bpm=self.usual_tempo).beats
            at = starts[:, None] / sr + time
            phase[rows] = np.cos(2 * np.pi * beat_position(beats, at))
        return phase

    def _transform(self, motion: Motion) -> Motion:
        if self.model_ is None:
            speed = _mean(magnitude(np.asarray(_with_kinematics(motion).velocity)))
            rest = rest_beat(speed, fps=motion.fps, lengths=motion.lengths)
            return motion._with(beat=rest.astype(motion.dtype))
        return self._tell(self.model_, motion)

    def _looks(self, motion: Motion) -> np.ndarray:
        """Curves of movement, standardised within each clip, (n_clips, n_frames, n_curves)."""
        motion = _with_kinematics(motion)
        pairs, singles = _parts(motion.skeleton, motion.n_joints)
        curves = [_curves(motion, joints) for joints in singles]
        for sides in pairs:
            left, right = (_curves(motion, joints) for joints in sides)
            # Not which side moves: a mirrored dance has the same beat.
            curves += [left + right, np.abs(left - right)]
        looks = np.concatenate(curves, axis=-1)
        inside = (np.arange(motion.n_frames) < motion.lengths[:, None])[..., None]
        count = np.maximum(motion.lengths, 1)[:, None, None]
        mean = np.where(inside, looks, 0.0).sum(axis=1, keepdims=True) / count
        looks = np.where(inside, looks - mean, 0.0)
        spread = np.sqrt((looks**2).sum(axis=1, keepdims=True) / count)
        return (looks / np.where(spread > 1e-9, spread, 1.0)).astype(np.float32)

    def _around(self, motion: Motion, inside: np.ndarray) -> np.ndarray:
        """What is looked at for frames, bool (n_clips, n_frames): the curves around each."""
        n = int(self.reach / _STEP)
        offset = np.rint(np.arange(-n, n + 1) * _STEP * motion.fps).astype(int)
        clip, frame = np.nonzero(inside)
        last = np.maximum(motion.lengths[clip] - 1, 0)
        near = np.clip(frame[:, None] + offset, 0, last[:, None])
        return self._looks(motion)[clip[:, None], near].reshape(len(near), -1)

    def _learn(self, motion: Motion, phase: np.ndarray) -> Any:
        inside = np.arange(motion.n_frames) < motion.lengths[:, None]
        # An odd step, or every clip would be looked at in the same few frames.
        step = 1 + 2 * (int(np.count_nonzero(inside)) // _FRAMES_LEARNED // 2)
        chosen = np.zeros_like(inside)
        chosen[tuple(place[::step] for place in np.nonzero(inside))] = True
        model = HistGradientBoostingRegressor(
            learning_rate=0.12,
            max_iter=self.n_trees,
            max_features=0.1,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=self._seed,
        )
        rows = [self._around(motion[b], chosen[b]) for b in gen_batches(len(motion), _BLOCK)]
        with threadpool_limits(1, user_api="openmp"):
            return model.fit(np.concatenate(rows), phase[chosen])

    def _tell(self, model: Any, motion: Motion) -> Motion:
        inside = np.arange(motion.n_frames) < np.maximum(motion.lengths, 1)[:, None]
        beat = np.zeros(motion.shape[:2], motion.dtype)
        for block in gen_batches(len(motion), _BLOCK):
            around = self._around(motion[block], inside[block])
            with threadpool_limits(1, user_api="openmp"):
                told = model.predict(around)
            beat[block][inside[block]] = np.clip(told, -1.0, 1.0)
        return motion._with(beat=beat)


def _with_kinematics(motion: Motion) -> Motion:
    missing = [n for n in ("velocity", "acceleration") if getattr(motion, n) is None]
    if not missing:
        return motion
    computed = KinematicsTransformer()._transform(motion)
    return motion._with(**{name: getattr(computed, name) for name in missing})


def _parts(
    skeleton: Skeleton | None, n_joints: int
) -> tuple[list[tuple[list[int], list[int]]], list[list[int]]]:
    """Joints of the parts of the body that have two sides, and of those that have one."""
    singles = [list(range(n_joints))]
    if skeleton is None:
        return [], singles

    def known(*names: str) -> list[int]:
        return sorted({skeleton.index(name) for name in names if skeleton.find(name)})

    sides = [
        (known(*(f"left_{n}" for n in names)), known(*(f"right_{n}" for n in names)))
        for names in _SIDED
    ]
    singles += [joints for names in _CENTRES if (joints := known(*names))]
    return [(left, right) for left, right in sides if left and right], singles


def _curves(motion: Motion, joints: list[int]) -> np.ndarray:
    """Five curves of a part of the body, (n_clips, n_frames, 5)."""
    position, velocity, acceleration = (
        np.asarray(getattr(motion, name)[:, :, joints], dtype=float)
        for name in ("position", "velocity", "acceleration")
    )
    up = min(1, motion.n_axes - 1)
    curves = (
        magnitude(velocity),
        magnitude(acceleration),
        position[..., up],
        velocity[..., up],
        acceleration[..., up],
    )
    return np.stack([_mean(curve) for curve in curves], axis=-1)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the joints seen, bridged where none is, (n_clips, n_frames)."""
    seen = ~np.isnan(values)
    count = seen.sum(axis=2)
    total = np.where(seen, values, 0.0).sum(axis=2)
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return fill_curves(mean)
