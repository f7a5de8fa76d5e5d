"""Statistics of the windows of takes: one row per take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["aggregate_windows"]

# Columns of a table of windows that are no features.
_KEYS = ("take", "start", "stop", "clip", "window", "seen")


def aggregate_windows(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row with statistics of the windows of one take.

    Parameters
    ----------
    table : DataFrame
        Windows of one take, as :func:`sklearn_asdf.features_table` returns them.

    Returns
    -------
    DataFrame
        With ``windows``, their number, and mean, std, median and max of each feature. Mean and std
        weight windows by their duration. Windows in which a feature is NaN do not count, and
        without any other it is NaN.
    """
    import pandas as pd

    duration = (table["stop"] - table["start"]).to_numpy()
    row: dict[str, object] = {
        "take": table["take"].iloc[0],
        "start": table["start"].min(),
        "stop": table["stop"].max(),
        "windows": len(table),
        "seen": _mean(table["seen"].to_numpy(float), duration),
    }
    units = {"start": "s", "stop": "s"}
    for name in (column for column in table.columns if column not in _KEYS):
        values = table[name].to_numpy(float)
        mean = _mean(values, duration)
        known = values[np.isfinite(values)]
        statistics = {
            "mean": mean,
            "std": float(np.sqrt(_mean((values - mean) ** 2, duration))),
            "median": float(np.median(known)) if len(known) else np.nan,
            "max": float(known.max()) if len(known) else np.nan,
        }
        row |= {f"{name}_{kind}": value for kind, value in statistics.items()}
        units |= {f"{name}_{kind}": table.attrs["units"].get(name, "") for kind in statistics}
    result = pd.DataFrame([row])
    result.attrs["units"] = units
    return result


def _mean(values: np.ndarray, weights: np.ndarray) -> float:
    known = np.isfinite(values)
    if not known.any():
        return float("nan")
    return float(np.average(values[known], weights=weights[known]))
