"""The tables of the page on speed: groups of the rows that the benchmarks wrote.

``.. speed-table:: GROUP`` shows the rows of `docs/results/speed.csv` that belong to a group.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive

TABLE = Path(__file__).parents[1] / "results" / "speed.csv"
# Beginnings of the rows of each group, in order.
GROUPS = {
    "features": ("One clip from poses", "Smoothing, derivatives", "Laban table"),
    "keyframes": ("Keyframes",),
    "models": ("Fit of the default", "a saved default model", "Prediction", "metrics.evaluate"),
    "commands": ("sklearn-asdf",),
    "music": ("Choice of units", "Time warping", "New sound", "A minute of"),
    "live": ("Live,", "Smoothing of one live frame"),
    "growth": ("Growth",),
}


def read() -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows."""
    with TABLE.open(encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return header, rows


def rows_of(group: str, rows: list[list[str]]) -> list[list[str]]:
    """Return the rows of a group, by their beginnings and then by name."""
    found = []
    for beginning in GROUPS[group]:
        found += sorted((row for row in rows if row[0].startswith(beginning)), key=_natural)
    return found


def _natural(row: list[str]) -> list[Any]:
    """Sort numbers within names by their values."""
    words = row[0].replace(",", " ,").split()
    return [(0, float(word), "") if _is_number(word) else (1, 0.0, word) for word in words]


def _is_number(word: str) -> bool:
    return word.replace(".", "", 1).isdigit()


class SpeedTable(Directive):
    """A table of one group."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Return the table; columns in which no row has anything are left out."""
        header, rows = read()
        rows = [_without_shares(row) for row in rows_of(self.arguments[0], rows)]
        self.state.document.settings.env.note_dependency(str(TABLE))
        used = [i for i in range(len(header)) if i == 0 or any(row[i] for row in rows)]
        table = nodes.table(classes=["speed"])
        group = nodes.tgroup(cols=len(used))
        table += group
        for i in used:
            group += nodes.colspec(colwidth=40 if i == 0 else 16)
        head = nodes.thead()
        head += _row([header[i] for i in used])
        group += head
        body = nodes.tbody()
        for row in rows:
            body += _row([row[i] for i in used])
        group += body
        return [table]


def _without_shares(row: list[str]) -> list[str]:
    """A share of a work, or the time of an import, is beside it, but is no speed-up."""
    share = row[2].startswith(("of it", "import of", "with one"))
    return [*row[:4], ""] if share else row


def _row(cells: list[str]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        entry = nodes.entry()
        entry += nodes.paragraph(text=cell)
        row += entry
    return row


def setup(app: Any) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("speed-table", SpeedTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
