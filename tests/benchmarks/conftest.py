"""The table of the page on speed: `--speed-table FILE` writes what the benchmarks measured."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from .timing import exponent

HEADER = ("Work", "sklearn_asdf", "Beside it", "Its figure", "Times as fast")


def pytest_addoption(parser):
    parser.addoption(
        "--speed-table",
        metavar="FILE",
        help="CSV file in which the rows that were measured are replaced, or added",
    )


class SpeedTable:
    """Rows of the table, in the order in which they were measured."""

    def __init__(self):
        self.rows = {}

    def add(self, work, ours, *, frames=None, peer="", theirs=None):
        """Add a row: seconds of ours and of the peer, shown as frames per second if given."""

        def figure(seconds):
            if frames is not None:
                return f"{frames / seconds / 1e6:.3g} M frames/s"
            return f"{1e3 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"

        beside = ("", "", "") if theirs is None else (peer, figure(theirs), f"{theirs / ours:.1f}")
        self.rows[work] = (work, figure(ours), *beside)
        print("\n" + " | ".join(filter(None, self.rows[work])))  # noqa: T201

    def add_growth(self, work, sizes, seconds):
        """Add a row with the power of the size with which the time grows; return it."""
        power = exponent(sizes, seconds)
        self.rows[work] = (work, f"n^{power:.2f}", f"{sizes[0]:.3g} to {sizes[-1]:.3g}", "", "")
        print("\n" + " | ".join(filter(None, self.rows[work])))  # noqa: T201
        return power

    def write(self, path):
        """Replace the rows of a file that were measured again; keep the others."""
        path = Path(path)
        known = {}
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                known = {row[0]: tuple(row) for row in list(csv.reader(file))[1:]}
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADER)
            writer.writerows((known | self.rows).values())


@pytest.fixture(scope="session")
def speed_table(request):
    """Return the table; it is written when all benchmarks are done."""
    table = SpeedTable()
    yield table
    path = request.config.getoption("--speed-table")
    if path and table.rows:
        table.write(path)
