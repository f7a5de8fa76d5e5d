"""BatchTransformer: transforms clips in batches, in bounded memory and in parallel."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, MetaEstimatorMixin, TransformerMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._metadata import routing_enabled, rows_of_metadata
from .._validation import HasMethods, Integral, Interval, validate_parameters
from .container import Motion

__all__ = ["BatchTransformer"]


def _transformer_has(method: str) -> Any:
    """Offer a method only if the transformer inside has it."""

    def check(self: BatchTransformer) -> bool:
        return hasattr(_last_step(getattr(self, "transformer_", self.transformer)), method)

    return check


def _last_step(transformer: Any) -> Any:
    """Return the step of a pipeline that names the columns, or the transformer itself."""
    return transformer[-1] if hasattr(transformer, "steps") else transformer


class BatchTransformer(MetaEstimatorMixin, TransformerMixin, BaseEstimator):
    """Apply a transformer to batches of clips, optionally in parallel.

    The motion stages pass on positions and all their derivatives, about ten times the memory of the
    poses. With this wrapper they hold a batch of clips at a time, so memory grows with the number
    of clips only by the table that comes out.

    Parameters
    ----------
    transformer : estimator
        Transforms each clip independently to a row of a table, as :func:`make_lma_pipeline` does.
        It is fitted to the first batch alone, so it must learn only the joints, axes and frame rate
        of the clips. A transformer that learns more (a scaler) belongs after the wrapper, or is
        fitted before and frozen (:class:`sklearn.frozen.FrozenEstimator`).
    batch_size : int, default=256
        Number of clips of a batch.
    n_jobs : int or None, default=None
        Number of workers, as in scikit-learn. The backend is joblib's: processes by default,
        threads or a Dask cluster inside ``joblib.parallel_config``.

    Attributes
    ----------
    transformer_ : estimator
        The fitted transformer.
    n_features_in_ : int
        Number of features that the transformer saw.

    See Also
    --------
    make_lma_pipeline : The stages to wrap.

    Notes
    -----
    The table is the same as without batches, up to rounding errors.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_asdf import BatchTransformer, make_lma_pipeline
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> poses = make_dance_music(n_clips=6, random_state=0).poses
    >>> features = BatchTransformer(make_lma_pipeline(n_keyframes=4), batch_size=2)
    >>> make_pipeline(features, StandardScaler()).fit_transform(poses).shape[0]
    6
    """

    _parameter_constraints = {
        "transformer": [HasMethods(["fit", "transform"])],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self, transformer: Any, *, batch_size: int = 256, n_jobs: int | None = None
    ) -> None:
        self.transformer = transformer
        self.batch_size = batch_size
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Fit the transformer to the first batch.

        Parameters
        ----------
        X : Motion, AudioClips or array-like of shape (n_clips, ...)
            Clips.
        y : None
            Ignored.
        **fit_params : dict
            Metadata, such as `sample_weight`: those of the first batch are passed to the `fit` of
            the transformer, or with metadata routing those that it requests.

        Returns
        -------
        self : BatchTransformer
            The fitted wrapper.
        """
        validate_parameters(self)
        X = _sliceable(X)
        params = self._metadata("fit", fit_params)
        first = rows_of_metadata(params, slice(self.batch_size), _n_rows(X))
        self.transformer_ = clone(self.transformer).fit(_rows(X, 0, self.batch_size), None, **first)
        if hasattr(self.transformer_, "feature_names_in_"):
            self.feature_names_in_ = self.transformer_.feature_names_in_
        return self

    def transform(self, X: Any, **params: Any) -> np.ndarray:
        """Return the table of all clips.

        Parameters
        ----------
        X : Motion, AudioClips or array-like of shape (n_clips, ...)
            Clips.
        **params : dict
            Metadata for the `transform` of the transformer, batch by batch, or with metadata
            routing those that it requests.

        Returns
        -------
        table : ndarray of shape (n_clips, n_features)
            The output of the transformer.
        """
        check_is_fitted(self)
        X = _sliceable(X)
        n = _n_rows(X)
        params = self._metadata("transform", params)
        # No clips: one empty batch, so that the transformer raises its own error.
        starts = range(0, max(n, 1), self.batch_size)
        parts = Parallel(n_jobs=self.n_jobs)(
            delayed(_transform)(
                self.transformer_,
                _rows(X, i, self.batch_size),
                i,
                n,
                rows_of_metadata(params, slice(i, i + self.batch_size), n),
            )
            for i in starts
        )
        return np.concatenate(parts)

    @property
    def n_features_in_(self) -> int:
        """Number of features that the transformer saw."""
        return self.transformer_.n_features_in_

    @available_if(_transformer_has("get_feature_names_out"))
    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the table's columns.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Passed to the transformer.

        Returns
        -------
        names : ndarray of str
            Names of the transformer's output.
        """
        check_is_fitted(self)
        return _last_step(self.transformer_).get_feature_names_out(input_features)

    def _metadata(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the metadata for a method of the transformer."""
        if params and routing_enabled():
            return dict(process_routing(self, method, **params).transformer[method])
        return params

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata the transformer requests.

        Returns
        -------
        routing : MetadataRouter
            The routing of `fit` and `transform`.
        """
        return MetadataRouter(owner=self).add(
            transformer=self.transformer,
            method_mapping=MethodMapping()
            .add(caller="fit", callee="fit")
            .add(caller="transform", callee="transform"),
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.transformer)
        tags.input_tags = inner.input_tags
        if inner.transformer_tags is not None:
            tags.transformer_tags = inner.transformer_tags
        return tags


def _sliceable(X: Any) -> Any:
    return X if issparse(X) or hasattr(X, "__getitem__") else np.asarray(X)


def _n_rows(X: Any) -> int:
    return X.shape[0] if hasattr(X, "shape") else len(X)


def _rows(X: Any, start: int, size: int) -> Any:
    if issparse(X):
        # Returned whole, so that the transformer raises its own error.
        return X
    return (X.iloc if hasattr(X, "iloc") else X)[start : start + size]


def _transform(transformer: Any, X: Any, start: int, n: int, params: dict[str, Any]) -> np.ndarray:
    try:
        table = transformer.transform(X, **params)
    except ValueError as error:
        if n == len(X):
            raise
        raise ValueError(f"in the batch that starts at clip {start}: {error}") from error
    if isinstance(table, Motion):
        raise TypeError(
            "expected a transformer that returns a table, got one that returns a Motion: put all "
            "stages up to the features into one pipeline (make_lma_pipeline)"
        )
    return np.asarray(table)
