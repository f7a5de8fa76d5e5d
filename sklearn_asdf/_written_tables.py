"""Recognition of the tables that the commands write, which are no pose files."""

from __future__ import annotations

import csv
from pathlib import Path

__all__ = ["kind_of_columns", "kind_of_table"]


def kind_of_columns(names: list[str]) -> str | None:
    """Tell by its columns what a table holds.

    Parameters
    ----------
    names : list of str
        Names of the columns.

    Returns
    -------
    {"scores", "held-out scores", "features"} or None
        What `evaluate`, `demo` or `features` wrote; None for any other table, perhaps of poses.
    """
    if names[:1] == ["method"] and "retrieval_r1" in names:
        return "scores"
    if names[:1] == ["performance"] and "gain" in names:
        return "held-out scores"
    if names[:2] == ["take", "start"]:
        return "features"
    return None


def kind_of_table(path: Path) -> str | None:
    """Tell what a file holds, as `kind_of_columns`, from its first line; None if it is no table."""
    suffix = path.suffix.lower()
    try:
        if suffix == ".csv":
            with open(path, encoding="utf-8", newline="") as file:
                return kind_of_columns(next(csv.reader(file), []))
        if suffix == ".parquet":
            import pyarrow.parquet

            return kind_of_columns(pyarrow.parquet.read_schema(path).names)
    # The error is raised where it is read as poses.
    except (OSError, ValueError, csv.Error, ImportError):
        return None
    return None
