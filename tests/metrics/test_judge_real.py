"""Scores of real music under the judge: an upper bound for models."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf.datasets import load_folder
from sklearn_asdf.functional.pairing import group_retrieval
from sklearn_asdf.metrics import DanceMusicJudge, dance_features, music_features


@pytest.mark.real_data
def test_ballroom_music_is_found_by_its_dance(data_dir):
    """Twelve of 32 pieces held out, five times: found more than twice as often as by chance."""
    folder = data_dir / "dance_with_melody"
    data = load_folder(poses=folder / "poses", audio=folder / "audio", hop_duration=4.0)
    assert len(data.names) == 32
    dances, music = dance_features(data.poses), music_features(data.audio)
    assert np.isfinite(dances).all()
    found, correlations = [], []
    for seed in range(5):
        new = np.isin(data.groups, np.random.default_rng(seed).permutation(32)[:12])
        judge = DanceMusicJudge().fit_features(dances[~new], music[~new])
        groups = np.unique(data.groups[new], return_inverse=True)[1]
        similarity = judge.similarity_of_features(dances[new], music[new], center=True)
        first, _ = group_retrieval(similarity, groups)
        found.append(np.trace(first) / 12)
        u, v = judge.transform_features(dances[new], music[new])
        correlations.append([np.corrcoef(u[:, k], v[:, k])[0, 1] for k in range(2)])
    # Chance is 1 / 12.
    assert 2 / 12 < np.mean(found) < 4 / 12
    first, second = np.mean(correlations, axis=0)
    assert first > 0.5
    assert second > 0.3
