"""Courses of codes: models of what changes within performances, and of what does not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GroupKFold
from sklearn.utils import gen_batches
from threadpoolctl import threadpool_limits

from ..functional.tree_boosting import BinnedRows, boost
from .mdn.linear_baseline import fit_predictable_targets
from .moments import column_moments
from .step_columns import fold_steps

__all__ = ["fit_courses", "fit_offsets", "means_of_groups", "predict_courses", "some_clips"]

# Steps from which models are learned, of clips that are evenly spaced over all of them.
_STEPS_LEARNED = 40_000
# Of the default model of a channel: many small trees, since steps that follow each other are alike.
_BOOSTING: dict[str, Any] = {
    "max_iter": 120,
    "learning_rate": 0.05,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 40,
    "l2_regularization": 10.0,
    "column_share": 0.2,
}
# Ridge penalties of the offsets, of standardized features: few groups tell little of others.
_PENALTIES = (1.0, 10.0, 100.0, 1e3, 1e4, 1e5)
# Clips predicted at a time.
_BATCH = 512
# Larger factors would amplify the noise in what the dance hardly explains.
_LARGEST_FACTOR = 2.0


def some_clips(kept: np.ndarray, n_steps: int) -> np.ndarray:
    """Return clips, evenly spaced over all, whose steps are enough to learn from.

    Parameters
    ----------
    kept : ndarray of int of shape (n_kept,)
        Clips.
    n_steps : int
        Steps of a clip.

    Returns
    -------
    ndarray of int
        All of them up to 40,000 steps.
    """
    n_clips = min(len(kept), max(_STEPS_LEARNED // n_steps, 1))
    places = np.linspace(0, len(kept) - 1, n_clips)
    some: np.ndarray = kept[np.rint(places).astype(int)]
    return some


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


@dataclass(frozen=True, eq=False)
class _StepRows:
    """Rows of the steps of clips, from which models of several channels are learned."""

    steps: np.ndarray
    weight: np.ndarray
    n_context: int
    regressor: Any
    seed: int

    def fit(self, target: np.ndarray, clips: np.ndarray) -> Any:
        """Return a model of a target (n_clips, n_steps), learned from some of the clips."""
        weight = np.repeat(self.weight, self.steps.shape[1])
        weighted = not (self.weight == 1).all()
        chosen = np.repeat(clips, self.steps.shape[1])
        if self.regressor is None:
            given = weight if weighted else None
            return boost(
                self._binned, target.ravel(), chosen, seed=self.seed, weight=given, **_BOOSTING
            )
        params = {"sample_weight": weight[chosen]} if weighted else {}
        with threadpool_limits(1, user_api="openmp"):
            return clone(self.regressor).fit(self._folded[chosen], target.ravel()[chosen], **params)

    @cached_property
    def _folded(self) -> np.ndarray:
        return fold_steps(self.steps, self.n_context)

    @cached_property
    def _binned(self) -> BinnedRows:
        # Neighbors have the bins of the steps that they are.
        n_clips, n_steps, n_columns = self.steps.shape
        of_steps = BinnedRows.of(self.steps.reshape(-1, n_columns))
        bins = fold_steps(of_steps.bins.reshape(n_clips, n_steps, n_columns), self.n_context)
        edges = np.tile(of_steps.edges, (2 * self.n_context + 1, 1))
        # The last two columns are small numbers, each with a bin of its own.
        counts = np.tile(np.arange(edges.shape[1], dtype=float), (2, 1))
        return BinnedRows(np.asfortranarray(bins), np.concatenate([edges, counts]))


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
        One for each channel, as of `fit_courses`.
    steps : ndarray of shape (n_clips, n_steps, n_columns)
        Features.
    n_context : int
        As in `fit_courses`.

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
        Weights of the clips, above 0.
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
        One for each channel, fitted to all clips; :class:`BoostedTrees` by default.
    out_of_fold : ndarray of shape (n_clips, n_steps, n_channels)
        Predictions of models that were fitted without the clip's group, if there are two groups.
    factor : ndarray of shape (n_channels,)
        Factor by which these predictions have the variance within groups, from 1 to 2.
    """
    rows = _StepRows(steps, weight, n_context, regressor, seed)
    every = np.ones(len(steps), bool)
    n_folds = min(n_folds, len(np.unique(number)))
    folds: list[Any] = []
    if n_folds >= 2:
        folds = [test for _, test in GroupKFold(n_folds).split(steps, groups=number)]
    models, predicted = [], []
    for channel in range(courses.shape[2]):
        course = courses[..., channel]
        mean = np.zeros(len(course))
        if about_groups:
            mean = means_of_groups(course.mean(axis=1), number, weight)
        out_of_fold = np.empty_like(course)
        for test in folds:
            others = every.copy()
            others[test] = False
            model = rows.fit(course - mean[:, None], others)
            out_of_fold[test] = _predict_course(model, steps[test], n_context)
        if folds and about_groups:
            # Of clips that the models have not seen, whose levels they cannot have learned.
            mean = means_of_groups((course - out_of_fold).mean(axis=1), number, weight)
        models.append(rows.fit(course - mean[:, None], every))
        if not folds:
            out_of_fold = _predict_course(models[-1], steps, n_context)
        predicted.append(out_of_fold)

    def spread(of: np.ndarray) -> np.ndarray:
        """Standard deviations of the channels within groups."""
        of = of - means_of_groups(of.mean(axis=1), number, weight)[:, None]
        return np.sqrt(np.average(np.square(of).mean(axis=1), axis=0, weights=weight))

    found = np.stack(predicted, axis=2)
    return models, found, _variance_factor(spread(courses), spread(found))


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
        Of ridge regressions; the last row is the intercept. Offsets that are not predictable across
        groups are constant.
    scale : ndarray of shape (n_channels,)
        Standard deviation of the residuals of groups that were held out.
    """
    slopes, intercept, held_out = fit_predictable_targets(
        features, target, groups=number, sample_weight=weight, alphas=_PENALTIES, n_splits=n_folds
    )
    constant = ~slopes.any(axis=0)
    mean = np.average(target, axis=0, weights=weight)
    intercept = np.where(constant, mean, intercept)
    held_out = np.where(constant, mean, held_out)
    scale = column_moments(target - held_out, weight)[1]
    return np.vstack([slopes, intercept]), np.maximum(scale, 1e-9)
