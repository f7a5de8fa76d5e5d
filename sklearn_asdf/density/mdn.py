"""A mixture density network as a regressor on tables: not one answer, but how likely each is."""

from __future__ import annotations

import os
from typing import Any

import joblib
import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .._validation import (
    Integral,
    Interval,
    Real,
    StrOptions,
    check_sample_weight,
    raise_all,
    validate_parameters,
)
from .likelihood import DensityMixin, mean_log_prob
from .linear import fit_told_targets
from .mdn_steps import (
    ARCHITECTURES,
    EPOCHS_WITHOUT_VALIDATION,
    FEWEST_ROWS_TO_VALIDATE,
    column_moments,
    hold_back,
    is_constant,
    reference_mixture,
)
from .mixtures import GaussianMixtures

__all__ = ["MDNRegressor"]


class MDNRegressor(DensityMixin, RegressorMixin, BaseEstimator):
    r"""Mixture density network: predicts a whole density for each row.

    A neural network turns a row of features into the weights, means and scales of a mixture of
    Gaussians over the targets [1]_. So it can say that two different answers are both likely, how
    sure it is, and draw from what it believes.

    Parameters
    ----------
    n_mixtures : int, default=10
        Number of Gaussians.
    covariance_rank : int, default=0
        Factors that correlate the targets within a Gaussian, beside its diagonal covariance. 0
        means that they vary independently there. Never more than the targets less one.
    linear : bool, default=False
        Whether a linear map lies under the network, which then models what it leaves: for those
        targets only that the features tell something about on rows held out (by `groups`, where
        they are given). Of a thousand targets with a handful that can be told, it finds these.
        Rows are held out by their number, whatever their weight.
    architecture : {"default", "paper"}, default="default"
        What the parameters below mean where they are None. "default" is a small network on
        standardised columns that starts from a mixture fitted to the targets. "paper" is the
        network of [2]_ to the letter: LSTM layers of 512 and 1024 units and dense layers of 2048,
        4096 and 2048 on columns as they are, RMSProp, 3750 epochs without validation.
    step_size : int, default=None
        Number of successive columns that make one time step. None makes a dense network; else
        recurrent layers read ``n_features_in_ / step_size`` steps.
    hidden_layer_sizes : tuple of int, default=None
        Sizes of the dense layers. None means (128, 128), or the paper's.
    recurrent_layer_sizes : tuple of int, default=None
        Sizes of the LSTM layers, used with `step_size`. None means (64,), or the paper's.
    activation : str, default=None
        Keras's name of the dense layers' activation. None means "tanh", or the paper's three.
    dropout : float, default=None
        Share of a dense layer's outputs that are left out in training. None means 0.2; in
        the paper it is 0.5.
    noise : float, default=0.0
        Standard deviation of the noise added to the network's inputs in training, in standard
        deviations of a column.
    alpha : float, default=0.0
        Weight of the squared weights in the loss, divided by twice the number of rows (or the sum
        of their weights), as in :class:`sklearn.neural_network.MLPRegressor`.
    min_scale : float, default=None
        Floor under the scales, as a share of the target's standard deviation. None means 0.01;
        in the paper it is 1e-7 in the target's own unit.
    optimizer : str, default=None
        Keras's name of an optimizer. None means "adam"; in the paper it is "rmsprop".
    learning_rate : float, default=None
        Its step. None means 1e-3; in the paper it is 1e-4.
    batch_size : int, default=None
        Rows a step. None means 64; in the paper it is 8.
    epochs : int, default=None
        Most passes over the rows. None means 500 with early stopping and 30 without it; in the
        paper it is 3750.
    early_stopping : bool or None, default=None
        Whether rows are held back to choose the epoch whose weights are kept. None means: from 40
        rows on, and never in the paper.
    validation_fraction : float, default=0.15
        Share of the rows (or of the groups) held back, but at least 10 rows.
    n_iter_no_change : int, default=10
        Epochs without a better validation loss before training ends.
    dtype : {"float32", "float64"}, default="float32"
        Precision of the network.
    warm_start : bool, default=False
        Whether `fit` goes on from the last fit's weights, if the numbers of columns and the
        network's sizes are the same. The scales of the first fit are kept.
    checkpoint_dir : path-like, default=None
        Folder for the state of training after each epoch. An interrupted `fit` with the same
        parameters and data goes on from its last epoch.
    verbose : int, default=0
        Above 0, a progress bar on standard error.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same network on each call.

    Attributes
    ----------
    network_ : Network
        The trained network.
    unconditional_ : GaussianMixtures
        A mixture of one row, fitted to the same targets without input; with `covariance_rank`, the
        better one of a diagonal mixture and one with as many factors.
    unconditional_score_ : float
        Mean log-likelihood per dimension of the held-back targets under `unconditional_`, or of
        all targets where none were held back.
    validation_score_ : float or None
        The same under the network; None where no rows were held back.
    history_ : dict of list of float
        Training and validation loss of each epoch, in nats per modelled dimension of scaled
        targets.
    n_iter_ : int
        Epochs trained.
    interrupted_ : bool
        Whether Ctrl-C ended the training: the best network so far was kept.
    n_steps_ : int or None
        Time steps in a row.
    n_targets_ : int
        Number of targets.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of columns, where `X` had names.

    See Also
    --------
    sklearn_asdf.density.mixtures.GaussianMixtures : What `predict_dist` returns.
    AudioTargetRegressor : Puts this regressor behind an encoder of sound.

    Notes
    -----
    The loss is the negative log-likelihood by log-sum-exp, per dimension. `score` is R² of the
    mean, as for any regressor. `log_likelihood` is in nats in the target's own unit: targets times
    1000 lower it by exactly log 1000 and change nothing else. Likelihoods of different targets are
    not comparable; `information_gain`, over `unconditional_`, is.

    With "default", a constant target is not modelled: it is predicted exactly, with a scale of
    `min_scale` times the other targets' mean standard deviation (or its own size, where it is
    alone). Inputs beyond 10 standard deviations count as 10. With fewer than 40 rows nothing is
    held back, and 30 epochs keep the network near the mixture that it starts from; pass `epochs`
    to fit them closer.

    With `covariance_rank` above 0 the covariance of component k is
    :math:`S_k(x) (I + G_k G_k^T) S_k(x)`: the network predicts the scales S, the factors G are
    trained beside it and are the same for all rows, so that correlations within a component are
    constant, as in [3]_. They start from factors fitted to the targets without input. This helps
    where targets err together; where they do not, it costs a little likelihood and time.

    With `step_size`, a time step whose columns are all NaN is padding: recurrent layers skip it, so
    rows may have any number of steps. Otherwise NaN is refused.

    Rows with a weight of 0 are left out. A weight of 2 is the same row twice in the scales, in the
    mixtures without input and in the loss. It is not in what counts rows or draws them at random:
    the batches, dropout, the rows held back without `groups`, the folds of `linear`, and the
    number of rows from which any are held back. So a network is the same to rounding only with one
    batch, no dropout and no early stopping.

    With "paper", targets are not scaled and only the floor keeps scales above 0: on columns
    with large values training may stop with a warning, and the last finite weights stay.

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
        "linear": ["boolean"],
        "architecture": [StrOptions({"default", "paper"})],
        "step_size": [None, Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": [None, "array-like"],
        "recurrent_layer_sizes": [None, "array-like"],
        "activation": [None, str],
        "dropout": [None, Interval(Real, 0, 1, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "min_scale": [None, Interval(Real, 0, None, closed="neither")],
        "optimizer": [None, str],
        "learning_rate": [None, Interval(Real, 0, None, closed="neither")],
        "batch_size": [None, Interval(Integral, 1, None, closed="left")],
        "epochs": [None, Interval(Integral, 0, None, closed="left")],
        "early_stopping": [None, "boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "dtype": [StrOptions({"float32", "float64"})],
        "warm_start": ["boolean"],
        "checkpoint_dir": [None, str, os.PathLike],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_mixtures=10,
        *,
        covariance_rank=0,
        linear=False,
        architecture="default",
        step_size=None,
        hidden_layer_sizes=None,
        recurrent_layer_sizes=None,
        activation=None,
        dropout=None,
        noise=0.0,
        alpha=0.0,
        min_scale=None,
        optimizer=None,
        learning_rate=None,
        batch_size=None,
        epochs=None,
        early_stopping=None,
        validation_fraction=0.15,
        n_iter_no_change=10,
        dtype="float32",
        warm_start=False,
        checkpoint_dir=None,
        verbose=0,
        random_state=None,
    ):
        self.n_mixtures = n_mixtures
        self.covariance_rank = covariance_rank
        self.linear = linear
        self.architecture = architecture
        self.step_size = step_size
        self.hidden_layer_sizes = hidden_layer_sizes
        self.recurrent_layer_sizes = recurrent_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.noise = noise
        self.alpha = alpha
        self.min_scale = min_scale
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.dtype = dtype
        self.warm_start = warm_start
        self.checkpoint_dir = checkpoint_dir
        self.verbose = verbose
        self.random_state = random_state

    # Who splits needs to know who belongs together: requested by default, as by GroupKFold.
    __metadata_request__fit = {"groups": True}

    def fit(self, X, y, sample_weight=None, *, groups=None, validation_data=None):
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        y : array-like of shape (n_rows,) or (n_rows, n_targets)
            Targets.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight of each row. In everything that is not random, 2 counts as the same row twice
            and 0 as no row; see the notes.
        groups : array-like of shape (n_rows,), default=None
            What each row belongs to, such as the performance of a clip. Early stopping then holds
            back whole groups. With metadata routing they are requested by default.
        validation_data : tuple of (X, y), default=None
            The rows that early stopping watches, in place of some of these.

        Returns
        -------
        MDNRegressor
            Itself.
        """
        validate_parameters(self)
        X, y = validate_data(
            self,
            X,
            y,
            dtype=[np.float64, np.float32],
            multi_output=True,
            y_numeric=True,
            ensure_all_finite="allow-nan" if self.step_size else True,
        )
        # What varies by less is a constant with roundings.
        self._target_eps = float(np.finfo("f4" if y.dtype == np.float32 else float).eps)
        y = np.asarray(y, dtype=float)
        problems = []
        weight = check_sample_weight(sample_weight, len(X), problems)
        self._check_fit(X, groups, problems)
        warm = self.warm_start and self._fits_previous(X, y)
        checkpoint, seed = self._open_checkpoint(X, y, weight, groups, validation_data)
        options = self._options(len(X) if weight is None else np.count_nonzero(weight))

        self._y_ndim = y.ndim
        y = y.reshape(len(y), -1)
        self.n_targets_ = y.shape[1]
        self.n_steps_ = None if self.step_size is None else X.shape[1] // self.step_size
        kept = np.arange(len(X)) if weight is None else np.flatnonzero(weight)
        train, held = kept, kept[:0]
        if validation_data is None and options["early_stopping"] and len(kept) > 1:
            train, held = hold_back(
                kept, groups, fraction=self.validation_fraction, random_state=seed
            )
        w = None if weight is None else weight[train]
        if warm:
            rest = y[train] - self._linear_part(X[train])
        else:
            rest = y[train]
            self._learn_scales(X[train], rest, w, options)
            self._own_spread = self._spread
            self._linear = None
            if self.linear:
                of_row = None if groups is None else np.asarray(groups)[train]
                *self._linear, predicted = fit_told_targets(
                    X[train], y[train], groups=of_row, sample_weight=w
                )
                # Errors on rows that the map was fitted to would look too small.
                rest = y[train] - predicted
                self._learn_scales(X[train], rest, w, options)
        self._rank = min(self.covariance_rank, max(np.count_nonzero(self._varies) - 1, 0))
        if validation_data is not None:
            X_held, y_held = self._check_validation(validation_data)
        else:
            X_held, y_held = X[held], y[held]
        w_held = None if weight is None or validation_data is not None else weight[held]
        rest_held = y_held - self._linear_part(X_held)
        reference = {
            "n_mixtures": self.n_mixtures,
            "min_scale": self._min_scale if options["standardize"] else 1e-2,
            "rank": self._rank,
        }
        self.unconditional_, start = reference_mixture(
            y[train], w, y_held, w_held, spread=self._own_spread, **reference
        )
        if self._linear is not None:
            _, start = reference_mixture(
                rest, w, rest_held, w_held, spread=self._spread, **reference
            )
        total = len(train) if w is None else w.sum()
        config = self._config(X.shape[1], total, options, start)
        self._train(
            config, X[train], rest, w, X_held, rest_held, w_held, options, warm, seed, checkpoint
        )
        self._structure = self._structural_parameters()
        own = (y, weight) if not len(y_held) else (y_held, w_held)
        self.unconditional_score_ = mean_log_prob(self.unconditional_, *own)
        self.validation_score_ = (
            mean_log_prob(self._density(X_held), y_held, w_held) if len(y_held) else None
        )
        return self

    def predict_dist(self, X):
        """Return the density that the network predicts for each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.

        Returns
        -------
        GaussianMixtures
            One mixture a row, in the unit of the targets.
        """
        check_is_fitted(self, "network_")
        X = validate_data(
            self,
            X,
            reset=False,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan" if self.step_size else True,
        )
        self._check_padding(X)
        return self._density(X)

    def predict(self, X, return_std=False):
        """Return the mean of each row's density.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        return_std : bool, default=False
            Whether to return the standard deviations, too.

        Returns
        -------
        mean : ndarray of shape (n_rows,) or (n_rows, n_targets)
            As `y` was in `fit`.
        std : ndarray of the same shape
            Only if `return_std`.
        """
        density = self.predict_dist(X)
        mean = self._like_y(density.mean)
        return (mean, self._like_y(density.std)) if return_std else mean

    def predict_quantiles(self, X, quantiles=(0.05, 0.5, 0.95)):
        """Return quantiles of each target.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        quantiles : float or array-like of shape (n_quantiles,), default=(0.05, 0.5, 0.95)
            Probabilities in (0, 1).

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_targets), then (n_quantiles,)
            The last axis is left out where `quantiles` is a number.
        """
        return self._like_y(self.predict_dist(X).quantile(quantiles))

    def sample_y(
        self,
        X,
        n_samples=1,
        random_state=None,
        temperature=1.0,
        *,
        weight_temperature=None,
        scale_temperature=None,
    ):
        """Draw targets.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        n_samples : int, default=1
            Draws a row.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same draws on each call.
        temperature : float, default=1.0
            1 draws from the density; at T the mixture's weights are proportional to their 1/T-th
            power and its variances are T times as large; 0 gives the likeliest component's mean.
        weight_temperature : float, default=None
            The temperature of the weights alone; None means `temperature`.
        scale_temperature : float, default=None
            The temperature of the scales alone; None means `temperature`.

        Returns
        -------
        ndarray of shape (n_rows, n_samples) or (n_rows, n_targets, n_samples)
            As :meth:`sklearn.gaussian_process.GaussianProcessRegressor.sample_y`.
        """
        draws = self.predict_dist(X).sample(
            n_samples,
            random_state,
            temperature,
            weight_temperature=weight_temperature,
            scale_temperature=scale_temperature,
        )
        return self._like_y(draws)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        # A time step of NaN alone is padding.
        tags.input_tags.allow_nan = self.step_size is not None
        tags.non_deterministic = False
        return tags

    # What follows is `fit`, step by step.

    def _check_fit(self, X, groups, problems):
        if self.step_size is not None and X.shape[1] % self.step_size:
            problems.append(
                f"expected a number of columns that step_size={self.step_size} divides, got "
                f"{X.shape[1]}: give as many columns to each time step, or step_size=None for a "
                "dense network"
            )
        if groups is not None and len(groups) != len(X):
            problems.append(f"expected a group for each of {len(X)} rows, got {len(groups)}")
        for name in ("hidden_layer_sizes", "recurrent_layer_sizes"):
            sizes = getattr(self, name)
            if sizes is not None and not all(isinstance(n, Integral) and n > 0 for n in sizes):
                problems.append(f"expected {name} to be whole numbers above 0, got {sizes!r}")
        if self.linear and np.isnan(X).any():
            problems.append(
                "expected no NaN with linear=True, got time steps of padding: pass linear=False"
            )
        raise_all(problems)
        self._check_padding(X)

    def _check_padding(self, X):
        if self.step_size is None:
            return
        missing = np.isnan(X).reshape(len(X), -1, self.step_size)
        partly = missing.any(axis=2) & ~missing.all(axis=2)
        if partly.any():
            row, step = np.argwhere(partly)[0]
            raise ValueError(
                "expected NaN in all columns of a padded time step or in none, got "
                f"{np.count_nonzero(missing[row, step])} of {self.step_size} in step {step} of row "
                f"{row}: fill the gaps, or make the whole step NaN"
            )

    def _fits_previous(self, X, y):
        return (
            hasattr(self, "network_")
            and self._structure == self._structural_parameters()
            and self._input_loc.shape == (X.shape[1],)
            and self._y_ndim == y.ndim
            and self.n_targets_ == y[:1].size
        )

    def _structural_parameters(self):
        """What must stay for the weights of one fit to serve the next."""
        names = ("n_mixtures", "covariance_rank", "linear", "architecture", "step_size", "dtype")
        sizes = ("hidden_layer_sizes", "recurrent_layer_sizes")
        return (
            *(getattr(self, name) for name in names),
            *(
                None if getattr(self, name) is None else tuple(getattr(self, name))
                for name in sizes
            ),
        )

    def _linear_part(self, X):
        """Means under the network, or 0."""
        if self._linear is None:
            return 0.0
        coef, intercept = self._linear
        return np.asarray(X, dtype=float) @ coef + intercept

    def _options(self, n_rows):
        own = ARCHITECTURES[self.architecture]
        options = {
            name: default if getattr(self, name, None) is None else getattr(self, name)
            for name, default in own.items()
        }
        if self.early_stopping is None and n_rows < FEWEST_ROWS_TO_VALIDATE:
            options["early_stopping"] = False
        if self.epochs is None and self.architecture == "default" and not options["early_stopping"]:
            options["epochs"] = EPOCHS_WITHOUT_VALIDATION
        return options

    def _open_checkpoint(self, X, y, weight, groups, validation_data):
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        if self.checkpoint_dir is None:
            return None, seed
        from ..nets._callbacks import Checkpoint

        free = ("epochs", "verbose", "checkpoint_dir", "warm_start")
        params = {k: v for k, v in self.get_params(deep=False).items() if k not in free}
        key = joblib.hash((params, X, y, weight, groups, validation_data))
        checkpoint = Checkpoint(self.checkpoint_dir, key)
        return checkpoint, seed if checkpoint.state is None else checkpoint.state["seed"]

    def _learn_scales(self, X, y, weight, options):
        """Location and spread of each column, and which targets vary."""
        x_loc, x_spread = column_moments(X, weight)
        y_loc, y_spread = column_moments(y, weight)
        constant = is_constant(y_loc, y_spread, eps=self._target_eps)
        y_loc[constant] = y[0, constant]
        if not constant.all():
            typical = y_spread[~constant].mean()
        else:
            typical = np.abs(y_loc).max() or 1.0
        y_spread[constant] = typical
        self._spread = y_spread
        if options["standardize"]:
            x_spread[is_constant(x_loc, x_spread, eps=np.finfo(X.dtype).eps)] = 1.0
            self._input_loc, self._input_scale = x_loc, x_spread
            self._target_loc, self._target_scale = y_loc, y_spread
            self._varies = ~constant
        else:
            self._input_loc, self._input_scale = np.zeros(X.shape[1]), np.ones(X.shape[1])
            self._target_loc, self._target_scale = np.zeros(y.shape[1]), np.ones(y.shape[1])
            self._varies = np.ones(y.shape[1], dtype=bool)
        self._scale_activation = options["scale_activation"]
        self._min_scale = float(options["min_scale"])

    def _check_validation(self, validation_data):
        try:
            X, y = validation_data
        except (TypeError, ValueError):
            raise ValueError(
                "expected validation_data as a pair (X, y), got "
                f"{type(validation_data).__name__}: pass the held-out features and targets"
            ) from None
        X = validate_data(
            self,
            X,
            reset=False,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan" if self.step_size else True,
        )
        self._check_padding(X)
        y = self._check_y(y)
        if len(X) != len(y):
            raise ValueError(
                f"expected as many targets as rows in validation_data, got {len(y)} and {len(X)}"
            )
        return X, y

    def _inputs(self, X):
        scaled = (X.astype(float) - self._input_loc) / self._input_scale
        if self.architecture != "paper":
            # One value far outside must not drown the others.
            np.clip(scaled, -10, 10, out=scaled)
        if self.step_size is not None:
            from ..nets.mixture import PADDING

            scaled[np.isnan(scaled)] = PADDING
        return scaled.astype(self.dtype)

    def _targets(self, y):
        scaled = ((y - self._target_loc) / self._target_scale)[:, self._varies]
        # Where no target varies, a network of one output learns nothing.
        return (scaled if scaled.shape[1] else np.zeros((len(y), 1))).astype(self.dtype)

    def _config(self, n_inputs, total_weight, options, start):
        """How to build the network."""
        from ..nets.mixture import output_bias

        activations = options["activation"]
        config = {
            "n_inputs": n_inputs,
            "n_targets": max(int(self._varies.sum()), 1),
            "n_mixtures": self.n_mixtures,
            "step_size": self.step_size,
            "recurrent_layer_sizes": _sizes(options["recurrent_layer_sizes"], self.step_size),
            "hidden_layer_sizes": _sizes(options["hidden_layer_sizes"]),
            "recurrent_activation": options["recurrent_activation"],
            "activations": (activations,) if isinstance(activations, str) else activations,
            "dropout": float(options["dropout"]),
            "noise": float(self.noise),
            "alpha": float(self.alpha / (2 * total_weight)),
            "dtype": self.dtype,
        }
        weights, means, scales, factors = start
        if factors is not None:
            config["factors"] = factors[:, self._varies].astype(self.dtype)
        if options["standardize"] and self._varies.any():
            bias = output_bias(
                weights,
                means[:, self._varies],
                scales[:, self._varies],
                min_scale=self._min_scale,
            )
            config |= {"bias": bias.astype(self.dtype), "kernel_scale": 0.1}
        return config

    def _train(self, config, X, y, weight, X_held, y_held, w_held, options, warm, seed, checkpoint):
        from ..nets.mixture import MixtureNLL, build_network
        from ..nets.training import train

        held = None
        if len(y_held):
            held = (self._inputs(X_held), self._targets(y_held))
            held += () if w_held is None else (w_held,)
        # Keras divides a weighted loss by the number of rows, not by their weight.
        factor = 1.0
        if weight is not None:
            # By a power of two, so that nothing rounds and nothing is too large.
            weight = weight / 2.0 ** np.floor(np.log2(weight.max()))
            factor = float(1 / weight.mean())
        loss = {
            "n_mixtures": self.n_mixtures,
            "activation": self._scale_activation,
            "min_scale": self._min_scale,
            "rank": self._rank,
            "dtype": self.dtype,
        }
        self.network_, self.history_ = train(
            build_network,
            config,
            self._inputs(X),
            self._targets(y),
            loss=MixtureNLL(**loss, factor=factor),
            validation_loss=MixtureNLL(**loss),
            optimizer=options["optimizer"],
            optimizer_params=options["optimizer_params"]
            | {"learning_rate": float(options["learning_rate"])},
            epochs=options["epochs"],
            batch_size=options["batch_size"],
            seed=seed,
            sample_weight=weight,
            validation_data=held,
            patience=self.n_iter_no_change,
            initial_weights=self.network_.weights if warm else None,
            checkpoint=checkpoint,
            verbose=int(self.verbose),
            description="training the density",
        )
        self.network_.config["blank"] = True
        self.n_iter_ = len(self.history_["loss"])
        self.interrupted_ = self.network_.interrupted

    # What follows reads the network.

    def _density(self, X):
        from ..nets.mixture import scale_of_numpy, split_factors, split_output

        raw = self.network_.predict(self._inputs(X))
        if self._rank:
            raw, relative = split_factors(raw, self.n_mixtures, self._rank)
        raw = raw.astype(float)
        logits, means, scales = split_output(raw, self.n_mixtures)
        n, k = logits.shape
        shape = (n, k, self.n_targets_)
        all_means = np.zeros(shape)
        all_scales = np.full(shape, self._min_scale)
        if self._varies.any():
            all_means[..., self._varies] = means
            all_scales[..., self._varies] = scale_of_numpy(
                scales, self._scale_activation, self._min_scale
            )
        all_scales *= self._target_scale
        under = self._linear_part(X)
        if self._linear is not None:
            under = under[:, None]
        factors = None
        if self._rank:
            factors = np.zeros((*shape, self._rank))
            factors[:, :, self._varies] = all_scales[:, :, self._varies, None] * relative
        return GaussianMixtures(
            softmax(logits, axis=1),
            self._target_loc + all_means * self._target_scale + under,
            all_scales,
            factors,
        )

    def _check_y(self, y):
        check_is_fitted(self, "network_")
        y = np.asarray(y, dtype=float)
        if y.ndim == 1 and self.n_targets_ == 1:
            y = y[:, None]
        if y.ndim != 2 or y.shape[1] != self.n_targets_:
            raise ValueError(
                f"expected targets with {self.n_targets_} columns as in fit, got shape {y.shape}"
            )
        return y

    def _like_y(self, values):
        return values[:, 0] if self._y_ndim == 1 else values


def _sizes(sizes: Any, step_size: Any = 0) -> tuple[int, ...]:
    return () if step_size is None else tuple(int(n) for n in sizes)
