"""Saved models: the same bits come back, no code comes with them, and bad files are refused."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import (
    BaggingRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.svm import SVR

from sklearn_asdf import (
    AudioTargetRegressor,
    MDNRegressor,
    MelEncoder,
    load,
    make_dance_pipeline,
    make_lma_pipeline,
    save,
)
from sklearn_asdf._model_file import read_summary
from sklearn_asdf._summary import summarize
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.testing import no_room_for_files

DATA = Path(__file__).parent / "data"
EARLIER = DATA / "model_layout1.zip"
SYNTHESIS = DATA / "synthesis_layout1.zip"
UNITS = [DATA / "units_layout1.zip", DATA / "units_layout2.zip"]


class Doubler(TransformerMixin, BaseEstimator):
    """An estimator of somebody else's."""

    def fit(self, X, y=None):
        self.n_features_in_ = np.shape(X)[1]
        return self

    def transform(self, X):
        return 2 * np.asarray(X)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 4))
    return X, X @ rng.normal(size=(4, 6)) + 0.1 * rng.normal(size=(30, 6))


@pytest.fixture(scope="module")
def data():
    return make_dance_music(n_clips=12, n_performances=4, clip_duration=2.0, random_state=0)


@pytest.fixture(scope="module")
def fitted(data):
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    return make_dance_pipeline("tiny", random_state=0).fit(data.poses, data.audio)


@pytest.fixture
def saved(table, tmp_path):
    path = tmp_path / "model.zip"
    save(AudioTargetRegressor(Ridge(), StandardScaler()).fit(*table), path)
    return path


def _changed(path, change):
    """Write the archive anew with another ``model.json``."""
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    about = json.loads(parts["model.json"])
    about = change(about) or about
    with zipfile.ZipFile(path, "w") as file:
        for name, part in parts.items():
            file.writestr(name, json.dumps(about) if name == "model.json" else part)
    return path


def _same(a, b):
    if isinstance(a, BaseEstimator):
        return type(a) is type(b) and all(
            _same(v, b.get_params(deep=False)[k]) for k, v in a.get_params(deep=False).items()
        )
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(_same, a, b))
    return type(a) is type(b) and np.array_equal(a, b)


@pytest.mark.parametrize("preset", ["default", "codec", "paper", "tiny"])
@pytest.mark.parametrize("make", [make_dance_pipeline, make_lma_pipeline])
def test_unfitted_presets_keep_every_parameter(make, preset, tmp_path):
    model = make(preset=preset, n_keyframes=7)
    save(model, tmp_path / "model.zip")
    assert _same(model, load(tmp_path / "model.zip"))


def test_a_pipeline_that_plays_units_on_the_beat_is_kept(data, tmp_path):
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    pipe = make_dance_pipeline("units", n_keyframes=4, random_state=0)
    save(pipe, tmp_path / "model.zip")
    assert _same(pipe, load(tmp_path / "model.zip"))
    pipe.set_params(music__regressor__regressor__regressor__epochs=2).fit(data.poses, data.audio)
    save(pipe, tmp_path / "model.zip")
    # Its trees need nobody's trust.
    again = load(tmp_path / "model.zip")
    features = pipe[:-1].transform(data.poses[:3])
    assert_array_equal(again[:-1].transform(data.poses[:3]), features)
    codes = pipe[-1].regressor_.predict(features)
    assert_array_equal(again[-1].regressor_.predict(features), codes)
    music = pipe.predict(data.poses[:3])
    assert_array_equal(again.predict(data.poses[:3]), music)
    save(again, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "model.zip").read_bytes()


def test_a_fitted_pipeline_predicts_the_same_bits(fitted, data, tmp_path):
    save(fitted, tmp_path / "model.zip")
    again = load(tmp_path / "model.zip")
    assert_array_equal(again.predict(data.poses[:2]), fitted.predict(data.poses[:2]))
    assert again.score(data.poses, data.audio) == fitted.score(data.poses, data.audio)
    features = fitted[:-1].transform(data.poses[:2])
    drawn = [m[-1].sample_y(features, 2, random_state=1) for m in (fitted, again)]
    assert_array_equal(*drawn)
    # And it can be saved again, to the same bytes.
    save(again, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "model.zip").read_bytes()


