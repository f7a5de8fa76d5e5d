"""Checks of the parameters of `make_dance_music`: each refusal is a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .._validation import Integral, Real, check_choice, did_you_mean, raise_all
from ._dance import STYLES

__all__ = ["FACTORS", "check_factors", "check_sizes", "check_styles"]

_COORDINATES = ("pixel", "metre")
_CLIPS_EACH = 4
# What a fixed factor may be; tempo is drawn from a narrower range.
_RANGES = {
    "tempo": (40.0, 240.0),
    "vigour": (0.0, 1.0),
    "sharpness": (0.0, 1.0),
    "extent": (0.0, 1.0),
}
_CHOICES: dict[str, tuple[Any, ...]] = {"metre": (2, 3, 4), "mode": ("major", "minor")}
FACTORS = ("tempo", "metre", "vigour", "sharpness", "extent", "mode")


def check_styles(styles: Any) -> tuple[str, ...]:
    """Check the styles, one or several; return them as a tuple."""
    each = (styles,) if isinstance(styles, str) else styles
    if not isinstance(each, Sequence) or not len(each):
        raise ValueError(
            f"expected styles as one of {', '.join(map(repr, STYLES))}, or several of them, got "
            f"{styles!r}"
        )
    return tuple(check_choice(style, STYLES, name="styles") for style in each)


def check_sizes(
    n_clips: Any,
    n_performances: Any,
    clip_duration: Any,
    hop_duration: Any,
    fps: Any,
    sr: Any,
    coordinates: Any,
    noise: Any,
    dropout: Any,
) -> np.ndarray:
    """Check everything but the factors; return the number of clips of each performance."""
    problems = []

    def number(name: str, value: Any, kind: type, fits: Callable[[Any], bool], wanted: str) -> None:
        if isinstance(value, bool) or not isinstance(value, kind) or not fits(value):
            problems.append(f"expected {name} to be {wanted}, got {value!r}")

    def finite(low: float, high: float, *, open_low: bool = True) -> Callable[[Any], bool]:
        return lambda x: (low < x if open_low else low <= x) and x < high

    number("n_clips", n_clips, Integral, lambda n: n >= 1, "an integer of at least 1")
    if n_performances is not None:
        most = np.inf if problems else n_clips
        number(
            "n_performances",
            n_performances,
            Integral,
            lambda n: 1 <= n <= most,
            f"an integer from 1 to the number of clips ({n_clips!r}), or None",
        )
    seconds = "a number of seconds above 0"
    number("clip_duration", clip_duration, Real, finite(0, np.inf), seconds)
    number("hop_duration", hop_duration, Real, finite(0, np.inf), seconds)
    number("fps", fps, Real, finite(0, np.inf), "a number of frames a second above 0")
    number("sr", sr, Integral, lambda x: x >= 8000, "an integer of at least 8000 Hz")
    share = "a share of the body height of at least 0"
    number("noise", noise, Real, finite(0, np.inf, open_low=False), share)
    number("dropout", dropout, Real, finite(0, 1, open_low=False), "a share from 0 to below 1")
    if not problems and round(clip_duration * fps) < 1:
        problems.append(
            f"expected clips of at least one frame, got clip_duration={clip_duration} s at "
            f"{fps} fps"
        )
    if not problems and round(hop_duration * fps) < 1:
        problems.append(
            f"expected clips to start at least one frame apart, got hop_duration={hop_duration} s "
            f"at {fps} fps"
        )
    try:
        check_choice(coordinates, _COORDINATES, name="coordinates")
    except ValueError as error:
        problems.append(str(error))
    raise_all(problems)
    if n_performances is None:
        full, rest = divmod(n_clips, _CLIPS_EACH)
        return np.array([_CLIPS_EACH] * full + [rest] * (rest > 0))
    return np.array([len(part) for part in np.array_split(np.arange(n_clips), n_performances)])


def check_factors(factors: Mapping[str, Any] | None, n_performances: int) -> dict[str, list[Any]]:
    """Check the factors that are set; return a value of each for every performance."""
    if factors is None:
        return {}
    if not isinstance(factors, Mapping):
        raise TypeError(
            f"expected factors to be a dict such as {{'tempo': 120}}, or None, got {factors!r}"
        )
    problems, fixed = [], {}
    for name, value in factors.items():
        if name not in FACTORS:
            listed = ", ".join(map(repr, FACTORS))
            problems.append(
                f"expected factors among {listed}, got {name!r}.{did_you_mean(name, FACTORS)}"
            )
            continue
        values = np.asarray(value)
        if values.ndim > 1 or (values.ndim == 1 and len(values) != n_performances):
            problems.append(
                f"expected factor {name!r} to be one value, or one for each of the "
                f"{n_performances} performances, got shape {values.shape}"
            )
            continue
        each = np.broadcast_to(values, n_performances).tolist()
        for v in each:
            if name in _CHOICES:
                allowed = ", ".join(map(repr, _CHOICES[name]))
                bad, hint = v not in _CHOICES[name], did_you_mean(v, map(str, _CHOICES[name]))
                wanted = f"one of {allowed}"
            else:
                low, high = _RANGES[name]
                bad = isinstance(v, bool) or not isinstance(v, int | float) or not low <= v <= high
                wanted, hint = f"a number from {low:g} to {high:g}", ""
            if bad:
                problems.append(f"expected factor {name!r} to be {wanted}, got {v!r}.{hint}")
                break
        else:
            fixed[name] = [float(v) for v in each] if name in _RANGES else each
            if name == "metre":
                fixed[name] = [int(v) for v in each]
    raise_all(problems)
    return fixed
