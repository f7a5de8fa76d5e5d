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
from ..motion.joint_weights import missing_joints
from ..music.spectra import spectrogram_options
from ..performance import encoder_of, featurizer_of
from ..plotting._body import mean_of_joints
from ..plotting._features import feature_units, upper_limit
from ..plotting._spectrogram import mel_band
from ..plotting._windows import TakeWindows, describe_take
from ..video._figure import StickFigure
from ._beats import Beats
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
    pipeline: Any,
    take: Motion,
    figure: StickFigure,
    sounds: dict[str, np.ndarray],
    beats: Beats,
) -> dict[str, Any]:
    """Return the data of the template; positions are percentages of the duration."""
    duration = take.n_frames / take.fps
    windows = describe_take(pipeline, take)
    step = next(s for s in _STEPS if duration / s <= _MAX_LABELS or s == _STEPS[-1])
    units = feature_units(pipeline)
    return {
        "ticks": [(_percent(t, duration), f"{t:g} s") for t in np.arange(0, 0.93 * duration, step)],
        "keyframes": _keyframes(windows.keyframes, figure, take.fps, duration),
        "beats": _beats(beats, duration),
        "unweighted": _unweighted(pipeline, take),
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


def _beats(beats: Beats, duration: float) -> dict[str, Any]:
    """Beats of the dance above and of each sound below, as parts of an SVG and as times."""

    def ticks(times: np.ndarray, top: int, bottom: int) -> dict[str, str]:
        x = 1000 * times / duration
        return {
            "path": "".join(f"M{at:.2f} {top}V{bottom}" for at in x),
            "times": ",".join(f"{time:.3f}" for time in times),
        }

    return {
        "dance": None if beats.dance is None else ticks(beats.dance, 6, 46),
        "sounds": [ticks(times, 54, 94) for times in beats.sounds.values()],
    }


def _unweighted(pipeline: Any, take: Motion) -> str:
    """Return why all joints have equal weights in the features, or nothing."""
    missing = missing_joints(take.skeleton)
    if featurizer_of(pipeline).joint_weights != "paper" or not missing:
        return ""
    return "have no names" if take.skeleton is None else f"lack {', '.join(missing)}"


def _curves(windows: TakeWindows, units: dict[str, str], duration: float) -> list[dict[str, str]]:
    curves = []
    for name, values in windows.values.items():
        top = upper_limit(values, name=name)
        # A ratio of two lengths has none; the page says which.
        unit = "" if units[name] == "distance/path" else units[name]
        peak = f" (peak {np.nanmax(values):.2g})" if np.nanmax(values) > top else ""
        curves.append(
            _row(
                name.capitalize(),
                _WORDS[name],
                windows.edges,
                values,
                drawn=values / top,
                duration=duration,
                top=f"{top:g} {unit}".strip() + peak,
                bottom="0",
                unit=unit,
            )
        )
    return curves


def _row(
    label: str,
    small: str,
    edges: np.ndarray,
    values: np.ndarray,
    *,
    drawn: np.ndarray,
    duration: float,
    top: str,
    bottom: str,
    unit: str,
) -> dict[str, str]:
    """Return one curve: `values` to read, and `drawn` from 0 to 1 to see."""
    digits = ".0f" if unit in ("%", "dB") else ".3g"
    return {
        "label": label,
        "small": small,
        "path": _staircase(edges, drawn, duration),
        "top": top,
        "bottom": bottom,
        "unit": unit,
        "step": f"{edges[1] - edges[0]:.6g}",
        "numbers": ",".join("" if np.isnan(v) else f"{v:{digits}}" for v in values),
        "title": f"{label}, {small}, from {bottom} to {top}",
    }


def _staircase(edges: np.ndarray, values: np.ndarray, duration: float) -> str:
    """Return steps of values from 0 to 1, one through the piece, with the area under them.

    The values are means over the steps, so nothing is drawn between two of them. Where a value is
    missing, the area ends.
    """
    x = 1000 * np.clip(edges, 0, duration) / duration
    y = 100 - 90 * np.clip(values, 0, 1)
    known = np.isfinite(values)
    parts = []
    for first, last in _runs(known):
        steps = "L".join(
            f"{x[i]:.2f} {y[i]:.1f}L{x[i + 1]:.2f} {y[i]:.1f}" for i in range(first, last)
        )
        parts.append(f"M{x[first]:.2f} 100L{steps}V100Z")
    return "".join(parts)


def _runs(known: np.ndarray) -> list[tuple[int, int]]:
    """Return begin and end of each run of true values."""
    change = np.diff(np.r_[0, known.astype(int), 0])
    return list(zip(np.flatnonzero(change == 1).tolist(), np.flatnonzero(change == -1).tolist()))


def _courses(take: Motion, sound: np.ndarray, sr: int, duration: float) -> list[dict[str, str]]:
    """Return the speed of the movement and the level of the music, whose likeness is asked for."""
    logarithm = movement_speed(take)
    if logarithm is None or len(logarithm) < 2:
        return []
    level = music_curves(sound, sr=sr, step_duration=STEP)[: len(logarithm), 0]
    level = level - level.max()
    share = np.exp(logarithm - logarithm.max())
    edges = np.arange(len(share) + 1) * STEP
    edges[-1] = duration
    rows = [
        _row(
            "Movement",
            "speed",
            edges,
            100 * share,
            drawn=share,
            duration=duration,
            top="100 % of the fastest",
            bottom="0",
            unit="%",
        )
    ]
    edges = np.arange(len(level) + 1) * STEP
    edges[-1] = duration
    return [
        *rows,
        _row(
            "Loudness",
            "of the music",
            edges,
            level,
            drawn=1 + level / _LEVEL_DB,
            duration=duration,
            top="0 dB, the loudest",
            bottom=f"−{_LEVEL_DB:g} dB",
            unit="dB",
        ),
    ]


def _table(windows: TakeWindows, units: dict[str, str]) -> str:
    """Return the curves as CSV in a link: one row per step."""
    table = pd.DataFrame(
        {f"{name} [{units[name]}]": values for name, values in windows.values.items()},
        index=pd.Index(windows.edges[:-1], name="start [s]"),
    )
    table.insert(0, "stop [s]", windows.edges[1:])
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
