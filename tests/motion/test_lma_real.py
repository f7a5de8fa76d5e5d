"""Laban features of real dancers: efforts and styles told apart on unseen windows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_asdf import LMAFeaturizer, Motion, Skeleton, make_lma_pipeline

pytestmark = pytest.mark.real_data

# Read off the positions: the files name no joints.
JOINTS = (
    "pelvis left_hip left_knee left_ankle left_toe right_hip right_knee right_ankle right_toe "
    "spine chest left_collar left_shoulder left_elbow left_wrist left_hand right_collar "
    "right_shoulder right_elbow right_wrist right_hand neck head head_top"
)


def test_efforts_of_one_mover(data_dir):
    folder = data_dir / "laban_efforts"
    files = sorted(folder.glob("*[0-9].csv"))
    if not files:
        pytest.skip(f"no recordings in {folder}")
    clips, efforts, folds = [], [], []
    for file in files:
        take = np.loadtxt(file, delimiter=",").reshape(-1, 24, 3)
        # Cut before anything is computed: windows of 0.2 s share no frame, whatever the stencil.
        windows = take[: len(take) // 24 * 24].reshape(-1, 24, 24, 3)
        clips.append(windows)
        efforts += [file.stem.rstrip("0123456789")] * len(windows)
        folds += [i % 3 for i in range(len(windows))]
    efforts = np.array(efforts)
    assert len(set(efforts)) == 7
    motion = Motion(np.concatenate(clips), fps=120, skeleton=Skeleton(JOINTS.split()))
    # One in seven by chance.
    assert score(motion, efforts, folds) > 0.65
    # Thirds of a take: no third holds what the others have of the one punch there is.
    sizes = np.unique(efforts, return_counts=True)[1]
    thirds = np.concatenate([np.arange(n) * 3 // n for n in sizes])
    assert score(motion, efforts, thirds) > 0.35


def score(motion, labels, folds):
    """Balanced accuracy of the default features on windows that were not trained on."""
    n_classes = len(set(labels))
    classifier = make_pipeline(
        LMAFeaturizer(scope="clip"),
        FunctionTransformer(lambda x: np.sign(x) * np.log1p(np.abs(x))),
        StandardScaler(),
        LinearDiscriminantAnalysis(priors=np.full(n_classes, 1 / n_classes)),
    )
    found = cross_val_predict(classifier, motion, labels, groups=folds, cv=LeaveOneGroupOut())
    return balanced_accuracy_score(labels, found)


def test_styles_of_street_dancers(data_dir):
    folder = data_dir / "aist_coco17"
    files = sorted(folder.glob("*.npz"))
    if not files:
        pytest.skip(f"no recordings in {folder}")
    windows, styles, pieces, quarters = [], [], [], []
    for piece, file in enumerate(files):
        with np.load(file) as recording:
            take = Motion(recording["keypoints"][None], fps=30, skeleton="coco17")
        cut = take.windows(4.0, 4.0)
        windows.append(cut)
        styles += [file.name[1:3]] * len(cut)
        pieces += [piece] * len(cut)
        quarters += [4 * i // len(cut) for i in range(len(cut))]
    motion = make_lma_pipeline()[:-1].fit_transform(Motion.concatenate(windows))
    # One in three by chance; each style is danced by one dancer, whose form helps.
    assert score(motion, styles, pieces) > 0.65
    assert score(motion, styles, quarters) > 0.8
