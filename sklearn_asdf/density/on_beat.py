"""OnBeatRegressor: a density of codes of music whose beat is the dance's."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.metadata_routing import (
    UNUSED,
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from .._metadata import accepted, routing_enabled
from .._validation import (
    HasMethods,
    Integral,
    Interval,
    check_sample_weight,
    find_column,
    raise_all,
    validate_parameters,
)
from .em import fit_mixture
from .likelihood import DensityMixin
from .mdn_steps import column_moments, reference_mixture
from .mixtures import GaussianMixtures

__all__ = ["OnBeatRegressor"]

_MIN_SCALE = 0.01
# Share of dances whose beat has nothing to do with the music's, and how far off that is.
_UNRELATED = 0.05
_UNRELATED_SCALES = (0.5, 1.0, 1.0)
# BPM; beyond, a column holds something else, or was scaled.
_SLOWEST, _FASTEST = 20.0, 600.0
# More than this, and what was told for certain drowns in what was hardly told.
_MOST_STRETCH = 2.0


# The one parameter of the density that has a name here, for searches over any preset.
_SHORT, _NESTED = "n_mixtures", "regressor__n_mixtures"


def _has_density(self: OnBeatRegressor) -> bool:
    """Whether the regressor inside, fitted or not, is a density; the default one is."""
    regressor = getattr(self, "regressor_", None) or self.regressor
    return regressor is None or hasattr(regressor, "predict_dist")


class OnBeatRegressor(DensityMixin, RegressorMixin, MetaEstimatorMixin, BaseEstimator):
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
    beat_columns : tuple of three str or three int, default=None
        Columns of `X` with the dance's tempo in BPM, and cosine and sine of its beat's phase times
        its strength, as group "beat" of :class:`LMAFeaturizer` gives them, not scaled. Names find
        the columns of a DataFrame wherever they stand, behind a prefix such as ``union__`` too;
        see the notes. Numbers are places. None leaves all to `regressor`.
    code_columns : tuple of three int, default=(-3, -2, -1)
        Columns of `y` with log2 of the tempo in beats a minute, and cosine and sine of the phase,
        as :class:`UnitEncoder` gives them.
    n_beat_mixtures : int, default=3
        Gaussians in the density of how far off the beat is: one for beats that agree, others for
        octaves and for dances that tell nothing.
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
    beat_columns_ : ndarray of int of shape (3,)
        Places of `beat_columns` in `X`.
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

    Arrays have no names: in a pipeline, ``set_output(transform="pandas")`` (or ``"polars"``) on the
    featurizer and whatever stands between it and this regressor makes the table have them.
    :func:`make_dance_pipeline` does so.

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
    >>> model.set_params(n_mixtures=3).regressor.n_mixtures
    3
    """

    _parameter_constraints = {
        "regressor": [HasMethods(["fit", "predict"]), None],
        "beat_columns": ["array-like", None],
        "code_columns": ["array-like"],
        "n_beat_mixtures": [Interval(Integral, 1, None, closed="left")],
        "restore_variance": ["boolean"],
    }

    def __init__(
        self,
        regressor=None,
        *,
        beat_columns=None,
        code_columns=(-3, -2, -1),
        n_beat_mixtures=3,
        restore_variance=False,
    ):
        self.regressor = regressor
        self.beat_columns = beat_columns
        self.code_columns = code_columns
        self.n_beat_mixtures = n_beat_mixtures
        self.restore_variance = restore_variance

    def get_params(self, deep=True):
        """Return the parameters, with `n_mixtures` for `regressor__n_mixtures`.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the parameters of `regressor` too, and with them `n_mixtures`.

        Returns
        -------
        params : dict
            Names and values.
        """
        params = super().get_params(deep=deep)
        if _NESTED in params:
            params[_SHORT] = params[_NESTED]
        return params

    def set_params(self, **params):
        """Set parameters; `n_mixtures` is a short name of `regressor__n_mixtures`.

        So a search has one name for the number of Gaussians of whatever density there is.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self : OnBeatRegressor
            This estimator.
        """
        if _SHORT in params and hasattr(params.get("regressor", self.regressor), _SHORT):
            short = params.pop(_SHORT)
            if params.setdefault(_NESTED, short) != short:
                raise ValueError(
                    f"expected one value of {_SHORT} and {_NESTED}, which are the same parameter, "
                    f"got {short!r} and {params[_NESTED]!r}: pass one of them"
                )
        return super().set_params(**params)

    # `groups` are the regressor's alone, as it requests them.
    __metadata_request__fit = {"groups": UNUSED}

    def fit(self, X, y, sample_weight=None, *, groups=None):
        """Learn the density of the other numbers, and how far off the beat may be.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        y : array-like of shape (n_rows, n_targets)
            Codes.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight of each row, here and in `regressor`: 2 counts as the same row twice and 0 as no
            row. With metadata routing each of the two may request weights or not.
        groups : array-like of shape (n_rows,), default=None
            What each row belongs to, for a regressor that takes groups.

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
            self.beat_columns_ = self._find_columns(X, y)
        regressor = clone(self._default_regressor() if self.regressor is None else self.regressor)
        weight, params = self._metadata(regressor, sample_weight, groups, len(X))
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

    def _metadata(
        self, regressor: Any, sample_weight: Any, groups: Any, n_rows: int
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Weights of the rows for this estimator's own moments, and what the regressor gets."""
        weight = check_sample_weight(sample_weight, n_rows)
        given = {"sample_weight": weight, "groups": groups}
        given = {name: value for name, value in given.items() if value is not None}
        if routing_enabled():
            params = dict(process_routing(self, "fit", **given).regressor.fit) if given else {}
            if super().get_metadata_routing().fit.requests.get("sample_weight") is False:
                weight = None
        else:
            # Weights that the regressor does not take are its own error; groups are an offer.
            params = {name: v for name, v in given.items() if name == "sample_weight"}
            params |= accepted(regressor, {k: v for k, v in given.items() if k == "groups"})
        return np.ones(n_rows) if weight is None else weight, params

    def get_metadata_routing(self):
        """Return which metadata this estimator and its regressor requested.

        Returns
        -------
        routing : MetadataRouter
            The routing of `fit`.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(
            regressor=self._default_regressor() if self.regressor is None else self.regressor,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )

    def _learn_beat(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> None:
        """Moments of the codes, and the density of what their beat is off the dance's."""
        tempo = X[:, self.beat_columns_[0]]
        known = tempo > 0
        self._usual_tempo = _median(tempo[known], weight[known]) if known.any() else 100.0
        others = y[:, self._others]
        self.mean_code_, deviation = column_moments(others, weight)
        self.code_variance_ = deviation**2
        self.told_variance_ = column_moments(self._predict_others(X), weight)[1] ** 2
        off = y[:, self._of_beat] - self._beat(X)
        spread = np.maximum(column_moments(off, weight)[1], 1e-6)
        weights, means, scales = fit_mixture(
            off / spread, self.n_beat_mixtures, sample_weight=weight, min_scale=_MIN_SCALE
        )
        # However well the training dances told it, a new one may tell nothing.
        self.beat_error_ = (
            np.append(weights * (1 - _UNRELATED), _UNRELATED),
            np.vstack([means * spread, np.zeros(3)]),
            np.vstack([scales * spread, _UNRELATED_SCALES]),
        )
        spread = column_moments(y, weight)[1]
        self.unconditional_, _ = reference_mixture(
            y,
            weight,
            y[:0],
            None,
            spread=np.where(spread > 1e-9, spread, 1.0),
            n_mixtures=self.n_beat_mixtures,
            min_scale=_MIN_SCALE,
        )

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
        # A model of an earlier version was given places.
        places = getattr(self, "beat_columns_", self.beat_columns)
        tempo, cosine, sine = (X[:, i].astype(float) for i in places)
        tempo = np.where(tempo > 0, tempo, self._usual_tempo)
        return np.stack([np.log2(tempo), cosine, sine], axis=1)

    def _find_columns(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the places of the beat in `X`, or say all that is wrong with them and with `y`."""
        beat, problems = self._beat_places(X.shape[1])
        width = y.shape[1] if y.ndim == 2 else 1
        _, more = _three_places(self.code_columns, width, name="code_columns", of="y")
        problems += more
        if width < 4:
            problems.append(
                f"expected codes of more than the three numbers of the beat, got {width}"
            )
        if not len(problems):
            tempo, cosine, sine = X[:, beat].T
            size, told = np.hypot(cosine, sine).max(), tempo[tempo != 0]
            low, high = (told.min(), told.max()) if len(told) else (0.0, 0.0)
            if (len(told) and not _SLOWEST <= low <= high <= _FASTEST) or size > 1 + 1e-3:
                problems.append(
                    f"expected tempi of {_SLOWEST:g} to {_FASTEST:g} BPM, or 0, and cosines and "
                    f"sines of at most 1 in the beat_columns, got tempi from {low:g} to {high:g} "
                    f"and sizes up to {size:g}: pass the features without scaling them"
                )
        raise_all(problems)
        return beat

    def _beat_places(self, width: int) -> tuple[np.ndarray, list[str]]:
        """Return the places of `beat_columns` among so many columns, and what is wrong."""
        columns = self.beat_columns
        named = [column for column in columns if isinstance(column, str)]
        if not named:
            return _three_places(columns, width, name="beat_columns", of="X")
        if len(named) != 3 or len(columns) != 3:
            return np.zeros(0, int), [
                f"expected beat_columns as three column names or three numbers, got {columns!r}"
            ]
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            return np.zeros(0, int), [
                f"expected a table with named columns, to find the beat_columns "
                f"{', '.join(map(repr, named))}, got an array of {width} columns: call "
                "set_output(transform='pandas') on the pipeline, or give column numbers"
            ]
        found = [find_column(column, names) for column in named]
        places = [place for place, _ in found if place is not None]
        return np.array(places, int), [problem for _, problem in found if problem]

    def _check(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return validate_data(self, X, reset=False, ensure_all_finite=self._finite())

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


def _three_places(columns: Any, width: int, *, name: str, of: str) -> tuple[np.ndarray, list[str]]:
    """Return three column numbers as an array, and what is wrong with them."""
    places = np.asarray(columns)
    if places.shape != (3,) or places.dtype.kind not in "iu":
        return places, [f"expected {name} as three column numbers, got {columns!r}"]
    if places.min() < -width or places.max() >= width or len(set(places % width)) < 3:
        return places, [
            f"expected {name} as three columns of {of}, which has {width}, got {columns!r}"
        ]
    return places, []


def _median(values: np.ndarray, weight: np.ndarray) -> float:
    """Median of values, each as often as its weight says."""
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weight[order])
    middle = [np.searchsorted(mass, mass[-1] / 2, side=side) for side in ("left", "right")]
    return float(values[order][np.minimum(middle, len(values) - 1)].mean())