def test_another_process_predicts_the_same_bits(fitted, data, tmp_path):
    save(fitted, tmp_path / "model.zip")
    np.save(tmp_path / "poses.npy", np.asarray(data.poses[:2]))
    code = (
        "import sys, numpy as np; from sklearn_asdf import load; f = sys.argv[1]; "
        "np.save(f + '/y.npy', load(f + '/model.zip').predict(np.load(f + '/poses.npy')))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    expected = fitted.predict(np.asarray(data.poses[:2]))
    assert_array_equal(np.load(tmp_path / "y.npy"), expected)


def test_parts_alone_come_back(fitted, data, tmp_path):
    encoder, density = fitted[-1].transformer_, fitted[-1].regressor_
    for part, call in (
        (encoder, lambda m: m.transform(data.audio[:3])),
        (density, lambda m: m.predict(fitted[:-1].transform(data.poses))),
        (FrozenEstimator(encoder), lambda m: m.transform(data.audio[:3])),
        (fitted[:-1], lambda m: m.transform(data.poses)),
    ):
        save(part, tmp_path / "part.zip")
        assert_array_equal(call(load(tmp_path / "part.zip")), call(part))


@pytest.mark.parametrize(
    "options",
    [
        {"epochs": 1, "code_size": 16, "steps": 2},
        {"epochs": 1, "code_size": 8, "architecture": "paper"},
    ],
    ids=["local", "paper"],
)
def test_trained_encoders_come_back(data, tmp_path, options):
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    encoder = MelEncoder(n_mels=16, n_fft=1024, random_state=0, **options).fit(data.audio)
    save(encoder, tmp_path / "encoder.zip")
    again = load(tmp_path / "encoder.zip")
    codes = encoder.transform(data.audio[:2])
    assert_array_equal(again.transform(data.audio[:2]), codes)
    assert_array_equal(again.decode(codes), encoder.decode(codes))
    assert again.history_ == encoder.history_


def test_densities_come_back(table, tmp_path):
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    X, y = table
    model = MDNRegressor(
        2, step_size=2, covariance_rank=1, linear_baseline=True, epochs=1, random_state=0
    )
    model.fit(X, y)
    save(model, tmp_path / "density.zip")
    again = load(tmp_path / "density.zip")
    assert_array_equal(again.predict(X), model.predict(X))
    assert again.information_gain(X, y) == model.information_gain(X, y)
    # It trains on from where it was, as the one that was saved does.
    more = [m.set_params(warm_start=True).fit(X, y).predict(X) for m in (model, again)]
    assert_array_equal(*more)


def test_a_model_of_an_earlier_layout_loads():
    """The file was written by layout 1, with what the model then said, and stays as it is."""
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    with np.load(EARLIER.with_suffix(".expected.npz"), allow_pickle=False) as file:
        expected = dict(file)
    poses, audio = expected["poses"], expected["audio"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        model = load(EARLIER)
    # Not to the bit: other machines and versions add up in another order.
    assert_allclose(model[:-1].transform(poses), expected["features"], rtol=1e-4, atol=1e-4)
    music = expected["music"]
    assert_allclose(model.predict(poses), music, atol=0.02 * np.abs(music).max())
    likelihood = model[-1].log_likelihood(model[:-1].transform(poses), audio)
    assert likelihood == pytest.approx(float(expected["score"]), rel=1e-3)


def test_a_model_of_new_sound_without_envelopes_loads_and_plays_the_same():
    """Its codes are of whole spectra, and its courses do not depend on the transposition."""
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    with np.load(SYNTHESIS.with_suffix(".expected.npz"), allow_pickle=False) as file:
        expected = dict(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        model = load(SYNTHESIS)
    table = pd.DataFrame(expected["features"], columns=model[:-1].get_feature_names_out())
    codes = model[-1].predict_codes(table, temperature=0.1, random_state=0)
    assert_allclose(codes, expected["codes"], rtol=1e-4, atol=1e-4)
    music = expected["audio"]
    decoded = model[-1].decode(codes[:1])[:, : music.shape[1]]
    assert_allclose(decoded, music, atol=0.02 * np.abs(music).max())


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_units_model_of_each_layout_loads_and_plays_the_same(path):
    """Parameters and attributes that were renamed since are found by their earlier names."""
    if path.stem.endswith("1"):
        pytest.importorskip("skops", reason="earlier versions saved trees with skops")
    with np.load(path.with_suffix(".expected.npz"), allow_pickle=False) as file:
        expected = dict(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        model = load(path)
    table = model[:-1].transform(expected["poses"])
    features = np.asarray(table)
    # The areas of group "shape" were rounded otherwise, and so are smoothed poses: a frame may pass
    # a threshold of the trees that find the beat, one of the hundreds in a clip.
    beat = np.array(["beat" in name for name in model[:-1].get_feature_names_out()])
    assert beat.sum() >= 3
    assert_allclose(features[:, ~beat], expected["features"][:, ~beat], rtol=1e-3, atol=1e-5)
    assert_allclose(features[:, beat], expected["features"][:, beat], rtol=1e-3, atol=5e-3)
    known = expected["features"]
    if hasattr(table, "columns"):
        known = table.__class__(known, columns=table.columns)
    codes = model[-1].regressor_.predict(known)
    assert_allclose(codes, expected["codes"], rtol=1e-4, atol=1e-4)
    # No peak is above -1 dB, so the limiter that was added since leaves the piece as it is. Phases
    # are warped otherwise since, but the same units sound at the same moments: with the clips in
    # another order the correlation is 0.59.
    piece = model[-1].compose(table, hop_duration=1.0, temperature=None)
    music = expected["piece"].astype(np.float32)
    assert np.corrcoef(_log_spectrum(piece), _log_spectrum(music))[0, 1] > 0.95
    assert np.std(piece) == pytest.approx(np.std(music), rel=0.01)


def _log_spectrum(y):
    frames = np.lib.stride_tricks.sliding_window_view(y, 512)[::128] * np.hanning(512)
    return np.log10(np.abs(np.fft.rfft(frames, axis=1)) + 0.01).ravel()


def test_a_model_of_the_default_preset_plays_without_keras():
    """Also where no library of neural networks is installed; skops is not needed either."""
    code = (
        "import sys\n"
        "LIBRARIES = {'keras', 'tensorflow', 'scikeras', 'skops', 'librosa'}\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in LIBRARIES:\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "import numpy as np\n"
        "from sklearn_asdf import load\n"
        "model, known = load(sys.argv[1]), np.load(sys.argv[2])\n"
        "table = model[:-1].transform(known['poses'])\n"
        "table = table.__class__(known['features'], columns=table.columns)\n"
        "codes = model[-1].regressor_.predict(table)\n"
        "np.testing.assert_allclose(codes, known['codes'], rtol=1e-4, atol=1e-4)\n"
        "assert np.isfinite(model.predict(known['poses'][:1])).all()\n"
        "model[-1].sample_y(model[:-1].transform(known['poses'][:1]), random_state=0)\n"
        "assert not LIBRARIES & set(sys.modules)\n"
    )
    arguments = [UNITS[1], UNITS[1].with_suffix(".expected.npz")]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_summary_is_read_without_the_model(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        model = load(UNITS[1])
    # What the file says of itself does not name parameters that are newer than it.
    assert read_summary(UNITS[1])["dance"] == summarize(model)["dance"]
    save(model, tmp_path / "model.zip")
    summary = read_summary(tmp_path / "model.zip")
    assert summary == summarize(model)
    assert summary["dance"]["joints"] == list(model[0].skeleton_.joints)
    assert summary["dance"] | {"joints": None} == {
        "n_joints": 17, "n_axes": 2, "fps": 30.0, "skeleton": "coco17", "joints": None,
        "any_skeleton": False,
    }  # fmt: skip
    assert summary["music"]["sr"] == 8000
    assert summary["music"]["clip_duration"] == 2.0
    assert summary["music"]["n_units"] == model[-1].transformer_.n_units_
    # 12 clips of 2 s, a second apart, of 4 performances.
    assert summary["music"]["duration"] == pytest.approx(16.0, abs=1e-3)
    assert read_summary(UNITS[0]) is None
    (tmp_path / "other").write_text("something else")
    assert read_summary(tmp_path / "other") is None


def test_parameters_added_since_get_their_defaults(saved):
    def forget(about):
        del about["model"]["state"]["regressor"]["state"]["alpha"]

    assert load(_changed(saved, forget)).regressor.alpha == Ridge().alpha


def test_random_states_generators_and_odd_values_come_back(tmp_path):
    rng = np.random.default_rng(3)
    rng.normal(size=5)
    model = make_pipeline(
        MinMaxScaler(feature_range=(np.float64(0), 2)),
        StandardScaler().set_output(transform="pandas"),
        Ridge(random_state=np.random.RandomState(4), tol=float("inf"), alpha=np.arange(3.0)),
    )
    model.generator = rng
    model.odd = {"kind": np.dtype("f4"), 3: (slice(None, 2), np.float32), "where": Path("a/b")}
    model.names = np.array(["a", None, "ü"], dtype=object)
    save(model, tmp_path / "model.zip")
    again = load(tmp_path / "model.zip")
    assert again.odd == model.odd
    assert again.names.tolist() == model.names.tolist()
    assert again[2].random_state.randint(1000) == model[2].random_state.randint(1000)
    assert again[2].tol == np.inf
    assert type(again[0].feature_range[0]) is np.float64
    assert again.generator.normal() == model.generator.normal()
    assert again[1]._sklearn_output_config == {"transform": "pandas"}


def test_metadata_requests_come_back(tmp_path):
    with config_context(enable_metadata_routing=True):
        model = make_pipeline(Ridge().set_fit_request(sample_weight="weight"))
        save(model, tmp_path / "model.zip")
        again = load(tmp_path / "model.zip")
        assert again[0].get_metadata_routing().fit.requests == {"sample_weight": "weight"}


def test_folders_of_caches_stay_behind(tmp_path):
    model = make_lma_pipeline(memory=joblib.Memory(tmp_path / "cache", verbose=0))
    save(model, tmp_path / "model.zip")
    assert load(tmp_path / "model.zip").memory is None
    with zipfile.ZipFile(tmp_path / "model.zip") as file:
        assert b"cache" not in file.read("model.json")

    # Nor can a file name the folder from which a later fit would unpickle.
    def aim(about):
        about["model"]["state"]["memory"] = str(tmp_path / "cache")

    assert load(_changed(tmp_path / "model.zip", aim)).memory is None


def test_estimators_of_others_must_be_trusted(table, tmp_path):
    X, y = table
    forest = RandomForestRegressor(3, random_state=0)
    model = make_pipeline(Doubler(), AudioTargetRegressor(forest, StandardScaler())).fit(X, y)
    save(model, tmp_path / "model.zip")
    trusted = [f"{__name__}.Doubler", "sklearn.tree._tree.Tree"]
    with pytest.raises(ValueError, match="must be trusted first: pass trusted=") as caught:
        load(tmp_path / "model.zip")
    assert str(sorted(trusted)) in str(caught.value)
    with pytest.raises(ValueError, match=r"trusted=\['sklearn\.tree\._tree\.Tree'\]"):
        load(tmp_path / "model.zip", trusted=trusted[:1])
    again = load(tmp_path / "model.zip", trusted=trusted)
    assert_array_equal(again.predict(X), model.predict(X))


@pytest.mark.parametrize(
    "regressor",
    [
        MultiOutputRegressor(HistGradientBoostingRegressor(max_iter=5)),
        MultiOutputRegressor(GradientBoostingRegressor(n_estimators=3, random_state=0)),
        GaussianProcessRegressor(1.0 * RBF() + WhiteKernel()),
        KNeighborsRegressor(3, algorithm="kd_tree"),
        BaggingRegressor(Ridge(), 3, random_state=0),
        SVR(),
    ],
    ids=[
        "HistGradientBoosting",
        "GradientBoosting",
        "GaussianProcess",
        "KNeighbors",
        "Bagging",
        "SVR",
    ],
)
def test_scikit_learn_s_regressors_come_back(table, tmp_path, regressor):
    X, y = table
    y = y[:, 0] if isinstance(regressor, SVR) else y
    model = make_pipeline(StandardScaler(), regressor).fit(X, y)
    save(model, tmp_path / "model.zip")
    # As a user does: read the message, and pass on what it lists.
    try:
        load(tmp_path / "model.zip")
        names = "[]"
    except ValueError as error:
        names = str(error).partition("trusted=")[2].partition("]")[0] + "]"
    trusted = ast.literal_eval(names)
    assert all(name.startswith("sklearn.") for name in trusted)
    again = load(tmp_path / "model.zip", trusted=trusted)
    assert_array_equal(again.predict(X), model.predict(X))


def test_names_that_are_gone_end_in_a_sentence(table, tmp_path):
    model = make_pipeline(Doubler(), Ridge()).fit(*table)
    save(model, tmp_path / "model.zip")

    def rename(about):
        about["model"]["state"]["steps"][0]["tuple"][1]["made"] = "nowhere.at.All"

    path = _changed(tmp_path / "model.zip", rename)
    with pytest.raises(ValueError, match=r"needs nowhere\.at\.All, which cannot be imported"):
        load(path, trusted=["nowhere.at.All"])


def test_names_and_functions_run_nothing_unless_trusted(table, tmp_path):
    model = make_pipeline(Doubler(), Ridge()).fit(*table)
    save(model, tmp_path / "model.zip")
    touched = tmp_path / "touched"

    def attack(about):
        about["model"]["state"]["steps"][0]["tuple"][1] = {
            "made": "os.system", "by": "os.system", "args": [f"touch {touched}"],
        }  # fmt: skip

    path = _changed(tmp_path / "model.zip", attack)
    with pytest.raises(ValueError, match=r"'os\.system'"):
        load(path)
    with pytest.raises(ValueError, match=r"'os\.system'"):
        load(path, trusted=[f"{__name__}.Doubler"])
    assert not touched.exists()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ([1, 2], "expected an estimator to save, got list"),
        (make_pipeline(AudioTargetRegressor(Ridge(alpha=print))), "builtin_function.*alpha"),
        (AudioTargetRegressor(FunctionTransformer(len)), "builtin_function.*func"),
        (MelEncoder(loss=lambda a, b: a), "expected a model that consists of data.*loss"),
        (AudioTargetRegressor(Ridge(alpha=iter([1]))), "list_iterator.*alpha"),
    ],
    ids=["list", "builtin", "function", "lambda", "iterator"],
)
def test_what_is_no_data_is_not_saved(model, message, tmp_path):
    with pytest.raises(TypeError, match=message):
        save(model, tmp_path / "model.zip")
    assert list(tmp_path.iterdir()) == []


def test_of_a_search_the_best_is_saved(table, tmp_path):
    model = AudioTargetRegressor(Ridge(), StandardScaler())
    search = GridSearchCV(model, {"regressor__alpha": [0.1, 1.0]}, cv=2).fit(*table)
    with pytest.raises(TypeError, match="save its best_estimator_"):
        save(search, tmp_path / "model.zip")
    save(search.best_estimator_, tmp_path / "model.zip")
    assert_array_equal(load(tmp_path / "model.zip").predict(table[0]), search.predict(table[0]))


def test_functions_by_name_must_be_trusted(table, tmp_path):
    X, y = table
    # A forest, and a selector whose criterion is a function: the one within the other.
    inner = make_pipeline(StandardScaler(), RandomForestRegressor(2, random_state=0))
    model = make_pipeline(SelectKBest(lambda_free, k=2), inner).fit(X, y[:, 0])
    save(model, tmp_path / "model.zip")
    trusted = ["sklearn.tree._tree.Tree", f"{__name__}.lambda_free"]
    assert_array_equal(load(tmp_path / "model.zip", trusted=trusted).predict(X), model.predict(X))


def lambda_free(X, y):
    """Score columns by their variance."""
    return np.var(X, axis=0), np.zeros(X.shape[1])


def _pairs(**entries):
    return {"dict": [[key, value] for key, value in entries.items()]}


def _network(weights):
    return {"build": {"function": "build_network"}, "config": _pairs(), "weights": weights}


def _with(**entries):
    return lambda about: about | entries


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_with(layout=3, written_by={"sklearn_asdf": "9.1"}), "layout 3, by sklearn_asdf 9.1"),
        (_with(layout="new"), "layout 'new'"),
        (_with(format="a recipe"), "another kind of archive"),
        (_with(model={"object": "os.system", "state": {}}), "a class that no model needs"),
        (_with(model={"object": "sklearn.utils.Bunch", "state": {}}), "a class that no model"),
        (_with(model={"object": "sklearn.pipeline.os", "state": {}}), "a class that no model"),
        (_with(model={"function": "eval"}), "a function that no model needs"),
        (_with(model={"type": "load"}), "an unknown type of number"),
        (_with(model={"generator": {"dict": [["bit_generator", "load"]]}}), "unknown generator"),
        (_with(model={"call": "x"}), "an unknown form"),
        (_with(model=[1]), "no estimator but list"),
        (_with(model={"object": "MelEncoder"}), "cannot be loaded"),
        (_with(n_arrays=99), "tells n_arrays as 99"),
        (_with(n_arrays=-1), "tells n_arrays as -1"),
        (_with(n_arrays=10**30), "tells n_arrays as 1000"),
        (_with(n_foreign="x"), "tells n_foreign as 'x'"),
        (_with(sounds="x"), "no list of recordings"),
        (_with(sounds=[{"n_samples": -1, "exponent": 0}]), "-1 samples"),
        (_with(sounds=[{"n_samples": 1, "exponent": 999}]), "2\\*\\*999"),
        (_with(sounds=[{"n_samples": 10**9, "exponent": 0}]), "ratio above 100"),
        (_with(sounds=[{"n_samples": 9, "exponent": 0}]), "no item named"),
        (_with(model={"sound": 0}), "cannot be loaded"),
        (_with(model={"named": "os.system"}), "must be trusted first.*os.system"),
        (_with(model={"made": "os.system", "args": []}), "must be trusted first.*os.system"),
        (_with(layout=9, written_by=["nobody"]), r"layout 9, by sklearn_asdf \?"),
        (lambda about: [about], "another kind of archive"),
        (
            lambda about: {k: v for k, v in about.items() if k != "model"},
            "cannot be loaded: 'model",
        ),
        (_with(model={"array": -1}), "refers to the array -1"),
        (_with(model={"array": 99}), "cannot be loaded"),
        (_with(model={"object": "Ridge\n\x1b", "state": {}}), r"no model needs, '[^\n\x1b]*$"),
        (_with(model={"random_state": _pairs(state=_pairs(pos=10**6))}), "at the place 1000000"),
        (
            _with(model={"generator": _pairs(bit_generator="Philox", buffer_pos=-9)}),
            "at the place -9",
        ),
        (_with(model={"object": "Network", "state": _network([])}), "parameters are missing"),
        (_with(model={"object": "Network", "state": _network("weights")}), "without a list"),
        (_with(model={"object": "Network", "state": _network(["x"])}), "weights are no numbers"),
        (
            _with(
                model={
                    "object": "Network",
                    "state": {"config": {"dict": [["x", {"dict": [["class_name", "Lambda"]]}]]}},
                }
            ),
            "an odd setting",
        ),
    ],
)
def test_what_save_would_not_write_is_refused(saved, change, message):
    with pytest.raises(ValueError, match=message):
        load(_changed(saved, change))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_networks_of_weights_that_are_no_numbers_are_refused(tmp_path, value):
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    from sklearn_asdf.nets.builders import build_network
    from sklearn_asdf.nets.training import Network

    model = Ridge()
    model.network_ = Network(build_network, {}, [np.array([1.0, value])])
    save(model, tmp_path / "model.zip")
    with pytest.raises(ValueError, match="weights that are NaN or infinite"):
        load(tmp_path / "model.zip")


