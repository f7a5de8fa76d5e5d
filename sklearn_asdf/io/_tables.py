"""Poses in tables: of `write_poses`, DeepLabCut, SLEAP, and captures without column names."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pandas as pd

from ._limits import check_shape, check_unpacked
from ._order import first_number, frame_numbers, place_by_number
from ._take import NotPoses, Take, columns_are_people, numbered

# Columns of the Laban effort recordings published with Mova, in their order.
LABAN24 = (
    "hips",
    "left_hip", "left_knee", "left_ankle", "left_toe",
    "right_hip", "right_knee", "right_ankle", "right_toe",
    "spine", "chest",
    "left_collar", "left_shoulder", "left_elbow", "left_wrist", "left_hand",
    "right_collar", "right_shoulder", "right_elbow", "right_wrist", "right_hand",
    "neck", "head", "head_top",
)  # fmt: skip
_LABAN_PARENTS = (
    -1, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 12, 13, 14, 10, 16, 17, 18, 19, 10, 21, 22,
)  # fmt: skip

_COLUMN = re.compile(
    r"(?P<joint>.+?)[_. :](?P<what>x|y|z|confidence|likelihood|score|visibility)", re.IGNORECASE
)
_DECIMAL_COMMA = re.compile(r"\s*[-+]?\d*,\d+(?:[eE][-+]?\d+)?\s*")
# Ten thousand joints, more than any mesh of a body; a column costs pandas far more than its text.
_MOST_COLUMNS = 40_001
_CONFIDENCE = ("confidence", "likelihood", "score", "visibility")
_FRAME = ("frame", "frame_idx", "frame_index", "frame_number", "frame_id", "fnum")
_TIME = ("time", "time_s", "seconds", "timestamp")
_PERSON = ("person", "track", "track_id", "individual", "individuals", "instance")
_JOINT = ("joint", "bodypart", "keypoint", "node", "landmark")


def parse_csv(text: str, *, n_joints: int | None = None) -> Take:
    """Return the take in a text table; `n_joints` explains columns without names."""
    # Excel's own way to name the separator.
    text = re.sub(r"\A\s*sep=.[ \t]*\r?\n", "", text, flags=re.IGNORECASE)
    lines = [line for line in text.split("\n", 8)[:8] if line.strip()]
    if not lines:
        raise NotPoses("holds nothing but blanks")
    sep = _separator(lines)
    cells = [cell.strip() for cell in lines[0].split(sep)]
    if len(cells) < 2:
        raise NotPoses(
            f"begins with {lines[0][:40]!r}, which is neither a table of poses nor any other "
            "known format"
        )
    _check_width(text, sep, len(cells))
    # As text: pandas' own parsing of decimals is not the same to the last bit in every version.
    _check_rows(text, sep)
    options: dict[str, Any] = {"sep": sep, "dtype": str}
    if _all_numbers(cells if sep == "," else [cell.replace(",", ".") for cell in cells]):
        return _unnamed(_read(text, header=None, **options), n_joints)
    if cells[0].lower() in _DLC_ROWS:
        depth = sum(line.split(sep)[0].strip().lower() in _DLC_ROWS for line in lines[:4])
        # Labelled frames have the parts of a path where analyzed ones have a number.
        n_index = max(1, next((i for i, cell in enumerate(cells[1:], 1) if cell), 1))
        index = list(range(n_index)) if n_index > 1 else 0
        return take_of_deeplabcut(
            _read(text, header=list(range(depth)), index_col=index, **options)
        )
    return take_of_table(_read(text, header=0, **options))


_DLC_ROWS = ("scorer", "individuals", "bodyparts", "coords")


def _separator(lines: list[str]) -> str:
    """Return what parts the cells: commas may be decimal where something else does."""
    for sep in "\t;":
        counts = {line.count(sep) for line in lines[:-1] or lines}
        if len(counts) == 1 and 0 not in counts:
            return sep
    return max(",;\t", key=lines[0].count)


def take_of_table(table: pd.DataFrame, *, fps: float | None = None) -> Take:
    """Return the take of a table with one row a frame, or one row a joint and frame."""
    table = table.rename(columns=lambda name: str(name).strip())
    lower = {name.lower(): name for name in table.columns}
    joint = next((lower[name] for name in _JOINT if name in lower), None)
    if joint is not None and {"x", "y"} <= set(lower):
        return _long(table, lower, joint, fps)
    return _wide(table, lower, fps)


def _wide(table: pd.DataFrame, lower: dict[str, str], fps: float | None) -> Take:
    found: dict[str, dict[str, str]] = {}
    for name in table.columns:
        match = _COLUMN.fullmatch(name)
        if match and match["joint"].lower() not in _PERSON:
            what = match["what"].lower()
            found.setdefault(match["joint"], {})["confidence" if what in _CONFIDENCE else what] = (
                name
            )
    joints = [joint for joint, columns in found.items() if {"x", "y"} <= set(columns)]
    if not joints:
        shown = ", ".join(map(repr, list(table.columns)[:6]))
        raise NotPoses(
            f"is a table with the columns {shown}{', ...' if table.shape[1] > 6 else ''}: "
            "expected JOINT_x, JOINT_y (and JOINT_z, JOINT_confidence) for every joint, or the "
            "columns frame, joint, x, y"
        )
    axes = "xyz" if all("z" in found[joint] for joint in joints) else "xy"
    columns = [found[joint][axis] for joint in joints for axis in axes]
    position = _floats(table[columns]).reshape(len(table), len(joints), len(axes))
    confidence = None
    if all("confidence" in found[joint] for joint in joints):
        confidence = _floats(table[[found[joint]["confidence"] for joint in joints]])
    return _arrange(table, lower, position, confidence, tuple(joints), fps)


def _long(table: pd.DataFrame, lower: dict[str, str], joint: str, fps: float | None) -> Take:
    keys = [lower[name] for name in ("clip", *_FRAME, *_TIME, *_PERSON) if name in lower]
    if not any(name in lower for name in _FRAME + _TIME):
        raise NotPoses("is a table of joints without a column 'frame' or 'time'")
    joints = tuple(str(name) for name in pd.unique(table[joint].dropna()))
    # A pivot would drop the rows of people without a name.
    table = table.assign(**{lower[n]: table[lower[n]].fillna("") for n in _PERSON if n in lower})
    if table.duplicated([*keys, joint]).any():
        if not any(name in lower for name in _PERSON):
            raise NotPoses("is a table that gives a joint twice in one frame")
        # People whom the tracker does not follow: the first of each joint is of the first person.
        table = table.assign(place=table.groupby([*keys, joint], dropna=False).cumcount())
        keys.append("place")
    axes = "xyz" if "z" in lower else "xy"
    values = [lower[axis] for axis in axes]
    confident = next((lower[name] for name in _CONFIDENCE if name in lower), None)
    n_rows = len(table[keys].drop_duplicates())
    check_shape((n_rows, len(joints), len(values)), len(table), "an array of poses")
    wide = table.pivot(
        index=keys, columns=joint, values=[*values, *([confident] * bool(confident))]
    )
    shape = (len(wide), len(axes), len(joints))
    position = _floats(wide[values].reindex(columns=joints, level=1)[values]).reshape(shape)
    confidence = None
    if confident:
        confidence = _floats(wide[[confident]].reindex(columns=joints, level=1))
    rows = wide.index.to_frame(index=False)
    return _arrange(
        rows,
        {str(n).lower(): n for n in rows.columns},
        position.transpose(0, 2, 1),
        confidence,
        joints,
        fps,
    )


def _arrange(
    rows: pd.DataFrame,
    lower: dict[str, str],
    position: np.ndarray,
    confidence: np.ndarray | None,
    joints: tuple[str, ...],
    fps: float | None,
) -> Take:
    """Put rows where their clip, frame and person say; a frame without a row is not seen."""
    name = {
        key: next((lower[n] for n in names if n in lower), None)
        for key, names in (("frame", _FRAME), ("time", _TIME), ("person", _PERSON))
    }
    clip = _places(rows, lower.get("clip"))
    who = numbered(rows[name["person"]]) if name["person"] else None
    times = _floats(rows[[name["time"]]])[:, 0] if name["time"] else None
    if name["frame"]:
        frame = _floats(rows[[name["frame"]]])[:, 0]
    elif times is not None:
        frame = np.unique(times, return_inverse=True)[1].astype(float)
    else:
        frame = np.arange(len(rows), dtype=float)
        frame -= np.array([np.flatnonzero(clip == c)[0] for c in range(clip.max() + 1)])[clip]
    if not np.isfinite(frame).all() or (frame != np.round(frame)).any():
        raise NotPoses("is a table whose column 'frame' holds something that is no whole number")
    frame = frame.astype(np.int64)
    lowest = int(frame.min())
    frame -= lowest
    if frame.max() >= 10 * len(rows) + 1000:
        raise NotPoses(
            f"is a table of {len(rows)} rows whose frame numbers spread over {frame.max() + 1}"
        )
    if fps is None and times is not None:
        fps = fps_of_times(frame[clip == 0], times[clip == 0])
    n_frames = int(frame.max()) + 1
    n_clips = int(clip.max()) + 1
    start = float(np.nanmin(times)) if times is not None and np.isfinite(times).any() else None
    # People of one frame stand side by side, and their identities beside them.
    row = clip * n_frames + frame
    place = _place_in_frame(row)
    shape = (n_clips * n_frames, int(place.max()) + 1)
    check_shape((*shape, *position.shape[1:]), position.size, "an array of poses")
    placed = np.full((*shape, *position.shape[1:]), np.nan)
    placed[row, place] = position
    scores = identity = None
    if confidence is not None:
        scores = np.full((*shape, len(joints)), np.nan)
        scores[row, place] = confidence
    if who is not None and who.max() >= 0:
        identity = np.full(shape, -1)
        identity[row, place] = who
    return Take(
        placed,
        confidence=scores,
        fps=fps,
        joints=joints,
        identity=identity,
        format="table",
        n_clips=n_clips,
        start=start or 0.0,
        first=first_number(lowest, n_frames) if start is None and name["frame"] else 0,
    )


def _place_in_frame(frame: np.ndarray) -> np.ndarray:
    """Number the rows of each frame from 0, in their order."""
    order = np.argsort(frame, kind="stable")
    first = np.flatnonzero(np.diff(frame[order], prepend=-1))
    place = np.empty(len(frame), dtype=int)
    place[order] = np.arange(len(frame)) - np.repeat(first, np.diff(first, append=len(frame)))
    return place


def fps_of_times(frame: np.ndarray, times: np.ndarray) -> float | None:
    """Return the frame rate of numbered frames and their times in s."""
    ok = np.isfinite(times)
    if np.ptp(frame[ok]) == 0 or np.ptp(times[ok]) == 0:
        return None
    first, last = np.argmin(frame[ok]), np.argmax(frame[ok])
    fps = (frame[ok][last] - frame[ok][first]) / (times[ok][last] - times[ok][first])
    return float(f"{fps:.9g}") if fps > 0 else None


def _unnamed(table: pd.DataFrame, n_joints: int | None) -> Take:
    values = _floats(table)
    n_columns = values.shape[1]
    if n_joints is None and n_columns == 72:
        bones = tuple((parent, i) for i, parent in enumerate(_LABAN_PARENTS) if parent >= 0)
        return Take(
            values.reshape(len(values), 1, 24, 3),
            fps=120.0,
            joints=LABAN24,
            bones=bones,
            format="unnamed 72-column capture",
        )
    if n_joints is not None and n_columns in (2 * n_joints, 3 * n_joints):
        position = values.reshape(len(values), 1, n_joints, n_columns // n_joints)
        return Take(position, format="unnamed columns")
    wanted = "" if n_joints is None else f", expected {2 * n_joints} or {3 * n_joints}"
    raise NotPoses(
        f"is a table of {n_columns} columns without names{wanted}: name them JOINT_x, JOINT_y, "
        "or pass the skeleton whose joints they are"
    )


def take_of_deeplabcut(table: pd.DataFrame) -> Take:
    """Return the take of a table whose columns are named by scorer, bodyparts and coords."""
    levels = [str(level).lower() for level in table.columns.names]
    columns = table.columns.to_frame(index=False)
    columns.columns = levels if "coords" in levels else [*levels[:-1], "coords"]
    if "bodyparts" not in levels:
        raise NotPoses("is a DeepLabCut table without its row 'bodyparts': export it again")
    joints = tuple(map(str, pd.unique(columns["bodyparts"])))
    people = list(pd.unique(columns["individuals"])) if "individuals" in levels else [None]
    # Triangulated poses have a z and no likelihood; what people labelled has no likelihood.
    axes = "xyz" if (columns["coords"] == "z").any() else "xy"
    shape = (len(table), len(people), len(joints), len(axes))
    check_shape(shape, table.size, "an array of poses")
    position = np.full(shape, np.nan)
    confidence = np.full(position.shape[:-1], np.nan)
    values = _floats(table)
    place_of_person = {name: i for i, name in enumerate(people)}
    place_of_joint = {name: i for i, name in enumerate(joints)}
    for i, column in enumerate(columns.to_dict("records")):
        who = place_of_person[column.get("individuals")]
        where = place_of_joint[str(column["bodyparts"])]
        if column["coords"] == "likelihood":
            confidence[:, who, where] = values[:, i]
        elif column["coords"] in tuple(axes):
            position[:, who, where, axes.index(column["coords"])] = values[:, i]
    return _in_frames(
        table.index,
        Take(
            position,
            confidence=confidence,
            joints=joints,
            identity=columns_are_people(*position.shape[:2]),
            format="DeepLabCut table",
        ),
    )


def _in_frames(index: pd.Index, take: Take) -> Take:
    """Put the rows of a DeepLabCut table where its index says: a frame's number, or an image."""
    names = [name[-1] if isinstance(name, tuple) else name for name in index]
    rows: list[Any] = [[i] for i in range(len(names))]
    placed, _ = place_by_number(rows, frame_numbers(map(str, names)))
    at = np.array([row[0] if len(row) else -1 for row in placed])
    missing = at < 0
    check_shape((len(at), *take.position.shape[1:]), take.position.size, "an array of poses")
    take.position = take.position[at]
    take.position[missing] = np.nan
    take.confidence = None if take.confidence is None else take.confidence[at]
    take.identity = columns_are_people(*take.position.shape[:2])
    return take


