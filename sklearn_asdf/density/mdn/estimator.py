"""MDNRegressor: a mixture density network as a regressor on tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_random_state

from ..._validation import (
    Integral,
    Interval,
    Real,
    StrOptions,
    validate_parameters,
)
from ...nets.estimator import (
    TRAINING_CONSTRAINTS,
    NetworkEstimatorMixin,
    with_training_parameters,
)
from .architectures import architecture_options
from .checks import unpack_validation_data
from .sequence_predictions import SequencePredictionsMixin
from .training import train_network

__all__ = ["MDNRegressor"]


@with_training_parameters(n_iter_no_change=10)
class MDNRegressor(SequencePredictionsMixin, NetworkEstimatorMixin, BaseEstimator):
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
        standardized columns that starts from a mixture fitted to the targets. "paper" is the
        network of [2]_ on columns as they are.
    step_size : int, default=None
        Number of successive columns of `X` that make one time step. None makes a dense network;
        else recurrent layers read ``n_features_in_ / step_size`` steps.
    target_step_size : int, default=None
        Number of successive columns of `y` that make one time step. None predicts one density of
        all targets of a row. Else the density is that of a sequence: each step depends on the
        features and on the targets of the steps before it; see the notes.
    excerpt_steps : int, default=128
        Most steps of a sequence that the network is trained on at once (truncated backpropagation
        through time). Longer sequences are cut, for training only.
    hidden_layer_sizes : tuple of int, default=None
        Sizes of the dense layers.
    recurrent_layer_sizes : tuple of int, default=None
        Sizes of the LSTM layers, used with `step_size` or `target_step_size`.
    activation : str, default=None
        Keras's name of the activation of the dense layers.
    dropout : float, default=None
        Dropout rate after each dense layer.
    noise : float, default=0.0
        Standard deviation of the noise added to the inputs of the network in training, relative
        to that of a column.
    feedback_noise : float, default=0.0
        Standard deviation of the noise added in training to the targets of the step before,
        relative to that of a target. It makes samples of long sequences robust against their own
        errors, at some cost in likelihood.
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
        Mixture of one row (or step) that is fitted to the same targets without features; with
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
        Time steps in a row; of sequences, those of the longest.
    n_targets_ : int
        Number of targets of a row, or of a step with `target_step_size`.
    n_features_in_ : int
        Number of columns; of a list of sequences, those of a step.
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
    `batch_size`             64 rows, or 16 sequences              8
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

    With `target_step_size` the density of a sequence of T steps is, by the chain rule,

    .. math:: p(y_1, \dots, y_T \mid x) = \prod_t p(y_t \mid x_1, \dots, x_t, y_1, \dots, y_{t-1}),

    a mixture for each step from an LSTM that reads features and the targets before [4]_ [5]_.
    `X` has the same steps (`step_size` columns each), or, with `step_size` None, columns that all
    steps share. Tables may be padded with NaN at the end. Sequences of any lengths can also be
    passed as lists of arrays ``(n_steps, n_columns)`` for `X` and `y`, here and in all methods;
    results are lists then. NaN in `y` is not scored: it is integrated out of the density of its
    step, and later steps see that it is unknown. Scores are of whole sequences, and means are per
    target that is known. `predict` feeds the mean of each step back, and its standard deviations
    are those of the steps given these means; they do not accumulate. `sample_y` feeds samples back.
    It goes on from a `state`, so that clips make one sequence. Networks are evaluated in NumPy, in
    double precision and on one thread. `linear_baseline` cannot be used.

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
    .. [4] A. Graves, "Generating sequences with recurrent neural networks", arXiv:1308.0850, 2013.
    .. [5] D. Ha and D. Eck, "A neural representation of sketch drawings", ICLR 2018.

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
        "target_step_size": [None, Interval(Integral, 1, None, closed="left")],
        "excerpt_steps": [Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": [None, "array-like"],
        "recurrent_layer_sizes": [None, "array-like"],
        "activation": [None, str],
        "dropout": [None, Interval(Real, 0, 1, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "feedback_noise": [Interval(Real, 0, None, closed="left")],
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
        target_step_size: int | None = None,
        excerpt_steps: int = 128,
        hidden_layer_sizes: Sequence[int] | None = None,
        recurrent_layer_sizes: Sequence[int] | None = None,
        activation: str | None = None,
        dropout: float | None = None,
        noise: float = 0.0,
        feedback_noise: float = 0.0,
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
        self.target_step_size = target_step_size
        self.excerpt_steps = excerpt_steps
        self.hidden_layer_sizes = hidden_layer_sizes
        self.recurrent_layer_sizes = recurrent_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.noise = noise
        self.feedback_noise = feedback_noise
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
        X : array-like of shape (n_rows, n_features), or list of array-like
            Features.
        y : array-like of shape (n_rows,) or (n_rows, n_targets), or list of array-like
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
        data = self._read(X, y, sample_weight, groups, reset=True)
        warm = self.warm_start and self._fits_previous(data)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        checkpoint = self._open_checkpoint(data, validation_data)
        if checkpoint is not None and checkpoint.state is not None:
            seed = checkpoint.state["seed"]
        options = architecture_options(self, data.n_scored)
        self.n_targets_ = data.y.shape[1]
        early = options["early_stopping"] and validation_data is None
        train, held = data.split(self.validation_fraction if early else 0, seed)
        if validation_data is not None:
            held = self._read(*unpack_validation_data(validation_data))
        rest = self._residuals(train) if warm else self._fit_baseline(train, options)
        rest_held = self._residuals(held)
        start = self._fit_unconditional(train, rest, held, rest_held, options)
        self.network_, self.history_ = train_network(
            self,
            self._scaling,
            options,
            start,
            *(d.network_rows(self._scaling, dtype=self.dtype) for d in (rest, rest_held)),
            rank=self._rank,
            seed=seed,
            initial_weights=self.network_.weights if warm else None,
            checkpoint=checkpoint,
            **self._training_options(),
        )
        self.n_iter_ = len(self.history_["loss"])
        self.interrupted_ = self.network_.interrupted
        self._structure = self._structural_parameters()
        self._keep_scores(data, held)
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        # NaN in all columns of a time step is padding.
        tags.input_tags.allow_nan = self.step_size is not None
        tags.non_deterministic = False
        return tags
