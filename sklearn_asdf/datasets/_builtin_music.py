"""`make_music`: music in several characters, synthesized by the package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from .._validation import Real, check_choice, raise_all
from ..music.clips import AudioClips
from . import _music, _score
from ._choreography import draw_choreography
from ._clock import Clock
from ._courses import draw_courses

__all__ = ["CHARACTERS", "make_music"]

# The factors of `make_dance_music`, without the dance.
_FACTORS: dict[str, dict[str, Any]] = {
    "calm": {"tempo": 84, "metre": 4, "vigour": 0.3, "sharpness": 0.15, "extent": 0.4},
    "driving": {"tempo": 124, "metre": 4, "vigour": 0.85, "sharpness": 0.75, "extent": 0.55},
    "waltz": {"tempo": 90, "metre": 3, "vigour": 0.55, "sharpness": 0.35, "extent": 0.6},
    "playful": {"tempo": 108, "metre": 4, "vigour": 0.5, "sharpness": 0.95, "extent": 0.9},
    "dark": {"tempo": 96, "metre": 4, "vigour": 0.6, "sharpness": 0.4, "extent": 0.1},
    "floating": {"tempo": 76, "metre": 3, "vigour": 0.2, "sharpness": 0.0, "extent": 0.8},
}
# Names of the characters of music that the package synthesizes.
CHARACTERS = tuple(_FACTORS)
_MODES = dict.fromkeys(("dark", "floating", "driving"), "minor")
_SHORTEST = 10.0


def make_music(
    character: str | Sequence[str] = "all",
    *,
    duration: float = 60.0,
    n_pieces: int = 1,
    clip_duration: float = 8.0,
    hop_duration: float = 1.0,
    sr: int = 22050,
    random_state: int | np.random.RandomState | None = None,
) -> AudioClips:
    """Synthesize music in several characters, to try the package without files of one's own.

    Parameters
    ----------
    character : {"all", "calm", "driving", "waltz", "playful", "dark", "floating"} or sequence of \
these, default="all"
        Characters of the pieces; `"all"` is one after the other.
    duration : float, default=60.0
        Duration of each piece in s, at least 10.
    n_pieces : int, default=1
        Number of pieces of each character.
    clip_duration, hop_duration : float, default=8.0, 1.0
        Duration of the clips into which the pieces are cut, and time between their starts, in s.
    sr : int, default=22050
        Sampling rate in Hz.
    random_state : int, RandomState instance or None, default=None
        Determines the random samples. Pass an int for bit-identical output on each call.

    Returns
    -------
    AudioClips
        Clips of the pieces, which are in ``recordings``.

    See Also
    --------
    make_dance_music : Dances with music of the same kind.
    sklearn_asdf.make_soundtrack : Plays music for a dance.

    Notes
    -----
    A piece has a bass, chords, a melody and light percussion over a phrase of eight bars. Its
    character sets tempo (76 to 124 BPM), metre, mode, level, articulation and register; level,
    articulation and brightness change from segment to segment as in :func:`make_dance_music` with
    `courses`.

    Scores and sound are computed by this package from random numbers. Nobody else has rights to
    them: the music may be used for any purpose, in videos and commercially too.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_music
    >>> make_music("waltz", duration=12, random_state=0)
    AudioClips(5 clips of 8 s from 1 recording, sr=22050)
    """
    names = _names(character)
    problems = []
    if not (isinstance(duration, Real) and _SHORTEST <= duration < np.inf):
        problems.append(f"expected duration of at least {_SHORTEST:g} s, got {duration!r}")
    if not (isinstance(n_pieces, int) and n_pieces >= 1):
        problems.append(f"expected n_pieces of at least 1, got {n_pieces!r}")
    raise_all(problems)
    entropy = check_random_state(random_state).randint(2**31 - 1, size=4).tolist()
    pieces = [
        # By the character's place among all, so that a piece does not depend on the others.
        _piece(name, np.random.SeedSequence(entropy, spawn_key=(place, k)), duration, sr)
        for name in names
        for k in range(n_pieces)
        for place in [CHARACTERS.index(name)]
    ]
    return AudioClips.from_recordings(
        pieces, sr=sr, clip_duration=clip_duration, hop_duration=hop_duration
    )


def _names(character: Any) -> list[str]:
    if character == "all":
        return list(CHARACTERS)
    names = [character] if isinstance(character, str) else list(character)
    if not names:
        raise ValueError(f"expected a character of {', '.join(map(repr, CHARACTERS))}, got none")
    for name in names:
        check_choice(name, CHARACTERS, name="character")
    return names


def _piece(name: str, seed: np.random.SeedSequence, duration: float, sr: int) -> np.ndarray:
    clock_rng, course_rng, steps_rng, score_rng, play_rng = (
        np.random.default_rng(child) for child in seed.spawn(5)
    )
    factors = _FACTORS[name] | {"mode": _MODES.get(name, "major")}
    factors["tempo"] = factors["tempo"] * clock_rng.uniform(0.96, 1.04)
    clock = Clock(
        tempo=factors["tempo"],
        metre=factors["metre"],
        start=0.0,
        drift=0.0,
        drift_period=30.0,
        drift_phase=0.0,
    )
    courses = draw_courses(course_rng, clock, factors, duration, rests=False)
    # Melodies follow the height of hands, whether somebody dances or not.
    steps = draw_choreography(steps_rng, factors)
    score = _score.draw_score(score_rng, factors, accent=steps.accent, height=steps.height)
    return _music.play(
        play_rng,
        score,
        courses.clock,
        factors,
        duration=duration,
        sr=sr,
        level_duration=min(duration, 8.0),
        courses=courses,
    )