@pytest.mark.parametrize(
    "change",
    [
        {"hidden_layer_sizes": (10**9,)},
        {"hidden_layer_sizes": (4, 4)},
        {"recurrent_layer_sizes": (4,)},
        {"n_inputs": 10**12},
        {"n_mixtures": -1},
        {"factors": np.zeros((1, 2, 1))},
    ],
)
def test_networks_larger_than_their_weights_are_refused(tmp_path, change):
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    from sklearn_asdf.nets.builders import build_network
    from sklearn_asdf.nets.training import Network

    config = {"n_inputs": 3, "n_targets": 2, "n_mixtures": 1, "hidden_layer_sizes": (4,)}
    weights = [np.zeros(shape) for shape in ((3, 4), (4,), (4, 5), (5,))]
    model = Ridge()
    model.network_ = Network(build_network, config, weights)
    save(model, tmp_path / "model.zip")
    load(tmp_path / "model.zip")
    model.network_ = Network(build_network, config | change, weights)
    save(model, tmp_path / "model.zip")
    with pytest.raises(ValueError, match="not of the sizes that it declares"):
        load(tmp_path / "model.zip")


@pytest.mark.parametrize("name", ["steps", "n_frames"])
def test_networks_of_endless_clips_are_refused(tmp_path, name):
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    from sklearn_asdf.nets.builders import build_encoder
    from sklearn_asdf.nets.training import Network

    config = {
        "architecture": "local", "n_frames": 1, "n_mels": 2, "steps": 1, "code_size": 3,
        "variational": False,
    }  # fmt: skip
    # More frames in more steps need no more weights.
    config |= {"steps": 10**9, "code_size": 3 * 10**9} | {name: 10**9}
    model = Ridge()
    model.network_ = Network(build_encoder, config, [np.zeros((2, 3)), np.zeros(3)])
    save(model, tmp_path / "model.zip")
    with pytest.raises(ValueError, match="not of the sizes that it declares"):
        load(tmp_path / "model.zip")


