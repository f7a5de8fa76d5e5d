"""StreamingDancer: features and music of a fitted pipeline, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._validation import Integral, Real, raise_all
from ..functional.gaps import frames_seen
from ..functional.limiter import Limiter
from ..functional.overlap import fade_gains
from ..motion.container import Motion
from ..motion.skeletons import Skeleton
from ..motion.stage import MotionTransformer
from ..performance import (
    TEMPERATURE,
    clip_duration_of,
    encoder_of,
    fps_of,
    motion_stage_of,
    plays_any_skeleton,
    steps_of,
    table_step_of,
)
from ._buffer import PoseBuffer

__all__ = ["LiveFrame", "StreamingDancer"]

# Default hops in s, with music that follows in steps and without.
_STEP_HOP, _HOP = 0.125, 0.5
# Default cross-fades in s: music in steps goes on from one frame to the next, and fades its gain.
_STEP_FADE, _FADE = 0.03, 0.1


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """Features and sound since the previous frame of a :class:`StreamingDancer`.

    Parameters
    ----------
    time : float
        End of the analyzed dance, in s since the first pose.
    features : ndarray of shape (n_features,) or None
        Laban features of the last clip, which ends at `time`; None if the dancer was seen in too
        few of its frames.
    audio : ndarray of float32 of shape (n_samples,) or None
        Sound that continues that of the previous frame, with peaks of at most -1 dB re full scale.
        None if the pipeline generates none.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.live import LiveFrame
    >>> LiveFrame(8.0, np.zeros(45), None).time
    8.0
    """

    time: float
    features: np.ndarray | None
    audio: np.ndarray | None


class StreamingDancer:
    """Compute features and music of a fitted pipeline in real time, frame by frame.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted: from :func:`make_dance_pipeline` for features and music, or from
        :func:`make_lma_pipeline` for features alone.
    hop_duration : float or None, default=None
        Time from one :class:`LiveFrame` to the next, in s. None is 0.125 s if the music follows in
        steps (`UnitEncoder.step_duration`), so that each step is heard soon, and else 0.5 s.
    clip_duration : float or None, default=None
        Duration of the clips, in s. None is the clip duration of the pipeline, or 8 s if it
        generates no music.
    fps : float or None, default=None
        Frame rate in Hz to which poses are resampled, and of poses without a time. None is the
        frame rate at which the pipeline was fitted.
    skeleton : Skeleton, str or None, default="auto"
        Names and bones of the joints, as in :class:`Motion`; `"auto"` is that of the pipeline. For
        poses of another number of joints it is guessed, if the pipeline takes any skeleton.
    fade : float or None, default=None
        Duration of the cross-fade between the sounds of successive frames, in s. None is 0.03 s if
        the music follows in steps, and else 0.1 s.
    temperature : float or None, default=0.1
        Temperature of samples from the density; None uses its mean.
    random_state : int, default=0
        Seed of the samples. It is reused for every frame, so the music changes only with the
        dance.
    min_seen : float, default=0.5
        If the dancer is seen in less than this share of a clip's frames, there are no features,
        and the music pauses.

    Attributes
    ----------
    feature_names : ndarray of str
        Names of the features.
    sr : int or None
        Sampling rate of the sound in Hz.
    latency : float
        Maximum latency from a movement to its sound in s, without the computation time:
        `hop_duration` plus `fade`. Units are played to their ends, which adds up to one beat, but
        with steps (`UnitEncoder.step_duration`) the level changes within them.

    See Also
    --------
    OSCReceiver : Poses by OSC.
    camera_poses : Poses from a camera.
    sklearn_asdf.PoseSmoother.partial_transform : Smoothed poses frame by frame.

    Notes
    -----
    Every `hop_duration` the pipeline transforms the last `clip_duration` seconds as one clip. If
    poses arrive at `fps`, the features equal those of the same clip of a recorded dance, up to
    rounding errors. Poses at a higher rate are low-pass filtered before they are resampled, as
    those of a recording are.

    With a :class:`UnitEncoder` the music continues from unit to unit on the beat of the dance, and
    changes to another place in the recordings when the predicted code changes. With a
    :class:`MelEncoder` the phases of its sound continue. With an encoder that has no ``stream`` the
    whole clip is decoded, and its end is cross-faded at equal power with the previous sound. So the
    latency is `latency` plus the computation time, instead of a clip of eight
    seconds as in [1]_. The first frame is returned when the first clip is complete.

    Poses may arrive at irregular times. They are resampled to `fps` by linear interpolation, except
    in gaps of more than 0.5 s. Only the last clip is stored, so memory is bounded. If the
    computation is slower than `hop_duration`, there are fewer frames, each of which covers more
    time: the sound is never late by more than the computation time.

    References
    ----------
    .. [1] S. B. Olsen, D. M. Woodward and J. A. Moreno, "ASDF-RNN: An Investigation Into Raw
       Audio Synthesis From Dance Features Using a Probabilistic Deep Encoder-RNN-Decoder
       Topology", Aalborg University, 2019.

    Examples
    --------
    >>> from sklearn_asdf import make_lma_pipeline
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.live import StreamingDancer
    >>> dance = make_dance_music(n_clips=1, clip_duration=4.0, random_state=0).poses
    >>> lma = make_lma_pipeline(n_keyframes=4).fit(dance)
    >>> live = StreamingDancer(lma, clip_duration=2.0, hop_duration=0.5)
    >>> moments = [m for pose in dance.position[0] for m in live.feed(pose)]
    >>> [moment.time for moment in moments]
    [2.0, 2.5, 3.0, 3.5, 4.0]
    >>> moments[0].features.shape == live.feature_names.shape
    True
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        hop_duration: float | None = None,
        clip_duration: float | None = None,
        fps: float | None = None,
        skeleton: Skeleton | str | None = "auto",
        fade: float | None = None,
        temperature: float | None = TEMPERATURE,
        random_state: int = 0,
        min_seen: float = 0.5,
    ) -> None:
        if not isinstance(pipeline, Pipeline):
            raise TypeError(
                "expected a fitted pipeline, as make_dance_pipeline or make_lma_pipeline makes it, "
                f"got {type(pipeline).__name__}"
            )
        steps = steps_of(pipeline)
        check_is_fitted(steps[0])
        music = steps[-1] if hasattr(steps[-1], "compose") else None
        self._steps = steps[:-1] if music else steps
        self._music = music
        self._encoder: Any = None
        self.sr: int | None = None
        if music is not None:
            self._encoder = encoder_of(pipeline)
            self.sr, whole = int(self._encoder.sr), clip_duration_of(pipeline)
            if clip_duration not in (None, whole):
                raise ValueError(
                    f"expected clip_duration to be that of the pipeline's music, {whole:g} s, or "
                    f"None, got {clip_duration}"
                )
            clip_duration = whole
        self.clip_duration = 8.0 if clip_duration is None else clip_duration
        in_steps = bool(getattr(self._encoder, "n_steps_", 0))
        if hop_duration is None:
            hop_duration = min(_STEP_HOP if in_steps else _HOP, self.clip_duration / 2)
        if fade is None:
            fade = _STEP_FADE if in_steps else _FADE
        fps = fps_of(pipeline) if fps is None else fps
        _check(self.clip_duration, hop_duration, fps, fade, temperature, random_state, min_seen)
        self.hop_duration = float(hop_duration)
        self.fps = float(fps)
        self.fade = float(fade)
        self.temperature = temperature
        self.random_state = int(random_state)
        self.min_seen = float(min_seen)
        self.latency = self.hop_duration + (self.fade if music else 0.0)
        fitted = getattr(motion_stage_of(pipeline), "skeleton_", None)
        self.skeleton = fitted if skeleton == "auto" and fitted is not None else skeleton
        self._any_skeleton = skeleton == "auto" and plays_any_skeleton(pipeline)
        table = table_step_of(pipeline)
        if table is None:
            tables = (s for s in self._steps if not isinstance(s, MotionTransformer))
            table = next(tables, self._steps[-1])
        self.feature_names = np.asarray(table.get_feature_names_out(), dtype=object)
        self.reset()

    def reset(self) -> StreamingDancer:
        """Discard the dance so far.

        Returns
        -------
        StreamingDancer
            Itself.
        """
        # Poses may be a hop ahead of the clip that is described.
        spare = int(np.ceil(self.hop_duration * self.fps)) + 1
        self._n_frames = round(self.clip_duration * self.fps)
        self._buffer = PoseBuffer(self._n_frames + spare, self.fps)
        # LiveFrames are counted, so that times do not drift over the hours.
        self._next = 0
        self._told: float | None = None
        self._tail: np.ndarray | None = None
        self._limiter = None if self.sr is None else Limiter(self.sr)
        self._stream = self._encoder.stream() if hasattr(self._encoder, "stream") else None
        return self

    @property
    def time(self) -> float:
        """Duration of the dance so far, in s."""
        return self._buffer.count / self.fps

    def push(self, pose: Any, time: float | None = None) -> bool:
        """Add a pose, without any computation.

        Parameters
        ----------
        pose : array-like of shape (n_joints, n_axes)
            Positions of the joints; NaN for joints that are not seen.
        time : float or None, default=None
            Time in s on any clock; None is one frame after the last pose. Poses older than the last
            one are ignored, unless the clock was restarted: two successive poses that are more
            than 1 s older, in increasing order, continue from the last one.

        Returns
        -------
        bool
            Whether a :class:`LiveFrame` is due. If so, call :meth:`step`.
        """
        pose = np.asarray(pose, dtype=float)
        shape = self._buffer.shape
        if pose.ndim != 2 or (shape is not None and pose.shape != shape):
            expected = "(n_joints, n_axes)" if shape is None else f"{shape}, as before"
            raise ValueError(f"expected a pose of shape {expected}, got {pose.shape}")
        if np.isinf(pose).any():
            raise ValueError("expected finite coordinates (NaN for a joint not seen), got infinity")
        if time is not None and not np.isfinite(time):
            raise ValueError(f"expected time in seconds, got {time}")
        self._buffer.push(pose, time)
        return self.time >= self._due() - 1e-6

    def _due(self) -> float:
        return self.clip_duration + self._next * self.hop_duration

    def step(self) -> LiveFrame | None:
        """Compute the features and sound that are due.

        Returns
        -------
        LiveFrame or None
            None if no frame is due. If several hops have passed, one frame covers them all.
        """
        if self.time < self._due() - 1e-6:
            return None
        self._next += int((self.time - self._due() + 1e-6) / self.hop_duration)
        now = self._due()
        features, table = self._describe(now)
        audio = None
        if self.sr is not None:
            since = now - self.hop_duration if self._told is None else self._told
            n_new = round(now * self.sr) - round(since * self.sr)
            longest = round((self.clip_duration - self.fade) * self.sr)
            audio = self._play(table, min(n_new, longest), round(self.fade * self.sr))
        self._told = now
        self._next += 1
        return LiveFrame(now, features, audio)

    def feed(self, pose: Any, time: float | None = None) -> list[LiveFrame]:
        """Add a pose and return the frame that is due: `push`, and `step` if necessary.

        Parameters
        ----------
        pose : array-like of shape (n_joints, n_axes)
            Positions of the joints; NaN for joints that are not seen.
        time : float or None, default=None
            Time in s on any clock; None is one frame after the last pose.

        Returns
        -------
        list of LiveFrame
            One frame, or none.
        """
        moment = self.step() if self.push(pose, time) else None
        return [] if moment is None else [moment]

    def _describe(self, now: float) -> tuple[np.ndarray | None, Any]:
        """Return the features of the clip that ends now, and what the music is made from."""
        # Poses from after this moment wait for the next one.
        stop = round(now * self.fps)
        # All that came goes to the pipeline, which filters before it takes fewer frames.
        over = self._buffer.oversampling
        clip = self._buffer.frames(stop - self._n_frames, stop, over)
        seen = frames_seen(np.isfinite(clip).all(axis=2)).mean()
        if seen < self.min_seen or not seen:
            return None, None
        features = None
        skeleton = self.skeleton
        if self._any_skeleton and isinstance(skeleton, Skeleton) and len(skeleton) != clip.shape[1]:
            skeleton = "auto"
        X: Any = Motion(clip[None], fps=self.fps * over, skeleton=skeleton)
        for step in self._steps:
            X = step.transform(X)
            if features is None and not isinstance(X, Motion):
                features = np.array(np.asarray(X)[0], dtype=float)
        return features, X

    def _play(self, table: Any, n_new: int, n_fade: int) -> np.ndarray:
        """Return the next samples of sound, which end one fade before the clip does."""
        assert self._limiter is not None
        end = np.zeros(n_new + n_fade, np.float32)
        if table is not None:
            end = self._sound(table, n_new, n_fade)
        # A stream repeats the end of its last music; two draws are uncorrelated.
        fade_in, fade_out = fade_gains(n_fade, equal_power=self._stream is None)
        end[:n_fade] *= fade_in
        if self._tail is not None:
            end[:n_fade] += self._tail * fade_out
        self._tail = end[n_new:].copy()
        # The next moment begins with what is left of this one's end.
        return self._limiter.process(end[:n_new], self._tail * fade_out)

    def _sound(self, table: Any, n_new: int, n_fade: int) -> np.ndarray:
        """Return `n_new` samples of sound for the clip that ends now, and `n_fade` more."""
        assert self._music is not None
        codes = self._music.predict_codes(
            table, temperature=self.temperature, random_state=self.random_state
        )
        if self._stream is not None:
            return self._stream.play(codes[0], n_new, n_fade)
        clip = self._music.decode(codes)[0]
        return np.array(clip[len(clip) - n_new - n_fade :], np.float32)


