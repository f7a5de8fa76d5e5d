"""Beats of real dances, told by what was learned from other pieces (pytest -m slow)."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf import DanceBeatTracker, KinematicsTransformer, PoseSmoother
from sklearn_asdf.datasets import load_folder
from sklearn_asdf.functional.beat_grid import beat_position
from sklearn_asdf.io import read_poses
from sklearn_asdf.motion import estimate_tempo

PIECES = ["W_1", "W_3", "W_4", "W_5", "W_7", "W_8", "W_16", "W_17", "W_23", "W_26", "W_27", "W_29"]


@pytest.mark.slow
@pytest.mark.real_data
def test_the_beat_of_new_pieces_is_learned_and_not_known_without_music(data_dir, tmp_path):
    for kind, suffix in (("poses", "npz"), ("audio", "ogg")):
        (tmp_path / kind).mkdir()
        for name in PIECES:
            file = f"DANCE_{name}.{suffix}"
            source = data_dir.resolve() / "dance_with_melody" / kind / file
            (tmp_path / kind / file).symlink_to(source)
    data = load_folder(tmp_path, hop_duration=4.0)
    motion = PoseSmoother().fit_transform(data.poses)
    motion = KinematicsTransformer(scale="body").fit_transform(motion)
    new = data.groups >= 9
    tracker = DanceBeatTracker(random_state=0).fit(motion[~new], data.audio[~new])

    from sklearn_asdf.music.analysis import analyze

    time = np.arange(motion.n_frames) / motion.fps
    beats = [analyze(y, sr=data.audio.sr).beats for y in data.audio.recordings]
    true = [
        np.cos(2 * np.pi * beat_position(beats[group], start + time))
        for group, start in zip(data.groups[new], data.starts[new])
    ]

    def agreement(told):
        return np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(told, true)])

    assert agreement(tracker.transform(motion[new]).beat) > 0.4
    assert agreement(DanceBeatTracker().fit_transform(motion[new]).beat) < 0.2


@pytest.mark.slow
@pytest.mark.real_data
def test_the_tempo_of_street_dances_is_estimated_without_training(data_dir):
    def right(motion, tolerance):
        return abs(estimate_tempo(motion).tempo / true - 1) <= tolerance

    windows = []
    for file in sorted((data_dir / "aist_coco17").glob("*.npz")):
        genre, number = file.stem.split("_m")[1][:2], int(file.stem.split("_m")[1][2])
        true = 110 + 5 * number if genre == "HO" else 80 + 10 * number
        motion = read_poses(file)
        assert right(motion, 0.02), file.stem
        windows += [right(window, 0.04) for window in motion.windows(8.0, 2.0)]
    assert np.mean(windows) > 0.7
