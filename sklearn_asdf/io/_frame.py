"""Tables of pandas in HDF5, read without PyTables and without executing their pickles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ._pickle import read_pickle
from ._take import NotPoses


def read_frame(group: Any) -> pd.DataFrame:
    """Return the table of numbers in an HDF5 group of either of pandas's layouts.

    "fixed" keeps values and names in arrays; "table" keeps rows in one array of records and the
    names of the columns in pickles, of which only text is taken.
    """
    kind = _text(group.attrs["pandas_type"])
    try:
        if kind == "frame":
            return _fixed(group)
        if kind == "frame_table":
            return _appendable(group)
    except NotPoses:
        raise
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise NotPoses(
            f"is an HDF5 of pandas in an unknown form ({type(error).__name__}: {error}): export "
            "it as CSV"
        ) from error
    raise NotPoses(f"is an HDF5 of pandas that holds a {kind!r}, expected a table")


def _fixed(group: Any) -> pd.DataFrame:
    names = _axis(group, "axis0")
    columns = {}
    for block in range(int(group.attrs["nblocks"])):
        values = np.asarray(group[f"block{block}_values"], dtype=float)
        for name, column in zip(_axis(group, f"block{block}_items"), values.T, strict=True):
            columns[name] = column
    return pd.DataFrame({name: columns[name] for name in names}, columns=names)


def _axis(group: Any, axis: str) -> pd.Index:
    if _text(group.attrs[f"{axis}_variety"]) != "multi":
        return pd.Index([_text(value) for value in np.asarray(group[axis])])
    levels, names = [], []
    codes: list[Any] = []
    for i in range(int(group.attrs[f"{axis}_nlevels"])):
        level = group[f"{axis}_level{i}"]
        levels.append([_text(value) for value in np.asarray(level)])
        codes.append(np.asarray(group[f"{axis}_label{i}"]))
        names.append(_text(level.attrs["name"]))
    return pd.MultiIndex(levels=levels, codes=codes, names=names)


def _appendable(group: Any) -> pd.DataFrame:
    table = group["table"]
    rows = np.asarray(table)
    ((_, columns),) = _names(group.attrs["non_index_axes"])
    # Where each column has a name of several parts, `info` has the names of the parts.
    info = _names(group.attrs["info"]).get(1, {})
    frame: dict[Any, np.ndarray] = {}
    for field in rows.dtype.names or ():
        if field == "index":
            continue
        names = _names(table.attrs[f"{field}_kind"])
        values = rows[field].astype(float).reshape(len(rows), -1)
        frame |= dict(zip(names, values.T, strict=True))
    parts = info.get("names")
    index = pd.MultiIndex.from_tuples(columns, names=parts) if parts else pd.Index(columns)
    return pd.DataFrame({name: frame[name] for name in columns}, columns=index)


def _names(pickled: Any) -> Any:
    return read_pickle(pickled.encode("latin1") if isinstance(pickled, str) else bytes(pickled))


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
