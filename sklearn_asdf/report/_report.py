"""`write_report`: writes a performance as one HTML file."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .._files import atomic_path
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
    featurizer_of,
    perform,
)
from ..video._figure import StickFigure
from ._beats import Beats, beats_of
from ._evidence import verdict_of
from ._heard import evidence_of_sound
from ._origin import origin
from ._scores import answer_from_table, evidence_of_likelihood
from ._timeline import timeline

__all__ = ["write_report"]

_STAGE = (480, 480)
# Tenths of a pixel are more than can be seen.
_POSE_SCALE = 10
_UNSEEN = -32768
# Pixels of the longer side of the video in the page.
_VIDEO_SIDE = 480
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
    title: str | None = None,
    scores: pd.DataFrame | None = None,
    temperature: float | None = TEMPERATURE,
    random_state: Any = None,
    loudness: float | None = None,
    about: Mapping[str, Any] | None = None,
    verbose: int = 0,
) -> None:
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
        The true music from the first frame of the dance on, mono, in [-1, 1], at the encoder's
        sampling rate. If given, the page also plays it and has scores.
    video : str or PathLike, default=None
        The video of the poses, which is shown next to the skeleton at its own frame rate. It needs
        the extra ``video``.
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
        Loudness in LUFS to which the generated and the true music are normalized, for a fair
        comparison. None changes neither.
    about : mapping of str to str, default=None
        More to say about where the page comes from, such as the names of the files, by topic. It
        stands at the foot of the page beside the model, the dance, the versions and the date (that
        of the environment variable ``SOURCE_DATE_EPOCH``, where it is set).
    verbose : int, default=0
        Above 0, show progress.

    See Also
    --------
    sklearn_asdf.video.add_music : Adds music to the video of the dance.

    Notes
    -----
    The page is one self-contained file. The skeleton moves synchronously with the sound. A click on
    a keyframe (poses with dashed lines), the Laban curves or the spectrograms sets the time. All
    spectrograms have the same scale, that of the true music if it is given. Joints without bones
    are drawn as points.

    The page answers whether the music follows the dance. With a table of scores, it compares the
    model with every baseline in retrieval, beat and gain. Without one, the verdict is the mean of
    up to three strengths from 0 to 1, and one of .5, so that a single kind of evidence decides
    less:

    - beat: half of it for the beats of the dance that the music has too, within 70 ms, and half for
      the tempo, :math:`e^{-(d / 0.04)^2 / 2}` for a relative difference :math:`d`, or half of that
      at twice or half the tempo. Beats of the dance are those of
      :func:`~sklearn_asdf.motion.track_beats`, without the model; a dance without a clear pulse
      has none.
    - loudness: the correlation of the level of the music with the logarithm of the speed of the
      movement.
    - with the true music, the model: the share of other moments of the dance (its clips, shifted
      in a circle by two clips or more) given which the model holds the true music less probable
      than given this one; 0 if the model holds it more probable given no dance.

    Beats and correlation count by their rank among the same music shifted in time (beats by up to
    two beats; levels in a circle by 4 s or more, or a quarter of a short dance): 0 if half of the
    shifts or more reach them, and 1 if one in twenty or fewer do. The page says "Yes" from a mean
    of .8, "Probably" from .6, "In part" from .4, and "Hardly" from .2.

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
    ...     write_report(page, pipe, data.poses[:1], random_state=0)
    ...     page.read_text()[:15]
    '<!DOCTYPE html>'
    """
    place = Path(path)
    require("librosa", "soundfile", "matplotlib", "jinja2", extra="play", purpose="a report")
    encoder = encoder_of(pipeline)
    take = as_motion(take)
    audio = _check(place, pipeline, audio, video)
    if audio is not None and len(take) == 1:
        # Where the music ends the dance cannot be compared with it.
        n_frames = int(len(audio) / encoder.sr * take.fps + 1e-6)
        take = take.frames(0, max(1, min(take.n_frames, n_frames)))
    shown = performance
    if shown is None:
        shown = perform(
            pipeline,
            take,
            temperature=temperature,
            random_state=random_state,
            verbose=verbose,
        )
    duration = shown.take.n_frames / shown.take.fps
    sounds = {"generated music": _exactly(shown.audio, duration, shown.sr)}
    if audio is not None:
        sounds["true music"] = _exactly(audio, duration, shown.sr)
    figure = StickFigure(shown.take, size=_STAGE, follow=True)
    with Progress("drawing the page", verbose=verbose):
        heard = _alike(sounds, loudness, shown.sr)
        music = heard["generated music"]
        beats = beats_of(shown.take, sounds, shown.sr)
        content = {
            "title": place.stem if title is None else title,
            "facts": f"{duration:.1f} s of dance",
            "width": _STAGE[0],
            "height": _STAGE[1],
            "duration": f"{duration:.4f}",
            "duration_text": f"{duration:.1f}",
            "players": _players(heard, shown.sr),
            "video": None if video is None else _video(video, music, shown.sr, duration),
            "timeline": timeline(pipeline, shown.take, figure, sounds, beats),
            "data": _data(figure, shown.take, duration),
            "origin": origin(pipeline, shown, take.fps, temperature, random_state, about or {}),
            **_scores(pipeline, shown, sounds, beats, scores),
        }
        page = _render(content)
    with atomic_path(place) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _check(place: Path, pipeline: Any, audio: Any, video: Any) -> np.ndarray | None:
    problems = []
    if place.suffix.lower() not in (".html", ".htm"):
        problems.append(f"expected a path that ends in .html, got {str(place)!r}")
    if not place.parent.is_dir():
        problems.append(f"expected a folder to write to, but there is no {str(place.parent)!r}")
    featurizer = featurizer_of(pipeline)
    if featurizer.n_windows_ < 2:
        problems.append(
            "expected a pipeline with a KeyframeSegmenter before its LMAFeaturizer, got one that "
            "describes whole clips: the page shows keyframes and the windows between them"
        )
    if audio is not None:
        audio = np.asarray(audio)
        if audio.ndim != 1 or audio.dtype.kind != "f" or not np.isfinite(audio).all():
            problems.append(
                "expected audio as finite floats in [-1, 1] of shape (n_samples,), got "
                f"{audio.dtype} of shape {audio.shape}"
            )
    if video is not None and not Path(video).is_file():
        problems.append(f"expected a video file, but {os.fspath(video)!r} is no such file")
    raise_all(problems)
    return audio


