"""A fitted pipeline as the metrics use it: features once, then predictions and draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..performance import features_of, steps_of

__all__ = ["Player"]


class Player:
    """Plays the music of a pipeline, or of any estimator with `predict`."""

    def __init__(self, pipeline: Any) -> None:
        if not hasattr(pipeline, "predict"):
            raise TypeError(
                "expected a fitted pipeline with `predict`, such as make_dance_pipeline returns, "
                f"got {type(pipeline).__name__}"
            )
        self.pipeline = pipeline
        self.model = steps_of(pipeline)[-1]

    def features(self, poses: Any) -> Any:
        """What the last step sees of dances."""
        return features_of(self.pipeline, poses)

    @property
    def draws(self) -> bool:
        """Whether music can be drawn, and not only predicted."""
        return hasattr(self.model, "sample_y")

    def play(self, features: Any, temperature: float | None, seed: int) -> np.ndarray:
        """Clips for features: predictions, or draws where there is a temperature."""
        if temperature is None:
            return _audio(self.model.predict(features))
        if not self.draws:
            raise TypeError(
                "expected a pipeline with `sample_y` to draw from, got one that ends in "
                f"{type(self.model).__name__}: leave temperature at None"
            )
        options = {} if temperature == 1 else {"temperature": temperature}
        drawn = self.model.sample_y(features, 1, random_state=seed, **options)
        return _audio(np.asarray(drawn)[..., 0])

    def density(self, features: Any) -> Any:
        """The density of codes of each row, or None if the model has none."""
        regressor: Any = getattr(self.model, "regressor_", None)
        if self.unconditional is None or not hasattr(regressor, "predict_dist"):
            return None
        return regressor.predict_dist(features)

    @property
    def unconditional(self) -> Any:
        """The density of codes without input, if the model has one."""
        return getattr(getattr(self.model, "regressor_", None), "unconditional_", None)

    def play_unconditional(self, n_clips: int, *, draw: bool, seed: int) -> np.ndarray | None:
        """Clips drawn from the density without input, or the one of its mean; None without it."""
        if self.unconditional is None:
            return None
        decode = self.model.transformer_.inverse_transform
        if not draw:
            return _audio(decode(self.unconditional.mean))
        # As varied as the training codes are, at whatever temperature the model draws: regressors
        # differ in what a temperature leaves of that.
        codes = self.unconditional.sample(n_clips, seed)[0].T
        return _audio(decode(np.ascontiguousarray(codes)))


def _audio(clips: Any) -> np.ndarray:
    return np.asarray(clips, dtype=np.float32)
