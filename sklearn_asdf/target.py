"""AudioTargetRegressor: sound from a table of movement features, the last step of a pipeline."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags, check_array, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from ._code_scores import CodeScoresMixin, regressor_has
from ._metadata import accepted, routing_enabled
from ._progress import Progress
from ._validation import HasMethods, validate_parameters
from .functional.limiter import limit
from .functional.overlap import crossfade
from .model_selection import known_spans
from .music.clips import AudioClips
from .music.encoder_cache import fit_encoder

__all__ = ["AudioTargetRegressor"]


class AudioTargetRegressor(CodeScoresMixin, RegressorMixin, MetaEstimatorMixin, BaseEstimator):
    """Regressor of sound on movement features through an audio code.

    `fit` fits `transformer` to the audio and `regressor` to its codes; `predict` decodes predicted
    codes to sound. It corresponds to :class:`sklearn.compose.TransformedTargetRegressor`.

    Parameters
    ----------
    regressor : estimator, default=None
        Regressor from features to codes. None means :class:`MDNRegressor` with its defaults. Any
        scikit-learn regressor with several outputs can be used; `sample_y` needs one that has it.
    transformer : estimator, default=None
        Encoder of audio clips, with `transform` and `inverse_transform`. None means
        :class:`MelEncoder` with its defaults. An encoder fitted before, wrapped in
        :class:`sklearn.frozen.FrozenEstimator`, is used as it is.
    memory : str or joblib.Memory, default=None
        Folder in which fitted encoders are kept. The key is the encoder's parameters and the
        training clips, so a grid search over other parameters trains one encoder for each split
        instead of one for each candidate. Processes may share the folder: one of them trains an
        encoder while the others wait. Parameters in the class attribute `unused_in_fit` of an
        encoder, such as those of decoding, are not part of the key.

    Attributes
    ----------
    regressor_ : estimator
        The fitted regressor.
    transformer_ : estimator
        The fitted encoder.
    n_features_in_ : int
        Number of features seen during `fit`.
    n_clips_in_ : int
        Number of clips that it was fitted to.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if they came in a DataFrame.

    See Also
    --------
    make_dance_pipeline : Pipeline from poses to sound.

    Notes
    -----
    `score` is R², the coefficient of determination of the predicted codes, for every regressor, so
    that regressors with and without a density can be compared. Likelihoods and scores of the sound
    are scorers (:func:`sklearn_asdf.metrics.get_scorer`).

    Overlapping clips are not independent. A regressor whose `fit` takes `groups` (to hold out rows
    for early stopping) therefore receives the recording of each clip of :class:`AudioClips`, unless
    `groups` is given, or metadata routing is enabled and it does not request groups.

    Without metadata routing, the regressor receives all metadata of `fit`, and an encoder whose
    `fit` takes `sample_weight` receives the weights. With it, each part receives what it requests
    by `set_fit_request`; the encoders of this package request weights by default.

    `y` may have one dimension, as in scikit-learn's regressors: each clip is then one sample, and
    predictions have one dimension as well.

    :class:`sklearn_asdf.live.StreamingDancer` calls `predict_codes`, and then either the `stream`
    of the encoder or `decode`.

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

    def __init__(
        self, regressor: Any = None, transformer: Any = None, *, memory: Any = None
    ) -> None:
        self.regressor = regressor
        self.transformer = transformer
        self.memory = memory

    def fit(self, X: Any, y: Any, **fit_params: Any) -> Self:
        """Fit the encoder to the audio, and the regressor to its codes.

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
        X_checked, y = self._check_features_and_audio(X, y)
        transformer = self._default_transformer() if self.transformer is None else self.transformer
        regressor = self._default_regressor() if self.regressor is None else self.regressor
        for_transformer, for_regressor = self._metadata(transformer, regressor, fit_params)
        if isinstance(y, AudioClips):
            # Clips of one recording overlap, so they must be held out together.
            for_regressor = accepted(regressor, {"groups": y.groups}) | for_regressor
        if isinstance(transformer, FrozenEstimator):
            # It is fitted already, and a network cannot be a key of a cache.
            self.transformer_, codes = transformer, transformer.transform(self._as_clips(y))
        else:
            self.transformer_, codes = fit_encoder(
                clone(transformer), self._as_clips(y), self.memory, metadata=for_transformer
            )
        # The regressor gets the original table, with its feature names.
        X = X if hasattr(X, "columns") else X_checked
        self.regressor_ = clone(regressor).fit(X, codes, **for_regressor)
        self.n_clips_in_ = len(codes)
        self._trained_on = known_spans(y) if isinstance(y, AudioClips) else None
        return self

    @classmethod
    def from_fitted(cls, regressor: Any, transformer: Any) -> Self:
        """Return a fitted model of a regressor and an encoder that were fitted apart.

        Parameters
        ----------
        regressor : estimator
            Fitted regressor from features to codes of `transformer`, with ``n_features_in_``.
        transformer : estimator
            Fitted encoder.

        Returns
        -------
        AudioTargetRegressor
            With these two, not copied. `fit` fits clones of them to pairs.
        """
        check_is_fitted(regressor)
        check_is_fitted(transformer)
        self = cls(regressor, transformer)
        self.regressor_, self.transformer_ = regressor, transformer
        self.n_features_in_ = regressor.n_features_in_
        if hasattr(regressor, "feature_names_in_"):
            self.feature_names_in_ = regressor.feature_names_in_
        self._trained_on, self._training_is_1d = None, False
        return self

    def predict(self, X: Any) -> np.ndarray:
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
        With :class:`MelEncoder`, the mean of a density is blurred and quieter than its samples. For
        listening, use `sample_y`, or `compose` with a temperature. :class:`UnitEncoder` decodes any
        code to recorded music.
        """
        X = self._check_features(X)
        return self.decode(self.regressor_.predict(X))

    def predict_codes(
        self,
        X: Any,
        *,
        temperature: float | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> np.ndarray:
        """Return one code for each clip, predicted or sampled.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of each dance clip.
        temperature : float, default=None
            None takes the regressor's predictions; a number samples its density at that
            temperature.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same samples on each call.

        Returns
        -------
        codes : ndarray of shape (n_clips, n_codes)
            Codes, for `decode` or for the encoder's own methods.
        """
        X = self._check_features(X)
        if temperature is None:
            codes = self.regressor_.predict(X)
        elif hasattr(self.regressor_, "sample_y"):
            codes = self.regressor_.sample_y(
                X, 1, random_state=random_state, temperature=temperature
            )
        else:
            raise TypeError(
                "expected a regressor with `sample_y` to sample from, got "
                f"{type(self.regressor_).__name__}: leave temperature at None, or use MDNRegressor"
            )
        return codes.reshape(len(codes), -1)

    def decode(self, codes: Any) -> np.ndarray:
        """Return the sound of codes.

        Parameters
        ----------
        codes : array-like of shape (n_clips, n_codes)
            Codes, such as those of `predict_codes`.

        Returns
        -------
        audio : ndarray of shape (n_clips, n_samples)
            One clip of sound for each code.
        """
        check_is_fitted(self)
        codes = np.asarray(codes)
        audio = self.transformer_.inverse_transform(codes.reshape(len(codes), -1))
        return audio[:, 0] if self._training_is_1d else audio

    @available_if(regressor_has("sample_y"))
    def sample_y(
        self,
        X: Any,
        n_samples: int = 1,
        random_state: int | np.random.RandomState | None = None,
        **sample_params: Any,
    ) -> np.ndarray:
        """Sample sounds from the density of codes.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of each dance clip.
        n_samples : int, default=1
            Number of samples for each clip.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same samples on each call.
        **sample_params : dict
            Passed to the regressor's `sample_y`, such as `temperature`.

        Returns
        -------
        audio : ndarray of shape (n_clips, n_samples_of_audio, n_samples)
            The samples along the last axis, as in
            :meth:`sklearn.gaussian_process.GaussianProcessRegressor.sample_y`.
        """
        X = self._check_features(X)
        codes = self.regressor_.sample_y(X, n_samples, random_state=random_state, **sample_params)
        codes = codes.reshape(len(codes), -1, n_samples)
        return np.stack([self.decode(codes[..., i]) for i in range(n_samples)], axis=-1)

    def compose(
        self,
        X: Any,
        *,
        hop_duration: float,
        temperature: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> np.ndarray:
        """Return one continuous piece for the successive clips of one dance.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of the clips of one dance, in order.
        hop_duration : float
            Time from one clip's start to the next one's, in seconds.
        temperature : float, default=None
            None takes the regressor's predictions; a number samples its density at that
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
        An encoder with a method `compose` joins the clips: :meth:`MelEncoder.compose` averages
        spectrograms, :meth:`UnitEncoder.compose` follows one grid of beats. The clips of other
        encoders are cross-faded, and a look-ahead limiter reduces peaks above full scale. A
        regressor with a method `sample_piece`, such as :class:`BeatSequenceRegressor`, samples the
        clips as one sequence.
        """
        encoder = getattr(self.transformer_, "estimator", self.transformer_)
        with Progress("composing", total=2, verbose=verbose) as bar:
            bar.begin("choosing the music")
            if temperature is not None and hasattr(self.regressor_, "sample_piece"):
                codes = self.regressor_.sample_piece(
                    self._check_features(X),
                    hop_duration=hop_duration,
                    random_state=random_state,
                    temperature=temperature,
                )
            else:
                codes = self.predict_codes(X, temperature=temperature, random_state=random_state)
            bar.begin("rendering the sound")
            return self._render(encoder, codes, hop_duration)

    def _render(self, encoder: Any, codes: np.ndarray, hop_duration: float) -> np.ndarray:
        if hasattr(encoder, "compose"):
            return encoder.compose(codes, hop_duration=hop_duration)
        clips = self.decode(codes).reshape(len(codes), -1)
        sr = getattr(encoder, "sr", 22050)
        piece = crossfade(clips, hop_length=round(hop_duration * sr))
        return limit(piece, sr=sr, ceiling=1.0)

    def _as_clips(self, y: Any) -> Any:
        return y.reshape(-1, 1) if y.ndim == 1 else y

    def _check_features(self, X: Any) -> Any:
        check_is_fitted(self)
        checked = validate_data(self, X, reset=False, ensure_all_finite=self._finite())
        return X if hasattr(X, "columns") else checked

    def _check_features_and_audio(self, X: Any, y: Any, *, reset: bool = True) -> tuple[Any, Any]:
        """Return checked features and audio."""
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

    def _finite(self) -> bool:
        """Return whether missing features are an error, by the tags of the regressor."""
        return self.regressor is None or not get_tags(self.regressor).input_tags.allow_nan

    @staticmethod
    def _default_regressor() -> Any:
        from .density.mdn import MDNRegressor

        return MDNRegressor()

    @staticmethod
    def _default_transformer() -> Any:
        from .music.mel import MelEncoder

        return MelEncoder()

    def _metadata(
        self, transformer: Any, regressor: Any, params: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the metadata of `fit` for the encoder and for the regressor."""
        if not params:
            return {}, {}
        if routing_enabled():
            routed = process_routing(self, "fit", **params)
            return dict(routed.transformer.fit), dict(routed.regressor.fit)
        weights = {k: v for k, v in params.items() if k == "sample_weight" and v is not None}
        return accepted(transformer, weights), params

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata routing of this estimator.

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

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.required = True
        if self.regressor is not None:
            tags.input_tags.allow_nan = get_tags(self.regressor).input_tags.allow_nan
        return tags
