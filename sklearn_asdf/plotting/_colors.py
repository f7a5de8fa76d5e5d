"""Colors that color-blind readers can distinguish, and that differ in brightness.

They belong to the palette of Okabe and Ito [1]_.

References
----------
.. [1] M. Okabe and K. Ito, "Color universal design (CUD): how to make figures and presentations
   that are friendly to colorblind people", 2008.
"""

from __future__ import annotations

__all__ = ["ACCENT", "CYCLE", "GREY", "SIDES", "SIDES_ON_DARK"]

ACCENT = "#d55e00"
GREY = "#999999"
# Each is darker or lighter than its neighbors, so that they differ without color too.
CYCLE = ("#0072b2", "#e69f00", "#009e73", "#56b4e9", "#d55e00", "#cc79a7")
# Limbs on the left are lighter than those on the right.
SIDES = {"left": "#e69f00", "right": "#0072b2", "middle": "#4d4d4d"}
SIDES_ON_DARK = {"left": "#ffc04d", "right": "#3d9bd6", "middle": "#d9d9d9"}
