"""Reading of data, scaling and scores in the fit of an `MDNRegressor`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from ..._validation import check_sample_weight
from ...nets.mixture_output import split_factors
from ..density_mixin import mean_log_prob
from ..mixtures import GaussianMixtures
from ..unconditional import fit_unconditional
from .checks import check_columns, check_padding, check_targets
from .data import SequenceData, TableData
from .linear_baseline import fit_predictable_targets
from .scaling import ColumnScaling

__all__ = ["FitMixin"]

# A warm start needs the same values of these parameters.
_STRUCTURE = (
    "n_mixtures",
    "covariance_rank",
    "linear_baseline",
    "architecture",
    "step_size",
    "target_step_size",
    "dtype",
    "hidden_layer_sizes",
    "recurrent_layer_sizes",
)


class FitMixin:
    """Parts of the fit of `MDNRegressor`, which has their parameters and attributes."""

    step_size: Any
    target_step_size: Any
    linear_baseline: Any
    covariance_rank: Any
    n_mixtures: Any
    dtype: Any
    network_: Any
    n_targets_: Any
    _structure: Any
    _read_sequence_data: Any
    _score_sequences: Any

    def _read(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, *, reset: bool = False
    ) -> TableData | SequenceData:
        """Return checked training data, or other data of the same columns."""
        if self.target_step_size is not None:
            return self._read_sequence_data(X, y, sample_weight, groups, reset=reset)
        recurrent = self.step_size is not None
        if not reset:
            X, y = self._validate_features(X), check_targets(y, self.n_targets_)
            if len(X) != len(y):
                raise ValueError(
                    f"expected as many targets as rows in validation_data, got {len(y)} and "
                    f"{len(X)}"
                )
            return TableData(X, y, recurrent=recurrent)
        X, y = self._validate(X, y, multi_output=True, y_numeric=True)
        self._note_targets(y)
        problems: list[str] = []
        weight = check_sample_weight(sample_weight, len(X), problems)
        check_columns(self, X, groups, problems)
        self.n_steps_ = X.shape[1] // self.step_size if recurrent else None
        groups = None if groups is None else np.asarray(groups)
        return TableData(X, y.astype(float).reshape(len(y), -1), weight, groups, recurrent)

    def _note_targets(self, y: np.ndarray) -> None:
        # Targets that vary by less than their precision are constant.
        self._target_eps = float(np.finfo("f4" if y.dtype == np.float32 else float).eps)
        self._y_ndim = y.ndim

    def _validate(self, X: Any, y: Any = "no_validation", **options: Any) -> Any:
        """Return checked features, and checked targets where there are any."""
        return validate_data(
            self,
            X,
            y,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan" if self.step_size else True,
            **options,
        )

    def _validate_features(self, X: Any) -> np.ndarray:
        X = self._validate(X, reset=False)
        check_padding(X, self.step_size)
        return X

    def _fits_previous(self, data: TableData | SequenceData) -> bool:
        return (
            hasattr(self, "network_")
            and self._structure == self._structural_parameters()
            and self._scaling.input_loc.shape == data.X.shape[1:]
            and self._scaling.target_loc.shape == data.y.shape[1:]
        )

    def _structural_parameters(self) -> tuple[Any, ...]:
        """Return the parameters that must be the same for a warm start."""
        values = [getattr(self, name) for name in _STRUCTURE]
        return tuple(v if v is None or np.ndim(v) == 0 else tuple(v) for v in values)

    def _predict_baseline(self, X: Any) -> np.ndarray | float:
        """Return the predictions of the linear baseline, or 0 without one."""
        if self._linear is None:
            return 0.0
        coef, intercept = self._linear
        return np.asarray(X, dtype=float) @ coef + intercept

    def _residuals(self, data: Any) -> Any:
        """Return data whose targets are the residuals of the linear baseline."""
        if self._linear is None:
            return data
        return replace(data, y=data.y - self._predict_baseline(data.X))

    def _fit_baseline(self, train: Any, options: dict[str, Any]) -> Any:
        """Fit the scaling and the linear baseline; return the data with the residuals."""

        def scaling_of(data: Any) -> ColumnScaling:
            eps = self._target_eps
            return ColumnScaling.of(data.X, data.y, data.weight, options, target_eps=eps)

        self._scaling = scaling_of(train)
        self._own_spread = self._scaling.spread
        self._linear = None
        if not self.linear_baseline:
            return train
        *self._linear, predicted = fit_predictable_targets(
            train.X, train.y, groups=train.groups, sample_weight=train.weight
        )
        # Residuals of the rows that a map was fitted to are too small.
        rest = replace(train, y=train.y - predicted)
        self._scaling = scaling_of(rest)
        return rest

    def _fit_unconditional(
        self, train: Any, rest: Any, held: Any, rest_held: Any, options: dict[str, Any]
    ) -> tuple[Any, ...]:
        """Fit the mixture without features; return the mixture that the network starts from."""
        varying = np.count_nonzero(self._scaling.varies)
        self._rank = min(self.covariance_rank, max(varying - 1, 0))

        def fit(data: Any, data_held: Any, spread: np.ndarray) -> tuple[Any, ...]:
            return fit_unconditional(
                data.y,
                data.weight,
                data_held.y,
                data_held.weight,
                spread=spread,
                n_mixtures=self.n_mixtures,
                min_scale=self._scaling.min_scale if options["standardize"] else 1e-2,
                rank=self._rank,
            )

        self.unconditional_, start = fit(train, held, self._own_spread)
        if self._linear is not None:
            _, start = fit(rest, rest_held, self._scaling.spread)
        return start

    def _keep_scores(self, data: Any, held: Any) -> None:
        """Set the scores of the mixture without features and of the network."""
        scored = held if len(held.y) else data
        self.unconditional_score_ = mean_log_prob(self.unconditional_, scored.y, scored.weight)
        self.validation_score_ = None
        if len(held.y):
            score = self._score_data if self.target_step_size is None else self._score_sequences
            self.validation_score_ = score(held)

    def _score_data(self, data: TableData) -> float:
        return mean_log_prob(self._density(data.X), data.y, data.weight)

    def _density(self, X: np.ndarray) -> GaussianMixtures:
        scaling, relative = self._scaling, None
        recurrent = self.step_size is not None
        output = self.network_.predict(
            scaling.scale_inputs(X, recurrent=recurrent, dtype=self.dtype)
        )
        if self._rank:
            output, relative = split_factors(output, self.n_mixtures, self._rank)
        return scaling.densities(
            output.astype(float),
            n_mixtures=self.n_mixtures,
            relative=relative,
            baseline=self._predict_baseline(X),
        )
