"""Tables of scores: in words, written and read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["in_words", "read_scores", "write_scores"]

# What a dancer can read of the table, and in which words.
_COLUMNS = {
    "retrieval_r1": (
        "retrieval",
        "how often a judge picks a dance's own music among that of other dances",
    ),
    "f70_music": ("beat", "how well the beats agree, within 70 ms, with those of the real music"),
    "distance_ratio": (
        "distance ratio",
        "how different the dances' music is from each other's; 1 is as in real music, 0 is one "
        "music for all",
    ),
    "key_clarity": ("key clarity", "how clearly the notes keep to a key, at most 1"),
    "pulse_clarity": (
        "pulse clarity",
        "how clear the pulse is, at most 1; a metronome has the clearest",
    ),
    "log_gain": (
        "gain",
        "what the dance adds to the likelihood of the real music, in nats for each number of its "
        "code",
    ),
}
_SHORT = {column: name for column, (name, _) in _COLUMNS.items()}
_ROWS = {
    "model": "the model's music",
    "shuffled pairs": "real music of other dances, as chance deals it",
    "metronome": "clicks at 120 BPM",
    "unconditional": "the model without the dance",
    "real": "the real music: the most that can be expected",
}


def in_words(table: Any) -> list[str]:
    """Return the columns that a dancer can read, with a line on each and on each row."""
    short = table[list(_COLUMNS)].rename(columns=_SHORT)
    width = max(map(len, [*_SHORT.values(), *_ROWS]))
    return [
        "",
        short.to_string(float_format=lambda x: f"{x:.2f}", na_rep="-"),
        "",
        *(f"{name:<{width}} {text}" for name, text in _COLUMNS.values()),
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
            .loc[list(_ROWS), list(_COLUMNS)]
            .astype(float)
            .rename(columns=_SHORT, index=_ROWS)
            .rename_axis(None)
        )
    except (ValueError, KeyError, OSError):
        raise ValueError(
            f"expected a table that 'sklearn-asdf evaluate -o' wrote, but {path!r} is none"
        ) from None
