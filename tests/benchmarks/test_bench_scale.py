"""Six hours of clips, searches with and without memory, and the time that importing takes.

``pytest -m benchmark -n 0 -s tests/benchmarks/test_bench_scale.py`` prints the figures. What is
asserted are ratios within one run, and memory.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.benchmark

# 6 h at a hop of 1 s, from 45 recordings: the size of the paper's corpus.
N_SIX_HOURS = 21_825
_CLIPS_EACH = 485


def _memory(kind):
    """Resident memory of this process in MB: now ("VmRSS") or at most ("VmHWM")."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"{kind}:\s+(\d+) kB", status).group(1)) / 1024


def _forget_peak():
    Path("/proc/self/clear_refs").write_text("5")


def make_corpus(n_clips):
    """Return virtual clips of 8 s every 1 s: views of long takes and recordings."""
    from sklearn_asdf import AudioClips, Motion

    rng = np.random.default_rng(0)
    each = min(n_clips, _CLIPS_EACH)
    seconds, sr = each + 7, 22050
    recordings = []
    for _ in range(n_clips // each):
        y = rng.standard_normal(seconds * sr, dtype=np.float32)
        y *= np.repeat(rng.uniform(0.01, 0.2, seconds).astype(np.float32), sr)
        recordings.append(y)
    audio = AudioClips.from_recordings(recordings, sr=sr)
    frames = rng.standard_normal((1, (len(audio) + 7) * 30, 17, 2), dtype=np.float32)
    np.cumsum(frames, axis=1, out=frames)
    # A walk back towards one place, so that six hours stay in the picture.
    poses = Motion(np.sin(frames / 50, out=frames)).windows()
    return poses, audio


def run(n_clips):
    """Compute features and codes of a corpus; print what it took."""
    from sklearn_asdf import BatchTransformer, MelEncoder, make_lma_pipeline

    poses, audio = make_corpus(n_clips)
    assert len(poses) == len(audio) == n_clips
    encoder = MelEncoder(epochs=1, random_state=0).fit(audio[:64])
    features = BatchTransformer(make_lma_pipeline()).fit(poses)
    features.transform(poses[:256])
    encoder.transform(audio[:64])
    found = {"n_clips": n_clips, "whole": _memory("VmHWM")}
    _forget_peak()
    found["before"] = _memory("VmRSS")
    # Of the processor, which other programs do not lengthen.
    start = time.process_time()
    table = features.transform(poses)
    found["features"] = time.process_time() - start
    start = time.process_time()
    codes = encoder.transform(audio)
    found["codes"] = time.process_time() - start
    assert np.isfinite(table).all()
    assert codes.shape == (n_clips, 1024)
    found["peak"] = _memory("VmHWM")
    found["whole"] = max(found["whole"], found["peak"])
    found["results"] = (table.nbytes + codes.nbytes) / 2**20
    sys.stdout.write(json.dumps(found))


def _measure(n_clips):
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("memory is measured as Linux tells it")
    code = f"from tests.benchmarks.test_bench_scale import run; run({n_clips})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    sys.stdout.write(
        "\n{n_clips:6d} clips: features {features:6.1f} s of processor time, codes {codes:6.1f} s; "
        "memory {before:5.0f} MB before, {peak:5.0f} MB at most, of it {results:4.0f} MB of "
        "results; {whole:5.0f} MB in the whole run".format(**found)
    )
    return found


def test_time_is_linear_and_memory_flat():
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    # Multiples of the clips of one recording.
    found = [_measure(n * _CLIPS_EACH) for n in (2, 4, 8, 16)]
    first, last = found[0], found[-1]
    times = last["n_clips"] / first["n_clips"]
    for name in ("features", "codes"):
        assert last[name] / first[name] < 1.5 * times
    for row in found:
        # The results themselves are there twice for a moment, as parts and as a whole.
        assert row["peak"] - row["before"] < 300 + 2.5 * row["results"]


def test_six_hours_fit_into_4_gb():
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    assert _measure(N_SIX_HOURS)["whole"] < 4096


def test_memory_makes_a_search_four_times_faster(tmp_path):
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    from sklearn.model_selection import GridSearchCV, GroupKFold

    from sklearn_asdf import make_dance_pipeline
    from sklearn_asdf.datasets import make_dance_music

    data = make_dance_music(n_clips=60, n_performances=20, clip_duration=4.0, random_state=0)
    grid = {"keyframes__n_keyframes": [4, 5, 6], "music__regressor__n_mixtures": [1, 2, 3, 4]}
    # What starting Keras takes belongs to neither.
    make_dance_pipeline("tiny", random_state=0).fit(data.poses[:9], data.audio[:9])
    found = {}
    for memory in (str(tmp_path), None):
        pipe = make_dance_pipeline("tiny", random_state=0, memory=memory)
        # An encoder that is trained, as all but the smallest are: some twenty seconds, where the
        # default preset takes minutes.
        pipe.set_params(music__transformer__epochs=150)
        search = GridSearchCV(pipe, grid, cv=GroupKFold(3), refit=False, error_score="raise")
        start = time.process_time()
        results = search.fit(data.poses, data.audio, groups=data.groups).cv_results_
        seconds = time.process_time() - start
        found[memory is None] = seconds, [results[f"split{i}_test_score"] for i in range(3)]
    kept = list(tmp_path.rglob("_fit_once/*/output.pkl"))
    # And the one entry that is no encoder.
    assert len(kept) == 3 + 1
    np.testing.assert_array_equal(found[False][1], found[True][1])
    ratio = found[False][0] / found[True][0]
    sys.stdout.write(
        f"\n12 candidates x 3 folds: {found[False][0]:.0f} s of processor time with memory, "
        f"{found[True][0]:.0f} s without: {ratio:.2f}\n"
    )
    assert ratio < 0.25


def test_importing_takes_no_longer_than_scikit_learn():
    def seconds(code):
        program = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        return float(done.stdout)

    codes = [
        "import sklearn",
        "import sklearn_asdf",
        "import sklearn.pipeline, sklearn.preprocessing",
        "from sklearn_asdf import make_lma_pipeline",
        "from sklearn_asdf import AudioTargetRegressor, MDNRegressor, MelEncoder, load, save",
    ]
    # In turns, so that a busy moment of the machine meets them all.
    rounds = [{code: seconds(code) for code in codes} for _ in range(5)]
    found = {code: min(r[code] for r in rounds) for code in codes}
    for code, taken in found.items():
        sys.stdout.write(f"\n{taken:6.3f} s  {code}")
    assert found["import sklearn_asdf"] < 1.3 * found["import sklearn"]
    assert found[codes[3]] < 1.3 * found[codes[2]]
