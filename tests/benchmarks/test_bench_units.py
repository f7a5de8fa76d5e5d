"""Choice and warping of units of music, learning of a beat, and evaluation.

``pytest -m benchmark -n 0 -s tests/benchmarks/test_bench_units.py`` prints the figures.
"""

from __future__ import annotations

import time
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from sklearn_asdf import AudioClips
from sklearn_asdf.functional.stretch import warp_time
from sklearn_asdf.music.analysis import DESCRIPTORS
from sklearn_asdf.music.corpus import _WEIGHTS, Corpus

from .timing import computing, shortest

librosa = pytest.importorskip("librosa")
pytestmark = pytest.mark.benchmark

SR = 22050
# Seconds of a beat, and of the hop between clips.
BEAT, HOP = 0.55, 1.0
JOIN_COST, STRETCH = 20.0, 0.1


def make_corpus(hours, seed=0):
    """Units of recordings of four minutes that change slowly, and the codes of their clips."""
    rng = np.random.default_rng(seed)
    n_units = round(3600 * hours / BEAT)
    each = round(240 / BEAT)
    n_clips = round(3600 * hours / HOP)

    def course(n, size):
        walk = np.cumsum(0.3 * rng.normal(size=(n, size)), axis=0)
        return (walk - walk.mean(axis=0)) / walk.std(axis=0)

    length = SR * BEAT * np.exp2(0.1 * rng.normal(size=n_units))
    start = np.cumsum(length) - length
    clip = np.minimum((np.arange(n_units) * BEAT / HOP).astype(int), n_clips - 1)
    features = rng.normal(size=(n_units, 26)) / np.sqrt(26)
    goes_on = np.arange(n_units) % each != each - 1
    goes_on[-1] = False
    recording = np.arange(n_units) // each
    corpus = Corpus([], recording, start, start + length, clip, features, goes_on)
    return corpus, course(n_clips, 26)


