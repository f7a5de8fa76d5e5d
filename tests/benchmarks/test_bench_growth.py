"""What each stage of the default preset takes for more and more minutes of a new dance."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_limits

from .timing import computing, shortest

pytestmark = pytest.mark.benchmark

MINUTES = (1, 2, 4, 8)
# One clip of eight seconds for each second.
PER_MINUTE = 60


@pytest.fixture(scope="module")
def fitted():
    """The default preset, fitted to little music, and eight minutes of another dance."""
    pytest.importorskip("keras", reason="training needs the extra 'music'")
    from sklearn_asdf import make_dance_pipeline
    from sklearn_asdf.datasets import make_dance_music

    data = make_dance_music(40, n_performances=4, random_state=0)
    dance = make_dance_music(1, clip_duration=60.0 * MINUTES[-1] + 8, random_state=1).poses
    return make_dance_pipeline(random_state=0).fit(data.poses, data.audio), dance.windows(8.0, 1.0)


def _by_stages(pipe, X):
    """Return the time of each step of a prediction in s."""
    seconds = {}

    def timed(name, function, *args):
        start = computing()
        result = function(*args)
        seconds[name] = computing() - start
        return result

    with threadpool_limits(1):
        for name, stage in pipe.steps[:-1]:
            if stage != "passthrough":
                X = timed(name, stage.transform, X)
        music = pipe.steps[-1][1]
        codes = timed("density", music.predict_codes, X)
        timed("choice and rendering of music", music.decode, codes)
    return seconds


def test_each_stage_of_a_prediction_is_linear(fitted, speed_table):
    pipe, dance = fitted
    _by_stages(pipe, dance[:PER_MINUTE])
    found = []
    for minutes in MINUTES:
        runs = [_by_stages(pipe, dance[: PER_MINUTE * minutes]) for _ in range(2)]
        found.append({name: min(run[name] for run in runs) for name in runs[0]})
    growth = {
        name: speed_table.add_growth(
            f"Growth with minutes of a new dance: {name}", MINUTES, [run[name] for run in found]
        )
        for name in found[0]
    }
    assert max(growth.values()) <= 1.1, growth


def test_steps_are_described_in_linear_time(fitted, speed_table):
    from sklearn_asdf import LMAFeaturizer

    pipe, dance = fitted
    motion = pipe[: list(pipe.named_steps).index("lma")].transform(dance)
    lma = LMAFeaturizer(step_duration=0.25).fit(motion[:1])
    clips = [motion[: PER_MINUTE * minutes] for minutes in MINUTES]
    seconds = shortest(
        *[lambda part=part: lma.transform(part) for part in clips], repeats=3, clock=computing
    )
    work = "Growth with minutes of a new dance: steps of a quarter of a second"
    assert speed_table.add_growth(work, MINUTES, seconds) <= 1.1


def test_evaluation_is_linear_in_clips(fitted, speed_table):
    from sklearn_asdf.datasets import make_dance_music
    from sklearn_asdf.metrics import evaluate

    pipe, _ = fitted
    # Whole performances, of four clips each.
    sizes, seconds = (16, 32, 48), []
    data = make_dance_music(sizes[-1], n_performances=12, random_state=2)
    order = data.groups.argsort(kind="stable")
    for n in sizes:
        some = order[:n]
        with threadpool_limits(1):
            start = computing()
            evaluate(pipe, data.poses[some], data.audio[some], data.groups[some], random_state=0)
            seconds.append(computing() - start)
    assert speed_table.add_growth("Growth with clips: metrics.evaluate", sizes, seconds) <= 1.1
