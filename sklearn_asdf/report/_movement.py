"""`write_movement_report`: writes a dance with its Laban features as one HTML file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._progress import Progress
from .._table_statistics import aggregate_windows
from .._validation import raise_all, require
from ..motion.container import as_motion
from ..performance import prepare_take
from ..video._figure import StickFigure
from ._advice import advice_of_movement
from ._beats import Beats
from ._description import Description, describe
from ._evidence import written
from ._origin import origin_of_movement
from ._page import STAGE, content_of, place_problems, small_video, write_page
from ._timeline import timeline

__all__ = ["write_movement_report"]

# Frame rate in Hz at which the figure moves.
_FPS = 30.0


def write_movement_report(
    path: str | os.PathLike[str],
    take: Any,
    *,
    video: str | os.PathLike[str] | None = None,
    title: str | None = None,
    lma: Any = None,
    joints: str | Mapping[str, str | Sequence[str]] | None = None,
    clip_duration: float = 8.0,
    about: Mapping[str, Any] | None = None,
    verbose: int = 0,
) -> None:
    """Write an HTML page that shows a dance with its keyframes and Laban features, without music.

    Parameters
    ----------
    path : str or PathLike
        File to write, ``.html``. An existing file is replaced atomically.
    take : Motion or array-like of shape (1, n_frames, n_joints, n_axes)
        One whole dance, as returned by :func:`read_poses` or :func:`estimate_poses`.
    video : str or PathLike, default=None
        The video of the poses, which is shown next to the skeleton at its own frame rate. It needs
        the extra ``video``.
    title : str, default=None
        Heading of the page; None is the file's name.
    lma : Pipeline or None, default=None
        From poses to features, see :func:`~sklearn_asdf.features_table`.
    joints : {"auto", "plug_in_gait", "qualisys"}, dict or None, default=None
        Joints of takes that are markers of motion capture, see :func:`joints_of_markers`.
    clip_duration : float, default=8.0
        The take is divided into equal clips of about this duration in s.
    about : mapping of str to str, default=None
        More to say at the foot of the page, by topic.
    verbose : int, default=0
        Above 0, show progress.

    See Also
    --------
    write_report : A dance with the music that a model composes for it.
    sklearn_asdf.features_table : The values as a table.

    Notes
    -----
    The page is one self-contained file without sound. The curves are the values that
    :func:`~sklearn_asdf.features_table` returns with ``rows="windows"``, and the page offers them
    as CSV. At its foot are the height of the dancer that is the unit of length, the cutoff of the
    smoothing, the weights of the joints, and the share of joints and frames that was seen. Where
    the dancer rests (Weight below 0.01 H²/s² in the whole window), Shape is pale, since it is that
    of jitter.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.report import write_movement_report
    >>> dance = make_dance_music(n_clips=1, clip_duration=4.0, random_state=0).poses
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = Path(folder, "dance.html")
    ...     write_movement_report(page, dance)
    ...     page.read_text()[:15]
    '<!DOCTYPE html>'
    """
    place = Path(path)
    require("jinja2", extra="plot", purpose="a page")
    take = as_motion(take)
    raise_all(place_problems(place, video))
    title = place.stem if title is None else title
    described = describe(take, title, lma=lma, joints=joints, clip_duration=clip_duration)
    if described is None:
        raise ValueError(
            "expected the dancer to be seen in half of the frames of some clip: this take has "
            "none, so it has no features to show"
        )
    shown, _ = prepare_take(take, _FPS)
    figure = StickFigure(shown, size=STAGE, follow=True)
    duration = shown.n_frames / shown.fps
    with Progress("drawing the page", verbose=verbose):
        content = content_of(shown, figure, described, title=title)
        seen = float(described.table["seen"].mean())
        content |= {
            "facts": f"Laban features of {duration:.1f} s of dance, "
            f"{100 * seen:.3g} % of joints and frames seen",
            "video": None if video is None else small_video(video, duration),
            "timeline": timeline(described, shown, figure, {}, Beats()),
            "advice": advice_of_movement(described),
            "statistics": _statistics(described),
            "origin": origin_of_movement(described, take, about or {}),
        }
        write_page(place, content)


def _statistics(described: Description) -> list[dict[str, str]]:
    """Return the statistics of each feature over the windows, as `rows="takes"` has them."""
    (row,) = aggregate_windows(described.table).to_dict("records")
    return [
        {
            "name": name.capitalize(),
            "unit": described.units.get(name, ""),
            **{kind: written(row[f"{name}_{kind}"]) for kind in ("mean", "std", "median", "max")},
        }
        for name in described.names
    ]