def task(codes, n_beats, seed=1):
    """Codes and durations of beats, four after each other alike."""
    rng = np.random.default_rng(seed)
    code = codes[rng.integers(len(codes), size=-(-n_beats // 4))].repeat(4, axis=0)[:n_beats]
    return code, np.full(n_beats, 0.5 * SR)


def beam_search(corpus, code, durations, codes):
    """The usual search: each beat's 64 cheapest units are joined to all units."""
    weight = np.array([_WEIGHTS[name] for name in DESCRIPTORS])
    pace = np.log2(corpus.stop - corpus.start)
    after = np.flatnonzero(corpus.goes_on) + 1
    squares = (corpus.features**2).sum(axis=1)
    cost = np.zeros(len(pace))
    for beat, wanted in enumerate(code):
        if beat:
            before = np.argpartition(cost, 63)[:64]
            follows = corpus.features[np.minimum(before + 1, len(cost) - 1)]
            unlike = (follows**2).sum(axis=1)[:, None] - 2 * follows @ corpus.features.T + squares
            unlike[~corpus.goes_on[before]] = 1.0
            joined = (cost[before, None] + JOIN_COST * (1 + unlike)).min(axis=0)
            joined[after] = np.minimum(joined[after], cost[after - 1])
            cost = joined
        cost = cost + (weight * (codes - wanted) ** 2).sum(axis=1)[corpus.clip]
        cost += ((pace - np.log2(durations[beat])) / STRETCH) ** 2
    return cost.min()


def cost_of(runs, corpus, code, durations, codes):
    """The cost of the units that were chosen."""
    weight = np.array([_WEIGHTS[name] for name in DESCRIPTORS])
    units = np.concatenate([np.arange(run.unit, run.unit + run.length) for run in runs])
    pace = np.log2((corpus.stop - corpus.start)[units] / durations)
    cost = (weight * (codes[corpus.clip[units]] - code) ** 2).sum() + ((pace / STRETCH) ** 2).sum()
    for a, b in pairwise(units):
        if b != a + 1 or not corpus.goes_on[a]:
            unlike = np.sum((corpus.features[a + 1] - corpus.features[b]) ** 2)
            cost += JOIN_COST * (1 + (unlike if corpus.goes_on[a] else 1.0))
    return cost


def choose(corpus, code, durations, codes, **first):
    return corpus.choose(code, durations, codes, stretch=STRETCH, join_cost=JOIN_COST, **first)


def test_choice_of_units(speed_table):
    hours, seconds = (0.2, 1.0, 6.0), []
    for h in hours:
        corpus, codes = make_corpus(h)
        given = (corpus, *task(codes, 16), codes)
        ours, theirs = shortest(partial(choose, *given), partial(beam_search, *given), repeats=3)
        assert cost_of(choose(*given), *given) <= beam_search(*given) * (1 + 1e-9)
        seconds.append(ours)
        speed_table.add(
            f"Choice of units, 16 beats, {h:g} h of music",
            ours,
            peer="beam search, numpy",
            theirs=theirs,
        )
    growth = speed_table.add_growth("Growth with hours of music: choice of units", hours, seconds)
    assert growth <= 1.1
    live = shortest(partial(choose, *given, first_unit=1000), repeats=5)[0]
    speed_table.add("Live, the unit of one beat, 6 h of music", live)


def spectra(y, seconds):
    at = np.rint(np.asarray(seconds) * SR).astype(int)
    return np.abs(np.fft.rfft([y[i - 1024 : i + 1024] * np.hanning(2048) for i in at]))


def distance(y, warped, pace):
    """Log-spectral distance in dB of what is played at the same moments."""
    at = np.arange(0.2, len(y) / SR - 0.3, 0.02)
    one, other = spectra(y, at), spectra(warped, pace * at)
    floor = 1e-3 * one.max()
    decibels = 20 * np.log10((one + floor) / (other + floor))
    return np.sqrt((decibels**2).mean(axis=1)).mean()


def early_energy(beats, warped, pace):
    """Energy in the 30 ms before attacks, as a share of that in the 30 ms after them."""
    early = late = 0.0
    for at in np.rint(pace * beats * SR).astype(int):
        early += np.sum(warped[at - 660 : at - 32] ** 2)
        late += np.sum(warped[at : at + 660] ** 2)
    return early / late


def test_warping_of_time(speed_table):
    rng = np.random.default_rng(0)
    t = np.arange(10 * SR) / SR
    chord = sum(np.sin(2 * np.pi * f * t) / f * 100 for f in (196.0, 247.0, 294.0, 392.0, 588.0))
    beats = np.arange(0.5, 9.5, 0.4)
    y = (0.1 * chord).astype(np.float32)
    strokes = np.zeros_like(y)
    for at in np.rint(beats * SR).astype(int):
        strokes[at : at + 2000] += 0.3 * np.exp(-np.arange(2000) / 150) * rng.normal(size=2000)
    pace = 1.1

    def ours(x):
        return warp_time(x, [0, len(x)], [0, pace * len(x)])

    def theirs(x):
        return librosa.effects.time_stretch(x, rate=1 / pace)

    music = y + strokes
    found = shortest(lambda: ours(music), lambda: theirs(music))
    speed_table.add(
        "Time warping, a second of music",
        found[0] / 11,
        peer="librosa time_stretch",
        theirs=found[1] / 11,
    )
    assert distance(music, ours(music), pace) < distance(music, theirs(music), pace)
    assert early_energy(beats, ours(strokes), pace) < 0.5 * early_energy(
        beats, theirs(strokes), pace
    )


def _fit_by_stages(data):
    """Fit the default as its pipeline does; return the time of each stage."""
    from sklearn_asdf import make_dance_pipeline

    X, seconds = data.poses, {}
    with threadpool_limits(1):
        for name, stage in make_dance_pipeline(random_state=0).steps:
            start = computing()
            if name == "music":
                stage.fit(X, data.audio)
            elif stage != "passthrough":
                X = stage.fit_transform(X, data.audio)
            seconds[name] = computing() - start
    return seconds


@pytest.mark.slow
def test_fit_of_the_default_is_linear_in_minutes(speed_table):
    pytest.importorskip("keras", reason="training needs the extra 'music'")
    from sklearn_asdf.datasets import make_dance_music

    def dances(n_performances, seed=0):
        return make_dance_music(
            20 * n_performances, n_performances=n_performances, random_state=seed
        )

    # What is compiled and imported first belongs to no size.
    _fit_by_stages(dances(2))
    minutes, found = [], []
    for n_performances in (11, 22, 44, 89):
        data = dances(n_performances, seed=1)
        minutes.append(sum(len(y) for y in data.audio.recordings) / SR / 60)
        found.append(_fit_by_stages(data))
        speed_table.add(
            f"Fit of the default, {minutes[-1]:.0f} minutes of music",
            sum(found[-1].values()),
            peer="of it, learning the beat",
            theirs=found[-1]["beats"],
        )
    total = [sum(of.values()) for of in found]
    assert speed_table.add_growth("Growth with minutes of music: fit", minutes, total) <= 1.1
    growth = {}
    for stage in found[0]:
        seconds = [of[stage] for of in found]
        if seconds[-1] > 0.5:
            work = f"Growth with minutes of music: fit, stage {stage}"
            growth[stage] = speed_table.add_growth(work, minutes, seconds)
    assert max(growth.values()) <= 1.1, growth


@pytest.mark.parametrize("part", ["analysis", "units", "canonical poses", "beat of new dances"])
def test_other_stages_are_linear(part, speed_table):
    from sklearn_asdf import DanceBeatTracker, PoseCanonicalizer, UnitEncoder
    from sklearn_asdf.datasets import make_dance_music
    from sklearn_asdf.music.analysis import analyze

    data = make_dance_music(1, clip_duration=480.0, random_state=0)
    y, minutes, seconds = data.audio.recordings[0], (1, 2, 4, 8), []
    poses = data.poses.windows(8.0, 1.0)
    tracker = DanceBeatTracker(max_iter=20, random_state=0)
    known = make_dance_music(20, n_performances=2, random_state=0)
    tracker.fit(known.poses, known.audio)
    for n in minutes:
        # Changed, so that no result is known already.
        some, clips = (y[: round(60 * n * SR)] * np.float32(1 - 1e-3 * n)), poses[: 60 * n]

        def cost(run):
            with threadpool_limits(1):
                start = computing()
                run()
                return computing() - start

        def take(i, some=some, clips=clips):
            again = some * np.float32(1 - 1e-5 * i)
            return {
                "analysis": lambda: analyze(again, sr=SR),
                "units": lambda: UnitEncoder().fit(AudioClips.from_recordings([again])),
                "canonical poses": lambda: PoseCanonicalizer().fit_transform(clips),
                "beat of new dances": lambda: tracker.transform(clips),
            }[part]

        cost(take(0))
        seconds.append(min(cost(take(i)) for i in (1, 2, 3)))
    assert speed_table.add_growth(f"Growth with minutes: {part}", minutes, seconds) <= 1.1


@pytest.mark.slow
def test_evaluation_of_48_clips(speed_table):
    from sklearn_asdf import make_dance_pipeline
    from sklearn_asdf.datasets import make_dance_music
    from sklearn_asdf.metrics import evaluate

    data = make_dance_music(96, n_performances=24, random_state=0)
    train = data.groups < 12
    pipe = make_dance_pipeline(random_state=0).fit(data.poses[train], data.audio[train])
    start, wall = time.process_time(), time.perf_counter()
    evaluate(pipe, data.poses[~train], data.audio[~train], data.groups[~train], random_state=0)
    seconds, wall = time.process_time() - start, time.perf_counter() - wall
    # Threads that wait for each other take processor time, too.
    with threadpool_limits(1):
        start = time.process_time()
        evaluate(pipe, data.poses[~train], data.audio[~train], data.groups[~train], random_state=0)
        alone = time.process_time() - start
    speed_table.add("metrics.evaluate, 48 clips", seconds, peer="with one thread", theirs=alone)
    print(f"{wall:.0f} s by the clock")  # noqa: T201
