"""
From a folder of takes to a model and a test
============================================

A study has takes of several dancers in several conditions. A folder of pose files becomes one table
of Laban features, the names of the files tell dancer and condition, and dancers stay together in
the test and in the model. Windows and clips of one take are not independent: the take, or the
dancer, is the unit.

In the user guide: :doc:`/guide/definitions`.
"""

# %%
# Yours: a folder with one file for each take, named ``DANCER_CONDITION_TAKE.bvh``, or in any other
# format (:doc:`/guide/formats`). It becomes a table with one row for each window between two
# keyframes::
#
#     from pathlib import Path
#
#     from sklearn_asdf import features_table
#
#     files = sorted(Path("takes").glob("*.bvh"))
#     table = features_table(files, rows="windows")
#
# The command ``sklearn-asdf features takes --rows windows -o features.csv`` writes the same table.

# %%
# Here, synthetic takes stand for yours: eight dancers, who differ in build and habit, dance two
# takes of 16 s in each of three conditions.
import tempfile
from itertools import product
from pathlib import Path

import numpy as np

from sklearn_asdf import features_table
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.io import write_poses

dancers = [f"d{number}" for number in range(8)]
vigour = {"calm": 0.3, "usual": 0.5, "strong": 0.7}
rng = np.random.default_rng(0)
habit = dict(zip(dancers, rng.normal(0, 0.12, size=8)))
takes = list(product(dancers, vigour, "ab"))
factors = {
    "vigour": [np.clip(vigour[c] + habit[d] + rng.normal(0, 0.08), 0, 1) for d, c, _ in takes],
    "tempo": rng.uniform(90, 130, size=len(takes)),
}
dances = make_dance_music(
    len(takes),
    n_performances=len(takes),
    clip_duration=16.0,
    coordinates="metre",
    noise=0.003,
    factors=factors,
    random_state=0,
).poses
folder = tempfile.TemporaryDirectory()
for number, names in enumerate(takes):
    write_poses(dances[[number]], Path(folder.name, "_".join(names) + ".npz"))

# %%
# The table. The name of each take tells its dancer and its condition.
files = sorted(Path(folder.name).glob("*.npz"))
table = features_table(files, rows="windows")
table[["dancer", "condition", "repeat"]] = table["take"].str.split("_", expand=True)
print(table[["take", "start", "stop", "weight", "time", "space", "flow", "shape"]].head(3).round(2))

# %%
# One row for each take: means over its windows, weighted by their duration, so that short windows,
# on which Space depends, count little.
features = ["weight", "time", "space", "flow", "shape"]
means = features_table(files, rows="takes").rename(columns={f"{f}_mean": f for f in features})
means[["dancer", "condition", "repeat"]] = means["take"].str.split("_", expand=True)

import matplotlib.pyplot as plt

units = {"weight": "H²/s²", "time": "H/s²", "space": "", "flow": "H/s³", "shape": "H⁻¹"}
figure, axes = plt.subplots(1, 5, figsize=(11, 3.2), layout="constrained")
by_dancer = means.groupby(["condition", "dancer"])[features].mean().unstack().loc[list(vigour)]
for ax, name in zip(axes, features):
    ax.plot(by_dancer[name], color="0.6", marker=".")
    ax.plot(by_dancer[name].mean(axis=1), color="#d55e00", linewidth=3)
    ax.set(title=f"{name} {units[name]}", ylim=(0, None))

# %%
# Grey lines are dancers. Every dancer has all conditions, so the simplest test compares dancers
# with themselves: the difference between two conditions, one number for each dancer.
from scipy.stats import bootstrap, ttest_rel

for name in features:
    calm, strong = by_dancer[name].loc["calm"], by_dancer[name].loc["strong"]
    interval = bootstrap(
        (strong - calm,), np.mean, method="percentile", random_state=0
    ).confidence_interval
    p = ttest_rel(strong, calm).pvalue
    print(
        f"{name:6} strong - calm {np.mean(strong - calm):6.2f} {units[name]:5} "
        f"95 % {interval.low:6.2f} to {interval.high:6.2f}, "
        + ("p < 0.001" if p < 0.0005 else f"p = {p:.3f}")
    )

# %%
# These are five tests of features that are not independent (Time and Flow are nearly one feature):
# choose one beforehand, or correct for five. For designs with gaps, covariates or windows as rows,
# a mixed model has dancers, and takes within dancers, as random effects, and the duration of
# windows as a covariate (``table["duration"] = table["stop"] - table["start"]``). It is no part of
# this package; in R (lme4), after ``table.to_csv("features.csv")``, or in Python with statsmodels:
#
# .. code-block:: r
#
#    lmer(log(weight) ~ condition + duration + (1 | dancer / take), data = read.csv("features.csv"))
#
# .. code-block:: python
#
#    import statsmodels.formula.api as smf
#
#    smf.mixedlm(
#        "np.log(weight) ~ condition + duration",
#        table,
#        groups="dancer",
#        vc_formula={"take": "0 + C(take)"},
#    ).fit().summary()
#
# Can the condition of a dancer whom the model has not seen be told? All takes of a dancer are held
# out together, and chance is measured by permuting the conditions of each dancer's takes. With 99
# permutations, p = 0.01 is the smallest possible; use 999 or more for a paper.
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, permutation_test_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

model = make_pipeline(StandardScaler(), LogisticRegression())


def examine(takes, labels, groups, title, n_folds=4):
    """Balanced accuracy on groups that were held out, beside that of permuted labels."""
    score, permuted, p = permutation_test_score(
        model,
        takes,
        labels,
        groups=groups,
        cv=GroupKFold(n_folds),
        n_permutations=99,
        scoring="balanced_accuracy",
        random_state=0,
    )
    print(f"{title}: {score:.2f}, by chance {permuted.mean():.2f} (p = {p:.2f})")


examine(means[features], means["condition"], means["dancer"], "condition of unseen dancers")

# %%
# Real takes
# ----------
# With the motion capture of Dance with Melody (T. Tang, J. Jia and H. Mao, ACM Multimedia 2018) in
# the folder that ``SKLEARN_ASDF_DATA`` names: is a take a cha-cha, a rumba or a waltz? The take is
# the unit, since its dancer is not known. If a dancer danced only one kind, the answer is about
# dancers.
import os

poses = Path(os.environ.get("SKLEARN_ASDF_DATA", "no such folder"), "dance_with_melody", "poses")
files = sorted(poses.glob("*.npz"))
if files:
    real = features_table(files, rows="takes").set_index("take")
    means = real[[f"{name}_mean" for name in features]].set_axis(features, axis=1)
    kind = (
        means.index.str.split("_")
        .str[1]
        .map({"C": "cha-cha", "R": "rumba", "W": "waltz"})
        .to_numpy()
    )
    print(means.groupby(kind).agg(["mean", "std"]).round(2).T.unstack().to_string())
    # Three folds, each with a third of each kind; kinds are permuted within them.
    examine(means, kind, np.arange(len(means)) % 3, f"kind of {len(means)} takes", n_folds=3)
folder.cleanup()
