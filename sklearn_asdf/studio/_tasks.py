"""The heavy work of the page, as plain functions from files to files.

Each takes and returns values that JSON knows, so that it can run in a process of its own. Progress
is that of the library's progress bars.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._defaults import TEMPERATURE
from .._progress import Progress, progress
from ..motion.container import Motion
from ._knobs import Knobs
from ._learning import learn
from ._shipped import shipped_file

if TYPE_CHECKING:
    from ..performance import Performance

__all__ = [
    "find_dancer",
    "judge_take",
    "learn",
    "make_takes",
    "read_model",
    "save_model",
    "write_page",
    "write_table",
    "write_video",
]

# Pixels of the longer side of the video that the page plays, and of the picture that it shows
# while the dancer is being found.
_SHOWN_SIDE = 854
_SHOWN_FIGURE = (480, 480)
# Poses at a higher rate cost twice the time, and models work at 30 frames per second.
_FASTEST = 33.0
_CLIP, _HOP = 8.0, 1.0
_LOUDNESS = -16.0  # LUFS
_SEED_OF_EXAMPLE = 3
_EXAMPLE_DURATION = 20.0


def find_dancer(
    source: str, folder: str, *, models: str | None = None, example: bool = False
) -> dict[str, Any]:
    """Find the dancer in a video, or read a pose file, and make what the page shows of it.

    Parameters
    ----------
    source : str
        Video or pose file.
    folder : str
        Where ``poses.npz``, ``poses.json`` (of videos), ``dance.mp4`` and, meanwhile,
        ``looking.jpg`` are written.
    models : str, default=None
        Folder of the pose networks.
    example : bool, default=False
        Whether to write a synthetic dance to `source` first.

    Returns
    -------
    dict
        What is known of the dance: `duration` in s, `fps`, `seen` (the share of the frames in which
        the dancer is), `is_video`, `has_sound`.
    """
    from ..datasets._dance_files import is_video
    from ..functional.gaps import frames_seen
    from ..io import write_poses

    place = Path(folder)
    own_sound = False
    if example:
        _write_example(source)
    if is_video(source):
        motion, own_sound = _of_video(source, place, models)
    else:
        motion = _of_pose_file(source, place)
    write_poses(motion, place / "poses.npz")
    return {
        "duration": float(motion.duration),
        "fps": float(motion.fps),
        "seen": float(frames_seen(motion.seen[0]).mean()),
        "is_video": is_video(source),
        "has_sound": own_sound,
    }


def _of_video(source: str, place: Path, models: str | None) -> tuple[Motion, bool]:
    from ..video import add_music, estimate_poses, probe, read_sound
    from ..video._writer import write_pictures
    from ._overlay import LookingPicture, write_overlay

    about = probe(source)
    looking = LookingPicture(place / "looking.jpg")
    motion = estimate_poses(
        source, fps=30.0 if about.fps > _FASTEST else None, models=models, callback=looking
    )
    write_overlay(motion, (about.width, about.height), place / "poses.json")
    shown, small = place / "dance.mp4", place / "pictures.mp4"
    write_pictures(source, small, largest_side=_SHOWN_SIDE, duration=math.inf)
    if about.has_sound:
        sr = 44100
        try:
            add_music(small, read_sound(source, sr=sr), shown, sr=sr)
            small.unlink()
            return motion, True
        except ValueError:
            # A sound track that holds nothing: the pictures are all there is to show.
            pass
    os.replace(small, shown)
    return motion, False


def _of_pose_file(source: str, place: Path) -> Motion:
    from ..io import read_poses
    from ..video import write_stick_figure

    motion = read_poses(source)
    if len(motion) != 1:
        raise ValueError(
            f"expected one whole dance in {source!r}, got {len(motion)} clips: give one dance a "
            "file"
        )
    write_stick_figure(motion, place / "dance.mp4", size=_SHOWN_FIGURE)
    return motion


def _write_example(path: str) -> None:
    """Write a synthetic dance as a pose file, for those who have no video at hand."""
    from ..datasets import make_dance_music
    from ..io import write_poses

    data = make_dance_music(
        n_clips=1, clip_duration=_EXAMPLE_DURATION, random_state=_SEED_OF_EXAMPLE
    )
    write_poses(data.poses, path)


# The last model that was used, with what it was made of: the next take has it at once.
_kept: tuple[str, Any] | None = None
# Variance of the samples of models that were fitted to pairs, beside that of soundtracks.
_VARIETY_OF_PAIRS = TEMPERATURE / 0.3


def _model_of(about: dict[str, Any]) -> Any:
    """Return a fitted pipeline: a saved one, or one that plays music for a dance.

    `about` has the ``path`` of a saved model, or the paths of ``music``, the names of ``shipped``
    pieces with the ``folder`` of their files, and the folder of the ``dance``; ``trunk`` finds its
    beat there.
    """
    global _kept
    key = json.dumps(about, sort_keys=True)
    if _kept is not None and _kept[0] == key:
        return _kept[1]
    _kept = None
    if "path" in about:
        from ..performance import encoder_of
        from ..persistence import load

        with Progress("reading the model"):
            model = load(about["path"])
        encoder_of(model)
    else:
        from ..soundtrack import make_soundtrack_pipeline

        music = list(about["music"])
        for name in progress(about["shipped"], "playing the pieces", unit="pieces"):
            music.append(str(shipped_file(name, Path(about["folder"]))))
        motion = _read_dance(about["dance"])
        with Progress("listening to the music"):
            # Clips no longer than the dance.
            model = make_soundtrack_pipeline(
                music,
                poses=motion,
                clip_duration=min(_CLIP, float(motion.duration)),
                strides=not about.get("trunk", False),
            )
    _kept = key, model
    return model


def _adjusted(model: Any, settings: dict[str, float]) -> tuple[Any, float]:
    """Return a model with the settings of the page, and the factor of its temperature."""
    from ..soundtrack import adjust_soundtrack

    try:
        return adjust_soundtrack(model, **settings), 1.0
    except TypeError:
        # A model of pairs, which has no such settings.
        return model, _VARIETY_OF_PAIRS


def _read_dance(folder: str) -> Motion:
    from ..io import read_poses

    return read_poses(Path(folder, "poses.npz"))


def read_model(path: str) -> dict[str, Any]:
    """Load a saved model, which runs no code of the file, and return what it is."""
    from .._summary import summarize

    model = _model_of({"path": path})
    _, factor = _adjusted(model, {})
    return {**summarize(model)["music"], "adjustable": factor == 1.0}


def make_takes(
    model: dict[str, Any], dance: str, folder: str, *, first: int, knobs: dict[str, Any]
) -> list[dict[str, Any]]:
    """Make music for a dance, several times with a seed each.

    Parameters
    ----------
    model : dict
        What makes the music, as `_model_of` takes it.
    dance : str
        Folder of the dance, as `find_dancer` wrote it.
    folder : str
        Where ``take1.wav`` and ``take1.mp4`` are written, and so on.
    first : int
        Number of the first take.
    knobs : dict
        The settings, as of `Knobs`.

    Returns
    -------
    list of dict
        Of each take `number`, `seed`, `duration` in s, and the tempo of the dance in `bpm`, or
        None where the model finds none.
    """
    from ..music.sound_file import prepare_for_export, write_sound
    from ..video import add_music

    set_to = Knobs.read(knobs)
    pipeline, factor = _adjusted(_model_of(model), set_to.settings)
    place, takes = Path(folder), []
    seeds = range(set_to.seed, set_to.seed + set_to.takes)
    beats = _beats(pipeline, dance, set_to)
    played = _played(pipeline, dance, seeds, set_to, factor, beats)
    for number, (seed, take) in enumerate(zip(seeds, played), first):
        write_sound(place / f"take{number}.wav", take.audio, sr=take.sr)
        add_music(
            Path(dance, "dance.mp4"),
            prepare_for_export(take.audio, sr=take.sr),
            place / f"take{number}.mp4",
            sr=take.sr,
        )
        takes.append(
            {
                "number": number,
                "seed": seed,
                "duration": len(take.audio) / take.sr,
                "bpm": None if beats is None else float(60 / np.median(np.diff(beats))),
            }
        )
    return takes


def _beats(pipeline: Any, dance: str, set_to: Knobs) -> np.ndarray | None:
    """Return the beats of a dance with what is known of them; None if the model tracks none."""
    from ..performance import find_beats, tracks_beats

    if not set_to.beat and not tracks_beats(pipeline):
        return None
    with Progress("finding the beat"):
        return find_beats(pipeline, _read_dance(dance), **set_to.beat).beats


def _played(
    pipeline: Any,
    dance: str,
    seeds: Sequence[int],
    set_to: Knobs,
    factor: float,
    beats: np.ndarray | None,
) -> list[Performance]:
    """Return the takes of some seeds."""
    from ..performance import compose_takes, describe_dance

    with Progress("describing the dance"):
        described = describe_dance(pipeline, _read_dance(dance), beats=beats)
    return compose_takes(
        pipeline,
        described,
        seeds,
        temperature=factor * set_to.variety / 100 or None,
        loudness=_LOUDNESS,
        start=set_to.start,
        end=set_to.end or None,
        verbose=1,
    )


def write_video(source: str, dance: str, sound: str, out: str) -> dict[str, Any]:
    """Write the video of the dance, as it was given, with new music."""
    from ..datasets._dance_files import is_video
    from ..music.clips import load_audio
    from ..video import add_music, write_stick_figure

    sr = 44100
    audio = load_audio(sound, sr=sr)
    if is_video(source):
        add_music(source, audio, out, sr=sr)
    else:
        write_stick_figure(_read_dance(dance), out, audio=audio, sr=sr)
    return {}


def write_table(dance: str, out: str, *, name: str = "dance") -> dict[str, Any]:
    """Write the Laban features of a dance as CSV, a row for each second."""
    from .._files import atomic_path
    from ..tables import features_table

    motion = _read_dance(dance)
    with Progress("describing the dance"):
        table = features_table({name: motion}, clip_duration=_CLIP, hop_duration=_HOP)
    with atomic_path(out) as temporary:
        table.to_csv(temporary, index=False)
    return {"rows": len(table)}


def write_page(
    model: dict[str, Any],
    source: str,
    dance: str,
    out: str,
    *,
    title: str,
    seed: int,
    knobs: dict[str, Any],
) -> dict[str, Any]:
    """Write the report of a take as one HTML page."""
    from ..datasets._dance_files import is_video
    from ..report import write_report

    pipeline, shown, known, temperature = _again(model, dance, seed, Knobs.read(knobs))
    write_report(
        out,
        pipeline,
        _read_dance(dance),
        performance=shown,
        beats=known,
        video=source if is_video(source) else None,
        title=title,
        temperature=temperature,
        random_state=seed,
        loudness=_LOUDNESS,
        controls="studio",
    )
    return {}


def _again(
    model: dict[str, Any], dance: str, seed: int, set_to: Knobs
) -> tuple[Any, Performance, np.ndarray | None, float | None]:
    """Return the pipeline of a take, the take, its beats if somebody knows them, and temperature.

    A report finds the beat of a dance without the model, unless somebody knows it.
    """
    pipeline, factor = _adjusted(_model_of(model), set_to.settings)
    beats = _beats(pipeline, dance, set_to)
    shown = _played(pipeline, dance, [seed], set_to, factor, beats)[0]
    known = beats if set_to.beat else None
    return pipeline, shown, known, factor * set_to.variety / 100 or None


def judge_take(
    model: dict[str, Any], dance: str, *, seed: int, knobs: dict[str, Any]
) -> dict[str, Any]:
    """Return what the report of a take says, without writing it.

    Returns
    -------
    dict
        The `verdict` in a word or two, one `sentence` with it and what counts most, and whether the
        music lies `between` the beats of the dance.
    """
    from ..report._report import judge

    pipeline, shown, known, _ = _again(model, dance, seed, Knobs.read(knobs))
    with Progress("judging the music"):
        judged = judge(pipeline, _read_dance(dance), shown, beats=known)
    verdict = judged.answer.verdict.removesuffix(".")
    reasons = [item.plain for item in judged.answer.evidence if not item.by_rule]
    reason = reasons[0] if reasons else judged.answer.sentence
    return {
        "verdict": verdict,
        "sentence": f"{verdict}: {reason[:1].lower()}{reason[1:]}",
        "between": judged.between,
    }


def save_model(model: dict[str, Any], out: str, *, knobs: dict[str, Any]) -> dict[str, Any]:
    """Save the model that makes the music, with its settings, in one file."""
    from ..persistence import save

    pipeline, _ = _adjusted(_model_of(model), Knobs.read(knobs).settings)
    with Progress("saving the model"):
        save(pipeline, out)
    return {}