def _check(
    clip_duration: Any,
    hop_duration: Any,
    fps: Any,
    fade: Any,
    temperature: Any,
    random_state: Any,
    min_seen: Any,
) -> None:
    def number(value: Any, low: float, high: float) -> bool:
        good = isinstance(value, Real) and not isinstance(value, bool)
        return good and low <= float(value) <= high

    problems = []
    if not number(fps, 1, 1000):
        problems.append(f"expected fps from 1 to 1000 frames a second, got {fps!r}")
    elif not number(clip_duration, 2 / fps, 3600):
        problems.append(f"expected clip_duration of at least two frames, got {clip_duration!r}")
    elif not number(hop_duration, 1 / fps, clip_duration / 2):
        problems.append(
            f"expected hop_duration from a frame to half a clip ({clip_duration / 2:g} s), got "
            f"{hop_duration!r}"
        )
    elif not number(fade, 0, hop_duration):
        problems.append(f"expected fade from 0 to hop_duration ({hop_duration:g} s), got {fade!r}")
    if temperature is not None and not number(temperature, 0, np.inf):
        problems.append(f"expected temperature of at least 0 or None, got {temperature!r}")
    if isinstance(random_state, bool) or not isinstance(random_state, Integral):
        problems.append(f"expected random_state as a whole number, got {random_state!r}")
    if not number(min_seen, 0, 1):
        problems.append(f"expected min_seen as a share from 0 to 1, got {min_seen!r}")
    raise_all(problems)
