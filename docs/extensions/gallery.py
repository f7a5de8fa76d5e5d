"""Order and looks of the gallery."""

from __future__ import annotations

from typing import Any

# By topic, as on the page of examples.
ORDER = (
    "plot_soundtrack.py",
    "plot_lma_features.py",
    "plot_dance_to_music.py",
    "plot_takes_to_model.py",
    "plot_keyframes.py",
    "plot_efforts_and_styles.py",
    "plot_strokes.py",
    "plot_styles.py",
    "plot_new_sound.py",
    "plot_codec.py",
    "plot_mdn.py",
    "plot_report.py",
    "plot_evaluation.py",
    "plot_grid_search.py",
    "plot_your_own_video.py",
    "plot_live.py",
)


def order(filename: str) -> int:
    """Return the place of a page in the gallery."""
    return ORDER.index(filename)


def set_style(gallery_conf: dict[str, Any], fname: str) -> None:
    """Draw in colors that color-blind readers tell apart."""
    import matplotlib.pyplot as plt

    from sklearn_asdf.plotting._colors import CYCLE

    plt.rcParams["axes.prop_cycle"] = plt.cycler(color=CYCLE)
    plt.rcParams["image.cmap"] = "viridis"
    plt.rcParams["figure.dpi"] = 100
