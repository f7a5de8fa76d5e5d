from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_asdf import MelEncoder

pytest.importorskip("librosa")

SMALL = {"code_size": 8, "n_mels": 8, "n_fft": 64, "hop_length": 16, "n_iter": 1}


@parametrize_with_checks(
    [
        MelEncoder(**SMALL, epochs=0),
        MelEncoder(**SMALL, epochs=1),
        MelEncoder(**SMALL, architecture="paper", epochs=1),
    ]
)
def test_scikit_learn_compatible(estimator, check):
    check(estimator)
