"""
Does the music follow the dance?
================================

The paper's preset as it is, then its repairs one at a time, on performances that were held out,
beside the floors: another performance's music, a metronome, the same density without a dance, and
the real music::

    python examples/dance_to_music_study.py --poses POSES --audio AUDIO --out study

`POSES` and `AUDIO` are two folders as `load_folder` reads them. Without them the study is on
made-up dances alone, where it is known what the music should be like: rank correlations tell how
well tempo, loudness, brightness and articulation of the generated music follow those drawn for the
dance. ``--quick`` tries everything in minutes, with too little data and training for the numbers to
mean anything.

It writes, after each model, `results.csv` (all scores) and `results.md` (the headline); at the end
`scores_*.png`, `spectrograms_*.png` and sounds. The same command gives the same numbers on the same
machine.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Bunch

from sklearn_asdf import MDNRegressor, make_dance_pipeline
from sklearn_asdf.datasets import load_folder, make_dance_music
from sklearn_asdf.metrics import evaluate, factor_correlations

FLOORS = ["shuffled pairs", "metronome", "unconditional", "real"]
# Column, and how it is called in the short table.
HEADLINE = {
    "retrieval_r1": "found by its dance",
    "retrieval_p": "p",
    "retrieval_of_real": "of real",
    "distance_ratio": "distances",
    "log_gain": "gain",
    "log_gain_p": "p of gain",
    "amplified_response": "x4",
    "reversed_response": "reversed",
    "half_tempo_response": "half tempo",
    "f70_music": "F70",
    "f1_5hz": "5 Hz F1",
    "bas_corrected": "BAS beyond chance",
    "key_clarity": "key",
    "pulse_clarity": "pulse",
    "frechet_distance": "Fréchet",
}
FACTORS = ["tempo", "loudness", "brightness", "articulation"]


def models(options, memory):
    """Name, pipeline and temperature of each model; each repair keeps those before it."""
    shared = {"random_state": options.seed, "memory": memory}
    paper = make_dance_pipeline("paper", **shared).set_params(
        music__transformer__epochs=options.codec_epochs,
        music__regressor__epochs=options.density_epochs,
    )
    yield "paper", paper, None

    step = clone(paper).set_params(lma__normalize=None, scale=StandardScaler())
    yield "+ features scaled over the training set", step, None

    default = make_dance_pipeline("codec", **shared)
    if options.quick:
        default.set_params(music__transformer__epochs=0, music__regressor__epochs=5)
    own = clone(default)
    step = clone(step).set_params(
        **{name: clone(own[name]) for name in ("smooth", "kinematics", "keyframes", "lma")}
    )
    step.set_params(lma__groups=("effort", "shape"))
    yield "+ body units, bounded curvature", step, None

    density = MDNRegressor(
        3, epochs=own.get_params()["music__regressor__epochs"], random_state=options.seed
    )
    step = clone(step).set_params(music__regressor=density)
    yield "+ whitened code, floor under sigma", step, None

    step = clone(step).set_params(lma__groups=own["lma"].groups)
    yield "+ level, tempo and phase as features", step, None

    step = clone(step).set_params(music__transformer=own[-1].transformer)
    yield "+ local code that keeps the level", step, None

    yield "+ linear map (default)", default, None
    for temperature in (0.3, 1.0):
        yield f"default, drawn at {temperature}", default, temperature

    units = make_dance_pipeline("units", **shared)
    if options.quick:
        units.set_params(beats__n_trees=20, music__regressor__regressor__epochs=5)
    yield "units of real music on the dance's beat", units, None
    for temperature in (0.3, 1.0):
        yield f"units, drawn at {temperature}", units, temperature

    nearest = clone(default).set_params(music__regressor=KNeighborsRegressor(1))
    yield "nearest training dance's music", nearest, None


def real_data(options):
    """Pieces of two folders; the training clips and those that are held out."""
    data = load_folder(
        poses=options.poses, audio=options.audio, hop_duration=4.0 if options.quick else 2.0
    )
    n_pieces = len(data.names)
    held_out = 4 if options.quick else options.held_out
    if n_pieces < held_out + 2:
        raise SystemExit(f"expected at least {held_out + 2} pieces, got {n_pieces}")
    order = np.random.default_rng(options.seed).permutation(n_pieces)
    if options.quick:
        order = order[:12]
    return split(data, order[:held_out], order[held_out:], 4 if options.quick else 10)


def made_up_data(options):
    """Made-up performances, with the factors that tie dance and music."""
    n = 24 if options.quick else 120
    data = make_dance_music(2 * n, n_performances=n, hop_duration=4.0, random_state=options.seed)
    return split(data, np.arange(n // 4), np.arange(n // 4, n), 2)


def split(data, held_out, train, n_each):
    """Training clips, and at most `n_each` clips, evenly chosen, of each piece held out."""
    chosen = []
    for group in held_out:
        rows = np.flatnonzero(data.groups == group)
        places = np.linspace(0, len(rows) - 1, min(n_each, len(rows))).round().astype(int)
        chosen += rows[np.unique(places)].tolist()
    rows = np.flatnonzero(np.isin(data.groups, train))
    return Bunch(
        train=(data.poses[rows], data.audio[rows]),
        poses=data.poses[chosen],
        audio=data.audio[chosen],
        groups=data.groups[chosen],
        factors=data.factors.iloc[chosen] if "factors" in data else None,
    )


def music_of(pipe, poses, temperature, seed):
    """Clips of a fitted pipeline, predicted or drawn."""
    if temperature is None:
        return pipe.predict(poses)
    features = pipe[:-1].transform(poses)
    return pipe[-1].sample_y(features, random_state=seed, temperature=temperature)[..., 0]


def score(pipe, data, temperature, memory, options):
    """All scores of a fitted pipeline, and one clip of its music."""
    table = evaluate(
        pipe,
        data.poses,
        data.audio,
        data.groups,
        reference=data.train,
        temperature=temperature,
        max_responses=8 if options.quick else 36,
        memory=memory,
        random_state=options.seed,
    )
    music = music_of(pipe, data.poses, temperature, options.seed)
    if data.factors is not None:
        for row, audio in (("model", music), ("real", data.audio)):
            rho = factor_correlations(data.factors, audio, data.groups)
            for name in FACTORS:
                table.loc[row, f"rho_{name}"] = rho[name]
    return table, music[0]


def markdown(table):
    """A table in Markdown, three decimals."""
    lines = [
        "| " + " | ".join(["", *table.columns]) + " |",
        "|" + " --- |" * (table.shape[1] + 1),
    ]
    for name, row in table.iterrows():
        cells = ["" if np.isnan(x) else f"{x:.3f}" for x in row]
        lines.append("| " + " | ".join([str(name), *cells]) + " |")
    return "\n".join(lines)


def write(results, options):
    """The whole table, and its headline."""
    whole = pd.concat(results, names=["data", "model"])
    whole.to_csv(options.out / "results.csv")
    parts = []
    for name, table in results.items():
        headline = table.rename(columns=HEADLINE)[list(HEADLINE.values())]
        if f"rho_{FACTORS[0]}" in table:
            headline = headline.join(table[[f"rho_{f}" for f in FACTORS]])
        parts.append(f"## {name}\n\n{markdown(headline)}\n")
    text = "# Does the music follow the dance?\n\n" + "\n".join(parts)
    if options.quick:
        text += (
            "\nA quick trial: too little data and training for these numbers to mean anything.\n"
        )
    (options.out / "results.md").write_text(text, encoding="utf-8")


def draw_scores(table, path):
    """One panel a score: the models' bars, and the floors as lines."""
    import matplotlib.pyplot as plt

    names = [n for n in (*HEADLINE, *(f"rho_{f}" for f in FACTORS)) if n in table]
    names = [n for n in names if not n.endswith("_p")]
    made = [row for row in table.index if row not in FLOORS]
    n_rows = -(-len(names) // 4)
    figure, grid = plt.subplots(
        n_rows, 4, figsize=(20, 3.2 * n_rows), sharey=True, layout="constrained"
    )
    colors = dict(zip(FLOORS, ("tab:red", "tab:orange", "tab:gray", "tab:green")))
    for ax, name in zip(grid.flat, names):
        values = table.loc[made, name].replace(np.inf, np.nan)
        ax.barh(made, values, color="tab:blue")
        for floor, color in colors.items():
            if np.isfinite(table.loc[floor, name]):
                ax.axvline(table.loc[floor, name], color=color, label=floor)
        ax.set_title(HEADLINE.get(name, name))
    for ax in grid.flat[len(names) :]:
        ax.set_axis_off()
    grid.flat[0].invert_yaxis()
    figure.legend(*grid.flat[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    figure.savefig(path, dpi=70)
    plt.close(figure)


def draw_music(sounds, path, sr):
    """Spectrograms of one clip as each model plays it."""
    import matplotlib.pyplot as plt

    from sklearn_asdf.plotting import SpectrogramDisplay

    n_rows = -(-len(sounds) // 2)
    figure, grid = plt.subplots(
        n_rows, 2, figsize=(14, 2.2 * n_rows), sharex=True, layout="constrained"
    )
    SpectrogramDisplay.from_audio(sounds, sr=sr, axes=list(grid.flat[: len(sounds)]))
    for ax in grid.flat[len(sounds) :]:
        ax.set_axis_off()
    figure.savefig(path, dpi=70)
    plt.close(figure)


def study(name, data, results, options):
    """Fit and score every model on one data set."""
    import soundfile

    memory = str(options.out / "cache")
    n_pieces = len(np.unique(data.groups))
    print(
        f"{name}: {len(data.train[1])} training clips, {len(data.groups)} clips of {n_pieces} "
        "held-out performances",
        flush=True,
    )
    rows, sounds = {}, {"real": np.asarray(data.audio[0])}
    fitted = floors = None
    for model, pipe, temperature in models(options, memory):
        if options.only and not any(word in model for word in options.only):
            continue
        began = time.perf_counter()
        if temperature is None or fitted is None:
            fitted = clone(pipe).fit(*data.train)
        table, sounds[model] = score(fitted, data, temperature, memory, options)
        rows[model] = table.loc["model"]
        # The density without a dance is the default's own.
        if floors is None or "(default)" in model:
            floors = table.loc[FLOORS]
        results[name] = pd.concat([pd.DataFrame(rows).T, floors])
        write(results, options)
        seconds = time.perf_counter() - began
        found, ratio = rows[model]["retrieval_r1"], rows[model]["distance_ratio"]
        print(
            f"  {model:42} found {found:.3f} (real {floors.loc['real', 'retrieval_r1']:.3f})  "
            f"distances {ratio:.2f}  {seconds:.0f} s",
            flush=True,
        )
    sr = data.audio.sr
    draw_scores(results[name], options.out / f"scores_{name}.png")
    draw_music(sounds, options.out / f"spectrograms_{name}.png", sr)
    for model, sound in sounds.items():
        file = "".join(c if c.isalnum() else "_" for c in model).strip("_")
        loudest = max(1.0, float(np.abs(sound).max()))
        soundfile.write(options.out / f"{name}_{file}.wav", sound / loudest, sr)


def main():
    """Run the study on made-up dances, and on two folders where they are given."""
    parser = argparse.ArgumentParser(description="Does the music follow the dance?")
    parser.add_argument("--poses", type=Path, help="folder of pose files")
    parser.add_argument("--audio", type=Path, help="folder of sound files of the same names")
    parser.add_argument("--out", type=Path, default=Path("study"))
    parser.add_argument("--quick", action="store_true", help="try everything in minutes")
    parser.add_argument("--held-out", type=int, default=12, help="pieces that are not trained on")
    parser.add_argument("--codec-epochs", type=int, help="of the paper's autoencoder (100)")
    parser.add_argument("--density-epochs", type=int, help="of the paper's density (30)")
    parser.add_argument("--only", nargs="*", help="models whose name holds one of these words")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if (options.poses is None) != (options.audio is None):
        parser.error("give both --poses and --audio, or neither")
    if options.codec_epochs is None:
        options.codec_epochs = 1 if options.quick else 100
    if options.density_epochs is None:
        options.density_epochs = 1 if options.quick else 30
    options.out.mkdir(parents=True, exist_ok=True)
    import matplotlib

    matplotlib.use("Agg")
    # The paper's network knows no scale of its targets: that it may stop early is a result.
    warnings.simplefilter("ignore", UserWarning)

    results = {}
    began = time.perf_counter()
    if options.poses is not None:
        study("folder", real_data(options), results, options)
    study("made-up", made_up_data(options), results, options)
    print(f"{(time.perf_counter() - began) / 60:.0f} minutes; see {options.out / 'results.md'}")


if __name__ == "__main__":
    main()
