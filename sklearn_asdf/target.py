"""AudioTargetRegressor: the last step, from a table of movement features to sound."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import r2_score
from sklearn.utils import check_array, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from ._metadata import accepted, routing_enabled
from ._progress import Progress
from ._validation import HasMethods, validate_parameters
from .density.likelihood import mean_log_prob
from .functional.limiter import limit
from .functional.overlap import crossfade
from .model_selection import known_spans, warn_of_leaks
from .music.clips import AudioClips
from .music.encoder_cache import fit_encoder

__all__ = ["AudioTargetRegressor"]


def _regressor_has(method: str) -> Any:
    """Offer a method only if the regressor inside has it, fitted or not."""

    def check(self: AudioTargetRegressor) -> bool:
        regressor = getattr(self, "regressor_", None) or self.regressor
        # The default regressor is a mixture density network, which has them all.
        return regressor is None or hasattr(regressor, method)

    return check


class AudioTargetRegressor(RegressorMixin, MetaEstimatorMixin, BaseEstimator):
    """Regress sound on movement features through an audio code.

    `fit` learns a code for the audio with `transformer`, then learns the code from the features
    with `regressor`; `predict` decodes the regressor's predictions to sound. It is to audio what
    :class:`sklearn.compose.TransformedTargetRegressor` is to numbers.

    Parameters
    ----------
    regressor : estimator, default=None
        Regressor from features to codes. None means :class:`MDNRegressor` with its defaults. Any
        scikit-learn regressor with more than one output serves; those that are densities
        (`sample_y`) can be drawn from.
    transformer : estimator, default=None
        Encoder of audio clips, with `transform` and `inverse_transform`. None means
        :class:`MelEncoder` with its defaults. An encoder fitted before, wrapped in
        :class:`sklearn.frozen.FrozenEstimator`, is used as it is.
    memory : str or joblib.Memory, default=None
        Folder in which fitted encoders are kept. The key is the encoder's parameters and the
        training clips, so a grid search over anything else trains one encoder for each split
        instead of one for each candidate. Processes may share the folder: one of them trains an
        encoder, the others wait for it. Parameters that an encoder lists in its class attribute
        `unused_in_fit`, such as those of decoding alone, are not part of the key.

    Attributes
    ----------
    regressor_ : estimator
        The fitted regressor.
    transformer_ : estimator
        The fitted encoder.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if they came in a DataFrame.

    See Also
    --------
    make_dance_pipeline : The whole way from poses to sound.

    Notes
    -----
    `score` is R², the coefficient of determination of the predicted codes, whatever the regressor,
    so regressors with and without a density can be compared. Likelihoods and scores of the sound
    are scorers of their own (:func:`sklearn_asdf.metrics.get_scorer`).

    Clips that overlap are not independent, so a regressor whose `fit` takes `groups` (for what it
    holds back to stop early) gets the recording of each clip of :class:`AudioClips`, unless
    `groups` is given, or metadata routing is on and it does not request groups.

    Without metadata routing, the regressor gets all metadata of `fit`, and an encoder whose `fit`
    takes `sample_weight` gets the weights. With it, each part gets what it requests, by
    `set_fit_request`; the encoders of this package request weights by default.

    `y` may have one dimension, as scikit-learn's regressors allow: each clip is then one sample,
    and predictions have one dimension too.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_asdf import AudioTargetRegressor
    >>> rng = np.random.default_rng(0)
    >>> X, audio = rng.normal(size=(20, 5)), rng.normal(size=(20, 64))
    >>> model = AudioTargetRegressor(Ridge(), StandardScaler()).fit(X, audio)
    >>> model.predict(X).shape
    (20, 64)
    """

    _parameter_constraints = {
        "regressor": [HasMethods(["fit", "predict"]), None],
        "transformer": [HasMethods(["fit", "transform", "inverse_transform"]), None],
        "memory": [str, HasMethods(["cache"]), None],
    }

    def __init__(self, regressor=None, transformer=None, *, memory=None):
        self.regressor = regressor
        self.transformer = transformer
        self.memory = memory

    def fit(self, X, y, **fit_params):
        """Learn the audio code, then the code from the features.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of each dance clip.
        y : AudioClips or array-like of shape (n_clips, n_samples)
            The sound of each clip.
        **fit_params : dict
            Metadata, such as `sample_weight` and `groups`, for the regressor's `fit` and the
            encoder's; see the notes.

        Returns
        -------
        self : AudioTargetRegressor
            The fitted model.
        """
        validate_parameters(self)
        X_checked, y = self._validate(X, y)
        transformer = self._default_transformer() if self.transformer is None else self.transformer
        regressor = self._default_regressor() if self.regressor is None else self.regressor
        for_transformer, for_regressor = self._metadata(transformer, regressor, fit_params)
        if isinstance(y, AudioClips):
            # Clips of one recording overlap: rows held back at random would not be held out.
            for_regressor = accepted(regressor, {"groups": y.groups}) | for_regressor
        if isinstance(transformer, FrozenEstimator):
            # Fitted already: nothing to keep, and a network is no cache key.
            self.transformer_, codes = transformer, transformer.transform(self._as_clips(y))
        else:
            self.transformer_, codes = fit_encoder(
                clone(transformer), self._as_clips(y), self.memory, metadata=for_transformer
            )
        # The regressor gets the table as it came, so that it sees the feature names.
        X = X if hasattr(X, "columns") else X_checked
        self.regressor_ = clone(regressor).fit(X, codes, **for_regressor)
        self._trained_on = known_spans(y) if isinstance(y, AudioClips) else None
        return self

    def predict(self, X):
        """Return the sound of the regressor's predicted codes.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of each dance clip.

        Returns
        -------
        audio : ndarray of shape (n_clips, n_samples)
            One clip of sound for each dance clip.

        Notes
        -----
        With a code of sound as :class:`MelEncoder`'s, the mean of a density is blurred and quieter
        than each of its draws: to listen, draw with `sample_y`, or with `compose` at a temperature.
        :class:`UnitEncoder` decodes any code to real music.
        """
        X = self._check_features(X)
        return self._decode(self.regressor_.predict(X))

    @available_if(_regressor_has("sample_y"))
    def sample_y(self, X, n_samples=1, random_state=None, **sample_params):
        """Draw sounds from the density of codes.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of each dance clip.
        n_samples : int, default=1
            Number of draws for each clip.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same draws on each call.
        **sample_params : dict
            Passed to the regressor's `sample_y`, such as `temperature`.

        Returns
        -------
        audio : ndarray of shape (n_clips, n_samples_of_audio, n_samples)
            The draws along the last axis, as in
            :meth:`sklearn.gaussian_process.GaussianProcessRegressor.sample_y`.
        """
        X = self._check_features(X)
        codes = self.regressor_.sample_y(X, n_samples, random_state=random_state, **sample_params)
        codes = codes.reshape(len(codes), -1, n_samples)
        return np.stack([self._decode(codes[..., i]) for i in range(n_samples)], axis=-1)

    def compose(self, X, *, hop_duration, temperature=None, random_state=None, verbose=0):
        """Return one continuous piece for the successive clips of one dance.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of the clips of one dance, in order.
        hop_duration : float
            Time from one clip's start to the next one's, in seconds.
        temperature : float, default=None
            None takes the regressor's predictions; a number draws from its density at that
            temperature.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same piece on each call.
        verbose : int, default=0
            Above 0, show progress.

        Returns
        -------
        audio : ndarray of shape (n_samples,)
            The piece, `(n_clips - 1) * hop_duration` seconds longer than a clip.

        Notes
        -----
        An encoder with a `compose` of its own joins the clips: :meth:`MelEncoder.compose` their
        spectrograms, :meth:`UnitEncoder.compose` their beats. Those of any other are cross-faded.
        Peaks above full scale are turned down by a look-ahead limiter.
        """
        encoder = getattr(self.transformer_, "estimator", self.transformer_)
        with Progress("composing", total=2, verbose=verbose) as bar:
            bar.begin("choosing the music")
            codes = self._codes(X, temperature, random_state)
            bar.begin("rendering the sound")
            return self._render(encoder, codes, hop_duration)

    def _render(self, encoder, codes, hop_duration):
        if hasattr(encoder, "compose"):
            return encoder.compose(codes, hop_duration=hop_duration)
        clips = self._decode(codes).reshape(len(codes), -1)
        sr = getattr(encoder, "sr", 22050)
        piece = crossfade(clips, hop_length=round(hop_duration * sr))
        return limit(piece, sr=sr, ceiling=1.0)

    def score(self, X, y, sample_weight=None):
        """Return R² of the predicted codes.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of each dance clip.
        y : AudioClips or array-like of shape (n_clips, n_samples)
            The sound of each clip.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip.

        Returns
        -------
        score : float
            Mean over the numbers of the code of their coefficient of determination: 1 is perfect,
            0 is what the mean code of these clips gets. It compares regressors, with a density or
            not. Codes of different encoders cannot be compared by it: search over an encoder's
            parameters with a score of :mod:`sklearn_asdf.metrics` that listens to the sound.

        Warns
        -----
        UserWarning
            Where clips of :class:`AudioClips` were not trained on but overlap with some that were.
        """
        X, codes = self._encode_to_score(X, y)
        predicted = np.asarray(self.regressor_.predict(X)).reshape(len(codes), -1)
        return r2_score(codes, predicted, sample_weight=sample_weight)

    @available_if(_regressor_has("predict_dist"))
    def log_likelihood(self, X, y, sample_weight=None):
        """Return the mean log-likelihood of the codes of `y`, per number of the code.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of each dance clip.
        y : AudioClips or array-like of shape (n_clips, n_samples)
            The sound of each clip.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip.

        Returns
        -------
        float
            In nats; higher is better. Likelihoods of codes of different encoders cannot be
            compared.

        Warns
        -----
        UserWarning
            As in `score`.
        """
        X, codes = self._encode_to_score(X, y)
        return mean_log_prob(self.regressor_.predict_dist(X), codes, sample_weight)

    @available_if(_regressor_has("predict_dist"))
    def information_gain(self, X, y, sample_weight=None):
        """Return what the dance adds to the log-likelihood of the codes of `y`.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of each dance clip.
        y : AudioClips or array-like of shape (n_clips, n_samples)
            The sound of each clip.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip.

        Returns
        -------
        float
            `log_likelihood` less that of the regressor's `unconditional_`, in nats per number of
            the code. Not above 0, up to chance, where the dance explains nothing.

        Warns
        -----
        UserWarning
            As in `score`.
        """
        X, codes = self._encode_to_score(X, y)
        own = mean_log_prob(self.regressor_.predict_dist(X), codes, sample_weight)
        return own - mean_log_prob(self.regressor_.unconditional_, codes, sample_weight)

    def warn_of_leaks(self, y):
        """Warn where clips to score overlap in time with clips that were trained on.

        Parameters
        ----------
        y : AudioClips or array-like of shape (n_clips, n_samples)
            The sound of each clip. Arrays do not know their time.
        """
        # A model of an earlier version does not know.
        spans = getattr(self, "_trained_on", None)
        if spans is not None and isinstance(y, AudioClips):
            warn_of_leaks(y, spans, stacklevel=4)

    def _codes(self, X, temperature, random_state):
        """One code for each row: predicted, or drawn at a temperature."""
        X = self._check_features(X)
        if temperature is None:
            codes = self.regressor_.predict(X)
        elif hasattr(self.regressor_, "sample_y"):
            codes = self.regressor_.sample_y(
                X, 1, random_state=random_state, temperature=temperature
            )
        else:
            raise TypeError(
                "expected a regressor with `sample_y` to draw from, got "
                f"{type(self.regressor_).__name__}: leave temperature at None, or use MDNRegressor"
            )
        return codes.reshape(len(codes), -1)

    def _encode_to_score(self, X, y):
        """Features and codes, as the regressor wants them for a score."""
        X_checked, y = self._validate(X, y, reset=False)
        self.warn_of_leaks(y)
        codes = np.asarray(self.transformer_.transform(self._as_clips(y)))
        return X if hasattr(X, "columns") else X_checked, codes.reshape(len(codes), -1)

    def _decode(self, codes):
        audio = self.transformer_.inverse_transform(codes.reshape(len(codes), -1))
        return audio[:, 0] if self._training_is_1d else audio

    def _as_clips(self, y):
        return y.reshape(-1, 1) if y.ndim == 1 else y

    def _check_features(self, X):
        check_is_fitted(self)
        checked = validate_data(self, X, reset=False, ensure_all_finite=self._finite())
        return X if hasattr(X, "columns") else checked

    def _validate(self, X, y, *, reset=True):
        """Check features and audio together, before any work."""
        if not reset:
            check_is_fitted(self)
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None: "
                "give the audio clips."
            )
        X = validate_data(self, X, reset=reset, ensure_all_finite=self._finite())
        if not isinstance(y, AudioClips):
            if np.asarray(y).dtype.kind in "US":
                raise ValueError(
                    "expected audio of shape (n_clips, n_samples) as numbers in [-1, 1], got text: "
                    "read files with AudioClips.from_recordings"
                )
            y = check_array(y, input_name="y", ensure_2d=False, allow_nd=True, estimator=self)
            if y.ndim > 2:
                raise ValueError(
                    "expected audio of shape (n_clips, n_samples), mono, "
                    f"got {y.shape}: mix the channels to one, or are dance and audio swapped?"
                )
        if len(X) != len(y):
            raise ValueError(
                f"expected one audio clip for each dance clip, got {len(X)} of dance and {len(y)} "
                "of audio: cut both on one clock (datasets.load_folder does)"
            )
        if reset:
            self._training_is_1d = y.ndim == 1
        return X, y

    def _finite(self):
        """Whether missing features are an error: the regressor's own rule."""
        return self.regressor is None or not get_tags(self.regressor).input_tags.allow_nan

    @staticmethod
    def _default_regressor():
        from .density.mdn import MDNRegressor

        return MDNRegressor()

    @staticmethod
    def _default_transformer():
        from .music.mel import MelEncoder

        return MelEncoder()

    def _metadata(self, transformer, regressor, params):
        """Metadata of `fit` for the encoder, and for the regressor."""
        if not params:
            return {}, {}
        if routing_enabled():
            routed = process_routing(self, "fit", **params)
            return dict(routed.transformer.fit), dict(routed.regressor.fit)
        weights = {k: v for k, v in params.items() if k == "sample_weight" and v is not None}
        return accepted(transformer, weights), params

    def get_metadata_routing(self):
        """Return which part requests which metadata.

        Returns
        -------
        routing : MetadataRouter
            `fit` routes to the `fit` of the encoder and of the regressor; `score` takes its own.
        """
        both = MethodMapping().add(caller="fit", callee="fit")
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(
                transformer=self._default_transformer()
                if self.transformer is None
                else self.transformer,
                method_mapping=both,
            )
            .add(
                regressor=self._default_regressor() if self.regressor is None else self.regressor,
                method_mapping=both,
            )
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.required = True
        if self.regressor is not None:
            tags.input_tags.allow_nan = get_tags(self.regressor).input_tags.allow_nan
        return tags