def test_deep_descriptions_and_encrypted_members_are_refused(saved):
    about = json.dumps({"format": "sklearn_asdf model", "model": 0})
    deep = about.replace("0", "[" * 100_000)
    with zipfile.ZipFile(saved, "w") as file:
        file.writestr("model.json", deep)
    with pytest.raises(ValueError, match="nested far too deep"):
        load(saved)
    with zipfile.ZipFile(saved, "w") as file:
        file.writestr("model.json", about)
    content = bytearray(saved.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    saved.write_bytes(content)
    with pytest.raises(ValueError, match="is encrypted"):
        load(saved)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_damaged_compression_ends_in_a_sentence(saved, method):
    with zipfile.ZipFile(saved) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(saved, "w", method) as file:
        for name, part in parts.items():
            file.writestr(name, part)
    load(saved)
    content = bytearray(saved.read_bytes())
    refused = 0
    for place in range(45, 400, 7):
        harmed = content[:]
        harmed[place : place + 3] = b"\xff\x00\xff"
        saved.write_bytes(harmed)
        # Not each bit changes what comes out.
        try:
            load(saved)
        except ValueError as error:
            refused += "is damaged" in str(error) or "another kind" in str(error)
    assert refused > 45


def test_every_cut_and_every_flipped_byte_is_found(saved):
    whole = saved.read_bytes()
    for size in range(0, len(whole) - 1, 197):
        saved.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"is damaged|something else|another kind"):
            load(saved)
    expected = json.dumps(load_state(whole, saved))
    for place in range(0, len(whole), 61):
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            assert json.dumps(load_state(saved.read_bytes(), saved)) == expected
        except ValueError as error:
            assert "expected a" in str(error) or "cannot be loaded" in str(error)  # noqa: PT017


