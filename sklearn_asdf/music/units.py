"""UnitEncoder: music as a few musical numbers, and back to sound by joining real music anew."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from .._progress import progress
from .._validation import Interval, Real, check_sample_weight, require, validate_parameters
from ..functional.beat_grid import beat_times, steady_beats
from ..functional.limiter import limit
from .analysis import DESCRIPTORS, hear, recordings_of
from .clips import AudioClips, check_audio
from .corpus import Corpus, lay, load_units
from .stream import UnitStream

__all__ = ["UnitEncoder"]

_LEVEL = DESCRIPTORS.index("level")
_TEMPO = DESCRIPTORS.index("log_tempo")
_COS, _SIN = DESCRIPTORS.index("beat_cos"), DESCRIPTORS.index("beat_sin")
_TEMPI = (40.0, 240.0)


class UnitEncoder(TransformerMixin, BaseEstimator):
    """Encode clips of music in musical descriptors, and decode them to real music on their beat.

    `fit` cuts the music into units, the beats of its recordings; `transform` describes clips by
    level, brightness, rhythm, tempo and phase of the beat; `inverse_transform` chooses the units
    nearest to a code, which go on as they do in their recordings, and bends their time so that
    their beats fall on the code's. This is corpus-based concatenative synthesis [1]_.

    Parameters
    ----------
    sr : int, default=22050
        Sampling rate in Hz.
    usual_tempo : float, default=100.0
        Beats a minute near which the tempo of music is looked for.
    stretch : float, default=0.1
        Octaves by which the tempo of a unit may well be bent: so much more counts as much as one
        standard deviation of the other descriptors.
    join_cost : float, default=20.0
        How much better, in squared standard deviations summed over beats, other units have to be
        for the music to leave its recording.
    fade_duration : float, default=0.03
        Length of the cross-fade where units are joined, just before a beat, in seconds.
    verbose : int, default=0
        Above 0, fitting shows its progress (needs tqdm).

    Attributes
    ----------
    code_ : ndarray of shape (n_clips, 26)
        Codes of the training clips with a weight above 0.
    scale_ : ndarray of shape (26,)
        Their standard deviations; 1 where there is none.
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
    MelEncoder : A code that any sound has, and that decodes to new sound.
    DanceBeatTracker : The beat of a dance, from which such a code can be told.

    Notes
    -----
    The code, by name (`get_feature_names_out`):

    - `level`: root mean square of the clip, dB re 1, at least -100
    - `brightness`: mean over the power of octaves above 20 Hz
    - `band0` to `band9`: share of ten bands of four mels each in the power, dB, at least -60
    - `articulation`: geometric by arithmetic mean of the power over time, dB: 0 is an even sound
    - `fluctuation_low`, `_mid`, `_high`: standard deviation over time of thirds of the bands, dB
    - `onset_rate`: log2 of 1 + onsets a second
    - `onset_strength`: log2 of 1 + mean rise of the bands from frame to frame, dB
    - `pulse_clarity`: largest autocorrelation of the onsets at 40 to 240 beats a minute, 0 to 1
    - `half_beat`, `two_beats`, `three_beats`, `four_beats`: the same at that many beats, -1 to 1
    - `log_tempo`: log2 of the beats a minute
    - `beat_cos`, `beat_sin`: phase of the beat in the middle of the clip, where it hangs least on
      the tempo; the angle is 0 on a beat

    Beats are tracked in whole recordings where :class:`~sklearn_asdf.AudioClips` give them, but
    units are only taken from what the clips cover. Decoding sets the level exactly, tempo and
    phase of the beat by bending time, and all else by choice among the units: the mean of several
    codes decodes to real music as each of them does. Levels are held within 6 dB of the training
    clips', tempi within 40 to 240 BPM.

    A sequence of units has the cost of what it is away from its code on each beat, of bending
    time, and at each join of `join_cost`, the more where harmony, colour or accents would not go
    on; the cheapest is found by dynamic programming [2]_. The same code gives the same bits.

    The fitted encoder holds the training music, and so does its pickle.

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

    # Encoders that differ in these alone are fitted alike: decoding alone uses most of them.
    unused_in_fit = ("stretch", "join_cost", "fade_duration", "verbose")
    # A clip without weight is no music of the training set, wherever weights are routed.
    __metadata_request__fit = {"sample_weight": True}

    _parameter_constraints = {
        "sr": [Interval(Real, 0, None, closed="neither")],
        "usual_tempo": [Interval(Real, 40, 240, closed="both")],
        "stretch": [Interval(Real, 0, None, closed="neither")],
        "join_cost": [Interval(Real, 0, None, closed="left")],
        "fade_duration": [Interval(Real, 0, 0.2, closed="left")],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        sr=22050,
        usual_tempo=100.0,
        stretch=0.1,
        join_cost=20.0,
        fade_duration=0.03,
        verbose=0,
    ):
        self.sr = sr
        self.usual_tempo = usual_tempo
        self.stretch = stretch
        self.join_cost = join_cost
        self.fade_duration = fade_duration
        self.verbose = verbose

    def fit(self, X, y=None, sample_weight=None):
        """Cut music into units and describe them.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz.
        y : None
            Not used.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip in the standard deviations of the code. Clips of weight 0 are left
            out: nothing of them is played. With metadata routing weights are requested by default.

        Returns
        -------
        self : UnitEncoder
            The fitted encoder.
        """
        self._fit(X, sample_weight)
        return self

    def fit_transform(self, X, y=None, sample_weight=None):
        """Cut music into units, and return the codes of its clips, listening once.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz.
        y : None
            Not used.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip in the standard deviations of the code. Clips of weight 0 are left
            out: nothing of them is played. With metadata routing weights are requested by default.

        Returns
        -------
        code : ndarray of float64 of shape (n_clips, 26)
            One code a clip.
        """
        return self._fit(X, sample_weight)

    def transform(self, X):
        """Return the codes of clips.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz, as long as the training clips.

        Returns
        -------
        code : ndarray of float64 of shape (n_clips, 26)
            One code a clip.
        """
        check_is_fitted(self)
        X = self._check_clips(X)
        code = np.empty((len(X), len(DESCRIPTORS)))
        for recording, rows, starts in recordings_of(X):
            heard = hear(recording, sr=self.sr, usual_tempo=self.usual_tempo)
            code[rows] = heard.describe(starts, self.n_samples_)
        return code

    def inverse_transform(self, X):
        """Return music of codes, each clip by itself.

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
            audio[i] = self._play(code[i : i + 1], middle, self.n_samples_)
        return audio

    def compose(self, code, *, hop_duration):
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
        One grid of beats goes through the whole piece, as steady as the codes let it be
        (:func:`~sklearn_asdf.functional.beat_grid.steady_beats`). Each beat follows the code of
        the clip whose middle is nearest; the level goes from middle to middle in straight lines.
        Peaks above -1 dB re full scale are turned down by a look-ahead limiter
        (:func:`~sklearn_asdf.functional.limiter.limit`); `inverse_transform` leaves them.
        """
        code = self._check_code(code)
        duration = self.n_samples_ / self.sr
        if not 0 < hop_duration <= duration:
            raise ValueError(
                f"expected hop_duration above 0 and at most a clip's {duration:g} s, got "
                f"{hop_duration}: clips must touch each other"
            )
        middles = duration / 2 + np.arange(len(code)) * hop_duration
        n_samples = round((len(code) - 1) * hop_duration * self.sr) + self.n_samples_
        return limit(self._play(code, middles, n_samples), sr=self.sr)

    def get_feature_names_out(self, input_features=None):
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
        return np.asarray(DESCRIPTORS, dtype=object)

    @property
    def _n_features_out(self) -> int:
        return len(DESCRIPTORS)

    def _fit(self, X: Any, sample_weight: Any) -> np.ndarray:
        """Learn the units of the clips with a weight; return the codes of all clips."""
        validate_parameters(self)
        require("librosa", extra="music", purpose="UnitEncoder")
        X = self._check_clips(X, reset=True)
        given = check_sample_weight(sample_weight, len(X))
        weight = np.ones(len(X)) if given is None else given
        self.n_samples_ = X.shape[1]
        code = np.empty((len(X), len(DESCRIPTORS)))
        # Numbers of the clips among those that are kept.
        number = np.cumsum(weight > 0) - 1
        parts = []
        recordings = list(recordings_of(X))
        for recording, rows, starts in progress(
            recordings, "analysing the music", unit="recordings", verbose=self.verbose
        ):
            heard = hear(recording, sr=self.sr, usual_tempo=self.usual_tempo)
            code[rows] = heard.describe(starts, self.n_samples_)
            kept = weight[rows] > 0
            if kept.any():
                rows, starts = number[rows[kept]], starts[kept]
                parts.append(load_units(recording, heard, rows, starts, self.n_samples_))
        self.code_, weight = code[weight > 0], weight[weight > 0]
        mean = np.average(self.code_, axis=0, weights=weight)
        spread = np.sqrt(np.average((self.code_ - mean) ** 2, axis=0, weights=weight))
        self.scale_ = np.where(spread > 1e-9, spread, 1.0)
        self._corpus = Corpus.of(parts)
        self.n_units_ = len(self._corpus.start)
        return code

    def _play(self, code: np.ndarray, middles: np.ndarray, n_samples: int) -> np.ndarray:
        """Choose, bend and join units for codes with these middles in s."""
        tempo, phase = self._beat_of(code)
        duration = n_samples / self.sr
        if len(code) == 1:
            grid = beat_times(tempo[0], phase[0], at=middles[0], duration=duration)
        else:
            grid = steady_beats(
                tempo,
                phase,
                at=middles,
                reach=self.n_samples_ / self.sr / 2,
                duration=duration,
            )
        beat = (grid[:-1] + grid[1:]) / 2
        of_beat = np.abs(beat[:, None] - middles).argmin(axis=1)
        runs = self._corpus.choose(
            (code / self.scale_)[of_beat],
            np.diff(grid) * self.sr,
            self.code_ / self.scale_,
            stretch=self.stretch,
            join_cost=self.join_cost,
        )
        y = lay(runs, self._corpus, grid, n_samples, sr=self.sr, fade=self.fade_duration)
        return self._set_level(y, code[:, _LEVEL], middles)

    def _stream(self) -> UnitStream:
        """A player for codes that come while a dance goes on."""
        check_is_fitted(self)
        return UnitStream(self)

    def _beat_of(self, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Beats a minute, and phase of the beat in mid-clip in radians."""
        tempo = np.clip(2.0 ** np.clip(code[:, _TEMPO], -10, 20), *_TEMPI)
        return tempo, np.arctan2(code[:, _SIN], code[:, _COS])

    def _held_level(self, level: np.ndarray) -> np.ndarray:
        """Levels in dB, held near those of the training clips."""
        heard = self.code_[:, _LEVEL]
        return np.clip(level, heard.min() - 6, heard.max() + 6)

    def _set_level(self, y: np.ndarray, level: np.ndarray, middles: np.ndarray) -> np.ndarray:
        """Bring the clips around the middles to their levels in dB."""
        level = self._held_level(level)
        energy = np.concatenate([[0.0], np.cumsum(np.square(y, dtype=float))])
        first = np.rint(middles * self.sr - self.n_samples_ / 2).astype(int)
        power = (energy[np.minimum(first + self.n_samples_, len(y))] - energy[first]) / (
            self.n_samples_
        )
        # Silence stays silence.
        gain = np.where(power > 1e-10, level - 10 * np.log10(np.maximum(power, 1e-10)), 0.0)
        gain = np.interp(np.arange(len(y)) / self.sr, middles, gain)
        return (y * 10 ** (gain / 20)).astype(np.float32)

    def _check_clips(self, X: Any, *, reset: bool = False) -> Any:
        """Audio as it can be used, or every reason why not."""
        checked = check_audio(X, sr=self.sr, allow_silent=not reset)
        if not reset and checked.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {checked.shape[1]} features, but UnitEncoder is expecting "
                f"{self.n_features_in_} features as input: give clips of "
                f"{self.n_features_in_ / self.sr:.6g} s, as in training"
            )
        named = X if hasattr(X, "columns") else checked
        if isinstance(checked, AudioClips):
            named = np.empty((0, checked.shape[1]))
        validate_data(self, named, reset=reset, skip_check_array=True)
        return checked

    def _check_code(self, code: Any) -> np.ndarray:
        check_is_fitted(self)
        code = check_array(code, dtype=float, input_name="code")
        if code.shape[1] != len(DESCRIPTORS):
            raise ValueError(
                f"expected codes of {len(DESCRIPTORS)} numbers, got {code.shape[1]}: pass what "
                "transform returned"
            )
        return code
