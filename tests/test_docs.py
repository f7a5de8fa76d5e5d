"""What the documentation says to type works."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import threading
import tomllib
from http.client import HTTPConnection
from http.server import HTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_asdf import Motion, functional
from sklearn_asdf.cli._main import make_parser
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.io import write_poses

from .browser import browser  # noqa: F401 (a fixture)

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.rst"))]
PAGES = [p for p in PAGES if not {"generated", "auto_examples", "_build"} & set(p.parts)]

# What a page takes for granted.
BEFORE = {
    "containers.rst": """
        from sklearn_asdf.datasets import make_dance_music
        data = make_dance_music(6, n_performances=3, clip_duration=2.0, sr=8000, random_state=0)
        poses, audio = data.poses, data.audio
        new_dance = make_dance_music(1, clip_duration=3.0, random_state=1).poses
    """,
    "definitions.rst": """
        files = ["take.json"]
    """,
    "motion.rst": """
        from functools import partial
        from sklearn_asdf import DanceBeatTracker, make_dance_pipeline
        from sklearn_asdf.datasets import make_dance_music
        data = make_dance_music(n_clips=6, n_performances=3, clip_duration=4.0, random_state=0)
        poses, audio = data.poses, data.audio
        new_poses = poses[:2]
        pipe = make_dance_pipeline("tiny")
        DanceBeatTracker = partial(DanceBeatTracker, max_iter=3)
    """,
    "music.rst": """
        from functools import partial
        import numpy as np
        from sklearn_asdf import MelEncoder, MDNRegressor, UnitEncoder, pipeline
        from sklearn_asdf.datasets import make_dance_music
        X = np.random.default_rng(0).normal(size=(60, 3))
        y = X[:, :2] + 0.1
        X_next = X[:, ::-1]
        data = make_dance_music(n_clips=15, n_performances=5, clip_duration=2.0, random_state=0)
        poses, audio = data.poses, data.audio
        music = audio
        new_poses = clips_of_one_dance = poses[:3]
        def make_dance_pipeline(preset="tiny", **parameters):
            pipe = pipeline.make_dance_pipeline(preset, n_keyframes=4, **parameters)
            return pipe.set_params(beats__max_iter=3) if preset == "units" else pipe
        MelEncoder = partial(MelEncoder, code_size=64, n_mels=64, epochs=0)
    """,
    "formats.rst": """
        import shutil
        import numpy as np
        from sklearn_asdf import Motion, Skeleton, features_table
        from sklearn_asdf.io import write_poses
        from sklearn_asdf.motion.markers import MARKER_SETS
        plug_in_gait = [m for markers in MARKER_SETS["plug_in_gait"].values() for m in markers]
        own = ["HeadL", "HeadR", "LWrist1", "LWrist2", "RWrist1", "LAnkle", "RAnkle"]
        for file, names in (("take.c3d", plug_in_gait), ("take.tsv", own)):
            path = np.random.default_rng(0).normal(size=(1, 90, len(names), 3)).cumsum(axis=1)
            write_poses(Motion(path, fps=30, skeleton=Skeleton(names)), "markers.npz")
            shutil.move("markers.npz", file)
    """,
    "speed.rst": """
        from sklearn_asdf import make_lma_pipeline
        from sklearn_asdf.datasets import make_dance_music
        clips = make_dance_music(2, clip_duration=2.0, random_state=0).poses
    """,
    "scale.rst": """
        import numpy as np
        from sklearn import model_selection
        from sklearn.model_selection import GroupKFold
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        import joblib
        from sklearn_asdf import (
            AudioClips, AudioTargetRegressor, BatchTransformer, MDNRegressor, MelEncoder,
            make_lma_pipeline, pipeline,
        )
        from sklearn_asdf.datasets import make_dance_music
        from sklearn_asdf.metrics import get_scorer
        data = make_dance_music(n_clips=12, n_performances=4, clip_duration=2.0, random_state=0)
        poses, audio = data.poses, data.audio
        new_poses = poses[:2]
        np.save("sound.npy", np.ones(9 * 22050, np.float32))
        paths = ["sound.npy"]
        import shutil
        import soundfile
        from sklearn_asdf import MotionClips
        long = make_dance_music(3, n_performances=3, clip_duration=9.0, random_state=0)
        wav_files = ["sound0.wav", "sound1.wav", "sound2.wav"]
        pose_files = ["poses0.npy", "poses1.npy", "poses2.npy"]
        for k in range(3):
            soundfile.write(wav_files[k], long.audio[k], 22050, subtype="PCM_16")
            np.save(pose_files[k], long.poses.position[k])
        from sklearn.ensemble import RandomForestRegressor
        from sklearn_asdf import save
        save(RandomForestRegressor(2, random_state=0).fit([[0.0], [1.0]], [0.0, 1.0]), "forest.zip")
        def make_dance_pipeline(preset="tiny", **parameters):
            return pipeline.make_dance_pipeline("tiny", n_keyframes=4, **parameters)
        save(make_dance_pipeline(random_state=0).fit(poses, audio), "my.zip")
        def GridSearchCV(pipe, grid, **parameters):
            # One candidate shows that the page is right.
            grid = {name: values[:1] for name, values in grid.items()}
            return model_selection.GridSearchCV(pipe, grid, **parameters | {"n_jobs": None})
    """,
    "serving.rst": """
        import shutil
        from sklearn_asdf import make_dance_pipeline, save
        from sklearn_asdf.datasets import make_dance_music
        data = make_dance_music(n_clips=12, n_performances=4, clip_duration=2.0, random_state=0)
        pipe = make_dance_pipeline("tiny", n_keyframes=4, random_state=0)
        save(pipe.fit(data.poses, data.audio), "my.zip")
        shutil.copy("take.json", "dance.npz")
    """,
    "own_estimators.rst": """
        import sys
        import types
        # As the module that has the classes of the page.
        sys.modules[__name__] = types.ModuleType(__name__)
        classes = globals()
        def attribute(name):
            if name in classes:
                return classes[name]
            raise AttributeError(name)
        sys.modules[__name__].__getattr__ = attribute
        # Arrays of NumPy stand for tensors where PyTorch is not installed.
        try:
            import torch
        except ImportError:
            torch = sys.modules["torch"] = types.ModuleType("torch")
            torch.from_numpy = lambda array: array
            sys.modules["torch.utils"] = types.ModuleType("torch.utils")
            loading = sys.modules["torch.utils.data"] = types.ModuleType("torch.utils.data")
            loading.TensorDataset = lambda *tensors: tensors
            loading.DataLoader = lambda dataset, batch_size, shuffle: [dataset]
    """,
    "scores.rst": """
        import numpy as np
        from sklearn.model_selection import GridSearchCV, GroupKFold
        from sklearn_asdf import make_dance_pipeline
        from sklearn_asdf.datasets import make_dance_music
        data = make_dance_music(n_clips=15, n_performances=5, clip_duration=1.0, random_state=0)
        poses, audio = data.poses, data.audio
        held_out = [3, 4]
        pipe = make_dance_pipeline("tiny", n_keyframes=4, random_state=0)
        pipe.set_params(music__regressor__epochs=1)
        grid = {"music__regressor__n_mixtures": [1]}
        dances = make_dance_music(2, clip_duration=9.0, random_state=1)
        takes, real_music = [dances.poses[[0]], dances.poses[[1]]], list(dances.audio)
        training_music, held_out_music, pieces = data.audio[:8], data.audio[8:], data.audio[8:]
    """,
    "travel.rst": """
        import shutil
        from sklearn_asdf import make_dance_pipeline, save
        from sklearn_asdf.datasets import make_dance_music
        data = make_dance_music(n_clips=6, n_performances=3, clip_duration=2.0, random_state=0)
        pipe = make_dance_pipeline("tiny", n_keyframes=4, random_state=0)
        save(pipe.fit(data.poses, data.audio), "mocap.zip")
        shutil.copy("take.json", "dance.csv")
    """,
    "README.md": """
        import shutil
        import numpy as np
        shutil.copy("take.json", "take.bvh")
        array = np.zeros((2, 240, 17, 2))
    """,
}
# Learning with the preset that measurement found best takes minutes.
SLOW = {"README.md", "index.rst"}


def blocks(page, language):
    """Return the code of one language on a page, block by block."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        return re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)
    directive = rf"^( *)\.\. code-block:: {language}\n\n((?:\1   .*\n|\n)+)"
    found = re.findall(directive, text + "\n", re.M)
    return [textwrap.dedent(block) for _, block in found]


