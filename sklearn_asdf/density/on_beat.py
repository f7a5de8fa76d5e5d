"""OnBeatRegressor: a density of codes of music whose beat is the dance's."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from .._validation import HasMethods, Integral, Interval, raise_all, validate_parameters
from .em import fit_mixture
from .mdn_steps import mean_log_prob, reference_mixture
from .mixtures import GaussianMixtures

__all__ = ["OnBeatRegressor"]

_MIN_SCALE = 0.01
# Share of dances whose beat has nothing to do with the music's, and how far off that is.
_UNRELATED = 0.05
_UNRELATED_SCALES = (0.5, 1.0, 1.0)
# More than this, and what was told for certain drowns in what was hardly told.
_MOST_STRETCH = 2.0


def _has_density(self: OnBeatRegressor) -> bool:
    """Whether the regressor inside, fitted or not, is a density; the default one is."""
    regressor = getattr(self, "regressor_", None) or self.regressor
    return regressor is None or hasattr(regressor, "predict_dist")


class OnBeatRegressor(RegressorMixin, MetaEstimatorMixin, BaseEstimator):
    r"""Take tempo and beat of the music over from the dance, and leave the rest to a density.

    Where a dance tells the tempo, it mostly tells it exactly, and else it is far off, by an octave
    for example. A map that makes squared errors small mixes both and misses either, and a tempo
    that is off by 3 % is off the beat after a few of them. So tempo and beat are an offset, as in
    generalised linear models: they are taken as they are, and what is learned is how far off the
    music may be.

    Parameters
    ----------
    regressor : estimator, default=None
        Density of the other numbers of the code: a regressor with `predict_dist`. None means
        :class:`MDNRegressor` with its defaults.
    beat_columns : tuple of three int, default=None
        Columns of `X` with the dance's tempo in beats a minute, and cosine and sine of its beat's
        phase times its strength, as group "beat" of :class:`LMAFeaturizer` gives them, not scaled.
        None leaves all to `regressor`.
    code_columns : tuple of three int, default=(-3, -2, -1)
        Columns of `y` with log2 of the tempo in beats a minute, and cosine and sine of the phase,
        as :class:`UnitEncoder` gives them.
    n_beat_mixtures : int, default=3
        Gaussians in the density of how far off the beat is: one for beats that agree, others for
        octaves and for dances that tell nothing.
    n_mixtures : int, default=None
        Gaussians of `regressor`, so that a search over them has one name for whatever density there
        is. None leaves the regressor's own number.
    restore_variance : bool, default=False
        Whether predictions, and draws at temperatures below 1, are stretched about the mean code
        until they vary as the training codes do; see the notes. Without `beat_columns` there is
        nothing to restore, and all is as `regressor` has it.

    Attributes
    ----------
    regressor_ : estimator
        The fitted density of the other numbers.
    unconditional_ : GaussianMixtures
        A mixture of one row, fitted to the same codes without input.
    beat_error_ : tuple of ndarray
        Weights (K,), means (K, 3) and scales (K, 3) of the code's beat less the dance's, K being
        `n_beat_mixtures` and one more; see the notes. This and what follows to `told_variance_`
        only with `beat_columns`.
    mean_code_ : ndarray of shape (n_targets - 3,)
        Means of the other numbers over the training codes.
    code_variance_ : ndarray of shape (n_targets - 3,)
        Their variances.
    told_variance_ : ndarray of shape (n_targets - 3,)
        Variances of the density's means over the training dances: what a dance tells of them.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of columns, where `X` had names.

    See Also
    --------
    DanceBeatTracker : Tells the beat of dances.
    MDNRegressor : The density of the other numbers.

    Notes
    -----
    With :math:`b(x)` the dance's log2 tempo and the cosine and sine of its beat, the density of a
    code :math:`(u, v)` whose beat is :math:`v` is

    .. math:: p(u, v \mid x) = p(u \mid x) \sum_k w_k \mathcal N(v - b(x); \mu_k, \sigma_k^2).

    The last of the Gaussians in the sum is not learned: with a weight of 0.05 the beats have
    nothing to do with each other, and are half an octave apart. Without it, one dance that is
    misunderstood would outweigh all others in the likelihood.

    `predict` is the mean of the first, as it is or stretched, and :math:`b(x)` itself: the dance's
    beat, not the mean of beats that agree with it and of those that do not. Where a dance has no
    beat (tempo 0), the median tempo of the training dances is taken.

    At temperature T a draw is :math:`\bar u + \sqrt T (u - \bar u)`, u being drawn from the first
    density and :math:`\bar u` its mean, so that T leads from the prediction to the density; the
    error of the beat is drawn from its mixture at that temperature, since the mean of two tempi is
    neither.

    Means of densities vary less than what they are of: all predicted music would be middling. With
    `restore_variance` a draw (T = 0: a prediction) is stretched about the mean training code, each
    number by :math:`(s^2 / (m^2 + \min(T, 1) (s^2 - m^2)))^{1/2}`, but at most twofold, where
    :math:`s^2` is the variance of the training codes and :math:`m^2` that of the means. This is the
    global variance of speech synthesis [3]_; it leaves the density, its scores and draws at 1 as
    they are, and costs predictions some squared error.

    References
    ----------
    .. [1] P. McCullagh and J. A. Nelder, "Generalized linear models", 2nd ed., Chapman and Hall,
       1989 (offsets).
    .. [2] C. M. Bishop, "Mixture density networks", report NCRG/94/004, Aston University, 1994.
    .. [3] T. Toda and K. Tokuda, "A speech parameter generation algorithm considering global
       variance for HMM-based speech synthesis", IEICE Transactions on Information and Systems
       E90-D(5), 2007.

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
    """

    _parameter_constraints = {
        "regressor": [HasMethods(["fit", "predict"]), None],
        "beat_columns": ["array-like", None],
        "code_columns": ["array-like"],
        "n_beat_mixtures": [Interval(Integral, 1, None, closed="left")],
        "n_mixtures": [Interval(Integral, 1, None, closed="left"), None],
        "restore_variance": ["boolean"],
    }

    def __init__(
        self,
        regressor=None,
        *,
        beat_columns=None,
        code_columns=(-3, -2, -1),
        n_beat_mixtures=3,
        n_mixtures=None,
        restore_variance=False,
    ):
        self.regressor = regressor
        self.beat_columns = beat_columns
        self.code_columns = code_columns
        self.n_beat_mixtures = n_beat_mixtures
        self.n_mixtures = n_mixtures
        self.restore_variance = restore_variance

    def fit(self, X, y, groups=None):
        """Learn the density of the other numbers, and how far off the beat may be.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        y : array-like of shape (n_rows, n_targets)
            Codes.
        groups : array-like of shape (n_rows,), default=None
            What each row belongs to, for the regressor.

        Returns
        -------
        OnBeatRegressor
            Itself.
        """
        validate_parameters(self)
        X, y = validate_data(
            self, X, y, multi_output=True, y_numeric=True, ensure_all_finite=self._finite()
        )
        if self.beat_columns is not None:
            self._check_columns(X, y)
        regressor = clone(self._default_regressor() if self.regressor is None else self.regressor)
        if self.n_mixtures is not None:
            regressor.set_params(n_mixtures=self.n_mixtures)
        takes = groups is not None and has_fit_parameter(regressor, "groups")
        params = {"groups": groups} if takes else {}
        if self.beat_columns is None:
            self.regressor_ = regressor.fit(X, y, **params)
            return self
        y = np.asarray(y, dtype=float)
        n_targets = y.shape[1]
        self._of_beat = np.asarray(self.code_columns) % n_targets
        self._others = np.setdiff1d(np.arange(n_targets), self._of_beat)
        tempo = X[:, self.beat_columns[0]]
        self._usual_tempo = float(np.median(tempo[tempo > 0])) if (tempo > 0).any() else 100.0
        self.regressor_ = regressor.fit(X, y[:, self._others], **params)
        self.mean_code_ = y[:, self._others].mean(axis=0)
        self.code_variance_ = y[:, self._others].var(axis=0)
        self.told_variance_ = self._predict_others(X).var(axis=0)
        off = y[:, self._of_beat] - self._beat(X)
        spread = np.maximum(off.std(axis=0), 1e-6)
        n_mixtures = min(self.n_beat_mixtures, len(y))
        weights, means, scales = fit_mixture(off / spread, n_mixtures, min_scale=_MIN_SCALE)
        # However well the training dances told it, a new one may tell nothing.
        self.beat_error_ = (
            np.append(weights * (1 - _UNRELATED), _UNRELATED),
            np.vstack([means * spread, np.zeros(3)]),
            np.vstack([scales * spread, _UNRELATED_SCALES]),
        )
        spread = y.std(axis=0)
        self.unconditional_, _ = reference_mixture(
            y,
            None,
            y[:0],
            None,
            spread=np.where(spread > 1e-9, spread, 1.0),
            n_mixtures=n_mixtures,
            min_scale=_MIN_SCALE,
        )
        return self

    def predict(self, X):
        """Return the mean of the density, and the dance's own tempo and beat.

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

    @available_if(_has_density)
    def predict_dist(self, X):
        """Return the density of each row's code.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.

        Returns
        -------
        GaussianMixtures
            One mixture a row; each component of the other numbers with each of the beat.
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
        return GaussianMixtures(
            weight, mean.reshape(n, k * m, -1), scale.reshape(n, k * m, -1), factors
        )

    @available_if(_has_density)
    def sample_y(self, X, n_samples=1, random_state=None, temperature=1.0):
        """Draw codes.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        n_samples : int, default=1
            Draws a row.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same draws on each call.
        temperature : float, default=1.0
            1 draws from the density; towards 0 draws are the prediction, with the beat off the
            dance's as it most likely is.

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
        drawn, mean = np.swapaxes(rest.sample(n_samples, rng), 1, 2), rest.mean[:, None]
        others = self._stretch(mean + np.sqrt(temperature) * (drawn - mean), temperature)
        return np.swapaxes(self._join(others, np.swapaxes(beat, 1, 2)), 1, 2)

    @available_if(_has_density)
    def score_samples(self, X, y=None):
        """Return the log-likelihood of each row's code.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        y : array-like of shape (n_rows, n_targets), default=None
            Codes. None means each row's mean: how sharp its density is there.

        Returns
        -------
        ndarray of shape (n_rows,)
            In nats, of all dimensions together.
        """
        density = self.predict_dist(X)
        return density.log_prob(density.mean if y is None else self._targets(y))

    def score(self, X, y):
        """Return the mean log-likelihood per number of the code.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        y : array-like of shape (n_rows, n_targets)
            Codes.

        Returns
        -------
        float
            In nats, in the unit of the codes; more is better. Where the regressor is no density,
            its own score, or else the coefficient of determination.
        """
        if self.beat_columns is not None and not _has_density(self):
            return super().score(X, y)
        if self.beat_columns is None:
            return self.regressor_.score(self._check(X), y)
        return mean_log_prob(self.predict_dist(X), self._targets(y))

    @available_if(_has_density)
    def gain(self, X, y):
        """Return what the features add: the score less that of a mixture without input.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        y : array-like of shape (n_rows, n_targets)
            Codes.

        Returns
        -------
        float
            In nats per number of the code.
        """
        if self.beat_columns is None:
            return self.regressor_.gain(self._check(X), y)
        return self.score(X, y) - mean_log_prob(self.unconditional_, self._targets(y))

    def _predict_others(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.regressor_.predict(X), dtype=float).reshape(len(X), -1)

    def _join(self, others: np.ndarray, beat: np.ndarray) -> np.ndarray:
        """Codes (..., n_targets) of their two parts."""
        code = np.empty((*others.shape[:-1], others.shape[-1] + 3))
        code[..., self._others], code[..., self._of_beat] = others, beat
        return code

    def _stretch(self, others: np.ndarray, temperature: float) -> np.ndarray:
        """Bring codes (..., n_targets - 3), drawn at a temperature, to the training variance."""
        if not self.restore_variance:
            return others
        whole, told = self.code_variance_, self.told_variance_
        # Above 1, draws are wilder than the training codes because they were asked to be.
        left = told + min(temperature, 1.0) * np.maximum(whole - told, 0.0)
        ratio = np.divide(whole, left, out=np.ones_like(whole), where=left > 0)
        factor = np.clip(np.sqrt(ratio), 1.0, _MOST_STRETCH)
        return self.mean_code_ + (others - self.mean_code_) * factor

    def _beat_dist(self, X: np.ndarray) -> GaussianMixtures:
        """Density of the code's beat, one mixture a row."""
        weights, means, scales = self.beat_error_
        return GaussianMixtures(
            np.tile(weights, (len(X), 1)),
            self._beat(X)[:, None] + means,
            np.tile(scales, (len(X), 1, 1)),
        )

    def _beat(self, X: np.ndarray) -> np.ndarray:
        """log2 of the tempo, cosine and sine of the dances, (n_rows, 3)."""
        tempo, cosine, sine = (X[:, i].astype(float) for i in self.beat_columns)
        tempo = np.where(tempo > 0, tempo, self._usual_tempo)
        return np.stack([np.log2(tempo), cosine, sine], axis=1)

    def _check_columns(self, X: np.ndarray, y: np.ndarray) -> None:
        problems = []
        for name, columns, table, what in (
            ("beat_columns", self.beat_columns, X, "X"),
            ("code_columns", self.code_columns, y, "y"),
        ):
            width = table.shape[1] if table.ndim == 2 else 1
            places = np.asarray(columns)
            if places.shape != (3,) or places.dtype.kind not in "iu":
                problems.append(f"expected {name} as three column numbers, got {columns!r}")
            elif places.min() < -width or places.max() >= width or len(set(places % width)) < 3:
                problems.append(
                    f"expected {name} as three columns of {what}, which has {width}, "
                    f"got {columns!r}"
                )
            elif what == "X":
                tempo, cosine, sine = X[:, places].T
                if tempo.min() < 0 or (np.hypot(cosine, sine) > 1 + 1e-3).any():
                    problems.append(
                        "expected tempi of zero or more, and cosines and sines of at most 1 in "
                        f"the beat_columns, got tempi from {tempo.min():g} and sizes up to "
                        f"{np.hypot(cosine, sine).max():g}: pass the features without scaling them"
                    )
            elif width < 4:
                problems.append(
                    f"expected codes of more than the three numbers of the beat, got {width}"
                )
        raise_all(problems)

    def _check(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return validate_data(self, X, reset=False, ensure_all_finite=self._finite())

    def _targets(self, y: Any) -> np.ndarray:
        y = np.asarray(y, dtype=float)
        return y.reshape(len(y), -1)

    def _finite(self) -> bool | str:
        if self.regressor is None or not get_tags(self.regressor).input_tags.allow_nan:
            return True
        return "allow-nan"

    @staticmethod
    def _default_regressor() -> Any:
        from .mdn import MDNRegressor

        return MDNRegressor()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        if self.regressor is not None:
            tags.input_tags.allow_nan = get_tags(self.regressor).input_tags.allow_nan
        return tags
