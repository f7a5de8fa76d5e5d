"""Differences of scores between rows of a table, with intervals over performances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import bootstrap, permutation_test
from sklearn.utils import check_random_state

__all__ = ["paired_differences"]


def paired_differences(
    performances: pd.DataFrame,
    *,
    row: str = "model",
    confidence: float = 0.95,
    n_resamples: int = 9999,
    random_state: Any = None,
) -> pd.DataFrame:
    """Return how much a row differs from each other row, with intervals and p-values.

    Parameters
    ----------
    performances : DataFrame
        Scores of performances, as `evaluate` returns them with ``return_performances``: rows and
        their performances in the index, scores in the columns. To compare models, or to join
        the folds of a cross-validation, concatenate such tables.
    row : str, default="model"
        The row that is compared with all others.
    confidence : float, default=0.95
        Coverage of the intervals.
    n_resamples : int, default=9999
        Number of samples of the bootstrap, and of changes of sign. All changes are made if there
        are no more than that.
    random_state : int, RandomState instance or None, default=None
        Seed. Pass an int for reproducible output across calls.

    Returns
    -------
    differences : DataFrame
        Index: the other row, and the score. Columns: `difference` (the mean over performances of
        `row` minus the other row), the ends of its interval `low` and `high`, and `p`.

    Notes
    -----
    The performances are the unit, since clips of one performance are not independent. The interval
    is the percentile bootstrap of the mean over performances. The p-value is that of a two-sided
    permutation test, in which the two rows of a performance are exchanged. Both keep the model and
    the judge as they are: they do not tell how scores vary with the training set.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_asdf.metrics import paired_differences
    >>> rows = pd.MultiIndex.from_product([["model", "metronome"], range(4)])
    >>> scores = pd.DataFrame({"f70_music": [0.5, 0.7, 0.6, 0.8, 0.3, 0.4, 0.4, 0.3]}, index=rows)
    >>> paired_differences(scores, random_state=0).round(3)["difference"].tolist()
    [0.3]
    """
    names = list(dict.fromkeys(performances.index.get_level_values(0)))
    if performances.index.nlevels != 2 or row not in names or len(names) < 2:
        raise ValueError(
            f"expected scores of {row!r} and of other rows, got rows {names}: pass the second "
            "table of evaluate(..., return_performances=True)"
        )
    own = pd.DataFrame(performances.xs(row))
    if len(own) < 2:
        raise ValueError(f"expected at least two performances, got {len(own)}: hold out more")
    rng = check_random_state(random_state)
    tables = {}
    for name in names:
        if name == row:
            continue
        other = pd.DataFrame(performances.xs(name)).reindex(own.index)
        if other.isna().to_numpy().any():
            raise ValueError(
                f"expected scores of the same performances in both rows, got others in {name!r} "
                f"than in {row!r}"
            )
        tables[name] = _differences(own, other, confidence, n_resamples, rng)
    return pd.concat(tables, names=["row", "score"])


def _differences(
    own: pd.DataFrame, other: pd.DataFrame, confidence: float, n_resamples: int, rng: Any
) -> pd.DataFrame:
    apart = (own - other).to_numpy()
    interval = bootstrap(
        (apart,),
        np.mean,
        confidence_level=confidence,
        n_resamples=n_resamples,
        method="percentile",
        random_state=rng,
    ).confidence_interval
    test = permutation_test(
        (apart, -apart),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=n_resamples,
        random_state=rng,
    )
    columns = {
        "difference": apart.mean(axis=0),
        "low": interval.low,
        "high": interval.high,
        "p": test.pvalue,
    }
    return pd.DataFrame(columns, index=own.columns)
