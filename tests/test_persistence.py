"""Saved models: the same bits come back, no code comes with them, and bad files are refused."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from sklearn_asdf import (
    AudioTargetRegressor,
    MDNRegressor,
    MelEncoder,
    load,
    make_dance_pipeline,
    make_lma_pipeline,
    save,
)
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.testing import no_room_for_files

DATA = Path(__file__).parent / "data"
EARLIER = DATA / "model_layout1.zip"
EARLIER_UNITS = DATA / "units_layout1.zip"


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
    np.testing.assert_array_equal(again.predict(data.poses[:3]), pipe.predict(data.poses[:3]))


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
    assert_allclose(model[:-1].transform(poses), expected["features"], rtol=1e-4, atol=1e-5)
    music = expected["music"]
    assert_allclose(model.predict(poses), music, atol=0.02 * np.abs(music).max())
    likelihood = model[-1].log_likelihood(model[:-1].transform(poses), audio)
    assert likelihood == pytest.approx(float(expected["score"]), rel=1e-3)


def test_a_units_model_of_an_earlier_layout_loads_and_plays_the_same():
    """Parameters and attributes that were renamed since are found by their earlier names."""
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    with np.load(EARLIER_UNITS.with_suffix(".expected.npz"), allow_pickle=False) as file:
        expected = dict(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        model = load(EARLIER_UNITS)
    features = model[:-1].transform(expected["poses"])
    # The areas of group "shape" were rounded otherwise.
    assert_allclose(features, expected["features"], rtol=1e-3, atol=1e-5)
    codes = model[-1].regressor_.predict(features)
    assert_allclose(codes, expected["codes"], rtol=1e-4, atol=1e-4)
    # No peak is above -1 dB, so the limiter that was added since leaves the piece as it is.
    piece = model[-1].compose(features, hop_duration=1.0, temperature=None)
    music = expected["piece"].astype(np.float32)
    assert_allclose(piece, music, atol=0.02 * np.abs(music).max())


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


def test_estimators_of_others_go_through_skops_and_must_be_trusted(table, tmp_path):
    pytest.importorskip("skops", reason="estimators of others need the extra 'skops'")
    X, y = table
    forest = RandomForestRegressor(3, random_state=0)
    model = make_pipeline(Doubler(), AudioTargetRegressor(forest, StandardScaler())).fit(X, y)
    save(model, tmp_path / "model.zip")
    with pytest.raises(ValueError, match="must be trusted first: pass trusted=") as caught:
        load(tmp_path / "model.zip")
    assert "Doubler" in str(caught.value)
    trusted = [f"{__name__}.Doubler", "sklearn.tree._tree.Tree"]
    again = load(tmp_path / "model.zip", trusted=trusted)
    assert_array_equal(again.predict(X), model.predict(X))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ([1, 2], "expected an estimator to save, got list"),
        (make_pipeline(AudioTargetRegressor(Ridge(alpha=print))), "builtin_function.*alpha"),
        (AudioTargetRegressor(FunctionTransformer(len)), "len|builtin"),
        (MelEncoder(loss=lambda a, b: a), "expected a model that consists of data.*loss"),
    ],
    ids=["list", "builtin", "function", "lambda"],
)
def test_what_is_no_data_is_not_saved(model, message, tmp_path, monkeypatch):
    # As where skops is not installed.
    monkeypatch.setitem(sys.modules, "skops", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises((TypeError, ImportError), match=f"{message}|needs skops"):
        save(model, tmp_path / "model.zip")
    assert list(tmp_path.iterdir()) == []


def test_of_a_search_the_best_is_saved(table, tmp_path):
    model = AudioTargetRegressor(Ridge(), StandardScaler())
    search = GridSearchCV(model, {"regressor__alpha": [0.1, 1.0]}, cv=2).fit(*table)
    with pytest.raises(TypeError, match="save its best_estimator_"):
        save(search, tmp_path / "model.zip")
    save(search.best_estimator_, tmp_path / "model.zip")
    assert_array_equal(load(tmp_path / "model.zip").predict(table[0]), search.predict(table[0]))


def test_a_pipeline_that_skops_must_write_as_a_whole(table, tmp_path):
    pytest.importorskip("skops", reason="estimators of others need the extra 'skops'")
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
        (_with(layout=2, written_by={"sklearn_asdf": "9.1"}), "layout 2, by sklearn_asdf 9.1"),
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
