"""StepRegressor: codes with a time axis, each step predicted from the dance around it."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from .._validation import HasMethods, Integral, Interval, Real, validate_parameters
from ..functional.rests import find_rests, median_without_rests
from .density_mixin import DensityMixin
from .mixtures import GaussianMixtures
from .nested_regressor import NestedRegressorMixin, has_density
from .step_columns import column_of_step, columns_of_clips, columns_of_steps
from .step_courses import fit_courses, fit_offsets, predict_courses, some_clips
from .step_density import fit_densities, join_density

__all__ = ["StepRegressor"]

# A step is still below this share of the median speed of all steps: with a tracker's noise of 1 cm,
# a person who stands has .2 of the speed of ballroom dances. And the share for the last step, where
# one step is enough.
_STILL, _STILL_AT_LAST = 0.22, 0.18


class StepRegressor(
    NestedRegressorMixin, DensityMixin, RegressorMixin, MetaEstimatorMixin, BaseEstimator
):
    r"""Regressor of codes with a time axis: each step from the dance around it.

    Music swells where the dance does, whatever its mean level is. `step_regressor` therefore learns
    the course of a code from the features of each step and its neighbors, one model per channel for
    all steps. A linear model predicts the offset of each clip from its course, and `regressor` the
    other numbers of the code from the other features.

    Parameters
    ----------
    regressor : estimator, default=None
        Regressor of the other numbers of the code, with `predict_dist` for a density. It gets the
        columns that describe whole clips: those of steps are left out, and those of windows that
        steps repeat. None means that there are none: all numbers are channels of steps.
    step_regressor : estimator, default=None
        Regressor of one channel. None means gradient boosting of 120 trees with 8 leaves, each
        learned from a fifth of the columns.
    n_channels : int, default=None
        Number of channels: the first ``n_steps * n_channels`` columns of `y` are the code of the
        steps, one step after the other. None means that all columns are.
    n_steps : int, default=None
        Number of steps into which all columns of `X` are folded, one step after the other. None
        finds the columns of the steps by their names, ``step0_weight, ..., step1_weight, ...``;
        `X` is then a DataFrame. Without such names there is one step with all columns.
    n_context : int, default=4
        Number of steps before and after a step from which its code is predicted.
    restore_variance : bool, default=False
        Whether predicted courses, and samples at temperatures below 1, are scaled about the median
        of each clip to the variance within the performances of the training set, at most twofold.
    rest_feature : str or None, default=None
        Name of the feature of the steps whose low values are rests of the dancer, such as
        ``"speed"`` for the columns ``step0_speed, step1_speed, ...``. None leaves rests to what was
        learned: without rests in the training set, predictions then hardly change where a dancer
        stands still.
    latest_rest_feature : str or None, default=None
        Name of another feature, such as ``"pose_speed"``, whose low values in the last step of a
        clip are a rest, too: live, a stop is known by it while smoothed speeds still fall. A piece
        has each step from clips that go on after it.
    rest_value : float, default=-70.0
        Largest value of the first channel that is predicted in rests; the level in dB of silence
        for codes of :class:`UnitEncoder`.
    n_folds : int, default=3
        Number of folds of groups by which the residuals of the courses are estimated.
    random_state : int, RandomState instance or None, default=None
        Seed of the default `step_regressor`. Pass an int for reproducible output across calls.

    Attributes
    ----------
    regressor_ : estimator or None
        The fitted regressor of the other numbers.
    offset_coef_ : ndarray of shape (n_columns + 1, n_channels) or None
        Coefficients of the offsets in the medians of the features; the last row is the intercept.
    step_regressors_ : list of estimator
        The fitted regressors of the channels.
    step_columns_ : ndarray of int of shape (n_steps, n_columns)
        Places in `X` of the columns of each step.
    n_steps_, n_channels_ : int
        Steps of a clip, and channels of a step.
    rest_threshold_, latest_rest_threshold_ : float or None
        Values of `rest_feature` and `latest_rest_feature` below which a step is still: .22 and .18
        of their medians in training.
    factor_ : ndarray of shape (n_channels,)
        Factors by which `restore_variance` scales the courses.
    unconditional_ : GaussianMixtures
        Density of one row, fitted to the same codes without features.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of columns, where `X` had names.

    See Also
    --------
    LMAFeaturizer : Describes the steps of clips (`step_duration`).
    UnitEncoder : Encodes the steps of music (`step_duration`).
    OnBeatRegressor : A regressor of the other numbers.

    Notes
    -----
    The code of channel c at step t of clip i is

    .. math:: y_{itc} = f_c(x_{i,t-k}, \ldots, x_{i,t+k}) + b_{ic} + e_{itc}

    with the features x of the steps, the offset b and a Gaussian residual e, whose covariance over
    the steps is of low rank plus diagonal. :math:`f` is fitted to deviations from the means of
    each group, which are updated once by the means of :math:`y - f`, as in mixed-effects models
    [1]_: what distinguishes performances does not hide what changes within them. Groups are the
    recordings of clips, if `groups` is given, or else the clips. Offsets are predicted by ridge
    regression from the medians of the features over the steps, so that a short rest does not move
    the rest of its clip. Residuals are those for groups outside the training folds. The steps of up
    to 40,000 / `n_steps_` clips, evenly spaced over all of them, are learned from.

    Without a regressor :math:`b = 0` is assumed, and y is not centered.

    With `rest_feature`, predictions and samples rest where the dancer does
    (:func:`~sklearn_asdf.functional.rests.find_rests`), and rests do not count in the medians of a
    clip: what surrounds a rest is as loud as without it. Predictions for clips without rests do not
    depend on `rest_value`, nor does the density.

    References
    ----------
    .. [1] A. Hajjem, F. Bellavance and D. Larocque, "Mixed-effects random forest for clustered
       data", Journal of Statistical Computation and Simulation 84(6), 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_asdf import StepRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(50, 8))
    >>> y = 2 * X + rng.normal(0, 0.1, X.shape)
    >>> model = StepRegressor(step_regressor=Ridge(), n_steps=8, n_context=1).fit(X, y)
    >>> round(model.score(X, y), 2)
    1.0
    """

    _parameter_constraints = {
        "regressor": [HasMethods(["fit", "predict"]), None],
        "step_regressor": [HasMethods(["fit", "predict"]), None],
        "n_channels": [Interval(Integral, 1, None, closed="left"), None],
        "n_steps": [Interval(Integral, 1, None, closed="left"), None],
        "n_context": [Interval(Integral, 0, None, closed="left")],
        "restore_variance": ["boolean"],
        "rest_feature": [str, None],
        "latest_rest_feature": [str, None],
        "rest_value": [Interval(Real, None, None, closed="neither")],
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }
    # `groups` are used here, and passed on as the regressor requests them.
    __metadata_request__fit = {"groups": True}

    def __init__(
        self,
        regressor: Any = None,
        *,
        step_regressor: Any = None,
        n_channels: int | None = None,
        n_steps: int | None = None,
        n_context: int = 4,
        restore_variance: bool = False,
        rest_feature: str | None = None,
        latest_rest_feature: str | None = None,
        rest_value: float = -70.0,
        n_folds: int = 3,
        random_state: Any = None,
    ) -> None:
        self.regressor = regressor
        self.step_regressor = step_regressor
        self.n_channels = n_channels
        self.n_steps = n_steps
        self.n_context = n_context
        self.restore_variance = restore_variance
        self.rest_feature = rest_feature
        self.latest_rest_feature = latest_rest_feature
        self.rest_value = rest_value
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, groups: Any = None) -> Self:
        """Fit the courses, and the regressor of offsets and other numbers.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features.
        y : array-like of shape (n_clips, n_targets)
            Codes.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip, here and in `regressor`: 2 counts as two clips and 0 as none. With
            metadata routing, each of the two may request weights or not.
        groups : array-like of shape (n_clips,), default=None
            Recording of each clip.

        Returns
        -------
        self : StepRegressor
            The fitted regressor.
        """
        validate_parameters(self)
        checked, y = validate_data(
            self, X, y, multi_output=True, y_numeric=True, ensure_all_finite=self._finite()
        )
        self._y_ndim = y.ndim
        y = np.asarray(y, dtype=float).reshape(len(y), -1)
        self._find_steps(y.shape[1])
        weight, groups, params = self._metadata(sample_weight, groups, len(y))
        number = np.arange(len(y)) if groups is None else np.unique(groups, return_inverse=True)[1]
        n_values = self.n_steps_ * self.n_channels_
        # Of a large corpus, clips that overlap less teach as much.
        kept = some_clips(np.flatnonzero(weight > 0), self.n_steps_)
        courses = y[kept, :n_values].reshape(len(kept), self.n_steps_, self.n_channels_)
        self.rest_threshold_ = self.latest_rest_threshold_ = None
        if self.rest_feature is not None:
            of_rest = checked[kept][:, self._rest_columns]
            self.rest_threshold_ = _STILL * float(np.median(of_rest))
        if self.latest_rest_feature is not None:
            of_rest = checked[kept][:, self._latest_columns]
            self.latest_rest_threshold_ = _STILL_AT_LAST * float(np.median(of_rest))
        self.step_regressors_, out_of_fold, self.factor_ = fit_courses(
            self.step_regressor,
            checked[kept][:, self.step_columns_],
            courses,
            weight[kept],
            number[kept],
            about_groups=self.regressor is not None,
            n_context=self.n_context,
            n_folds=self.n_folds,
            seed=check_random_state(self.random_state).randint(np.iinfo(np.int32).max),
        )
        residual = courses - out_of_fold
        self.regressor_: Any = None
        self.offset_coef_: Any = None
        if self.regressor is not None:
            medians = self._medians(checked[kept], self._rests(checked[kept]))
            self._fit_offsets(medians, residual, weight[kept], number[kept])
            rest = self._rest(X, checked)
            self.regressor_ = clone(self.regressor).fit(rest, y[:, n_values:], **params)
        # The density is that of courses as they were learned, not scaled.
        self._residual, self.unconditional_ = fit_densities(
            y[kept],
            courses,
            residual,
            weight[kept],
            None if self.offset_coef_ is None else self._offset_scale,
        )
        return self

    def _find_steps(self, n_targets: int) -> None:
        """Find the columns of the steps, and count steps and channels."""
        n_columns = self.n_features_in_
        self.step_columns_ = columns_of_steps(
            getattr(self, "feature_names_in_", None),
            n_columns,
            self.n_steps,
            required=self.regressor is not None,
        )
        self.n_steps_ = len(self.step_columns_)
        n_channels = self.n_channels
        if n_channels is None or self.regressor is None:
            n_channels = n_targets // self.n_steps_
        if self.n_steps_ * n_channels > n_targets or (
            self.regressor is None and n_targets % self.n_steps_
        ):
            raise ValueError(
                f"expected codes of {self.n_steps_} steps with {n_channels} channels each, got y "
                f"with {n_targets} columns: dance and music need the same step_duration"
            )
        self.n_channels_ = n_channels
        names = getattr(self, "feature_names_in_", None)
        self._others = columns_of_clips(names, n_columns, self.step_columns_)
        if self.rest_feature is not None:
            place = column_of_step(names, self.step_columns_, self.rest_feature)
            self._rest_columns = self.step_columns_[:, place]
        if self.latest_rest_feature is not None:
            place = column_of_step(names, self.step_columns_, self.latest_rest_feature)
            self._latest_columns = self.step_columns_[:, place]

    def _rest(self, X: Any, checked: np.ndarray) -> Any:
        """Return the columns that describe whole clips, or all if there are no such."""
        if not len(self._others):
            return X if hasattr(X, "columns") else checked
        if hasattr(X, "iloc"):
            return X.iloc[:, self._others]
        if hasattr(X, "columns"):
            return X[[X.columns[i] for i in self._others]]
        return checked[:, self._others]

    def _fit_offsets(
        self, medians: np.ndarray, residual: np.ndarray, weight: np.ndarray, number: np.ndarray
    ) -> None:
        """Fit the offsets of clips from the medians of their features."""
        self.offset_coef_, self._offset_scale = fit_offsets(
            medians, residual.mean(axis=1), weight, number, self.n_folds
        )

    def _rests(self, X: np.ndarray) -> np.ndarray:
        """Return which steps are rests, (n_clips, n_steps)."""
        found = np.zeros((len(X), self.n_steps_), bool)
        if self.rest_feature is not None and self.rest_threshold_ is not None:
            found = find_rests(X[:, self._rest_columns], self.rest_threshold_)
        # Models of earlier versions have none.
        latest = getattr(self, "latest_rest_threshold_", None)
        if latest is not None:
            found[:, -1] |= X[:, self._latest_columns[-1]] < latest
        return found

    def _scaled(self, courses: np.ndarray, rests: np.ndarray) -> np.ndarray:
        """Return courses scaled to the variance within performances."""
        # About the median: a clip with a rest has the level of its moving part.
        middle = median_without_rests(courses, rests)[:, None]
        scaled: np.ndarray = middle + self.factor_ * (courses - middle)
        return scaled

    def _medians(self, X: np.ndarray, rests: np.ndarray) -> np.ndarray:
        """Medians of the features over the steps without rests, (n_clips, n_columns)."""
        return median_without_rests(X[:, self.step_columns_], rests)

    def _with_offsets(self, courses: np.ndarray, X: np.ndarray, rests: np.ndarray) -> np.ndarray:
        """Return courses moved by the offsets of their clips."""
        if self.offset_coef_ is None:
            return courses
        # Not scaled: an offset that is hardly predictable would drown the course.
        offsets = self._medians(X, rests) @ self.offset_coef_[:-1] + self.offset_coef_[-1]
        moved: np.ndarray = courses + offsets[:, None]
        return moved

    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted codes.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features.

        Returns
        -------
        code : ndarray of shape (n_clips, n_targets)
            Codes.
        """
        checked = self._check(X)
        rests = self._rests(checked)
        courses = self._predicted(checked, rests, scaled=self.restore_variance)
        courses = self._with_rests(courses, rests).reshape(len(courses), -1)
        if self.regressor_ is None:
            return courses[:, 0] if self._y_ndim == 1 else courses
        rest = np.asarray(self.regressor_.predict(self._rest(X, checked)), dtype=float)
        return np.concatenate([courses, rest.reshape(len(courses), -1)], axis=1)

    @available_if(has_density)
    def predict_dist(self, X: Any) -> GaussianMixtures:
        """Return the predicted density of the code of each clip.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features.

        Returns
        -------
        GaussianMixtures
            One mixture per clip, with covariances of low rank.
        """
        checked = self._check(X)
        rest = None
        if self.regressor_ is not None:
            rest = self.regressor_.predict_dist(self._rest(X, checked))
        courses = self._predicted(checked, self._rests(checked), scaled=False)
        return join_density(courses, *self._residual, rest)

    @available_if(has_density)
    def sample_y(
        self, X: Any, n_samples: int = 1, random_state: Any = None, temperature: float = 1.0
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
            1 samples the density; 0 returns predictions. Standard deviations of the residuals of
            the steps are multiplied by it below 1, and by its root above. Clips are independent
            samples, so with more noise the level of a piece would waver from clip to clip.

        Returns
        -------
        ndarray of shape (n_clips, n_targets, n_samples)
            As :meth:`sklearn.gaussian_process.GaussianProcessRegressor.sample_y`.
        """
        checked = self._check(X)
        rng = check_random_state(random_state)
        rests = self._rests(checked)
        restore = self.restore_variance and temperature < 1
        courses = self._predicted(checked, rests, scaled=restore)
        scale, factors = self._residual
        n = len(courses)
        noise = rng.standard_normal((n_samples, n, len(scale))) * scale
        noise += rng.standard_normal((n_samples, n, factors.shape[1])) @ factors.T
        drawn = courses.reshape(n, -1) + min(temperature, np.sqrt(temperature)) * noise
        drawn = self._with_rests(drawn.reshape(n_samples, *courses.shape), rests)
        drawn = drawn.reshape(n_samples, n, -1)
        codes: np.ndarray = np.moveaxis(drawn, 0, 2)
        if self.regressor_ is not None:
            rest = self.regressor_.sample_y(
                self._rest(X, checked), n_samples, random_state=rng, temperature=temperature
            )
            codes = np.concatenate([codes, rest.reshape(n, -1, n_samples)], axis=1)
        return codes[:, 0] if self._y_ndim == 1 else codes

    def _predicted(self, X: np.ndarray, rests: np.ndarray, *, scaled: bool) -> np.ndarray:
        """Return courses with their offsets, (n_clips, n_steps, n_channels)."""
        steps = X[:, self.step_columns_]
        courses = predict_courses(self.step_regressors_, steps, self.n_context)
        return self._with_offsets(self._scaled(courses, rests) if scaled else courses, X, rests)

    def _with_rests(self, courses: np.ndarray, rests: np.ndarray) -> np.ndarray:
        """Return courses (..., n_clips, n_steps, n_channels) that rest where the dancer does."""
        if rests.any():
            first = courses[..., 0]
            courses[..., 0] = np.where(rests, np.minimum(first, self.rest_value), first)
        return courses
