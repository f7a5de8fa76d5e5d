"""UnpairedRegressor: from features of a dance to codes of music, learned without pairs of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.special import ndtr
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags, check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ._movement_mapping import MovementMapping, load_mapping
from ._ridge_correction import normal_scores, ridge_correction
from ._validation import Interval, Real, StrOptions, raise_all, validate_parameters
from .density.beat_columns import find_beat_columns
from .density.step_columns import find_step_columns

__all__ = ["UnpairedRegressor"]

# Probabilities at which the values of the music are kept, and how far predictions go in standard
# deviations: 0.6 and 99.4 % of the music.
_N_QUANTILES, _FURTHEST = 65, 2.5
# Clips of dances that count as much as those that the mapping was learned from.
_N_PRIOR = 8.0
# Smallest standard deviation of a feature, for dances that do not move.
_LEAST_SPREAD = 0.02
# Standard deviations of the music by which the greatest intensity shifts it.
_INTENSITY = 1.5
# Largest factor by which predictions of what is hardly explained are scaled.
_LARGEST_FACTOR = 2.0


class UnpairedRegressor(RegressorMixin, BaseEstimator):
    r"""Regressor of codes of music on movement features whose pairs are not known.

    `fit_unpaired` learns how features of dances and codes of music are distributed, each by itself.
    A mapping that ships with the package tells which music goes with which movement, both in units
    of their own spread: the most vigorous dance gets what is most vigorous in this music. Where
    there are pairs, `fit` corrects the mapping.

    Parameters
    ----------
    mapping : {"dance"} or None, default=None
        `"dance"` begins with the mapping that was learned from synthetic dances; see the notes.
        `X` then has the columns of :class:`LMAFeaturizer` with steps, by name. With None,
        nothing is known before pairs are seen.
    beat_columns : tuple of three str or three int, default=None
        Columns of `X` with tempo and beat of the dance, as in :class:`OnBeatRegressor`, which are
        copied to the last three columns of the code. None predicts them as all others.
    closeness : float, default=1.0
        Factor of the deviations of the prediction from the middle of the music, from 0 to 2: at 0
        only the beat follows the dance.
    intensity : float, default=0.0
        Shift of all predictions towards the calm (-1) or the wild (1) part of the music.
    smoothing : float, default=2.0
        Standard deviation in steps of a Gaussian moving average of the features of steps.
    heights : bool, default=False
        Whether the height of the body in space counts, relative to its mean over `X` in `fit`: for
        rows of one dance in three dimensions. In a picture, a dancer who walks away also rises.

    Attributes
    ----------
    feature_columns_ : ndarray of int of shape (n_steps, n_columns)
        Columns of `X` from which codes are predicted, by step.
    step_coef_ : ndarray of shape (n_columns, n_channels)
        Coefficients of the standardized code of the steps.
    clip_coef_ : ndarray of shape (n_columns, n_descriptors)
        Coefficients of the standardized code of the clips.
    feature_moments_ : ndarray of shape (4, n_columns)
        Mean and standard deviation of the features over steps, and of their means over clips.
    step_quantiles_ : ndarray of shape (65, n_channels)
        Values of the code of steps at equidistant probabilities.
    clip_quantiles_ : ndarray of shape (65, n_descriptors)
        Those of the code of clips.
    tempi_ : ndarray of shape (n_tempi,)
        Tempi of the music in BPM at every tenth of the probability; none without `beat_columns`.
    n_steps_ : int
        Steps of a clip, 0 without steps.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of columns, where `X` had names.

    See Also
    --------
    make_soundtrack_pipeline : Pipeline with this regressor.
    StepRegressor : Learns from pairs alone.

    Notes
    -----
    With the standardized features z of a step or of a clip and coefficients W, the code is

    .. math:: y = Q\bigl(\Phi(c \, z^\top W + 1.5\, i\, v)\bigr),

    where Q is the quantile function of the music, :math:`\Phi` the standard normal distribution
    function, c the closeness, i the intensity and v the correlation of the code with the vigour of
    the synthetic dances. So the code is never outside of what the music has. Features are
    standardized by the dances of `fit_unpaired`, of which 8 clips count as much as the synthetic
    ones.

    The mapping has one ridge regression for all steps and one for all clips, learned from synthetic
    dances of all styles (:func:`~sklearn_asdf.datasets.make_dance_music`) and scaled to predictions
    of variance 1. With `heights`, the height of the body in space is added to the level with the
    same variance: listeners associate what is high or rises with what is loud or swells [1]_, and
    Laban counts high, middle and low among the directions of movement. `fit` adds a ridge
    regression of what the mapping leaves, with the penalty of the best cross-validation over
    groups.

    A tempo of the dance that is nearer to those of the music when it is doubled is doubled.

    Samples differ from predictions by one normal deviate per descriptor, which all rows share:
    each sample is another piece, and not another choice in each clip.

    References
    ----------
    .. [1] Z. Eitan and R. Y. Granot, "How music moves: musical parameters and listeners' images of
       motion", Music Perception 23(3), 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import UnpairedRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(80, 2))
    >>> y = X @ [[1.0, 0.0], [0.5, 1.0]] + rng.normal(0, 0.1, (80, 2))
    >>> round(UnpairedRegressor().fit(X, y).score(X, y), 1)
    1.0
    """

    __metadata_request__fit = {"groups": True}

    _parameter_constraints = {
        "mapping": [StrOptions({"dance"}), None],
        "beat_columns": ["array-like", None],
        "closeness": [Interval(Real, 0, 2, closed="both")],
        "intensity": [Interval(Real, -1, 1, closed="both")],
        "smoothing": [Interval(Real, 0, None, closed="left")],
        "heights": ["boolean"],
    }

    def __init__(
        self,
        *,
        mapping: str | None = None,
        beat_columns: Sequence[str] | Sequence[int] | None = None,
        closeness: float = 1.0,
        intensity: float = 0.0,
        smoothing: float = 2.0,
        heights: bool = False,
    ) -> None:
        self.mapping = mapping
        self.beat_columns = beat_columns
        self.closeness = closeness
        self.intensity = intensity
        self.smoothing = smoothing
        self.heights = heights

    def fit(self, X: Any, y: Any, *, groups: Any = None) -> Self:
        """Learn from pairs, beginning with the mapping.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features.
        y : array-like of shape (n_clips, n_targets)
            Code of each clip.
        groups : array-like of shape (n_clips,), default=None
            Recording of each clip, for the cross-validation.

        Returns
        -------
        self : UnpairedRegressor
            The fitted regressor.
        """
        validate_parameters(self)
        checked, y = validate_data(self, X, y, multi_output=True, y_numeric=True)
        self._y_ndim = y.ndim
        self._learn(checked, np.asarray(y, dtype=float).reshape(len(y), -1))
        number = np.arange(len(y)) if groups is None else np.unique(groups, return_inverse=True)[1]
        self._correct(checked, np.asarray(y, dtype=float).reshape(len(y), -1), number)
        return self

    def fit_unpaired(self, X: Any, y: Any) -> Self:
        """Learn the distribution of dances and that of music, each by itself.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of dances.
        y : array-like of shape (n_music_clips, n_targets)
            Codes of music, of any number of clips.

        Returns
        -------
        self : UnpairedRegressor
            The fitted regressor. Without `mapping` it predicts the medians of the music.
        """
        validate_parameters(self)
        checked = validate_data(self, X)
        y = check_array(y, dtype=float, input_name="y", ensure_2d=False)
        self._y_ndim = y.ndim
        self._learn(checked, y.reshape(len(y), -1))
        if self.mapping is not None:
            self._scale_to(checked)
        return self

    def fit_music(self, y: Any) -> Self:
        """Learn the distribution of other music, and keep all that was learned of dances.

        Parameters
        ----------
        y : array-like of shape (n_music_clips, n_targets)
            Codes of music.

        Returns
        -------
        self : UnpairedRegressor
            The fitted regressor.
        """
        check_is_fitted(self)
        y = check_array(y, dtype=float, input_name="y", ensure_2d=False)
        self._learn_music(y.reshape(len(y), -1))
        return self

    def _learn_music(self, y: np.ndarray) -> None:
        n_beat, n_channels = len(self.beat_columns_), self.step_coef_.shape[1]
        n_values = self.n_steps_ * n_channels
        clip = y[:, n_values : y.shape[1] - n_beat]
        steps = y[:, :n_values].reshape(-1, n_channels) if n_values else np.zeros((1, 0))
        self.step_quantiles_, self.clip_quantiles_ = _quantiles(steps), _quantiles(clip)
        self.tempi_ = np.zeros(0)
        if n_beat:
            self.tempi_ = 2.0 ** np.quantile(y[:, -3], np.linspace(0, 1, 11))

    def _learn(self, X: np.ndarray, y: np.ndarray) -> None:
        """Learn both distributions, and begin with the mapping."""
        names = getattr(self, "feature_names_in_", None)
        n_beat, of_beat = 0, np.zeros(0, int)
        if self.beat_columns is not None:
            n_beat = 3
            of_beat = find_beat_columns(X, y, self.beat_columns, (-3, -2, -1), names)
        self.beat_columns_ = of_beat
        known = load_mapping() if self.mapping else None
        self.feature_columns_, offset = _columns(known, names, self.n_features_in_, of_beat)
        self._offset = offset
        self._in_space = np.zeros(len(offset), bool)
        if known is not None:
            self._in_space = np.array([name.endswith("_vertical") for name in known.features])
        self.n_steps_ = 0 if known is None else len(self.feature_columns_)
        n_channels = 0 if known is None else len(known.channels)
        n_clip = y.shape[1] - self.n_steps_ * n_channels - n_beat
        if known is not None and n_clip != len(known.descriptors):
            raise ValueError(
                f"expected codes of {self.n_steps_} steps with {n_channels} channels, and of "
                f"{len(known.descriptors) + n_beat} descriptors, got y with {y.shape[1]} columns: "
                "UnitEncoder and LMAFeaturizer need the same step_duration"
            )
        self._learn_features(X, known)
        n_columns = self.feature_columns_.shape[1]
        self.step_coef_ = np.zeros((n_columns, n_channels))
        self.clip_coef_ = np.zeros((n_columns, n_clip))
        self._vigour = np.zeros(n_channels), np.zeros(n_clip)
        if known is not None:
            self.step_coef_, self.clip_coef_ = known.of_step.copy(), known.of_clip.copy()
            self._vigour = known.vigour_of_step, known.vigour_of_clip
        self._learn_music(y)

    def _learn_features(self, X: np.ndarray, known: MovementMapping | None) -> None:
        """Learn means and spreads of the features, beginning with those of the mapping."""
        steps = self._steps(X)
        means = steps.mean(axis=1)
        own = np.stack(
            [steps.mean((0, 1)), steps.std((0, 1)), means.mean(axis=0), means.std(axis=0)]
        )
        if known is None:
            own[1::2] = np.where(own[1::2] > 1e-9, own[1::2], 1.0)
            self.feature_moments_ = own
            return
        before = np.stack([known.step_mean, known.step_scale, known.clip_mean, known.clip_scale])
        share = len(X) / (len(X) + _N_PRIOR)
        moments = share * own + (1 - share) * before
        # Where the origin of space lies says nothing.
        moments[:, self._in_space] = own[:, self._in_space]
        moments[1::2] = np.maximum(moments[1::2], _LEAST_SPREAD)
        # Clips of one dance differ less than dances do.
        moments[3] = np.maximum(moments[3], 0.5 * before[3])
        self.feature_moments_ = moments

    def _steps(self, X: np.ndarray) -> np.ndarray:
        """Return the features of steps, (n_clips, n_steps, n_columns), logarithms where due."""
        steps = X[:, self.feature_columns_].astype(float)
        logarithmic = self._offset > 0
        steps[..., logarithmic] = np.log(
            np.maximum(steps[..., logarithmic], 0.0) + self._offset[logarithmic]
        )
        return steps

    def _standardized(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return standardized features of steps, smoothed, and of clips."""
        steps = self._steps(X)
        mean, scale, clip_mean, clip_scale = self.feature_moments_
        clips = (steps.mean(axis=1) - clip_mean) / clip_scale
        if not self.n_steps_:
            return np.zeros((len(X), 0, len(mean))), np.clip(clips, -4, 4)
        steps = np.clip((steps - mean) / scale, -4, 4)
        if self.smoothing:
            steps = gaussian_filter1d(steps, self.smoothing, axis=1, mode="nearest")
        return steps, np.clip(clips, -4, 4)

    def _scale_to(self, X: np.ndarray) -> None:
        """Give predictions for these dances variance 1, as far as they count."""
        share = len(X) / (len(X) + _N_PRIOR)
        steps, clips = self._standardized(X)
        for features, name in ((steps, "step_coef_"), (clips, "clip_coef_")):
            coefficients = getattr(self, name)
            coefficients = coefficients * _scaling(features @ coefficients) ** share
            if self.heights:
                rise = self._in_space / max(self._in_space.sum(), 1)
                rise = rise * _scaling((features @ rise)[..., None])
                # The level is the first descriptor of steps and of clips.
                coefficients[:, 0] = (coefficients[:, 0] + rise) / np.sqrt(2)
            setattr(self, name, coefficients)

    def _correct(self, X: np.ndarray, y: np.ndarray, number: np.ndarray) -> None:
        """Add to the coefficients what pairs tell."""
        steps, clips = self._standardized(X)
        n_values = self.n_steps_ * self.step_coef_.shape[1]
        n_clip = self.clip_coef_.shape[1]
        target = normal_scores(y[:, n_values : n_values + n_clip])
        self.clip_coef_ += ridge_correction(clips, target - clips @ self.clip_coef_, number)
        self.clip_coef_ *= _scaling(clips @ self.clip_coef_)
        if not self.n_steps_:
            return
        rows = steps.reshape(-1, steps.shape[2])
        target = normal_scores(y[:, :n_values].reshape(len(rows), -1))
        of_rows = np.repeat(number, self.n_steps_)
        self.step_coef_ += ridge_correction(rows, target - rows @ self.step_coef_, of_rows)
        self.step_coef_ *= _scaling(rows @ self.step_coef_)

    def predict(self, X: Any) -> np.ndarray:
        """Return the codes of music for dances.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features.

        Returns
        -------
        code : ndarray of shape (n_clips, n_targets)
            Codes.
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        code = self._codes(X, 0.0)
        return code[:, 0] if self._y_ndim == 1 else code

    def sample_y(
        self,
        X: Any,
        n_samples: int = 1,
        random_state: int | np.random.RandomState | None = None,
        temperature: float = 1.0,
    ) -> np.ndarray:
        """Sample codes.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features.
        n_samples : int, default=1
            Samples per clip.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same samples on each call.
        temperature : float, default=1.0
            Variance of the deviations from the prediction, in units of the variance of the music.

        Returns
        -------
        ndarray of shape (n_clips, n_targets, n_samples)
            As :meth:`sklearn.gaussian_process.GaussianProcessRegressor.sample_y`.
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        rng = check_random_state(random_state)
        n_values = self.clip_coef_.shape[1]
        noise = np.sqrt(temperature) * rng.standard_normal((n_samples, n_values))
        code = np.stack([self._codes(X, shift) for shift in noise], axis=2)
        return code[:, 0] if self._y_ndim == 1 else code

    def _codes(self, X: np.ndarray, shift: Any) -> np.ndarray:
        """Return codes, with the standardized code of clips shifted."""
        steps, clips = self._standardized(X)
        of_step, of_clip = (_INTENSITY * self.intensity * v for v in self._vigour)
        clips = self.closeness * (clips @ self.clip_coef_) + of_clip + shift
        parts = [_at(self.clip_quantiles_, clips)]
        if self.n_steps_:
            steps = self.closeness * (steps @ self.step_coef_) + of_step
            parts.insert(0, _at(self.step_quantiles_, steps).reshape(len(X), -1))
        if len(self.beat_columns_):
            parts.append(self._beat(X))
        return np.concatenate(parts, axis=1)

    def _beat(self, X: np.ndarray) -> np.ndarray:
        """Return log2 of the tempo, cosine and sine of the dances, (n_clips, 3)."""
        tempo, cosine, sine = (X[:, i].astype(float) for i in self.beat_columns_)
        usual = np.median(self.tempi_)
        tempo = np.where(tempo > 0, tempo, usual)

        def away(bpm: np.ndarray) -> np.ndarray:
            """Octaves to the nearest tempo of the music."""
            distance: np.ndarray = np.abs(np.log2(bpm[:, None] / self.tempi_)).min(axis=1)
            return distance

        fast = away(2 * tempo) < away(tempo) - 1e-6
        angle = np.arctan2(sine, cosine) * np.where(fast, 2.0, 1.0)
        size = np.hypot(cosine, sine)
        tempo = np.where(fast, 2 * tempo, tempo)
        return np.stack([np.log2(tempo), size * np.cos(angle), size * np.sin(angle)], axis=1)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        # Of quantiles, and scaled to the variance of the music.
        tags.regressor_tags.poor_score = True
        return tags


