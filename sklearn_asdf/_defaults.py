"""Names of the presets and the default temperature, in a module that is quick to import."""

from __future__ import annotations

__all__ = ["PRESETS", "SOUNDTRACK_TEMPERATURE", "TEMPERATURE"]

PRESETS = ("default", "codec", "paper", "synthesis", "tiny", "units")
# The temperature at which music is sampled where nobody says otherwise: near the prediction, and
# other seeds still give other takes. The study in the documentation compares temperatures.
TEMPERATURE = 0.1
# Variance of the deviations from the mapping, by which takes of one soundtrack differ.
SOUNDTRACK_TEMPERATURE = 0.3
