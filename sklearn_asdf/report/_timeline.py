"""The rows of the report's timeline: keyframes, Laban curves and spectrograms."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pandas as pd

from ..functional.mel import melspectrogram, power_to_db
from ..metrics import music_curves
from ..motion.container import Motion
from ..music.spectra import spectrogram_options
from ..performance import encoder_of
from ..plotting._body import mean_of_joints
from ..plotting._features import feature_units, upper_limit
from ..plotting._spectrogram import mel_band
from ..plotting._windows import TakeWindows, describe_take
from ..video._figure import StickFigure
from ._heard import STEP, movement_speed

__all__ = ["timeline"]

_WORDS = {
    "weight": "strength",
    "time": "suddenness",
    "space": "straightness of paths",
    "flow": "jerkiness",
    "shape": "curvature of paths",
}
# Range of the pictures below the loudest place, and of the curve of loudness, in dB.
_TOP_DB = 80.0
_LEVEL_DB = 40.0
_TICKS = {500: "500 Hz", 2000: "2 kHz", 5000: "5 kHz"}
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
_MAX_LABELS = 8


def timeline(
    pipeline: Any, take: Motion, figure: StickFigure, sounds: dict[str, np.ndarray]
) -> dict[str, Any]:
    """Return the data of the template; positions are percentages of the duration."""
    duration = take.n_frames / take.fps
    windows = describe_take(pipeline, take)
    step = next(s for s in _STEPS if duration / s <= _MAX_LABELS or s == _STEPS[-1])
    units = feature_units(pipeline)
    return {
        "ticks": [(_percent(t, duration), f"{t:g} s") for t in np.arange(0, 0.93 * duration, step)],
        "keyframes": _keyframes(windows.keyframes, figure, take.fps, duration),
        "curves": _curves(windows, units, duration)
        + _courses(take, next(iter(sounds.values())), encoder_of(pipeline).sr, duration),
        "table": _table(windows, units),
        "has_length": any("L" in unit for unit in units.values()),
        "spectrograms": _spectrograms(encoder_of(pipeline), sounds, duration),
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


def _curves(windows: TakeWindows, units: dict[str, str], duration: float) -> list[dict[str, str]]:
    curves = []
    for name, values in windows.values.items():
        top = upper_limit(values, name=name)
        middles = (windows.edges[:-1] + windows.edges[1:]) / 2
        path = _path(middles, values / top, duration)
        label = name.capitalize()
        # A ratio of two lengths has none; the page says which.
        unit = "" if units[name] == "distance/path" else units[name]
        peak = f" (peak {np.nanmax(values):.2g})" if np.nanmax(values) > top else ""
        curves.append(
            {
                "label": label,
                "small": _WORDS[name],
                "path": path,
                "top": f"{top:g} {unit}".strip() + peak,
                "title": f"{label}, from 0 to {top:g} {unit}".strip(),
            }
        )
    return curves


def _path(times: np.ndarray, values: np.ndarray, duration: float) -> str:
    """Return one curve through the piece of values from 0 to 1, with the area under it."""
    x = 1000 * np.r_[0.0, times, duration] / duration
    y = 100 - 90 * np.clip(values[[0, *range(len(values)), -1]], 0, 1)
    points = "L".join(f"{a:.2f} {b:.1f}" for a, b in zip(x, y))
    return f"M{x[0]:.2f} 100L{points}V100Z"


def _courses(take: Motion, sound: np.ndarray, sr: int, duration: float) -> list[dict[str, str]]:
    """Return the speed of the movement and the level of the music, whose likeness is asked for."""
    speed = movement_speed(take)
    if speed is None or len(speed) < 2:
        return []
    level = music_curves(sound, sr=sr, step_duration=STEP)[: len(speed), 0]
    rows = []
    for label, small, values, top in (
        ("Movement", "speed", np.exp(speed - speed.max()), ""),
        ("Loudness", "of the music", 1 + (level - level.max()) / _LEVEL_DB, f"{_LEVEL_DB:g} dB"),
    ):
        path = _path((np.arange(len(values)) + 0.5) * STEP, values, duration)
        title = f"{label}, {small}"
        rows.append({"label": label, "small": small, "path": path, "top": top, "title": title})
    return rows


def _table(windows: TakeWindows, units: dict[str, str]) -> str:
    """Return the curves as CSV in a link: one row per step."""
    table = pd.DataFrame(
        {f"{name} [{units[name]}]": values for name, values in windows.values.items()},
        index=pd.Index(windows.edges[:-1], name="start [s]"),
    )
    return base64.b64encode(table.to_csv(float_format="%.6g").encode()).decode("ascii")


def _spectrograms(
    encoder: Any, sounds: dict[str, np.ndarray], duration: float
) -> list[dict[str, Any]]:
    options = spectrogram_options(encoder)
    n_mels, fmin = options["n_mels"], options["fmin"]
    fmax = options["fmax"] or encoder.sr / 2
    power = {name: melspectrogram(samples, **options) for name, samples in sounds.items()}
    # The last one is the true music, where it is there.
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
