"""DanceBeatTracker: the beat of a dance, learned from its music.

Where tempo and beats are computed:

- of a movement, clip by clip: `functional.periodicity` (no training), this module (learned from
  music), with the curves of `beat_curves`;
- of a whole dance: `motion.tempo` (`estimate_tempo`, `track_beats`), of the curves of
  `motion.beat_activation`, by the posterior of
  `functional.tempo` and the bar-pointer model of `functional.bar_pointer`;
- of music: `music.beats` (a grid through librosa's beats), for units and for the phase that is
  learned here;
- regular beats, from a tempo and a phase or through several estimates: `functional.beat_grid`;
- in the code of music: `density.on_beat` takes tempo and phase over from the dance, `music.units`
  plays them;
- scores: `functional.beat_scores`, used by `metrics`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from joblib import Parallel, delayed
from sklearn.model_selection import GroupKFold
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._progress import progress
from .._validation import Integral, Interval, Real, require, validate_parameters
from ..functional.beat_grid import beat_position
from ..functional.tree_boosting import BinnedRows, boost
from ..music.analysis import analyze, recordings_of
from ..music.audio_checks import check_audio
from ..music.clips import AudioClips
from .beat_activation import weight_activation
from .beat_rows import rows_of_clips, sample_rows
from .beat_track import BeatTrack
from .container import Motion
from .stage import MotionTransformer, validate_motion
from .tempo import track_beats

__all__ = ["DanceBeatTracker"]

# Number of frames that a model is fitted to.
_N_ROWS = 20_000


class DanceBeatTracker(MotionTransformer):
    """Predict the phase of the musical beat from movement, and add it to the motion as `beat`.

    `fit` tracks the beats of the music and learns a regression from the movement around each frame
    to the phase of the beat. `transform` predicts it for each frame of other dances; `track`
    returns one grid of beats for each whole dance. Without music, beats are estimated without
    training by :func:`~sklearn_asdf.motion.track_beats`.

    Parameters
    ----------
    context_duration : float, default=0.67
        Time before and after a frame from which features are taken, in s.
    horizontal : bool, default=False
        Whether horizontal movements are features as well. They depend on the direction from which a
        camera sees the dancer.
    max_iter : int, default=100
        Number of trees of the gradient boosting.
    cv : int, default=3
        Number of folds of the training clips in `fit_transform`; see the notes. Clips of one
        recording are in one fold.
    sr : int, default=22050
        Sampling rate of arrays of music in Hz; :class:`~sklearn_asdf.AudioClips` know their own.
    start_bpm : float, default=100.0
        Tempo in BPM near which the tempo of the music is searched.
    tempi : array-like of shape (n_pieces,) or None, default=None
        Tempi in BPM near which those of dances are expected, if `fit` gets no music.
    strides : bool, default=False
        Without music, whether beats are found by the strides of the feet, as in
        :func:`~sklearn_asdf.motion.track_beats`.
    tightness : float, default=3000.0
        How steady the tempo of whole dances is, as in :func:`~sklearn_asdf.motion.track_beats`.
    n_jobs : int, default=None
        Number of models that are fitted in parallel, in processes; -1 uses all cores. Each uses one
        thread, since the threads of one model wait for each other on a busy machine. None fits one
        after the other, which is faster up to some ten minutes of music.
    random_state : int, RandomState instance or None, default=None
        Seed of the trees: pass an int for reproducible output across calls.
    verbose : int, default=0
        If above 0, progress is shown while fitting (needs tqdm).

    Attributes
    ----------
    model_ : BoostedTrees or None
        Gradient boosting of clips, whose `predict` returns the cosine of the phase; None without
        music.
    track_models_ : tuple of two BoostedTrees, or None
        Models of whole dances, which predict the cosine and the sine of the phase.
    n_iter_ : int
        Number of trees of `model_`; 1 without music.
    tempi_ : ndarray of shape (n_recordings,) or None
        Tempo of each recording in BPM. Tempi of other dances are expected near these.
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
    track_beats : The beats of a whole dance, with a tracker or without training.
    LMAFeaturizer : Its group "beat" computes tempo and phase from the added field.
    UnitEncoder : Decodes tempo and phase to music.

    Notes
    -----
    The added field ``beat`` (n_clips, n_frames) is the expected cosine of the phase: near 1 on a
    beat, near -1 half way between two beats, and near 0 where the phase is uncertain. Without music
    it is the cosine of the phase that :func:`~sklearn_asdf.motion.track_beats` estimates for each
    clip, times its confidence.

    Features are height, vertical velocity and vertical acceleration of the whole body and of its
    parts, at frames up to `context_duration` away; with `horizontal` also speed and magnitude of
    the acceleration. For
    the left and the right side they are the mean and the absolute difference, so that a mirrored
    dance has the same beat. They are standardized within each clip, or within each recording for
    the models of whole dances, so that they do not depend on the dancer. Joints without names are
    one part. Velocity and acceleration are computed with the defaults of `KinematicsTransformer`
    if they are missing.

    Music is :class:`~sklearn_asdf.AudioClips`, whose beats are tracked in whole recordings, or an
    array (n_clips, n_samples) with more samples than a clip has frames. Any other `y` is ignored.

    A model fits its training dances better than new ones, and the next stages of a pipeline must
    not rely on that. Therefore `fit_transform` predicts each training clip by a model that was not
    fitted to its recording (cross-fitting, as in :class:`sklearn.preprocessing.TargetEncoder`):
    ``fit(X, y).transform(X)`` differs from ``fit_transform(X, y)``.

    References
    ----------
    J. H. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of
    Statistics 29(5), 2001.

    Examples
    --------
    >>> from sklearn_asdf import DanceBeatTracker
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> data = make_dance_music(8, n_performances=4, random_state=0)
    >>> tracker = DanceBeatTracker(max_iter=10, random_state=0).fit(data.poses, data.audio)
    >>> tracker.transform(data.poses).beat.shape
    (8, 240)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "context_duration": [Interval(Real, 0, None, closed="left")],
        "horizontal": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "sr": [Interval(Integral, 1, None, closed="left")],
        "start_bpm": [Interval(Real, 40, 240, closed="both")],
        "tempi": ["array-like", None],
        "strides": ["boolean"],
        "tightness": [Interval(Real, 0, None, closed="neither")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    _added = "beat"

    def __init__(
        self,
        *,
        context_duration: float = 0.67,
        horizontal: bool = False,
        max_iter: int = 100,
        cv: int = 3,
        sr: int = 22050,
        start_bpm: float = 100.0,
        tempi: Any = None,
        strides: bool = False,
        tightness: float = 3000.0,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.context_duration = context_duration
        self.horizontal = horizontal
        self.max_iter = max_iter
        self.cv = cv
        self.sr = sr
        self.start_bpm = start_bpm
        self.tempi = tempi
        self.strides = strides
        self.tightness = tightness
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn which movement goes with the beat of the music.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Poses; a list of clips and a table (n_clips, n_frames) do as well.
        y : AudioClips or array-like of shape (n_clips, n_samples), default=None
            The music of each clip. Without it nothing is learned.

        Returns
        -------
        self
            The fitted stage.
        """
        motion, phase, groups = self._prepare(X, y)
        self.model_: Any = None
        self.track_models_: Any = None
        self.n_iter_ = 1
        if phase is not None:
            self._learn_all(motion, phase, groups, ())
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Motion:
        """Learn from dances and their music, and tell each one's beat as if it were new.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Poses; a list of clips and a table (n_clips, n_frames) do as well.
        y : AudioClips or array-like of shape (n_clips, n_samples), default=None
            The music of each clip. Without it nothing is learned.

        Returns
        -------
        Motion
            With `beat`, of models that did not learn from the clip's recording.
        """
        motion, phase, groups = self._prepare(X, y)
        if phase is None or len(np.unique(groups)) < 2:
            return self.fit(X, y).transform(motion)
        n_splits = min(self.cv, len(np.unique(groups)))
        folds = list(GroupKFold(n_splits).split(phase, groups=groups))
        models = self._learn_all(motion, phase, groups, [train for train, _ in folds])
        beat = np.empty(motion.shape[:2], motion.dtype)
        for model, (_, test) in zip(models, folds):
            beat[test] = self._predict(model, motion[test])
        return motion.with_fields(beat=beat)

    def activation(self, X: Any) -> np.ndarray:
        """Predict the phase of the beat in each frame.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Poses with the joints and axes of `fit`.

        Returns
        -------
        activation : ndarray of complex of shape (n_clips, n_frames)
            Expected :math:`\\exp(i \\phi)` of the phase :math:`\\phi`: its real part is near 1 on a
            beat, its size near 0 where the movement does not predict it. Without music it is real.
        """
        check_is_fitted(self)
        motion = validate_motion(self, X, reset=False)
        if self.model_ is None:
            return weight_activation(motion)
        # Models that were saved before dances were tracked know the cosine of clips alone.
        models = getattr(self, "track_models_", (self.model_,))
        parts = [self._predict(model, motion) for model in models]
        return parts[0] if len(parts) == 1 else parts[0] + 1j * parts[1]

    def track(self, X: Any, *, bpm: float | None = None, taps: Any = None) -> list[BeatTrack]:
        """Track the beats of whole dances.

        Parameters
        ----------
        X : Motion or array-like of shape (n_dances, n_frames, n_joints, n_axes)
            Poses with the joints and axes of `fit`, each clip a whole dance.
        bpm : float, default=None
            Tempo in BPM, if it is known, as in :func:`~sklearn_asdf.motion.track_beats`.
        taps : array-like of shape (n_taps,), default=None
            Times in s of some beats, if they are known, as there.

        Returns
        -------
        list of BeatTrack
            What :func:`~sklearn_asdf.motion.track_beats` finds in each.
        """
        check_is_fitted(self)
        motion = validate_motion(self, X, reset=False)
        given = {"tracker": self, "bpm": bpm, "taps": taps}
        return [self._track(motion[[i]], **given) for i in range(len(motion))]

    def _track(self, motion: Motion, **given: Any) -> BeatTrack:
        return track_beats(
            motion,
            **given,
            tempi=self.tempi,
            strides=self.strides,
            tightness=self.tightness,
        )

    def _prepare(self, X: Any, y: Any) -> tuple[Motion, Any, Any]:
        """The dances, and where there is music the phase of its beat and who belongs together."""
        validate_parameters(self)
        motion = validate_motion(self, X, reset=True)
        music = self._music(motion, y)
        self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.tempi_ = None
        phase, groups = None, None
        if music is not None:
            phase, self.tempi_ = self._listen(motion, music)
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
        require("librosa", extra="play", purpose="learning the beat of music")
        return check_audio(y, sr=sr)

    def _listen(self, motion: Motion, music: Any) -> tuple[np.ndarray, np.ndarray]:
        """Phase of the music's beat in each frame, and the tempo of each recording."""
        sr = music.sr if isinstance(music, AudioClips) else self.sr
        time = np.arange(motion.n_frames) / motion.fps
        phase, tempi = np.empty(motion.shape[:2]), []
        recordings = list(recordings_of(music))
        for recording, rows, starts in progress(
            recordings, "tracking the beats of the music", unit="recordings", verbose=self.verbose
        ):
            beats = analyze(recording, sr=sr, start_bpm=self.start_bpm).beats
            at = starts[:, None] / sr + time
            phase[rows] = 2 * np.pi * beat_position(beats, at)
            tempi.append(60 / np.median(np.diff(beats)))
        return phase, np.array(tempi)

    def _transform(self, motion: Motion) -> Motion:
        if self.model_ is not None:
            return replace(motion, beat=self._predict(self.model_, motion))
        beat = np.zeros(motion.shape[:2], motion.dtype)
        for i, length in enumerate(motion.lengths):
            track = self._track(motion[[i]])
            if len(track.beats) > 1:
                beat[i, :length] = track.confidence * np.cos(
                    track.phase(np.arange(length) / motion.fps)
                )
        return replace(motion, beat=beat)

    def _learn_all(
        self, motion: Motion, phase: np.ndarray, groups: np.ndarray, parts: Sequence[Any]
    ) -> list[Any]:
        """Learn of clips and of whole dances; return models of parts of the clips."""
        rows = sample_rows(
            motion,
            context_duration=self.context_duration,
            horizontal=self.horizontal,
            n_rows=_N_ROWS,
            random_state=np.random.RandomState(self._seed),
        )
        at = phase[rows.clip, rows.frame]
        cosine, sine = np.cos(at), np.sin(at)
        # Clips are standardized by themselves, and dances that are tracked as a whole.
        each = np.arange(len(motion))
        alone, together = (BinnedRows.of(rows.features(of)) for of in (each, groups))
        every = np.ones(len(at), bool)
        sets = [(alone, cosine, every), (together, cosine, every), (together, sine, every)]
        sets += [(alone, cosine, np.isin(rows.clip, part)) for part in parts]
        learned = Parallel(
            n_jobs=self.n_jobs,
            # One after the other where their number is shown; not every backend can do that.
            return_as="generator" if self.verbose else "list",
        )(delayed(boost)(*one, max_iter=self.max_iter, seed=self._seed) for one in sets)
        self.model_, cosine_model, sine_model, *models = progress(
            learned,
            "learning the beat of the dances",
            unit="models",
            total=len(sets),
            verbose=self.verbose,
        )
        self.track_models_ = (cosine_model, sine_model)
        self.n_iter_ = len(self.model_.root)
        return models

    def _predict(self, model: Any, motion: Motion) -> np.ndarray:
        beat = np.zeros(motion.shape[:2], motion.dtype)
        rows = rows_of_clips(
            motion, context_duration=self.context_duration, horizontal=self.horizontal
        )
        for clip, frame, features in rows:
            beat[clip, frame] = np.clip(model.predict(features), -1.0, 1.0)
        return beat
