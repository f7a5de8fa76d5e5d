"""Text that motion capture systems export: TRC, Qualisys TSV, Motive, Nexus and Xsens MVNX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

import numpy as np

from ._limits import check_shape
from ._take import NotPoses, Take, columns_are_people, single, unique_names

__all__ = ["parse_capture"]

_AXES = ("X", "Y", "Z")
# Motive's kinds of columns, best first: a solved skeleton before the markers it was solved from.
_MOTIVE_KINDS = ("Bone", "Marker", "Rigid Body")
_UNLABELED = re.compile(r"\A\*\d+\Z|unlabell?ed", re.IGNORECASE)


def parse_capture(text: str) -> Take | None:
    """Return the take of an export of a motion capture system, None for any other text."""
    head = text[:200].lstrip()
    first = head.split("\n", 1)[0].strip().strip('"')
    if first.startswith("PathFileType"):
        return _trc(text)
    if first.startswith("NO_OF_FRAMES"):
        return _qualisys(text)
    if first.startswith("Format Version") and "," in first:
        return _motive(text)
    if first.rstrip(",;\t") == "Trajectories":
        return _nexus(text)
    if head.startswith("<") and "<mvnx" in text[:2000]:
        return _mvnx(text)
    return None


def _trc(text: str) -> Take:
    """Return the take of a TRC file (Motion Analysis, OpenSim, OpenCap, Pose2Sim)."""
    rows = _rows(text, "\t")
    if len(rows) < 6:
        raise NotPoses("is a TRC file without frames")
    about = dict(zip(map(str.strip, rows[1]), map(str.strip, rows[2])))
    # Each name stands above the first of its three columns.
    names = [name.strip() for name in rows[3][2:] if name.strip()]
    frames = [row for row in rows[5:] if _is_number(row[0])]
    position = _positions(frames, [2 + 3 * i for i in range(len(names))], "a TRC file")
    _check_number(about.get("NumFrames"), len(position))
    return _of_labels(position, names, fps=_rate(about.get("DataRate")), format="TRC")


def _qualisys(text: str) -> Take:
    """Return the take of a table of markers that Qualisys Track Manager exports."""
    rows = _rows(text, "\t")
    # A frame may begin with an empty cell, of a marker that was not seen.
    n_head = next((i for i, row in enumerate(rows) if _is_value(row[0])), len(rows))
    about = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows[:n_head]}
    if "MARKER_NAMES" not in about:
        raise NotPoses(
            "is an export of Qualisys Track Manager without MARKER_NAMES: export 3D data"
        )
    names = [name for name in about["MARKER_NAMES"] if name]
    # With the option, the columns of frame and time come first, and a row that names them all.
    skip = 2 if "Frame" in about else 0
    kind = "an export of Qualisys Track Manager"
    position = _positions(rows[n_head:], [skip + 3 * i for i in range(len(names))], kind)
    number = about.get("NO_OF_FRAMES", [""])[0]
    _check_number(number, len(position))
    fps = _rate(about.get("FREQUENCY", [""])[0])
    return _of_labels(position, names, fps=fps, format="Qualisys")


def _motive(text: str) -> Take:
    """Return the take of a CSV file that OptiTrack Motive exports."""
    rows = _rows(text, ",")
    about = dict(zip(rows[0][::2], rows[0][1::2]))
    n_head = next((i for i, row in enumerate(rows) if _is_number(row[0])), len(rows))
    # The second column says what a row of the head holds; the last one names the axes.
    head = {row[1].strip(): row for row in rows[1:n_head] if len(row) > 2}
    axes = rows[n_head - 1]
    what = next((r for r in rows[1:n_head] if "Position" in [cell.strip() for cell in r]), None)
    if "Type" not in head or "Name" not in head or what is None:
        raise NotPoses("is an export of Motive without positions: export with header information")
    kinds, labels = head["Type"], head["Name"]
    found: dict[str, list[int]] = {}
    for i in range(2, len(axes) - 2):
        name = labels[i].strip()
        if what[i].strip() == "Position" and axes[i].strip() == "X" and not _UNLABELED.search(name):
            # "Bone Marker" and the like are the markers of a solved skeleton.
            found.setdefault(kinds[i].strip(), []).append(i)
    kind = next((kind for kind in (*_MOTIVE_KINDS, *found) if kind in found), None)
    if kind is None:
        raise NotPoses("is an export of Motive with neither bones nor named markers")
    columns = found[kind]
    position = _positions(rows[n_head:], columns, "an export of Motive")
    fps = _rate(about.get("Export Frame Rate") or about.get("Capture Frame Rate"))
    return _of_labels(position, [labels[i].strip() for i in columns], fps=fps, format="Motive")


def _nexus(text: str) -> Take:
    """Return the take of the trajectories in a CSV file that Vicon Nexus exports."""
    first = text.lstrip().split("\n", 3)
    rows = _rows(text, max(",;\t", key=first[2].count))
    if len(rows) < 6:
        raise NotPoses("is an export of Vicon Nexus without frames")
    axes = [cell.strip() for cell in rows[3]]
    columns = [i for i in range(2, len(axes) - 2) if tuple(axes[i : i + 3]) == _AXES]
    # Angles and the like have names too, and three axes, but no unit of length.
    columns = [i for i in columns if rows[4][i].strip() in ("mm", "cm", "m", "")]
    names = [rows[2][i].strip() if i < len(rows[2]) else "" for i in columns]
    kept = [i for i, name in enumerate(names) if name and not _UNLABELED.search(name)]
    frames = [row for row in rows[5:] if _is_number(row[0])]
    position = _positions(frames, [columns[i] for i in kept], "an export of Vicon Nexus")
    fps = _rate(rows[1][0])
    return _of_labels(position, [names[i] for i in kept], fps=fps, format="Vicon Nexus")


def _mvnx(text: str) -> Take:
    """Return the take of the origins of the segments in an Xsens MVNX file.

    Its elements are found as text: an XML parser would expand the entities that a hostile file
    declares.
    """
    rate = re.search(r'<subject\b[^>]*\bframeRate="([^"]+)"', text)
    names = re.findall(r'<segment\b[^>]*\blabel="([^"]+)"', text)
    if len(re.findall(r"<subject\b", text)) > 1:
        raise NotPoses("is an MVNX file of several people: export one file for each")
    frames = []
    for part in re.split(r"<frame\b", text)[1:]:
        # Other frames are poses before the take, in which the wearer stood for the calibration.
        if re.match(r'[^>]*\btype="normal"', part):
            cells = re.search(r"<position>([^<]*)</position>", part)
            frames.append(cells[1].split() if cells else [])
    position = _positions(frames, [3 * i for i in range(len(names))], "an MVNX file")
    return _of_labels(position, names, fps=_rate(rate[1] if rate else None), format="MVNX")


def _rows(text: str, sep: str) -> list[list[str]]:
    """Return the cells of the rows that are not empty."""
    text = text.strip("\r\n")
    if sep == "\t":
        rows = [line.rstrip("\r").split(sep) for line in text.split("\n")]
    else:
        rows = list(csv.reader(io.StringIO(text), delimiter=sep))
    return [row for row in rows if any(cell.strip() for cell in row)]


def _positions(rows: Sequence[Sequence[str]], columns: Sequence[int], kind: str) -> np.ndarray:
    """Return (n_frames, n_markers, 3) from the columns of each marker's x; y and z follow it.

    A cell without a number and a marker at the origin were not seen.
    """
    if not rows:
        raise NotPoses(f"is {kind} without frames")
    if not columns:
        raise NotPoses(f"is {kind} without named markers")
    width = max(columns) + 3
    check_shape((len(rows), len(columns), 3), sum(map(len, rows)), "an array of poses")
    values = np.full((len(rows), width), np.nan)
    for t, row in enumerate(rows):
        try:
            cells = [float(cell) if cell.strip() else np.nan for cell in row[:width]]
        except ValueError:
            cells = [_number(cell) for cell in row[:width]]
        values[t, : len(cells)] = cells
    position = values[:, np.add.outer(columns, range(3))]
    position[(position == 0).all(axis=-1)] = np.nan
    return position


def _of_labels(
    position: np.ndarray, labels: Sequence[str], *, fps: float | None, format: str
) -> Take:
    """Return the take of labelled markers, those of each ``subject:`` as a person."""
    subjects, _, names = zip(*(label.rpartition(":") for label in labels))
    people = list(dict.fromkeys(subjects))
    if len(people) == 1:
        return single(position, joints=unique_names(names), fps=fps, format=format)
    joints = list(dict.fromkeys(names))
    shape = (len(position), len(people), len(joints), 3)
    check_shape(shape, position.size, "an array of poses")
    placed = np.full(shape, np.nan)
    for i, (subject, name) in enumerate(zip(subjects, names)):
        placed[:, people.index(subject), joints.index(name)] = position[:, i]
    identity = columns_are_people(len(position), len(people))
    return Take(placed, joints=tuple(joints), fps=fps, identity=identity, format=format)


def _check_number(stated: str | None, found: int) -> None:
    """Refuse a file with fewer frames than its head states."""
    if stated and _is_number(stated) and found < float(stated):
        raise NotPoses(
            f"states {float(stated):g} frames but holds {found}: it is cut off, export it again"
        )


def _rate(cell: str | None) -> float | None:
    rate = _number(cell or "")
    return rate if 0 < rate < np.inf else None


def _number(cell: str) -> float:
    """Return the number in a cell, with a decimal point or comma, or NaN."""
    try:
        return float(cell.strip().replace(",", "."))
    except ValueError:
        return np.nan


def _is_number(cell: str) -> bool:
    return np.isfinite(_number(cell)).item() if cell.strip() else False


def _is_value(cell: str) -> bool:
    return cell.strip().lower() in ("", "nan") or _is_number(cell)
