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
        help="CSV file to write; runs the benchmarks alone that measure a row of the table",
    )
    parser.addoption(
        "--update-speed-table",
        action="store_true",
        help="keep the rows of the file that were not measured",
    )


def pytest_collection_modifyitems(config, items):
    if config.getoption("--speed-table"):
        others = [item for item in items if "speed_table" not in getattr(item, "fixturenames", ())]
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=others)


# Beginnings of the rows, in the order of the page.
GROUPS = (
    "One clip",
    "Prediction",
    "Smoothing",
    "Keyframes",
    "Laban table",
    "Fit of",
    "metrics.evaluate",
    "Choice of units",
    "Live",
    "Time warping",
    "a saved",
    "sklearn-asdf",
    "Growth",
)


def _group(row):
    """Return the place of a row's group; rows of a group stay in the order of measurement."""
    return next((i for i, name in enumerate(GROUPS) if row[0].startswith(name)), len(GROUPS) - 1)


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

    def write(self, path, *, update=False):
        """Write the rows, by groups; `update` keeps those of the file that were not measured."""
        path = Path(path)
        known = {}
        if update and path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                known = {row[0]: tuple(row) for row in list(csv.reader(file))[1:]}
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADER)
            writer.writerows(sorted((known | self.rows).values(), key=_group))


@pytest.fixture(scope="session")
def speed_table(request):
    """Return the table; it is written when all benchmarks are done."""
    table = SpeedTable()
    yield table
    path = request.config.getoption("--speed-table")
    if path and table.rows:
        table.write(path, update=request.config.getoption("--update-speed-table"))
