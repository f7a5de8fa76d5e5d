"""Scores of a regressor through an audio code."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if

from .density.density_mixin import mean_log_prob
from .model_selection import warn_of_leaks
from .music.clips import AudioClips

__all__ = ["CodeScoresMixin", "regressor_has"]


def regressor_has(method: str) -> Any:
    """Return a check for `available_if`: whether the regressor inside has a method.

    Parameters
    ----------
    method : str
        Name of the method.

    Returns
    -------
    callable
        Of the model, fitted or not.
    """

    def check(model: Any) -> bool:
        regressor = getattr(model, "regressor_", None) or model.regressor
        # The default regressor is MDNRegressor, which has all of them.
        return regressor is None or hasattr(regressor, method)

    return check


class CodeScoresMixin:
    """Scores of the codes that a regressor predicts for audio.

    The class provides `regressor_`, `transformer_` and the checks of its inputs.
    """

    regressor_: Any
    transformer_: Any
    _as_clips: Any
    _check_features_and_audio: Any

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
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
            not. Scores of different encoders cannot be compared: to search over the parameters
            of an encoder, use a score of the sound from :mod:`sklearn_asdf.metrics`.

        Warns
        -----
        UserWarning
            Where clips of :class:`AudioClips` were not trained on but overlap with some that were.
        """
        X, codes = self._encode_to_score(X, y)
        predicted = np.asarray(self.regressor_.predict(X)).reshape(len(codes), -1)
        return r2_score(codes, predicted, sample_weight=sample_weight)

    @available_if(regressor_has("predict_dist"))
    def log_likelihood(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
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
        # Densities of sequences have their own.
        if hasattr(self.regressor_, "log_likelihood"):
            return self.regressor_.log_likelihood(X, codes, sample_weight)
        return mean_log_prob(self.regressor_.predict_dist(X), codes, sample_weight)

    @available_if(regressor_has("predict_dist"))
    def information_gain(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the gain in log-likelihood of the codes of `y` over the density without features.

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
            the code. At most 0, up to chance, where the dance explains nothing.

        Warns
        -----
        UserWarning
            As in `score`.
        """
        X, codes = self._encode_to_score(X, y)
        if hasattr(self.regressor_, "information_gain"):
            return self.regressor_.information_gain(X, codes, sample_weight)
        own = mean_log_prob(self.regressor_.predict_dist(X), codes, sample_weight)
        return own - mean_log_prob(self.regressor_.unconditional_, codes, sample_weight)

    def warn_of_leaks(self, y: Any) -> None:
        """Warn where clips to score overlap in time with clips that were trained on.

        Parameters
        ----------
        y : AudioClips or array-like of shape (n_clips, n_samples)
            The sound of each clip. Arrays have no times and are not checked.
        """
        # Models saved by earlier versions lack the attribute.
        spans = getattr(self, "_trained_on", None)
        if spans is not None and isinstance(y, AudioClips):
            warn_of_leaks(y, spans, stacklevel=4)

    def _encode_to_score(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        """Return features and codes for the scores of the regressor."""
        X_checked, y = self._check_features_and_audio(X, y, reset=False)
        self.warn_of_leaks(y)
        codes = np.asarray(self.transformer_.transform(self._as_clips(y)))
        return X if hasattr(X, "columns") else X_checked, codes.reshape(len(codes), -1)
