"""MelEncoder: music to a short code that keeps time and level, and back to sound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .._files import check_writable_folder
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
from ..functional.choice import first_largest
from ..functional.griffinlim import highpass, mel_to_audio
from ..functional.limiter import limit
from ..functional.mel import overlap_add, unit_to_db
from ..functional.patches import (
    StationaryCovariance,
    code_steps,
    decode_patches,
    encode_patches,
    lagged_covariance,
)
from .clips import AudioClips, check_audio
from .spectra import SpectrumBank, spectrogram_options, unit_spectrograms

__all__ = ["MelEncoder"]

# Clips whose spectrograms are held at once.
_BATCH = 32
# The local network's training by default: few clips are shown more often.
_CLIPS_SHOWN = 3000
# A level of the code counts tens of decibels, so that it weighs about as much as a component.
_LEVEL_UNIT = 10.0


class MelEncoder(TransformerMixin, BaseEstimator):
    """Encode clips of music in a few numbers that keep time and level, and decode them to sound.

    `fit` learns a code for mel spectrograms; `transform` gives the code of clips,
    `inverse_transform` the sound of codes. Between them lie `spectrogram` and `decode`.

    Parameters
    ----------
    architecture : {"local", "paper"}, default="local"
        `"local"` divides a clip into steps, so that the code keeps time: it starts from the
        principal components of patches of the spectrograms, and a convolutional network adds,
        in `epochs`, the detail that they leave out. `"paper"` is the autoencoder of [1]_ to
        the letter, with one code for the whole clip.
    code_size : int, default=1024
        Numbers of a clip's code.
    steps : int, default=None
        Time steps of the code with `architecture="local"`, a divisor of `code_size`. None takes
        the divisor nearest to one step for 64 frames (2 s by default). The paper's has one.
    sr : int, default=22050
        Sampling rate in Hz.
    n_fft : int, default=4096
        Length of the Hann window and of an FFT, in samples.
    hop_length : int, default=690
        Samples from one frame to the next.
    n_mels : int, default=128
        Number of mel bands.
    fmin : float, default=0.0
        Lowest frequency of the bands in Hz.
    fmax : float, default=None
        Highest frequency of the bands in Hz; None means half of `sr`.
    top_db : float, default=80.0
        Range below a clip's loudest place that the code describes, in dB.
    pitch_shifts : sequence of float, default=(-1, 1, 2)
        Semitones by which copies of the music are transposed before components are learned, so
        that the code knows more keys than it heard. Empty for none; the paper's has none.
    epochs : int, default=None
        Passes over the clips that train the network. 0 with `architecture="local"` keeps the
        components as they are and needs no Keras. None means as many as show some 3,000
        clips, but at least 4, for `"local"`, and 400, the paper's, for `"paper"`.
    batch_size : int, default=None
        Clips a training step. None means 16 for `"local"` and 128 for `"paper"`.
    learning_rate : float, default=None
        Step of the optimizer at first. None means 1e-3.
    schedule : {"constant", "cosine"}, default=None
        How the learning rate goes on: `"cosine"` falls along half a cosine to a hundredth at the
        last epoch. None means `"cosine"` for `"local"` and `"constant"` for `"paper"`.
    optimizer : str, default="adam"
        Keras's name of an optimizer.
    loss : {"mse", "mae", "huber"}, default="mse"
        Error of spectrograms that training makes small.
    patience : int, default=None
        Epochs without improvement on the clips held out before training stops; None trains for
        all epochs.
    validation_fraction : float, default=0.1
        Share of the clips held out to choose the epoch that is kept: whole recordings where
        `AudioClips` tell them, else the last clips. 0 holds none out.
    variational : bool, default=False
        Whether the network's code is a density while it trains; `transform` gives its mean.
    kl_weight : float, default=1e-2
        Weight of the density's divergence from the standard normal one.
    dtype_policy : str, default=None
        Keras's precision policy, such as `"mixed_bfloat16"`. None is Keras's own.
    n_iter : int, default=16
        Iterations of the phase reconstruction.
    highpass : float, default=None
        Frequency in Hz below which decoded sound falls by 12 dB per octave; None leaves it.
    checkpoint : str or PathLike, default=None
        Folder in which training keeps its state after each epoch, and from which the same
        training goes on, however it ended. For one training at a time.
    verbose : int, default=0
        Above 0, a progress bar.
    random_state : int, RandomState instance or None, default=None
        Seed of patches, weights, order and phases: pass an int for the same bits on each call.

    Attributes
    ----------
    code_shape_ : tuple of int
        Steps and channels of a code: ``code.reshape(-1, *code_shape_)`` is in time.
    n_frames_ : int
        Frames of a clip.
    n_samples_ : int
        Samples of a clip.
    level_reference_ : float
        Median level of the training clips' loudest places, in dB: what a clip gets whose code
        has no level.
    level_range_ : tuple of float
        Lowest and highest level that decoding gives, in dB: silence, and 20 dB above the
        loudest training clip.
    history_ : dict of list of float
        Losses of each epoch.
    interrupted_ : bool
        Whether Ctrl-C ended the training: the best network so far was kept.
    n_features_in_ : int
        Samples of a clip.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if clips came in a DataFrame.

    See Also
    --------
    AudioClips : Clips that share the samples of whole recordings.
    AudioTargetRegressor : Predicts such codes from movement.

    Notes
    -----
    Spectrograms are in [0, 1]: 1 at a clip's loudest place, 0 at `top_db` below it and further
    down. With `architecture="local"` the first channel of every step is the level of that
    place, in tens of dB against `level_reference_`; decoding averages it over the steps. So the
    same music at a tenth of the amplitude has the same other channels, and decodes 20 dB
    quieter. The paper's code knows no level: its clips decode at `level_reference_`.

    The code always has `code_size` numbers; those for which the training clips are too few or
    too small are 0. A silent clip has a dark spectrogram and the lowest level. Constant offsets
    and clipped samples are sound like any other.

    Training cuts clips from spectra of whole recordings, on the fly: memory grows with the
    music, not with the overlap of clips.

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

    # A clip without weight is no music of the training set, wherever weights are routed.
    __metadata_request__fit = {"sample_weight": True}
    # Encoders that differ in these alone are fitted alike: caches and checkpoints may share them.
    unused_in_fit = ("checkpoint", "highpass", "n_iter", "verbose")

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
        "epochs": [Interval(Integral, 0, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left"), None],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "schedule": [StrOptions({"constant", "cosine"}), None],
        "optimizer": [str],
        "loss": [StrOptions({"mse", "mae", "huber"})],
        "patience": [Interval(Integral, 1, None, closed="left"), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "variational": ["boolean"],
        "kl_weight": [Interval(Real, 0, None, closed="left")],
        "dtype_policy": [str, None],
        "n_iter": [Interval(Integral, 0, None, closed="left")],
        "highpass": [Interval(Real, 0, None, closed="neither"), None],
        "checkpoint": "no_validation",
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        architecture="local",
        code_size=1024,
        steps=None,
        sr=22050,
        n_fft=4096,
        hop_length=690,
        n_mels=128,
        fmin=0.0,
        fmax=None,
        top_db=80.0,
        pitch_shifts=(-1, 1, 2),
        epochs=None,
        batch_size=None,
        learning_rate=None,
        schedule=None,
        optimizer="adam",
        loss="mse",
        patience=None,
        validation_fraction=0.1,
        variational=False,
        kl_weight=1e-2,
        dtype_policy=None,
        n_iter=16,
        highpass=None,
        checkpoint=None,
        verbose=0,
        random_state=None,
    ):
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
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.optimizer = optimizer
        self.loss = loss
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.variational = variational
        self.kl_weight = kl_weight
        self.dtype_policy = dtype_policy
        self.n_iter = n_iter
        self.highpass = highpass
        self.checkpoint = checkpoint
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X, y=None, sample_weight=None):
        """Learn a code for the spectrograms of clips.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz.
        y : None
            Not used.
        sample_weight : array-like of shape (n_clips,), default=None
            Clips of weight 0 are left out; all others count alike, since training goes over the
            music and not over the clips, which overlap. With metadata routing weights are
            requested by default.

        Returns
        -------
        self : MelEncoder
            The fitted encoder.
        """
        validate_parameters(self)
        require("librosa", extra="music", purpose="MelEncoder")
        if self.checkpoint is not None:
            check_writable_folder(self.checkpoint)
        top = self.fmax or self.sr / 2
        if not self.fmin < top <= self.sr / 2:
            raise ValueError(
                f"expected fmin below fmax and fmax at most half of sr, {self.sr / 2:g} Hz, got "
                f"fmin={self.fmin} and fmax={self.fmax}"
            )
        X = self._check_clips(X, reset=True)
        weight = check_sample_weight(sample_weight, len(X))
        X = X if weight is None or weight.all() else X[np.flatnonzero(weight)]
        random_state = check_random_state(self.random_state)
        self._seed = int(random_state.randint(2**31 - 1))
        self.n_samples_ = X.shape[1]
        self.n_frames_ = 1 + self.n_samples_ // self.hop_length
        self.code_shape_ = self._code_shape()

        bank = SpectrumBank.of(X, spectrogram_options(self), self.top_db)
        heard = bank.levels[bank.levels > -99]
        if not len(heard):
            raise ValueError(
                "expected sound above -100 dB in at least one band, got clips that are nearly "
                "silent: raise their amplitude"
            )
        self.level_reference_ = float(np.median(heard))
        self.level_range_ = (-100.0, float(heard.max()) + 20.0)
        self.history_ = {}
        self.interrupted_ = False
        if self.architecture == "local":
            self._codec = _fit_patches(self, X, bank, random_state)
        if self._n_epochs(len(X)) or self.architecture == "paper":
            self._codec = _train(self, bank, _held_out(X, self.validation_fraction))
        self._n_features_out = self.code_size
        return self

    def transform(self, X):
        """Return the codes of clips.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz, as long as the training clips.

        Returns
        -------
        code : ndarray of float32 of shape (n_clips, code_size)
            One code a clip.
        """
        check_is_fitted(self)
        X = self._check_clips(X)
        parts = [self._encode(unit, level) for _, unit, level in self._batches(X)]
        return np.concatenate(parts)

    def inverse_transform(self, X):
        """Return the sound of codes.

        Parameters
        ----------
        X : array-like of shape (n_clips, code_size)
            Codes.

        Returns
        -------
        audio : ndarray of float32 of shape (n_clips, n_samples)
            Sound at `sr` Hz.
        """
        X = self._check_code(X)
        audio = np.empty((len(X), self.n_samples_), np.float32)
        for i in range(0, len(X), _BATCH):
            db = self._decode_db(X[i : i + _BATCH]).swapaxes(1, 2)
            audio[i : i + _BATCH] = self._sound(db, self.n_samples_)
        return audio

    def spectrogram(self, X):
        """Return the mel spectrograms of clips as the code sees them.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz, as long as the training clips.

        Returns
        -------
        spectrogram : ndarray of float32 of shape (n_clips, n_mels, n_frames)
            From 0, `top_db` below a clip's loudest place or further down, to 1 there.
        """
        check_is_fitted(self)
        X = self._check_clips(X)
        parts = [unit.swapaxes(1, 2) for _, unit, _ in self._batches(X)]
        return np.ascontiguousarray(np.concatenate(parts))

    def decode(self, X):
        """Return the mel spectrograms of codes.

        Parameters
        ----------
        X : array-like of shape (n_clips, code_size)
            Codes.

        Returns
        -------
        spectrogram : ndarray of float32 of shape (n_clips, n_mels, n_frames)
            Spectrograms in [0, 1].
        """
        X = self._check_code(X)
        parts = [self._decode(X[i : i + _BATCH])[0] for i in range(0, len(X), _BATCH)]
        return np.ascontiguousarray(np.concatenate(parts).swapaxes(1, 2))

    def level(self, X):
        """Return the level of codes.

        Parameters
        ----------
        X : array-like of shape (n_clips, code_size)
            Codes.

        Returns
        -------
        level : ndarray of float32 of shape (n_clips,)
            Power of each clip's loudest place in dB.
        """
        return self._split(self._check_code(X))[1]

    def reconstruction_error(self, X):
        """Return how far spectrograms are from what their codes decode to.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz, as long as the training clips.

        Returns
        -------
        error : ndarray of float64 of shape (n_clips,)
            Mean squared error of each clip's spectrogram in [0, 1].

        Notes
        -----
        The paper [1]_ heard in its validation error: above .0080 noise; .0060 to .0080
        modulated noise; .0050 to .0060 modulated timbre; .0035 to .0050 blurred notes; below
        .0035 a recognisable melody.

        References
        ----------
        .. [1] S. B. Olsen, D. M. Woodward and J. A. Moreno, "ASDF-RNN: An Investigation Into
           Raw Audio Synthesis From Dance Features Using a Probabilistic Deep
           Encoder-RNN-Decoder Topology", Aalborg University, 2019.
        """
        check_is_fitted(self)
        X = self._check_clips(X)
        error = np.empty(len(X))
        for rows, unit, level in self._batches(X):
            decoded = self._decode(self._encode(unit, level))[0]
            error[rows] = np.square(decoded - unit).mean(axis=(1, 2), dtype=np.float64)
        return error

    def compose(self, code, *, hop_duration):
        """Return one continuous piece for the codes of successive, overlapping clips.

        Parameters
        ----------
        code : array-like of shape (n_clips, code_size)
            Codes of the clips, in order.
        hop_duration : float
            Time from one clip's start to the next one's in seconds, at most a clip's length.

        Returns
        -------
        audio : ndarray of float32 of shape (n_samples,)
            Sound at `sr` Hz, ``(n_clips - 1) * hop_duration`` seconds longer than a clip.

        Notes
        -----
        The spectrograms in dB are laid over each other at their times and averaged, weights
        falling towards a clip's ends as sin²; then one phase is found for the whole piece. So
        no joint is heard in the sound, and clips that agree lose nothing. Peaks above -1 dB re full
        scale are turned down by a look-ahead limiter
        (:func:`~sklearn_asdf.functional.limiter.limit`); `inverse_transform` leaves them.
        """
        code = self._check_code(code)
        duration = self.n_samples_ / self.sr
        if not 0 < hop_duration <= duration:
            raise ValueError(
                f"expected hop_duration above 0 and at most a clip's {duration:g} s, got "
                f"{hop_duration}: clips must touch each other"
            )
        n_samples = round((len(code) - 1) * hop_duration * self.sr) + self.n_samples_
        db = np.concatenate(
            [self._decode_db(code[i : i + _BATCH]) for i in range(0, len(code), _BATCH)]
        )
        piece = overlap_add(
            db,
            hop=hop_duration * self.sr / self.hop_length,
            n_frames=1 + n_samples // self.hop_length,
        )
        return limit(self._sound(piece.T, n_samples), sr=self.sr)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the code's numbers.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Not used.

        Returns
        -------
        names : ndarray of str of shape (code_size,)
            ``step0_level, step0_channel1, ...`` or, for the paper's code, ``code0, ...``.
        """
        check_is_fitted(self)
        if self.architecture == "paper":
            names = [f"code{i}" for i in range(self.code_size)]
        else:
            steps, channels = self.code_shape_
            names = [
                f"step{s}_{f'channel{c}' if c else 'level'}"
                for s in range(steps)
                for c in range(channels)
            ]
        return np.asarray(names, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _check_clips(self, X: Any, *, reset: bool = False) -> Any:
        """Audio as it can be used, or every reason why not."""
        checked = check_audio(X, sr=self.sr, allow_silent=not reset)
        if not reset and checked.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {checked.shape[1]} features, but MelEncoder is expecting "
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
        code = check_array(code, dtype=np.float32, input_name="code")
        if code.shape[1] != self.code_size:
            raise ValueError(
                f"expected codes of {self.code_size} numbers, got {code.shape[1]}: pass what "
                "transform returned"
            )
        return code

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

    def _n_epochs(self, n_clips: int) -> int:
        if self.epochs is None:
            return 400 if self.architecture == "paper" else max(4, -(-_CLIPS_SHOWN // n_clips))
        return self.epochs

    def _batches(self, X: Any):
        """Spectrograms and levels, a few clips at once."""
        options = spectrogram_options(self)
        for i in range(0, len(X), _BATCH):
            rows = slice(i, i + _BATCH)
            yield rows, *unit_spectrograms(X[rows], options, self.top_db)

    def _encode(self, unit: np.ndarray, level: np.ndarray) -> np.ndarray:
        code = self._codec.encode(unit)
        if self.architecture == "paper":
            return code
        steps, channels = self.code_shape_
        whole = np.empty((len(unit), steps, channels), np.float32)
        whole[..., 0] = (level[:, None] - self.level_reference_) / _LEVEL_UNIT
        whole[..., 1:] = code.reshape(len(unit), steps, channels - 1)
        return whole.reshape(len(unit), -1)

    def _split(self, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A code without its level, and that level in dB."""
        if self.architecture == "paper":
            return code, np.full(len(code), self.level_reference_, np.float32)
        code = code.reshape(len(code), *self.code_shape_)
        level = code[..., 0].mean(axis=1) * _LEVEL_UNIT + np.float32(self.level_reference_)
        return code[..., 1:].reshape(len(code), -1), np.clip(level, *self.level_range_)

    def _decode(self, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        code, level = self._split(code)
        return np.clip(self._codec.decode(code), 0, 1), level

    def _decode_db(self, code: np.ndarray) -> np.ndarray:
        unit, level = self._decode(code)
        return unit_to_db(unit, level, top_db=self.top_db)

    def _sound(self, db: np.ndarray, n_samples: int) -> np.ndarray:
        y = mel_to_audio(
            np.float32(10) ** (db / np.float32(10)),
            sr=self.sr,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            fmin=self.fmin,
            fmax=self.fmax,
            n_samples=n_samples,
            n_iter=self.n_iter,
            random_state=self._seed,
        )
        return y if self.highpass is None else highpass(y, cutoff=self.highpass, sr=self.sr)


@dataclass(eq=False)
class _Patches:
    """Code of local principal components."""

    mean: np.ndarray
    components: np.ndarray
    decoder: np.ndarray
    steps: int
    n_frames: int

    def encode(self, unit: np.ndarray) -> np.ndarray:
        code = encode_patches(unit, self.mean, self.components, steps=self.steps)
        return code.reshape(len(unit), -1)

    def decode(self, code: np.ndarray) -> np.ndarray:
        code = code.reshape(len(code), self.steps, -1)
        return decode_patches(code, self.mean, self.decoder, n_frames=self.n_frames)


@dataclass(eq=False)
class _Networks:
    """Code of a trained autoencoder."""

    encoder: Any
    decoder: Any
    code_size: int

    def encode(self, unit: np.ndarray) -> np.ndarray:
        # A variational encoder gives means and then log-variances.
        return self.encoder.predict(unit, batch_size=_BATCH)[:, : self.code_size]

    def decode(self, code: np.ndarray) -> np.ndarray:
        return self.decoder.predict(code, batch_size=_BATCH)


def _fit_patches(
    encoder: MelEncoder, audio: Any, bank: SpectrumBank, random_state: np.random.RandomState
) -> _Patches:
    """Components of the spectra and of their copies in other keys."""
    steps, channels = encoder.code_shape_
    length = -(-bank.n_frames // steps)
    n_lags = length * (3 if steps > 2 else 1)
    mean, original = _mean_frame(bank), bank

    def draw(index: np.ndarray) -> np.ndarray:
        return bank.unit(index, levels[index]) - mean

    products: Any = 0.0
    counts: Any = 0
    for semitones in (0, *encoder.pitch_shifts):
        if semitones:
            bank = SpectrumBank.of(audio, _transposed(encoder, semitones), encoder.top_db)
        levels = bank.frame_levels()
        more, n = lagged_covariance(draw, bank.stretch_starts, bank.stretch_stops, n_lags=n_lags)
        products, counts = products + more, counts + n
    products /= np.maximum(counts, 1)[:, None, None]
    covariance = StationaryCovariance(products)
    components = covariance.components(channels - 1, length, random_state)
    found = _Patches(np.tile(mean, length), components, components[None], steps, original.n_frames)
    if steps > 2:
        neighbours = replace(found, decoder=covariance.decoder(components))
        # Where music is short, distant frames tell too little to learn from.
        errors = [_training_error(codec, original) for codec in (found, neighbours)]
        return (found, neighbours)[first_largest(np.negative(errors))]
    return found


def _training_error(codec: _Patches, bank: SpectrumBank) -> float:
    """Mean squared error over clips, at most 256 of them spread over the music."""
    some = np.unique(np.linspace(0, len(bank) - 1, 256).astype(int))
    total = 0.0
    for i in np.array_split(some, -(-len(some) // _BATCH)):
        index = bank.starts[i, None] + np.arange(bank.n_frames)
        unit = bank.unit(index, np.broadcast_to(bank.levels[i, None], index.shape))
        total += float(np.square(codec.decode(codec.encode(unit)) - unit).sum(dtype=np.float64))
    return total / len(some)


def _mean_frame(bank: SpectrumBank) -> np.ndarray:
    levels = bank.frame_levels()
    parts = np.array_split(np.arange(len(levels)), -(-len(levels) // 4096))
    total = sum(bank.unit(i, levels[i]).sum(axis=0, dtype=np.float64) for i in parts)
    return (total / len(levels)).astype(np.float32)


def _transposed(encoder: MelEncoder, semitones: float) -> dict[str, Any]:
    """Spectrogram of what sounds when a recording is played faster by some semitones.

    Longer windows and hops and a higher nominal rate do that without touching the samples.
    """
    n_fft = _quick_length(encoder.n_fft * 2 ** (semitones / 12))
    factor = n_fft / encoder.n_fft
    return {
        **spectrogram_options(encoder),
        "sr": encoder.sr * factor,
        "n_fft": n_fft,
        "hop_length": max(1, round(encoder.hop_length * factor)),
        "fmax": encoder.fmax or encoder.sr / 2,
    }


def _quick_length(wanted: float) -> int:
    """Return the even length nearest to `wanted` whose FFT is not slow.

    Not the next fast one: a seventh of a semitone beside the keys that instruments are tuned
    to, transposed copies teach nothing.
    """
    near = 2 * round(wanted / 2)
    reach = 2 * (near // 1000)
    for n in sorted(range(near - reach, near + reach + 1, 2), key=lambda n: abs(n - wanted)):
        rest = n
        for prime in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31):
            while rest > 1 and rest % prime == 0:
                rest //= prime
        if rest == 1:
            return n
    return max(near, 2)


def _train(encoder: MelEncoder, bank: SpectrumBank, held_out: np.ndarray) -> _Networks:
    """Train the network of an encoder; the local one starts from its components."""
    from ..nets.autoencoder import train_autoencoder

    paper = encoder.architecture == "paper"
    steps, channels = encoder.code_shape_
    code_size = encoder.code_size if paper else steps * (channels - 1)
    config = {
        "architecture": encoder.architecture,
        "n_frames": bank.n_frames,
        "n_mels": encoder.n_mels,
        "code_size": code_size,
        "steps": steps,
        "variational": encoder.variational,
        "dtype_policy": encoder.dtype_policy,
        "tune_components": False,
        "filters": 32,
    }
    rows = _rows(bank, 0 if paper else 16)
    rate = encoder.learning_rate or 1e-3
    start = None if paper else _starting_weights(encoder, encoder._codec)
    networks = train_autoencoder(
        config,
        bank.frames,
        rows[~held_out],
        top_db=encoder.top_db,
        loss=encoder.loss,
        kl_weight=encoder.kl_weight,
        seed=encoder._seed,
        validation_rows=rows[held_out],
        start=start,
        epochs=encoder._n_epochs(len(bank)),
        batch_size=encoder.batch_size or (128 if paper else 16),
        optimizer=encoder.optimizer,
        optimizer_params={"learning_rate": rate},
        schedule=encoder.schedule or ("constant" if paper else "cosine"),
        patience=encoder.patience,
        checkpoint=_checkpoint(encoder, bank, rows),
        verbose=encoder.verbose,
        description="training the audio encoder",
    )
    encoder.history_ = networks[2]
    encoder.interrupted_ = networks[0].interrupted
    return _Networks(*networks[:2], code_size)


def _checkpoint(encoder: MelEncoder, bank: SpectrumBank, rows: np.ndarray) -> Any:
    """Where training keeps its state, under a key of what it depends on."""
    if encoder.checkpoint is None:
        return None
    from ..nets._callbacks import Checkpoint

    ignored = (*encoder.unused_in_fit, "epochs")
    params = {k: v for k, v in encoder.get_params().items() if k not in ignored}
    return Checkpoint(encoder.checkpoint, joblib.hash((params, bank.frames, rows)))


def _rows(bank: SpectrumBank, shift: int) -> np.ndarray:
    """First frames of clips, and the range within which training may shift them."""
    stretch = np.searchsorted(bank.stretch_starts, bank.starts, side="right") - 1
    lowest = np.maximum(bank.starts - shift, bank.stretch_starts[stretch])
    highest = np.minimum(bank.starts + shift, bank.stretch_stops[stretch] - bank.n_frames)
    return np.stack([bank.starts, lowest, highest], axis=1).astype(np.float32)


def _starting_weights(encoder: MelEncoder, codec: _Patches) -> dict[str, list[np.ndarray]]:
    """Kernels of the local network that do what the components do."""
    n, n_values = codec.components.shape
    kernel = codec.components.T
    bias = -codec.components @ codec.mean
    if encoder.variational:
        # Means, and log-variances small against those of the coordinates.
        kernel = np.concatenate([kernel, np.zeros_like(kernel)], axis=1)
        bias = np.concatenate([bias, np.full(n, -4, np.float32)])
    taps = np.zeros((3, n, n_values), np.float32)
    taps[slice(None) if len(codec.decoder) == 3 else slice(1, 2)] = codec.decoder
    return {"components": [kernel, bias], "patches": [taps, codec.mean]}


def _held_out(audio: Any, fraction: float) -> np.ndarray:
    """Mask of the clips that choose an epoch: whole recordings if there are several."""
    n = len(audio)
    wanted = int(fraction * n)
    mask = np.zeros(n, bool)
    groups = audio.groups if isinstance(audio, AudioClips) else np.zeros(n, int)
    names = np.unique(groups)
    if len(names) == 1:
        mask[n - wanted :] = wanted > 0
    elif fraction > 0:
        sizes = {name: (groups == name).sum() for name in names}
        # Few recordings may all be longer than the share: then the shortest one serves.
        smallest = min(names, key=sizes.__getitem__)
        for name in names[::-1]:
            if mask.sum() + sizes[name] <= max(wanted, sizes[smallest]):
                mask |= groups == name
    return mask
