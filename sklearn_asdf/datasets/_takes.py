"""Takes of dance and music: checks of their consistency, and cutting into clips."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.utils import Bunch

from ..functional.resampling import resample_filled
from ..motion.container import Motion
from ..motion.skeletons import Skeleton
from ..music.clips import AudioClips
from ._pairs import list_of

__all__ = ["Take", "cut", "part_unlike", "warn_of_lengths"]

# Dance and music whose lengths differ by more than this share hardly belong to each other.
_SAME_LENGTH = 0.05


@dataclass
class Take:
    """One pair of files, read and brought onto the clock of its sound."""

    name: str
    position: np.ndarray
    seen: np.ndarray
    skeleton: Skeleton | None
    recording: np.ndarray
    # Rate at which the poses would be as long as the sound, in Hz.
    matching_fps: float

    @classmethod
    def of(
        cls,
        name: str,
        path: str | os.PathLike[str],
        found: tuple[Motion, float, float | None],
        recording: np.ndarray,
        *,
        fps: float,
        sr: int,
    ) -> Take:
        """Return the take of poses as `read_dance` found them and of their music."""
        motion, start, _ = found
        if len(motion) != 1:
            raise ValueError(
                f"expected whole takes, but {str(path)!r} holds {len(motion)} clips: give one file "
                "a take"
            )
        position, seen = resample_filled(
            motion.position[0], fps=motion.fps, start=start, new_fps=fps
        )
        return cls(
            name,
            position.astype(np.float32),
            seen,
            motion.skeleton,
            recording,
            motion.n_frames / max(len(recording) / sr - start, 1 / sr),
        )


def part_unlike(takes: list[Take]) -> tuple[list[Take], dict[str, str]]:
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


def warn_of_lengths(takes: list[Take], *, fps: float, sr: int) -> None:
    """Say which takes have a dance and music of different length."""
    unequal = []
    for take in takes:
        dance, music = len(take.position) / fps, len(take.recording) / sr
        if abs(dance - music) > _SAME_LENGTH * max(dance, music):
            unequal.append(
                f"{take.name!r} has {dance:.3g} s of poses and {music:.3g} s of sound (the same at "
                f"{take.matching_fps:.3g} fps)"
            )
    if unequal:
        warnings.warn(
            f"dance and music differ in length by more than {_SAME_LENGTH:.0%}: "
            f"{list_of(unequal, quote=False)}; check that they belong together, and pass pose_fps "
            "if the frame rate is wrong, else the end of the longer one is left out",
            UserWarning,
            stacklevel=3,
        )


def _size(take: Take) -> str:
    known = take.skeleton and take.skeleton.name
    name = known or ("without names" if take.skeleton is None else "of own names or order")
    return f"{take.position.shape[1]} joints ({name}) in {take.position.shape[2]} axes"


def cut(
    takes: list[Take],
    clip_duration: float,
    hop_duration: float,
    fps: float,
    sr: int,
    min_seen: float,
) -> Bunch:
    """Return the clips of all takes, as `load_folder` does."""
    n_frames, n_samples = round(clip_duration * fps), round(clip_duration * sr)
    frames, samples, starts, groups, short = [], [], [], [], []
    n_discarded = 0
    for i, take in enumerate(takes):
        k, at, sample = _clip_starts(take, clip_duration, hop_duration, fps, sr)
        if not len(k):
            duration = min(len(take.position) / fps, len(take.recording) / sr)
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
            f"{list_of(short)}",
            UserWarning,
            stacklevel=3,
        )
    index = np.concatenate(groups)
    recordings = [take.recording for take in takes]
    poses = Motion(_positions(takes, frames, n_frames), fps=fps, skeleton=takes[0].skeleton)
    minutes = sum(map(len, recordings)) / sr / 60
    return Bunch(
        poses=poses,
        audio=AudioClips(recordings, index, np.concatenate(samples), n_samples, sr=sr),
        groups=index,
        names=np.array([take.name for take in takes]),
        starts=np.concatenate(starts),
        n_discarded=n_discarded,
        DESCR=(
            f"{len(takes)} take(s), {minutes:.1f} min of sound, cut into {n_clips} clips of "
            f"{clip_duration:g} s every {hop_duration:g} s; {n_discarded} clip(s) left out, the "
            f"dancer being seen in less than {min_seen:g} of the frames.\n"
            f"Poses: {n_frames} frames at {fps:g} fps, {_joints(poses)}, {poses.shape[3]} axes. "
            f"Sound: {n_samples} samples at {sr} Hz, mono.\n"
            f"Takes: {', '.join(take.name for take in takes)}"
        ),
    )


def _clip_starts(
    take: Take, clip_duration: float, hop_duration: float, fps: float, sr: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers of the clips that fit into a take, and their first frames and samples."""
    duration = min(len(take.position) / fps, len(take.recording) / sr)
    k = np.arange(max(0, int((duration - clip_duration) / hop_duration + 1e-6) + 1))
    at = np.rint(k * hop_duration * fps).astype(int)
    sample = np.rint(k * hop_duration * sr).astype(int)
    fits = at + round(clip_duration * fps) <= len(take.position)
    fits &= sample + round(clip_duration * sr) <= len(take.recording)
    return k[fits], at[fits], sample[fits]


def _positions(takes: list[Take], frames: list[np.ndarray], n_frames: int) -> np.ndarray:
    """Poses of all clips, float32, which start at these frames of their takes."""
    n_clips = sum(map(len, frames))
    position = np.empty((n_clips, n_frames, *takes[0].position.shape[1:]), dtype=np.float32)
    row = 0
    for take, at in zip(takes, frames):
        # One take at a time, clip by clip: no copy but the one that is returned.
        for first in at:
            clip = slice(first, first + n_frames)
            position[row] = take.position[clip]
            position[row][:, ~take.seen[clip].any(axis=0)] = np.nan
            row += 1
    return position


def _joints(poses: Motion) -> str:
    skeleton = poses.skeleton
    names = "unnamed" if skeleton is None else skeleton.name or ", ".join(skeleton.joints)
    return f"{poses.shape[2]} joints ({names})"


def _window_sum(values: np.ndarray, at: np.ndarray, size: int) -> np.ndarray:
    total = np.concatenate([[0], np.cumsum(values)])
    return total[at + size] - total[at]
