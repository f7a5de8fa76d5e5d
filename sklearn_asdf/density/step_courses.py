"""Courses of codes: models of what changes within performances, and of what does not."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import GroupKFold
from sklearn.utils import gen_batches
from threadpoolctl import threadpool_limits

from ..functional.boosted_trees import BoostedTrees
from .moments import column_moments
from .step_columns import fold_steps

__all__ = ["fit_course", "fit_courses", "fit_offsets", "means_of_groups", "predict_courses"]

# Rows of (clip, step) that a model is fitted to, evenly spaced over all of them.
_ROWS_LEARNED = 40_000
# Clips predicted at a time.
_BATCH = 512
# Larger factors would amplify the noise in what the dance hardly explains.
_LARGEST_FACTOR = 2.0


def means_of_groups(values: np.ndarray, number: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return for each clip the mean over its group.

    Parameters
    ----------
    values : ndarray of shape (n_clips, ...)
        Values.
    number : ndarray of int of shape (n_clips,)
        Group of each clip.
    weight : ndarray of shape (n_clips,)
        Weights of the clips.

    Returns
    -------
    ndarray
        Of the shape of `values`.
    """
    _, place = np.unique(number, return_inverse=True)
    wide = weight.reshape(-1, *(1,) * (values.ndim - 1))
    total = np.zeros((place.max() + 1, *values.shape[1:]))
    size = np.zeros((len(total), *wide.shape[1:]))
    np.add.at(total, place, wide * values)
    np.add.at(size, place, wide)
    means: np.ndarray = (total / np.maximum(size, 1e-12))[place]
    return means


def fit_course(
    regressor: Any,
    steps: np.ndarray,
    course: np.ndarray,
    weight: np.ndarray,
    number: np.ndarray | None,
    *,
    n_context: int,
    seed: int,
    n_rounds: int = 2,
) -> Any:
    """Fit a model of one channel to the steps of all clips.

    Parameters
    ----------
    regressor : estimator or None
        Regressor; None means gradient boosting.
    steps : ndarray of shape (n_clips, n_steps, n_columns)
        Features.
    course : ndarray of shape (n_clips, n_steps)
        Targets.
    weight : ndarray of shape (n_clips,)
        Weights of the clips.
    number : ndarray of int of shape (n_clips,) or None
        Group of each clip, about whose mean the course is learned; None learns it as it is.
    n_context : int
        Steps before and after each step whose features count.
    seed : int
        Seed of the gradient boosting.
    n_rounds : int, default=2
        Rounds of fitting the course about the means of the groups, and those about the course.

    Returns
    -------
    estimator
        The fitted regressor; :class:`BoostedTrees` by default.
    """
    n_rows = course.size
    every = 1 + n_rows // _ROWS_LEARNED
    # Odd, or all rows would be of the same steps.
    chosen = np.arange(0, n_rows, every + (every > 1 and every % 2 == 0))
    rows = fold_steps(steps, n_context)[chosen]
    weights = np.repeat(weight, course.shape[1])[chosen]
    weighted: dict[str, Any] = {} if (weights == 1).all() else {"sample_weight": weights}
    mean, model = np.zeros(len(course)), regressor
    if number is not None:
        mean = means_of_groups(course.mean(axis=1), number, weight)
    for i in range(1 if number is None else n_rounds):
        if i and number is not None:
            left = (course - _predict_course(model, steps, n_context)).mean(axis=1)
            mean = means_of_groups(left, number, weight)
        model = _new(seed) if regressor is None else clone(regressor)
        with threadpool_limits(1, user_api="openmp"):
            model.fit(rows, (course - mean[:, None]).ravel()[chosen], **weighted)
        if regressor is None:
            # As arrays, which can be saved as data.
            model = BoostedTrees.of(model)
    return model


def _new(seed: int) -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(
        max_iter=120,
        learning_rate=0.05,
        max_leaf_nodes=8,
        min_samples_leaf=40,
        max_features=0.2,
        l2_regularization=10.0,
        early_stopping=False,
        random_state=seed,
    )


def _predict_course(model: Any, steps: np.ndarray, n_context: int) -> np.ndarray:
    """Return one channel of clips, (n_clips, n_steps), without the means of groups."""
    with threadpool_limits(1, user_api="openmp"):
        parts = [
            np.asarray(model.predict(fold_steps(steps[b], n_context)), dtype=float)
            for b in gen_batches(len(steps), _BATCH)
        ]
    return np.concatenate(parts).reshape(steps.shape[:2])


def predict_courses(models: list[Any], steps: np.ndarray, n_context: int) -> np.ndarray:
    """Return all channels of clips, without their offsets.

    Parameters
    ----------
    models : list of estimator
        One for each channel, fitted by `fit_course`.
    steps : ndarray of shape (n_clips, n_steps, n_columns)
        Features.
    n_context : int
        As in `fit_course`.

    Returns
    -------
    ndarray of shape (n_clips, n_steps, n_channels)
        Predictions.
    """
    return np.stack([_predict_course(m, steps, n_context) for m in models], axis=2)


