"""Predictions, samples and scores of an `MDNRegressor` of sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from ..._validation import check_sample_weight, raise_all
from ...nets.recurrent import RecurrentNetwork
from ..density_mixin import DensityMixin, ScoredRows
from ..mixtures import GaussianMixtures
from ..predictions import DensityPredictionsMixin
from ..sampling import Temperature, new_generator
from .checks import check_sizes
from .data import SequenceData
from .fit import FitMixin
from .sequence_model import SequenceModel, SequenceState
from .sequences import Sequences, is_list, read_features, read_targets, with_targets

__all__ = ["SequencePredictionsMixin"]


class SequencePredictionsMixin(FitMixin, DensityMixin, DensityPredictionsMixin, RegressorMixin):
    """Methods of `MDNRegressor` that differ with `target_step_size`."""

    excerpt_steps: Any
    n_steps_: Any
    n_features_in_: Any

    def predict_dist(self, X: Any, y: Any = None) -> GaussianMixtures:
        """Return the predicted density of each row, or of each step of sequences.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or list of array-like
            Features.
        y : array-like or list of array-like, default=None
            Only with `target_step_size`: targets. The density of a step is that given the targets
            before it, or, with None, the means of the densities before it.

        Returns
        -------
        GaussianMixtures
            One mixture per row, in the unit of the targets. With `target_step_size`, one per
            step, sequence by sequence, without padding.
        """
        check_is_fitted(self, "network_")
        if self.target_step_size is not None:
            sequences = self._read_sequences(X, y)
            model = self._sequence_model()
            return model.mean_path(sequences) if y is None else model.densities(sequences)
        if y is not None:
            raise ValueError(
                "expected no targets without target_step_size, got some: the density of a row does "
                "not depend on them"
            )
        return self._density(self._validate_features(X))

    def sample_y(
        self,
        X: Any,
        n_samples: int = 1,
        random_state: int | np.random.RandomState | None = None,
        temperature: float = 1.0,
        *,
        weight_temperature: float | None = None,
        scale_temperature: float | None = None,
        n_averaged: int = 0,
        n_steps: int | None = None,
        state: SequenceState | None = None,
        return_state: bool = False,
    ) -> Any:
        """Sample targets from the density of each row, or step by step.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or list of array-like
            Features.
        n_samples : int, default=1
            Samples per row.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same samples on each call. With None, a `state` continues with the
            random numbers of the call that returned it.
        temperature : float, default=1.0
            1 samples from the density. At T, the weights of the mixture are proportional to their
            1/T-th power and its variances are T times as large; 0 returns the mean of the component
            with the largest weight. With `target_step_size` it is that of each step.
        weight_temperature : float, default=None
            Temperature of the weights; None means `temperature`.
        scale_temperature : float, default=None
            Temperature of the scales; None means `temperature`.
        n_averaged : int, default=0
            Only with `target_step_size`: first targets of a step whose deviation from the mean of
            the mixture is multiplied by the temperature of the scales: at 0 they are that mean,
            whatever the component.
        n_steps : int, default=None
            Number of steps, if all steps share their features (`step_size` None and a table). None
            means `n_steps_`.
        state : SequenceState, default=None
            Only with `target_step_size`: where to go on, as returned by this method or by
            `state_after`. None begins new sequences.
        return_state : bool, default=False
            Only with `target_step_size`: whether to return the state after the last step.

        Returns
        -------
        samples : ndarray of shape (n_rows, n_samples) or (n_rows, n_targets, n_samples), or list
            As :meth:`sklearn.gaussian_process.GaussianProcessRegressor.sample_y`. For a list, a
            list of arrays (n_steps, target_step_size, n_samples).
        state : SequenceState
            Only if `return_state`.
        """
        temperatures = Temperature.of(temperature, weight_temperature, scale_temperature)
        if self.target_step_size is None:
            if state is not None or return_state or n_steps is not None or n_averaged:
                raise ValueError(
                    "expected no state, n_steps or n_averaged without target_step_size: rows do "
                    "not depend on each other"
                )
            samples = self.predict_dist(X).sample(
                n_samples,
                random_state,
                weight_temperature=temperatures.weight,
                scale_temperature=temperatures.scale,
            )
            return self._like_y(samples)
        check_is_fitted(self, "network_")
        sequences = self._read_sequences(X, n_steps=n_steps)
        model = self._sequence_model()
        if random_state is None and state is not None and state.generator is not None:
            generator = state.generator
        else:
            generator = new_generator(random_state)
        state = model.start(len(sequences)) if state is None else state
        samples, state = model.sample(
            sequences, n_samples, temperatures, state, generator, n_averaged
        )
        samples = self._like_sequences(sequences, samples)
        return (samples, state) if return_state else samples

    def state_after(self, X: Any, y: Any, state: SequenceState | None = None) -> SequenceState:
        """Return the state after sequences with given targets, from which samples go on.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or list of array-like
            Features.
        y : array-like or list of array-like
            Targets, as in `fit`.
        state : SequenceState, default=None
            State before the first step. None begins new sequences.

        Returns
        -------
        SequenceState
            For `sample_y`.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import MDNRegressor
        >>> X = np.zeros((4, 1))
        >>> y = np.sin(np.arange(20) + np.arange(4)[:, None])
        >>> model = MDNRegressor(1, target_step_size=1, epochs=1).fit(X, y)
        >>> state = model.state_after(X, y)
        >>> model.sample_y(X, n_steps=5, state=state).shape
        (4, 5, 1)
        """
        check_is_fitted(self, "network_")
        if self.target_step_size is None:
            raise ValueError("expected target_step_size for densities of sequences, got None")
        sequences = self._read_sequences(X, y)
        model = self._sequence_model()
        return model.read(sequences, model.start(len(sequences)) if state is None else state)

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the coefficient of determination of `predict`.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or list of array-like
            Features.
        y : array-like or list of array-like
            Targets.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight of each row.

        Returns
        -------
        float
            R². With `target_step_size` it is over the steps without unknown targets.
        """
        if self.target_step_size is None:
            return super().score(X, y, sample_weight)
        check_is_fitted(self, "network_")
        sequences = self._read_sequences(X, y)
        mean = np.full(sequences.targets.shape, np.nan)
        mean[sequences.within] = self._sequence_model().mean_path(sequences).mean
        whole = sequences.whole
        weight = None
        if sample_weight is not None:
            weight = np.asarray(sample_weight)[np.nonzero(whole)[0]]
        return r2_score(sequences.targets[whole], mean[whole], sample_weight=weight)

    def _predicted(self, X: Any) -> tuple[GaussianMixtures, Callable[[np.ndarray], Any]]:
        """Return densities, and the function that gives their moments the shape of `y`."""
        if self.target_step_size is None:
            return super()._predicted(X)
        check_is_fitted(self, "network_")
        sequences = self._read_sequences(X)

        def arrange(values: np.ndarray) -> Any:
            steps = np.full((*sequences.within.shape, *values.shape[1:]), np.nan)
            steps[sequences.within] = values
            return self._like_sequences(sequences, steps)

        return self._sequence_model().mean_path(sequences), arrange

    def _scored(self, X: Any, y: Any) -> ScoredRows:
        """Return the log density of each step with a known target."""
        if self.target_step_size is None:
            return super()._scored(X, y)
        check_is_fitted(self, "network_")
        sequences = self._read_sequences(X, y)
        if y is None:
            density, n = self._sequence_model().mean_path(sequences), len(sequences)
            row = np.nonzero(sequences.within)[0]
            return ScoredRows(density.log_prob(density.mean), density.mean, row, n)
        scored = sequences.scored
        log_prob = self._sequence_model().log_prob(sequences)
        return ScoredRows(
            log_prob[scored], sequences.targets[scored], np.nonzero(scored)[0], len(sequences)
        )

    def _read_sequence_data(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, *, reset: bool = False
    ) -> SequenceData:
        """Return checked training data, or other data of the same columns."""
        if reset:
            if y is None:
                # Raises an error.
                validate_data(self, X, y)
            sequences = self._read_sequences(X, y, reset=True)
            self._note_targets(np.asarray(y) if not is_list(y) else np.zeros((1, 1)))
            self.n_steps_ = sequences.X.shape[1]
        else:
            sequences = self._read_sequences(X, y)
        n = len(sequences)
        problems: list[str] = []
        weight = check_sample_weight(sample_weight, n, problems)
        if groups is not None and len(groups) != n:
            problems.append(f"expected a group for each of {n} sequences, got {len(groups)}")
        check_sizes(self, problems)
        raise_all(problems)
        excerpts = sequences.cut(min(self.excerpt_steps, sequences.X.shape[1]))
        groups = None if groups is None else np.asarray(groups)
        data = SequenceData(sequences, excerpts, weight, groups)
        if not data.n_scored:
            raise ValueError("expected at least one step with all its targets, got NaN in each")
        return data

    def _score_sequences(self, data: SequenceData) -> float:
        """Return the mean log density per target of the steps of excerpts."""
        scored = data.mask & data.sequences.scored
        log_prob = self._sequence_model().log_prob(data.sequences)[scored]
        row = np.nonzero(scored)[0]
        rows = ScoredRows(log_prob, data.sequences.targets[scored], row, len(data.sequences))
        return rows.mean(data.sequence_weight)

    def _sequence_model(self) -> SequenceModel:
        # In double precision, samples of long sequences depend less on rounding.
        weights = [np.asarray(w, dtype=float) for w in self.network_.weights]
        network = RecurrentNetwork(self.network_.config, weights)
        return SequenceModel(network, self._scaling, self.n_mixtures, self._rank)

    def _like_sequences(self, sequences: Sequences, values: np.ndarray) -> Any:
        found = sequences.like_input(values)
        return found[:, 0] if self._y_ndim == 1 and not sequences.listed else found

    def _read_sequences(
        self, X: Any, y: Any = None, *, n_steps: Any = None, reset: bool = False
    ) -> Sequences:
        """Return checked sequences, with targets where there are any."""
        listed = is_list(X)
        targets = lengths = None
        if y is not None:
            targets, lengths = read_targets(
                y, target_step_size=self.target_step_size, check=_check_targets
            )
            n_steps = targets.shape[1]
        if not listed:
            X = self._validate(X, reset=reset)
            if self.step_size is not None and X.shape[1] % self.step_size:
                raise ValueError(
                    f"expected a number of columns that step_size={self.step_size} divides, got "
                    f"{X.shape[1]}: give as many columns to each time step"
                )
        elif reset:
            if hasattr(self, "feature_names_in_"):
                del self.feature_names_in_
            self.n_features_in_ = np.shape(X[0])[1]
        size = self.step_size
        if not reset:
            n_steps = self.n_steps_ if n_steps is None else n_steps
            size = self._scaling.input_loc.size if listed else size
        sequences = read_features(X, step_size=size, n_steps=n_steps)
        if targets is None or lengths is None:
            return sequences
        shared = self.step_size is None and not listed
        return with_targets(sequences, targets, lengths, shared=shared, exact=is_list(y))


def _check_targets(y: Any) -> np.ndarray:
    return check_array(
        y,
        ensure_2d=False,
        dtype=[np.float64, np.float32],
        ensure_all_finite="allow-nan",
        input_name="y",
    )
