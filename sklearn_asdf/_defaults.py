"""Defaults that the help of the command line shows: apart, so that help imports little else."""

from __future__ import annotations

__all__ = ["PRESETS", "TEMPERATURE"]

PRESETS = ("default", "codec", "paper", "tiny", "units")
# The temperature at which music is sampled where nobody says otherwise: near the prediction, and
# other seeds still give other takes. The study in the documentation compares temperatures.
TEMPERATURE = 0.1