def with_code():
    for page in PAGES:
        if blocks(page, "python"):
            marks = [pytest.mark.slow] if page.name in SLOW else []
            yield pytest.param(page, id=page.name, marks=marks)


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """A folder with what the pages mention: a take, and a film with sound of somebody."""
    from sklearn_asdf.video import _estimate

    from .video.conftest import write_video
    from .video.test_estimate import BrightSpots, spots

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_estimate, "BlazePose", BrightSpots)
    monkeypatch.setattr(_estimate, "fetch_pose_models", lambda *_, **__: ("", ""))
    dance = make_dance_music(1, clip_duration=10.0, random_state=0).poses
    write_poses(Motion(np.asarray(dance), fps=30, skeleton="coco17"), "take.npz")
    # The format is told by the content.
    Path("take.npz").rename("take.json")
    x = 64 + 30 * np.sin(np.arange(50) / 5)
    sine = 0.4 * np.sin(2 * np.pi * 330 * np.arange(2 * 22050) / 22050)
    write_video(tmp_path / "dance.mp4", spots([(v, 40) for v in x]), audio=sine)
    return tmp_path


@pytest.mark.parametrize("page", list(with_code()))
def test_python_on_the_page_runs(page, scene):
    code = textwrap.dedent(BEFORE.get(page.name, "")) + "\n".join(blocks(page, "python"))
    # Other programs on this machine may listen on the usual port.
    code = code.replace("port=6448", "port=0")
    # Nor is there a cluster: its work is done in this process.
    code = code.replace('"scheduler:8786"', 'processes=False, dashboard_address=":0"')
    names = {"__name__": page.stem}
    exec(compile(code, page.name, "exec"), names)
    if "client" in names:
        names["client"].close()
    if page.name == "own_estimators.rst":
        assert names["x"].shape == (2, 60, 102)
        assert np.isfinite(names["mean"]).all()
        for name in ("torch", "torch.utils", "torch.utils.data"):
            if not hasattr(sys.modules[name], "__file__"):
                del sys.modules[name]
    if page.name == "serving.rst":
        check_server(names["Music"])


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def check_server(handler):
    """The server on the page plays a dance, and answers anything else with a sentence."""
    dance = np.asarray(make_dance_music(1, clip_duration=9.0, random_state=0).poses)
    zipped = io.BytesIO()
    np.savez(zipped, dance)
    bad = [
        b"",
        b"PK",
        b"no poses",
        zipped.getvalue(),
        npy(dance)[:500],
        npy(dance[0]),
        npy(dance).replace(b"}", b" ", 1),
        npy(dance[:, :20]),
        npy(dance[:, :, :4]),
        npy(np.array(["a dance"])),
    ]
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()

        def answer(body, **headers):
            connection = HTTPConnection("127.0.0.1", server.server_port, timeout=60)
            connection.putrequest("POST", "/")
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            connection.send(body)
            found = connection.getresponse()
            sound = found.read()
            connection.close()
            return found.status, sound

        try:
            for body in bad:
                assert answer(body, Content_Length=len(body))[0] == 400, body[:40]
            assert answer(b"")[0] == 400
            status, sound = answer(npy(dance), Content_Length=len(npy(dance)))
        finally:
            server.shutdown()
    assert status == 200
    assert sound.startswith(b"RIFF")


