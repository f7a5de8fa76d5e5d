"""MelEncoder: music to a short code that keeps time and level, and back to sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_random_state

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
from ..functional.patches import code_steps
from ..nets.estimator import (
    TRAINING_CONSTRAINTS,
    NetworkEstimatorMixin,
    with_training_parameters,
)
from .audio_checks import check_clips
from .codecs import fit_patches
from .mel_codec import MelCodecMixin
from .mel_training import ARCHITECTURES, clip_rows, hold_out, train_codec
from .neural_vocoder import fit_vocoder
from .spectra import SpectrumBank, spectrogram_options

__all__ = ["MelEncoder"]


@with_training_parameters(n_iter_no_change=None)
class MelEncoder(MelCodecMixin, NetworkEstimatorMixin, BaseEstimator):
    """Encoder of music clips by a short code that keeps time and level, with a decoder to sound.

    `fit` learns a code of mel spectrograms, `transform` returns the codes of clips and
    `inverse_transform` the sound of codes. `spectrogram` and `decode` return the spectrograms that
    are encoded and decoded.

    Parameters
    ----------
    architecture : {"local", "paper"}, default="local"
        `"local"` divides a clip into time steps. It starts from the principal components of
        patches of the spectrograms; a convolutional network then learns the detail that they
        lack. `"paper"` is the autoencoder of [1]_, with one code for the whole clip.
    code_size : int, default=1024
        Numbers in the code of a clip.
    steps : int, default=None
        Time steps of the code with `architecture="local"`, a divisor of `code_size`. None takes
        the divisor nearest to one step per 64 frames (2 s by default). The code of `"paper"` has
        one step.
    sr : int, default=22050
        Sampling rate in Hz.
    n_fft : int, default=4096
        Length of the Hann window and of the FFT in samples.
    hop_length : int, default=690
        Samples from one frame to the next.
    n_mels : int, default=128
        Number of mel bands.
    fmin : float, default=0.0
        Lowest frequency of the bands in Hz.
    fmax : float, default=None
        Highest frequency of the bands in Hz. None means half of `sr`.
    top_db : float, default=80.0
        Range of the spectrograms below the maximum of a clip, in dB.
    pitch_shifts : sequence of float, default=(-1, 1, 2)
        Transpositions in semitones of the copies of the music that augment the data of the
        principal components. Empty for none. Not used by `"paper"`.
    schedule : {"constant", "cosine"}, default=None
        Schedule of the learning rate: `"cosine"` decays along half a cosine to a hundredth in the
        last epoch. None means the value of the architecture; see the notes.
    loss : {"mse", "mae", "huber"}, default="mse"
        Loss between spectrograms.
    validation_fraction : float, default=0.1
        Share of the clips held out to choose the epoch that is kept: whole recordings where
        :class:`AudioClips` has several, else the last clips. 0 holds out none.
    variational : bool, default=False
        Whether the autoencoder is variational in training. `transform` returns the mean.
    kl_weight : float, default=1e-2
        Weight of the Kullback-Leibler divergence from the standard normal distribution.
    dtype : str, default=None
        Precision policy of the network, such as `"mixed_bfloat16"`. None is Keras's own.
    vocoder : {"griffin_lim", "pghi", "neural"}, default="griffin_lim"
        Spectra from which the iterations of the phase reconstruction start. `"griffin_lim"`: of
        smooth magnitudes and the phases of noise; `"pghi"`: with phases of phase gradient heap
        integration (:class:`~sklearn_asdf.functional.phase_gradient.PhaseIntegration`). `"neural"`:
        of magnitudes and phases that a small network estimates, which `fit` trains on the music in
        about a minute (:class:`~sklearn_asdf.music.neural_vocoder.NeuralVocoder`); partials are
        then steadier and sharper.
    n_iter : int, default=None
        Iterations of the phase reconstruction. None means 4 with `"neural"`, else 16. `"pghi"` and
        `"neural"` give sound without any.
    highpass : float, default=None
        Cutoff frequency in Hz of a filter of 12 dB per octave on decoded sound. None filters
        nothing.
    {training_parameters}

    Attributes
    ----------
    code_shape_ : tuple of int
        Steps and channels of a code: ``code.reshape(-1, *code_shape_)`` is in time.
    n_frames_ : int
        Frames of a clip.
    n_samples_ : int
        Samples of a clip.
    level_reference_ : float
        Median over the training clips of their maximum level in dB: the level of decoded clips
        whose code has none.
    level_range_ : tuple of float
        Lowest and highest level of decoded clips in dB: silence, and 20 dB above the loudest
        training clip.
    history_ : dict of list of float
        Losses of each epoch.
    interrupted_ : bool
        Whether the training was interrupted (Ctrl-C). The best network until then is kept.
    n_features_in_ : int
        Samples of a clip.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if clips came in a DataFrame.

    See Also
    --------
    AudioClips : Clips that share the samples of whole recordings.
    UnitEncoder : Encodes clips by musical descriptors and decodes to recorded music.
    AudioTargetRegressor : Predicts codes from movement.

    Notes
    -----
    Parameters that are None have the values of the architecture:

    ===============  ==================================  ============
    parameter        "local"                             "paper"
    ===============  ==================================  ============
    `optimizer`      `"adam"`                            `"adam"`
    `learning_rate`  1e-3                                1e-3
    `batch_size`     16                                  128
    `epochs`         as many as show 3,000 clips, but    400
                     at least 4
    `schedule`       `"cosine"`                          `"constant"`
    ===============  ==================================  ============

    With `epochs=0`, `"local"` has the principal components alone and does not need Keras.

    Spectrograms are in [0, 1]: 1 is the maximum of a clip, 0 is `top_db` or more below it. With
    `architecture="local"` the first channel of each step is the level of the maximum in tens of
    dB relative to `level_reference_`; decoding averages it over the steps. The same music at a
    tenth of the amplitude therefore has the same other channels and decodes 20 dB quieter. The
    code of `"paper"` has no level: its clips decode at `level_reference_`.

    The code always has `code_size` numbers. Components that the training clips do not determine
    are 0. The code of a silent clip has the lowest level. Constant offsets and clipped samples are
    encoded as they are.

    Training cuts clips from the spectra of whole recordings, so memory grows with the duration of
    the music and not with the overlap of clips.

    References
    ----------
    .. [1] S. B. Olsen, D. M. Woodward and J. A. Moreno, "ASDF-RNN: An Investigation Into Raw
       Audio Synthesis From Dance Features Using a Probabilistic Deep Encoder-RNN-Decoder
       Topology", Aalborg University, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import MelEncoder
    >>> t = np.arange(11025) / 22050
    >>> audio = np.array([0.3 * np.sin(2 * np.pi * f * t) for f in range(220, 880, 60)])
    >>> encoder = MelEncoder(code_size=16, n_mels=32, n_fft=2048, epochs=0, random_state=0)
    >>> code = encoder.fit_transform(audio)
    >>> code.shape, encoder.code_shape_
    ((11, 16), (1, 16))
    >>> encoder.inverse_transform(code).shape
    (11, 11025)
    """

    # Clips of weight 0 are not part of the training set, whether or not weights are requested.
    __metadata_request__fit = {"sample_weight": True}
    # `fit` does not depend on these parameters: caches and checkpoints ignore them.
    unused_in_fit = ("checkpoint_dir", "highpass", "n_iter", "verbose")
    _trained = "the audio encoder"
    _resumable = ("epochs", "vocoder", *unused_in_fit)

    _parameter_constraints = {
        "architecture": [StrOptions({"local", "paper"})],
        "code_size": [Interval(Integral, 1, None, closed="left")],
        "steps": [Interval(Integral, 1, None, closed="left"), None],
        "sr": [Interval(Real, 0, None, closed="neither")],
        "n_fft": [Interval(Integral, 2, None, closed="left")],
        "hop_length": [Interval(Integral, 1, None, closed="left")],
        "n_mels": [Interval(Integral, 1, None, closed="left")],
        "fmin": [Interval(Real, 0, None, closed="left")],
        "fmax": [Interval(Real, 0, None, closed="neither"), None],
        "top_db": [Interval(Real, 0, None, closed="neither")],
        "pitch_shifts": ["array-like"],
        "schedule": [StrOptions({"constant", "cosine"}), None],
        "loss": [StrOptions({"mse", "mae", "huber"})],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "variational": ["boolean"],
        "kl_weight": [Interval(Real, 0, None, closed="left")],
        "dtype": [str, None],
        "vocoder": [StrOptions({"griffin_lim", "pghi", "neural"})],
        "n_iter": [Interval(Integral, 0, None, closed="left"), None],
        "highpass": [Interval(Real, 0, None, closed="neither"), None],
        **TRAINING_CONSTRAINTS,
    }

    def __init__(
        self,
        *,
        architecture: str = "local",
        code_size: int = 1024,
        steps: int | None = None,
        sr: int = 22050,
        n_fft: int = 4096,
        hop_length: int = 690,
        n_mels: int = 128,
        fmin: float = 0.0,
        fmax: float | None = None,
        top_db: float = 80.0,
        pitch_shifts: Sequence[float] = (-1, 1, 2),
        schedule: str | None = None,
        loss: str = "mse",
        validation_fraction: float = 0.1,
        variational: bool = False,
        kl_weight: float = 1e-2,
        dtype: str | None = None,
        vocoder: str = "griffin_lim",
        n_iter: int | None = None,
        highpass: float | None = None,
        optimizer: Any = None,
        learning_rate: float | None = None,
        batch_size: int | None = None,
        epochs: int | None = None,
        n_iter_no_change: int | None = None,
        checkpoint_dir: Any = None,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.architecture = architecture
        self.code_size = code_size
        self.steps = steps
        self.sr = sr
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.n_mels = n_mels
        self.fmin = fmin
        self.fmax = fmax
        self.top_db = top_db
        self.pitch_shifts = pitch_shifts
        self.schedule = schedule
        self.loss = loss
        self.validation_fraction = validation_fraction
        self.variational = variational
        self.kl_weight = kl_weight
        self.dtype = dtype
        self.vocoder = vocoder
        self.n_iter = n_iter
        self.highpass = highpass
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.n_iter_no_change = n_iter_no_change
        self.checkpoint_dir = checkpoint_dir
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Learn a code for the spectrograms of clips.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz.
        y : None
            Not used.
        sample_weight : array-like of shape (n_clips,), default=None
            Clips of weight 0 are left out. All others count equally: training covers the music
            evenly, whatever the overlap of the clips. With metadata routing, weights are requested
            by default.

        Returns
        -------
        self : MelEncoder
            The fitted encoder.
        """
        validate_parameters(self)
        require("librosa", extra="play", purpose="MelEncoder")
        self._check_checkpoint_dir()
        self._check_band_limits()
        X = check_clips(self, X, reset=True)
        weight = check_sample_weight(sample_weight, len(X))
        X = X if weight is None or weight.all() else X[np.flatnonzero(weight)]
        random_state = check_random_state(self.random_state)
        self._seed = int(random_state.randint(2**31 - 1))
        self.n_samples_ = X.shape[1]
        self.n_frames_ = 1 + self.n_samples_ // self.hop_length
        self.code_shape_ = self._code_shape()

        options = spectrogram_options(self)
        bank = SpectrumBank.of(X, options, self.top_db)
        audible = bank.levels[bank.levels > -99]
        if not len(audible):
            raise ValueError(
                "expected sound above -100 dB in at least one band, got clips that are nearly "
                "silent: raise their amplitude"
            )
        self.level_reference_ = float(np.median(audible))
        self.level_range_ = (-100.0, float(audible.max()) + 20.0)
        self.history_: dict[str, list[float]] = {}
        self.interrupted_ = False
        if self.architecture == "local":
            self._codec = fit_patches(
                bank,
                X,
                options,
                code_shape=self.code_shape_,
                pitch_shifts=self.pitch_shifts,
                random_state=random_state,
            )
        if self.architecture == "paper" or self._option("epochs", len(X)):
            self._train(X, bank)
        self._vocoder = None
        if self.vocoder == "neural":
            self._vocoder = fit_vocoder(X, options, random_state=random_state, verbose=self.verbose)
        self._n_features_out = self.code_size
        return self

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _code_shape(self) -> tuple[int, int]:
        if self.architecture == "paper":
            return 1, self.code_size
        problems = []
        steps = self.steps
        if steps is None:
            steps = code_steps(self.code_size, self.n_frames_)
        if self.code_size % steps:
            problems.append(f"expected steps that divide code_size={self.code_size}, got {steps}")
        elif self.code_size < 2 * steps:
            problems.append(
                f"expected a code_size of at least 2 numbers a step, a level and a component, "
                f"got {self.code_size} for {steps} step(s)"
            )
        if steps > self.n_frames_:
            problems.append(
                f"expected at most one step a frame, got {steps} steps for "
                f"{self.n_frames_} frame(s)"
            )
        raise_all(problems)
        return steps, self.code_size // steps

    def _check_band_limits(self) -> None:
        top = self.fmax or self.sr / 2
        if not self.fmin < top <= self.sr / 2:
            raise ValueError(
                f"expected fmin below fmax and fmax at most half of sr, {self.sr / 2:g} Hz, got "
                f"fmin={self.fmin} and fmax={self.fmax}"
            )

    def _option(self, name: str, n_clips: int) -> Any:
        """Return the value of a parameter, that of the architecture if it is None."""
        value = getattr(self, name)
        if value is None:
            value = ARCHITECTURES[self.architecture][name]
        return value(n_clips) if callable(value) else value

    def _train(self, X: Any, bank: SpectrumBank) -> None:
        rows = clip_rows(bank, self.architecture)
        names = ("optimizer", "learning_rate", "batch_size", "epochs", "schedule")
        options = {name: self._option(name, len(bank)) for name in names}
        self._codec, self.history_ = train_codec(
            self,
            bank,
            rows,
            hold_out(X, self.validation_fraction),
            start=self._codec if self.architecture == "local" else None,
            code_shape=self.code_shape_,
            seed=self._seed,
            optimizer_params={"learning_rate": options.pop("learning_rate")},
            checkpoint=self._open_checkpoint(bank.frames, rows),
            **options,
            **self._training_options(),
        )
        self.interrupted_ = self._codec.encoder.interrupted
