"""The rows of the report's timeline: keyframes, Laban curves, spectrograms, on one axis of time."""

from __future__ import annotations

import base64
import html
import io
from itertools import pairwise
from typing import Any

import numpy as np

from ..functional.mel import melspectrogram, power_to_db
from ..motion.container import Motion
from ..music.spectra import spectrogram_options
from ..performance import clip_duration_of, encoder_of, featurizer_input, featurizer_of
from ..plotting._spectrogram import mel_band
from ..video._figure import StickFigure

__all__ = ["timeline_rows"]

_FEATURES = {
    "weight": ("Weight", "strength"),
    "time": ("Time", "suddenness"),
    "space": ("Space", "straight paths"),
    "flow": ("Flow", "jerkiness"),
    "shape": ("Shape", "curved paths"),
}
# Range of the pictures below the loudest place, in dB.
_TOP_DB = 80.0
_TICKS = {500: "500 Hz", 2000: "2 kHz", 5000: "5 kHz"}


def timeline_rows(
    pipeline: Any, take: Motion, figure: StickFigure, sounds: dict[str, np.ndarray]
) -> str:
    """Return the rows as HTML."""
    duration = take.n_frames / take.fps
    keyframes, edges, values = _describe(pipeline, take)
    rows = [_axis(duration), _keyframes(keyframes, figure, take.fps, duration)]
    rows += [_curve(name, edges, row, duration) for name, row in values.items()]
    return "".join(rows + _spectrograms(encoder_of(pipeline), sounds, duration))


def _row(kind: str, label: str, small: str, lane: str) -> str:
    return (
        f'<div class="row {kind}"><div class="label">{html.escape(label)}'
        f'<small>{html.escape(small)}</small></div><div class="lane">{lane}</div></div>'
    )


