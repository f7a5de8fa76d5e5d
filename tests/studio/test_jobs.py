"""The queue of work, and the process that does it."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from sklearn_asdf.studio._jobs import Job, JobQueue
from sklearn_asdf.studio._process import StoppedError, Worker

from .conftest import Scripted, wait


def job(task, ended, **arguments):
    return Job(task, arguments, "Working", "dance", ended.append)


def test_jobs_are_done_in_turn_and_a_failed_one_stops_nobody():
    worker, ended = Scripted(), []
    worker.answers = {"good": 1, "bad": ValueError("expected better"), "worse": KeyError("x")}
    queue = JobQueue(worker)
    jobs = [queue.submit(job(task, ended)) for task in ("bad", "worse", "good")]
    wait(lambda: len(ended) == 3)
    assert ended == jobs
    assert [j.state for j in jobs] == ["failed", "failed", "done"]
    assert jobs[0].problem == "expected better"
    assert jobs[1].problem == "something unexpected happened: 'x'"
    assert jobs[2].result == 1
    queue.close()
    assert worker.closed
    with pytest.raises(RuntimeError, match="closed"):
        queue.submit(job("good", ended))


def test_jobs_in_the_background_come_last():
    worker, ended = Scripted(), []
    worker.held.clear()
    queue = JobQueue(worker)
    queue.submit(job("running", ended))
    wait(lambda: worker.calls)
    queue.submit(Job("later", {}, "Judging", "dance", ended.append, in_background=True))
    first = queue.submit(job("first", ended))
    second = queue.submit(job("second", ended))
    assert [queue.n_before(j) for j in (first, second)] == [1, 2]
    worker.held.set()
    wait(lambda: len(ended) == 4)
    assert [task for task, _ in worker.calls] == ["running", "first", "second", "later"]
    queue.close()


def test_what_fails_at_the_end_of_a_job_does_not_stop_the_queue(caplog):
    worker, ended = Scripted(), []
    queue = JobQueue(worker)

    def fail(_):
        raise RuntimeError("the page is gone")

    queue.submit(Job("a", {}, "Working", "dance", fail))
    queue.submit(job("b", ended))
    wait(lambda: ended)
    assert "the page is gone" in caplog.text
    queue.close()


def test_closing_stops_running_and_waiting_jobs():
    worker, ended = Scripted(), []
    worker.held.clear()
    queue = JobQueue(worker)
    jobs = [queue.submit(job(name, ended)) for name in ("a", "b")]
    wait(lambda: worker.calls)
    assert queue.n_before(jobs[1]) == 1
    queue.close()
    assert [j.state for j in jobs] == ["stopped", "stopped"]
    assert len(worker.calls) == 1


@pytest.fixture(scope="module")
def process():
    worker = Worker()
    yield worker
    worker.close()


def test_the_process_tells_progress_results_and_refusals(process):
    told, never = [], threading.Event()
    with pytest.raises(ValueError, match="expected a saved model, but there is no file"):
        process.run("read_model", {"path": "nowhere.zip"}, tell=told.append, stop=never)
    with pytest.raises(RuntimeError, match="AttributeError"):
        process.run("nothing", {}, tell=told.append, stop=never)
    assert process.pid is not None


def test_the_process_ends_at_once_when_it_is_stopped(process, tmp_path):
    pytest.importorskip("av")
    told, stop = [], threading.Event()

    def tell(message):
        told.append(message)
        if message["progress"]["description"] == "drawing the dance":
            stop.set()

    before = process.pid
    arguments = {"source": str(tmp_path / "d.npz"), "folder": str(tmp_path), "example": True}
    with pytest.raises(StoppedError):
        process.run("find_dancer", arguments, tell=tell, stop=stop)
    assert process.pid is None
    assert not (tmp_path / "dance.mp4").exists()
    # The next task starts another one.
    with pytest.raises(ValueError, match="no file"):
        process.run("read_model", {"path": "nowhere.zip"}, tell=told.append, stop=threading.Event())
    assert process.pid not in (None, before)


def test_a_process_that_is_killed_is_a_sentence(process, tmp_path):
    pytest.importorskip("av")

    def tell(_):
        os.kill(process.pid, signal.SIGKILL)

    arguments = {"source": str(tmp_path / "d.npz"), "folder": str(tmp_path), "example": True}
    with pytest.raises(RuntimeError, match="ended unexpectedly, perhaps for lack of memory"):
        process.run("find_dancer", arguments, tell=tell, stop=threading.Event())
    assert process.pid is None
