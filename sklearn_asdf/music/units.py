"""UnitEncoder: musical descriptors of clips, and recorded music that matches them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._progress import progress
from .._validation import Interval, Real, check_sample_weight, require, validate_parameters
from ..functional.limiter import limit
from ..functional.windows import count_steps, step_edges
from .analysis import (
    DESCRIPTORS,
    LEVEL,
    STEP_DESCRIPTORS,
    STEP_LEVEL,
    AudioAnalysis,
    analyze,
    check_code,
    recordings_of,
)
from .audio_checks import check_clips, check_hop_duration
from .corpus import Corpus, load_units
from .stream import UnitStream
from .unit_player import play_codes, split_code
from .unit_steps import rest_level_of

__all__ = ["UnitEncoder"]


class UnitEncoder(TransformerMixin, BaseEstimator):
    """Encoder of music clips by musical descriptors, with a decoder to recorded music.

    `fit` divides the music into units, the beats of its recordings. `transform` describes clips by
    level, brightness, rhythm, tempo and phase of the beat. `inverse_transform` selects a sequence
    of units near a code, if possible consecutive ones, and warps their time so that their beats
    fall on those of the code. This is corpus-based concatenative synthesis [1]_.

    Parameters
    ----------
    sr : int, default=22050
        Sampling rate in Hz.
    start_bpm : float, default=100.0
        Tempo in BPM near which the tempo of the music is searched.
    stretch : float, default=0.1
        Change of a unit's tempo, in octaves, that costs as much as one standard deviation of
        another descriptor.
    join_cost : float, default=20.0
        Cost of leaving a recording, in squared standard deviations summed over beats. Higher values
        keep longer excerpts.
    fade_duration : float, default=0.03
        Length in seconds of the cross-fade, just before a beat, where units are joined.
    step_duration : float or None, default=None
        Duration in s of the steps of a clip whose level, brightness and onset strength the code
        has too. None describes whole clips only.
    verbose : int, default=0
        If above 0, progress is shown while fitting (needs tqdm).

    Attributes
    ----------
    code_ : ndarray of shape (n_clips, 26)
        Descriptors of the training clips with a weight above 0.
    scale_ : ndarray of shape (26,)
        Their standard deviations; 1 where there is none.
    n_steps_ : int
        Steps of a clip, 0 without `step_duration`.
    code_shape_ : tuple of int
        Steps and channels of the first columns of a code: ``code[:, :n].reshape(-1, *code_shape_)``
        with ``n = prod(code_shape_)`` is in time. The 26 descriptors of the clip follow.
    step_scale_ : ndarray of shape (3,)
        Standard deviations of the channels of the steps.
    rest_level_ : float
        Level in dB below which a step is a rest, which is silent: 30 dB below the median of the
        training clips, and at most -50.
    corpus_ : Corpus
        The units: training music, and where in it each beat begins and ends.
    n_units_ : int
        Number of units.
    n_samples_ : int
        Samples of a clip.
    n_features_in_ : int
        Samples of a clip.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if clips came in a DataFrame.

    See Also
    --------
    MelEncoder : Encodes spectrograms and decodes to new sound.
    DanceBeatTracker : Estimates the beat of a dance, from which tempo and phase are predicted.

    Notes
    -----
    The code, by name (`get_feature_names_out`):

    - `level`: root mean square of the clip, dB re 1, at least -100
    - `brightness`: mean over the power of octaves above 20 Hz
    - `band0` to `band9`: share of ten bands of four mels each in the power, dB, at least -60
    - `articulation`: geometric by arithmetic mean of the power over half a second, mean over the
      clip without its rests, dB: 0 is a steady sound
    - `fluctuation_low`, `_mid`, `_high`: standard deviation over time of thirds of the bands, dB
    - `onset_rate`: log2 of 1 + onsets per second
    - `onset_strength`: log2 of 1 + mean increase of the bands from frame to frame, dB
    - `pulse_clarity`: largest autocorrelation of the onset strength at 40 to 240 BPM, 0 to 1
    - `half_beat`, `two_beats`, `three_beats`, `four_beats`: the same at that many beats, -1 to 1
    - `log_tempo`: log2 of the tempo in BPM
    - `beat_cos`, `beat_sin`: phase of the beat in the middle of the clip, where it depends least on
      the tempo; the angle is 0 on a beat

    With `step_duration` these are preceded by the code of the steps, ``step0_level,
    step0_brightness, step0_onset_strength, step1_level, ...``: the root mean square of the step
    (at least -70), and the others as above. Then each beat has a code of its own, the unit that is
    played on it is near to it in these three descriptors too, and the level follows from step to
    step. Steps that are softer than `rest_level_` are silent.

    Beats are tracked in the whole recordings of :class:`~sklearn_asdf.AudioClips`, but units are
    taken only from the parts that clips cover. Decoding sets the level by a gain, tempo and phase
    by time warping, and all other descriptors by the choice of units: the mean of several codes
    decodes to recorded music like each of them. Levels are limited to within 6 dB of those of the
    training clips, tempi to 40 to 240 BPM.

    The cost of a sequence of units is the sum of the distances from its code on each beat, the
    changes of tempo, and `join_cost` or more at each join, depending on how much harmony, spectrum
    and accents differ from those of the unit that would follow. Dynamic programming finds the
    sequence with the lowest cost [2]_
    (:func:`~sklearn_asdf.functional.unit_selection.cheapest_path`). The result is deterministic.

    The fitted encoder contains the training music, and so does its pickle.

    References
    ----------
    .. [1] D. Schwarz, "Corpus-based concatenative synthesis", IEEE Signal Processing Magazine
       24(2), 2007.
    .. [2] A. J. Hunt and A. W. Black, "Unit selection in a concatenative speech synthesis system
       using a large speech database", ICASSP 1996.

    Examples
    --------
    >>> from sklearn_asdf import UnitEncoder
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> music = make_dance_music(6, n_performances=3, random_state=0).audio
    >>> encoder = UnitEncoder().fit(music)
    >>> code = encoder.transform(music)
    >>> code.shape
    (6, 26)
    >>> encoder.inverse_transform(code[:2]).shape
    (2, 176400)
    """

    # `fit` does not depend on these parameters: caches ignore them.
    unused_in_fit = ("stretch", "join_cost", "fade_duration", "verbose")
    # Models of earlier versions have no steps.
    n_steps_ = 0
    # Clips of weight 0 are not part of the training set, whether or not weights are requested.
    __metadata_request__fit = {"sample_weight": True}

    _parameter_constraints = {
        "sr": [Interval(Real, 0, None, closed="neither")],
        "start_bpm": [Interval(Real, 40, 240, closed="both")],
        "stretch": [Interval(Real, 0, None, closed="neither")],
        "join_cost": [Interval(Real, 0, None, closed="left")],
        "fade_duration": [Interval(Real, 0, 0.2, closed="left")],
        "step_duration": [Interval(Real, 0, None, closed="neither"), None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        sr: int = 22050,
        start_bpm: float = 100.0,
        stretch: float = 0.1,
        join_cost: float = 20.0,
        fade_duration: float = 0.03,
        step_duration: float | None = None,
        verbose: int = 0,
    ) -> None:
        self.sr = sr
        self.start_bpm = start_bpm
        self.stretch = stretch
        self.join_cost = join_cost
        self.fade_duration = fade_duration
        self.step_duration = step_duration
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Divide music into units and describe them.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz.
        y : None
            Not used.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip in the standard deviations of the code. Clips of weight 0 are left
            out and never played. With metadata routing, weights are requested by default.

        Returns
        -------
        self : UnitEncoder
            The fitted encoder.
        """
        self._fit(X, sample_weight)
        return self

    def fit_transform(
        self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> np.ndarray:
        """Divide music into units and return the codes of its clips.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz.
        y : None
            Not used.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip in the standard deviations of the code. Clips of weight 0 are left
            out and never played. With metadata routing, weights are requested by default.

        Returns
        -------
        code : ndarray of float64 of shape (n_clips, 26)
            One code per clip.
        """
        return self._fit(X, sample_weight)

    def transform(self, X: Any) -> np.ndarray:
        """Return the codes of clips.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz, as long as the training clips.

        Returns
        -------
        code : ndarray of float64 of shape (n_clips, 26)
            One code per clip.
        """
        check_is_fitted(self)
        X = check_clips(self, X, reset=False)
        code = np.empty((len(X), self._n_features_out))
        for recording, rows, starts in recordings_of(X):
            analysis = analyze(recording, sr=self.sr, start_bpm=self.start_bpm)
            code[rows] = self._describe(analysis, starts)
        return code

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the music of codes, each clip on its own.

        Parameters
        ----------
        X : array-like of shape (n_clips, 26)
            Codes.

        Returns
        -------
        audio : ndarray of float32 of shape (n_clips, n_samples)
            Sound at `sr` Hz.
        """
        code = self._check_code(X)
        audio = np.empty((len(code), self.n_samples_), np.float32)
        middle = np.array([self.n_samples_ / self.sr / 2])
        for i in range(len(code)):
            audio[i] = play_codes(self, code[i : i + 1], middle, self.n_samples_)
        return audio

    def compose(self, code: ArrayLike, *, hop_duration: float) -> np.ndarray:
        """Return one continuous piece for the codes of successive, overlapping clips.

        Parameters
        ----------
        code : array-like of shape (n_clips, 26)
            Codes of the clips, in order.
        hop_duration : float
            Time from one clip's start to the next one's in seconds, at most a clip's length.

        Returns
        -------
        audio : ndarray of float32 of shape (n_samples,)
            Sound at `sr` Hz, ``(n_clips - 1) * hop_duration`` seconds longer than a clip.

        Notes
        -----
        The piece has one grid of beats that is as steady as the codes allow
        (:func:`~sklearn_asdf.functional.beat_grid.steady_beats`). Each beat has the code of the
        clip whose middle is nearest; the level is interpolated linearly between middles. Peaks
        above -1 dB re full scale are reduced by a look-ahead limiter
        (:func:`~sklearn_asdf.functional.limiter.limit`); `inverse_transform` does not limit them.
        """
        code = self._check_code(code)
        duration = self.n_samples_ / self.sr
        check_hop_duration(hop_duration, duration)
        middles = duration / 2 + np.arange(len(code)) * hop_duration
        n_samples = round((len(code) - 1) * hop_duration * self.sr) + self.n_samples_
        return limit(play_codes(self, code, middles, n_samples), sr=self.sr)

    def stream(self) -> UnitStream:
        """Return a player of codes that arrive one after the other, as of a live dance.

        Returns
        -------
        UnitStream
            Its ``play(code, n_new, n_fade)`` returns the next samples.

        See Also
        --------
        sklearn_asdf.live.StreamingDancer : Calls it for a live dance.
        """
        check_is_fitted(self)
        return UnitStream(self)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the code's numbers.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Not used.

        Returns
        -------
        names : ndarray of str of shape (26,)
            ``level, brightness, ...``.
        """
        check_is_fitted(self)
        steps = [f"step{i}_{name}" for i in range(self.n_steps_) for name in STEP_DESCRIPTORS]
        return np.asarray([*steps, *DESCRIPTORS], dtype=object)

    @property
    def _n_features_out(self) -> int:
        return self.n_steps_ * len(STEP_DESCRIPTORS) + len(DESCRIPTORS)

    def _describe(self, analysis: AudioAnalysis, starts: np.ndarray) -> np.ndarray:
        """Return the codes of clips of one recording."""
        of_clips = analysis.describe(starts, self.n_samples_)
        if not self.n_steps_:
            return of_clips
        edges = starts[:, None] + step_edges(self.n_samples_, self.n_steps_)
        steps = analysis.describe_spans(edges[:, :-1], edges[:, 1:])
        return np.concatenate([steps.reshape(len(starts), -1), of_clips], axis=1)

    def _fit(self, X: Any, sample_weight: Any) -> np.ndarray:
        """Fit the units of the clips with a weight above 0; return the codes of all clips."""
        validate_parameters(self)
        require("librosa", extra="play", purpose="UnitEncoder")
        X = check_clips(self, X, reset=True)
        given = check_sample_weight(sample_weight, len(X))
        weight = np.ones(len(X)) if given is None else given
        self.n_samples_ = X.shape[1]
        self.n_steps_ = 0
        if self.step_duration is not None:
            duration = self.n_samples_ / self.sr
            self.n_steps_ = count_steps(duration, self.step_duration, self.n_samples_)
        self.code_shape_ = (self.n_steps_, len(STEP_DESCRIPTORS))
        code = np.empty((len(X), self._n_features_out))
        # Row numbers among the clips that are kept.
        number = np.cumsum(weight > 0) - 1
        parts = []
        recordings = list(recordings_of(X))
        for recording, rows, starts in progress(
            recordings, "analyzing the music", unit="recordings", verbose=self.verbose
        ):
            analysis = analyze(recording, sr=self.sr, start_bpm=self.start_bpm)
            code[rows] = self._describe(analysis, starts)
            kept = weight[rows] > 0
            if kept.any():
                rows, starts = number[rows[kept]], starts[kept]
                parts.append(load_units(recording, analysis, rows, starts, self.n_samples_))
        steps, self.code_ = split_code(code[weight > 0], self.n_steps_)
        weight = weight[weight > 0]
        self.scale_ = _spread(self.code_, weight)
        self.rest_level_ = rest_level_of(self.code_[:, LEVEL])
        self.step_scale_ = np.ones(len(STEP_DESCRIPTORS))
        self.step_level_limit_ = 0.0
        if steps is not None:
            self.step_level_limit_ = float(steps[..., STEP_LEVEL].max() + 6.0)
            # Rests differ from music by more than music does from music.
            sounding = np.maximum(steps, [self.rest_level_, -np.inf, -np.inf])
            of_steps = np.repeat(weight, self.n_steps_)
            self.step_scale_ = _spread(sounding.reshape(len(of_steps), -1), of_steps)
        self.corpus_ = Corpus.of(parts)
        self.n_units_ = len(self.corpus_.start)
        return code

    def _check_code(self, code: Any) -> np.ndarray:
        check_is_fitted(self)
        return check_code(code, self.n_steps_)


def _spread(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the standard deviations of columns; 1 where there is none."""
    mean = np.average(values, axis=0, weights=weight)
    spread = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weight))
    return np.where(spread > 1e-9, spread, 1.0)
