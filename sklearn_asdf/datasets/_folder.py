"""`load_folder`: pose and sound files, paired by name and cut into clips."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from .._progress import progress
from .._validation import Integral, Real, check_choice, raise_all, require
from ..io._options import Options
from ..io._read import ASSUMED_FPS, contradicts
from ..motion.skeletons import Skeleton
from ._dance_files import is_video, read_dance, read_music, require_video
from ._pairs import find_folders, find_pairs, list_of
from ._takes import Take, cut, part_unlike, warn_of_lengths

__all__ = ["load_folder"]


def load_folder(
    path: str | os.PathLike[str] | None = None,
    *,
    poses: str | os.PathLike[str] | None = None,
    audio: str | os.PathLike[str] | None = None,
    clip_duration: float = 8.0,
    hop_duration: float = 1.0,
    fps: float = 30.0,
    sr: int = 22050,
    min_seen: float = 0.5,
    pose_fps: float | None = None,
    skeleton: Skeleton | str | None = None,
    person: str | int = "largest",
    coordinates: str = "image",
    image_size: Sequence[float] | None = None,
    min_confidence: float = 0.0,
    n_axes: int | None = None,
    models: str | os.PathLike[str] | None = None,
    on_error: str = "raise",
    verbose: int = 0,
) -> Bunch:
    """Load pose and sound files, paired by name, and cut both into clips at the same times.

    ``dance7.json`` is paired with ``dance7.wav``, in one folder or in two. A video replaces a
    missing pose file, a missing sound file, or both. Names are compared after Unicode
    normalization.

    Parameters
    ----------
    path : str or PathLike or None, default=None
        A folder with pose files and sound files, or with the subfolders ``poses`` and ``audio``.
    poses, audio : str or PathLike or None, default=None
        The two folders, instead of `path`.
    clip_duration : float, default=8.0
        Duration of a clip in s.
    hop_duration : float, default=1.0
        Time between the starts of successive clips in s.
    fps : float, default=30.0
        Frame rate in Hz to which all poses are resampled.
    sr : int, default=22050
        Sampling rate in Hz to which all sound is resampled, mixed to mono.
    min_seen : float, default=0.5
        A clip is left out if the dancer is seen in less than this share of its frames. A frame
        counts if at least half of its joints are seen.
    pose_fps : float or None, default=None
        Frame rate of the pose files in Hz. None uses the rate stored in each file; if there is
        none, 30 is assumed with a warning.
    skeleton : Skeleton, str or None, default=None
        Names and bones of the joints. None uses the names in the files, or selects a skeleton by
        the number of joints.
    person : {"largest", "first", "follow"} or int, default="largest"
        Selection if a frame has several people, as in `read_poses`.
    coordinates : {"image", "world"}, default="image"
        Coordinates to read if a file has both, as in `read_poses`.
    image_size : (width, height) or None, default=None
        Pixels by which to multiply image coordinates in [0, 1].
    min_confidence : float, default=0.0
        Joints of lower confidence are NaN.
    n_axes : int or None, default=None
        Required number of axes, for example those of a fitted model. If a file has image and world
        coordinates, those with this number of axes are read. None uses `coordinates`.
    models : str or PathLike or None, default=None
        Folder of the pose networks for videos, as in :func:`~sklearn_asdf.video.fetch_pose_models`.
    on_error : {"raise", "skip"}, default="raise"
        If takes cannot be read, or have other joints than most takes: raise an error, or leave
        them out with a warning.
    verbose : int, default=0
        Above 0, show progress over the takes (needs tqdm).

    Returns
    -------
    Bunch
        poses : Motion of shape (n_clips, n_frames, n_joints, n_axes)
            The clips' poses, float32, in the files' unit of length.
        audio : AudioClips of shape (n_clips, n_samples)
            The clips' sound, sharing the samples of whole recordings.
        groups : ndarray of int of shape (n_clips,)
            Take of each clip, as an index into `names`. Use it as groups for splits.
        names : ndarray of str of shape (n_takes,)
            Names of the takes.
        starts : ndarray of float of shape (n_clips,)
            Start of each clip in its take, in s.
        n_discarded : int
            Number of clips that were left out because of `min_seen`.
        skipped : dict of str to str
            Takes that were left out because of `on_error`, with the reasons.
        DESCR : str
            Description of the data.

    See Also
    --------
    sklearn_asdf.io.read_poses : The formats of poses.
    make_dance_music : Synthetic dances with music.

    Notes
    -----
    Clip k of a take covers the seconds ``k * hop_duration`` to ``k * hop_duration +
    clip_duration`` of the sound and of the poses. A take ends where the shorter of the two ends.
    If their durations differ by more than 5 %, there is a warning with both; the usual reason is a
    wrong frame rate.

    Poses start with the sound unless the file stores their start: Dance with Melody, a column
    ``time``, and the frame numbers of tables and of COCO or AlphaPose results. They are resampled
    to `fps` by cubic splines. If this reduces the frame rate, a zero-phase low-pass at 0.45 of
    `fps` is applied before.

    Missing values are interpolated linearly over the whole take; at its ends the nearest pose is
    repeated. As in [1]_, clips with too few poses are left out. A joint that is seen in no frame of
    a clip is NaN there.

    Poses are stored with 4 bytes per value: with the defaults, six hours of 17 joints with two axes
    need 0.7 GB, and their sound 1.9 GB.

    Poses of videos are cached in the user's cache folder.

    References
    ----------
    .. [1] S. B. Olsen, D. M. Woodward, J. Alonso Moreno, "ASDF-RNN: An Investigation Into Raw
       Audio Synthesis From Dance Features Using a Probabilistic Deep Encoder-RNN-Decoder
       Topology", Aalborg University.

    Examples
    --------
    >>> from sklearn_asdf.datasets import load_folder
    >>> load_folder("nowhere")
    Traceback (most recent call last):
        ...
    FileNotFoundError: expected a folder of poses and sound, but there is no folder 'nowhere'
    """
    _check(clip_duration, hop_duration, fps, sr, min_seen, n_axes)
    check_choice(on_error, ("raise", "skip"), name="on_error")
    options = Options(
        fps=pose_fps,
        skeleton=skeleton,
        person=person,
        coordinates=coordinates,
        image_size=image_size,
        min_confidence=min_confidence,
    )
    require("soundfile", "soxr", extra="play", purpose="reading sound files")
    pairs = find_pairs(*find_folders(path, poses, audio))
    if any(is_video(file) for pair in pairs for file in pair[1:]):
        require_video(models)
    takes, skipped = [], {}
    rates: dict[Path, float | None] = {}
    for name, pose_file, sound_file in progress(
        pairs, "reading takes", unit="takes", verbose=verbose
    ):
        try:
            found = read_dance(pose_file, options, n_axes=n_axes, models=models, verbose=verbose)
            recording = read_music(sound_file, sr=sr)
            takes.append(Take.of(name, pose_file, found, recording, fps=fps, sr=sr))
        except (ValueError, OSError) as error:
            skipped[name] = str(error)
            continue
        rates[pose_file] = found[2]
    if on_error == "raise" or not takes:
        raise_all(list(skipped.values()))
    _warn_of_rates(rates, pose_fps)
    takes, unlike = part_unlike(takes)
    if unlike and on_error == "raise":
        raise ValueError(next(iter(unlike.values())))
    skipped |= unlike
    for name, problem in skipped.items():
        warnings.warn(f"{name!r} is left out: {problem}", UserWarning, stacklevel=2)
    warn_of_lengths(takes, fps=fps, sr=sr)
    data = cut(takes, clip_duration, hop_duration, float(fps), int(sr), float(min_seen))
    data.skipped = skipped
    return data


def _warn_of_rates(rates: dict[Path, float | None], pose_fps: float | None) -> None:
    """Say which files have no frame rate, and which have another than the one that is given."""
    guessed = [file.name for file, own in rates.items() if own is None and pose_fps is None]
    replaced = [
        f"{file.name!r} ({own:.4g})"
        for file, own in rates.items()
        if contradicts(own, pose_fps) and not is_video(file)
    ]
    if guessed:
        warnings.warn(
            f"{list_of(guessed)} tell(s) no frame rate, {ASSUMED_FPS:g} fps are assumed: pass "
            "pose_fps",
            UserWarning,
            stacklevel=3,
        )
    if replaced:
        warnings.warn(
            f"pose_fps={pose_fps:g} is used in place of the files' own frame rates: "
            f"{list_of(replaced, quote=False)}",
            UserWarning,
            stacklevel=3,
        )


def _check(
    clip_duration: float,
    hop_duration: float,
    fps: float,
    sr: int,
    min_seen: float,
    n_axes: int | None,
) -> None:
    """Say at once what is wrong with the lengths, rates and shares."""
    problems = [
        f"expected {name} above 0, got {value!r}"
        for name, value in (
            ("clip_duration", clip_duration),
            ("hop_duration", hop_duration),
            ("fps", fps),
            ("sr", sr),
        )
        if not (isinstance(value, Real) and not isinstance(value, bool) and 0 < value < np.inf)
    ]
    if not problems:
        problems += [
            f"expected {name} of at least one {unit}, got {value:g} s at {rate:g} Hz"
            for name, value, unit, rate in (
                ("clip_duration", clip_duration, "frame", fps),
                ("clip_duration", clip_duration, "sample", sr),
                ("hop_duration", hop_duration, "sample", sr),
            )
            if round(value * rate) < 1
        ]
    if n_axes not in (None, 2, 3):
        problems.append(f"expected n_axes of 2, 3 or None, got {n_axes!r}")
    if not isinstance(sr, Integral):
        problems.append(f"expected sr as a whole number of Hz, got {sr!r}")
    if not (isinstance(min_seen, Real) and 0 <= min_seen <= 1):
        problems.append(f"expected min_seen as a share from 0 to 1, got {min_seen!r}")
    raise_all(problems)