# Models of the study that have a section of their own on the page, measured apart from the tables.
LATER = {"new sound in beats (synthesis)"}


def test_results_are_of_the_study_as_it_is(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "examples")
    from types import SimpleNamespace

    import dance_to_music_study as study

    page = (ROOT / "docs" / "guide" / "results.rst").read_text()
    files = re.findall(r"(?::file: |image:: )\.\./results/(\S+)|src=\"\.\./_static/(\S+?)\"", page)
    files = [ROOT / "docs" / "results" / (a or b) for a, b in files]
    assert len(files) >= 10
    assert all(file.stat().st_size for file in files)
    options = SimpleNamespace(seed=0, quick=False, codec_epochs=100, density_epochs=30)
    rows = [
        study.row_name(name, t)
        for name, _, temperatures in study.models(options, None)
        if name not in LATER
        for t in temperatures
    ]
    for data in ("folder", "synthetic"):
        for part, columns in (("follows", study.FOLLOWS), ("music", study.MUSIC)):
            table = pd.read_csv(ROOT / "docs" / "results" / f"{data}_{part}.csv", index_col="model")
            assert list(table.index) == [*rows, *study.BASELINES]
            assert set(table.columns) <= set(columns.values())


def test_the_reference_lists_every_function_of_functional():
    listed = re.findall(r"^   functional\.(\S+)$", (ROOT / "docs/api.rst").read_text(), re.M)
    modules = [getattr(functional, name) for name in functional.__all__]
    names = [
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in modules
        for name in module.__all__
        if callable(getattr(module, name))
    ]
    assert sorted(listed) == sorted(names)


