"""OnBeatRegressor: codes of music with the tempo and beat of the dance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from .._validation import HasMethods, Integral, Interval, Real, validate_parameters
from .beat_columns import find_beat_columns
from .beat_deviations import MIN_SCALE, fit_deviations, weighted_median
from .density_mixin import DensityMixin
from .mixtures import GaussianMixtures
from .moments import column_moments
from .nested_regressor import NestedRegressorMixin, has_density
from .unconditional import fit_unconditional

__all__ = ["OnBeatRegressor"]

# Larger factors would amplify the noise in descriptors that the dance hardly explains.
_LARGEST_FACTOR = 2.0
# Samples of the unconditional density are left out where they are rarer than this.
_SMALLEST_SHARE = 1e-3


class OnBeatRegressor(
    NestedRegressorMixin, DensityMixin, RegressorMixin, MetaEstimatorMixin, BaseEstimator
):
    r"""Regressor of codes whose tempo and beat are those of the dance.

    The tempo that is estimated from a dance mostly equals that of the music, or is off by an
    octave. The conditional mean lies between the two, and a tempo with an error of 3 % loses the
    beat after a few of them. Tempo and beat are therefore an offset, as in generalized linear
    models [1]_: they are copied to the code, and the distribution of the music's deviations from
    them is fitted. `regressor` predicts the other numbers of the code.

    Parameters
    ----------
    regressor : estimator, default=None
        Regressor of the other numbers of the code, with `predict_dist` for a density. None means
        :class:`MDNRegressor` with its defaults.
    beat_columns : tuple of three str or three int, default=None
        Columns of `X` with the tempo of the dance in BPM, and cosine and sine of the phase of its
        beat times its strength, as in group "beat" of :class:`LMAFeaturizer`, not scaled. Names
        are those of the columns of a DataFrame, with or without a prefix such as ``union__``; see
        the notes. None predicts all numbers of the code with `regressor`.
    code_columns : tuple of three int, default=(-3, -2, -1)
        Columns of `y` with log2 of the tempo in BPM, and cosine and sine of the phase, as in codes
        of :class:`UnitEncoder`.
    n_beat_mixtures : int, default=3
        Number of Gaussians in the density of the deviations from the beat, such as one for beats
        that agree and others for octaves.
    restore_variance : bool, default=False
        Whether predictions, and samples at temperatures below 1, are scaled about the mean code to
        the variance of the training codes; see the notes. Not used without `beat_columns`.
    unconditional_weight : float, default=0.0
        Weight of `unconditional_` in the density, from 0 to below 1. A dance unlike all training
        dances then has a density that is at most the log of this weight worse than one without
        features. Predictions do not change. Not used without `beat_columns`.

    Attributes
    ----------
    regressor_ : estimator
        The fitted regressor of the other numbers.
    unconditional_ : GaussianMixtures
        Mixture of one row that is fitted to the same codes without features.
    beat_error_ : tuple of ndarray
        Weights (K,), means (K, 3) and scales (K, 3) of the density of the deviations, with
        ``K = n_beat_mixtures + 1``; see the notes. This attribute and the next four exist only with
        `beat_columns`.
    mean_code_ : ndarray of shape (n_targets - 3,)
        Means of the other numbers over the training codes.
    code_variance_ : ndarray of shape (n_targets - 3,)
        Their variances.
    beat_columns_ : ndarray of int of shape (3,)
        Places of `beat_columns` in `X`.
    explained_variance_ : ndarray of shape (n_targets - 3,)
        Variances of the predictions for the training dances.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of columns, where `X` had names.

    See Also
    --------
    DanceBeatTracker : Estimates the beat of dances.
    MDNRegressor : The default regressor of the other numbers.

    Notes
    -----
    With :math:`b(x)` the dance's log2 tempo and the cosine and sine of its beat, the density of a
    code :math:`(u, v)` whose beat is :math:`v` is

    .. math:: p(u, v \mid x) = p(u \mid x) \sum_k w_k \mathcal N(v - b(x); \mu_k, \sigma_k^2).

    The last of the Gaussians is not fitted: it has a weight of 0.05 and a standard deviation of
    half an octave. Without it, one dance with a wrong beat would dominate the likelihood.

    With a weight :math:`\epsilon` of the unconditional density :math:`p_0` the density is
    :math:`(1 - \epsilon) \, p(u, v \mid x) + \epsilon \, p_0(u, v)`, a defensive mixture [4]_. At
    temperature T a sample is one of :math:`p_0` with a probability of
    :math:`\epsilon^{1/T} / (\epsilon^{1/T} + (1 - \epsilon)^{1/T})`, and none below 0.001.

    To find columns by name, `X` must be a DataFrame: in a pipeline, call
    ``set_output(transform="pandas")`` (or ``"polars"``) on the featurizer and on the steps between
    it and this regressor, as :func:`make_dance_pipeline` does.

    `predict` returns the mean of the first density, scaled or not, and :math:`b(x)`, the beat of
    the dance, not the mean over the deviations. For a dance without a beat (tempo 0), it uses the
    median tempo of the training dances.

    At temperature T a sample is :math:`\bar u + \sqrt T (u - \bar u)`, where u is sampled from the
    first density and :math:`\bar u` is its mean: the prediction at T = 0, the density at T = 1. The
    deviation from the beat is sampled from its mixture at that temperature, since the mean of two
    tempi is neither.

    Conditional means vary less than the codes. With `restore_variance` a sample (at T = 0: a
    prediction) is scaled about the mean training code, each number by
    :math:`(s^2 / (m^2 + \min(T, 1) (s^2 - m^2)))^{1/2}`, but at most twofold, where :math:`s^2` is
    the variance of the training codes and :math:`m^2` that of the means. This is the global
    variance of speech synthesis [3]_. It increases the squared error of predictions; the density,
    its scores and samples at T = 1 do not change.

    References
    ----------
    .. [1] P. McCullagh and J. A. Nelder, "Generalized linear models", 2nd ed., Chapman and Hall,
       1989 (offsets).
    .. [2] C. M. Bishop, "Mixture density networks", report NCRG/94/004, Aston University, 1994.
    .. [3] T. Toda and K. Tokuda, "A speech parameter generation algorithm considering global
       variance for HMM-based speech synthesis", IEICE Transactions on Information and Systems
       E90-D(5), 2007.
    .. [4] T. Hesterberg, "Weighted average importance sampling and defensive mixture
       distributions", Technometrics 37(2), 1995.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import MDNRegressor, OnBeatRegressor
    >>> rng = np.random.default_rng(0)
    >>> tempo, angle = rng.uniform(80, 140, 60), rng.uniform(0, 6, 60)
    >>> X = np.c_[rng.normal(size=60), tempo, np.cos(angle), np.sin(angle)]
    >>> y = np.c_[X[:, 0] + rng.normal(size=60), np.log2(tempo), X[:, 2:]]
    >>> model = OnBeatRegressor(MDNRegressor(1, epochs=2), beat_columns=(1, 2, 3)).fit(X, y)
    >>> bool(np.allclose(model.predict(X)[:, 1:], y[:, 1:]))
    True
    >>> model.set_params(n_mixtures=3).regressor.n_mixtures
    3
    """

    _parameter_constraints = {
        "regressor": [HasMethods(["fit", "predict"]), None],
        "beat_columns": ["array-like", None],
        "code_columns": ["array-like"],
        "n_beat_mixtures": [Interval(Integral, 1, None, closed="left")],
        "restore_variance": ["boolean"],
        "unconditional_weight": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        regressor: Any = None,
        *,
        beat_columns: Sequence[str] | Sequence[int] | None = None,
        code_columns: Sequence[int] = (-3, -2, -1),
        n_beat_mixtures: int = 3,
        restore_variance: bool = False,
        unconditional_weight: float = 0.0,
    ) -> None:
        self.regressor = regressor
        self.beat_columns = beat_columns
        self.code_columns = code_columns
        self.n_beat_mixtures = n_beat_mixtures
        self.restore_variance = restore_variance
        self.unconditional_weight = unconditional_weight

    # `groups` are the regressor's alone, as it requests them.
    __metadata_request__fit = {"groups": UNUSED}

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the regressor of the other numbers and the density of the deviations of the beat.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        y : array-like of shape (n_rows, n_targets)
            Codes.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight of each row, here and in `regressor`: 2 counts as two rows and 0 as none. With
            metadata routing, each of the two may request weights or not.
        groups : array-like of shape (n_rows,), default=None
            Group of each row, for a regressor that takes groups.

        Returns
        -------
        self : OnBeatRegressor
            The fitted regressor.
        """
        validate_parameters(self)
        X, y = validate_data(
            self, X, y, multi_output=True, y_numeric=True, ensure_all_finite=self._finite()
        )
        if self.beat_columns is not None:
            names = getattr(self, "feature_names_in_", None)
            self.beat_columns_ = find_beat_columns(
                X, y, self.beat_columns, self.code_columns, names
            )
        regressor = clone(self._nested())
        weight, _, params = self._metadata(sample_weight, groups, len(X))
        if self.beat_columns is None:
            self.regressor_ = regressor.fit(X, y, **params)
            if hasattr(self.regressor_, "unconditional_"):
                self.unconditional_ = self.regressor_.unconditional_
            return self
        y = np.asarray(y, dtype=float)
        n_targets = y.shape[1]
        self._of_beat = np.asarray(self.code_columns) % n_targets
        self._others = np.setdiff1d(np.arange(n_targets), self._of_beat)
        self.regressor_ = regressor.fit(X, y[:, self._others], **params)
        kept = np.flatnonzero(weight)
        self._learn_beat(X[kept], y[kept], weight[kept])
        return self

    def _learn_beat(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> None:
        """Compute the moments of the codes and fit the density of the deviations of the beat."""
        tempo = X[:, self.beat_columns_[0]]
        known = tempo > 0
        self._default_tempo = weighted_median(tempo[known], weight[known]) if known.any() else 100.0
        others = y[:, self._others]
        self.mean_code_, deviation = column_moments(others, weight)
        self.code_variance_ = deviation**2
        self.explained_variance_ = column_moments(self._predict_others(X), weight)[1] ** 2
        off = y[:, self._of_beat] - self._beat(X)
        self.beat_error_ = fit_deviations(off, weight, self.n_beat_mixtures)
        spread = column_moments(y, weight)[1]
        self.unconditional_, _ = fit_unconditional(
            y,
            weight,
            y[:0],
            None,
            spread=np.where(spread > 1e-9, spread, 1.0),
            n_mixtures=self.n_beat_mixtures,
            min_scale=MIN_SCALE,
        )

    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted codes, with tempo and beat of the dance.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.

        Returns
        -------
        code : ndarray of shape (n_rows, n_targets)
            Codes.
        """
        X = self._check(X)
        if self.beat_columns is None:
            return self.regressor_.predict(X)
        return self._join(self._stretch(self._predict_others(X), temperature=0.0), self._beat(X))

    @available_if(has_density)
    def predict_dist(self, X: Any) -> GaussianMixtures:
        """Return the predicted density of the code of each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.

        Returns
        -------
        GaussianMixtures
            One mixture per row, with each pair of a component of the other numbers and one of the
            beat, and the components of `unconditional_` if these have a weight.
        """
        X = self._check(X)
        rest = self.regressor_.predict_dist(X)
        if self.beat_columns is None:
            return rest
        beat = self._beat_dist(X)
        n, k, m = len(X), rest.n_components, beat.n_components
        shape = (n, k, m, rest.n_dimensions + 3)
        mean, scale = np.empty(shape), np.empty(shape)
        mean[..., self._others] = rest.means[:, :, None]
        scale[..., self._others] = rest.scales[:, :, None]
        mean[..., self._of_beat] = beat.means[:, None]
        scale[..., self._of_beat] = beat.scales[:, None]
        factors = None
        if rest.factors is not None:
            factors = np.zeros((*shape, rest.rank))
            factors[..., self._others, :] = rest.factors[:, :, None]
            factors = factors.reshape(n, k * m, -1, rest.rank)
        weight = (rest.weights[:, :, None] * beat.weights[:, None]).reshape(n, -1)
        density = GaussianMixtures(
            weight, mean.reshape(n, k * m, -1), scale.reshape(n, k * m, -1), factors
        )
        if not self.unconditional_weight:
            return density
        return density.mixed_with(self.unconditional_, self.unconditional_weight)

    @available_if(has_density)
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
        X : array-like of shape (n_rows, n_features)
            Features.
        n_samples : int, default=1
            Samples per row.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same samples on each call.
        temperature : float, default=1.0
            1 samples the density. At 0 a sample is the prediction, with the most likely deviation
            of the beat.

        Returns
        -------
        ndarray of shape (n_rows, n_targets, n_samples)
            As :meth:`sklearn.gaussian_process.GaussianProcessRegressor.sample_y`.
        """
        X = self._check(X)
        if self.beat_columns is None:
            draws = self.predict_dist(X).sample(n_samples, random_state, temperature)
            return draws[:, 0] if getattr(self.regressor_, "_y_ndim", 2) == 1 else draws
        rng = check_random_state(random_state)
        beat = self._beat_dist(X).sample(n_samples, rng, temperature)
        rest = self.regressor_.predict_dist(X)
        sampled, mean = np.swapaxes(rest.sample(n_samples, rng), 1, 2), rest.mean[:, None]
        others = self._stretch(mean + np.sqrt(temperature) * (sampled - mean), temperature)
        code = np.swapaxes(self._join(others, np.swapaxes(beat, 1, 2)), 1, 2)
        share = _tempered_share(self.unconditional_weight, temperature)
        if share < _SMALLEST_SHARE:
            return code
        of_any = self.unconditional_[np.zeros(len(X), int)].sample(n_samples, rng, temperature)
        return np.where(rng.random_sample((len(X), 1, n_samples)) < share, of_any, code)

    def _predict_others(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.regressor_.predict(X), dtype=float).reshape(len(X), -1)

    def _join(self, others: np.ndarray, beat: np.ndarray) -> np.ndarray:
        """Return codes (..., n_targets) from the beat and the other numbers."""
        code = np.empty((*others.shape[:-1], others.shape[-1] + 3))
        code[..., self._others], code[..., self._of_beat] = others, beat
        return code

    def _stretch(self, others: np.ndarray, temperature: float) -> np.ndarray:
        """Scale codes (..., n_targets - 3), sampled at a temperature, to the training variance."""
        if not self.restore_variance:
            return others
        whole, explained = self.code_variance_, self.explained_variance_
        # At temperatures above 1 samples vary more than the training codes, as requested.
        sampled = explained + min(temperature, 1.0) * np.maximum(whole - explained, 0.0)
        ratio = np.divide(whole, sampled, out=np.ones_like(whole), where=sampled > 0)
        factor = np.clip(np.sqrt(ratio), 1.0, _LARGEST_FACTOR)
        return self.mean_code_ + (others - self.mean_code_) * factor

    def _beat_dist(self, X: np.ndarray) -> GaussianMixtures:
        """Return the density of the beat, one mixture per row."""
        weights, means, scales = self.beat_error_
        return GaussianMixtures(
            np.tile(weights, (len(X), 1)),
            self._beat(X)[:, None] + means,
            np.tile(scales, (len(X), 1, 1)),
        )

    def _beat(self, X: np.ndarray) -> np.ndarray:
        """Return log2 of the tempo, cosine and sine of the dances, (n_rows, 3)."""
        # Models of earlier versions have column numbers.
        places: Any = getattr(self, "beat_columns_", self.beat_columns)
        tempo, cosine, sine = (X[:, i].astype(float) for i in places)
        tempo = np.where(tempo > 0, tempo, self._default_tempo)
        return np.stack([np.log2(tempo), cosine, sine], axis=1)

    def _nested(self) -> Any:
        """Return the regressor, or by default a mixture density network."""
        if self.regressor is not None:
            return self.regressor
        from .mdn import MDNRegressor

        return MDNRegressor()


def _tempered_share(weight: float, temperature: float) -> float:
    """Return the weight of one of two components at a temperature."""
    if not weight or not temperature:
        return 0.0
    # The ratio of the other weight to this one, without overflow.
    ratio = np.exp(min((np.log1p(-weight) - np.log(weight)) / temperature, 700.0))
    return float(1 / (1 + ratio))
