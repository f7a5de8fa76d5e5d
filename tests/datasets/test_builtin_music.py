"""Music that the package synthesizes."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf.datasets import CHARACTERS, make_music


def test_characters_differ_as_they_are_called():
    pytest.importorskip("librosa")
    from sklearn_asdf.metrics import music_curves

    names = ("calm", "driving", "dark", "playful")
    music = make_music(names, duration=16, random_state=0)
    curves = [music_curves(y, sr=music.sr).mean(axis=0) for y in music.recordings]
    level, brightness, onsets = (dict(zip(names, column)) for column in np.array(curves).T)
    assert level["driving"] > level["calm"] + 4.0
    assert brightness["playful"] > brightness["dark"] + 0.5
    assert onsets["driving"] > onsets["calm"]


def test_the_same_seed_is_the_same_piece_whatever_else_is_made():
    alone = make_music("waltz", duration=10, random_state=1)
    among = make_music(["calm", "waltz"], duration=10, random_state=1)
    np.testing.assert_array_equal(alone.recordings[0], among.recordings[1])
    other = make_music("waltz", duration=10, random_state=2)
    assert not np.array_equal(alone.recordings[0], other.recordings[0])
    two = make_music("waltz", duration=10, n_pieces=2, random_state=1)
    assert len(two.recordings) == 2
    np.testing.assert_array_equal(two.recordings[0], alone.recordings[0])


def test_pieces_are_music_throughout():
    music = make_music(duration=10, random_state=0)
    assert len(music.recordings) == len(CHARACTERS)
    for y in music.recordings:
        assert len(y) == 220500
        assert np.abs(y).max() < 1.0
        # No rests: no second without sound.
        seconds = np.square(y, dtype=float).reshape(10, -1).mean(axis=1)
        assert 10 * np.log10(seconds.min()) > -50


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"character": "loud"}, "expected character to be one of 'calm'"),
        ({"character": []}, "expected a character of 'calm'"),
        ({"duration": 3}, "expected duration of at least 10 s, got 3"),
        ({"n_pieces": 0}, "expected n_pieces of at least 1"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_music(**arguments)
