"""What one visitor of the page has: a dance, music, a model, and takes of music for the dance."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..datasets._dance_files import is_video
from ._checks import check_dance, check_music
from ._jobs import Job, JobQueue
from ._knobs import Knobs
from ._session_work import SessionWork
from ._shipped import SHIPPED
from ._uploads import Upload

__all__ = ["Session"]

_LONGEST_MUSIC = 3600.0
_EXAMPLE = "example dance.npz"
# What is made of a take on demand: task, file, and what it is called meanwhile.
_EXTRAS = {
    "video": ("write_video", ".mp4", "Writing the video"),
    "table": ("write_table", ".csv", "Describing the dance"),
    "report": ("write_page", ".html", "Writing the report"),
}


class Session(SessionWork):
    """One visitor's dance, music and takes.

    Parameters
    ----------
    name, folder, jobs
        As of `SessionWork`.
    longest : float
        Longest dance in s.
    models : str or None
        Folder of the pose networks.

    Attributes
    ----------
    dance, model : dict or None
        What was chosen.
    music, takes : list of dict
        What was uploaded, and what was made.
    shipped, pairs : list of str
        Names of the chosen pieces that the package ships, and of the files to learn from.
    """

    def __init__(
        self, name: str, folder: Path, jobs: JobQueue, *, longest: float, models: str | None = None
    ) -> None:
        super().__init__(name, folder, jobs)
        self._judging: list[Job] = []
        self.dance: dict[str, Any] | None = None
        self.music: list[dict[str, Any]] = []
        self.shipped: list[str] = []
        self.model: dict[str, Any] | None = None
        self.pairs: list[str] = []
        self.takes: list[dict[str, Any]] = []
        self._longest, self._models = longest, models

    def accept(self, upload: Upload) -> None:
        """Look at a file that has come, and use it; raise a sentence if it cannot be used."""
        with self.lock:
            self._check_open()
            self.checking = upload.name
        try:
            getattr(self, f"_accept_{upload.step}")(upload.path)
        except Exception as error:
            upload.path.unlink(missing_ok=True)
            if not isinstance(error, (ValueError, OSError, ImportError)):
                raise
            raise ValueError(self.fail(upload.step, error)) from None
        finally:
            self.checking = None
            if self.closed:
                self._remove_folder()

    def _accept_dance(self, path: Path) -> None:
        about = check_dance(path, longest=self._longest)
        self._look_at(path, about)

    def _accept_music(self, path: Path) -> None:
        have = sum(piece["duration"] for piece in self.music)
        duration = check_music(path, longest=_LONGEST_MUSIC - have)
        with self.lock:
            self._count += 1
            self.music.append(
                {"id": self._count, "name": path.name, "duration": duration, "path": str(path)}
            )
            self.model = None

    def _accept_model(self, path: Path) -> None:
        def finished(job: Job) -> None:
            self.model = {
                "name": path.name,
                "path": str(path),
                "adjustable": job.result["adjustable"],
            }

        self._start("read_model", {"path": str(path)}, "Reading the model", "music", finished)

    def _accept_pairs(self, path: Path) -> None:
        with self.lock:
            if path.name not in self.pairs:
                self.pairs.append(path.name)

    def use_example(self) -> None:
        """Take a synthetic dance."""
        with self.lock:
            self._check_free()
            path = self._new_folder("dance") / _EXAMPLE
            self._look_at(path, {"is_video": False}, example=True)

    def _look_at(self, path: Path, about: dict[str, Any], *, example: bool = False) -> None:
        """Find the dancer in a file that is one."""
        with self.lock:
            self._check_free()
            self._forget_dance()
            folder = self._new_folder("found")
            self.dance = {
                "id": folder.name,
                "name": path.name,
                "path": str(path),
                "folder": str(folder),
                "ready": False,
                **about,
            }

        def finished(job: Job) -> None:
            assert self.dance is not None
            self.dance |= job.result | {"ready": True}

        def failed() -> None:
            self._forget_dance()

        self._start(
            "find_dancer",
            {
                "source": str(path),
                "folder": str(folder),
                "models": self._models,
                "example": example,
            },
            "Reading the dance" if not about["is_video"] else "Finding the dancer",
            "dance",
            finished,
            failed,
        )

    # Choices -------------------------------------------------------------------------------------

    def choose_shipped(self, names: list[str]) -> None:
        """Take pieces that the package synthesizes."""
        with self.lock:
            unknown = [name for name in names if name not in SHIPPED]
            if unknown:
                raise ValueError(f"there is no piece called {unknown[0]!r}")
            self.shipped = [name for name in SHIPPED if name in names]
            self.model = None

    def remove(self, step: str, which: str) -> None:
        """Remove a piece of music, the model, a pair's file, a take, or the dance."""
        with self.lock:
            # Music is not in use while a dancer is being found.
            if step not in ("music", "pairs") or (self.job and self.job.step != "dance"):
                self._check_free()
            if step == "dance":
                self._forget_dance()
            elif step == "music":
                for piece in [p for p in self.music if str(p["id"]) == which]:
                    self.music.remove(piece)
                    shutil.rmtree(Path(piece["path"]).parent, ignore_errors=True)
            elif step == "model":
                self.model = None
            elif step == "pairs" and which in self.pairs:
                self.pairs.remove(which)
                # Pose files have been moved, and the poses of a video written, by `learn`.
                pairs = self.folder / "pairs"
                for place in (pairs / which, pairs / "poses" / which):
                    place.unlink(missing_ok=True)
                if is_video(which):
                    (pairs / "poses" / f"{Path(which).stem}.npz").unlink(missing_ok=True)
            elif step == "take":
                for take in [t for t in self.takes if str(t["number"]) == which]:
                    self.takes.remove(take)
                    for place in (self.folder / "takes").glob(f"take{take['number']}.*"):
                        place.unlink(missing_ok=True)

    # Work ----------------------------------------------------------------------------------------

    def make(self, knobs: Knobs, *, model: dict[str, Any] | None = None) -> None:
        """Make takes of music for the dance, by the chosen music or by a given model."""
        with self.lock:
            self._check_open()
            if self.dance is None or not self.dance["ready"]:
                raise ValueError("there is no dance yet: drop a video in step 1")
            if model is None:
                model = self.model_for(trunk=knobs.trunk)
            first = 1 + max((take["number"] for take in self.takes), default=0)
            folder = self.folder / "takes"
            folder.mkdir(exist_ok=True)

        def finished(job: Job) -> None:
            shown = {"knobs": knobs.as_dict(), "model": model}
            made = [{**take, **shown} for take in job.result]
            self.takes += made
            for take in made:
                self._judge(take)

        self._start(
            "make_takes",
            {
                "model": model,
                "dance": self.dance["folder"],
                "folder": str(folder),
                "first": first,
                "knobs": knobs.as_dict(),
            },
            "Making the music",
            "soundtrack",
            finished,
        )

    def make_later(self, number: int) -> None:
        """Make a take again, half a beat later."""
        with self.lock:
            take = self._take(number)
        knobs = Knobs(**take["knobs"])
        shift = (knobs.shift + 0.5) % 1
        self.make(replace(knobs, shift=shift, takes=1, seed=take["seed"]), model=take["model"])

    def _judge(self, take: dict[str, Any]) -> None:
        """Find what the report of a take says, after everything that somebody waits for."""
        assert self.dance is not None
        arguments = {
            "model": take["model"],
            "dance": self.dance["folder"],
            "seed": take["seed"],
            "knobs": take["knobs"],
        }

        def ended(job: Job) -> None:
            with self.lock:
                self._judging.remove(job)
                if job.state == "done":
                    take["verdict"] = job.result
                elif job.state == "failed":
                    sentence = f"It could not be judged: {self._plain(job.problem)}"
                    take["verdict"] = {"verdict": "", "sentence": sentence, "between": False}

        job = Job(
            "judge_take", arguments, "Judging the take", "soundtrack", ended, in_background=True
        )
        self._judging.append(job)
        self.jobs.submit(job)

    def close(self) -> None:
        """Stop everything, and remove all files."""
        self._stop_judging()
        super().close()

    def _stop_judging(self) -> None:
        with self.lock:
            jobs = list(self._judging)
        for job in jobs:
            self.jobs.stop(job)

    def model_for(self, *, trunk: bool = False) -> dict[str, Any]:
        """Return what makes the music: the chosen model, or one for the dance and the music."""
        if self.model is not None:
            return {"path": self.model["path"]}
        if not self.music and not self.shipped:
            raise ValueError("there is no music yet: choose some in step 2")
        if self.dance is None or not self.dance["ready"]:
            raise ValueError("there is no dance yet: drop a video in step 1")
        return {
            "music": [piece["path"] for piece in self.music],
            "shipped": self.shipped,
            # Beside the sessions, for all of them.
            "folder": str(self.folder.parent / "shipped"),
            "dance": self.dance["folder"],
            "trunk": trunk,
        }

    def prepare(self, number: int, what: str) -> None:
        """Make the video, the table or the report of a take, to be downloaded."""
        with self.lock:
            self._check_open()
            take = self._take(number)
            if what not in _EXTRAS or self.dance is None:
                raise ValueError(f"expected one of {', '.join(_EXTRAS)}, got {what!r}")
            task, suffix, title = _EXTRAS[what]
            dance = {"dance": self.dance["folder"]}
            source = {"source": self.dance["path"], **dance}
            out = (
                self.folder / "takes" / f"take{number}{'.full' if what == 'video' else ''}{suffix}"
            )
            arguments: dict[str, Any] = {
                "video": {**source, "sound": str(self.folder / "takes" / f"take{number}.wav")},
                "table": {**dance, "name": Path(self.dance["name"]).stem},
                "report": {
                    **source, "model": take["model"], "title": Path(self.dance["name"]).stem,
                    "seed": take["seed"], "knobs": take["knobs"],
                },
            }[what]  # fmt: skip

        def finished(job: Job) -> None:
            take[what] = True

        if not take.get(what):
            self._start(task, {**arguments, "out": str(out)}, title, "soundtrack", finished)

    def save_model(self, number: int) -> None:
        """Write the model that made a take, to be downloaded."""
        with self.lock:
            self._check_open()
            take, out = self._take(number), self.folder / "model.zip"
            out.unlink(missing_ok=True)
        self._start(
            "save_model",
            {"model": take["model"], "out": str(out), "knobs": take["knobs"]},
            "Saving the model",
            "soundtrack",
        )

    def learn(self) -> None:
        """Learn from the dances and their music that were uploaded."""
        with self.lock:
            self._check_open()
            if not self.pairs:
                raise ValueError(
                    "there is nothing to learn from yet: drop videos of dances with their music"
                )
            out = self._new_folder("model") / "my dances.zip"

        def finished(job: Job) -> None:
            n = job.result["n_dances"]
            self.model = {
                "name": f"learned from {n} dance{'s' if n != 1 else ''}",
                "path": str(out),
                "adjustable": False,
            }
            self.notes += [
                f"{name!r} was left out: {self._plain(reason)}"
                for name, reason in job.result["skipped"].items()
            ]

        self._start(
            "learn",
            {"folder": str(self.folder / "pairs"), "out": str(out), "models": self._models},
            "Learning",
            "music",
            finished,
        )

    def _take(self, number: int) -> dict[str, Any]:
        take = next((take for take in self.takes if take["number"] == number), None)
        if take is None:
            raise ValueError(f"there is no take {number}")
        return take

    def _forget_dance(self) -> None:
        self._stop_judging()
        if self.dance is not None:
            shutil.rmtree(self.dance["folder"], ignore_errors=True)
            shutil.rmtree(Path(self.dance["path"]).parent, ignore_errors=True)
        shutil.rmtree(self.folder / "takes", ignore_errors=True)
        self.dance, self.takes = None, []
