"""`write_report`: a performance as one HTML file."""

from __future__ import annotations

import base64
import html
import json
import os
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import pandas as pd

from .._files import atomic_path
from .._validation import raise_all, require
from .._version import __version__
from ..motion.container import Motion, as_motion
from ..music.clips import AudioClips
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
from ._timeline import timeline_rows

__all__ = ["write_report"]

_STAGE = (480, 480)
# Tenths of a pixel are more than can be seen.
_POSE_SCALE = 10
_UNSEEN = -32768
_COLOURS = {
    "left": ["#e8590c", "#ff9f40"],
    "right": ["#1c7ed6", "#58a6ff"],
    "middle": ["#565c66", "#ccd0d8"],
}
# Below this mean squared error of the spectrogram the paper heard a melody.
_AUDIBLE = 0.0035


def write_report(
    path: str | os.PathLike[str],
    pipeline: Any,
    take: Any,
    *,
    audio: Any = None,
    title: str | None = None,
    scores: pd.DataFrame | None = None,
    temperature: float | None = TEMPERATURE,
    random_state: Any = None,
) -> None:
    """Write a page that shows and plays what a model makes of a dance.

    Parameters
    ----------
    path : str or PathLike
        Where to write, ``.html``. A file that is there already is replaced once the new one is
        whole.
    pipeline : Pipeline
        Fitted, from :func:`make_dance_pipeline`.
    take : Motion or array-like of shape (1, n_frames, n_joints, n_axes)
        One whole dance, as :func:`read_poses` or :func:`estimate_poses` give it, at least as long
        as the clips that the pipeline was fitted to.
    audio : array-like of shape (n_samples,), default=None
        The true music from the dance's first frame on, mono, in [-1, 1], at the encoder's sampling
        rate. With it the page lets one compare, and has scores.
    title : str, default=None
        Heading of the page; None is the file's name.
    scores : DataFrame, default=None
        A table to show, such as that of an evaluation, one row a method, the model's first. None
        shows the likelihood of the true music beside its floors, where there is true music.
    temperature : float or None, default=0.1
        Draw the music from the density at this temperature; None takes its mean.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same page on each call.

    See Also
    --------
    sklearn_asdf.video.add_music : The music on the film of the dance.

    Notes
    -----
    The page is one file that needs no network: the skeleton moves in step with the sound, the
    keyframes (poses with dashed lines) can be clicked, and so can any place of the Laban curves
    and of the spectrograms. All spectrograms are on one scale, that of the true music where it is
    there.
    A minute of dance makes a page of some three megabytes.

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
    require("librosa", "soundfile", "matplotlib", extra="music", purpose="a report")
    encoder = encoder_of(pipeline)
    take = as_motion(take)
    audio = _check(place, pipeline, audio)
    if audio is not None and len(take) == 1:
        # Where the music ends the dance cannot be compared with it.
        n_frames = int(len(audio) / encoder.sr * take.fps + 1e-6)
        take = take.frames(0, max(1, min(take.n_frames, n_frames)))
    shown = perform(pipeline, take, temperature=temperature, random_state=random_state)
    duration = shown.take.n_frames / shown.take.fps
    sounds = {"generated music": _exactly(shown.audio, duration, shown.sr)}
    if audio is not None:
        sounds["true music"] = _exactly(audio, duration, shown.sr)
    figure = StickFigure(shown.take, size=_STAGE)
    title = place.stem if title is None else title
    page = _template("page.html").substitute(
        title=html.escape(title),
        facts=html.escape(_facts(shown, temperature, random_state)),
        css=_text("page.css"),
        script=_text("page.js"),
        width=_STAGE[0],
        height=_STAGE[1],
        duration=f"{duration:.4f}",
        duration_text=f"{duration:.1f}",
        tracks=_tracks(sounds),
        players=_players(sounds, shown.sr),
        scores=_scores(pipeline, shown, sounds.get("true music"), scores),
        rows=timeline_rows(pipeline, shown.take, figure, sounds),
        data=_data(figure, shown.take, duration),
        footer=html.escape(f"Made by sklearn_asdf {__version__}."),
    )
    with atomic_path(place) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _check(place: Path, pipeline: Any, audio: Any) -> np.ndarray | None:
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
    raise_all(problems)
    return audio


def _exactly(audio: np.ndarray, duration: float, sr: int) -> np.ndarray:
    n_samples = round(duration * sr)
    audio = np.asarray(audio[:n_samples], np.float32)
    return np.pad(audio, (0, n_samples - len(audio)))


def _text(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8").strip()


def _template(name: str) -> Template:
    return Template(_text(name))


def _facts(shown: Performance, temperature: float | None, random_state: Any) -> str:
    take = shown.take
    name = take.skeleton.name if take.skeleton is not None and take.skeleton.name else "own joints"
    drawn = (
        "the mean of the density"
        if temperature is None
        else f"drawn at temperature {temperature:g}"
    )
    seed = f", seed {random_state}" if isinstance(random_state, int) else ""
    return (
        f"{take.duration:.1f} s of dance, {take.n_joints} joints ({name}), {take.fps:g} frames a "
        f"second; music {drawn}{seed}"
    )


def _tracks(sounds: dict[str, np.ndarray]) -> str:
    if len(sounds) == 1:
        return ""
    return "".join(
        f'<label><input type="radio" name="track" value="{i}"{" checked" if not i else ""}> '
        f"{html.escape(name)}</label>"
        for i, name in enumerate(sounds)
    )


def _players(sounds: dict[str, np.ndarray], sr: int) -> str:
    return "".join(
        f'<audio preload="auto" data-name="{html.escape(name)}" '
        f'src="data:audio/flac;base64,{_base64(flac_bytes(samples, sr=sr))}"></audio>'
        for name, samples in sounds.items()
    )


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _data(figure: StickFigure, take: Motion, duration: float) -> str:
    pixels = figure.pixels[0] * _POSE_SCALE
    unseen = ~np.isfinite(pixels).all(axis=-1, keepdims=True)
    whole = np.where(unseen, _UNSEEN, np.nan_to_num(pixels).round().clip(-32000, 32000))
    content = {
        "fps": take.fps,
        "duration": round(duration, 6),
        "n_frames": take.n_frames,
        "n_joints": take.n_joints,
        "scale": _POSE_SCALE,
        "bones": [[a, b, side] for (a, b), side in zip(figure.bones, figure.sides)],
        "colours": _COLOURS,
        "poses": _base64(whole.astype("<i2").tobytes()),
    }
    # A script element ends at the first "</", wherever it stands.
    return json.dumps(content).replace("</", "<\\/")


def _scores(
    pipeline: Any, shown: Performance, true: np.ndarray | None, scores: pd.DataFrame | None
) -> str:
    heading = "<h2>Does the music follow the dance?</h2>"
    if scores is not None:
        return heading + _table(scores)
    if true is None:
        return (
            "<h2>No scores</h2><p>A score says how probable the true music is, given the dance. "
            "Give the music that was danced to, and this page compares.</p>"
        )
    model, encoder = audio_regressor_of(pipeline), encoder_of(pipeline)
    starts = np.rint(np.arange(len(shown.clips)) * shown.hop_duration * shown.sr).astype(int)
    missing = max(0, int(starts[-1]) + encoder.n_samples_ - len(true))
    music = AudioClips(
        [np.pad(true, (0, missing))],
        np.zeros(len(starts), int),
        starts,
        encoder.n_samples_,
        sr=shown.sr,
    )
    parts = [heading]
    if hasattr(model.regressor_, "information_gain"):
        X = features_of(pipeline, shown.clips)
        parts.append(_likelihoods(model.regressor_, X, model.transformer_.transform(music)))
    if hasattr(encoder, "reconstruction_error"):
        error = float(np.mean(encoder.reconstruction_error(music)))
        verdict = "a melody stays recognisable" if error < _AUDIBLE else "notes blur or worse"
        parts.append(
            f"<p>The true music through the code and back has a mean squared error of {error:.4f}: "
            f"{verdict}, by what listeners heard in the paper (the limit is {_AUDIBLE}).</p>"
        )
    return "".join(parts)


def _likelihoods(density: Any, X: Any, codes: np.ndarray) -> str:
    """Table of the log-likelihood of the true music, with its floors."""
    own = float(density.log_likelihood(X, codes))
    rows = {"given this dance": own}
    if len(X) > 3:
        # Half the dance away: as far as another moment of it can be.
        rows["given another moment of the dance"] = float(
            density.log_likelihood(_rows(X, np.roll(np.arange(len(X)), len(X) // 2)), codes)
        )
    rows["given no dance (floor)"] = own - float(density.information_gain(X, codes))
    table = pd.DataFrame(
        {
            "log-likelihood": rows,
            "this dance adds": {name: own - value for name, value in rows.items() if value != own},
        },
        index=list(rows),
    )
    return (
        _table(table)
        + "<p>Log-likelihood of the true music, in nats for each number of its code. Where the "
        "dance adds nothing above its floors, the music does not follow it. Of a dance that the "
        "model has learned from, this is memory.</p>"
    )


def _rows(X: Any, rows: np.ndarray) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _table(table: pd.DataFrame) -> str:
    def cell(value: Any) -> str:
        if isinstance(value, (float, np.floating)):
            return "&ndash;" if np.isnan(value) else f"{value:+.3f}"
        return html.escape(str(value))

    head = "".join(f"<th>{html.escape(str(column))}</th>" for column in table.columns)
    body = "".join(
        f"<tr><td>{html.escape(str(name))}</td>"
        + "".join(f"<td>{cell(value)}</td>" for value in row)
        + "</tr>"
        for name, row in zip(table.index, table.to_numpy(dtype=object))
    )
    return f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"
