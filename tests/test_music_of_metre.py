"""Which recordings are in the metre of a dance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_asdf import AudioClips
from sklearn_asdf._music_of_metre import clips_of_metre
from sklearn_asdf.music.analysis import DESCRIPTORS

SR = 100
# How much better the onsets of each recording repeat after three beats; the last is not clear.
BETTER = (0.2, -0.2, 0.01)


def music(seconds=40):
    recordings = [np.zeros(seconds * SR, np.float32) for _ in BETTER]
    index = np.repeat([0, 1, 2], 3)
    clips = AudioClips(recordings, index, np.tile([0, 100, 200], 3), 8 * SR, sr=SR)
    # Steps come before the descriptors of clips.
    code = np.random.default_rng(0).normal(size=(len(clips), 5 + len(DESCRIPTORS)))
    for name, factor in (("two_beats", -0.5), ("three_beats", 0.5), ("four_beats", -0.5)):
        noise = [0.1, -0.1, 0.0] * 3
        code[:, 5 + DESCRIPTORS.index(name)] = factor * (np.repeat(BETTER, 3) + noise)
    return clips, code


@pytest.mark.parametrize(
    ("three", "kept"),
    [(0.99, [0, 2]), (0.01, [1, 2]), (0.5, [0, 1, 2]), (0.89, [0, 1, 2]), (0.11, [0, 1, 2])],
)
def test_a_certain_metre_leaves_out_recordings_of_the_other_one(three, kept):
    clips, code = music()
    rows = clips_of_metre(clips, code, three, duration=60.0)
    assert_array_equal(np.unique(clips.groups[rows]), kept)
    assert_array_equal(rows, np.flatnonzero(np.isin(clips.groups, kept)))


def test_there_is_always_enough_music():
    clips, code = music(seconds=20)
    # 40 s are not enough for a minute of dance, but for a shorter one.
    assert len(clips_of_metre(clips, code, 0.99, duration=90.0)) == len(clips)
    assert len(clips_of_metre(clips, code, 0.99, duration=30.0)) == 6
    # For a long dance a minute is enough.
    clips, code = music(seconds=31)
    assert len(clips_of_metre(clips, code, 0.99, duration=900.0)) == 6
    # Music that is cut out of the clips counts as it is.
    some = clips[[3, 4, 5]]
    assert len(clips_of_metre(some, code[3:6], 0.99, duration=30.0)) == 3