def _columns(
    known: MovementMapping | None, names: Any, n_columns: int, of_beat: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the features, by step, and their offsets."""
    if known is None:
        columns = np.setdiff1d(np.arange(n_columns), of_beat)
        return columns[None], np.zeros(len(columns))
    places = find_step_columns([] if names is None else names)
    if not len(places):
        raise ValueError(
            "expected columns named step0_..., step1_..., ... in X, got none: use "
            "LMAFeaturizer(step_duration=...).set_output(transform='pandas')"
        )
    of_first = [str(names[i]).rpartition("step0_")[2] for i in places[0]]
    lacking = [name for name in known.features if name not in of_first]
    raise_all(
        [
            "expected step columns of the groups 'effort' and 'moment' of LMAFeaturizer for a "
            f"skeleton with head, hips, hands and feet, got none of {', '.join(lacking)}"
        ]
        if lacking
        else []
    )
    chosen = [of_first.index(name) for name in known.features]
    return places[:, chosen], known.offset


def _quantiles(values: np.ndarray) -> np.ndarray:
    """Return the values at equidistant probabilities, (65, n_columns)."""
    probabilities = (np.arange(_N_QUANTILES) + 0.5) / _N_QUANTILES
    quantiles: np.ndarray = np.quantile(values, probabilities, axis=0)
    return quantiles


def _at(quantiles: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the values of normal scores (..., n_columns), by interpolated quantiles."""
    place = ndtr(np.clip(scores, -_FURTHEST, _FURTHEST)) * _N_QUANTILES - 0.5
    low = np.clip(place.astype(int), 0, _N_QUANTILES - 2)
    share = np.clip(place - low, 0.0, 1.0)
    column = np.arange(quantiles.shape[1])
    values: np.ndarray = quantiles[low, column] * (1 - share) + quantiles[low + 1, column] * share
    return values


def _scaling(predicted: np.ndarray) -> np.ndarray:
    """Return factors that give predictions variance 1, at most twofold or half."""
    spread = predicted.reshape(-1, predicted.shape[-1]).std(axis=0)
    ratio = np.divide(1.0, spread, out=np.ones_like(spread), where=spread > 1e-9)
    factor: np.ndarray = np.clip(ratio, 1 / _LARGEST_FACTOR, _LARGEST_FACTOR)
    return factor
