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

from .._validation import HasMethods, Integral, Interval, validate_parameters
from ..functional.beat_grid import beat_position, beat_times, steady_beats
from ..functional.beat_spectra import frames_between
from .beat_columns import find_beat_columns
from .beat_deviations import weighted_median
from .nested_regressor import NestedRegressorMixin
from .step_columns import columns_of_clips, columns_of_steps

__all__ = ["BeatSequenceRegressor"]

# The last numbers of a code: transposition, duration, log2 of the tempo, cosine and sine.
_N_GLOBAL = 5
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
    NestedRegressorMixin, RegressorMixin, MetaEstimatorMixin, BaseEstimator
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
    steps_per_beat : int, default=4
        Steps in a beat.

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

    The features of a step are those columns ``step0_..., step1_...`` of the dance that lie around
    it, their means over the clip, columns that describe the whole clip (but for its beat and its
    windows), the place in the beat, and the transposition, since the timbre of transposed music
    depends on it. In training, steps lie on the beats of the music; in prediction on those of the
    dance.

    `sample_y` multiplies the variances of the density by the temperature and leaves the weights of
    the mixtures as they are. At low temperatures a step is near to the mean of a component that is
    chosen with its own probability, so that music is crisp and yet varied.

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
        "steps_per_beat": [Interval(Integral, 1, None, closed="left")],
    }
    # `groups` are the regressor's alone, as it requests them.
    __metadata_request__fit = {"groups": UNUSED}

    def __init__(
        self,
        regressor: Any = None,
        *,
        beat_columns: Sequence[str] | Sequence[int] | None = None,
        n_channels: int = 64,
        steps_per_beat: int = 4,
    ) -> None:
        self.regressor = regressor
        self.beat_columns = beat_columns
        self.n_channels = n_channels
        self.steps_per_beat = steps_per_beat

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
        features, codes = [], []
        steps = y[:, :-_N_GLOBAL].reshape(len(y), -1, self.n_channels)
        for row, of_row, code in zip(X, steps, y, strict=True):
            grid = self._grid(2.0 ** code[-3], np.arctan2(code[-1], code[-2]))
            found = self._features(row, grid, np.rint(code[-5]))[: len(of_row)]
            features.append(found)
            codes.append(of_row[: len(found)])
        if "target_step_size" in regressor.get_params():
            regressor.set_params(target_step_size=self.n_channels)
        self.regressor_ = regressor.fit(features, codes, **params)
        return self

    def _find_columns(self, X: np.ndarray, y: np.ndarray) -> None:
        n_steps = y.shape[1] - _N_GLOBAL
        if n_steps < self.n_channels or n_steps % self.n_channels:
            raise ValueError(
                f"expected codes of steps of n_channels={self.n_channels} numbers, and "
                f"{_N_GLOBAL} more, got {y.shape[1]} numbers: give the n_components of the encoder"
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

    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted codes, with tempo and beat of the dance.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features.

        Returns
        -------
        code : ndarray of shape (n_clips, n_targets)
            Each step given the mean of the steps before, in the most frequent transposition. Means
            of spectra are blurred: music for listening is sampled.
        """
        X = self._check(X)
        if self.beat_columns is None:
            return self.regressor_.predict(X)
        semitones = self.transpositions_[self.transposition_weights_.argmax()]
        tempo, phase = self._beat(X)
        features = [
            self._features(row, self._grid(tempo[i], phase[i]), semitones)
            for i, row in enumerate(X)
        ]
        steps = self.regressor_.predict(features)
        return self._join(steps, np.full(len(X), semitones), tempo, phase)

    def sample_y(
        self,
        X: Any,
        n_samples: int = 1,
        random_state: int | np.random.RandomState | None = None,
        temperature: float = 1.0,
    ) -> np.ndarray:
        """Sample codes, each clip on its own.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features.
        n_samples : int, default=1
            Samples per clip.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same samples on each call.
        temperature : float, default=1.0
            Factor of the variances of each step's density.

        Returns
        -------
        ndarray of shape (n_clips, n_targets, n_samples)
            As :meth:`sklearn.gaussian_process.GaussianProcessRegressor.sample_y`.
        """
        X = self._check(X)
        rng = check_random_state(random_state)
        if self.beat_columns is None:
            return self.regressor_.sample_y(X, n_samples, rng, temperature)
        tempo, phase = self._beat(X)
        draws = []
        for _ in range(n_samples):
            semitones = self._transpositions(rng, len(X))
            features = [
                self._features(row, self._grid(tempo[i], phase[i]), semitones[i])
                for i, row in enumerate(X)
            ]
            steps = self._sample(features, rng, temperature)
            draws.append(self._join(steps, semitones, tempo, phase))
        return np.stack(draws, axis=-1)

    def sample_piece(
        self,
        X: Any,
        *,
        hop_duration: float,
        random_state: int | np.random.RandomState | None = None,
        temperature: float = 1.0,
    ) -> np.ndarray:
        """Sample the codes of the successive clips of one dance, as one sequence.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of the clips, in order.
        hop_duration : float
            Time from one clip's start to the next one's in s.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same sample on each call.
        temperature : float, default=1.0
            As in `sample_y`.

        Returns
        -------
        ndarray of shape (n_clips, n_targets)
            Where clips overlap, they have the same steps. All have the same transposition, and
            tempo and phase of one grid of beats
            (:func:`~sklearn_asdf.functional.beat_grid.steady_beats`).
        """
        X = self._check(X)
        rng = check_random_state(random_state)
        starts = np.arange(len(X)) * hop_duration
        middles = starts + self.clip_duration_ / 2
        tempo, phase = self._beat(X)
        grid = steady_beats(
            tempo,
            phase,
            at=middles,
            clip_duration=self.clip_duration_,
            duration=starts[-1] + self.clip_duration_,
        )
        semitones = self._transpositions(rng, 1)
        moments = self._moments(grid)
        nearest = np.abs(moments[:, None] - middles).argmin(axis=1)
        features = np.empty((len(moments), 0))
        for i in np.unique(nearest):
            # The movement around a step is that of the clip in whose middle the step lies.
            of_clip = self._features(X[i], grid - starts[i], semitones[0])
            if not features.shape[1]:
                features = np.empty((len(moments), of_clip.shape[1]))
            features[nearest == i] = of_clip[nearest == i]
        steps = self._sample([features], rng, temperature)[0]
        at, log_tempo = beat_position(grid, middles), np.empty(len(X))
        ends = beat_position(grid, starts[:, None] + [0, self.clip_duration_])
        log_tempo = np.log2(60 * np.diff(ends, axis=1)[:, 0] / self.clip_duration_)
        parts = []
        for i in range(len(X)):
            own = starts[i] + self._grid(2.0 ** log_tempo[i], 2 * np.pi * at[i])
            first = round(beat_position(grid, own[0]).item()) * self.steps_per_beat
            rows = first + np.arange((len(own) - 1) * self.steps_per_beat)
            parts.append(steps[np.clip(rows, 0, len(steps) - 1)])
        return self._join(parts, np.repeat(semitones, len(X)), 2.0**log_tempo, 2 * np.pi * at)

    def _sample(self, features: Any, rng: Any, temperature: float) -> Any:
        found = self.regressor_.sample_y(
            features, 1, random_state=rng, weight_temperature=1.0, scale_temperature=temperature
        )
        return [steps[..., 0] for steps in found]

    def _transpositions(self, rng: np.random.RandomState, n: int) -> np.ndarray:
        return rng.choice(self.transpositions_, size=n, p=self.transposition_weights_)

    def _join(
        self, steps: Any, semitones: np.ndarray, tempo: np.ndarray, phase: np.ndarray
    ) -> np.ndarray:
        """Return codes of steps, transpositions and beats."""
        code = np.zeros((len(steps), self.n_targets_))
        for row, of_row in zip(code, steps, strict=True):
            flat = np.ravel(of_row)[: self.n_targets_ - _N_GLOBAL]
            row[: len(flat)] = flat
        beat = np.log2(tempo), np.cos(phase), np.sin(phase)
        code[:, -_N_GLOBAL:] = np.column_stack([semitones, np.zeros(len(code)), *beat])
        code[:, -4] = self.clip_duration_
        return code

    def _beat(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return tempo in BPM and phase in the middle of the clips of dances."""
        tempo, cosine, sine = X[:, self._beat_places].T.astype(float)
        return np.where(tempo > 0, tempo, self._default_tempo), np.arctan2(sine, cosine)

    def _grid(self, tempo: float, phase: float) -> np.ndarray:
        duration = self.clip_duration_
        return beat_times(tempo, phase, at=duration / 2, duration=duration)

    def _moments(self, grid: np.ndarray) -> np.ndarray:
        """Return the middles of the steps on a grid of beats in s."""
        n = self.steps_per_beat
        place = (np.arange((len(grid) - 1) * n) + 0.5) / n
        return np.interp(place, np.arange(len(grid)), grid)

    def _features(self, row: np.ndarray, grid: np.ndarray, semitones: float) -> np.ndarray:
        """Return the features of steps on beats in s from the start of a clip."""
        moments = self._moments(grid)
        movement = row[self.step_columns_]
        n_steps = len(movement)
        place = moments / self.clip_duration_ * n_steps - 0.5
        around = frames_between(movement, np.arange(n_steps), place)
        mean = np.tile(
            np.concatenate([movement.mean(axis=0), row[self._clip_columns]]), (len(moments), 1)
        )
        n = self.steps_per_beat
        in_beat = np.eye(n)[np.arange(len(moments)) % n]
        return np.column_stack([around, mean, in_beat, np.full(len(moments), semitones)])

    def _nested(self) -> Any:
        """Return the regressor, or by default a density of sequences."""
        if self.regressor is not None:
            return self.regressor
        from .mdn import MDNRegressor

        if self.beat_columns is None:
            return MDNRegressor()
        return MDNRegressor(12, **SEQUENCE_DENSITY)
