"""What the page sees of a session, and the files that it may ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ._jobs import Job
from ._session import Session

__all__ = ["file_of", "state_of"]

_HIDDEN = ("path", "folder", "model")
# What progress bars say, in the words of the page.
_WORDS = {
    "finding poses": "Finding the dancer",
    "copying the pictures": "Preparing the video",
    "describing the dance": "Looking at the movement",
    "composing takes": "Making the music",
    "composing": "Putting the music together",
    "finding beats": "Finding the beats",
    "drawing the page": "Drawing the report",
    "judging the music": "Judging the music",
}


def state_of(session: Session) -> dict[str, Any]:
    """Return everything that the page shows, as JSON knows it."""
    with session.lock:
        return {
            "dance": session.dance and _without(session.dance, _HIDDEN),
            "music": [_without(piece, _HIDDEN) for piece in session.music],
            "shipped": session.shipped,
            "model": session.model and _without(session.model, _HIDDEN),
            "pairs": session.pairs,
            "takes": [_without(take, _HIDDEN) for take in session.takes],
            "upload": session.upload and session.upload.state(),
            "checking": session.checking,
            "job": session.job and _job_state(session, session.job),
            "problem": session.problem,
            "notes": session.notes,
            "notes_step": session.notes_step,
            "model_saved": (session.folder / "model.zip").exists(),
        }


def _job_state(session: Session, job: Job) -> dict[str, Any]:
    state = {
        "title": job.title,
        "step": job.step,
        "waiting": session.jobs.n_before(job) if job.state == "waiting" else 0,
        "doing": "",
        "share": None,
        "seconds": round(job.seconds),
        "picture": None,
    }
    if job.progress is not None:
        told = job.progress["description"]
        state["doing"] = _WORDS.get(told, told[:1].upper() + told[1:])
        if job.progress["total"]:
            state["share"] = min(job.progress["done"] / job.progress["total"], 1.0)
    if session.dance is not None and job.step == "dance":
        picture = Path(session.dance["folder"], "looking.jpg")
        if picture.exists():
            state["picture"] = picture.stat().st_mtime_ns
    return state


def file_of(session: Session, kind: str, which: str = "") -> tuple[Path, str]:
    """Return a file of this session, and the name under which to download it.

    Raises
    ------
    KeyError
        If there is none.
    """
    with session.lock:
        if session.closed:
            raise KeyError(kind)
        stem = Path(session.dance["name"]).stem if session.dance else "dance"
        places: dict[str, tuple[Path, str]] = {}
        if session.dance is not None:
            found = Path(session.dance["folder"])
            places = {
                "dance": (found / "dance.mp4", f"{stem}.mp4"),
                "skeleton": (found / "poses.json", f"{stem}.json"),
                "poses": (found / "poses.npz", f"{stem}_poses.npz"),
                "looking": (found / "looking.jpg", f"{stem}.jpg"),
            }
        if which.isdigit() and kind != "music":
            take = session.folder / "takes" / f"take{which}"
            places |= {
                "shown": (take.with_suffix(".mp4"), f"{stem}_take{which}.mp4"),
                "sound": (take.with_suffix(".wav"), f"{stem}_take{which}.wav"),
                "video": (Path(f"{take}.full.mp4"), f"{stem}_take{which}.mp4"),
                "table": (take.with_suffix(".csv"), f"{stem}_features.csv"),
                "report": (take.with_suffix(".html"), f"{stem}_take{which}.html"),
            }
        places["model"] = (session.folder / "model.zip", "model.zip")
        for piece in session.music:
            if kind == "music" and which == str(piece["id"]):
                places["music"] = (Path(piece["path"]), piece["name"])
        path, name = places[kind]
        if not path.is_file():
            raise KeyError(kind)
        return path, name


def _without(entry: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}
