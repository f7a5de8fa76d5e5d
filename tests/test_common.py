"""scikit-learn's checks of every public estimator, found by their names."""

from __future__ import annotations

import inspect
import pkgutil

import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import sklearn_asdf
from sklearn_asdf import (
    AudioTargetRegressor,
    BatchTransformer,
    BeatMelEncoder,
    BeatSequenceRegressor,
    KeyframeSegmenter,
    KinematicsTransformer,
    LMAFeaturizer,
    MDNRegressor,
    MelEncoder,
    OnBeatRegressor,
    PoseSmoother,
    StepRegressor,
    StyleRegressor,
)

from .motion.test_lma import GROUPS

_MEL = {"code_size": 8, "n_mels": 8, "n_fft": 64, "hop_length": 16, "n_iter": 1, "epochs": 0}

# Parameters to be checked with, where the defaults are slow, or not all there is. Estimators of
# other estimators get some of scikit-learn's.
INSTANCES = {
    "AudioTargetRegressor": [AudioTargetRegressor(Ridge(), StandardScaler())],
    "BatchTransformer": [BatchTransformer(LMAFeaturizer(), batch_size=7)],
    "KeyframeSegmenter": [KeyframeSegmenter(), KeyframeSegmenter(method="zero_crossing")],
    "KinematicsTransformer": [
        KinematicsTransformer(),
        KinematicsTransformer(scale="body", egocentric=True),
        KinematicsTransformer(slow_speed=0.0),
    ],
    "LMAFeaturizer": [LMAFeaturizer(), LMAFeaturizer(groups=GROUPS, normalize="clip")],
    # Full batches in double precision without noise: what weights and the order of rows may change
    # is then only rounding, and enough epochs for a density that is narrow on its training rows.
    # Full batches in double precision without noise, so that weights and the order of rows change
    # only roundings; no narrower, since the narrower a density is, the more its roundings grow.
    "MDNRegressor": [
        MDNRegressor(
            n_mixtures=1,
            hidden_layer_sizes=(64, 64),
            dropout=0.0,
            epochs=60,
            batch_size=1000,
            learning_rate=0.02,
            min_scale=0.1,
            early_stopping=False,
            dtype="float64",
            random_state=0,
        ),
    ],
    "MelEncoder": [MelEncoder(**_MEL), MelEncoder(**_MEL, architecture="paper")],
    "BeatMelEncoder": [
        BeatMelEncoder(n_fft=512, n_mels=40, n_components=8, codebook_size=None, n_iter=2)
    ],
    "BeatSequenceRegressor": [BeatSequenceRegressor(Ridge())],
    "OnBeatRegressor": [OnBeatRegressor(Ridge())],
    "StepRegressor": [StepRegressor(step_regressor=Ridge())],
    "StyleRegressor": [
        StyleRegressor(Ridge()),
        StyleRegressor(Ridge(), LogisticRegression(), mixing="probability"),
    ],
    "PoseSmoother": [
        PoseSmoother(),
        PoseSmoother(zero_phase=False),
        PoseSmoother(method="savgol"),
        PoseSmoother(method="one_euro", beta=0.1),
        PoseSmoother(method=None),
    ],
}
# What has to be installed beside the core.
NEEDS = {
    "BeatMelEncoder": "librosa",
    "DanceMusicJudge": "librosa",
    "MDNRegressor": "keras",
    "MelEncoder": "keras",
    "MusicStatistics": "librosa",
    "UnitEncoder": "librosa",
}
# Checks that cannot hold, with the reason, by estimator and check. CONTRIBUTING.md names them too.
EXPECTED_FAILURES = {
    "MelEncoder": {
        "check_sample_weight_equivalence_on_dense_data": (
            "training goes over the music, whose clips overlap: a clip counts or, with weight 0, "
            "does not"
        )
    }
}


def public_estimators():
    """Return the estimators among the public names of the package and of its subpackages."""
    modules = [sklearn_asdf]
    for module in pkgutil.iter_modules(sklearn_asdf.__path__):
        if module.name in sklearn_asdf.__all__:
            modules.append(getattr(sklearn_asdf, module.name))
    found = {getattr(module, name) for module in modules for name in module.__all__}
    classes = [c for c in found if inspect.isclass(c) and issubclass(c, BaseEstimator)]
    return sorted(classes, key=lambda c: c.__name__)


def instances():
    for cls in public_estimators():
        yield from INSTANCES[cls.__name__] if cls.__name__ in INSTANCES else [cls()]


def expected_failures(estimator):
    # The paper's network without training learns nothing from its clips, whatever they weigh.
    if getattr(estimator, "architecture", None) == "paper" and estimator.epochs == 0:
        return {}
    return EXPECTED_FAILURES.get(type(estimator).__name__, {})


@parametrize_with_checks(
    list(instances()),
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks(estimator, check):
    if type(estimator).__name__ in NEEDS:
        pytest.importorskip(NEEDS[type(estimator).__name__], reason="needs the extra 'music'")
    check(estimator)


def test_what_is_named_here_is_public():
    names = {cls.__name__ for cls in public_estimators()}
    assert len(names) >= 12
    assert set(INSTANCES) | set(NEEDS) | set(EXPECTED_FAILURES) <= names
