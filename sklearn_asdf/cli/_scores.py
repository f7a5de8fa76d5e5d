"""Formatting, writing and reading of tables of scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..metrics._columns import COLUMNS

__all__ = ["in_words", "read_scores", "write_scores"]

# The columns that a dancer can read.
_SHOWN = (
    "retrieval_r1", "f70_music", "distance_ratio", "key_clarity", "pulse_clarity", "log_gain",
)  # fmt: skip
_TITLES = {name: COLUMNS[name].title for name in _SHOWN}
_ROWS = {
    "model": "the model's music",
    "shuffled pairs": "real music of other dances",
    "metronome": "clicks at 120 BPM",
    "unconditional": "the model without the dance",
    "real": "the real music: how much can be asked for",
}


def in_words(table: Any) -> list[str]:
    """Return the columns that a dancer can read, with a line on each and on each row."""
    short = table[list(_SHOWN)].rename(columns=_TITLES)
    width = max(map(len, [*_TITLES.values(), *_ROWS]))
    return [
        "",
        short.to_string(float_format=lambda x: f"{x:.2f}", na_rep="-"),
        "",
        *(f"{COLUMNS[name].title:<{width}} {COLUMNS[name].meaning}" for name in _SHOWN),
        "",
        *(f"{name:<{width}} {text}" for name, text in _ROWS.items()),
        "",
    ]


def write_scores(table: Any, out: Path) -> None:
    """Write a table of scores as CSV or Parquet, rows named in the column `method`."""
    from .._files import atomic_path

    named = table.rename_axis("method").reset_index()
    with atomic_path(out) as temporary:
        if out.suffix.lower() == ".csv":
            named.to_csv(temporary, index=False)
        else:
            named.to_parquet(temporary, index=False)


def read_scores(path: str) -> Any:
    """Read what `write_scores` wrote, as rows and columns that a dancer can read."""
    import pandas as pd

    from .._validation import require

    place = Path(path)
    if not place.is_file():
        raise ValueError(f"expected a table of scores, but there is no file {path!r}")
    if place.suffix.lower() == ".parquet":
        require("pyarrow", extra="parquet", purpose="reading Parquet")
    try:
        read = pd.read_parquet if place.suffix.lower() == ".parquet" else pd.read_csv
        table = read(place)
        return (
            table.set_index("method")
            .loc[list(_ROWS), list(_SHOWN)]
            .astype(float)
            .rename(columns=_TITLES, index=_ROWS)
            .rename_axis(None)
        )
    except (ValueError, KeyError, OSError):
        raise ValueError(
            f"expected a table that 'sklearn-asdf evaluate -o' wrote, but {path!r} is none"
        ) from None
