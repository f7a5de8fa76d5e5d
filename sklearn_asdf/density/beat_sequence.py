"""BeatSequenceRegressor: codes of music in beats, step by step on the beat of a dance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import validate_data

from .._defaults import TEMPERATURE
from .._validation import HasMethods, Integral, Interval, validate_parameters
from .beat_columns import find_beat_columns
from .beat_deviations import weighted_median
from .beat_predictions import N_GLOBAL, BeatPredictionsMixin
from .mdn.linear_baseline import fit_predictable_targets
from .nested_regressor import NestedRegressorMixin
from .step_columns import columns_of_clips, columns_of_steps

__all__ = ["BeatSequenceRegressor"]

# Training clips for which music is sampled to find out how much it varies.
_N_SAMPLED = 64
# Larger factors would amplify noise.
_LARGEST_FACTOR = 2.0
# Recordings that share a component, on average, from which on envelopes are means of mixtures.
_SHARED_BY = 10
# Of the default density. Fed-back noise keeps long samples from imitating themselves.
SEQUENCE_DENSITY: dict[str, Any] = {
    "recurrent_layer_sizes": (256,),
    "hidden_layer_sizes": (),
    "feedback_noise": 0.8,
    "learning_rate": 3e-3,
    "epochs": 60,
    "excerpt_steps": 96,
}


class BeatSequenceRegressor(
    BeatPredictionsMixin,
    NestedRegressorMixin,
    RegressorMixin,
    MetaEstimatorMixin,
    BaseEstimator,
):
    r"""Regressor of codes of music whose time is in beats: a sequence on the beat of the dance.

    Tempo and phase are those of the dance. They tell when each step of the music is heard, and so
    which movement belongs to it. `regressor`, a density of sequences, learns the code of each step
    given this movement, the place in the beat and the codes of the steps before. A piece has one
    transposition, which is sampled from those of the training music.

    Parameters
    ----------
    regressor : estimator, default=None
        Density of sequences: its `fit` takes lists of arrays of features and codes, one row per
        step, and its `sample_y` too, with `weight_temperature`, `scale_temperature`, `state` and
        `return_state` as those of :class:`MDNRegressor`, whose `target_step_size` is set to
        `n_channels`. None means an MDNRegressor of one LSTM layer with 256 units and 12 mixtures.
    beat_columns : tuple of three str or three int, default=None
        Columns of `X` with the tempo in BPM and the cosine and sine of the phase in the middle of
        the clip. None means that codes have no beat: `regressor` learns them as they are.
    n_channels : int, default=64
        Numbers in the code of a step.
    n_envelope : int, default=None
        How many of these, the first ones, are of the envelope. None means a quarter of them, as in
        :class:`BeatMelEncoder`. If above 0, `sample_y` of `regressor` takes `n_averaged` too.
    steps_per_beat : int, default=4
        Steps in a beat.
    restore_variance : bool, default=True
        Whether samples at temperatures below 1 get the mean of training clips, and the variances
        that these have, between clips (but for what has the course of the movement) and within a
        clip; each is scaled twofold at most.

    Attributes
    ----------
    regressor_ : estimator
        The fitted density.
    clip_duration_ : float
        Duration of a clip in s, which the codes tell.
    n_targets_ : int
        Numbers of a code.
    transpositions_ : ndarray of shape (n_transpositions,)
        Transpositions of the training music in semitones.
    transposition_weights_ : ndarray of shape (n_transpositions,)
        Their probabilities.
    course_coef_ : ndarray of shape (n_values, n_channels)
        Coefficients of the linear map from movement to codes of steps; 0 for numbers that movement
        does not predict.
    course_intercept_ : ndarray of shape (n_channels,)
        Its intercepts.
    n_envelope_ : int
        Numbers of a step that are of the envelope.
    n_averaged_ : int
        Numbers of the envelope whose samples are near to the mean of the mixture.
    least_temperature_ : float
        Lowest factor of the variances in samples, see the notes.
    factor_, mean_factor_ : ndarray of shape (n_channels,)
        Factors by which `restore_variance` scales samples about the mean of a clip, and means of
        clips about the mean of all.
    mean_, sampled_mean_ : ndarray of shape (n_channels,)
        Means of training clips, and of samples for them.
    step_columns_ : ndarray of int of shape (n_steps, n_columns)
        Places in `X` of the columns of each step of the movement.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of columns, where `X` had names.

    See Also
    --------
    BeatMelEncoder : Encodes music in beats.
    LMAFeaturizer : Describes the steps of clips (`step_duration`) and their beat.
    StepRegressor : Predicts steps in seconds, without memory.

    Notes
    -----
    Codes are those of :class:`BeatMelEncoder`: the codes of all steps, then transposition, duration
    of the clip, log2 of the tempo in BPM, and cosine and sine of the phase of the beat in the
    middle of the clip. Steps after the last beat of a clip are not used.

    Few of a code's numbers can be predicted from movement, such as level and brightness. A linear
    map predicts them for each step: from the columns ``step0_..., step1_...`` of the dance around
    it and up to four beats before and after, their means over the clip, columns that describe the
    whole clip (but for its beat and its windows), and the place in the beat
    (:func:`~sklearn_asdf.density.beat_features.movement_on_beats`); and from the transposition:
    music of the same register lies higher the more it is transposed up. The density is that of the
    residuals, so that what is sampled does not drift away from the dance. It gets this course too,
    the place in the beat, and the transposition, on which the timbre of transposed music depends.
    In training the course consists of out-of-fold predictions of a ridge regression, and steps lie
    on the beats of the music; in prediction they lie on those of the dance.

    `sample_y` multiplies the variances of the density by the temperature; the weights of the
    mixtures have that temperature only above 1 (0.5 where no envelope is averaged). So at low
    temperatures a step is near to the mean of one component, and yet the music does not stay on its
    likeliest chord. With few
    recordings such a mean is the music of one of them, which samples near it would copy. Therefore
    the temperature of the variances is at least ``n_mixtures / (n_mixtures + n_recordings)``, where
    recordings are `groups`, or clips: it is low if many recordings share a component.

    The envelope, the first `n_envelope_` numbers, is sampled otherwise at temperatures below 1. The
    temperature multiplies its deviation from the mean of the mixture, and not only that from the
    mean of one component: attacks that are now those of one component and then those of another
    make no regular pulse. This needs ten recordings per component or more: of few recordings, means
    of mixtures are too much alike. Over each bar of four beats, the mean of what is sampled is 0 in
    the numbers that movement predicts, so that level and brightness follow it.

    Samples
    vary less than training music, within clips and between them, and their mean is another one,
    since errors accumulate and rare components are rarer at low temperatures. `restore_variance`
    corrects this for the default temperature, by samples for training clips, as the "global
    variance" of speech synthesis does.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import BeatSequenceRegressor, MDNRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = np.column_stack([np.full(20, 120), np.ones(20), np.zeros(20), rng.normal(size=(20, 8))])
    >>> steps = np.repeat(X[:, 3:], 2, axis=1)  # 4 beats of 4 steps with one number each
    >>> y = np.column_stack([steps, np.zeros(20), np.full(20, 2.0), np.log2(X[:, 0]), X[:, 1:3]])
    >>> density = MDNRegressor(2, epochs=2, random_state=0)
    >>> model = BeatSequenceRegressor(density, beat_columns=(0, 1, 2), n_channels=1).fit(X, y)
    >>> model.sample_y(X, random_state=0).shape
    (20, 21, 1)
    """

    _parameter_constraints = {
        "regressor": [HasMethods(["fit", "predict"]), None],
        "beat_columns": ["array-like", None],
        "n_channels": [Interval(Integral, 1, None, closed="left")],
        "n_envelope": [Interval(Integral, 0, None, closed="left"), None],
        "steps_per_beat": [Interval(Integral, 1, None, closed="left")],
        "restore_variance": ["boolean"],
    }
    # `groups` are the regressor's alone, as it requests them.
    __metadata_request__fit = {"groups": UNUSED}

    def __init__(
        self,
        regressor: Any = None,
        *,
        beat_columns: Sequence[str] | Sequence[int] | None = None,
        n_channels: int = 64,
        n_envelope: int | None = None,
        steps_per_beat: int = 4,
        restore_variance: bool = True,
    ) -> None:
        self.regressor = regressor
        self.beat_columns = beat_columns
        self.n_channels = n_channels
        self.n_envelope = n_envelope
        self.steps_per_beat = steps_per_beat
        self.restore_variance = restore_variance

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the density of the steps.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features.
        y : array-like of shape (n_clips, n_targets)
            Codes.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip.
        groups : array-like of shape (n_clips,), default=None
            Group of each clip, for a regressor that takes groups.

        Returns
        -------
        self : BeatSequenceRegressor
            The fitted regressor.
        """
        validate_parameters(self)
        X, y = validate_data(
            self, X, y, multi_output=True, y_numeric=True, ensure_all_finite=self._finite()
        )
        weight, _, params = self._metadata(sample_weight, groups, len(X))
        regressor = clone(self._nested())
        if self.beat_columns is None:
            self.regressor_ = regressor.fit(X, y, **params)
            return self
        y = np.asarray(y, dtype=float)
        self._find_columns(X, y)
        kept = weight > 0
        self.clip_duration_ = weighted_median(y[kept, -4], weight[kept])
        tempo = X[:, self._beat_places[0]]
        known = kept & (tempo > 0)
        self._default_tempo = weighted_median(tempo[known], weight[known]) if known.any() else 100.0
        self.transpositions_, which = np.unique(np.rint(y[kept, -5]), return_inverse=True)
        mass = np.bincount(which, weights=weight[kept])
        self.transposition_weights_ = mass / mass.sum()
        movement, codes = [], []
        steps = y[:, :-N_GLOBAL].reshape(len(y), -1, self.n_channels)
        semitones = np.rint(y[:, -5])
        for row, of_row, code, key in zip(X, steps, y, semitones, strict=True):
            grid = self._grid(2.0 ** code[-3], np.arctan2(code[-1], code[-2]))
            movement.append(self._movement(row, grid, key)[: len(of_row)])
            codes.append(of_row[: len(movement[-1])])
        lengths = [len(steps) for steps in codes]
        number = np.arange(len(X)) if groups is None else np.asarray(groups)
        self.course_coef_, self.course_intercept_, courses = fit_predictable_targets(
            np.concatenate(movement),
            np.concatenate(codes),
            groups=np.repeat(number, lengths),
            sample_weight=np.repeat(weight, lengths),
            alphas=(100.0, 1e3, 1e4),
            n_splits=3,
        )
        parts = np.split(courses, np.cumsum(lengths)[:-1])
        rest = [of_clip - course for of_clip, course in zip(codes, parts, strict=True)]
        features = [self._features(*pair) for pair in zip(parts, semitones, strict=True)]
        if "target_step_size" in regressor.get_params():
            regressor.set_params(target_step_size=self.n_channels)
        self.regressor_ = regressor.fit(features, rest, **params)
        n_mixtures, n_recordings = getattr(regressor, "n_mixtures", 0), len(np.unique(number[kept]))
        self.least_temperature_ = n_mixtures / (n_mixtures + n_recordings)
        self.n_averaged_ = self.n_envelope_ if n_recordings >= _SHARED_BY * n_mixtures else 0
        self.factor_ = self.mean_factor_ = np.ones(self.n_channels)
        self.sampled_mean_ = self.mean_ = np.zeros(self.n_channels)
        if self.restore_variance and hasattr(self.regressor_, "sample_y"):
            some = np.unique(np.linspace(0, kept.sum() - 1, _N_SAMPLED).astype(int))
            some = np.flatnonzero(kept)[some]
            sampled = self._sample([features[i] for i in some], check_random_state(0), TEMPERATURE)
            drawn = [self._on_course(parts[i], q) for i, q in zip(some, sampled, strict=True)]
            self._compare([codes[i] for i in some], drawn)
        return self

    def _compare(self, real: list[np.ndarray], drawn: list[np.ndarray]) -> None:
        """Find out how samples differ from training music, within clips and in their means."""
        (self.mean_, *true), (self.sampled_mean_, *found) = _moments(real), _moments(drawn)
        self.mean_factor_, self.factor_ = (
            np.clip(np.sqrt(a / np.maximum(b, 1e-12)), 1.0, _LARGEST_FACTOR)
            for a, b in zip(true, found, strict=True)
        )
        # These have the means of the course.
        self.mean_factor_[self._on_course_channels] = 1.0

    def _find_columns(self, X: np.ndarray, y: np.ndarray) -> None:
        n_steps = y.shape[1] - N_GLOBAL
        if self.n_envelope is not None and self.n_envelope > self.n_channels:
            raise ValueError(
                f"expected at most n_channels={self.n_channels} as n_envelope, got "
                f"{self.n_envelope}"
            )
        if n_steps < self.n_channels or n_steps % self.n_channels:
            raise ValueError(
                f"expected codes of steps of n_channels={self.n_channels} numbers, and "
                f"{N_GLOBAL} more, got {y.shape[1]} numbers: give the n_components of the encoder"
            )
        names = getattr(self, "feature_names_in_", None)
        self._beat_places = find_beat_columns(X, y, self.beat_columns, (-3, -2, -1), names)
        n_columns = X.shape[1]
        self.step_columns_ = columns_of_steps(names, n_columns, None, required=False)
        if names is None:
            # Without names nothing tells which columns are of a step: each column describes a clip.
            self.step_columns_ = np.zeros((1, 0), int)
        others = columns_of_clips(names, n_columns, self.step_columns_)
        self._clip_columns = np.setdiff1d(others, self._beat_places)
        self.n_targets_ = y.shape[1]
        self.n_envelope_ = self.n_channels // 4 if self.n_envelope is None else self.n_envelope

    def _nested(self) -> Any:
        """Return the regressor, or by default a density of sequences."""
        if self.regressor is not None:
            return self.regressor
        from .mdn import MDNRegressor

        if self.beat_columns is None:
            return MDNRegressor()
        return MDNRegressor(12, **SEQUENCE_DENSITY)


def _moments(clips: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean and variance of the means of clips (n_steps, n_channels), and that within."""
    means = np.array([steps.mean(axis=0) for steps in clips])
    within = np.mean([steps.var(axis=0) for steps in clips], axis=0)
    return means.mean(axis=0), means.var(axis=0), within
