"""Somebody's own dances and music: pose and sound files, paired by name, cut on one clock."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from .._progress import progress
from .._validation import Integral, Real, check_choice, raise_all, require
from ..io._read import ASSUMED_FPS, Options
from ..motion.container import Motion
from ..motion.resample import on_clock
from ..motion.skeletons import Skeleton
from ..music.clips import AudioClips
from ._dance_files import is_video, read_dance, read_music, require_video

__all__ = ["load_folder"]

_SOUND = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au")
_POSES = (
    ".json", ".npz", ".npy", ".bvh", ".csv", ".tsv", ".parquet", ".pkl", ".pickle", ".h5",
    ".hdf5", ".nc", ".c3d", ".zip",
)  # fmt: skip


@dataclass
class _Take:
    """One pair of files, read and brought onto the clock of its sound."""

    name: str
    position: np.ndarray
    seen: np.ndarray
    skeleton: Skeleton | None
    recording: np.ndarray


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
    """Pair pose and sound files by name, and cut both into clips on one clock.

    ``dance7.json`` belongs to ``dance7.wav``, in one folder or in two. A video stands for its
    poses, its sound or both, where there is no file of these.

    Parameters
    ----------
    path : str or PathLike or None, default=None
        A folder with pose files and sound files, or with the subfolders ``poses`` and ``audio``.
    poses, audio : str or PathLike or None, default=None
        The two folders, instead of `path`.
    clip_duration : float, default=8.0
        Length of a clip in s.
    hop_duration : float, default=1.0
        Time from one clip's start to the next one's in s.
    fps : float, default=30.0
        Frame rate in Hz to which all poses are brought.
    sr : int, default=22050
        Sampling rate in Hz to which all sound is brought, mixed to mono.
    min_seen : float, default=0.5
        A clip is left out if the dancer is seen in less than this share of its frames: a frame
        counts if at least half of its joints are seen.
    pose_fps : float or None, default=None
        Frame rate of the pose files in Hz. None takes each file's word; where one tells nothing,
        30 is assumed with a warning.
    skeleton : Skeleton, str or None, default=None
        Who the joints are; None takes the files' names, or tells by their number.
    person : {"largest", "first", "follow"} or int, default="largest"
        Whose poses to keep where a frame holds several people, as in `read_poses`.
    coordinates : {"image", "world"}, default="image"
        What to take where a file has both, as in `read_poses`.
    image_size : (width, height) or None, default=None
        Pixels by which to multiply image coordinates that lie in 0..1.
    min_confidence : float, default=0.0
        Joints of lower confidence are not seen.
    n_axes : int or None, default=None
        Axes that the poses must have, as those that a model was fitted to. Where a file has image
        and world coordinates, those are taken that have so many. None takes `coordinates`.
    models : str or PathLike or None, default=None
        Folder of the pose networks for videos, as in :func:`~sklearn_asdf.video.fetch_pose_models`.
    on_error : {"raise", "skip"}, default="raise"
        What to do with takes that cannot be read, or whose joints are not those of most takes:
        refuse all, or leave these out with a warning.
    verbose : int, default=0
        Whether to show progress over the takes (needs tqdm).

    Returns
    -------
    Bunch
        poses : Motion of shape (n_clips, n_frames, n_joints, n_axes)
            The clips' poses, float32, in the files' unit of length.
        audio : AudioClips of shape (n_clips, n_samples)
            The clips' sound, sharing the samples of whole recordings.
        groups : ndarray of int of shape (n_clips,)
            The take that each clip belongs to, a place in `names`: split by it.
        names : ndarray of str of shape (n_takes,)
            The takes' names.
        starts : ndarray of float of shape (n_clips,)
            Where in its take each clip starts, in s.
        n_discarded : int
            How many clips were left out for want of poses.
        skipped : dict of str to str
            Takes left out because of `on_error`, and why.
        DESCR : str
            What was read.

    See Also
    --------
    sklearn_asdf.io.read_poses : The formats of poses.
    make_dance_music : Made-up dances with music.

    Notes
    -----
    Clip k of a take covers the seconds ``k * hop_duration`` to ``k * hop_duration +
    clip_duration`` of the sound and of the poses; a take ends where the shorter of the two does.
    Poses begin with the sound, unless the file tells when they do: Dance with Melody, a column
    ``time``, and the frame numbers of tables and of COCO or AlphaPose results. They are brought to
    `fps` by cubic splines, after a zero-phase low-pass if that is fewer frames.

    What was not seen is interpolated linearly in time over the whole take, and its ends hold the
    nearest pose; as in [1]_, clips with too few poses are left out. A joint that is seen in no
    frame of a clip stays NaN there.

    The clips' poses take 4 bytes a number: six hours of 17 joints in two axes, with the defaults,
    are 0.7 GB, and their sound 1.9 GB.

    Poses that were found in videos are kept in the user's cache folder, for the next call.

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
    check_choice(on_error, ("raise", "skip"), name="on_error")
    options = Options(
        fps=pose_fps,
        skeleton=skeleton,
        person=person,
        coordinates=coordinates,
        image_size=image_size,
        min_confidence=min_confidence,
    )
    require("soundfile", "soxr", extra="music", purpose="reading sound files")
    pairs = _pairs(*_folders(path, poses, audio))
    if any(is_video(file) for pair in pairs for file in pair[1:]):
        require_video(models)
    takes, guessed, skipped = [], [], {}
    for name, pose_file, sound_file in progress(
        pairs, "reading takes", unit="takes", verbose=verbose
    ):
        try:
            motion, start, assumed = read_dance(
                pose_file, options, n_axes=n_axes, models=models, verbose=verbose
            )
            if len(motion) != 1:
                raise ValueError(
                    f"expected whole takes, but {str(pose_file)!r} holds {len(motion)} clips: "
                    "give one file a take"
                )
            recording = read_music(sound_file, sr=sr)
        except (ValueError, OSError) as error:
            skipped[name] = str(error)
            continue
        if assumed:
            guessed.append(pose_file.name)
        position, seen = on_clock(motion.position[0], fps=motion.fps, start=start, new_fps=fps)
        takes.append(_Take(name, position.astype(np.float32), seen, motion.skeleton, recording))
    if on_error == "raise" or not takes:
        raise_all(list(skipped.values()))
    if guessed:
        warnings.warn(
            f"{_list(guessed)} tell(s) no frame rate, {ASSUMED_FPS:g} frames per second are "
            "assumed: give pose_fps",
            UserWarning,
            stacklevel=2,
        )
    takes, unlike = _alike(takes)
    if unlike and on_error == "raise":
        raise ValueError(next(iter(unlike.values())))
    skipped |= unlike
    for name, problem in skipped.items():
        warnings.warn(f"{name!r} is left out: {problem}", UserWarning, stacklevel=2)
    data = _cut(takes, clip_duration, hop_duration, float(fps), int(sr), float(min_seen))
    data.skipped = skipped
    return data


