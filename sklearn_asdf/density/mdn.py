"""MDNRegressor: a mixture density network as a regressor on tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .._validation import (
    Integral,
    Interval,
    Real,
    StrOptions,
    check_sample_weight,
    validate_parameters,
)
from ..nets.estimator import (
    TRAINING_CONSTRAINTS,
    NetworkEstimatorMixin,
    with_training_parameters,
)
from .density_mixin import DensityMixin, mean_log_prob
from .linear import fit_predictable_targets
from .mdn_checks import check_columns, check_padding, check_targets, unpack_validation_data
from .mdn_scaling import ColumnScaling
from .mdn_steps import architecture_options, hold_back, reference_mixture
from .mdn_training import train_network
from .mixtures import GaussianMixtures
from .predictions import DensityPredictionsMixin

__all__ = ["MDNRegressor"]


class _Rows(NamedTuple):
    """Rows to train on or to validate with; None for weights means 1."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None


@with_training_parameters(n_iter_no_change=10)
class MDNRegressor(
    DensityMixin, DensityPredictionsMixin, NetworkEstimatorMixin, RegressorMixin, BaseEstimator
):
    r"""Mixture density network: a regressor that predicts a density for each row.

    A neural network maps a row of features to the weights, means and scales of a mixture of
    Gaussians over the targets [1]_. The density can have several modes, it measures the
    uncertainty, and it can be sampled.

    Parameters
    ----------
    n_mixtures : int, default=10
        Number of Gaussians.
    covariance_rank : int, default=0
        Number of factors that correlate the targets within a Gaussian, in addition to its diagonal
        covariance; at most the number of targets less one. 0 makes the targets independent
        within a Gaussian.
    linear_baseline : bool, default=False
        Whether the network models the residuals of a linear map. The map is fitted to those
        targets that the features predict on held-out rows (held out by `groups`, where given).
        It helps where few of many targets are predictable. Rows are held out by their number,
        whatever their weight.
    architecture : {"default", "paper"}, default="default"
        Values of the parameters that are None; see the notes. "default" is a small network on
        standardised columns that starts from a mixture fitted to the targets. "paper" is the
        network of [2]_ on columns as they are.
    step_size : int, default=None
        Number of successive columns that make one time step. None makes a dense network; else
        recurrent layers read ``n_features_in_ / step_size`` steps.
    hidden_layer_sizes : tuple of int, default=None
        Sizes of the dense layers.
    recurrent_layer_sizes : tuple of int, default=None
        Sizes of the LSTM layers, used with `step_size`.
    activation : str, default=None
        Keras's name of the activation of the dense layers.
    dropout : float, default=None
        Dropout rate after each dense layer.
    noise : float, default=0.0
        Standard deviation of the noise added to the inputs of the network in training, relative
        to that of a column.
    alpha : float, default=0.0
        Weight of the squared weights in the loss, divided by twice the number of rows (or the sum
        of their weights), as in :class:`sklearn.neural_network.MLPRegressor`.
    min_scale : float, default=None
        Lower bound of the scales, relative to the standard deviation of the target with
        "default" and in the unit of the target with "paper".
    early_stopping : bool or None, default=None
        Whether rows are held out to choose the epoch whose weights are kept. None holds out rows
        if there are at least 40, and never with "paper".
    validation_fraction : float, default=0.15
        Share of the rows (or of the groups) held out, but at least 10 rows.
    dtype : {"float32", "float64"}, default="float32"
        Precision of the network.
    warm_start : bool, default=False
        Whether `fit` starts from the weights of the last fit, if the numbers of columns and the
        sizes of the network are the same. The scaling of the first fit is kept.
    {training_parameters}

    Attributes
    ----------
    network_ : Network
        The trained network.
    unconditional_ : GaussianMixtures
        Mixture of one row that is fitted to the same targets without features; with
        `covariance_rank`, the better of a diagonal mixture and one with as many factors.
    unconditional_score_ : float
        Mean log-likelihood per dimension of the held-out targets under `unconditional_`, or of
        all targets if none were held out.
    validation_score_ : float or None
        The same under the network; None if no rows were held out.
    history_ : dict of list of float
        Training and validation loss of each epoch, in nats per modelled dimension of scaled
        targets.
    n_iter_ : int
        Epochs trained.
    interrupted_ : bool
        Whether the training was interrupted (Ctrl-C). The best network until then is kept.
    n_steps_ : int or None
        Time steps in a row.
    n_targets_ : int
        Number of targets.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if `X` had names.

    See Also
    --------
    sklearn_asdf.density.mixtures.GaussianMixtures : What `predict_dist` returns.
    AudioTargetRegressor : Predicts sound with this regressor and an encoder.

    Notes
    -----
    Parameters that are None have the values of the architecture:

    =======================  ====================================  ===========================
    parameter                "default"                             "paper"
    =======================  ====================================  ===========================
    `hidden_layer_sizes`     (128, 128)                            (2048, 4096, 2048)
    `recurrent_layer_sizes`  (64,)                                 (512, 1024)
    `activation`             "tanh"                                "sigmoid", "relu", "relu"
    `dropout`                0.2                                   0.5
    `min_scale`              0.01                                  1e-7
    `optimizer`              "adam"                                "rmsprop"
    `learning_rate`          1e-3                                  1e-4
    `batch_size`             64                                    8
    `epochs`                 500, or 30 without early stopping     3750
    =======================  ====================================  ===========================

    The loss is the negative log-likelihood by log-sum-exp, per dimension. `score` is R² of the
    mean, as for any regressor. `log_likelihood` is in nats in the unit of the target: targets times
    1000 have a log-likelihood that is lower by log 1000. Likelihoods of different targets are not
    comparable; `information_gain`, over `unconditional_`, is.

    With "default", a constant target is not modelled: it is predicted exactly, with a scale of
    `min_scale` times the mean standard deviation of the other targets (or its own magnitude, if
    all are constant). Inputs are clipped at 10 standard deviations. With fewer than 40 rows none
    are held out, and 30 epochs keep the network near the mixture that it starts from; pass `epochs`
    for a closer fit.

    With `covariance_rank` above 0 the covariance of component k is
    :math:`S_k(x) (I + G_k G_k^T) S_k(x)`: the network predicts the scales S; the factors G are
    trained with it and are the same for all rows, so that correlations within a component are
    constant, as in [3]_. They start from factors fitted to the targets without features. This
    helps if the errors of targets are correlated; otherwise it costs a little likelihood and time.

    With `step_size`, a time step whose columns are all NaN is padding: recurrent layers skip it, so
    rows may have different numbers of steps. Other NaN raise an error.

    Rows with a weight of 0 are left out. A weight of 2 counts as two rows in the scaling, in the
    mixtures without features and in the loss, but as one row where rows are counted or sampled:
    in batches, dropout, rows held out without `groups`, folds of `linear_baseline`, and in the
    number of rows from which on any are held out. The network is therefore the same, to rounding,
    only with one batch, without dropout and without early stopping.

    With "paper", targets are not scaled and only `min_scale` keeps the scales above 0: on columns
    with large values training may stop with a warning, and the last finite weights are kept.

    References
    ----------
    .. [1] C. M. Bishop, "Mixture density networks", report NCRG/94/004, Aston University, 1994.
    .. [2] S. B. Olsen, D. M. Woodward and J. A. Moreno, "ASDF-RNN: An Investigation Into Raw Audio
       Synthesis From Dance Features Using a Probabilistic Deep Encoder-RNN-Decoder Topology",
       Aalborg University, 2019, section 3.4.
    .. [3] T. Bollerslev, "Modelling the coherence in short-run nominal exchange rates: a
       multivariate generalized ARCH model", Review of Economics and Statistics 72, 1990.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import MDNRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (200, 1))
    >>> y = np.where(rng.random(200) < 0.5, 1, -1) * (2 + X[:, 0]) + 0.1 * rng.normal(size=200)
    >>> model = MDNRegressor(n_mixtures=2, epochs=20, random_state=0).fit(X, y)
    >>> model.predict(X[:3]).shape
    (3,)
    >>> model.sample_y(X[:3], n_samples=5, random_state=0).shape
    (3, 5)
    >>> model.log_likelihood(X, y) > model.unconditional_score_ - 1
    True
    """

    _parameter_constraints = {
        "n_mixtures": [Interval(Integral, 1, None, closed="left")],
        "covariance_rank": [Interval(Integral, 0, None, closed="left")],
        "linear_baseline": ["boolean"],
        "architecture": [StrOptions({"default", "paper"})],
        "step_size": [None, Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": [None, "array-like"],
        "recurrent_layer_sizes": [None, "array-like"],
        "activation": [None, str],
        "dropout": [None, Interval(Real, 0, 1, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "min_scale": [None, Interval(Real, 0, None, closed="neither")],
        "early_stopping": [None, "boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "dtype": [StrOptions({"float32", "float64"})],
        "warm_start": ["boolean"],
        **TRAINING_CONSTRAINTS,
    }
    # Rows of one group are held out together: groups are requested by default, as by GroupKFold.
    __metadata_request__fit = {"groups": True}
    network_: Any
    _trained = "the density"
    _resumable = ("checkpoint_dir", "epochs", "verbose", "warm_start")

    def __init__(
        self,
        n_mixtures: int = 10,
        *,
        covariance_rank: int = 0,
        linear_baseline: bool = False,
        architecture: str = "default",
        step_size: int | None = None,
        hidden_layer_sizes: Sequence[int] | None = None,
        recurrent_layer_sizes: Sequence[int] | None = None,
        activation: str | None = None,
        dropout: float | None = None,
        noise: float = 0.0,
        alpha: float = 0.0,
        min_scale: float | None = None,
        early_stopping: bool | None = None,
        validation_fraction: float = 0.15,
        dtype: str = "float32",
        warm_start: bool = False,
        optimizer: Any = None,
        learning_rate: float | None = None,
        batch_size: int | None = None,
        epochs: int | None = None,
        n_iter_no_change: int = 10,
        checkpoint_dir: Any = None,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_mixtures = n_mixtures
        self.covariance_rank = covariance_rank
        self.linear_baseline = linear_baseline
        self.architecture = architecture
        self.step_size = step_size
        self.hidden_layer_sizes = hidden_layer_sizes
        self.recurrent_layer_sizes = recurrent_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.noise = noise
        self.alpha = alpha
        self.min_scale = min_scale
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.dtype = dtype
        self.warm_start = warm_start
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.n_iter_no_change = n_iter_no_change
        self.checkpoint_dir = checkpoint_dir
        self.verbose = verbose
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        groups: Any = None,
        validation_data: tuple[Any, Any] | None = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        y : array-like of shape (n_rows,) or (n_rows, n_targets)
            Targets.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight of each row. Rows of weight 0 are left out; see the notes.
        groups : array-like of shape (n_rows,), default=None
            Group of each row, such as the performance of a clip. Early stopping then holds out
            whole groups. With metadata routing, groups are requested by default.
        validation_data : tuple of (X, y), default=None
            Rows to validate with, instead of some of these.

        Returns
        -------
        self : MDNRegressor
            The fitted regressor.
        """
        validate_parameters(self)
        X, y = self._validate(X, y, multi_output=True, y_numeric=True)
        # Targets that vary by less than their precision are constant.
        self._target_eps = float(np.finfo("f4" if y.dtype == np.float32 else float).eps)
        y = np.asarray(y, dtype=float)
        problems: list[str] = []
        weight = check_sample_weight(sample_weight, len(X), problems)
        check_columns(self, X, groups, problems)
        warm = self.warm_start and self._fits_previous(X, y)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        checkpoint = self._open_checkpoint(X, y, weight, groups, validation_data)
        if checkpoint is not None and checkpoint.state is not None:
            seed = checkpoint.state["seed"]
        n_rows = len(X) if weight is None else int(np.count_nonzero(weight))
        options = architecture_options(self, n_rows)

        self._y_ndim = y.ndim
        y = y.reshape(len(y), -1)
        self.n_targets_ = y.shape[1]
        self.n_steps_ = None if self.step_size is None else X.shape[1] // self.step_size
        train, held = self._split(X, y, weight, groups, validation_data, options, seed)
        of_row = None if groups is None else np.asarray(groups)
        rest = self._fit_baseline(
            _Rows(X[train], y[train], None if weight is None else weight[train]),
            None if of_row is None else of_row[train],
            options,
            warm,
        )
        start = self._fit_unconditional(y[train], rest, held, options)
        self._train(rest, held, start, options, warm, seed, checkpoint)
        self._structure = self._structural_parameters()
        scored = held if len(held.y) else _Rows(X, y, weight)
        self.unconditional_score_ = mean_log_prob(self.unconditional_, scored.y, scored.weight)
        self.validation_score_ = None
        if len(held.y):
            density = self._density(held.X)
            self.validation_score_ = mean_log_prob(density, held.y, held.weight)
        return self

    def predict_dist(self, X: Any) -> GaussianMixtures:
        """Return the predicted density of each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.

        Returns
        -------
        GaussianMixtures
            One mixture per row, in the unit of the targets.
        """
        check_is_fitted(self, "network_")
        return self._density(self._validate_features(X))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        # NaN in all columns of a time step is padding.
        tags.input_tags.allow_nan = self.step_size is not None
        tags.non_deterministic = False
        return tags

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

    def _fits_previous(self, X: Any, y: Any) -> bool:
        return (
            hasattr(self, "network_")
            and self._structure == self._structural_parameters()
            and self._scaling.input_loc.shape == (X.shape[1],)
            and self._y_ndim == y.ndim
            and self.n_targets_ == y[:1].size
        )

    def _structural_parameters(self) -> tuple[Any, ...]:
        """Return the parameters that must be the same for a warm start."""
        names = (
            "n_mixtures",
            "covariance_rank",
            "linear_baseline",
            "architecture",
            "step_size",
            "dtype",
        )
        sizes = ("hidden_layer_sizes", "recurrent_layer_sizes")
        return (
            *(getattr(self, name) for name in names),
            *(
                None if getattr(self, name) is None else tuple(getattr(self, name))
                for name in sizes
            ),
        )

    def _predict_baseline(self, X: Any) -> np.ndarray | float:
        """Return the predictions of the linear baseline, or 0 without one."""
        if self._linear is None:
            return 0.0
        coef, intercept = self._linear
        return np.asarray(X, dtype=float) @ coef + intercept

    def _split(
        self,
        X: Any,
        y: Any,
        weight: np.ndarray | None,
        groups: Any,
        validation_data: Any,
        options: dict[str, Any],
        seed: int,
    ) -> tuple[np.ndarray, _Rows]:
        """Return the numbers of the training rows, and the rows to validate with."""
        kept = np.arange(len(X)) if weight is None else np.flatnonzero(weight)
        if validation_data is not None:
            X_held, y_held = unpack_validation_data(validation_data)
            X_held, y_held = self._validate_features(X_held), check_targets(y_held, self.n_targets_)
            if len(X_held) != len(y_held):
                raise ValueError(
                    f"expected as many targets as rows in validation_data, got {len(y_held)} and "
                    f"{len(X_held)}"
                )
            return kept, _Rows(X_held, y_held, None)
        train, held = kept, kept[:0]
        if options["early_stopping"] and len(kept) > 1:
            train, held = hold_back(
                kept, groups, fraction=self.validation_fraction, random_state=seed
            )
        return train, _Rows(X[held], y[held], None if weight is None else weight[held])

    def _fit_baseline(self, rows: _Rows, groups: Any, options: dict[str, Any], warm: bool) -> _Rows:
        """Fit the scaling and the linear baseline; return the rows with the residuals."""
        if warm:
            return _Rows(rows.X, rows.y - self._predict_baseline(rows.X), rows.weight)
        fit_scaling: dict[str, Any] = {"options": options, "target_eps": self._target_eps}
        self._scaling = ColumnScaling.of(*rows, **fit_scaling)
        self._own_spread = self._scaling.spread
        self._linear = None
        if not self.linear_baseline:
            return rows
        *self._linear, predicted = fit_predictable_targets(
            rows.X, rows.y, groups=groups, sample_weight=rows.weight
        )
        # Residuals of the rows that a map was fitted to are too small.
        rest = _Rows(rows.X, rows.y - predicted, rows.weight)
        self._scaling = ColumnScaling.of(*rest, **fit_scaling)
        return rest

    def _fit_unconditional(
        self, y: np.ndarray, rest: _Rows, held: _Rows, options: dict[str, Any]
    ) -> tuple[Any, ...]:
        """Fit the mixture without features; return the mixture that the network starts from."""
        varying = int(np.count_nonzero(self._scaling.varies))
        self._rank = min(self.covariance_rank, max(varying - 1, 0))
        reference: dict[str, Any] = {
            "n_mixtures": self.n_mixtures,
            "min_scale": self._scaling.min_scale if options["standardize"] else 1e-2,
            "rank": self._rank,
        }
        self.unconditional_, start = reference_mixture(
            y, rest.weight, held.y, held.weight, spread=self._own_spread, **reference
        )
        if self._linear is not None:
            residuals = held.y - self._predict_baseline(held.X)
            _, start = reference_mixture(
                *rest[1:], residuals, held.weight, spread=self._scaling.spread, **reference
            )
        return start

    def _train(
        self,
        rows: _Rows,
        held: _Rows,
        start: tuple[Any, ...],
        options: dict[str, Any],
        warm: bool,
        seed: int,
        checkpoint: Any,
    ) -> None:
        validation: Any = None
        if len(held.y):
            residuals = held.y - self._predict_baseline(held.X)
            validation = (self._inputs(held.X), self._targets(residuals))
            validation += () if held.weight is None else (held.weight,)
        self.network_, self.history_ = train_network(
            self,
            self._scaling,
            options,
            start,
            (self._inputs(rows.X), self._targets(rows.y), rows.weight),
            rank=self._rank,
            validation_data=validation,
            seed=seed,
            initial_weights=self.network_.weights if warm else None,
            checkpoint=checkpoint,
            **self._training_options(),
        )
        self.n_iter_ = len(self.history_["loss"])
        self.interrupted_ = self.network_.interrupted

    def _inputs(self, X: Any) -> np.ndarray:
        return self._scaling.scale_inputs(X, recurrent=self.step_size is not None, dtype=self.dtype)

    def _targets(self, y: Any) -> np.ndarray:
        return self._scaling.scale_targets(y, dtype=self.dtype)

    def _density(self, X: Any) -> GaussianMixtures:
        return self._scaling.densities(
            self.network_.predict(self._inputs(X)),
            n_mixtures=self.n_mixtures,
            rank=self._rank,
            baseline=self._predict_baseline(X),
        )
