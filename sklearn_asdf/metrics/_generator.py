"""A fitted pipeline as a generator of music, as the metrics use it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..performance import features_of, steps_of

__all__ = ["Generator"]


class Generator:
    """Generates music with a fitted pipeline, or with any estimator that has `predict`.

    Parameters
    ----------
    pipeline : estimator with `predict`
        Fitted; from poses to audio clips.

    Attributes
    ----------
    pipeline : estimator
        As passed.
    model : estimator
        The last step of the pipeline.
    """

    def __init__(self, pipeline: Any) -> None:
        if not hasattr(pipeline, "predict"):
            raise TypeError(
                "expected a fitted pipeline with `predict`, such as make_dance_pipeline returns, "
                f"got {type(pipeline).__name__}: pass a fitted pipeline"
            )
        self.pipeline = pipeline
        self.model = steps_of(pipeline)[-1]

    @property
    def can_sample(self) -> bool:
        """Whether the model can sample music, and not only predict it."""
        return hasattr(self.model, "sample_y")

    @property
    def unconditional(self) -> Any:
        """The density of codes without input, or None if the model has none."""
        regressor = getattr(self.model, "regressor_", None)
        # A density of sequences is of the steps of a code, not of whole codes.
        if getattr(regressor, "target_step_size", None) is not None:
            return None
        return getattr(regressor, "unconditional_", None)

    def features(self, poses: Any) -> Any:
        """Return the input of the last step for dances."""
        return features_of(self.pipeline, poses)

    def check_temperature(self, temperature: float | None) -> str | None:
        """Return why music cannot be generated at a temperature, or None if it can."""
        if temperature is None or self.can_sample:
            return None
        return (
            "expected a pipeline with `sample_y` to sample from, got one that ends in "
            f"{type(self.model).__name__}: leave temperature at None"
        )

    def generate(self, features: Any, temperature: float | None, seed: int) -> np.ndarray:
        """Return one clip for each row of features: predicted, or sampled at a temperature."""
        if temperature is None:
            return _as_audio(self.model.predict(features))
        problem = self.check_temperature(temperature)
        if problem:
            raise TypeError(problem)
        options = {} if temperature == 1 else {"temperature": temperature}
        samples = self.model.sample_y(features, 1, random_state=seed, **options)
        return _as_audio(np.asarray(samples)[..., 0])

    def density(self, features: Any) -> Any:
        """Return the density of codes for each row of features, or None if the model has none."""
        regressor: Any = getattr(self.model, "regressor_", None)
        if self.unconditional is None or not hasattr(regressor, "predict_dist"):
            return None
        return regressor.predict_dist(features)

    def generate_unconditional(self, n_clips: int, *, sample: bool, seed: int) -> np.ndarray | None:
        """Return clips from the density without input, or None if the model has none.

        There are `n_clips` samples, or one clip, that of the mean, if `sample` is False.
        """
        if self.unconditional is None:
            return None
        decode = self.model.transformer_.inverse_transform
        if not sample:
            return _as_audio(decode(self.unconditional.mean))
        # At a temperature of 1 whatever that of the model: these codes vary as the training codes
        # do, whereas regressors differ in the effect of a temperature.
        codes = self.unconditional.sample(n_clips, seed)[0].T
        return _as_audio(decode(np.ascontiguousarray(codes)))


def _as_audio(clips: Any) -> np.ndarray:
    return np.asarray(clips, dtype=np.float32)
