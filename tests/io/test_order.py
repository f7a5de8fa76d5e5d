"""Names of files and images: which are frames, and in which order."""

from __future__ import annotations

import pytest

from sklearn_asdf.io._order import frame_numbers, is_hidden


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["9.jpg", "10.jpg"], [9, 10]),
        (["dance2_0007_v3.json", "dance2_0008_v3.json"], [7, 8]),
        (["a_000000000004_keypoints", "a_000000000012_keypoints"], [4, 12]),
        (["f_2_png.rf.0a1b2.jpg", "f_10_png.rf.99ff0.jpg"], [2, 10]),
        (["00-00-24", "00-01-00", "00-01-01", "00-00-00"], [1, 2, 3, 0]),
        ([3, 1, 2], [3, 1, 2]),
        (["nose", "12"], [None, 12]),
        (["one"], [None]),
        (["cam1_05"], [5]),
    ],
)
def test_frame_numbers(names, numbers):
    assert frame_numbers(names) == numbers


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("__MACOSX/take/._frame.json", True),
        ("take/._frame.json", True),
        ("._frame.json", True),
        (".ipynb_checkpoints/frame.json", True),
        ("take\\._frame.json", True),
        ("./take/frame.json", False),
        ("take/frame_.json", False),
        ("../frame.json", False),
    ],
)
def test_companions_that_macos_adds_are_hidden(name, hidden):
    assert is_hidden(name) is hidden
