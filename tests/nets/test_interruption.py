"""Trainings that end early: killed, interrupted, out of disk; what they leave can be used.

Real processes are ended from outside. Both ways of ending both networks are tried with
``pytest -m "slow or not slow" tests/nets/test_interruption.py``.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

pytest.importorskip("keras", reason="the networks need the extra 'music'")

from sklearn_asdf import AudioClips, MDNRegressor, MelEncoder
from sklearn_asdf._files import atomic_path
from sklearn_asdf.nets._callbacks import Checkpoint
from sklearn_asdf.testing import no_room_for_files


def _table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    return X, X @ rng.normal(size=(3, 2)) + 0.1 * rng.normal(size=(80, 2))


def make_density(folder=None):
    """Return a small density and what it is fitted to."""
    model = MDNRegressor(2, epochs=12, n_iter_no_change=12, hidden_layer_sizes=(8,), random_state=0)
    return model.set_params(checkpoint_dir=folder), _table()


def make_encoder(folder=None):
    """Return a small encoder and what it is fitted to."""
    rng = np.random.default_rng(0)
    audio = AudioClips.from_recordings(
        [0.1 * rng.normal(size=9000) for _ in range(3)],
        sr=4000,
        clip_duration=1.0,
        hop_duration=0.25,
    )
    bands = {"sr": 4000, "n_fft": 512, "hop_length": 128, "n_mels": 12, "pitch_shifts": (1,)}
    encoder = MelEncoder(code_size=8, steps=2, epochs=12, random_state=0, **bands)
    return encoder.set_params(checkpoint_dir=folder), (audio,)


MAKERS = {"MDNRegressor": make_density, "MelEncoder": make_encoder}


def weights_of(model):
    """Return all weights of a fitted model."""
    if isinstance(model, MDNRegressor):
        return model.network_.weights
    return [*model._codec.encoder.weights, *model._codec.decoder.weights]


def fit_slowly(name, folder):
    """Fit with a pause in each epoch: what the processes run that are ended from outside."""
    from sklearn_asdf.nets import _callbacks

    write = _callbacks.Checkpoint.write

    def write_and_wait(self, about, **arrays):
        write(self, about, **arrays)
        # From the third epoch on so long that no busy machine ends the training first.
        time.sleep(0.3 if about["epoch"] < 3 else 3.0)

    _callbacks.Checkpoint.write = write_and_wait
    model, data = MAKERS[name](folder)
    return model.fit(*data), data


def _start(name, folder, then=""):
    code = (
        f"from tests.nets.test_interruption import fit_slowly\n"
        f"model, data = fit_slowly({name!r}, {str(folder)!r})\n{then}"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _wait_for_epoch(folder, process, epoch):
    """Return the epochs that the state in the folder holds, once they are enough."""
    path = folder / "training.npz"
    # Importing Keras alone takes a minute where the machine is busy.
    for _ in range(15000):
        if path.exists():
            with np.load(path) as file:
                found = json.loads(str(file["about"]))["epoch"]
            if found >= epoch:
                return found
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    raise AssertionError("no epoch within five minutes")


@pytest.mark.parametrize(
    "name", [pytest.param("MDNRegressor", marks=pytest.mark.slow), "MelEncoder"]
)
def test_a_killed_training_goes_on_where_it_was(name, tmp_path):
    process = _start(name, tmp_path)
    seen = _wait_for_epoch(tmp_path, process, 3)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL

    make = MAKERS[name]
    model, data = make(str(tmp_path))
    whole = make()[0].fit(*data)
    # Nothing that was seen to be done is done again, and all of it counts.
    losses = whole.history_["loss"]
    epochs = []
    write = Checkpoint.write

    def count(self, about, **arrays):
        epochs.append(about["epoch"])
        write(self, about, **arrays)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "write", count)
        model.fit(*data)
    assert seen < epochs[0] <= seen + 2
    assert epochs == list(range(epochs[0], 13))
    np.testing.assert_allclose(model.history_["loss"], losses, rtol=1e-4)
    for resumed, expected in zip(weights_of(model), weights_of(whole)):
        np.testing.assert_allclose(resumed, expected, rtol=1e-3, atol=1e-5)
    assert [p.name for p in tmp_path.iterdir()] == ["training.npz"]


@pytest.mark.slow
def test_trainings_killed_again_and_again_leave_one_state(tmp_path):
    rng = np.random.default_rng(0)
    for _ in range(15):
        process = _start("MDNRegressor", tmp_path)
        began = time.monotonic()
        # Some at the import, most while they train and write.
        while not (tmp_path / "training.npz").exists() and process.poll() is None:
            if time.monotonic() - began > 60:
                break
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 6))
        process.kill()
        process.communicate()
        assert len(list(tmp_path.iterdir())) <= 2
    model, data = make_density(str(tmp_path))
    assert len(model.fit(*data).history_["loss"]) == 12
    assert [p.name for p in tmp_path.iterdir()] == ["training.npz"]


@pytest.mark.parametrize(
    "name", ["MDNRegressor", pytest.param("MelEncoder", marks=pytest.mark.slow)]
)
def test_ctrl_c_leaves_the_best_model_so_far(name, tmp_path):
    use = "model.predict(data[0])" if name == "MDNRegressor" else "model.transform(data[0])"
    process = _start(
        name,
        tmp_path,
        "import numpy as np, sys\n"
        f"assert np.isfinite({use}).all()\n"
        "print(model.interrupted_, len(model.history_['loss']))",
    )
    seen = _wait_for_epoch(tmp_path, process, 3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "was interrupted after" in err
    assert "the best weights so far are kept" in err
    interrupted, n_epochs = out.split()
    assert interrupted == "True"
    assert seen <= int(n_epochs) < 12
    # And the training can still be ended another day.
    model, data = MAKERS[name](str(tmp_path))
    assert len(model.fit(*data).history_["loss"]) == 12
    assert not model.interrupted_


def test_ctrl_c_before_the_first_epoch_ends_it_all(monkeypatch):
    import keras

    def interrupt(self, step, logs=None):
        raise KeyboardInterrupt

    from sklearn_asdf.nets._callbacks import Guard

    monkeypatch.setattr(Guard, "on_train_batch_begin", interrupt)
    assert issubclass(Guard, keras.callbacks.Callback)
    model, data = make_density()
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data)


@pytest.mark.parametrize("name", MAKERS)
def test_a_folder_that_cannot_be_written_is_refused_before_training(name, tmp_path):
    (tmp_path / "file").write_text("in the way")
    model, data = MAKERS[name](str(tmp_path / "file" / "state"))
    with pytest.raises(ValueError, match="expected a folder that can be written"):
        model.fit(*data)


def test_a_full_disk_ends_in_a_sentence_and_leaves_the_state_before(tmp_path):
    model, data = make_density(str(tmp_path))
    model.set_params(epochs=2).fit(*data)
    before = (tmp_path / "training.npz").read_bytes()
    write = Checkpoint.write

    def write_on_a_full_disk(self, *args, **kwargs):
        with no_room_for_files():
            write(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "write", write_on_a_full_disk)
        with pytest.raises(OSError, match=r"could not write .*make room or choose another place"):
            model.set_params(epochs=4).fit(*data)
    assert [p.name for p in tmp_path.iterdir()] == ["training.npz"]
    assert (tmp_path / "training.npz").read_bytes() == before
    assert len(model.fit(*data).history_["loss"]) == 4


def test_a_damaged_state_and_leftovers(tmp_path):
    model, data = make_density(str(tmp_path))
    model.set_params(epochs=2).fit(*data)
    # What a process leaves that is killed in the midst of writing.
    with atomic_path(tmp_path / "other.npz") as temporary:
        leftover = temporary.with_name(temporary.name[:-12] + "01234567.npz")
    (tmp_path / "other.npz").rename(leftover)
    expected = model.predict(data[0])
    assert_array_equal(model.fit(*data).predict(data[0]), expected)
    assert [p.name for p in tmp_path.iterdir()] == ["training.npz"]
    whole = (tmp_path / "training.npz").read_bytes()
    for part in (whole[:-100], b"", b"hello"):
        (tmp_path / "training.npz").write_bytes(part)
        with pytest.raises(ValueError, match=r"is damaged .*: delete the file to start afresh"):
            model.fit(*data)
