"""The model's own expectation as evidence, and the answer of a table of scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..metrics._columns import column_of
from ._evidence import Answer, Evidence, score_of, written

__all__ = ["answer_from_table", "evidence_of_likelihood"]

# Scores that tell whether music follows a dance; higher is better in each of them.
_FOLLOWS = ("retrieval_r1", "f70_music", "log_gain")
# Other moments of the dance to compare with: enough for a p-value of 0.05.
_MAX_SHIFTS = 19


def evidence_of_likelihood(density: Any, X: Any, codes: np.ndarray) -> Evidence:
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
            "the differences, in nats for each number of the code; above 0, the model uses the "
            "dance",
            {name.replace("given", "over"): own - v for name, v in values.items() if v != own},
        ),
    ]
    without = (
        f"{written(abs(gain))} nats per number of its code {'more' if gain > 0 else 'less'} "
        "probable than given no dance"
    )
    learned = " If the model has learned from this dance, this is memory." if gain > 0 else ""
    if not len(others):
        sentence = (
            "The dance is too short to compare its moments. Given it, the model holds the true "
            f"music {without}.{learned}"
        )
        clause = "the model, since the dance is too short"
        return Evidence("The model", None, clause, sentence, scores)
    beaten = int((others < own).sum())
    sentence = (
        f"Given this dance, the model holds the music that was really danced to {without}. Beside "
        f"other moments of the dance, it prefers the right one in {beaten} of {len(others)} "
        f"comparisons.{learned}"
    )
    strength = beaten / len(others) if gain > 0 else 0.0
    clause = "the model would have chosen the true music of this dance"
    if strength < 1:
        clause = "the model would have chosen the true music of this dance only in part"
    if gain <= 0:
        clause = "the model would not have chosen the true music of this dance"
        sentence += (
            " So it does not use the dance well: models of few or short dances often predict "
            "something else with too much certainty."
        )
    return Evidence("The model", float(strength), clause, sentence, scores)


def answer_from_table(table: pd.DataFrame) -> Answer:
    """Compare the first row of a table with the others, the real music apart."""
    numbers = table.apply(pd.to_numeric, errors="coerce")
    scores = []
    for place, name in enumerate(table.columns):
        column = column_of(name)
        meaning = "" if column is None else _meaning(column)
        title = str(name) if column is None else column.title
        scores.append(score_of(title, meaning, dict(zip(table.index, table.iloc[:, place]))))
    shown = [Evidence("Scores", None, "", "", scores)]
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
        text = f"{title} ({written(values[0])}; best baseline {written(best)}"
        known = values[np.array(real)]
        if len(known) and np.isfinite(known[0]):
            text += f"; real music {written(known[0])}"
        (better if values[0] > best else worse).append(f"{text})")
    if not better and not worse:
        return Answer("See the scores.", "None of them compares the model with a baseline.", shown)
    parts = []
    if better:
        parts.append(f"above every baseline in {_list(better)}")
    if worse:
        parts.append(f"not above every baseline in {_list(worse)}")
    verdict = "Yes." if not worse else "In part." if better else "No."
    return Answer(verdict, f"The model's music is {', but '.join(parts)}.", shown)


def _shifted(X: Any, shift: int) -> Any:
    rows = np.roll(np.arange(len(X)), shift)
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _meaning(column: Any) -> str:
    better = {"higher": "; higher is better", "lower": "; lower is better", "1": "", "": ""}
    return column.meaning + better[column.better]


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
