"""Prediction and samples of a fitted `BeatSequenceRegressor`."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d
from sklearn.utils import check_random_state

from ..functional.beat_grid import beat_of_clips, beat_position, beat_times, steady_beats
from .beat_features import middles_of_steps, movement_on_beats, places_in_beat

__all__ = ["N_GLOBAL", "BeatPredictionsMixin"]

# The last numbers of a code: transposition, duration, log2 of the tempo, cosine and sine.
N_GLOBAL = 5
# Of the weights of a mixture: lower ones repeat the likeliest chord. Higher ones than a half break
# rhythms, where these depend on the component.
LEAST_WEIGHT_TEMPERATURE = 1.0
LEAST_WITHOUT_AVERAGE = 0.5
# Beats over which the sampled deviations of envelopes from their course have a mean of 0.
BAR = 4


class BeatPredictionsMixin:
    """Methods of `BeatSequenceRegressor` that predict and sample codes.

    The class provides the parameters, the fitted attributes, and the check of its features.
    """

    beat_columns: Any
    n_channels: Any
    steps_per_beat: Any
    regressor_: Any
    clip_duration_: float
    n_targets_: int
    transpositions_: np.ndarray
    transposition_weights_: np.ndarray
    course_coef_: np.ndarray
    course_intercept_: np.ndarray
    step_columns_: np.ndarray
    factor_: np.ndarray
    mean_factor_: np.ndarray
    mean_: np.ndarray
    sampled_mean_: np.ndarray
    _beat_places: np.ndarray
    _clip_columns: np.ndarray
    _default_tempo: float
    _check: Any

    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted codes, with tempo and beat of the dance.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features.

        Returns
        -------
        code : ndarray of shape (n_clips, n_targets)
            Each step given the mean of the steps before, in the most frequent transposition. Means
            of spectra are blurred: music for listening is sampled.
        """
        X = self._check(X)
        if self.beat_columns is None:
            return self.regressor_.predict(X)
        semitones = self.transpositions_[self.transposition_weights_.argmax()]
        tempo, phase = self._beat(X)
        courses = [
            self._course(row, self._grid(*beat), semitones) for row, *beat in zip(X, tempo, phase)
        ]
        features = [self._features(course, semitones) for course in courses]
        steps = [a + b for a, b in zip(courses, self.regressor_.predict(features), strict=True)]
        return self._join(steps, np.full(len(X), semitones), tempo, phase)

    def sample_y(
        self,
        X: Any,
        n_samples: int = 1,
        random_state: int | np.random.RandomState | None = None,
        temperature: float = 1.0,
    ) -> np.ndarray:
        """Sample codes, each clip on its own.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features.
        n_samples : int, default=1
            Samples per clip.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same samples on each call.
        temperature : float, default=1.0
            Factor of the variances of each step's density, if it is above `least_temperature_`;
            temperature of the weights of its components, if it is above 1 (0.5 where no envelope
            is averaged).

        Returns
        -------
        ndarray of shape (n_clips, n_targets, n_samples)
            As :meth:`sklearn.gaussian_process.GaussianProcessRegressor.sample_y`.
        """
        X = self._check(X)
        rng = check_random_state(random_state)
        if self.beat_columns is None:
            return self.regressor_.sample_y(X, n_samples, rng, temperature)
        tempo, phase = self._beat(X)
        grids = [self._grid(*beat) for beat in zip(tempo, phase, strict=True)]
        draws = []
        for _ in range(n_samples):
            semitones = self._transpositions(rng, len(X))
            courses = [self._course(*known) for known in zip(X, grids, semitones, strict=True)]
            features = [self._features(*pair) for pair in zip(courses, semitones, strict=True)]
            rest = self._sample(features, rng, temperature)
            steps = [self._add(*pair, temperature) for pair in zip(courses, rest, strict=True)]
            draws.append(self._join(steps, semitones, tempo, phase))
        return np.stack(draws, axis=-1)

    def sample_piece(
        self,
        X: Any,
        *,
        hop_duration: float,
        random_state: int | np.random.RandomState | None = None,
        temperature: float = 1.0,
    ) -> np.ndarray:
        """Sample the codes of the successive clips of one dance, as one sequence.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_features)
            Features of the clips, in order.
        hop_duration : float
            Time from one clip's start to the next one's in s.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same sample on each call.
        temperature : float, default=1.0
            As in `sample_y`.

        Returns
        -------
        ndarray of shape (n_clips, n_targets)
            Where clips overlap, they have the same steps. All have the same transposition, and
            tempo and phase of one grid of beats
            (:func:`~sklearn_asdf.functional.beat_grid.steady_beats`).
        """
        X = self._check(X)
        rng = check_random_state(random_state)
        starts = np.arange(len(X)) * hop_duration
        middles = starts + self.clip_duration_ / 2
        tempo, phase = self._beat(X)
        grid = steady_beats(
            tempo,
            phase,
            at=middles,
            clip_duration=self.clip_duration_,
            duration=starts[-1] + self.clip_duration_,
        )
        semitones = self._transpositions(rng, 1)
        nearest = np.abs(middles_of_steps(grid, self.steps_per_beat)[:, None] - middles).argmin(
            axis=1
        )
        course = np.empty((len(nearest), self.n_channels))
        for i in np.unique(nearest):
            # The movement around a step is that of the clip in whose middle the step lies.
            of_clip = self._course(X[i], grid - starts[i], semitones[0])
            course[nearest == i] = of_clip[nearest == i]
        features = self._features(course, semitones[0])
        steps = self._add(course, self._sample([features], rng, temperature)[0], temperature)
        log_tempo, phase = beat_of_clips(grid, starts, self.clip_duration_)
        tempo = 2.0**log_tempo
        parts = []
        for i in range(len(X)):
            own = starts[i] + self._grid(tempo[i], phase[i])
            first = round(beat_position(grid, own[0]).item()) * self.steps_per_beat
            rows = first + np.arange((len(own) - 1) * self.steps_per_beat)
            parts.append(steps[np.clip(rows, 0, len(steps) - 1)])
        return self._join(parts, np.repeat(semitones, len(X)), tempo, phase)

    @property
    def _least_temperature(self) -> float:
        # Models of earlier versions have none.
        return getattr(self, "least_temperature_", 0.0)

    @property
    def _n_envelope(self) -> int:
        # Codes of earlier versions have no envelopes.
        return getattr(self, "n_envelope_", 0)

    def _sample(self, features: Any, rng: Any, temperature: float) -> Any:
        averaged, least = {}, LEAST_WITHOUT_AVERAGE
        # Models of earlier versions average nothing.
        if n := getattr(self, "n_averaged_", 0):
            averaged, least = {"n_averaged": n}, LEAST_WEIGHT_TEMPERATURE
        found = self.regressor_.sample_y(
            features,
            1,
            random_state=rng,
            weight_temperature=max(temperature, least),
            scale_temperature=max(temperature, self._least_temperature),
            **averaged,
        )
        return [steps[..., 0] for steps in found]

    def _add(self, course: np.ndarray, rest: np.ndarray, temperature: float) -> np.ndarray:
        """Return the steps of a course and of samples of what it leaves."""
        if temperature >= 1:
            return course + rest
        return self._scaled(self._on_course(course, rest))

    def _on_course(self, course: np.ndarray, rest: np.ndarray) -> np.ndarray:
        """Return steps whose envelope has the course of the movement but for what is in a bar."""
        steps = course + rest
        known = self._on_course_channels
        if known.any():
            bar = min(BAR * self.steps_per_beat, len(rest))
            steps[:, known] -= uniform_filter1d(rest[:, known], bar, axis=0, mode="reflect")
        return steps

    @property
    def _on_course_channels(self) -> np.ndarray:
        """Whether movement predicts a number of the envelope."""
        return self.course_coef_.any(axis=0) & (np.arange(self.n_channels) < self._n_envelope)

    def _scaled(self, steps: np.ndarray) -> np.ndarray:
        """Return steps with the mean of training clips, and the variances between and within."""
        mean = steps.mean(axis=0)
        restored = mean
        # Models of earlier versions know the variance within clips alone.
        if hasattr(self, "mean_factor_"):
            restored = self.mean_ + self.mean_factor_ * (mean - self.sampled_mean_)
        return restored + self.factor_ * (steps - mean)

    def _transpositions(self, rng: np.random.RandomState, n: int) -> np.ndarray:
        return rng.choice(self.transpositions_, size=n, p=self.transposition_weights_)

    def _join(
        self, steps: Any, semitones: np.ndarray, tempo: np.ndarray, phase: np.ndarray
    ) -> np.ndarray:
        """Return codes of steps, transpositions and beats."""
        code = np.zeros((len(steps), self.n_targets_))
        for row, of_row in zip(code, steps, strict=True):
            flat = np.ravel(of_row)[: self.n_targets_ - N_GLOBAL]
            row[: len(flat)] = flat
        beat = np.log2(tempo), np.cos(phase), np.sin(phase)
        code[:, -N_GLOBAL:] = np.column_stack([semitones, np.zeros(len(code)), *beat])
        code[:, -4] = self.clip_duration_
        return code

    def _beat(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return tempo in BPM and phase in the middle of the clips of dances."""
        tempo, cosine, sine = X[:, self._beat_places].T.astype(float)
        return np.where(tempo > 0, tempo, self._default_tempo), np.arctan2(sine, cosine)

    def _grid(self, tempo: float, phase: float) -> np.ndarray:
        duration = self.clip_duration_
        return beat_times(tempo, phase, at=duration / 2, duration=duration)

    def _movement(self, row: np.ndarray, grid: np.ndarray, semitones: float) -> np.ndarray:
        """Return the transposition, and the movement around steps on beats in s of a clip."""
        movement = movement_on_beats(
            row[self.step_columns_],
            row[self._clip_columns],
            grid,
            duration=self.clip_duration_,
            steps_per_beat=self.steps_per_beat,
        )
        return np.column_stack([np.full(len(movement), semitones), movement])

    def _course(self, row: np.ndarray, grid: np.ndarray, semitones: float) -> np.ndarray:
        """Return the codes of steps that movement alone predicts, (n_steps, n_channels)."""
        values = self._movement(row, grid, semitones)
        # Courses of models of earlier versions do not depend on the transposition.
        return values[:, -len(self.course_coef_) :] @ self.course_coef_ + self.course_intercept_

    def _features(self, course: np.ndarray, semitones: float) -> np.ndarray:
        """Return the features of steps for the density."""
        predictable = self.course_coef_.any(axis=0)
        place = places_in_beat(len(course), self.steps_per_beat)
        return np.column_stack([course[:, predictable], place, np.full(len(course), semitones)])
