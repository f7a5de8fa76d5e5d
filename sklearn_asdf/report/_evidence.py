"""The report's one verdict: kinds of evidence, how strong each is, and what they say together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = [
    "MIN_COMPARISONS",
    "Answer",
    "Evidence",
    "Score",
    "graded_rank",
    "score_of",
    "verdict_of",
    "written",
]

# Strengths from which evidence is clear, and from which there is some.
_STRONG, _SOME = 0.85, 0.3
# Fewer comparisons cannot tell one in twenty.
MIN_COMPARISONS = 19
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

    `strength` is from 0 (what chance reaches) to 1 (clearly above it), and None where it cannot be
    told. `plain` says it in a sentence without numbers, `sentence` with them. What the model does
    `by_rule` in every dance says nothing of this one.
    """

    subject: str
    strength: float | None
    plain: str
    sentence: str
    scores: list[Score] = field(default_factory=list)
    by_rule: bool = False

    @property
    def word(self) -> str:
        """The strength in a word."""
        if self.strength is None:
            return "cannot be told"
        return "clear" if self.strength >= _STRONG else "some" if self.strength >= _SOME else "none"


@dataclass(frozen=True)
class Answer:
    """A verdict of a word or two, sentences with its reasons, and the evidence behind it."""

    verdict: str
    sentence: str
    evidence: list[Evidence] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The answer as strings, numbers, and lists and dicts of them, for JSON."""
        return {
            "verdict": self.verdict.removesuffix("."),
            "sentence": self.sentence,
            "evidence": [
                {
                    "subject": item.subject,
                    "word": item.word,
                    "strength": None if item.strength is None else round(item.strength, 4),
                    "sentence": item.sentence,
                    "by_rule": item.by_rule,
                    "scores": {
                        score.title: {row["name"]: row["value"] for row in score.rows}
                        for score in item.scores
                    },
                }
                for item in self.evidence
            ],
        }


def graded_rank(own: float, shifted: np.ndarray) -> float:
    """Return the strength of a score beside those of shifted music, from 0 to 1.

    It is 0 if half of them or more are as high (what chance gives), and 1 if one in twenty or
    fewer are.
    """
    rank = float(np.mean(shifted < own - 1e-9))
    return float(np.clip((rank - _CHANCE) / (_CLEAR - _CHANCE), 0.0, 1.0))


def verdict_of(evidence: list[Evidence]) -> Answer:
    """Return the answer of all kinds of evidence.

    "Yes" if at least two are clear and no other is weaker, "Probably" if one is clear and none is
    against, "Not shown" if there is nothing in any, and "In part" otherwise. Where the loudness
    follows by a rule of the model, the beat alone decides: "Yes", "In part", or "In loudness only".
    """
    ordered = sorted(evidence, key=lambda item: item.strength is None)
    counted = [item for item in ordered if not item.by_rule]
    known = [item.word for item in counted if item.strength is not None]
    sentence = " ".join(item.plain for item in ordered)
    ruled = any(item.by_rule and item.word in ("clear", "some") for item in ordered)
    if ruled and set(known) <= {"none"}:
        verdict = "In loudness only."
    elif ruled:
        verdict = "Yes." if set(known) == {"clear"} else "In part."
    elif not known:
        verdict = "Cannot be told."
    elif set(known) == {"none"}:
        verdict = "Not shown."
    elif set(known) == {"clear"} and len(known) > 1:
        verdict = "Yes."
    elif "clear" in known and "none" not in known:
        verdict = "Probably."
    else:
        verdict = "In part."
    return Answer(verdict, sentence, ordered)


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
            "value": None if not np.isfinite(number) else float(f"{number:.6g}"),
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
