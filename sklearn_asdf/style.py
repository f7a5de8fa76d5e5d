"""StyleRegressor: one model for each style of dance, chosen by the dance."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.utils import Tags, check_random_state, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from ._metadata import accepted, routing_enabled, rows_of_metadata
from ._validation import HasMethods, StrOptions, raise_all, validate_parameters
from .density.density_mixin import DensityMixin
from .density.mixtures import GaussianMixtures
from .density.step_columns import columns_of_clips, find_step_columns
from .music.clips import AudioClips

__all__ = ["StyleRegressor"]

# Folds over the groups in which the style of held-out rows is predicted.
_N_SPLITS = 5
# A row alone never excludes a style.
_FLOOR = 1e-3


def _regressor_has(name: str) -> Any:
    """Return a check of whether the models of the styles have a method."""

    def check(self: StyleRegressor) -> bool:
        models = getattr(self, "estimators_", None)
        model = models[0] if models else self.regressor
        return hasattr(model, name)

    return check


class StyleRegressor(DensityMixin, RegressorMixin, MetaEstimatorMixin, BaseEstimator):
    """Regressor with one model for each style, and a classifier of the style.

    `fit` fits one clone of `regressor` to the rows of each style, and `classifier` to the styles of
    all rows. `predict` uses the model of the style that the classifier finds, or mixes the models
    by its probabilities.

    Parameters
    ----------
    regressor : estimator
        Regressor that is cloned for each style: an :class:`AudioTargetRegressor`, so that each
        style has its own music, or a regressor of codes within one, so that the styles share an
        encoder.
    classifier : estimator, default=None
        Classifier with `predict_proba`. None means linear discriminant analysis of standardized
        features with shrinkage. It leaves out columns of steps (``step0_weight``), and of windows
        that describe the same: they outnumber the features of whole clips, which tell the style.
    mixing : {"best", "probability"}, default="best"
        `"best"` uses the most probable style. `"probability"` averages predictions, weighted by
        the probabilities, and draws a style for each sample and each composed piece.

    Attributes
    ----------
    classes_ : ndarray of shape (n_styles,)
        The styles.
    estimators_ : list of estimator
        The fitted model of each style, in the order of `classes_`.
    classifier_ : estimator
        The fitted classifier.
    confusion_ : ndarray of shape (n_styles, n_styles) or None
        Number of groups by true and by predicted style, of groups that were held out from the
        classifier. None if some style has fewer than two groups.
    unconditional_ : GaussianMixtures
        The density of the targets without features, if the regressor predicts densities: that of
        each style, weighted by its share of the rows.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if they came in a DataFrame.

    See Also
    --------
    AudioTargetRegressor : Sound from features, by one model.
    LMAFeaturizer : Features that tell styles apart.

    Notes
    -----
    The styles are metadata of `fit`, one label per row. In a pipeline they are passed as
    ``music__style=labels``, or, with metadata routing, as ``style=labels``. Without them all rows
    are of one style.

    The rows of one dance are not independent. `groups` (by default the recordings of
    :class:`AudioClips`) are kept apart where the classifier is evaluated (`confusion_`), and the
    style of a whole dance, in `compose` and in `predict_style` with `groups`, is that of the mean
    log-probability of its rows.

    References
    ----------
    The ASDF-RNN paper, section 7, proposes one network for each style of music.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn_asdf import StyleRegressor
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> style = np.where(X[:, 0] > 0, "waltz", "rumba")
    >>> y = np.where(style == "waltz", X[:, 1], -X[:, 1])
    >>> model = StyleRegressor(LinearRegression()).fit(X, y, style=style)
    >>> model.predict([[2.0, 1.0], [-2.0, 1.0]]).round(2)
    array([ 1., -1.])
    >>> model.predict_style([[2.0, 1.0]])
    array(['waltz'], dtype='<U5')
    """

    # Styles are for this estimator, whatever the models of the styles ask for.
    __metadata_request__fit = {"style": True}

    _parameter_constraints = {
        "regressor": [HasMethods(["fit", "predict"]), None],
        "classifier": [HasMethods(["fit", "predict_proba"]), None],
        "mixing": [StrOptions({"best", "probability"})],
    }

    def __init__(
        self, regressor: Any = None, classifier: Any = None, *, mixing: str = "best"
    ) -> None:
        self.regressor = regressor
        self.classifier = classifier
        self.mixing = mixing

    def fit(
        self,
        X: Any,
        y: Any,
        *,
        style: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        **fit_params: Any,
    ) -> Self:
        """Fit the classifier of styles and the model of each style.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        y : AudioClips or array-like of shape (n_samples, ...)
            Targets of the regressor.
        style : array-like of shape (n_samples,), default=None
            The style of each row, as a name or number. None means one style.
        groups : array-like of shape (n_samples,), default=None
            Rows of one dance, which are kept apart. None means the recordings of
            :class:`AudioClips`, or else each row by itself.
        **fit_params : dict
            Further metadata for the `fit` of the models, such as `sample_weight`.

        Returns
        -------
        self : StyleRegressor
            The fitted model.
        """
        validate_parameters(self)
        if y is None:
            raise ValueError(
                "StyleRegressor requires y to be passed, but the target y is None: pass the targets"
            )
        checked = validate_data(self, X, ensure_all_finite=self._finite())
        X = X if hasattr(X, "columns") else checked
        n = len(checked)
        y = y if isinstance(y, AudioClips) else np.asarray(y)
        labels = np.zeros(n, dtype=int) if style is None else np.asarray(style)
        if groups is None:
            groups = y.groups if isinstance(y, AudioClips) else np.arange(n)
            offered = {"groups": groups} if isinstance(y, AudioClips) else {}
        else:
            groups = np.asarray(groups)
            offered = {"groups": groups}
        self._check_rows(n, y, labels, groups)
        self.classes_ = np.unique(labels)
        regressor = self._default_regressor() if self.regressor is None else self.regressor
        if routing_enabled():
            routed = process_routing(self, "fit", **fit_params)
            params, for_classifier = dict(routed.regressor.fit), dict(routed.classifier.fit)
            params |= accepted(regressor, offered)
        else:
            weights = {k: v for k, v in fit_params.items() if k == "sample_weight"}
            for_classifier = accepted(self._new_classifier(), weights)
            params = accepted(regressor, offered) | fit_params
        self._learn_styles(X, labels, groups, for_classifier)
        self.estimators_ = []
        for one in self.classes_:
            rows = np.flatnonzero(labels == one)
            own = rows_of_metadata(params, rows, n)
            part = X.iloc[rows] if hasattr(X, "iloc") else X[rows]
            self.estimators_.append(clone(regressor).fit(part, _rows(y, rows), **own))
        if all(hasattr(model, "unconditional_") for model in self.estimators_):
            share = [np.mean(labels == one) for one in self.classes_]
            self.unconditional_ = _mixture([m.unconditional_ for m in self.estimators_], [share])
        return self

    def predict_style_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each style for each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_styles)
            In the order of `classes_`.
        """
        X = self._check(X)
        return np.asarray(self.classifier_.predict_proba(X), dtype=float)

    def predict_style(self, X: Any, groups: ArrayLike | None = None) -> np.ndarray:
        """Return the most probable style of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        groups : array-like of shape (n_samples,), default=None
            Rows of one dance, which have one style. None classifies each row by itself.

        Returns
        -------
        style : ndarray of shape (n_samples,)
            Elements of `classes_`.
        """
        probability = self.predict_style_proba(X)
        if groups is not None:
            probability = _pooled(probability, np.asarray(groups))
        return self.classes_[probability.argmax(axis=1)]

    def predict(self, X: Any) -> np.ndarray:
        """Return the prediction of the model of each row's style.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        y : ndarray of shape (n_samples, ...)
            With ``mixing="probability"`` the mean of all models, weighted by the probabilities.
        """
        X = self._check(X)
        probability = self._weights(X)
        total: Any = None
        for model, weight in zip(self.estimators_, probability.T):
            rows = np.flatnonzero(weight > 0)
            if not len(rows):
                continue
            part = np.asarray(model.predict(_rows(X, rows)))
            if total is None:
                total = np.zeros((len(probability), *part.shape[1:]), dtype=part.dtype)
            total[rows] += weight[rows].reshape(-1, *(1,) * (part.ndim - 1)) * part
        return total

    @available_if(_regressor_has("predict_dist"))
    def predict_dist(self, X: Any) -> GaussianMixtures:
        """Return the density of the targets of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        GaussianMixtures
            That of the model of the row's style. With ``mixing="probability"`` the densities of
            all models, weighted by the probabilities.
        """
        X = self._check(X)
        return _mixture([model.predict_dist(X) for model in self.estimators_], self._weights(X))

    @available_if(_regressor_has("sample_y"))
    def sample_y(
        self,
        X: Any,
        n_samples: int = 1,
        random_state: int | np.random.RandomState | None = None,
        **sample_params: Any,
    ) -> np.ndarray:
        """Sample from the density of the model of each row's style.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        n_samples : int, default=1
            Number of samples for each row.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same samples on each call.
        **sample_params : dict
            Passed to the `sample_y` of the models, such as `temperature`.

        Returns
        -------
        samples : ndarray of shape (n_rows, ..., n_samples)
            With ``mixing="probability"`` the style of each sample is drawn by its probability.
        """
        X = self._check(X)
        rng = check_random_state(random_state)
        seeds = rng.randint(2**31 - 1, size=len(self.estimators_))
        edges = self._weights(X).cumsum(axis=1)[:, None, :-1]
        chosen = (rng.random_sample((len(edges), n_samples, 1)) > edges).sum(axis=2)
        out: Any = None
        for i, (model, seed) in enumerate(zip(self.estimators_, seeds)):
            rows = np.flatnonzero((chosen == i).any(axis=1))
            if not len(rows):
                continue
            part = model.sample_y(
                _rows(X, rows), n_samples, random_state=int(seed), **sample_params
            )
            if out is None:
                out = np.zeros((len(chosen), *part.shape[1:]), dtype=part.dtype)
            mine = (chosen[rows] == i).reshape(len(rows), *(1,) * (part.ndim - 2), n_samples)
            out[rows] = np.where(mine, part, out[rows])
        return out

    @available_if(_regressor_has("compose"))
    def compose(self, X: Any, *, random_state: Any = None, **options: Any) -> np.ndarray:
        """Return one piece for the successive clips of one dance, by the model of its style.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of the clips of one dance, in order.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same piece on each call.
        **options : dict
            Passed to the `compose` of the model, such as `hop_duration` and `temperature`.

        Returns
        -------
        audio : ndarray of shape (n_samples,)
            The piece.
        """
        X = self._check(X)
        probability = np.asarray(self.classifier_.predict_proba(X), dtype=float)
        whole = _pooled(probability, np.zeros(len(probability), dtype=int))[0]
        rng = check_random_state(random_state)
        drawn = int((rng.random_sample() > whole.cumsum()[:-1]).sum())
        place = drawn if self.mixing == "probability" else int(whole.argmax())
        seed = int(rng.randint(2**31 - 1))
        return self.estimators_[place].compose(X, random_state=seed, **options)

    @property
    def transformer_(self) -> Any:
        """The audio encoder of the first style, whose clips and rate are those of all."""
        check_is_fitted(self)
        models = self.estimators_
        if not hasattr(models[0], "transformer_"):
            raise AttributeError("the models of the styles have no audio encoder")
        return models[0].transformer_

    def _learn_styles(self, X: Any, labels: Any, groups: Any, params: dict[str, Any]) -> None:
        """Fit the classifier, and predict the styles of groups that it was not fitted to."""
        self.confusion_: np.ndarray | None = None
        classifier = self._new_classifier(X)
        self.classifier_ = clone(classifier).fit(X, labels, **params)
        style_of = {group: labels[groups == group][0] for group in np.unique(groups)}
        counts = [sum(s == one for s in style_of.values()) for one in self.classes_]
        if len(self.classes_) < 2 or min(counts) < 2:
            return
        cv = StratifiedGroupKFold(min(_N_SPLITS, *counts))
        folds = list(cv.split(X, labels, groups))
        if any(len(np.unique(labels[train])) < len(self.classes_) for train, _ in folds):
            return
        probability = cross_val_predict(
            clone(classifier), X, labels, cv=folds, method="predict_proba"
        )
        predicted = self.classes_[_pooled(probability, groups).argmax(axis=1)]
        self.confusion_ = np.zeros((len(counts), len(counts)), dtype=int)
        for group, one in style_of.items():
            found = predicted[groups == group][0]
            place = np.searchsorted(self.classes_, [one, found])
            self.confusion_[place[0], place[1]] += 1

    def _check_rows(self, n: int, y: Any, labels: Any, groups: Any) -> None:
        problems = []
        if labels.shape != (n,):
            problems.append(
                f"expected style of shape ({n},), one label per row, got {labels.shape}"
            )
        elif labels.dtype.kind == "f" and not np.isfinite(labels).all():
            problems.append("expected a style for each row, got NaN")
        if groups.shape != (n,):
            problems.append(f"expected groups of shape ({n},), one per row, got {groups.shape}")
        if len(y) != n:
            problems.append(
                f"Found input variables with inconsistent numbers of samples: {[n, len(y)]}"
            )
        raise_all(problems)

    def _weights(self, X: Any) -> np.ndarray:
        """Return the weights of the models for each row, (n_rows, n_styles)."""
        probability = np.asarray(self.classifier_.predict_proba(X), dtype=float)
        if self.mixing == "probability":
            return probability
        return np.eye(len(self.classes_))[probability.argmax(axis=1)]

    def _check(self, X: Any) -> Any:
        check_is_fitted(self)
        checked = validate_data(self, X, reset=False, ensure_all_finite=self._finite())
        return X if hasattr(X, "columns") else checked

    def _finite(self) -> bool:
        """Return whether missing features are an error, by the tags of both parts."""
        parts = (self.regressor, self.classifier)
        return not all(p is not None and get_tags(p).input_tags.allow_nan for p in parts)

    def _new_classifier(self, X: Any = None) -> Any:
        """Return the classifier, for a table `X` if it is the default; one style needs none."""
        if len(getattr(self, "classes_", (0, 1))) < 2:
            return DummyClassifier(strategy="prior")
        if self.classifier is not None:
            return self.classifier
        from sklearn.compose import make_column_transformer
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        discriminant = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        names = getattr(X, "columns", [])
        of_clips = columns_of_clips(names, len(names), find_step_columns(names)).tolist()
        if len(of_clips) in (0, len(names)):
            return make_pipeline(StandardScaler(), discriminant)
        return make_pipeline(make_column_transformer((StandardScaler(), of_clips)), discriminant)

    @staticmethod
    def _default_regressor() -> Any:
        from .target import AudioTargetRegressor

        return AudioTargetRegressor()

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata routing of this estimator.

        Returns
        -------
        routing : MetadataRouter
            `fit` takes `style` and `groups` itself, and routes to the `fit` of the regressor and
            of the classifier.
        """
        both = MethodMapping().add(caller="fit", callee="fit")
        regressor = self._default_regressor() if self.regressor is None else self.regressor
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(regressor=regressor, method_mapping=both)
            .add(classifier=self._new_classifier(), method_mapping=both)
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        if self.regressor is not None:
            of = get_tags(self.regressor)
            tags.target_tags.multi_output = of.target_tags.multi_output
            tags.input_tags.allow_nan = not self._finite()
        return tags


def _rows(values: Any, rows: np.ndarray) -> Any:
    """Return some rows of a table, an array, a list or clips."""
    if hasattr(values, "iloc"):
        return values.iloc[rows]
    return values[rows] if isinstance(values, AudioClips) else np.asarray(values)[rows]


def _mixture(densities: list[GaussianMixtures], weights: Any) -> GaussianMixtures:
    """Return the mixture of densities with weights (n_rows, n_densities)."""
    weights = np.asarray(weights, dtype=float)
    mixture, total = densities[0], weights[:, 0]
    for density, weight in zip(densities[1:], weights[:, 1:].T):
        total = total + weight
        mixture = mixture.mixed_with(density, weight / np.where(total > 0, total, 1.0))
    return mixture


def _pooled(probability: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the probabilities of whole groups for each of their rows."""
    _, place = np.unique(groups, return_inverse=True)
    log_p = np.log(np.maximum(probability, _FLOOR))
    total = np.zeros((place.max() + 1, probability.shape[1]))
    np.add.at(total, place, log_p)
    mean = total / np.bincount(place)[:, None]
    weights = np.exp(mean - mean.max(axis=1, keepdims=True))
    return (weights / weights.sum(axis=1, keepdims=True))[place]
