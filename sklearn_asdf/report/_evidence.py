"""The report's one verdict: kinds of evidence, how strong each is, and what they say together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Answer", "Evidence", "Score", "graded_rank", "score_of", "verdict_of", "written"]

# Strength from which a verdict holds.
_VERDICTS = ((0.8, "Yes."), (0.6, "Probably."), (0.4, "In part."), (0.2, "Hardly."))
# Evidence is averaged with one kind that is undecided, so that a single kind is never all.
_UNDECIDED = 0.5
_NO = "Not shown."
_UNKNOWN = "Cannot be told."
# Rank among shifted copies, from chance to the usual limit of significance.
_CHANCE, _CLEAR = 0.5, 0.95


@dataclass(frozen=True)
class Score:
    """One score to show: what it means, and its value for each row."""

    title: str
    meaning: str
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Evidence:
    """One kind of evidence.

    `strength` is from 0 (against) to 1 (clearly for), and None where it cannot be told. `clause`
    is a part of the sentence of the verdict, `sentence` the evidence with its numbers.
    """

    subject: str
    strength: float | None
    clause: str
    sentence: str
    scores: list[Score] = field(default_factory=list)

    @property
    def percent(self) -> int | None:
        """The strength in percent."""
        return None if self.strength is None else round(100 * self.strength)

    @property
    def word(self) -> str:
        """The strength in a word."""
        if self.strength is None:
            return "cannot be told"
        words = ((0.85, "clear"), (0.6, "likely"), (0.3, "some"), (0.12, "little"))
        return next((word for least, word in words if self.strength >= least), "none")


@dataclass(frozen=True)
class Answer:
    """A verdict of a word or two, a sentence with its reasons, and the evidence behind it."""

    verdict: str
    sentence: str
    evidence: list[Evidence] = field(default_factory=list)
    strength: float | None = None

    @property
    def percent(self) -> int | None:
        """The strength of all evidence in percent."""
        return None if self.strength is None else round(100 * self.strength)


def graded_rank(own: float, shifted: np.ndarray) -> float:
    """Return the strength of a score beside those of shifted music, from 0 to 1.

    It is 0 if half of them or more are as high (what chance gives), and 1 if one in twenty or
    fewer are.
    """
    rank = float(np.mean(shifted < own - 1e-9))
    return float(np.clip((rank - _CHANCE) / (_CLEAR - _CHANCE), 0.0, 1.0))


def verdict_of(evidence: list[Evidence]) -> Answer:
    """Return the answer of all evidence: the mean of the known strengths and one undecided."""
    ordered = sorted(evidence, key=lambda item: item.strength is None)
    known = [item.strength for item in evidence if item.strength is not None]
    sentence = _sentence([item.clause for item in evidence if item.strength is not None])
    not_counted = "; ".join(item.clause for item in evidence if item.strength is None)
    if not_counted:
        sentence = f"{sentence} Not counted: {not_counted}.".strip()
    if not known:
        return Answer(_UNKNOWN, sentence, ordered)
    strength = float(np.mean([_UNDECIDED, *known]))
    verdict = next((word for least, word in _VERDICTS if strength >= least), _NO)
    return Answer(verdict, sentence, ordered, strength)


def _sentence(clauses: list[str]) -> str:
    text = "; ".join(clauses)
    text = text.replace(" %", "\u00a0%").replace(" BPM", "\u00a0BPM")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def score_of(title: str, meaning: str, values: dict[Any, Any], *, bars: bool = True) -> Score:
    """Return a score with its values as text, and as bars where none is negative."""
    numbers = np.array(
        [v if isinstance(v, (int, float, np.number)) else np.nan for v in values.values()], float
    )
    finite = numbers[np.isfinite(numbers)]
    # Bars from 0 say something of values that are not negative.
    top = finite.max() if bars and len(finite) and finite.min() >= 0 else 0.0
    rows = [
        {
            "name": str(name),
            "text": written(value),
            "share": None if not top or not np.isfinite(number) else round(100 * number / top, 1),
        }
        for (name, value), number in zip(values.items(), numbers)
    ]
    return Score(title, meaning, rows)


def written(value: Any) -> str:
    """Return a value with three significant digits, or a dash where there is none."""
    if not isinstance(value, (int, float, np.number)):
        return str(value)
    if np.isnan(value):
        return "–"
    return f"{value:.3g}".replace("-", "−")
