"""Units of the features of `LMAFeaturizer`."""

from __future__ import annotations

__all__ = ["unit_of"]

# L is the unit of length. What is not here has none: shares, correlations, logarithms, phases.
_UNITS = {
    **dict.fromkeys(("weight", "kinetic_energy"), "L²/s²"),
    **dict.fromkeys(("time", "impulse"), "L/s²"),
    "flow": "L/s³",
    "shape": "L⁻¹",
    **dict.fromkeys(("start", "duration"), "s"),
    **dict.fromkeys(("quantity_of_motion", "centre_speed"), "L/s"),
    "jerk_peaks": "s⁻¹",
    **dict.fromkeys(("height", "width", "spread", "body_height", "body_width", "body_spread"), "L"),
    **dict.fromkeys(("hands_distance", "hands_to_hips", "hands_height", "feet_distance"), "L"),
    **dict.fromkeys(("hips_height", "travel", "displacement", "rise", "sink", "floor_width"), "L"),
    **dict.fromkeys(("hull_area", "body_hull_area", "floor_area"), "L²"),
    **dict.fromkeys(("tempo", "beat_tempo"), "BPM"),
    # Of steps.
    **dict.fromkeys(("hands_height_difference", "head_vertical", "hips_vertical"), "L"),
    **dict.fromkeys(("hands_vertical", "feet_vertical"), "L"),
    **dict.fromkeys(("hands_speed_difference", "hips_rise", "pose_speed"), "L/s"),
    **{f"{part}speed": "L/s" for part in ("", "head_", "hands_", "feet_", "hips_")},
    **{f"{part}acceleration": "L/s²" for part in ("", "head_", "hands_", "feet_", "hips_")},
}


def unit_of(column: str, length_unit: str = "L") -> str:
    """Return the unit of a column, empty if it has none.

    Parameters
    ----------
    column : str
        Name of a column, such as ``window1_weight``.
    length_unit : str, default="L"
        The unit of length.

    Returns
    -------
    str
        With ``²`` and ``³`` for powers.

    Examples
    --------
    >>> from sklearn_asdf.motion.lma_units import unit_of
    >>> unit_of("window3_weight", "H"), unit_of("clip_tempo"), unit_of("window1_space")
    ('H²/s²', 'BPM', '')
    """
    return _UNITS.get(column.partition("_")[2], "").replace("L", length_unit)