def test_there_is_python_on_the_pages():
    assert len(list(with_code())) >= 6


@pytest.mark.parametrize("page", [pytest.param(p, id=p.name) for p in PAGES if blocks(p, "sh")])
def test_commands_on_the_page_are_understood(page):
    # Comments and what is piped on belong to the shell.
    lines = (
        "\n".join(blocks(page, "sh"))
        .replace("\\\n", " ")
        .replace("&&", "\n")
        .replace("|", "\n")
        .splitlines()
    )
    commands = [
        line.strip().removeprefix(".venv/bin/")
        for line in lines
        if re.match(r"(\.venv/bin/)?sklearn-asdf ", line.strip())
    ]
    assert commands or page.name == "CONTRIBUTING.md"
    for command in commands:
        try:
            make_parser().parse_args(shlex.split(command, comments=True)[1:])
        except ImportError as missing:
            # Speakers are listed while the command line is read; this machine may lack the package
            # or the system's library.
            assert re.search(r"sklearn-asdf\[live\]|PortAudio", str(missing))  # noqa: PT017


def test_each_row_of_the_speed_table_is_in_one_group(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "extensions"))
    import speed

    _, rows = speed.read()
    shown = [row[0] for group in speed.GROUPS for row in speed.rows_of(group, rows)]
    assert sorted(shown) == sorted(row[0] for row in rows)
    page = (ROOT / "docs" / "guide" / "speed.rst").read_text()
    assert re.findall(r"speed-table:: (\w+)", page) == [
        "features", "keyframes", "models", "music", "live", "commands", "growth",
    ]  # fmt: skip


def test_badges_and_project_file_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name, label, value in (
        ("python", "python", project["requires-python"].removeprefix(">=") + "+"),
        ("license", "license", project["license"]),
    ):
        badge = (ROOT / "docs" / "static" / f"badge_{name}.svg").read_text()
        assert f"<title>{label}: {value}</title>" in badge
        assert re.findall(r"<text[^>]*>([^<]*)</text>", badge) == [label, value]


def test_readme_shows_and_plays_what_is_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    links = [link for link in links if "://" not in link]
    headings = {h.lower().replace(" ", "-") for h in re.findall(r"^## (.+)$", text, re.M)}
    assert {link[1:] for link in links if link.startswith("#")} <= headings
    links = [link for link in links if not link.startswith("#")]
    assert [link for link in links if not (ROOT / link).exists()] == []
    assert {Path(link).suffix for link in links} >= {".webp", ".mp3", ".mp4", ".svg"}
    # Visitors load the picture with the page.
    assert (ROOT / "docs" / "static" / "teaser.webp").stat().st_size < 1_500_000


GALLERY = sorted((ROOT / "examples").glob("plot_*.py"))


