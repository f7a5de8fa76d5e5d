"""`write_report`: writes a performance as one HTML file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .._progress import Progress
from .._validation import raise_all, require
from ..motion.container import Motion, as_motion
from ..music.clips import AudioClips
from ..music.loudness import at_loudness
from ..music.sound_file import flac_bytes
from ..performance import (
    TEMPERATURE,
    Performance,
    audio_regressor_of,
    encoder_of,
    features_of,
    find_beats,
    perform,
    tracks_beats,
)
from ..unpaired import UnpairedRegressor
from ..video._figure import StickFigure
from ._advice import advice_of, in_studio, lies_between
from ._beats import Beats, beats_of
from ._description import describe
from ._evidence import Answer, verdict_of
from ._heard import evidence_of_sound
from ._origin import origin
from ._page import (
    STAGE,
    base64_of,
    content_of,
    place_problems,
    small_video,
    verdict_text,
    write_page,
)
from ._scores import answer_from_table, evidence_of_likelihood
from ._timeline import timeline

__all__ = ["Judgement", "judge", "write_report"]

# Below this mean squared error of the spectrogram the paper heard a melody.
_AUDIBLE = 0.0035


def write_report(
    path: str | os.PathLike[str],
    pipeline: Any,
    take: Any,
    *,
    performance: Performance | None = None,
    audio: Any = None,
    video: str | os.PathLike[str] | None = None,
    beats: ArrayLike | None = None,
    title: str | None = None,
    scores: pd.DataFrame | None = None,
    temperature: float | None = TEMPERATURE,
    random_state: Any = None,
    loudness: float | None = None,
    about: Mapping[str, Any] | None = None,
    controls: Literal["command", "studio"] = "command",
    verbose: int = 0,
) -> dict[str, Any]:
    """Write an HTML page that shows a dance and plays the music that a model generates for it.

    Parameters
    ----------
    path : str or PathLike
        File to write, ``.html``. An existing file is replaced atomically.
    pipeline : Pipeline
        Fitted, from :func:`make_dance_pipeline`.
    take : Motion or array-like of shape (1, n_frames, n_joints, n_axes)
        One whole dance, as returned by :func:`read_poses` or :func:`estimate_poses`, at least as
        long as the clips that the pipeline was fitted to.
    performance : Performance, default=None
        The music that the pipeline composed for this dance, as
        :func:`~sklearn_asdf.performance.perform` returns it. None composes it.
    audio : array-like of shape (n_samples,), default=None
        The original music from the first frame of the dance on, mono, in [-1, 1], at the encoder's
        sampling rate. If given, the page also plays it and has scores.
    video : str or PathLike, default=None
        The video of the poses, which is shown next to the skeleton at its own frame rate. It needs
        the extra ``video``.
    beats : array-like of shape (n_beats,), default=None
        Times of the beats of the dance in s, if they are known, for the music and for the
        evidence, as :func:`~sklearn_asdf.performance.find_beats` returns them.
    title : str, default=None
        Heading of the page; None is the file's name.
    scores : DataFrame, default=None
        A table such as that of :func:`~sklearn_asdf.metrics.evaluate`, with one row per method; the
        first is the model. None compares the music with the movement of this dance.
    temperature : float or None, default=0.1
        Temperature of samples from the density; None uses its mean.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same page on each call.
    loudness : float or None, default=None
        Loudness in LUFS to which the generated and the original music are normalized, for a fair
        comparison. None changes neither.
    about : mapping of str to str, default=None
        More to say about where the page comes from, such as the names of the files, by topic. It
        stands at the foot of the page beside the model, the dance, the versions and the date (that
        of the environment variable ``SOURCE_DATE_EPOCH``, where it is set).
    controls : {"command", "studio"}, default="command"
        What the advice names: options of the command, or controls of the studio.
    verbose : int, default=0
        Above 0, show progress.

    Returns
    -------
    verdict : dict
        What the page says of whether the music follows the dance, for programs: ``verdict``,
        ``sentence``, and the ``evidence`` with ``subject``, ``word``, ``strength`` and ``scores``.
        The page offers the same as JSON.

    See Also
    --------
    write_movement_report : The same page without music.
    sklearn_asdf.video.add_music : Adds music to the video of the dance.

    Notes
    -----
    The page is one self-contained file. The skeleton moves synchronously with the sound. A click on
    a keyframe (poses with dashed lines), the Laban curves or the spectrograms sets the time. All
    spectrograms have the same scale, that of the original music if it is given. Joints without
    bones are drawn as points.

    Keyframes and Laban curves are those of :func:`~sklearn_asdf.features_table` with
    ``rows="windows"``, whatever the model's own features are, and the page offers them as CSV.

    The page answers whether the music follows the dance. With a table of scores, it compares the
    model with every baseline in retrieval, beat and gain. Without one, up to three kinds of
    evidence have a strength from 0 to 1:

    - beat: half of it for the beats of the dance that the music has too, within 70 ms, and half for
      the tempo, :math:`e^{-(d / 0.04)^2 / 2}` for a relative difference :math:`d`, or half of that
      at twice or half the tempo. Beats of the dance are those of
      :func:`~sklearn_asdf.motion.track_beats`, without the model; a dance without a clear pulse
      has none. Those of the music go on at their tempo through quiet beginnings and ends.
    - loudness: the correlation of the level of the music with the logarithm of the speed of the
      movement. Models from :func:`~sklearn_asdf.make_soundtrack_pipeline` set the level from the
      movement by a rule, and the page says so.
    - with the original music, the model: whether it holds this music more probable given this
      moment of the dance than given others (its clips, shifted in a circle by two clips or more),
      if there are at least 19 of them; 0 if it holds the music more probable given no dance.

    All count by their rank among copies that are shifted in time (beats by up to two beats; levels
    in a circle by 4 s or more, or a quarter of a short dance): 0 if half of the copies or more
    reach them, as chance does, and 1 if one in twenty or fewer do. From .85 a kind is clear, and
    from .3 there is some. The verdict is "Yes" if at least two kinds are clear and none is weaker,
    "Probably" if one is clear and none is below .3, "Not shown" if all are below .3, and "In part"
    otherwise. Where the loudness follows by a rule, the beat alone decides: "Yes" if it is clear,
    "In loudness only" if it is below .3 or unknown, and "In part" otherwise. Shifted copies are
    alike, so none of this is a p-value.

    The size is about three megabytes per minute of dance, and about twice that with a video.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_asdf import make_dance_pipeline
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.report import write_report
    >>> data = make_dance_music(n_clips=12, clip_duration=2.0, random_state=0)
    >>> pipe = make_dance_pipeline("tiny", n_keyframes=4, random_state=0)
    >>> pipe = pipe.fit(data.poses, data.audio)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = Path(folder, "dance.html")
    ...     verdict = write_report(page, pipe, data.poses[:1], random_state=0)
    ...     page.read_text()[:15], verdict["verdict"]
    ('<!DOCTYPE html>', 'Cannot be told')
    """
    place = Path(path)
    require("librosa", "soundfile", "matplotlib", "jinja2", extra="play", purpose="a report")
    encoder = encoder_of(pipeline)
    take = as_motion(take)
    audio = _check(place, audio, video)
    if audio is not None and len(take) == 1:
        # Where the music ends the dance cannot be compared with it.
        n_frames = int(len(audio) / encoder.sr * take.fps + 1e-6)
        take = take.frames(0, max(1, min(take.n_frames, n_frames)))
    shown = performance
    if shown is None:
        shown = perform(
            pipeline,
            take,
            beats=beats,
            temperature=temperature,
            random_state=random_state,
            verbose=verbose,
        )
    duration = shown.take.n_frames / shown.take.fps
    title = place.stem if title is None else title
    figure = StickFigure(shown.take, size=STAGE, follow=True)
    with Progress("drawing the page", verbose=verbose):
        judged = judge(pipeline, take, shown, audio=audio, beats=beats, scores=scores)
        sounds, answer, by_rule = judged.sounds, judged.answer, judged.by_rule
        heard = _alike(sounds, loudness, shown.sr)
        described = describe(take, title)
        about = dict(about or {})
        topics = origin(
            pipeline, shown, described, take.fps, temperature, random_state, about, by_rule
        )
        advice = advice_of(
            answer.evidence,
            judged.beats,
            described,
            duration,
            by_rule=by_rule,
            tracks_beats=tracks_beats(pipeline),
        )
        if controls == "studio":
            advice = [in_studio(item) for item in advice]
        verdict = answer.as_dict()
        content = content_of(shown.take, figure, described, title=title)
        content |= {
            "facts": f"{duration:.1f} s of dance",
            "music": True,
            "players": [
                {"name": name, "flac": base64_of(flac_bytes(samples, sr=shown.sr))}
                for name, samples in heard.items()
            ],
            "timeline": timeline(described, shown.take, figure, sounds, judged.beats, encoder),
            "origin": topics,
            "answer": answer,
            "advice": advice,
            "codec": judged.codec,
            "verdict": verdict_text({"title": title, **verdict, "origin": dict(topics)}),
        }
        content["data"]["sr"] = shown.sr
        if video is not None:
            music = heard["generated music"]
            content["video"] = small_video(video, duration, audio=music, sr=shown.sr)
        write_page(place, content)
    return verdict


@dataclass(frozen=True)
class Judgement:
    """Whether music follows a dance, as the report says it, and what that was found from.

    `between` is whether the music lies between the beats of the dance, and the model can shift it.
    """

    answer: Answer
    codec: str | None
    beats: Beats
    sounds: dict[str, np.ndarray]
    by_rule: bool
    between: bool


def judge(
    pipeline: Any,
    take: Motion,
    shown: Performance,
    *,
    audio: np.ndarray | None = None,
    beats: ArrayLike | None = None,
    scores: pd.DataFrame | None = None,
) -> Judgement:
    """Return the verdict on the music `shown` for a dance; arguments as of `write_report`."""
    duration = shown.take.n_frames / shown.take.fps
    sounds = {"generated music": _exactly(shown.audio, duration, shown.sr)}
    if audio is not None:
        sounds["original music"] = _exactly(audio, duration, shown.sr)
    tracks = tracks_beats(pipeline)
    played = find_beats(pipeline, take).tempo if beats is None and tracks else None
    found = beats_of(shown.take, sounds, shown.sr, given=beats, played=played)
    by_rule = isinstance(audio_regressor_of(pipeline).regressor_, UnpairedRegressor)
    answer, codec = _answer(pipeline, shown, sounds, found, scores, by_rule)
    return Judgement(answer, codec, found, sounds, by_rule, tracks and lies_between(found))


def _check(place: Path, audio: Any, video: Any) -> np.ndarray | None:
    problems = place_problems(place, video)
    if audio is not None:
        audio = np.asarray(audio)
        if audio.ndim != 1 or audio.dtype.kind != "f" or not np.isfinite(audio).all():
            problems.append(
                "expected audio as finite floats in [-1, 1] of shape (n_samples,), got "
                f"{audio.dtype} of shape {audio.shape}"
            )
    raise_all(problems)
    return audio


def _exactly(audio: np.ndarray, duration: float, sr: int) -> np.ndarray:
    n_samples = round(duration * sr)
    audio = np.asarray(audio[:n_samples], np.float32)
    return np.pad(audio, (0, n_samples - len(audio)))


def _alike(sounds: dict[str, np.ndarray], loudness: float | None, sr: int) -> dict[str, np.ndarray]:
    """Bring sounds to one loudness, to listen to."""
    if loudness is None:
        return sounds
    return {name: at_loudness(samples, loudness, sr=sr) for name, samples in sounds.items()}


def _answer(
    pipeline: Any,
    shown: Performance,
    sounds: dict[str, np.ndarray],
    beats: Beats,
    scores: pd.DataFrame | None,
    by_rule: bool,
) -> tuple[Answer, str | None]:
    """Return the answer with its evidence, and what the code of the original music keeps."""
    if scores is not None:
        return answer_from_table(scores), None
    model, encoder = audio_regressor_of(pipeline), encoder_of(pipeline)
    evidence = evidence_of_sound(shown.take, sounds, shown.sr, beats, by_rule=by_rule)
    codec = None
    true = sounds.get("original music")
    if true is not None:
        music = _clips_of(shown, true, encoder)
        if hasattr(model.regressor_, "information_gain"):
            X = features_of(pipeline, shown.clips)
            codes = model.transformer_.transform(music)
            evidence.append(evidence_of_likelihood(model.regressor_, X, codes))
        if hasattr(encoder, "reconstruction_error"):
            error = float(np.mean(encoder.reconstruction_error(music)))
            verdict = "a melody stays recognizable" if error < _AUDIBLE else "notes blur or worse"
            codec = (
                f"Encoded and decoded, the original music has a mean squared error of {error:.4f}: "
                f"{verdict}, by what listeners heard in the paper (the limit is {_AUDIBLE})."
            )
    if not evidence:
        why = "The dance is too short, or the dancer is seen in too few frames."
        return Answer("Cannot be told.", why), codec
    return verdict_of(evidence), codec


def _clips_of(shown: Performance, true: np.ndarray, encoder: Any) -> AudioClips:
    """The original music of each clip of the dance."""
    starts = np.rint(np.arange(len(shown.clips)) * shown.hop_duration * shown.sr).astype(int)
    missing = max(0, int(starts[-1]) + encoder.n_samples_ - len(true))
    return AudioClips(
        [np.pad(true, (0, missing))],
        np.zeros(len(starts), int),
        starts,
        encoder.n_samples_,
        sr=shown.sr,
    )
