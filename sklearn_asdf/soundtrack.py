"""Soundtracks: pipelines and pieces that play given music for a dance, without pairs of both."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from ._defaults import SOUNDTRACK_TEMPERATURE
from ._music_of_metre import clips_of_metre
from ._validation import Integral, Real, raise_all
from .datasets import make_dance_music
from .datasets._music_files import music_clips
from .motion.beats import DanceBeatTracker
from .motion.canonical_pose import PoseCanonicalizer
from .motion.container import Motion, as_motion
from .motion.keyframes import KeyframeSegmenter
from .motion.kinematics import KinematicsTransformer
from .motion.lma import BEAT_COLUMNS, LMAFeaturizer
from .motion.smoothing import PoseSmoother
from .motion.tempo import three_beat_bars
from .music.encoder_cache import fit_encoder
from .music.units import UnitEncoder
from .performance import (
    Performance,
    compose_takes,
    describe_dance,
    encoder_of,
    find_beats,
    prepare_take,
    steps_of,
)
from .target import AudioTargetRegressor
from .unpaired import UnpairedRegressor

__all__ = ["adjust_soundtrack", "make_soundtrack", "make_soundtrack_pipeline"]

_STEP = 0.25  # s
# Cost of a join at continuity 0.5, and by how much it grows from 0 to 1.
_JOIN_COST, _JOIN_RANGE = 20.0, 400.0


def make_soundtrack_pipeline(
    music: Any,
    *,
    poses: Any = None,
    audio: Any = None,
    closeness: float = 1.0,
    intensity: float = 0.0,
    continuity: float = 0.5,
    strides: bool = True,
    match_metre: bool = True,
    clip_duration: float = 8.0,
    hop_duration: float = 1.0,
    sr: int = 22050,
    memory: Any = None,
    random_state: int | np.random.RandomState | None = None,
    verbose: int = 0,
) -> Pipeline:
    """Return a fitted pipeline that plays given music for dances, without pairs of both.

    Parameters
    ----------
    music : AudioClips, path, or sequence of {ndarray of shape (n,), path}
        The music: recordings, sound files, or a folder of them. `"builtin"`, or the name of a
        character of :func:`~sklearn_asdf.datasets.make_music`, is music that the package
        synthesizes.
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes), default=None
        Dances. Without `audio`, their own spread is what is vigorous and calm; one whole dance, as
        one clip, may have any length. None takes synthetic dances as the standard.
    audio : AudioClips or array-like of shape (n_clips, n_samples), default=None
        The music of `poses`, clip by clip. It corrects the mapping of movement to music, and is
        not played unless it is in `music` too.
    closeness : float, default=1.0
        How closely the music follows the dance: 0 follows its beat alone, 2 exaggerates.
    intensity : float, default=0.0
        From -1, the calm parts of the music, to 1, the wild ones.
    continuity : float, default=0.5
        From 0, the music may jump to another place on each beat, to 1, it hardly ever does.
    strides : bool, default=True
        Whether beats are found by the strides of the feet, as in
        :func:`~sklearn_asdf.motion.track_beats`.
    match_metre : bool, default=True
        Whether one whole dance, if its metre is certain, gets only music that may be in that metre,
        and that there is enough of; see the notes.
    clip_duration, hop_duration : float, default=8.0, 1.0
        Duration of the clips that are described, and time from one clip of music to the next one's
        start, in s. Shorter music has shorter clips.
    sr : int, default=22050
        Sampling rate in Hz of arrays of music, and of the result.
    memory : str or joblib.Memory, default=None
        Folder in which fitted encoders of music are cached.
    random_state : int, RandomState instance or None, default=None
        Seed of the music that the package synthesizes.
    verbose : int, default=0
        Above 0, show progress.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        Fitted, with the steps `canonical`, `smooth`, `kinematics`, `beats`, `keyframes`, `lma` and
        `music`. It contains the music.

    See Also
    --------
    make_soundtrack : Music for one whole dance.
    adjust_soundtrack : Change closeness, intensity and continuity without fitting.
    make_dance_pipeline : Learns from pairs alone.

    Notes
    -----
    :class:`UnitEncoder` learns the music, :class:`UnpairedRegressor` maps features of movement to
    its descriptors, and :func:`~sklearn_asdf.motion.track_beats` finds the beat of the dance,
    expecting tempi near those of the music. `fit` of the pipeline fits all of it to pairs.

    With `match_metre` a waltz gets waltzes. The metre of the dance is certain if its bars have
    three beats, or two or four, with a probability of 0.9
    (:func:`~sklearn_asdf.motion.tempo.three_beat_bars`). Recordings are then left out whose onsets
    repeat themselves better after the beats of the other metre, unless less than the duration of
    the dance, or a minute, would remain.

    Examples
    --------
    >>> from sklearn_asdf import make_soundtrack_pipeline
    >>> from sklearn_asdf.datasets import make_dance_music, make_music
    >>> pipe = make_soundtrack_pipeline(make_music("calm", duration=16, random_state=0))
    >>> dance = make_dance_music(1, random_state=0).poses
    >>> pipe.predict(dance).shape
    (1, 176400)
    """
    _check_knobs(closeness=closeness, intensity=intensity, continuity=continuity)
    if audio is not None and poses is None:
        raise ValueError("expected the poses of audio, got audio alone: give both, or neither")
    clips = music_clips(
        music,
        clip_duration=clip_duration,
        hop_duration=hop_duration,
        sr=sr,
        random_state=random_state,
    )
    # Dances are checked before music is analyzed, which takes long.
    dances, heights = _standard_dances(poses, audio, clips.shape[1] / clips.sr)
    encoder, code = fit_encoder(
        UnitEncoder(sr=clips.sr, step_duration=_STEP, verbose=verbose), clips, memory
    )
    motion = _motion_pipeline(code, strides, verbose)
    if match_metre and audio is None and poses is not None and len(as_motion(poses)) == 1:
        take, _ = prepare_take(as_motion(poses), 30.0)
        kept = clips_of_metre(clips, code, _three(motion, take), duration=take.duration)
        if len(kept) < len(clips):
            clips = clips[kept]
            encoder, code = fit_encoder(clone(encoder), clips, memory)
            motion = _motion_pipeline(code, strides, verbose)
    features = motion.fit_transform(dances)
    regressor = UnpairedRegressor(
        mapping="dance",
        beat_columns=BEAT_COLUMNS,
        closeness=closeness,
        intensity=intensity,
        heights=heights,
    )
    if audio is None:
        regressor.fit_unpaired(features, code)
    else:
        regressor.fit(features, encoder.transform(audio), groups=getattr(audio, "groups", None))
        # What goes with what is learned from the pairs, and played is the music.
        regressor.fit_music(code)
    last = AudioTargetRegressor.from_fitted(regressor, encoder)
    pipeline = Pipeline([*motion.steps, ("music", last)])
    return adjust_soundtrack(pipeline, continuity=continuity)


def _three(motion: Pipeline, take: Motion) -> float:
    """Return the probability that the bars of a dance have three beats."""
    place = [name for name, _ in motion.steps].index("beats")
    before = clone(motion[:place]).fit_transform(take)
    track = clone(motion["beats"]).fit(before).track(before)[0]
    return three_beat_bars(before, track.tempo)


def _motion_pipeline(code: np.ndarray, strides: bool, verbose: int) -> Pipeline:
    """Return the stages of motion, for dances to music of these codes."""
    tempi = 2.0 ** np.quantile(code[:, -3], np.linspace(0, 1, 11))
    return Pipeline(list(_motion_steps(tempi, strides, verbose).items()))


def _motion_steps(tempi: np.ndarray, strides: bool, verbose: int) -> dict[str, Any]:
    groups = ("effort", "shape", "level", "periodicity", "beat")
    lma = LMAFeaturizer(groups=groups, step_duration=_STEP, step_groups=("effort", "moment"))
    return {
        # The path is kept: how high the body is in space counts.
        "canonical": PoseCanonicalizer(trend_duration=None),
        "smooth": PoseSmoother(),
        "kinematics": KinematicsTransformer(scale="body"),
        # Music is steady: one grid goes through the dance, and its phase is surer for it.
        "beats": DanceBeatTracker(
            tempi=tempi, strides=strides, tightness=10_000.0, verbose=verbose
        ),
        "keyframes": KeyframeSegmenter(),
        "lma": lma.set_output(transform="pandas"),
    }


def _standard_dances(poses: Any, audio: Any, clip_duration: float) -> tuple[Motion, bool]:
    """Return clips of dances, and whether heights in space count: of one dance, and not a video."""
    if poses is None:
        return make_dance_music(1, clip_duration=clip_duration, random_state=0).poses, False
    motion = as_motion(poses)
    if audio is not None or len(motion) > 1:
        return motion, False
    take, _ = prepare_take(motion, 30.0)
    if take.duration < clip_duration:
        return take, False
    # A dance that is hardly longer than a clip has no other heights to compare with.
    heights = take.n_axes == 3 and take.duration >= 1.5 * clip_duration
    return take.windows(clip_duration, clip_duration / 4), heights


def adjust_soundtrack(
    pipeline: Pipeline,
    *,
    closeness: float | None = None,
    intensity: float | None = None,
    continuity: float | None = None,
) -> Pipeline:
    """Return a fitted soundtrack pipeline with other settings, without fitting it again.

    Parameters
    ----------
    pipeline : Pipeline
        From :func:`make_soundtrack_pipeline`.
    closeness, intensity, continuity : float or None, default=None
        As in :func:`make_soundtrack_pipeline`; None leaves the setting as it is.

    Returns
    -------
    pipeline : Pipeline
        Another one that shares the music and all that was learned.

    Examples
    --------
    >>> from sklearn_asdf import adjust_soundtrack, make_soundtrack_pipeline
    >>> from sklearn_asdf.datasets import make_music
    >>> pipe = make_soundtrack_pipeline(make_music("calm", duration=12, random_state=0))
    >>> adjust_soundtrack(pipe, intensity=1.0)["music"].regressor_.intensity
    1.0
    """
    _check_knobs(closeness=closeness, intensity=intensity, continuity=continuity)
    last = steps_of(pipeline)[-1]
    regressor = getattr(last, "regressor_", None)
    if not isinstance(regressor, UnpairedRegressor) or not isinstance(pipeline, Pipeline):
        raise TypeError(
            "expected a pipeline that make_soundtrack_pipeline made, got "
            f"{type(regressor if regressor is not None else pipeline).__name__} in its place"
        )
    regressor, encoder = copy.copy(regressor), copy.copy(encoder_of(pipeline))
    if closeness is not None:
        regressor.closeness = closeness
    if intensity is not None:
        regressor.intensity = intensity
    if continuity is not None:
        encoder.join_cost = _JOIN_COST * _JOIN_RANGE ** (2 * (continuity - 0.5))
    music = AudioTargetRegressor.from_fitted(regressor, encoder)
    return Pipeline([*pipeline.steps[:-1], (pipeline.steps[-1][0], music)])


def make_soundtrack(
    dance: Any,
    music: Any,
    *,
    n_takes: int = 1,
    start: float = 0.0,
    end: float | None = None,
    closeness: float | None = None,
    intensity: float | None = None,
    continuity: float | None = None,
    strides: bool = True,
    bpm: float | None = None,
    beats: ArrayLike | None = None,
    poses: Any = None,
    audio: Any = None,
    temperature: float | None = SOUNDTRACK_TEMPERATURE,
    loudness: float | None = -16.0,
    sr: int = 22050,
    memory: Any = None,
    random_state: int | np.random.RandomState | None = None,
    verbose: int = 0,
) -> list[Performance]:
    """Play music for one whole dance, without pairs of both.

    Parameters
    ----------
    dance : Motion or array-like of shape (1, n_frames, n_joints, n_axes)
        The dance, as long as a clip at least, at any frame rate.
    music : AudioClips, path, sequence of {ndarray of shape (n,), path}, or Pipeline
        As in :func:`make_soundtrack_pipeline`, or what that function returned.
    n_takes : int, default=1
        Number of different pieces, all on one beat.
    start, end : float, default=0.0, None
        When the music begins and ends, in s of the dance; it is silent before and after. None is
        the end of the dance.
    closeness, intensity, continuity : float or None, default=None
        As in :func:`make_soundtrack_pipeline`. None is the default there, or the setting of a
        pipeline.
    strides : bool, default=True
        As in :func:`make_soundtrack_pipeline`; not used if `music` is a pipeline.
    bpm : float, default=None
        Tempo of the dance in BPM, if it is known; its beats are then regular.
    beats : array-like of shape (n_beats,), default=None
        Times of the beats of the dance in s, if they are known; of
        :func:`~sklearn_asdf.performance.find_beats`, for example, with some that were tapped.
    poses, audio : object, default=None
        Pairs, as in :func:`make_soundtrack_pipeline`. Without them, the spread of `dance` itself
        is what is vigorous and calm.
    temperature : float or None, default=0.3
        How far the choice of music deviates from the mapping, see :class:`UnpairedRegressor`; None
        does not, and all takes are the same.
    loudness : float or None, default=-16.0
        Loudness of the whole piece in LUFS. None leaves the level of the music.
    sr : int, default=22050
        Sampling rate in Hz.
    memory : str or joblib.Memory, default=None
        Folder in which fitted encoders of music are cached.
    random_state : int, RandomState instance or None, default=None
        Seed of the first take; the next ones follow it. Pass an int for the same takes on each
        call.
    verbose : int, default=0
        Above 0, show progress.

    Returns
    -------
    list of Performance
        `n_takes` pieces, as long as the dance. A piece that is like an earlier one is made anew
        with a higher temperature; only with hardly any music may two be the same.

    See Also
    --------
    sklearn_asdf.performance.perform : Music of any fitted pipeline.

    Examples
    --------
    >>> from sklearn_asdf import make_soundtrack
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> dance = make_dance_music(1, clip_duration=12, random_state=0).poses
    >>> piece, = make_soundtrack(dance, "calm", random_state=0)
    >>> piece.audio.shape
    (264600,)
    """
    knobs = {"closeness": closeness, "intensity": intensity, "continuity": continuity}
    _check_knobs(**knobs)
    dance = as_motion(dance)
    end = _check_takes(dance, n_takes, start, end)
    given: dict[str, Any] = {name: value for name, value in knobs.items() if value is not None}
    first = int(check_random_state(random_state).randint(2**31 - 1))
    if isinstance(random_state, Integral):
        first = int(random_state)
    if isinstance(music, Pipeline):
        pipeline = adjust_soundtrack(music, **given)
    else:
        pipeline = make_soundtrack_pipeline(
            music,
            poses=dance if poses is None else poses,
            audio=audio,
            sr=sr,
            # Clips as short as the dance; not longer than what is described best.
            clip_duration=min(8.0, float(dance.lengths[0] / dance.fps)),
            memory=memory,
            strides=strides,
            random_state=0,
            verbose=verbose,
            **given,
        )
    if beats is None and bpm is not None:
        beats = find_beats(pipeline, dance, bpm=bpm).beats
    described = describe_dance(pipeline, dance, beats=beats, verbose=verbose)
    return compose_takes(
        pipeline,
        described,
        [(first + k) % 2**32 for k in range(n_takes)],
        temperature=temperature,
        loudness=loudness,
        start=start,
        end=end,
        verbose=verbose,
    )


def _check_knobs(**knobs: float | None) -> None:
    ranges = {"closeness": (0, 2), "intensity": (-1, 1), "continuity": (0, 1)}
    raise_all(
        [
            f"expected {name} from {low} to {high}, got {knobs[name]!r}"
            for name, (low, high) in ranges.items()
            if not (knobs[name] is None or _within(knobs[name], low, high))
        ]
    )


def _within(value: Any, low: float, high: float) -> bool:
    return isinstance(value, Real) and low <= float(value) <= high


def _check_takes(dance: Motion, n_takes: int, start: float, end: float | None) -> float:
    """Return the end of the music, or raise an error with all that is wrong."""
    duration = dance.lengths[0] / dance.fps
    problems = []
    if not (isinstance(n_takes, Integral) and n_takes >= 1):
        problems.append(f"expected n_takes of at least 1, got {n_takes!r}")
    if not (isinstance(start, Real) and 0 <= start < duration):
        problems.append(
            f"expected the music to start within the dance of {duration:.3g} s, got start={start}"
        )
    elif not (end is None or (isinstance(end, Real) and start < end)):
        problems.append(f"expected the music to end after its start at {start:g} s, got end={end}")
    raise_all(problems)
    return float(duration) if end is None else float(end)