def test_titles_of_the_gallery_are_used_once_and_its_order_is_complete(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs" / "extensions")
    import gallery

    assert sorted(gallery.ORDER) == [page.name for page in GALLERY]
    by_topic = (ROOT / "docs" / "examples.rst").read_text(encoding="utf-8")
    assert re.findall(r"plot_\w+\.py", by_topic) == list(gallery.ORDER)
    titles = [page.read_text(encoding="utf-8").split("\n")[1] for page in GALLERY]
    assert len(set(titles)) == len(titles)


def test_every_display_has_an_example_in_the_gallery():
    from sklearn_asdf import plotting

    code = "".join(page.read_text(encoding="utf-8") for page in GALLERY)
    assert [
        name for name in plotting.__all__ if f"{name}(" not in code.replace(".from_", "(")
    ] == []


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The documentation, with one page of the gallery run and the others as they are."""
    pytest.importorskip("sphinx_gallery")
    folder = tmp_path_factory.mktemp("site")
    built = shutil.ignore_patterns("_build", "auto_examples", "generated", "__pycache__")
    for name in ("docs", "examples"):
        shutil.copytree(ROOT / name, folder / name, ignore=built)
    only = "sphinx_gallery_conf.filename_pattern=/plot_live"
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "-D", only, folder / "docs", folder / "html"],
        check=True,
        capture_output=True,
        timeout=900,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return folder / "html"


# Nothing is wider than the window, and no picture is missing.
FITS = """
  const root = document.scrollingElement;
  found.sideways = root.scrollWidth - root.clientWidth;
  found.images = [...document.querySelectorAll("article img")].map((i) => i.naturalWidth);
  const code = [...document.querySelectorAll("article pre")];
  found.cut = code.map((block) => block.scrollWidth - block.clientWidth);
  found.header = document.querySelector("header.bd-header").getBoundingClientRect().height;
"""


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1366])
def test_the_landing_page_fits_and_shows_three_doors(site, browser, width):  # noqa: F811
    script = (
        FITS
        + """
      const video = document.querySelector("video");
      await until(() => video.readyState >= 3);
      found.duration = video.duration;
      found.doors = [...document.querySelectorAll(".door")].map((door) => [
        door.querySelectorAll("pre").length, door.querySelectorAll("a").length,
      ]);
    """
    )
    found = browser.run(site / "index.html", script, size=(width, 844))
    assert found["problems"] == []
    assert found["sideways"] == 0
    assert len(found["doors"]) == 3
    assert min(map(min, found["doors"])) >= 1
    assert max(found["cut"]) <= 0
    assert found["duration"] > 5
    # The navigation is on one line.
    assert found["header"] < 90


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1366])
def test_a_gallery_page_fits_and_plays(site, browser, width):  # noqa: F811
    page = site / "auto_examples" / "plot_live.html"
    found = browser.run(
        page,
        FITS
        + """
        const sound = document.querySelector("audio");
        await until(() => sound.readyState >= 3);
        found.duration = sound.duration;
        sound.play();
        await until(() => sound.currentTime > 0.3);
        """,
        size=(width, 844),
    )
    assert found["problems"] == []
    assert found["sideways"] == 0
    assert max(found["cut"]) <= 0
    assert found["duration"] > 5
    assert found["images"]
    assert all(found["images"])


@pytest.mark.slow
def test_tables_of_the_results_fit_a_laptop_and_their_models_can_be_heard(site, browser):  # noqa: F811
    script = (
        FITS
        + """
      found.wider = [...document.querySelectorAll("article table")].map(
        (table) => table.scrollWidth - table.closest("article").clientWidth
      );
      const sounds = [...document.querySelectorAll("audio")];
      for (const sound of sounds) { sound.preload = "auto"; sound.load(); }
      await until(() => sounds.every((sound) => sound.readyState >= 3));
      found.durations = sounds.map((sound) => sound.duration);
    """
    )
    found = browser.run(site / "guide" / "results.html", script, size=(1366, 768))
    assert found["problems"] == []
    assert found["sideways"] == 0
    assert max(found["wider"]) <= 0
    assert len(found["durations"]) >= 4
    assert min(found["durations"]) > 5


@pytest.mark.slow
def test_no_link_of_the_site_is_broken(site, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    from check_links import check

    problems, external = check(site)
    assert problems == []
    # What is linked is published: no machine of one's own.
    assert all(address.startswith("https://") for address in external)


@pytest.mark.slow
def test_guide_reference_and_gallery_are_linked_both_ways(site):
    stream = (site / "generated" / "sklearn_asdf.live.StreamingDancer.html").read_text()
    assert "auto_examples/plot_live.html" in stream
    page = (site / "auto_examples" / "plot_live.html").read_text()
    assert "generated/sklearn_asdf.live.StreamingDancer.html" in page
    assert 'href="../guide/live.html"' in page
    assert "auto_examples/plot_live.html" in (site / "guide" / "live.html").read_text()
    # Equations are drawn by the browser itself, and no page fetches a script.
    motion = (site / "guide" / "motion.html").read_text()
    assert "<math" in motion
    assert not re.search(r'<(script|link)[^>]+(src|href)="http', motion)
