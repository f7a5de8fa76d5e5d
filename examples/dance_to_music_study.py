"""
Does the music follow the dance?
================================

This study scores the paper's preset and its improvements, one at a time, on held-out performances.
Baselines are the music of other performances, a metronome, the same density without a dance, and
the real music::

    python examples/dance_to_music_study.py --poses POSES --audio AUDIO --out study

`POSES` and `AUDIO` are two folders for `load_folder`. All models are compared on one split of the
performances (`folder`), and the default preset is then cross-validated on all of them
(`folder-folds`). Without the two folders, only synthetic dances (`synthetic`) are studied. Their
factors are known: rank correlations measure how well tempo, loudness, brightness and articulation
of the generated music follow those of the dance. ``--quick`` runs everything in minutes, with too
little data and training for meaningful numbers.

After each model, it writes `DATA.csv` (all scores), `DATA_follows.csv` (scores of whether the music
follows the dance), `DATA_music.csv` (scores of beat and musical quality), `DATA_performances.csv`
(scores of each performance) and `DATA_differences.csv` (their differences from a metronome and from
chance). `DATA_short.csv` has some rows of both. After the last model of a data set, it writes the
music of each model for one clip, `DATA_scores.png` and `DATA_spectrograms.jpg`; with ``--sounds``,
only the music. With ``--only``, the rows of some models replace those that are in the tables, and
the others stay. ``--redraw`` writes the short tables and the pictures of what is in `--out`. The
same command gives the same numbers on the same machine.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import combine_pvalues
from sklearn.base import clone
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Bunch

from sklearn_asdf import MDNRegressor, make_dance_pipeline
from sklearn_asdf.datasets import load_folder, make_dance_music
from sklearn_asdf.metrics import evaluate, factor_correlations, paired_differences

FACTORS = ["tempo", "loudness", "brightness", "articulation"]
BASELINES = ["shuffled pairs", "metronome", "unconditional", "real"]
# Columns of the short tables, and their names there.
FOLLOWS = {
    "retrieval_r1": "found",
    "retrieval_p": "p",
    "retrieval_of_real": "of real",
    "distance_ratio": "distances",
    "log_gain": "gain",
    "log_gain_p": "p of gain",
    "amplified_response": "x4",
    "reversed_response": "reversed",
    "half_tempo_response": "half tempo",
    **{f"rho_{factor}": factor for factor in FACTORS},
}
MUSIC = {
    "f70_music": "F70",
    "f1_5hz": "5 Hz F1",
    "bas_corrected": "BAS beyond chance",
    "key_clarity": "key",
    "key_clarity_share": "clear keys",
    "pulse_clarity": "pulse",
    "pulse_clarity_share": "clear pulses",
    "frechet_distance": "Fréchet",
}
# The rows that have the scores of each performance; a metronome is found by chance.
COMPARED = {"f70_music": "F70, metronome's subtracted", "retrieval_r1": "found, chance subtracted"}
# A likelihood this far beyond that of a density without a dance is that of a collapsed scale.
ARTEFACT = 10.0
# What the picture of the scores shows; the tables have the rest.
DRAWN = ["retrieval_r1", "distance_ratio", "f70_music", "f1_5hz"]
DRAWN += ["key_clarity_share", "pulse_clarity_share", *(f"rho_{name}" for name in FACTORS[:3])]
DRAWN_MODELS = {
    "paper, sampled at 1": "paper, sampled",
    "with linear map (codec)": "codec",
    "new sound in beats (synthesis), sampled at 0.1": "synthesis, sampled at 0.1",
    "nearest training dance's music": "nearest training dance",
    "with variance restored (default)": "default",
    "with variance restored (default), sampled at 0.1": "default, sampled at 0.1",
}

# Whose music the page of results plays, with spectrograms.
HEARD_MODELS = {
    "real": "real music",
    "with variance restored (default), sampled at 0.1": "default, sampled at 0.1",
    "new sound in beats (synthesis), sampled at 0.1": "synthesis, sampled at 0.1",
    "nearest training dance's music": "music of the nearest training dance",
    "with linear map (codec), sampled at 1": "codec, sampled",
    "paper, sampled at 1": "paper, sampled",
}


def models(options, memory):
    """Yield name, pipeline and temperatures; each improvement includes the previous ones."""
    shared = {"random_state": options.seed, "memory": memory}
    paper = make_dance_pipeline("paper", **shared).set_params(
        music__transformer__epochs=options.codec_epochs,
        music__regressor__epochs=options.density_epochs,
    )
    # The paper samples.
    yield "paper", paper, (None, 1.0)

    step = clone(paper).set_params(lma__normalize=None, scale=StandardScaler())
    yield "with features scaled over the training set", step, (None,)

    codec = make_dance_pipeline("codec", **shared)
    if options.quick:
        codec.set_params(music__transformer__epochs=0, music__regressor__epochs=5)
    step = clone(step).set_params(
        **{name: clone(codec[name]) for name in ("smooth", "kinematics", "keyframes", "lma")}
    )
    step.set_params(lma__groups=("effort", "shape"))
    yield "with body units, bounded curvature", step, (None,)

    density = MDNRegressor(
        3, epochs=codec.get_params()["music__regressor__epochs"], random_state=options.seed
    )
    step = clone(step).set_params(music__regressor=density)
    yield "with whitened code, floor under sigma", step, (None,)

    step = clone(step).set_params(lma__groups=codec["lma"].groups)
    yield "with level, tempo and phase as features", step, (None,)

    step = clone(step).set_params(music__transformer=codec[-1].transformer)
    yield "with local code that keeps the level", step, (None,)

    yield "with linear map (codec)", codec, (None, 0.0, 0.1, 1.0)

    nearest = clone(codec).set_params(music__regressor=KNeighborsRegressor(1))
    yield "nearest training dance's music", nearest, (None,)

    synthesis = make_dance_pipeline("synthesis", **shared)
    if options.quick:
        synthesis.set_params(beats__max_iter=20, music__regressor__regressor__epochs=2)
    yield "new sound in beats (synthesis)", synthesis, (None, 0.1, 1.0)

    units = default(options, memory)
    unscaled = clone(units).set_params(
        music__regressor__restore_variance=False,
        music__regressor__regressor__restore_variance=False,
    )
    yield "units of real music on the dance's beat", unscaled, (None, 0.1)
    yield "with variance restored (default)", units, (None, 0.0, 0.1, 0.3, 1.0)


def default(options, memory):
    """Return the default preset, by its permanent name."""
    units = make_dance_pipeline("units", random_state=options.seed, memory=memory)
    if options.quick:
        units.set_params(beats__max_iter=20, music__regressor__regressor__regressor__epochs=5)
    return units


def real_data(options):
    """Return one split of the pieces of two folders, and the splits of a cross-validation."""
    data = load_folder(
        poses=options.poses, audio=options.audio, hop_duration=4.0 if options.quick else 2.0
    )
    n_pieces, n_each = len(data.names), 4 if options.quick else 10
    held_out = 4 if options.quick else options.held_out
    if n_pieces < held_out + 2:
        raise SystemExit(
            f"expected at least {held_out + 2} pieces, got {n_pieces}: lower --held-out"
        )
    order = np.random.default_rng(options.seed).permutation(n_pieces)
    if options.quick:
        order = order[:12]
    once = split(data, order[:held_out], order[held_out:], n_each)
    folds = [
        split(data, fold, np.setdiff1d(order, fold), n_each) for fold in np.array_split(order, 3)
    ]
    return [once], folds


def synthetic_data(options):
    """Return a split of synthetic performances, with the common factors of dance and music."""
    n = 24 if options.quick else 120
    data = make_dance_music(2 * n, n_performances=n, hop_duration=4.0, random_state=options.seed)
    return [split(data, np.arange(n // 4), np.arange(n // 4, n), 2)]


def split(data, held_out, train, n_each):
    """Return training clips, and at most `n_each` evenly spaced clips of each held-out piece."""
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
    """Return clips of a fitted pipeline, predicted or sampled."""
    if temperature is None:
        return pipe.predict(poses)
    features = pipe[:-1].transform(poses)
    return pipe[-1].sample_y(features, random_state=seed, temperature=temperature)[..., 0]


def score(pipe, data, temperature, memory, options):
    """Return all scores of a fitted pipeline, those of performances, and a clip of its music."""
    table, performances = evaluate(
        pipe,
        data.poses,
        data.audio,
        data.groups,
        reference=data.train,
        temperature=temperature,
        max_responses=8 if options.quick else 36,
        memory=memory,
        return_performances=True,
        random_state=options.seed,
    )
    music = music_of(pipe, data.poses, temperature, options.seed)
    if data.factors is not None:
        for row, audio in (("model", music), ("real", data.audio)):
            rho = factor_correlations(data.factors, audio, data.groups)
            for name in FACTORS:
                table.loc[row, f"rho_{name}"] = rho[name]
    return table, performances, music[0]


def pooled(tables):
    """Return the mean of the tables of folds, with combined p-values."""
    if len(tables) == 1:
        return tables[0]
    table = sum(tables) / len(tables)
    for column in table.columns[table.columns.str.endswith("_p")]:
        # Fisher's method: the folds have different performances.
        combined = [combine_pvalues([t.loc[row, column] for t in tables]) for row in table.index]
        table[column] = [p.pvalue for p in combined]
    table["retrieval_of_real"] = table["retrieval_r1"] / (table.loc["real", "retrieval_r1"] or 1.0)
    return table


def row_name(model, temperature):
    """Return the row of a model whose music is predicted or sampled."""
    return model if temperature is None else f"{model}, sampled at {temperature:g}"


def merged(new, path, order):
    """Return new rows, and those of a table on disk that they do not replace, in order."""
    old = pd.read_csv(path, index_col=list(range(new.index.nlevels))) if path.exists() else new[:0]
    names = [set(table.index.get_level_values(0)) for table in (old, new)]
    tables = {name: new if name in names[1] else old for name in order if name in set.union(*names)}
    return pd.concat([table.loc[[name]] for name, table in tables.items()])


def write(name, table, out):
    """Write the whole table, two with some of its columns, and one with some rows, too."""
    table.to_csv(out / f"{name}.csv", index_label="model")
    some = table[table.index.isin([*DRAWN_MODELS, *BASELINES])].rename(index=DRAWN_MODELS)
    titles = FOLLOWS | MUSIC
    parts = {
        "follows": (table, FOLLOWS),
        "music": (table, MUSIC),
        "short": (
            some,
            {column: titles[column] for column in [DRAWN[0], "retrieval_p", *DRAWN[1:]]},
        ),
    }
    if not table.index.isin(DRAWN_MODELS).any():
        del parts["short"]
    for part, (rows, columns) in parts.items():
        short = rows[[column for column in columns if column in rows]].rename(columns=columns)
        short = short.apply(lambda values: values.map(lambda x, name=values.name: cell(name, x)))
        short.to_csv(out / f"{name}_{part}.csv", index_label="model")


def cell(column, value):
    """Return a number as the short tables have it."""
    if pd.isna(value):
        return ""
    if column.split()[0] == "p":
        return "< 0.001" if value < 0.0005 else f"{value:.3f}"
    if column == "gain" and value > ARTEFACT:
        return "artefact"
    # A change of music that has no samples to compare it with.
    return "changes" if np.isinf(value) else f"{value:.3f}"


def write_differences(name, performances, out):
    """Write the scores of performances, and how far models are from a metronome and chance."""
    performances.to_csv(out / f"{name}_performances.csv", float_format="%.6g")
    rows = {}
    for model in dict.fromkeys(performances.index.get_level_values(0)):
        if model in BASELINES[:-1]:
            continue
        pair = performances.loc[[model, "metronome"], list(COMPARED)]
        found = paired_differences(pair, row=model, random_state=0).loc["metronome"]
        cells = {}
        for score, title in COMPARED.items():
            difference, low, high, p = found.loc[score]
            cells[title] = f"{difference:+.3f}"
            cells[f"{title.split(',')[0]}, 95 %"] = f"{low:+.3f} to {high:+.3f}"
            cells[f"{title.split(',')[0]}, p"] = cell("p", p)
        rows[model] = cells
    pd.DataFrame(rows).T.to_csv(out / f"{name}_differences.csv", index_label="model")


def plot_scores(table, path):
    """Plot one panel per score: some of the models as bars, baselines as lines."""
    import matplotlib.pyplot as plt

    titles = FOLLOWS | MUSIC
    names = [name for name in DRAWN if name in table]
    models = [row for row in DRAWN_MODELS if row in table.index]
    n_rows = -(-len(names) // 3)
    # As tall as the names of the models need.
    height = 1.0 + 0.28 * len(models)
    figure, grid = plt.subplots(
        n_rows, 3, figsize=(11, height * n_rows), sharey=True, layout="constrained"
    )
    # Distinguishable in grey, too.
    looks = (("#d55e00", "-"), ("#e69f00", "--"), ("#555555", ":"), ("k", "-."))
    styles = dict(zip(BASELINES, looks))
    for ax, name in zip(grid.flat, names):
        ax.barh([DRAWN_MODELS[row] for row in models], table.loc[models, name], color="#56b4e9")
        for baseline, (color, style) in styles.items():
            place = table.loc[baseline, name] if baseline in table.index else np.nan
            if np.isfinite(place):
                ax.axvline(place, color=color, linestyle=style, linewidth=2, label=baseline)
        ax.set_title(titles[name])
    for ax in grid.flat[len(names) :]:
        ax.set_axis_off()
    grid.flat[0].invert_yaxis()
    figure.legend(*grid.flat[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def plot_spectrograms(name, out):
    """Plot the spectrograms of the music of some models for one clip, read from their files."""
    import matplotlib.pyplot as plt
    import soundfile

    from sklearn_asdf.plotting import SpectrogramDisplay

    files = {title: out / sound_file(name, row) for row, title in HEARD_MODELS.items()}
    sounds = {title: soundfile.read(file) for title, file in files.items() if file.exists()}
    n_rows = -(-len(sounds) // 2)
    figure, grid = plt.subplots(
        n_rows, 2, figsize=(14, 2.2 * n_rows), sharex=True, squeeze=False, layout="constrained"
    )
    rates = {sr for _, sr in sounds.values()}
    SpectrogramDisplay.from_audio(
        {title: sound for title, (sound, _) in sounds.items()},
        sr=rates.pop(),
        axes=list(grid.flat[: len(sounds)]),
    )
    for ax in grid.flat[len(sounds) :]:
        ax.set_axis_off()
    figure.savefig(out / f"{name}_spectrograms.jpg", dpi=70, pil_kwargs={"quality": 80})
    plt.close(figure)


def study(name, folds, models, options):
    """Fit and score every model on one data set."""
    models = list(models)
    order = [row_name(name, t) for name, _, temperatures in models for t in temperatures]
    order += BASELINES
    models = [m for m in models if not options.only or any(word in m[0] for word in options.only)]
    if not models:
        return
    memory = str(options.out / "cache")
    n_pieces = sum(len(np.unique(fold.groups)) for fold in folds)
    print(
        f"{name}: {n_pieces} held-out performances, {sum(len(f.groups) for f in folds)} clips; "
        f"{'about ' if len(folds) > 1 else ''}{len(folds[0].train[1])} training clips",
        flush=True,
    )
    first = folds[0].audio
    rows, sounds, baselines = {}, {"real": np.asarray(first[0])}, None
    performances = {}
    for model, pipe, temperatures in models:
        start = time.perf_counter()
        fitted = [clone(pipe).fit(*fold.train) for fold in folds]
        for temperature in temperatures:
            row = row_name(model, temperature)
            if options.sounds:
                music = music_of(fitted[0], folds[0].poses[:1], temperature, options.seed)[0]
                write_sound(music, sound_file(name, row), first.sr, options.out)
                continue
            scored = [score(p, d, temperature, memory, options) for p, d in zip(fitted, folds)]
            table, sounds[row] = pooled([table for table, _, _ in scored]), scored[0][2]
            rows[row] = table.loc["model"]
            each = pd.concat([performances for _, performances, _ in scored])
            performances[row] = each.loc["model"]
            # The density without a dance is that of the last model, the default.
            if temperature is None:
                baselines = table.loc[BASELINES]
                performances |= {name: each.loc[name] for name in BASELINES}
            results = pd.concat([pd.DataFrame(rows).T, baselines])
            each = pd.concat(performances, names=["model"])
            if options.only:
                results = merged(results, options.out / f"{name}.csv", order)
                each = merged(each, options.out / f"{name}_performances.csv", order)
            write(name, results, options.out)
            write_differences(name, each, options.out)
            seconds, start = time.perf_counter() - start, time.perf_counter()
            found, ratio = results.loc[row, ["retrieval_r1", "distance_ratio"]]
            print(
                f"  {row:55} found {found:.3f} (real {results.loc['real', 'retrieval_r1']:.3f})  "
                f"distances {ratio:.2f}  {seconds:.0f} s",
                flush=True,
            )
    for row, sound in sounds.items():
        write_sound(sound, sound_file(name, row), first.sr, options.out)
    if not options.sounds:
        draw(name, results, options.out)


def draw(name, table, out):
    """Draw the scores and the spectrograms of a data set, if they have what pictures show."""
    if table.index.isin(DRAWN_MODELS).any():
        plot_scores(table, out / f"{name}_scores.png")
    if (out / sound_file(name, "real")).exists():
        plot_spectrograms(name, out)


def sound_file(name, row):
    """Return the name of the file of a model's music, without characters other than letters."""
    return "_".join("".join(c if c.isalnum() else " " for c in f"{name} {row}").split()) + ".ogg"


