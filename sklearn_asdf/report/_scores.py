"""The report's answer to whether the music follows the dance, and its table of scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..metrics._columns import column_of

__all__ = ["Answer", "Score", "answer_from_likelihood", "answer_from_table", "score_of"]

# Scores that tell whether music follows a dance; higher is better in each of them.
_FOLLOWS = ("retrieval_r1", "f70_music", "log_gain")
# Other moments of the dance to compare with: enough for a p-value of 0.05.
_MAX_SHIFTS = 19


@dataclass(frozen=True)
class Score:
    """One score to show: what it means, and its value for each row."""

    title: str
    meaning: str
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Answer:
    """A verdict of a word or two, the sentence with its evidence, and the scores behind it."""

    verdict: str
    sentence: str
    scores: list[Score] = field(default_factory=list)


def answer_from_likelihood(density: Any, X: Any, codes: np.ndarray) -> Answer:
    """Compare the likelihood of the true music given its dance, other moments of it, and none."""
    own = float(density.log_likelihood(X, codes))
    gain = float(density.information_gain(X, codes))
    # Neighboring clips overlap by half: a shift by one leaves half of the music.
    shifts = np.arange(2, len(X) - 1)
    if len(shifts) > _MAX_SHIFTS:
        shifts = np.unique(np.linspace(2, len(X) - 2, _MAX_SHIFTS).round().astype(int))
    others = np.array([density.log_likelihood(_shifted(X, int(shift)), codes) for shift in shifts])
    values = {"given this dance": own}
    if len(others):
        values["given other moments of the dance"] = float(others.mean())
    values["given no dance (baseline)"] = own - gain
    scores = [
        score_of(
            "log-likelihood of the true music",
            "how probable the model holds the music that was really danced to, in nats for each "
            "number of its code; higher is better",
            values,
        ),
        score_of(
            "what this dance adds",
            "the differences, in nats for each number of the code; where they are not above 0, the "
            "music does not follow the dance",
            {name.replace("given", "over"): own - v for name, v in values.items() if v != own},
        ),
    ]
    without = (
        f"{_text(abs(gain))} nats per number of its code {'more' if gain > 0 else 'less'} probable "
        "than given no dance"
    )
    if not len(others):
        sentence = (
            f"The dance is too short to compare its moments. Given it, the true music is {without}."
        )
        return Answer("Cannot be told.", sentence, scores)
    beaten = int((others < own).sum())
    how = "more" if beaten == len(others) else "not always more"
    joined = "and" if (beaten == len(others)) == (gain > 0) else "but"
    evidence = (
        f"given this dance the true music is {how} probable than given other moments of it (in "
        f"{beaten} of {len(others)} comparisons), {joined} {without}."
    )
    if beaten == len(others) and gain > 0:
        few = len(others) < _MAX_SHIFTS
        verdict = "Probably." if few else "Yes."
        few_words = f" {len(others)} comparisons are few: a longer dance tells more." if few else ""
        return Answer(verdict, f"To this model, {evidence}{few_words}", scores)
    part = own > others.mean() or gain > 0
    return Answer("In part." if part else "No.", f"To this model, {evidence}", scores)


def answer_from_table(table: pd.DataFrame) -> Answer:
    """Compare the first row of a table with the others, the real music apart."""
    numbers = table.apply(pd.to_numeric, errors="coerce")
    scores = []
    for place, name in enumerate(table.columns):
        column = column_of(name)
        meaning = "" if column is None else _meaning(column)
        title = str(name) if column is None else column.title
        scores.append(score_of(title, meaning, dict(zip(table.index, table.iloc[:, place]))))
    wanted = {column_of(name) for name in _FOLLOWS}
    places = [i for i, name in enumerate(table.columns) if column_of(name) in wanted - {None}]
    real = [
        str(name).startswith(("real", "the real"))
        and name != table.index[0]
        and "other" not in str(name)
        for name in table.index
    ]
    baselines = ~np.array(real)
    baselines[0] = False
    better: list[str] = []
    worse: list[str] = []
    for place in places:
        values = numbers.iloc[:, place].to_numpy(float)
        others = values[baselines]
        if np.isnan(values[0]) or np.isnan(others).all():
            continue
        best = float(np.nanmax(others))
        title = scores[place].title
        text = f"{title} ({_text(values[0])}; best baseline {_text(best)}"
        known = values[np.array(real)]
        if len(known) and np.isfinite(known[0]):
            text += f"; real music {_text(known[0])}"
        (better if values[0] > best else worse).append(f"{text})")
    if not better and not worse:
        return Answer("See the scores.", "None of them compares the model with a baseline.", scores)
    parts = []
    if better:
        parts.append(f"above every baseline in {_list(better)}")
    if worse:
        parts.append(f"not above every baseline in {_list(worse)}")
    verdict = "Yes." if not worse else "In part." if better else "No."
    return Answer(verdict, f"The model's music is {', but '.join(parts)}.", scores)


def _shifted(X: Any, shift: int) -> Any:
    rows = np.roll(np.arange(len(X)), shift)
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _meaning(column: Any) -> str:
    better = {"higher": "; higher is better", "lower": "; lower is better", "1": "", "": ""}
    return column.meaning + better[column.better]


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
            "text": _text(value),
            "share": None if not top or not np.isfinite(number) else round(100 * number / top, 1),
        }
        for (name, value), number in zip(values.items(), numbers)
    ]
    return Score(title, meaning, rows)


def _text(value: Any) -> str:
    if not isinstance(value, (int, float, np.number)):
        return str(value)
    if np.isnan(value):
        return "–"
    return f"{value:.3g}".replace("-", "−")


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
