"""Descriptions of files for `info`: their kind, their contents and the commands that read them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from .._files import one_line
from .._written_tables import kind_of_columns

__all__ = ["describe"]

# Sampling rate in Hz at which sound is decoded to know its length.
_SR = 22050
_TABLES = (".csv", ".parquet")
_PAGES = (".html", ".htm")


def describe(path: str) -> list[str]:
    """Return lines on a file that the command reads or writes."""
    from ..datasets._take_files import is_model

    place = Path(path)
    if not place.exists():
        raise ValueError(f"expected a file, but there is no {path!r}")
    suffix = place.suffix.lower()
    if place.is_dir():
        return _folder(path)
    # First, since it needs no other library.
    if is_model(path) or suffix == ".zip":
        return _model(path)
    from ..datasets._dance_files import is_video
    from ..datasets._pairs import SOUNDS

    if is_video(path):
        return _video(path)
    if suffix in SOUNDS:
        return _sound(path)
    if suffix in _PAGES:
        return _page(place)
    table = _table(place) if suffix in _TABLES else None
    return table or _poses(path)


def _folder(path: str) -> list[str]:
    from ..datasets._dance_files import is_video
    from ..datasets._pairs import SOUNDS
    from ..datasets._take_files import find_takes

    takes = find_takes([path])
    if takes == [path]:
        return _poses(path)
    n_videos = sum(map(is_video, takes))
    n_sounds = sum(f.suffix.lower() in SOUNDS for f in Path(path).iterdir())
    return [
        f"a folder of {len(takes) - n_videos} pose files, {n_videos} videos and {n_sounds} sound "
        "files",
        "for 'fit', 'evaluate' and 'demo', which pair poses and sound by name",
    ]


def _video(path: str) -> list[str]:
    from ..video import probe
    from ..video._reader import warn_if_cut_off

    video = probe(path)
    warn_if_cut_off(path)
    length = "of unknown length" if video.duration is None else f"{video.duration:.1f} s"
    sound = "with sound" if video.has_sound else "without sound"
    return [
        f"video, {length}, {video.width} x {video.height} pixels, {video.fps:.4g} frames per "
        f"second ({video.codec}), {sound}",
        "for every command that takes a dance; finding the dancer needs the pose networks",
    ]


def _sound(path: str) -> list[str]:
    from .._validation import require
    from ..datasets._dance_files import is_silent

    require("soundfile", extra="play", purpose="reading sound files")
    import soundfile

    try:
        found = soundfile.info(path)
        channels = {1: "mono", 2: "stereo"}.get(found.channels, f"{found.channels} channels")
        facts = (
            f"{found.duration:.1f} s, {found.samplerate} Hz, {channels} ({found.format}, "
            f"{found.subtype})"
        )
        silent = all(map(is_silent, soundfile.blocks(path, 1 << 18)))
    except (soundfile.LibsndfileError, RuntimeError):
        # Other formats are decoded, which also checks that the file can be read.
        from ..music.clips import load_audio

        sound = load_audio(path, sr=_SR)
        facts, silent = f"{len(sound) / _SR:.1f} s", is_silent(sound)
    if silent:
        return [f"sound, {facts}", "silent throughout: no command can use it"]
    return [
        f"sound, {facts}",
        "for 'fit', 'evaluate' and 'demo' beside poses of the same name, and for 'report --audio'",
    ]


def _page(place: Path) -> list[str]:
    text = place.read_text(encoding="utf-8", errors="replace")
    if "Made by sklearn_asdf" not in text:
        raise ValueError(f"expected a page that 'report' wrote, but {str(place)!r} is another one")
    title = text.partition("<h1>")[2].partition("</h1>")[0]
    return [f"report on {title!r}, {len(text) / 1e6:.1f} MB", "for any browser, without a network"]


def _table(place: Path) -> list[str] | None:
    """Tell of a table of features or scores; None where it is another one, perhaps of poses."""
    import pandas as pd

    from .._validation import require

    if place.suffix.lower() == ".parquet":
        require("pyarrow", extra="parquet", purpose="reading Parquet")
    try:
        read = pd.read_parquet if place.suffix.lower() == ".parquet" else pd.read_csv
        table = read(place)
    except (ValueError, OSError):
        return None
    names = list(table.columns)
    kind = kind_of_columns(names)
    if kind == "scores":
        return [
            f"scores of a model, {len(names) - 1} of them, in {len(table)} rows: "
            f"{', '.join(map(str, table['method']))}",
            "written by 'evaluate -o'; 'report --scores' shows it",
        ]
    if kind == "held-out scores":
        return [
            f"scores of {len(table)} held-out dances: {', '.join(map(str, names[1:]))}",
            "written by 'demo'",
        ]
    if kind == "features":
        from ..tables import KEYS

        takes = table["take"].nunique()
        rows = "windows" if "window" in table else "clips"
        n_features = len(set(table) - set(KEYS))
        return [
            f"features of {len(table)} {rows} of {takes} take{'s' if takes > 1 else ''}, "
            f"{n_features} features",
            "written by 'features', for a spreadsheet or any other program",
        ]
    return None


def _poses(path: str) -> list[str]:
    from ..io._options import Options
    from ..io._read import read_with

    motion, _, own_fps = read_with(path, Options())
    guess = " (assumed: the file does not tell, give --fps)" if own_fps is None else ""
    named = motion.skeleton.name or "own names" if motion.skeleton else "without names"
    clips = f"{len(motion)} clips of " if len(motion) > 1 else ""
    seen = motion.seen
    lines = [
        f"poses, {clips}{motion.duration:.1f} s at {motion.fps:g} frames per second{guess}",
        f"{motion.n_joints} joints ({named}) in {motion.n_axes} dimensions",
        f"all joints seen in {seen.all(axis=2).mean():.0%} of the frames, nobody in "
        f"{(~seen.any(axis=2)).mean():.0%}",
    ]
    if motion.skeleton is not None and not motion.skeleton.name:
        lines.append(f"joints: {', '.join(motion.skeleton.joints)}")
    return [*lines, "for every command that takes a dance"]


def _model(path: str) -> list[str]:
    from .._model_file import read_summary
    from ..datasets._take_files import is_model

    if not is_model(path) and zipfile.is_zipfile(path):
        # The JSON files of a take.
        return _poses(path)
    size = f"{Path(path).stat().st_size / 1e6:.1f} MB"
    try:
        return _of_model(read_summary(Path(path)), size)
    # The summary of an earlier version, or of a strange file; `load` says what is wrong with it.
    except (KeyError, TypeError, ValueError, AttributeError):
        from .._summary import summarize
        from ..persistence import load

        return _of_model(summarize(load(path)), size)


def _of_model(summary: Any, size: str) -> list[str]:
    """Tell what a model is, what it needs to know of a dance, and what it holds."""
    if "steps" not in summary:
        return [f"model, {_text(summary['model'])}: {_text(summary['text'])}", size]
    steps = [f"  {_text(name)}: {_text(step)}" for name, step in summary["steps"]]
    lines = [f"model, a pipeline of {len(steps)} steps, {size}", *steps]
    if "dance" not in summary:
        return [*lines, "not fitted to dances"]
    dance, music = summary["dance"], summary.get("music")
    named = "without names" if dance["skeleton"] is None else _text(dance["skeleton"])
    joints = (
        f"for dances of {dance['n_joints']:d} joints ({named}) in {dance['n_axes']:d} dimensions"
    )
    if dance.get("any_skeleton"):
        joints = (
            "for dances of any skeleton with hips, shoulders, and wrists or ankles, in 2 or 3 "
            f"dimensions, seen by any camera (fitted to {dance['n_joints']:d} joints ({named}) in "
            f"{dance['n_axes']:d} dimensions)"
        )
    rate = f"at {dance['fps']:g} frames per second; dances at other rates are resampled"
    if music is None:
        lacking = "not fitted to music: it describes dances, in Python"
        return [*lines, joints, rate, lacking]
    preset = "changed from every preset" if music["preset"] is None else _text(music["preset"])
    clip = f"{music['clip_duration']:g} s"
    lines += [
        f"preset: {preset}",
        f"{joints}, of at least {clip}",
        rate,
        f"makes music at {music['sr']:g} Hz, in clips of {clip}",
    ]
    if "n_units" not in music:
        return [*lines, "holds no recordings: it makes new sound"]
    minutes = music["duration"] / 60
    return [
        *lines,
        f"holds the recordings that it learned from ({minutes:.1f} minutes, {music['n_units']:d} "
        "beats) and plays them: pass it on only if you may pass on that music",
    ]


def _text(value: Any) -> str:
    """Return a string of a file in one line."""
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {value!r}")
    return one_line(value)
