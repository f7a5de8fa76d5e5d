"""BeatMelEncoder: spectrograms whose frames are parts of a beat, as a code of steps, and back."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state

from .._progress import progress
from .._threads import one_blas_thread
from .._validation import (
    Integral,
    Interval,
    Real,
    StrOptions,
    check_sample_weight,
    raise_all,
    require,
    validate_parameters,
)
from ..functional.beat_grid import beat_of_clips
from .analysis import recordings_of
from .audio_checks import check_clips
from .beat_codec import BEAT_CODE, LOWEST, N_BANDS, BeatCodecMixin
from .beat_components import fit_components

__all__ = ["BeatMelEncoder"]

# Tempi of codes may lie outside those of the training clips by this factor.
_MARGIN = 1.15
# Steps that are clustered, a random sample where there are more.
_MOST_STEPS = 30_000
# Recordings with steps of an entry of the codebook, from which on it is typical of music.
_FEWEST_RECORDINGS = 3


class BeatMelEncoder(BeatCodecMixin, BaseEstimator):
    """Encoder of music by one code per part of a beat, with a decoder to new sound.

    The frames of its spectrograms are parts of a beat, on the beats of the recording, so that all
    music has one tempo; the bands are transposed, so that all music has one key. A step is some
    frames; its code are principal components of its envelope and its fine structure. Decoding puts
    the steps on the beats that a code tells, transposes them back, and reconstructs the phases. The
    encoder holds no recordings.

    Parameters
    ----------
    n_components : int, default=64
        Numbers in the code of a step.
    n_envelope : int, default=None
        How many of these are of the envelope: levels of 16 wide bands in windows of a quarter of
        `n_fft`. The others are of the fine structure of the spectra. None means a quarter of
        `n_components`; 0 encodes whole spectra.
    codebook_size : int, default=512
        Number of typical fine structures of spectra, to the nearest of which steps are moved in
        decoding. None decodes them as they are.
    steps_per_beat : int, default=4
        Steps in a beat.
    frames_per_step : int, default=3
        Spectra in a step. More make attacks sharper.
    sr : int, default=22050
        Sampling rate in Hz.
    n_fft : int, default=4096
        Length of the Hann window and of the FFT in samples.
    hop_length : int, default=512
        Samples from one frame to the next in the synthesis.
    n_mels : int, default=208
        Number of mel bands; semitones need many.
    fmin : float, default=40.0
        Lowest frequency of the bands in Hz, before transposition.
    fmax : float, default=None
        Highest frequency of the bands in Hz. None means half of `sr`, transposed up by as much as
        music is with `common_key`.
    top_db : float, default=90.0
        Range of the spectrograms in dB, below a sine at full scale.
    common_key : bool, default=True
        Whether recordings are transposed to C major or A minor.
    start_bpm : float, default=100.0
        Tempo in BPM near which the beats of recordings are searched.
    vocoder : {"griffin_lim", "pghi"}, default="griffin_lim"
        Phases from which the iterations of the phase reconstruction start, as in
        :class:`MelEncoder`.
    n_iter : int, default=16
        Iterations of the phase reconstruction.
    verbose : int, default=0
        If above 0, progress is shown while fitting (needs tqdm).
    random_state : int, RandomState instance or None, default=None
        Seed of the initial phases. Pass an int for reproducible output across calls.

    Attributes
    ----------
    mean_ : ndarray of shape (n_values,)
        Means of the values of a step in dB: levels of `frames_per_step` times 16 wide bands, if
        there is an envelope, and spectra, `frames_per_step` times `n_mels` values.
    n_envelope_ : int
        Numbers of the code that are of the envelope.
    components_ : ndarray of shape (n_components, n_values)
        Principal components: those of the envelope, the one that explains most first, and then
        those of the fine structure.
    decoding_ : ndarray of shape (n_components, n_values)
        Values that each component decodes to.
    scale_ : ndarray of shape (n_components,)
        Standard deviations of the coordinates, by which they are divided; 1 where there is none.
    explained_variance_ratio_ : ndarray of shape (n_components,)
        Share of the variance of each component.
    codebook_ : ndarray of shape (n_entries, n_components) or None
        Codes of the typical fine structures.
    codebook_recordings_ : ndarray of int of shape (n_entries,) or None
        Recordings of the training set that have steps of each.
    fmin_ : float
        Lowest frequency of the transposed bands in Hz.
    n_beats_ : int
        Most beats that touch a clip.
    code_shape_ : tuple of int
        Steps and channels of the first columns of a code: ``code[:, :n].reshape(-1, *code_shape_)``
        with ``n = prod(code_shape_)`` is in time.
    tempo_range_ : tuple of float
        Slowest and fastest tempo of decoded music in BPM: those of the training clips, and 15 %
        beyond.
    n_samples_ : int
        Samples of a clip.
    n_features_in_ : int
        Samples of a clip.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if clips came in a DataFrame.

    See Also
    --------
    BeatSequenceRegressor : Predicts these codes from a dance.
    MelEncoder : Encodes clips in seconds instead of beats.
    UnitEncoder : Encodes clips by musical descriptors and decodes to recorded music.

    Notes
    -----
    The code of a clip has the codes of its steps, ``step0_channel0, step0_channel1, ...``, and then

    - `transposition`: semitones by which the recording was transposed, -6 to 5
    - `duration`: duration of the clip in s
    - `log_tempo`: log2 of the mean tempo in BPM
    - `beat_cos`, `beat_sin`: phase of the beat in the middle of the clip; the angle is 0 on a beat

    as :class:`UnitEncoder` has them. Tempo and phase tell where the steps lie
    (:func:`~sklearn_asdf.functional.beat_grid.beat_times`): the first one begins on the last beat
    at or before the start of the clip, and the last one ends on the first beat at or after its end.
    Encoding takes the spectra of these beats where the recording has them, also if its tempo
    drifts; decoding makes them steady.
    The numbers of further steps are 0.

    Beats are those that are tracked in the whole recordings of
    :class:`~sklearn_asdf.AudioClips`, and so are keys
    (:func:`~sklearn_asdf.music.chroma.semitones_to_c`).

    Spectra are in dB. Between frames amplitudes are interpolated linearly.

    Long windows resolve pitches, and blur attacks. So a code has two parts. Its first `n_envelope_`
    numbers are principal components of the levels of 16 wide bands in windows of a quarter of
    `n_fft`. The others are those of the fine structure: spectra without ten cosines over the bands
    of each frame, which a ridge regression gets from the levels in decoding. When the phases are
    reconstructed, the bands of the sound get these levels
    (:func:`~sklearn_asdf.functional.band_levels.with_band_levels`).

    Samples of a density are near to the training codes, but not among them: their partials are
    blurred. Decoding moves the fine structure of a step to the nearest of `codebook_size` means of
    a k-means clustering of the training steps, as in vector quantization [1]_. The envelope, and
    with it level, brightness and attacks, stays. Without an envelope in the code, it is six cosines
    over the bands of each frame. The means of steps of one or two recordings are what these
    recordings sound like. A step that is nearest to one of them is not moved, so that less of small
    training sets is copied.

    References
    ----------
    .. [1] A. van den Oord, O. Vinyals and K. Kavukcuoglu, "Neural discrete representation
       learning", NIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import BeatMelEncoder
    >>> t = np.arange(22050) / 22050
    >>> audio = [np.sin(2 * np.pi * f * t) * np.exp(-8 * (2 * t % 1)) for f in range(220, 330, 10)]
    >>> encoder = BeatMelEncoder(n_components=6, n_mels=64, random_state=0)
    >>> code = encoder.fit_transform(np.array(audio))
    >>> encoder.code_shape_[1], encoder.inverse_transform(code).shape
    (6, (11, 22050))
    """

    # Clips of weight 0 are not part of the training set, whether or not weights are requested.
    __metadata_request__fit = {"sample_weight": True}
    # `fit` does not depend on these parameters: caches ignore them.
    unused_in_fit = ("hop_length", "n_iter", "verbose", "vocoder")

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "n_envelope": [Interval(Integral, 0, None, closed="left"), None],
        "codebook_size": [Interval(Integral, 1, None, closed="left"), None],
        "steps_per_beat": [Interval(Integral, 1, None, closed="left")],
        "frames_per_step": [Interval(Integral, 1, None, closed="left")],
        "sr": [Interval(Real, 0, None, closed="neither")],
        "n_fft": [Interval(Integral, 2, None, closed="left")],
        "hop_length": [Interval(Integral, 1, None, closed="left")],
        "n_mels": [Interval(Integral, 1, None, closed="left")],
        "fmin": [Interval(Real, 0, None, closed="left")],
        "fmax": [Interval(Real, 0, None, closed="neither"), None],
        "top_db": [Interval(Real, 0, None, closed="neither")],
        "common_key": ["boolean"],
        "start_bpm": [Interval(Real, 0, None, closed="neither")],
        "vocoder": [StrOptions({"griffin_lim", "pghi"})],
        "n_iter": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        n_components: int = 64,
        n_envelope: int | None = None,
        codebook_size: int | None = 512,
        steps_per_beat: int = 4,
        frames_per_step: int = 3,
        sr: int = 22050,
        n_fft: int = 4096,
        hop_length: int = 512,
        n_mels: int = 208,
        fmin: float = 40.0,
        fmax: float | None = None,
        top_db: float = 90.0,
        common_key: bool = True,
        start_bpm: float = 100.0,
        vocoder: str = "griffin_lim",
        n_iter: int = 16,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_components = n_components
        self.n_envelope = n_envelope
        self.codebook_size = codebook_size
        self.steps_per_beat = steps_per_beat
        self.frames_per_step = frames_per_step
        self.sr = sr
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.n_mels = n_mels
        self.fmin = fmin
        self.fmax = fmax
        self.top_db = top_db
        self.common_key = common_key
        self.start_bpm = start_bpm
        self.vocoder = vocoder
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Compute the principal components of the steps of music.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz.
        y : None
            Not used.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip in the components. With metadata routing, weights are requested by
            default.

        Returns
        -------
        self : BeatMelEncoder
            The fitted encoder.
        """
        self._fit(X, sample_weight)
        return self

    def fit_transform(
        self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> np.ndarray:
        """Compute the principal components of the steps of music, and return the codes of clips.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz.
        y : None
            Not used.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip in the components. With metadata routing, weights are requested by
            default.

        Returns
        -------
        code : ndarray of float64 of shape (n_clips, n_steps * n_components + 5)
            One code per clip.
        """
        return self._fit(X, sample_weight)

    def _fit(self, X: Any, sample_weight: Any) -> np.ndarray:
        """Fit components and codebook; return the codes of all clips."""
        validate_parameters(self)
        require("librosa", extra="play", purpose="BeatMelEncoder")
        self._check_sizes()
        X = check_clips(self, X, reset=True)
        weight = check_sample_weight(sample_weight, len(X))
        weight = np.ones(len(X)) if weight is None else weight
        random_state = check_random_state(self.random_state)
        self._seed = int(random_state.randint(2**31 - 1))
        self.n_samples_ = X.shape[1]
        self.fmin_ = self.fmin * (2 ** (LOWEST / 12) if self.common_key else 1.0)
        n_values = self._n_levels + self.frames_per_step * self.n_mels
        total, sums, products = 0.0, np.zeros(n_values), np.zeros((n_values, n_values))
        tempi = []
        recordings = list(recordings_of(X))
        for recording, rows, starts in progress(
            recordings, "analyzing the music", unit="recordings", verbose=self.verbose
        ):
            kept = weight[rows] > 0
            if not kept.any():
                continue
            beats, semitones = self._analyze(recording)
            log_tempo, phase = beat_of_clips(beats, starts[kept] / self.sr, self._duration)
            tempi.append(2.0**log_tempo)
            clips = self._steps_of(recording, beats, log_tempo, phase, semitones)
            for steps, w in zip(clips, weight[rows[kept]], strict=True):
                total += w * len(steps)
                sums += w * steps.sum(axis=0)
                products += w * (steps.T @ steps)
        slowest, fastest = min(t.min() for t in tempi), max(t.max() for t in tempi)
        self.tempo_range_ = (float(slowest / _MARGIN), float(fastest * _MARGIN))
        # A beat may begin before the clip, and another one end after it.
        self.n_beats_ = int(self._duration * self.tempo_range_[1] / 60) + 2
        self.mean_ = sums / total
        self._find_components(products / total - np.outer(self.mean_, self.mean_))
        self.code_shape_ = (self.n_beats_ * self.steps_per_beat, self.n_components)
        code = self.transform(X)
        self.codebook_ = self.codebook_recordings_ = None
        if self.codebook_size is not None:
            recording = np.empty(len(X), dtype=int)
            for i, (_, rows, _) in enumerate(recordings):
                recording[rows] = i
            steps = code[:, : -len(BEAT_CODE)].reshape(len(X), *self.code_shape_)
            known = (steps != 0).any(axis=2) & (weight > 0)[:, None]
            clip = np.nonzero(known)[0]
            self._find_codebook(
                steps[known], weight[clip], recording[clip], self.codebook_size, random_state
            )
        return code

    def _find_codebook(
        self,
        steps: np.ndarray,
        weight: np.ndarray,
        recording: np.ndarray,
        size: int,
        random_state: Any,
    ) -> None:
        """Cluster the fine structure of the spectra of steps."""
        if len(steps) > _MOST_STEPS:
            some = random_state.permutation(len(steps))[:_MOST_STEPS]
            steps, weight, recording = steps[some], weight[some], recording[some]
        fine = self._split_envelope(steps)[0] * self.scale_
        n_entries = min(size, len(np.unique(fine.round(6), axis=0)))
        clusters = KMeans(n_entries, n_init=1, max_iter=20, random_state=random_state)
        with one_blas_thread():
            clusters.fit(fine, sample_weight=weight)
        self.codebook_ = clusters.cluster_centers_ / self.scale_
        entry, _ = np.unique(np.column_stack([clusters.labels_, recording]), axis=0).T
        self.codebook_recordings_ = np.bincount(entry, minlength=n_entries)
        self._fewest_recordings = min(_FEWEST_RECORDINGS, len(np.unique(recording)))

    def _find_components(self, covariance: np.ndarray) -> None:
        found = fit_components(
            covariance,
            self.n_components,
            n_envelope=self.n_envelope_,
            n_levels=self._n_levels,
            n_mels=self.n_mels,
        )
        self.components_, self.decoding_ = found.encoding, found.decoding
        whole = max(found.total, 1e-12)
        self.explained_variance_ratio_ = found.variance / whole
        self.scale_ = np.sqrt(np.where(found.variance > 1e-9 * whole, found.variance, 1.0))

    def _check_sizes(self) -> None:
        """Find the size of the envelope; raise an error if parameters do not fit together."""
        problems = []
        n_values, top = self.frames_per_step * self.n_mels, self._highest_frequency
        n_levels = self.frames_per_step * N_BANDS
        n_envelope = self.n_components // 4 if self.n_envelope is None else self.n_envelope
        if self.n_components - n_envelope > n_values:
            problems.append(
                f"expected at most as many n_components as a step has values, {n_values}, got "
                f"{self.n_components}"
            )
        if n_envelope > min(n_levels, self.n_components - 1):
            problems.append(
                f"expected n_envelope below n_components={self.n_components} and at most "
                f"{n_levels}, the levels of a step, got {n_envelope}"
            )
        self.n_envelope_ = n_envelope
        if self.fmin >= top:
            problems.append(f"expected fmin below fmax, {top:g} Hz, got {self.fmin:g}")
        raise_all(problems)
