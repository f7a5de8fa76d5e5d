"""UnpairedRegressor: codes of music for features of dances, each in its own spread."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from sklearn_asdf import UnpairedRegressor
from sklearn_asdf._movement_mapping import load_mapping
from sklearn_asdf.motion.lma import BEAT_COLUMNS

N_STEPS = 8


def table(vigour, *, height=0.0, tempo=100.0, seed=0):
    """Features of clips whose steps have a vigour, (n_clips, 8)."""
    rng = np.random.default_rng(seed)
    known = load_mapping()
    vigour = np.broadcast_to(vigour, (len(vigour), N_STEPS))
    columns = {}
    for step in range(N_STEPS):
        for name, offset, mean, scale in zip(
            known.features, known.offset, known.step_mean, known.step_scale
        ):
            value = mean + scale * 0.05 * rng.normal(size=len(vigour))
            if offset:
                value = np.exp(value + scale * vigour[:, step]) - offset
            elif name.endswith("_vertical"):
                value = value + np.broadcast_to(height, vigour.shape)[:, step]
            columns[f"step{step}_{name}"] = value
    columns |= {BEAT_COLUMNS[0]: tempo, BEAT_COLUMNS[1]: 0.6, BEAT_COLUMNS[2]: 0.8}
    return pd.DataFrame(columns)


def codes(n, *, level=-20.0, spread=4.0, tempo=100.0, seed=1):
    """Codes of music with a distribution of levels."""
    rng = np.random.default_rng(seed)
    known = load_mapping()
    steps = rng.normal(size=(n, N_STEPS, len(known.channels)))
    steps[..., 0] = level + spread * steps[..., 0]
    clips = rng.normal(size=(n, len(known.descriptors)))
    beat = np.tile([np.log2(tempo), 1.0, 0.0], (n, 1))
    return np.concatenate([steps.reshape(n, -1), clips, beat], axis=1)


def levels(code):
    return code[:, : N_STEPS * 3].reshape(len(code), N_STEPS, 3)[..., 0]


@pytest.fixture(scope="module")
def dances():
    return table(np.random.default_rng(2).normal(size=(40, 1)))


def new(**params):
    return UnpairedRegressor(mapping="dance", beat_columns=BEAT_COLUMNS, **params)


def test_what_is_vigorous_gets_what_is_loud_in_this_music(dances):
    vigour = np.linspace(-2, 2, 9)[:, None]
    for level, spread in ((-20.0, 4.0), (-45.0, 2.0)):
        y = codes(60, level=level, spread=spread)
        found = levels(new().fit_unpaired(dances, y).predict(table(vigour))).mean(axis=1)
        assert spearmanr(found, vigour[:, 0]).statistic > 0.95
        assert found[-1] - found[0] > 2 * spread
        # Neither louder nor softer than the music is.
        assert levels(y).min() <= found.min() < found.max() <= levels(y).max()


def test_units_of_movement_do_not_matter_where_the_dances_are_known(dances):
    calm = table(np.random.default_rng(2).normal(-2.0, 0.5, size=(200, 1)))
    model = new().fit_unpaired(calm, codes(60))
    middle = levels(model.predict(calm)).mean()
    standard = levels(new().fit_unpaired(dances, codes(60)).predict(calm)).mean()
    assert middle == pytest.approx(-20.0, abs=1.0)
    assert standard < middle - 3.0


def test_the_level_follows_within_a_clip(dances):
    course = np.array([[-1.5] * 4 + [1.5] * 4])
    found = levels(new(smoothing=0.0).fit_unpaired(dances, codes(60)).predict(table(course)))[0]
    assert found[4:].min() > found[:4].max() + 4.0


def test_height_in_space_counts_if_it_is_asked_for():
    heights = np.linspace(-0.3, 0.3, 12)[:, None]
    dance = table(np.zeros((12, 1)), height=heights)
    counted = levels(new(heights=True).fit_unpaired(dance, codes(60)).predict(dance)).mean(axis=1)
    assert spearmanr(counted, heights[:, 0]).statistic > 0.95
    ignored = levels(new().fit_unpaired(dance, codes(60)).predict(dance)).mean(axis=1)
    assert np.ptp(ignored) < 0.5 * np.ptp(counted)


def test_closeness_scales_and_intensity_shifts(dances):
    vigour = np.linspace(-1.5, 1.5, 7)[:, None]
    X, y = table(vigour), codes(80)
    model = new().fit_unpaired(dances, y)
    whole = levels(model.predict(X)).mean(axis=1)
    half = levels(model.set_params(closeness=0.5).predict(X)).mean(axis=1)
    assert np.ptp(half) == pytest.approx(0.5 * np.ptp(whole), rel=0.25)
    none = model.set_params(closeness=0.0).predict(X)
    assert np.ptp(none, axis=0).max() < 1e-9
    wild = levels(model.set_params(intensity=1.0).predict(X)).mean()
    calm = levels(model.set_params(intensity=-1.0).predict(X)).mean()
    assert wild > levels(none).mean() + 2.0 > calm + 4.0


def test_the_beat_is_that_of_the_dance(dances):
    X = table(np.zeros((3, 1)), tempo=np.array([100.0, 55.0, 0.0]))
    beat = new().fit_unpaired(dances, codes(20, tempo=104.0)).predict(X)[:, -3:]
    # A tempo half as fast as the music is doubled, with its phase; none is that of the music.
    np.testing.assert_allclose(2 ** beat[:, 0], [100.0, 110.0, 104.0])
    np.testing.assert_allclose(beat[0, 1:], [0.6, 0.8])
    angle = 2 * np.arctan2(0.8, 0.6)
    np.testing.assert_allclose(beat[1, 1:], [np.cos(angle), np.sin(angle)])


def test_samples_are_pieces_and_not_noise(dances):
    model = new().fit_unpaired(dances, codes(60))
    samples = model.sample_y(dances, 3, random_state=0, temperature=0.5)
    assert samples.shape == (40, N_STEPS * 3 + 26, 3)
    own = model.sample_y(dances, 3, random_state=0, temperature=0.0)
    np.testing.assert_allclose(own[..., 0], model.predict(dances))
    # What differs between samples is the same for all clips, and the level and beat stay.
    ranks = [spearmanr(samples[:, 30, i], own[:, 30, 0]).statistic for i in range(3)]
    assert min(ranks) > 0.9
    assert np.abs(samples[..., 0] - samples[..., 1]).max() > 1.0
    np.testing.assert_allclose(levels(samples[..., 0]), levels(samples[..., 1]))
    np.testing.assert_allclose(samples[:, -3:, 0], samples[:, -3:, 1])


def test_pairs_correct_the_mapping(dances):
    # In these pairs, what is vigorous is soft.
    rng = np.random.default_rng(4)
    vigour = rng.normal(size=(60, 1))
    X, y = table(vigour, seed=5), codes(60, seed=6)
    steps = y[:, : N_STEPS * 3].reshape(60, N_STEPS, 3)
    steps[..., 0] = -20 - 4 * vigour + 0.2 * rng.normal(size=(60, N_STEPS))
    model = new().fit(X, y, groups=np.repeat(np.arange(12), 5))
    found = levels(model.predict(table(np.linspace(-1, 1, 5)[:, None]))).mean(axis=1)
    assert spearmanr(found, np.arange(5)).statistic < -0.99
    # Other music is played by what was learned from the pairs.
    other = levels(model.fit_music(codes(40, level=-50.0)).predict(X))
    assert other.mean() == pytest.approx(-50.0, abs=2.0)
    assert np.corrcoef(other.mean(axis=1), vigour[:, 0])[0, 1] < -0.9


def test_tables_without_steps_are_refused_in_a_sentence(dances):
    with pytest.raises(ValueError, match=r"expected columns named step0_\.\.\."):
        new().fit_unpaired(dances[list(BEAT_COLUMNS)], codes(10))
    lacking = dances.drop(columns=[f"step{i}_feet_speed" for i in range(N_STEPS)])
    with pytest.raises(ValueError, match="got none of feet_speed"):
        new().fit_unpaired(lacking, codes(10))
    with pytest.raises(ValueError, match="need the same step_duration"):
        new().fit_unpaired(dances, codes(10)[:, 3:])