def _folders(path: Any, poses: Any, audio: Any) -> tuple[Path, Path]:
    """Return the folder of poses and the folder of sound."""
    if path is not None and poses is None and audio is None:
        folder = _existing(path, "poses and sound")
        if (folder / "poses").is_dir() and (folder / "audio").is_dir():
            return folder / "poses", folder / "audio"
        return folder, folder
    if path is None and poses is not None and audio is not None:
        return _existing(poses, "poses"), _existing(audio, "sound")
    raise ValueError(
        f"expected either path, or both poses and audio, got path={path!r}, poses={poses!r} and "
        f"audio={audio!r}"
    )


def _existing(path: Any, what: str) -> Path:
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"expected the path of a folder of {what}, got {path!r}")
    folder = Path(path)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"expected a folder of {what}, but there is no folder {str(path)!r}"
        )
    return folder


def _pairs(poses: Path, audio: Path) -> list[tuple[str, Path, Path]]:
    """Return name, pose file and sound file of every take, and warn of what has no partner."""
    # A video stands for what has no file of its own.
    dances = _by_name(poses, _video_name, "video") | _by_name(poses, pose_name, "pose")
    sounds = _by_name(audio, _video_name, "video") | _by_name(audio, _sound_name, "sound")
    both = sorted(set(dances) & set(sounds))
    if not both:
        where = repr(str(poses)) if poses == audio else f"{str(poses)!r} and {str(audio)!r}"
        raise ValueError(
            f"expected pose and sound files of the same name in {where}, got no pair: poses "
            f"{_list(p.name for p in dances.values())}; sound "
            f"{_list(p.name for p in sounds.values())}. " + _way_out(poses, audio, sounds)
        )
    alone = [p.name for n, p in {**dances, **sounds}.items() if n not in both]
    if alone:
        warnings.warn(
            f"{len(alone)} file(s) without a partner of the same name are left out: {_list(alone)}",
            UserWarning,
            stacklevel=3,
        )
    return [(name, dances[name], sounds[name]) for name in both]


def _way_out(poses: Path, audio: Path, sounds: dict[str, Path]) -> str:
    if poses != audio and not sounds and _by_name(audio, pose_name, "pose"):
        return "Are the two folders swapped? Poses are where sound is expected"
    return "Name them alike, as dance1.json and dance1.wav"


def _by_name(folder: Path, name_of: Callable[[Path], str | None], what: str) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        name = None if file.name.startswith(".") else name_of(file)
        if name is None:
            continue
        if name in found:
            raise ValueError(
                f"expected one {what} file a take in {str(folder)!r}, got {found[name].name!r} "
                f"and {file.name!r}: move one away"
            )
        found[name] = file
    return found


def pose_name(file: Path) -> str | None:
    """Return the name of the take that a file or folder holds the poses of, if it does."""
    if file.is_dir():
        # A folder of one-frame files is a take, as OpenPose writes it.
        frames = any(".json" in p.suffixes[-2:] for p in file.iterdir())
        return file.name if frames else None
    plain = file.name.removesuffix(".gz")
    stem, suffix = os.path.splitext(plain)
    return stem if suffix.lower() in _POSES else None


def _video_name(file: Path) -> str | None:
    return file.stem if is_video(file) and file.is_file() else None


