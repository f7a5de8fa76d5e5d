"""Scores of held-out dances, with a model whose scores are known."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

pytest.importorskip("librosa")
pytest.importorskip("mir_eval")

from sklearn_asdf.cli._held_out import HeldOut, choose, in_words, score
from sklearn_asdf.music.clips import AudioClips

SR = 22050


@pytest.mark.parametrize(
    ("n_pieces", "expected"), [(2, 1), (3, 1), (4, 1), (7, 1), (8, 2), (12, 3), (60, 3)]
)
def test_of_few_pieces_few_are_held_out(n_pieces, expected):
    assert len(choose(np.arange(n_pieces), None, 0)) == expected


def test_one_piece_cannot_be_learned_from_and_held_out():
    with pytest.raises(ValueError, match=r"at least 2 dances with their music.*got 1: give more"):
        choose(np.arange(1), None, 0)
    with pytest.raises(ValueError, match="from 1 to 3 of 4 dances, got 4: change --held-out"):
        choose(np.arange(4), 4, 0)


class Density:
    """The gain is 1 less the distance of features from codes: right pairs have 1."""

    def log_likelihood(self, X, y):
        return self.information_gain(X, y) - 3.0

    def information_gain(self, X, y):
        return 1.0 - float(np.abs(np.asarray(X) - y).mean())


def clicks(bpm, seconds=12.0):
    """Clicks at a tempo."""
    audio = np.zeros(int(seconds * SR), np.float32)
    for time in np.arange(0.1, seconds - 0.1, 60 / bpm):
        first = int(time * SR)
        audio[first : first + 400] = (
            0.5 * np.sin(np.arange(400) * 0.3) * np.exp(-np.arange(400) / 100)
        )
    return audio


def piece(name, value, *, real=90, made=90):
    music = AudioClips([clicks(real)], [0, 0], [0, 6 * SR], 6 * SR, sr=SR)
    return HeldOut(name, None, music, np.full((2, 1), value), clicks(made))


def model(*codes):
    """A pipeline whose codes are given, piece by piece."""
    left = list(codes)
    music = SimpleNamespace(
        transformer_=SimpleNamespace(transform=lambda clips: left.pop(0)),
        regressor_=Density(),
        compose=None,
    )
    return Pipeline([("same", FunctionTransformer()), ("music", music)])


def test_gain_beside_permuted_pairs_and_beat_beside_a_metronome():
    pieces = [piece("a", 0.0), piece("b", 2.0), piece("c", 6.0)]
    table = score(model(*(np.full((2, 1), code) for code in (0.0, 2.0, 6.0))), pieces).set_index(
        "performance"
    )
    np.testing.assert_allclose(table["gain"], 1.0)
    np.testing.assert_allclose(table["log_likelihood"], -2.0)
    # The mean distance to the two others: 4, 3 and 5.
    np.testing.assert_allclose(table["gain_permuted"], [-3.0, -2.0, -4.0])
    np.testing.assert_allclose(table["beat"], 1.0)
    # Every second beat at 90 BPM is a third of a click at 120 BPM away or more, for most.
    assert (table["beat_metronome"] < 0.6).all()
    words = "\n".join(in_words(table.reset_index()))
    assert "adds nothing" not in words
    assert "no better than a metronome" not in words


def test_a_dance_that_adds_nothing_is_said_to():
    # Dances and music are permuted, and the music is played at another tempo.
    pieces = [piece("a", 2.0, made=70), piece("b", 0.0, made=70)]
    table = score(model(*(np.full((2, 1), code) for code in (0.0, 2.0))), pieces)
    np.testing.assert_allclose(table["gain"], -1.0)
    np.testing.assert_allclose(table["gain_permuted"], 1.0)
    words = "\n".join(in_words(table))
    assert "By its gain, the dance adds nothing here" in words


def test_a_single_piece_is_compared_with_its_own_other_half():
    one = piece("a", 0.0)
    one = HeldOut("a", None, one.music, np.array([[0.0], [4.0]]), one.generated)
    table = score(model(np.array([[0.0], [4.0]])), [one])
    named = replace(one, features=pd.DataFrame(one.features))
    pd.testing.assert_frame_equal(score(model(np.array([[0.0], [4.0]])), [named]), table)
    assert table["gain"].item() == 1.0
    assert table["gain_permuted"].item() == -3.0
