"""Curves of the timeline: Laban features, movement and loudness."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..motion.container import Motion
from ..plotting._features import upper_limit
from ._description import Description
from ._heard import (
    EVEN_LEVEL,
    EVEN_SPEED,
    SMOOTHING,
    STEP,
    level_of,
    movement_speed,
    standardized,
)

__all__ = ["courses", "laban_curves", "seen_curve"]

_WORDS = {
    "weight": "strength",
    "time": "suddenness",
    "space": "straightness of paths",
    "flow": "jerkiness",
    "shape": "curvature of paths",
}
# Windows less than so far apart, in s, follow one another: the last keyframe of a clip lies before
# the first of the next.
_BORDER = 1.0


def laban_curves(described: Description, duration: float) -> list[dict[str, Any]]:
    """Return a curve of each feature, with one value in each window.

    Shape has a second, faint path where the dancer rests.
    """
    start, stop = (described.table[key].to_numpy() for key in ("start", "stop"))
    curves = []
    for name in described.names:
        values = described.table[name].to_numpy(float)
        top = upper_limit(values, name=name)
        unit = described.units.get(name, "")
        known = values[np.isfinite(values)]
        peak = f", peak {known.max():.2g}" if len(known) and known.max() > top else ""
        rests = described.rests if name == "shape" else np.zeros(len(values), dtype=bool)
        curves.append(
            _row(
                name.capitalize(),
                _WORDS[name],
                f"0 to {top:g} {unit}".strip() + peak,
                (start, stop, values),
                drawn=values / top,
                faint=rests,
                duration=duration,
                unit=unit,
            )
        )
    return curves


def seen_curve(described: Description, duration: float) -> list[dict[str, Any]]:
    """Return the share of joints and frames that were seen, if it is not everything."""
    start, stop, seen = (described.table[key].to_numpy() for key in ("start", "stop", "seen"))
    if not len(seen) or seen.min() > 0.995:
        return []
    row = _row(
        "Seen",
        "of joints and frames",
        "0 to 100 %",
        (start, stop, 100 * seen),
        drawn=seen,
        duration=duration,
        unit="%",
    )
    return [row]


def courses(
    take: Motion, sound: np.ndarray | None, sr: int, duration: float
) -> list[dict[str, Any]]:
    """Return the speed of the movement, with the level of the music over it.

    Both are drawn smoothed, from their lowest to their highest value, as they are compared; their
    values are those of single steps.
    """
    logarithm = movement_speed(take)
    if logarithm is None or len(logarithm) < 2:
        return []
    share = np.exp(logarithm - logarithm.max())
    steps = _steps(len(share), duration)
    movement = _row(
        "Movement",
        "mean speed",
        "0 to 100 % of the fastest",
        (*steps, 100 * share),
        drawn=share,
        duration=duration,
        unit="%",
    )
    if sound is None:
        return [movement]
    level = level_of(sound, sr, len(logarithm))
    moves, heard = standardized(logarithm, EVEN_SPEED), standardized(level, EVEN_LEVEL)
    alike = "both even" if moves is None and heard is None else "one of them is even"
    if moves is not None and heard is not None:
        n = min(len(moves), len(heard))
        alike = f"correlation {moves[:n] @ heard[:n]:.2f}".replace("-", "−")
    level = level - level.max()
    loudness = _row(
        "Loudness",
        "of the music",
        "",
        (*_steps(len(level), duration), level),
        drawn=level,
        duration=duration,
        unit="dB",
    )
    movement["path"] = _line(logarithm, duration) + "V100H0Z"
    loudness["path"] = _line(level, duration)
    movement |= {"small": "and loudness", "range": alike, "over": loudness}
    movement["title"] = f"movement and loudness of the music over each other, {alike}"
    return [movement]


def _line(values: np.ndarray, duration: float) -> str:
    """Return a smoothed curve from its lowest to its highest value, by the middles of steps."""
    smooth = gaussian_filter1d(values, SMOOTHING / STEP)
    height = (smooth - smooth.min()) / max(np.ptp(smooth), 1e-9)
    time = np.minimum((np.arange(len(smooth)) + 0.5) * STEP, duration)
    # Up to the borders, where there are no further steps.
    time[0], time[-1] = 0.0, duration
    places = zip(1000 * time / duration, 95 - 88 * height)
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def _steps(n_steps: int, duration: float) -> tuple[np.ndarray, np.ndarray]:
    edges = np.arange(n_steps + 1) * STEP
    edges[-1] = duration
    return edges[:-1], edges[1:]


def _row(
    label: str,
    small: str,
    range_text: str,
    windows: tuple[np.ndarray, np.ndarray, np.ndarray],
    *,
    drawn: np.ndarray,
    duration: float,
    unit: str,
    faint: np.ndarray | None = None,
) -> dict[str, Any]:
    """Return one curve: the values of windows to read, and `drawn` from 0 to 1 to see."""
    start, stop, values = windows
    digits = ".0f" if unit in ("%", "dB") else ".3g"
    pale = np.zeros(len(values), dtype=bool) if faint is None else faint
    return {
        "label": label,
        "laban": label.lower() in _WORDS,
        "over": None,
        "small": small,
        "range": range_text,
        "path": _staircase(start, stop, np.where(pale, np.nan, drawn), duration),
        "faint": _staircase(start, stop, np.where(pale, drawn, np.nan), duration),
        "unit": unit,
        "starts": _list(start),
        "stops": _list(stop),
        "numbers": ",".join("" if np.isnan(v) else f"{v:{digits}}" for v in values),
        "title": f"{label}, {small}, {range_text}",
    }


def _list(times: np.ndarray) -> str:
    return ",".join(f"{time:.4g}" for time in times)


def _staircase(start: np.ndarray, stop: np.ndarray, values: np.ndarray, duration: float) -> str:
    """Return one step per window of values from 0 to 1, with the area under them.

    A window has one value, so nothing is drawn between two of them. Where a value is missing, or no
    window lies, the area ends. At the border of two clips a step lasts until the next begins.
    """
    gap = start[1:] - stop[:-1]
    stop = np.append(np.where(gap < _BORDER, start[1:], stop[:-1]), stop[-1:])
    left, right = (1000 * np.clip(t, 0, duration) / duration for t in (start, stop))
    y = 100 - 90 * np.clip(values, 0, 1)
    known = np.isfinite(values)
    parts = []
    for first, last in _runs(known, joined=np.append(gap < _BORDER, False)):
        steps = "L".join(
            f"{left[i]:.2f} {y[i]:.1f}L{right[i]:.2f} {y[i]:.1f}" for i in range(first, last)
        )
        parts.append(f"M{left[first]:.2f} 100L{steps}V100Z")
    return "".join(parts)


def _runs(known: np.ndarray, joined: np.ndarray) -> list[tuple[int, int]]:
    """Return begin and end of each run of known values in windows that follow one another."""
    runs: list[tuple[int, int]] = []
    for i in np.flatnonzero(known).tolist():
        if runs and runs[-1][1] == i and joined[i - 1]:
            runs[-1] = (runs[-1][0], i + 1)
        else:
            runs.append((i, i + 1))
    return runs
