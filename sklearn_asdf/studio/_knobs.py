"""What can be set on the page, and what it means to a model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

__all__ = ["Knobs"]

_MOST_TAKES = 4
_LARGEST_SEED = 2**31 - 8
_LONGEST = 1e5
_TEMPI = 40, 240
# Fewer taps have no tempo.
_FEWEST_TAPS, _MOST_TAPS = 4, 1000
# Without the end of the music within the dance.
_WHOLE = 0.0


@dataclass(frozen=True)
class Knobs:
    """The settings of takes. Sliders go from 0 to 100.

    Parameters
    ----------
    follow : float, default=50
        How closely the music follows the dance: at 0 its beat alone, at 100 exaggerated.
    wild : float, default=50
        From the calm parts of the music to the wild ones.
    jumps : float, default=50
        How often the music may jump to another place: from hardly ever to on each beat.
    variety : float, default=30
        How much takes differ; at 0 they are all alike.
    start, end : float, default=0
        When the music begins and ends, in s of the dance; 0 is the whole dance.
    takes : int, default=1
        How many takes to make, each with another seed.
    seed : int, default=0
        Seed of the first.
    bpm : float, default=0
        Tempo of the dance in BPM; 0 finds it.
    taps : list of float, default=[]
        Times in s of the dance at which its beat was tapped, increasing.
    shift : float, default=0
        How much later than found the beat is, in beats.
    trunk : bool, default=False
        Whether the beat is found in the trunk, instead of the feet.

    Examples
    --------
    >>> from sklearn_asdf.studio._knobs import Knobs
    >>> Knobs.read({"wild": 100, "jumps": 0}).settings
    {'closeness': 1.0, 'intensity': 1.0, 'continuity': 1.0}
    """

    follow: float = 50.0
    wild: float = 50.0
    jumps: float = 50.0
    variety: float = 30.0
    start: float = 0.0
    end: float = _WHOLE
    takes: int = 1
    seed: int = 0
    bpm: float = 0.0
    taps: list[float] = field(default_factory=list)
    shift: float = 0.0
    trunk: bool = False

    @classmethod
    def read(cls, given: dict[str, Any]) -> Knobs:
        """Return settings from what a page sent.

        Raises
        ------
        ValueError
            If a value is not what it should be.
        """
        follow = _number(given, "follow", cls.follow, 0, 100, "how closely it follows")
        wild = _number(given, "wild", cls.wild, 0, 100, "calm or wild")
        jumps = _number(given, "jumps", cls.jumps, 0, 100, "how often it may jump")
        variety = _number(given, "variety", cls.variety, 0, 100, "how much takes differ")
        start = _number(given, "start", cls.start, 0, _LONGEST, "the beginning of the music")
        end = _number(given, "end", cls.end, 0, _LONGEST, "the end of the music")
        if end and end <= start:
            raise ValueError(
                f"the music must end after it begins, and {end:g} s is not after {start:g} s"
            )
        takes = _number(given, "takes", cls.takes, 1, _MOST_TAKES, "the number of takes")
        seed = _number(given, "seed", cls.seed, 0, _LARGEST_SEED, "the seed")
        beat = _beat(given)
        return cls(follow, wild, jumps, variety, start, end, int(takes), int(seed), *beat)

    @property
    def beat(self) -> dict[str, Any]:
        """What is known of the beat, as `find_beats` takes it; empty if nothing is."""
        known: dict[str, Any] = {}
        if self.bpm:
            known["bpm"] = self.bpm
        if self.taps:
            known["taps"] = self.taps
        if self.shift:
            known["shift"] = self.shift
        return known

    @property
    def settings(self) -> dict[str, float]:
        """Settings of a soundtrack pipeline, as `adjust_soundtrack` takes them."""
        return {
            "closeness": self.follow / 50,
            "intensity": self.wild / 50 - 1,
            "continuity": 1 - self.jumps / 100,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON knows them."""
        return asdict(self)


def _beat(given: dict[str, Any]) -> tuple[float, list[float], float, bool]:
    """Return tempo, taps, shift, and whether of the trunk."""
    bpm = 0.0
    if given.get("bpm"):
        bpm = _number(given, "bpm", bpm, *_TEMPI, "the tempo in BPM")
    shift = _number(given, "shift", 0.0, 0, 1, "the shift of the beat")
    taps = given.get("taps", [])
    if not (isinstance(taps, list) and all(isinstance(t, (int, float)) for t in taps)):
        raise ValueError("the taps must be times in seconds")
    if len(taps) > _MOST_TAPS or any(b <= a for a, b in pairwise(taps)):
        raise ValueError(f"the taps must be at most {_MOST_TAPS} times, one after the other")
    if len(taps) < (1 if bpm else _FEWEST_TAPS):
        taps = []
    return bpm, [float(t) for t in taps], shift, bool(given.get("trunk"))


def _number(
    given: dict[str, Any], name: str, default: float, low: float, high: float, words: str
) -> float:
    value = given.get(name, default)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not low <= number <= high:
        raise ValueError(f"{words} must be from {low:,.0f} to {high:,.0f}, and {value!r} is not")
    return number