def write_sound(sound, file, sr, out):
    """Write a clip as Ogg Vorbis."""
    import soundfile

    soundfile.write(out / file, sound / max(1.0, float(np.abs(sound).max())), sr)


def main():
    """Run the study on two folders, if given, and on synthetic dances."""
    parser = argparse.ArgumentParser(description="Does the music follow the dance?")
    parser.add_argument("--poses", type=Path, help="folder of pose files")
    parser.add_argument("--audio", type=Path, help="folder of audio files of the same names")
    parser.add_argument("--out", type=Path, default=Path("study"))
    parser.add_argument("--quick", action="store_true", help="run everything in minutes")
    parser.add_argument("--held-out", type=int, default=12, help="number of held-out pieces")
    parser.add_argument("--codec-epochs", type=int, help="epochs of the paper's autoencoder (100)")
    parser.add_argument("--density-epochs", type=int, help="epochs of the paper's density (30)")
    parser.add_argument("--only", nargs="*", help="models whose name contains one of these words")
    parser.add_argument("--sounds", action="store_true", help="write music only, without scores")
    parser.add_argument("--redraw", action="store_true", help="draw tables that are in --out")
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
    if options.redraw:
        for file in sorted(options.out.glob("*_follows.csv")):
            name = file.name.removesuffix("_follows.csv")
            table = pd.read_csv(options.out / f"{name}.csv", index_col="model")
            write(name, table, options.out)
            draw(name, table, options.out)
            path = options.out / f"{name}_performances.csv"
            if path.exists():
                each = pd.read_csv(path, index_col=["model", "performance"])
                write_differences(name, each, options.out)
        return
    # The paper's network may diverge, since it does not scale its targets. This is a result.
    warnings.simplefilter("ignore", UserWarning)

    start = time.perf_counter()
    memory = str(options.out / "cache")
    if options.poses is not None:
        once, folds = real_data(options)
        study("folder", once, models(options, memory), options)
        alone = [("default", default(options, memory), (None, 0.1))]
        study("folder-folds", folds, alone, options)
    study("synthetic", synthetic_data(options), models(options, memory), options)
    print(f"{(time.perf_counter() - start) / 60:.0f} minutes; see {options.out}")


if __name__ == "__main__":
    main()
