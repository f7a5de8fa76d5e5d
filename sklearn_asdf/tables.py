"""features_table: Laban features of whole takes, as one table with the time of each row."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from ._table_statistics import aggregate_windows
from ._validation import Interval, Real, check_choice, raise_all
from .functional.compiled import numpy_only
from .functional.gaps import frames_seen
from .functional.jumps import MAX_SPEED, find_jumps
from .functional.windows import reduce_windows
from .motion.container import Motion, as_motion
from .motion.joint_weights import missing_joints
from .motion.kinematics import KinematicsTransformer, height_of
from .motion.lma import LMAFeaturizer
from .motion.markers import find_marker_set, joints_of_markers
from .motion.smoothing import confident_positions
from .pipeline import make_lma_pipeline

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KEYS", "features_of_take", "features_table"]

# Columns that are no features.
KEYS = ("take", "start", "stop", "clip", "window", "windows", "seen", "height", "axes")

# Clips up to which NumPy is faster than loading compiled loops.
_FEW_CLIPS = 256
# Clips in which the dancer is seen in a smaller share of the frames are left out.
_MIN_SEEN = 0.5
_HOP_DURATION = 1.0


def features_table(
    takes: Any,
    *,
    lma: Any = None,
    joints: str | Mapping[str, str | Sequence[str]] | None = None,
    rows: str = "clips",
    clip_duration: float = 8.0,
    hop_duration: float | None = None,
) -> pd.DataFrame:
    """Return the Laban features of whole takes as one table.

    Each take is cut into clips, and each clip at its keyframes into windows. The command
    ``sklearn-asdf features`` writes this table.

    Parameters
    ----------
    takes : path-like, Motion or array-like, or a list or dict of these
        Pose files, videos, folders of them, or poses of one take each. A dict gives their names;
        otherwise files have their own, with their folders where these tell them apart, and other
        takes are numbered.
    lma : Pipeline or None, default=None
        From poses to features, with an :class:`LMAFeaturizer` as its last step. It is cloned and
        fitted to each take. None is :func:`make_lma_pipeline` with ``lma__missing="nan"``.
    joints : {"auto", "plug_in_gait", "qualisys"}, dict or None, default=None
        Joints of takes that are markers of motion capture, see :func:`joints_of_markers`. `"auto"`
        leaves takes without the markers of either set as they are. None describes all positions as
        they are.
    rows : {"clips", "windows", "takes"}, default="clips"
        `"clips"`: one row per clip, with the columns of `lma` (``window1_weight``, ...).
        `"windows"`: one row per window, with the features of windows (``weight``, ...). Those of
        whole clips are in the table of clips. `"takes"`: one row per take, with statistics of its
        windows; see the notes.
    clip_duration : float, default=8.0
        Duration of a clip in s. A shorter take is one clip.
    hop_duration : float or None, default=None
        Time from the start of a clip to that of the next, in s; a remainder shorter than a clip is
        left out. None is 1 s for clips. For windows it divides a take into equal clips of about
        `clip_duration`, so that no moment is described twice.

    Returns
    -------
    table : DataFrame
        With the columns

        - ``take``: its name
        - ``start``, ``stop``: begin and end of the row in s, from the start of the take
        - ``clip`` and ``window``, for windows: numbers of the clip, from 0, and of the window in
          it, from 1
        - ``windows``, for takes: number of windows
        - ``seen``: share of the joints and frames that were seen
        - ``height`` and ``axes``, for takes: height of the dancer in the unit of the poses, and
          number of axes
        - the features; ``table.attrs["units"]`` has the unit of each column by name, and
          ``table.attrs["heights"]`` the height of the dancer of each take, in the unit of its poses

    Warns
    -----
    UserWarning
        If the whole body jumps from one frame to the next, which decides the largest values, see
        :func:`sklearn_asdf.functional.jumps.find_jumps`, if clips were left out, or if joints have
        no names, or lack the head, a wrist or an ankle: then all joints have equal weights, and the
        values cannot be compared with those of skeletons that have these joints.

    See Also
    --------
    make_lma_pipeline : The same features of clips, for use with other estimators.

    Notes
    -----
    A take is resampled to the rate of the analysis before it is cut. The height of the dancer, the
    unit of length, is estimated once from the whole take (see :class:`KinematicsTransformer`), so
    that its clips have one unit; ``lma.set_params(kinematics__height=1.72)`` gives it instead, in
    the unit of the poses. Windows lie between keyframes:
    what is before the first and after the last one of a clip is in none. Gaps of more than 0.5 s
    are not filled, and with ``lma__missing="nan"`` a feature of a window in which less than half
    was seen is NaN. A clip that shows the dancer (half of the joints) in less than half of its
    frames is left out, with a warning.

    A row of a take has ``weight_mean``, ``weight_std``, ``weight_median`` and ``weight_max``, and
    the same of each other feature: the mean of its windows and their standard deviation around it,
    each window weighted by its duration, the median and the largest value. Windows in which a
    feature is NaN do not count. ``start`` and ``stop`` are the begin of the first and the end of
    the last window. Rows of takes are independent of each other if the takes are; windows and clips
    of one take are not, and a test that counts them as samples finds too much.

    Examples
    --------
    >>> from sklearn_asdf import features_table
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> dance = make_dance_music(n_clips=1, clip_duration=16.0, random_state=0).poses
    >>> table = features_table({"solo": dance}, rows="windows")
    >>> table.shape, table.attrs["units"]["weight"]
    ((18, 11), 'H²/s²')
    >>> table.iloc[0, :7].to_dict()["take"]
    'solo'
    >>> features_table({"solo": dance}, rows="takes").columns[3:9].tolist()
    ['windows', 'seen', 'height', 'axes', 'weight_mean', 'weight_std']
    """
    rows = check_choice(rows, ("clips", "windows", "takes"), name="rows")
    named = _named(takes)
    raise_all(_duration_problems(clip_duration, hop_duration))
    if lma is None:
        lma = make_lma_pipeline().set_params(lma__missing="nan")
    tables = []
    for name, take in named.items():
        if isinstance(take, (str, os.PathLike)):
            # Reading of files is not loaded for poses in memory.
            from .datasets._dance_files import read_dance
            from .io._options import Options

            take = read_dance(take, Options())[0]
        part = features_of_take(
            as_motion(take),
            name,
            lma=lma,
            joints=joints,
            rows=rows,
            clip_duration=clip_duration,
            hop_duration=hop_duration,
        )
        tables.append(part)
    import pandas as pd

    table = pd.concat(tables, ignore_index=True)
    for part in tables:
        for kind, values in part.attrs.items():
            table.attrs.setdefault(kind, {}).update(values)
    return table


def features_of_take(
    take: Motion,
    name: str,
    *,
    lma: Any,
    joints: str | Mapping[str, str | Sequence[str]] | None = None,
    rows: str = "clips",
    clip_duration: float = 8.0,
    hop_duration: float | None = None,
) -> pd.DataFrame:
    """Return the Laban features of one take, as :func:`features_table`.

    Parameters
    ----------
    take : Motion
        One clip, the whole take.
    name : str
        Name of the take, for its rows and in messages.
    lma : Pipeline
        From poses to features.
    joints : str, dict or None, default=None
        Joints of a take that is markers.
    rows : {"clips", "windows", "takes"}, default="clips"
        What has one row.
    clip_duration : float, default=8.0
        Duration of a clip in s.
    hop_duration : float or None, default=None
        Time from the start of a clip to that of the next, in s.

    Returns
    -------
    DataFrame
        The rows of this take.
    """
    if len(take) != 1:
        raise ValueError(
            f"expected one take in {name!r}, got {len(take)} clips: pass the take that they were "
            "cut from, or each as a take of its own, or use make_lma_pipeline for clips"
        )
    lma = clone(lma)
    if not isinstance(lma[-1], LMAFeaturizer):
        raise TypeError(
            "expected a pipeline whose last step is an LMAFeaturizer, as make_lma_pipeline makes "
            f"it, got {type(lma[-1]).__name__} as the last step"
        )
    if hop_duration is None and rows == "clips":
        hop_duration = _HOP_DURATION
    if joints is not None and (joints != "auto" or _has_markers(take)):
        take = joints_of_markers(take, joints)
    _warn_of_jumps(take, name)
    if lma[-1].joint_weights == "paper":
        _warn_of_equal_weights(take, name)
    take = _at_rate(take, getattr(lma[0], "fps", None))
    clips, starts = _cut(take, name, lma, clip_duration, hop_duration)
    with numpy_only(len(clips) <= _FEW_CLIPS):
        height = _set_height(lma, take)
        motion = lma[:-1].fit_transform(clips)
        table = lma[-1].set_output(transform="pandas").fit_transform(motion)
    units = lma[-1].feature_units_
    heights = {} if height is None else {name: height}
    if rows != "clips":
        table = _long(table, units, clips, motion, starts, name)
        if rows == "takes":
            table = aggregate_windows(table)
            table.insert(5, "height", np.nan if height is None else height)
            table.insert(6, "axes", take.n_axes)
        table.attrs["heights"] = heights
        return table
    table.insert(0, "take", name)
    table.insert(1, "start", starts)
    table.insert(2, "stop", starts + clips.duration)
    table.insert(3, "seen", clips.seen.mean(axis=(1, 2)))
    table.attrs["units"] = {"start": "s", "stop": "s", **units}
    table.attrs["heights"] = heights
    return table


def _has_markers(take: Motion) -> bool:
    return take.skeleton is not None and find_marker_set(take.skeleton.joints) is not None


def _set_height(lma: Any, take: Motion) -> float | None:
    """Set the height of the dancer of a take in a pipeline, and return it; None if none is used."""
    for place, (_, stage) in enumerate(lma.steps):
        if not isinstance(stage, KinematicsTransformer):
            continue
        if stage.scale is None and stage.slow_speed == 0:
            return None
        if stage.height is not None:
            return float(stage.height)
        moved = lma[:place].fit_transform(take) if place else take
        height = float(height_of(moved.position, moved.skeleton)[0])
        stage.set_params(height=height)
        return height
    return None


def _at_rate(take: Motion, fps: float | None) -> Motion:
    """Return a take at the rate of the analysis, NaN where nothing certain was seen."""
    # As in PoseSmoother, unless no joint of the take is certain.
    position = confident_positions(take)
    if np.isnan(position).all():
        position = take.position
    take = Motion(position[:, : take.lengths[0]], fps=take.fps, skeleton=take.skeleton)
    return take if fps is None else take.resample(fps)


def _cut(
    take: Motion, name: str, lma: Any, clip_duration: float, hop_duration: float | None
) -> tuple[Motion, np.ndarray]:
    """Return the clips of a take in which the dancer is seen, and where each starts in s.

    Without a hop, equal clips cover the take.
    """
    n_frames = round(clip_duration * take.fps)
    length = int(take.lengths[0])
    n_keyframes = lma.get_params().get("keyframes__n_keyframes", 2)
    if length < n_keyframes:
        raise ValueError(
            f"expected a take of at least n_keyframes={n_keyframes} frames at {take.fps:g} fps, "
            f"got {length} frames in {name!r}: take fewer keyframes"
        )
    n_equal = max(1, round(length / n_frames)) if hop_duration is None else 0
    if length <= n_frames or n_equal == 1:
        return take.frames(0, length), np.zeros(1)
    if hop_duration is None:
        size = length // n_equal
        first = np.rint(np.linspace(0, length - size, n_equal)).astype(int)
        position = take.position[0, first[:, None] + np.arange(size)]
        clips = Motion(position, fps=take.fps, skeleton=take.skeleton)
    else:
        clips = take.windows(clip_duration, hop_duration)
        first = np.rint(np.arange(len(clips)) * hop_duration * take.fps)
    starts = first / take.fps
    kept = frames_seen(clips.seen).mean(axis=1) >= _MIN_SEEN
    if not kept.any():
        raise ValueError(
            f"expected the dancer to be seen in half of the frames of some clip of "
            f"{clip_duration:g} s, but {name!r} has no such clip"
        )
    if not kept.all():
        which = ", ".join(f"{start:.4g}" for start in starts[~kept][:5])
        warnings.warn(
            f"the dancer is seen in less than half of the frames of {(~kept).sum()} of {len(kept)} "
            f"clips (from {which} s) in {name!r}: they are left out",
            stacklevel=4,
        )
    return clips[kept], starts[kept]


def _long(
    table: pd.DataFrame,
    units: Mapping[str, str],
    clips: Motion,
    motion: Motion,
    starts: np.ndarray,
    name: str,
) -> pd.DataFrame:
    """Return one row per window of a table with one row per clip."""
    import pandas as pd

    keyframes = motion.keyframes
    wide = [column for column in map(str, table.columns) if column.startswith("window1_")]
    if keyframes is None or not wide:
        raise ValueError(
            "expected features of windows between keyframes for rows='windows', got features of "
            "whole clips: use rows='clips', or scope='window' and groups of windows"
        )
    features = [column.removeprefix("window1_") for column in wide]
    n_clips, n_windows = len(keyframes), keyframes.shape[1] - 1
    begin, end = keyframes[:, :-1], keyframes[:, 1:]
    values = table[[f"window{w + 1}_{f}" for w in range(n_windows) for f in features]].to_numpy()
    share = reduce_windows(clips.seen.mean(axis=-1), begin, end, how="mean")
    long = pd.DataFrame(
        {
            "take": name,
            "start": (starts[:, None] + begin / motion.fps).ravel(),
            "stop": (starts[:, None] + end / motion.fps).ravel(),
            "clip": np.repeat(np.arange(n_clips), n_windows),
            "window": np.tile(np.arange(1, n_windows + 1), n_clips),
            "seen": share.ravel(),
        }
    )
    values = values.reshape(n_clips * n_windows, len(features))
    long = pd.concat([long, pd.DataFrame(values, columns=features)], axis=1)
    long.attrs["units"] = {"start": "s", "stop": "s"}
    long.attrs["units"] |= {f: units[column] for f, column in zip(features, wide)}
    return long


def _warn_of_jumps(take: Motion, name: str) -> None:
    frames = find_jumps(take.position[0], fps=take.fps)
    if not len(frames):
        return
    # Frames of one jump are neighbors.
    first = frames[np.diff(frames, prepend=-np.inf) > take.fps / 10]
    listed = ", ".join(f"{frame / take.fps:.3g}" for frame in first[:5])
    more = f" and {len(first) - 5} more times" if len(first) > 5 else ""
    warnings.warn(
        f"the whole body jumps in {name!r} at {listed} s{more} (frame {frames[0]}: faster than "
        f"{MAX_SPEED:g} body heights per second), which decides the largest values, such as "
        "weight: leave these frames out (Motion.frames), or repair the take",
        stacklevel=4,
    )


def _warn_of_equal_weights(take: Motion, name: str) -> None:
    missing = missing_joints(take.skeleton)
    if not missing:
        return
    lacking = ", ".join(joint.replace("_", " ") for joint in missing)
    which = "have no names" if take.skeleton is None else f"lack {lacking}"
    marker_set = None if take.skeleton is None else find_marker_set(take.skeleton.joints)
    if marker_set is not None:
        advice = f"These are markers: pass joints={marker_set!r}"
    else:
        advice = (
            "Name the joints (Motion(..., skeleton=...)), pass the markers of each joint "
            "(joints=), or choose weights (lma__joint_weights)"
        )
    warnings.warn(
        f"the joints of {name!r} {which}: all joints have equal weights in its features, which "
        "cannot be compared with those of skeletons that have a head, wrists and ankles. "
        f"{advice}",
        stacklevel=4,
    )


def _named(takes: Any) -> dict[str, Any]:
    """Return takes by name."""
    if isinstance(takes, Mapping):
        named = {str(name): take for name, take in takes.items()}
    else:
        one = isinstance(takes, (str, os.PathLike)) or hasattr(takes, "__array__")
        named = _named_by_files([takes] if one else list(takes))
    if not named:
        raise ValueError("expected at least one take, got none")
    return named


def _named_by_files(takes: Sequence[Any]) -> dict[str, Any]:
    files = [os.fspath(take) for take in takes if isinstance(take, (str, os.PathLike))]
    if not files:
        return {str(i): take for i, take in enumerate(takes)}
    # Reading of files is not loaded for poses in memory.
    from .datasets._take_files import distinct_names, find_takes

    found = {file: find_takes([file]) for file in files}
    every = [path for paths in found.values() for path in paths]
    name_of = dict(zip(every, distinct_names(every)))
    named: dict[str, Any] = {}
    for i, take in enumerate(takes):
        if isinstance(take, (str, os.PathLike)):
            named |= {name_of[path]: path for path in found[os.fspath(take)]}
        else:
            named[str(i)] = take
    return named


def _duration_problems(clip_duration: Any, hop_duration: Any) -> list[str]:
    positive = Interval(Real, 0, None, closed="neither")
    return [
        f"expected {name} above 0 s, got {value!r}"
        for name, value in (("clip_duration", clip_duration), ("hop_duration", hop_duration))
        if value is not None and not (positive.is_satisfied_by(value) and np.isfinite(value))
    ]
