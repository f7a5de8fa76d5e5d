"""Somebody's own dances and music: pose and sound files, paired by name, cut on one clock."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.utils import Bunch

from .._validation import Integral, Real, raise_all, require
from ..functional.gaps import frames_seen
from ..functional.resampling import resample_filled
from ..io._read import ASSUMED_FPS, Options, read_with
from ..motion.container import Motion
from ..motion.skeletons import Skeleton
from ..music.clips import AudioClips, load_audio
from ._pairs import find_folders, find_pairs, list_of

__all__ = ["load_folder"]

# Dance and music whose lengths differ by more than this share hardly belong to each other.
_SAME_LENGTH = 0.05


@dataclass
class _Take:
    """One pair of files, read and brought onto the clock of its sound."""

    name: str
    position: np.ndarray
    seen: np.ndarray
    skeleton: Skeleton | None
    recording: np.ndarray
    # Rate at which the poses would be as long as the sound, in Hz.
    matching_fps: float


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
    verbose: int = 0,
) -> Bunch:
    """Pair pose and sound files by name, and cut both into clips on one clock.

    ``dance7.json`` belongs to ``dance7.wav``, in one folder or in two. Names that differ only in
    how Unicode writes their accents are the same.

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
    Where their lengths differ by more than 5 %, a warning tells both: a wrong frame rate is the
    usual reason.

    Poses begin with the sound, unless the file tells when they do: Dance with Melody, a column
    ``time``, and the frame numbers of tables and of COCO or AlphaPose results. They are brought to
    `fps` by cubic splines, after a zero-phase low-pass at 0.45 of it if that is fewer frames.

    What was not seen is interpolated linearly in time over the whole take, and its ends hold the
    nearest pose; as in [1]_, clips with too few poses are left out. A joint that is seen in no
    frame of a clip stays NaN there.

    The clips' poses take 4 bytes a number: six hours of 17 joints in two axes, with the defaults,
    are 0.7 GB, and their sound 1.9 GB.

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
    if not isinstance(sr, Integral):
        problems.append(f"expected sr as a whole number of Hz, got {sr!r}")
    if not (isinstance(min_seen, Real) and 0 <= min_seen <= 1):
        problems.append(f"expected min_seen as a share from 0 to 1, got {min_seen!r}")
    raise_all(problems)
    options = Options(
        fps=pose_fps,
        skeleton=skeleton,
        person=person,
        coordinates=coordinates,
        image_size=image_size,
        min_confidence=min_confidence,
    )
    require("soundfile", "soxr", extra="music", purpose="reading sound files")
    pairs = find_pairs(*find_folders(path, poses, audio))
    takes, guessed = [], []
    for name, pose_file, sound_file in _progress(pairs, verbose):
        try:
            motion, start, assumed = read_with(pose_file, options)
            if len(motion) != 1:
                raise ValueError(
                    f"expected whole takes, but {str(pose_file)!r} holds {len(motion)} clips: "
                    "give one file a take"
                )
            recording = load_audio(sound_file, sr=sr)
        except ValueError as error:
            problems.append(str(error))
            continue
        if assumed:
            guessed.append(pose_file.name)
        position, seen = resample_filled(
            motion.position[0], fps=motion.fps, start=start, new_fps=fps
        )
        matching_fps = motion.n_frames / max(len(recording) / sr - start, 1 / sr)
        takes.append(
            _Take(
                name,
                position.astype(np.float32),
                seen,
                motion.skeleton,
                recording,
                matching_fps,
            )
        )
    raise_all(problems)
    if guessed:
        warnings.warn(
            f"{list_of(guessed)} tell(s) no frame rate, {ASSUMED_FPS:g} fps are assumed: pass "
            "pose_fps",
            UserWarning,
            stacklevel=2,
        )
    _check_alike(takes)
    _warn_of_lengths(takes, fps=fps, sr=sr)
    return _cut(takes, clip_duration, hop_duration, float(fps), int(sr), float(min_seen))


def _progress(pairs: list, verbose: int) -> Iterable:
    if not verbose:
        return pairs
    require("tqdm", extra="music", purpose="showing progress")
    from tqdm.auto import tqdm

    return tqdm(pairs, desc="reading takes", unit="take")


def _check_alike(takes: list[_Take]) -> None:
    first = takes[0]
    for other in takes[1:]:
        if first.position.shape[1:] != other.position.shape[1:]:
            raise ValueError(
                f"expected all takes to have the same joints and axes, got {_size(first)} in "
                f"{first.name!r} and {_size(other)} in {other.name!r}: load them apart"
            )
        a, b = first.skeleton, other.skeleton
        if a != b and (a is None or b is None or a.joints != b.joints):
            raise ValueError(
                f"expected all takes to have the same joints, got other names or another order "
                f"in {first.name!r} than in {other.name!r}: load them apart, or pass skeleton if "
                "they mean the same"
            )


def _warn_of_lengths(takes: list[_Take], *, fps: float, sr: int) -> None:
    """Say which takes have a dance and music of different length."""
    told = []
    for take in takes:
        dance, music = len(take.position) / fps, len(take.recording) / sr
        if abs(dance - music) > _SAME_LENGTH * max(dance, music):
            told.append(
                f"{take.name!r} has {dance:.3g} s of poses and {music:.3g} s of sound (the same at "
                f"{take.matching_fps:.3g} fps)"
            )
    if told:
        warnings.warn(
            f"dance and music differ in length by more than {_SAME_LENGTH:.0%}: "
            f"{list_of(told, quote=False)}; check that they belong together, and pass pose_fps if "
            "the frame rate is wrong, else the end of the longer one is left out",
            UserWarning,
            stacklevel=3,
        )


def _size(take: _Take) -> str:
    return f"{take.position.shape[1]} joints in {take.position.shape[2]} axes"


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
        whole = frames_seen(take.seen)
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
            f"dancer seen in less than {min_seen:g} of the frames: give longer takes, a shorter "
            "clip_duration or a smaller min_seen"
        )
    if short:
        warnings.warn(
            f"{len(short)} take(s) shorter than a clip of {clip_duration:g} s are left out: "
            f"{list_of(short)}",
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