def _exactly(audio: np.ndarray, duration: float, sr: int) -> np.ndarray:
    n_samples = round(duration * sr)
    audio = np.asarray(audio[:n_samples], np.float32)
    return np.pad(audio, (0, n_samples - len(audio)))


def _text(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8").strip()


def _render(content: dict[str, Any]) -> str:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_text("page.html"))
    # Style and script are the package's own, so they are no text to escape.
    return template.render(
        **content, css=Markup(_text("page.css")), script=Markup(_text("page.js"))
    )


def _alike(sounds: dict[str, np.ndarray], loudness: float | None, sr: int) -> dict[str, np.ndarray]:
    """Bring sounds to one loudness, to listen to."""
    if loudness is None:
        return sounds
    return {name: at_loudness(samples, loudness, sr=sr) for name, samples in sounds.items()}


def _players(sounds: dict[str, np.ndarray], sr: int) -> list[dict[str, str]]:
    return [
        {"name": name, "flac": _base64(flac_bytes(samples, sr=sr))}
        for name, samples in sounds.items()
    ]


def _video(path: str | os.PathLike[str], audio: np.ndarray, sr: int, duration: float) -> str:
    """Return a video, small, as H.264 in MP4 with the generated music."""
    from ..video._writer import write_pictures

    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder, "small.mp4")
        write_pictures(path, small, audio=audio, sr=sr, largest_side=_VIDEO_SIDE, duration=duration)
        return _base64(small.read_bytes())


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _data(figure: StickFigure, take: Motion, duration: float) -> dict[str, Any]:
    pixels = figure.pixels[0] * _POSE_SCALE
    unseen = ~np.isfinite(pixels).all(axis=-1, keepdims=True)
    whole = np.where(unseen, _UNSEEN, np.nan_to_num(pixels).round().clip(-32000, 32000))
    body = figure.body
    return {
        "fps": take.fps,
        "duration": round(duration, 6),
        "n_frames": take.n_frames,
        "n_joints": take.n_joints,
        "scale": _POSE_SCALE,
        "bones": [[a, b, side] for (a, b), side in zip(body.bones, body.sides)],
        "head": [int(joint) for joint in body.head],
        "neck": [int(joint) for joint in body.neck],
        "loose": list(body.loose),
        "head_radius": round(figure.head_radius, 2),
        "poses": _base64(whole.astype("<i2").tobytes()),
    }


def _scores(
    pipeline: Any,
    shown: Performance,
    sounds: dict[str, np.ndarray],
    beats: Beats,
    scores: pd.DataFrame | None,
) -> dict[str, Any]:
    """Return the answer with its evidence, and what the code of the true music keeps."""
    content: dict[str, Any] = {"answer": None, "codec": None}
    if scores is not None:
        return content | {"answer": answer_from_table(scores)}
    evidence = evidence_of_sound(shown.take, sounds, shown.sr, beats)
    true = sounds.get("true music")
    if true is not None:
        music = _clips_of(shown, true, encoder_of(pipeline))
        model, encoder = audio_regressor_of(pipeline), encoder_of(pipeline)
        if hasattr(model.regressor_, "information_gain"):
            X = features_of(pipeline, shown.clips)
            codes = model.transformer_.transform(music)
            evidence.append(evidence_of_likelihood(model.regressor_, X, codes))
        if hasattr(encoder, "reconstruction_error"):
            error = float(np.mean(encoder.reconstruction_error(music)))
            verdict = "a melody stays recognizable" if error < _AUDIBLE else "notes blur or worse"
            content["codec"] = (
                f"Encoded and decoded, the true music has a mean squared error of {error:.4f}: "
                f"{verdict}, by what listeners heard in the paper (the limit is {_AUDIBLE})."
            )
    if evidence:
        content["answer"] = verdict_of(evidence)
    return content


def _clips_of(shown: Performance, true: np.ndarray, encoder: Any) -> AudioClips:
    """The true music of each clip of the dance."""
    starts = np.rint(np.arange(len(shown.clips)) * shown.hop_duration * shown.sr).astype(int)
    missing = max(0, int(starts[-1]) + encoder.n_samples_ - len(true))
    return AudioClips(
        [np.pad(true, (0, missing))],
        np.zeros(len(starts), int),
        starts,
        encoder.n_samples_,
        sr=shown.sr,
    )