def fit_courses(
    regressor: Any,
    steps: np.ndarray,
    courses: np.ndarray,
    weight: np.ndarray,
    number: np.ndarray,
    *,
    about_groups: bool,
    n_context: int,
    n_folds: int,
    seed: int,
) -> tuple[list[Any], np.ndarray, np.ndarray]:
    """Fit the models of all channels, and predict each clip by models of other groups.

    Parameters
    ----------
    regressor : estimator or None
        Regressor of one channel; None means gradient boosting.
    steps : ndarray of shape (n_clips, n_steps, n_columns)
        Features.
    courses : ndarray of shape (n_clips, n_steps, n_channels)
        Targets.
    weight : ndarray of shape (n_clips,)
        Weights of the clips; models are fitted to those above 0.
    number : ndarray of int of shape (n_clips,)
        Group of each clip.
    about_groups : bool
        Whether the courses are learned about the means of their groups.
    n_context : int
        Steps before and after each step whose features count.
    n_folds : int
        Folds of groups for the predictions.
    seed : int
        Seed of the gradient boosting.

    Returns
    -------
    models : list of estimator
        One for each channel, fitted to all clips.
    out_of_fold : ndarray of shape (n_clips, n_steps, n_channels)
        Predictions of models that were fitted without the clip's group, if there are two groups.
    factor : ndarray of shape (n_channels,)
        Factor by which predictions have the variance within groups, from 1 to 2.
    """
    kept = np.flatnonzero(weight > 0)

    def learn(rows: np.ndarray, n_rounds: int) -> list[Any]:
        of_groups = number[rows] if about_groups else None
        return [
            fit_course(
                regressor,
                steps[rows],
                courses[rows, :, channel],
                weight[rows],
                of_groups,
                n_context=n_context,
                seed=seed,
                n_rounds=n_rounds,
            )
            for channel in range(courses.shape[2])
        ]

    models = learn(kept, 2)
    own = predict_courses(models, steps, n_context)
    out_of_fold = own.copy()
    n_folds = min(n_folds, len(np.unique(number[kept])))
    if n_folds >= 2:
        for train, test in GroupKFold(n_folds).split(kept, groups=number[kept]):
            # Only for the size of the residuals, in which a second round makes little difference.
            others = learn(kept[train], 1)
            out_of_fold[kept[test]] = predict_courses(others, steps[kept[test]], n_context)

    def spread(of: np.ndarray) -> np.ndarray:
        """Standard deviations of the channels within groups."""
        of = of - means_of_groups(of.mean(axis=1), number, weight)[:, None]
        return np.sqrt(np.average(np.square(of).mean(axis=1), axis=0, weights=weight))

    return models, out_of_fold, _variance_factor(spread(courses), spread(own))


def _variance_factor(whole: np.ndarray, explained: np.ndarray) -> np.ndarray:
    """Return the factors from one standard deviation to another, at least 1 and limited."""
    ratio = np.divide(whole, explained, out=np.ones_like(whole), where=explained > 1e-9 * whole)
    return np.clip(ratio, 1.0, _LARGEST_FACTOR)


def fit_offsets(
    features: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray,
    number: np.ndarray,
    n_folds: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit a linear model of the offsets of clips.

    Parameters
    ----------
    features : ndarray of shape (n_clips, n_columns)
        Features of clips.
    target : ndarray of shape (n_clips, n_channels)
        Offsets.
    weight : ndarray of shape (n_clips,)
        Weights of the clips.
    number : ndarray of int of shape (n_clips,)
        Group of each clip.
    n_folds : int
        Folds of groups by which the penalty is chosen.

    Returns
    -------
    coefficients : ndarray of shape (n_columns + 1, n_channels)
        Of the ridge regression; the last row is the intercept.
    scale : ndarray of shape (n_channels,)
        Standard deviation of the residuals.
    """
    n_folds = min(n_folds, len(np.unique(number)))
    # Of one group nothing is known about others: almost a constant.
    ridge: Any = Ridge(1e5)
    if n_folds >= 2:
        folds = list(GroupKFold(n_folds).split(features, groups=number))
        ridge = RidgeCV(np.logspace(0, 5, 11), cv=folds)
    center, scale = column_moments(features, weight)
    scale = np.where(scale > 1e-9, scale, 1.0)
    ridge.fit((features - center) / scale, target, sample_weight=weight)
    slopes = np.reshape(ridge.coef_, (target.shape[1], -1)).T / scale[:, None]
    coefficients = np.vstack([slopes, ridge.intercept_ - center @ slopes])
    predicted = features @ slopes + coefficients[-1]
    return coefficients, np.maximum(column_moments(target - predicted, weight)[1], 1e-9)
