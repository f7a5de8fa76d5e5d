"""The rows of the report's timeline: keyframes, beats, curves and spectrograms."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np

from ..functional.mel import melspectrogram, power_to_db
from ..motion.container import Motion
from ..music.spectra import spectrogram_options
from ..plotting._body import mean_of_joints
from ..plotting._spectrogram import mel_band
from ..video._figure import StickFigure
from ._beats import Beats
from ._curves import courses, laban_curves, seen_curve
from ._description import Description

__all__ = ["timeline"]

# Range of the pictures below the loudest place, in dB.
_TOP_DB = 80.0
_TICKS = {500: "500 Hz", 2000: "2 kHz", 5000: "5 kHz"}
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
_MAX_LABELS = 12


def timeline(
    described: Description | None,
    take: Motion,
    figure: StickFigure,
    sounds: dict[str, np.ndarray],
    beats: Beats,
    encoder: Any = None,
) -> dict[str, Any]:
    """Return the data of the template; positions are percentages of the duration.

    `encoder` is the encoder of the model, where there is music.
    """
    duration = take.n_frames / take.fps
    step = next(s for s in _STEPS if duration / s <= _MAX_LABELS or s == _STEPS[-1])
    keyframes = np.zeros(0) if described is None else described.keyframes
    music = next(iter(sounds.values()), None)
    compared = courses(take, music, 0 if encoder is None else encoder.sr, duration)
    laban = [] if described is None else laban_curves(described, duration)
    # What answers the question of the page comes first.
    curves = laban + compared if music is None else compared + laban
    if described is not None:
        curves += seen_curve(described, duration)
    return {
        "ticks": [(_percent(t, duration), f"{t:g} s") for t in np.arange(0, 0.93 * duration, step)],
        "keyframes": _keyframes(keyframes, figure, take.fps, duration),
        "beats": _beats(beats, duration),
        "curves": curves,
        "spectrograms": [] if encoder is None else _spectrograms(encoder, sounds, duration),
    }


def _percent(time: float, duration: float) -> str:
    return f"{100 * time / duration:.3f}%"


def _keyframes(
    times: np.ndarray, figure: StickFigure, fps: float, duration: float
) -> list[dict[str, Any]]:
    n_frames = figure.pixels.shape[1]
    return [
        {
            "time": f"{time:.4f}",
            "left": _percent(time, duration),
            "pose": _thumbnail(figure, min(round(time * fps), n_frames - 1)),
        }
        for time in times
    ]


def _thumbnail(figure: StickFigure, frame: int) -> dict[str, Any] | None:
    """One pose about its own middle, as the parts of an SVG; None where nobody is seen."""
    pose = figure.pixels[0, frame]
    seen = np.isfinite(pose).all(axis=-1)
    if not seen.any():
        return None
    x = (pose[seen, 0].min() + pose[seen, 0].max()) / 2
    low, high = np.nanmin(figure.pixels[0, ..., 1]), np.nanmax(figure.pixels[0, ..., 1])
    radius = figure.head_radius
    tall = max(high - low, 1.0) * 1.04 + 2 * radius
    paths = dict.fromkeys(("left", "right", "middle"), "")
    for (a, b), side in figure.body.lines(pose):
        paths[side] += f"M{a[0]:.0f} {a[1]:.0f}L{b[0]:.0f} {b[1]:.0f}"
    head = mean_of_joints(pose, figure.body.head) if figure.body.head else np.full(2, np.nan)
    return {
        "box": f"{x - tall * 0.26:.0f} {(low + high - tall) / 2:.0f} {tall * 0.52:.0f} {tall:.0f}",
        "paths": {side: path for side, path in paths.items() if path},
        "dots": [(f"{a:.0f}", f"{b:.0f}") for a, b in figure.body.points(pose)],
        "dot": f"{tall / 90:.1f}",
        "head": None if np.isnan(head).any() else [f"{v:.0f}" for v in (*head, radius)],
    }


def _beats(beats: Beats, duration: float) -> dict[str, Any]:
    """Beats of the dance above and of each sound below, as parts of an SVG and as times."""

    def ticks(times: np.ndarray, top: int, bottom: int) -> dict[str, str]:
        x = 1000 * times / duration
        return {
            "path": "".join(f"M{at:.2f} {top}V{bottom}" for at in x),
            "times": ",".join(f"{time:.3f}" for time in times),
        }

    return {
        "given": beats.given,
        "dance": None if beats.dance is None else ticks(beats.dance, 6, 46),
        "sounds": [ticks(times, 54, 94) for times in beats.sounds.values()],
    }


def _spectrograms(
    encoder: Any, sounds: dict[str, np.ndarray], duration: float
) -> list[dict[str, Any]]:
    options = spectrogram_options(encoder)
    n_mels, fmin = options["n_mels"], options["fmin"]
    fmax = options["fmax"] or encoder.sr / 2
    power = {name: melspectrogram(samples, **options) for name, samples in sounds.items()}
    # The last one is the original music, where it is there.
    loudest = list(power.values())[-1].max()
    ticks = [t for t in _TICKS if fmin < t < fmax]
    height = mel_band(np.array(ticks), fmin, fmax, n_mels)
    labels = [(f"{100 * at / n_mels:.1f}%", _TICKS[tick]) for tick, at in zip(ticks, height)]
    rows = []
    for name, mel in power.items():
        unit = np.clip(1 + power_to_db(mel, ref=loudest, top_db=None) / _TOP_DB, 0, 1)
        share = unit.shape[1] * options["hop_length"] / encoder.sr / duration
        rows.append(
            {
                "name": name,
                "label": name.capitalize(),
                "width": f"{100 * share:.3f}%",
                "image": _png(unit),
                "hz": labels,
            }
        )
    return rows


def _png(unit: np.ndarray) -> str:
    from matplotlib import image

    buffer = io.BytesIO()
    image.imsave(buffer, unit, cmap="magma", vmin=0, vmax=1, origin="lower", format="png")
    return base64.b64encode(buffer.getvalue()).decode("ascii")