def _read(text: str, **options: Any) -> pd.DataFrame:
    try:
        table = pd.read_csv(io.StringIO(text), **options)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise NotPoses(f"is a damaged table ({str(error).strip()})") from error
    if table.empty:
        raise NotPoses("is a table without rows")
    # Within a cell there are commas only if they do not part the cells, or in quotes.
    if '"' not in text and (options["sep"] == "," or "," not in text):
        return table
    # By cell, since pandas takes far longer by column where there are many.
    cells = np.frompyfunc(_with_point, 1, 1)(table.to_numpy(dtype=object))
    return pd.DataFrame(cells, index=table.index, columns=table.columns)


def _with_point(cell: Any) -> Any:
    """Return a number with a decimal point where it has a decimal comma."""
    if isinstance(cell, str) and "," in cell and _DECIMAL_COMMA.fullmatch(cell):
        return cell.replace(",", ".")
    return cell


def _check_width(text: str, sep: str, n_columns: int) -> None:
    """Refuse a table whose rows are far shorter than its head, since each row is made as long."""
    if n_columns > _MOST_COLUMNS:
        raise NotPoses(f"is a table of {n_columns:,} columns, more than {_MOST_COLUMNS:,}")
    n_rows = text.count("\n") + 1
    n_cells = text.count(sep) + n_rows
    check_unpacked(64 * n_columns * n_rows, 64 * n_cells, "a table")