def _sound_name(file: Path) -> str | None:
    return file.stem if file.suffix.lower() in _SOUND and file.is_file() else None


def _list(names: Iterable[str], most: int = 8) -> str:
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(map(repr, names[:most])) or "none") + more


def _alike(takes: list[_Take]) -> tuple[list[_Take], dict[str, str]]:
    """Part the takes with the joints that most have from others, and say what is wrong with these.

    Of joints that equally many have, those of the first take count.
    """
    kinds = [(take.position.shape[1:], take.skeleton and take.skeleton.joints) for take in takes]
    usual = max(kinds, key=kinds.count)
    first = takes[kinds.index(usual)]
    unlike = {
        take.name: (
            f"expected all takes to have the same joints and axes, got {_size(first)} in "
            f"{first.name!r} and {_size(take)} in {take.name!r}: keep takes of different trackers "
            "in different folders"
        )
        for take, kind in zip(takes, kinds)
        if kind != usual
    }
    return [take for take in takes if take.name not in unlike], unlike


def _size(take: _Take) -> str:
    known = take.skeleton and take.skeleton.name
    name = known or ("without names" if take.skeleton is None else "of own names or order")
    return f"{take.position.shape[1]} joints ({name}) in {take.position.shape[2]} axes"


def _cut(
    takes: list[_Take],
    clip_duration: float,
    hop_duration: float,
    fps: float,
    sr: int,
    min_seen: float,
) -> Bunch:
    n_frames, n_samples = round(clip_duration * fps), round(clip_duration * sr)
    frames, samples, starts, groups, short = [], [], [], [], []
    n_discarded = 0
    for i, take in enumerate(takes):
        duration = min(len(take.position) / fps, len(take.recording) / sr)
        k = np.arange(max(0, int((duration - clip_duration) / hop_duration + 1e-6) + 1))
        at = np.rint(k * hop_duration * fps).astype(int)
        sample = np.rint(k * hop_duration * sr).astype(int)
        fits = (at + n_frames <= len(take.position)) & (sample + n_samples <= len(take.recording))
        k, at, sample = k[fits], at[fits], sample[fits]
        if not len(k):
            short.append(f"{take.name} ({duration:.3g} s)")
        whole = take.seen.mean(axis=1) >= 0.5
        share = _window_sum(whole, at, n_frames) / n_frames
        # A clip in which nobody is seen is no clip, whatever min_seen says.
        kept = (share >= min_seen) & (share > 0)
        n_discarded += int((~kept).sum())
        frames.append(at[kept])
        samples.append(sample[kept])
        starts.append(k[kept] * float(hop_duration))
        groups.append(np.full(kept.sum(), i))
    n_clips = sum(map(len, frames))
    if not n_clips:
        raise ValueError(
            f"expected at least one clip of {clip_duration:g} s, got none from {len(takes)} "
            f"take(s): {len(short)} shorter than a clip, and {n_discarded} clip(s) with the "
            f"dancer seen in less than {min_seen:.0%} of the frames: give longer takes in which "
            "the dancer is seen, or cut shorter clips"
        )
    if short:
        warnings.warn(
            f"{len(short)} take(s) shorter than a clip of {clip_duration:g} s are left out: "
            f"{_list(short)}",
            UserWarning,
            stacklevel=3,
        )
    position = np.empty((n_clips, n_frames, *takes[0].position.shape[1:]), dtype=np.float32)
    row = 0
    for take, at in zip(takes, frames):
        # One take at a time, clip by clip: no copy but the one that is returned.
        for first in at:
            clip = slice(first, first + n_frames)
            position[row] = take.position[clip]
            position[row][:, ~take.seen[clip].any(axis=0)] = np.nan
            row += 1
    index = np.concatenate(groups)
    names = np.array([take.name for take in takes])
    bunch = Bunch(
        poses=Motion(position, fps=fps, skeleton=takes[0].skeleton),
        audio=AudioClips(
            [take.recording for take in takes], index, np.concatenate(samples), n_samples, sr=sr
        ),
        groups=index,
        names=names,
        starts=np.concatenate(starts),
        n_discarded=n_discarded,
    )
    minutes = sum(len(take.recording) for take in takes) / sr / 60
    skeleton = takes[0].skeleton
    joints = "unnamed" if skeleton is None else skeleton.name or ", ".join(skeleton.joints)
    bunch.DESCR = (
        f"{len(takes)} take(s), {minutes:.1f} min of sound, cut into {n_clips} clips of "
        f"{clip_duration:g} s every {hop_duration:g} s; {n_discarded} clip(s) left out, the "
        f"dancer being seen in less than {min_seen:g} of the frames.\n"
        f"Poses: {n_frames} frames at {fps:g} fps, {position.shape[2]} joints ({joints}), "
        f"{position.shape[3]} axes. Sound: {n_samples} samples at {sr} Hz, mono.\n"
        f"Takes: {', '.join(names)}"
    )
    return bunch


def _window_sum(values: np.ndarray, at: np.ndarray, size: int) -> np.ndarray:
    total = np.concatenate([[0], np.cumsum(values)])
    return total[at + size] - total[at]
