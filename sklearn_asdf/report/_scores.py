"""The model's own expectation as evidence, and the answer of a table of scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ..metrics._columns import column_of
from ._evidence import MIN_COMPARISONS, Answer, Evidence, graded_rank, score_of, written

__all__ = ["answer_from_table", "evidence_of_likelihood"]

# Scores that tell whether music follows a dance; higher is better in each of them.
_FOLLOWS = ("retrieval_r1", "f70_music", "log_gain")


def evidence_of_likelihood(density: Any, X: Any, codes: np.ndarray) -> Evidence:
    """Compare the likelihood of the music given its dance, other moments of it, and none."""
    own = float(density.log_likelihood(X, codes))
    gain = float(density.information_gain(X, codes))
    # Neighboring clips overlap by half: a shift by one leaves half of the music.
    shifts = np.arange(2, len(X) - 1)
    if len(shifts) > MIN_COMPARISONS:
        shifts = np.unique(np.linspace(2, len(X) - 2, MIN_COMPARISONS).round().astype(int))
    others = np.array([density.log_likelihood(_shifted(X, int(shift)), codes) for shift in shifts])
    values = {"given this dance": own}
    if len(others):
        values["given other moments of the dance"] = float(others.mean())
    values["given no dance (baseline)"] = own - gain
    scores = [
        score_of(
            "log-likelihood of the original music",
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
    than_none = (
        f"{written(abs(gain))} nats per number of its code {'higher' if gain > 0 else 'lower'} "
        "given this dance than given no dance"
    )
    learned = " If the model has learned from this dance, this is memory." if gain > 0 else ""
    sentence = f"The log-likelihood of the music that was really danced to is {than_none}."
    beaten = int((others < own).sum())
    if len(others):
        sentence += (
            " Beside other moments of the dance, it prefers the right one in "
            f"{beaten} of {len(others)} comparisons."
        )
    sentence += learned
    if gain <= 0:
        sentence += (
            " So the model does not use this dance well: one that has learned from few or short "
            "dances is often too certain of something else."
        )
    if len(others) < MIN_COMPARISONS:
        sentence += (
            f" Fewer than {MIN_COMPARISONS} comparisons cannot be told from chance: the dance is "
            "too short."
        )
        plain = "The dance is too short to ask what the model expects."
        return Evidence("The model", None, plain, sentence, scores)
    # A model to which the dance says nothing has no preference to count.
    strength = graded_rank(own, others) if gain > 0 else 0.0
    found = Evidence("The model", strength, "", sentence, scores)
    plain = {
        "clear": "The model expects the music that was really danced to.",
        "some": "The model expects the music that was really danced to only in part.",
        "none": "The model does not expect the music that was really danced to.",
    }[found.word]
    return replace(found, plain=plain)


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