def _check_rows(text: str, sep: str) -> None:
    """Refuse rows that are cut off, which would otherwise read as joints not seen."""
    if '"' in text:
        return
    counts = np.array([line.count(sep) for line in text.splitlines() if line.strip()])
    short = np.flatnonzero(counts < counts[0])
    if len(short):
        raise NotPoses(
            f"is a table of {counts[0] + 1} columns whose row {short[0] + 1} has "
            f"{counts[short[0]] + 1}: it is cut off or damaged, export it again"
        )


def _places(rows: pd.DataFrame, column: str | None) -> np.ndarray:
    """Number the values of a column from 0 in their order, as numbers if they are numbers."""
    if column is None:
        return np.zeros(len(rows), dtype=int)
    values = pd.to_numeric(rows[column], errors="coerce")
    if values.isna().any():
        values = rows[column].astype(str)
    return np.unique(values.to_numpy(), return_inverse=True)[1]


def _floats(table: pd.DataFrame) -> np.ndarray:
    try:
        if all(pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes):
            return table.to_numpy(dtype=float)
        return table.to_numpy(dtype=object, na_value=np.nan).astype(float)
    except (TypeError, ValueError) as error:
        raise NotPoses(f"is a table with coordinates that are no numbers ({error})") from error


def _all_numbers(cells: list[str]) -> bool:
    try:
        [float(cell) for cell in cells if cell]
    except ValueError:
        return False
    return any(cells)