def _describe(pipeline: Any, take: Motion) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return keyframes, edges of the windows in s, and the features of each window.

    The take is described in clips as long as those of training, without overlap; the last one
    ends with the take, and of it only what the clip before did not tell is kept.
    """
    size = round(clip_duration_of(pipeline) * take.fps)
    starts = list(range(0, take.n_frames - size + 1, size))
    if starts[-1] + size < take.n_frames:
        starts.append(take.n_frames - size)
    clips = Motion.concatenate([take.frames(start, start + size) for start in starts])
    motion = featurizer_input(pipeline, clips)
    featurizer = featurizer_of(pipeline)
    table = np.asarray(featurizer.transform(motion))
    columns = {name: i for i, name in enumerate(featurizer.get_feature_names_out())}
    keyframes, edges = [], [0.0]
    values: dict[str, list[float]] = {
        name: [] for name in _FEATURES if f"window1_{name}" in columns
    }
    for row, start, at in zip(table, starts, motion.keyframes):
        told = edges[-1]
        for window, (left, right) in enumerate(pairwise(at), 1):
            left, right = ((start + frame) / take.fps for frame in (left, right))
            if right <= told:
                continue
            if left >= told:
                keyframes.append(left)
            # Between the last keyframe of a clip and the first of the next nothing was measured.
            if left > edges[-1]:
                edges.append(left)
                for column in values.values():
                    column.append(np.nan)
            edges.append(right)
            for name, column in values.items():
                column.append(float(row[columns[f"window{window}_{name}"]]))
        keyframes.append((start + at[-1]) / take.fps)
    return (
        np.unique(np.round(keyframes, 6)),
        np.array(edges),
        {name: np.array(column) for name, column in values.items()},
    )


def _axis(duration: float) -> str:
    step = next(s for s in (1, 2, 5, 10) if duration / s <= 600 or s == 10)
    ticks = "".join(
        f'<span style="left: {100 * t / duration:.3f}%">{t:g} s</span>'
        for t in np.arange(0, duration, step)
    )
    return _row("axis", "", "", ticks)


def _keyframes(times: np.ndarray, figure: StickFigure, fps: float, duration: float) -> str:
    marks = []
    for time in times:
        frame = min(round(time * fps), figure.pixels.shape[1] - 1)
        left = f"{100 * time / duration:.3f}%"
        marks.append(
            f'<i class="mark" style="left: {left}"></i>'
            f'<button type="button" class="keyframe" data-time="{time:.4f}" '
            f'aria-label="keyframe at {time:.2f} s" title="keyframe at {time:.2f} s" '
            f'style="left: clamp(27px, {left}, calc(100% - 27px))">'
            f"{_thumbnail(figure, frame)}</button>"
        )
    return _row("keyframes", "Keyframes", "click to go there", "".join(marks))


def _thumbnail(figure: StickFigure, frame: int) -> str:
    """One pose, about its own middle, as SVG."""
    pose = figure.pixels[0, frame]
    seen = np.isfinite(pose).all(axis=-1)
    if not seen.any():
        return "<svg></svg>"
    x = (pose[seen, 0].min() + pose[seen, 0].max()) / 2
    low, high = np.nanmin(figure.pixels[0, ..., 1]), np.nanmax(figure.pixels[0, ..., 1])
    tall = max(high - low, 1.0) * 1.08
    lines = dict.fromkeys(("left", "right", "middle"), "")
    for (a, b), side in zip(figure.bones, figure.sides):
        if seen[a] and seen[b]:
            (xa, ya), (xb, yb) = pose[a], pose[b]
            lines[side] += f"M{xa:.0f} {ya:.0f}L{xb:.0f} {yb:.0f}"
    paths = "".join(f'<path class="bones {side}" d="{d}"/>' for side, d in lines.items() if d)
    width = tall * 54 / 104
    box = f"{x - width / 2:.0f} {low - 0.04 * tall:.0f} {width:.0f} {tall:.0f}"
    return f'<svg viewBox="{box}" aria-hidden="true">{paths}</svg>'


def _curve(name: str, edges: np.ndarray, values: np.ndarray, duration: float) -> str:
    label, small = _FEATURES[name]
    seen = values[np.isfinite(values)]
    low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 0.0)
    span = (high - low) or 1.0
    path = ""
    for left, right, value in zip(edges[:-1], edges[1:], values):
        if np.isfinite(value):
            y = 90 - 80 * (value - low) / span
            x1, x2 = (f"{1000 * t / duration:.2f}" for t in (left, right))
            path += f"M{x1} 100V{y:.1f}H{x2}V100"
    lane = (
        f'<svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img">'
        f"<title>{label}: from {low:.3g} to {high:.3g}</title>"
        f'<path class="steps" d="{path}"/></svg>'
    )
    return _row("curve", label, small, lane)


def _spectrograms(encoder: Any, sounds: dict[str, np.ndarray], duration: float) -> list[str]:
    options = spectrogram_options(encoder)
    n_mels, fmin = options["n_mels"], options["fmin"]
    fmax = options["fmax"] or encoder.sr / 2
    power = {name: melspectrogram(samples, **options) for name, samples in sounds.items()}
    # The last one is the true music, where it is there.
    loudest = list(power.values())[-1].max()
    ticks = [t for t in _TICKS if fmin < t < fmax]
    height = mel_band(np.array(ticks), fmin, fmax, n_mels)
    labels = "".join(
        f'<span class="hz" style="bottom: {100 * at / n_mels:.1f}%">{_TICKS[tick]}</span>'
        for tick, at in zip(ticks, height)
    )
    rows = []
    for name, mel in power.items():
        unit = np.clip(1 + power_to_db(mel, ref=loudest, top_db=None) / _TOP_DB, 0, 1)
        share = unit.shape[1] * options["hop_length"] / encoder.sr / duration
        image = (
            f'<img alt="mel spectrogram of the {html.escape(name)}" style="width: '
            f'{100 * share:.3f}%" src="data:image/png;base64,{_png(unit)}">'
        )
        kind, _, rest = name.partition(" ")
        rows.append(
            _row("spectrogram", f"{kind.capitalize()} {rest}", "spectrogram", image + labels)
        )
    return rows


def _png(unit: np.ndarray) -> str:
    from matplotlib import image

    buffer = io.BytesIO()
    image.imsave(buffer, unit, cmap="magma", vmin=0, vmax=1, origin="lower", format="png")
    return base64.b64encode(buffer.getvalue()).decode("ascii")