def load_state(content, path):
    path.write_bytes(content)
    model = load(path)
    return [model.regressor_.coef_.tolist(), model.transformer_.mean_.tolist(), repr(model)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "something else"),
        (b"\x80\x04N.", "use joblib.load"),
        (b"PK\x03\x04 and no more", "damaged"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "file")
    with zipfile.ZipFile(tmp_path / "file", "w") as file:
        file.writestr("other.txt", "hello")
    with pytest.raises(ValueError, match="another kind of archive"):
        load(tmp_path / "file")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError):
        load(tmp_path)


def test_a_place_that_cannot_be_written_ends_in_a_sentence(tmp_path):
    model = make_lma_pipeline()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ValueError, match="expected a folder that can be written"):
        save(model, tmp_path / "file" / "model.zip")
    with pytest.raises(ValueError, match="expected the path of a file, got the folder"):
        save(model, tmp_path)


def test_a_full_disk_ends_in_a_sentence_and_leaves_the_file_before(saved, table):
    before = saved.read_bytes()
    model = AudioTargetRegressor(Ridge(), StandardScaler()).fit(*table)
    with no_room_for_files(), pytest.raises(OSError, match=r"could not write .*make room"):
        save(model, saved)
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def test_two_processes_save_to_one_path_and_readers_never_see_half(tmp_path):
    path = tmp_path / "model.zip"
    code = (
        "import sys, numpy as np\n"
        "from sklearn.linear_model import Ridge\n"
        "from sklearn_asdf import save\n"
        "value = float(sys.argv[2])\n"
        "model = Ridge(); model.coef_ = np.full(20_000, value); model.intercept_ = value\n"
        "[save(model, sys.argv[1]) for _ in range(40)]\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(path), value]) for value in ("1", "2")
    ]
    seen = []
    while any(w.poll() is None for w in writers):
        if path.exists():
            model = load(path)
            assert (model.coef_ == model.intercept_).all()
            seen.append(model.intercept_)
    assert [w.wait() for w in writers] == [0, 0]
    assert len(seen) > 5
    assert [p.name for p in tmp_path.iterdir()] == ["model.zip"]
