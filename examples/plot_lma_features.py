"""
Describe dances by Laban features
=================================

Poses go in, a table for any model comes out. The dances are synthetic, so the factors behind them
are known, and we can see which features predict them.

In the user guide: :doc:`/guide/motion`, and :doc:`/guide/definitions` for the formulas.
"""

# %%
# Each row of the table is a clip of eight seconds.
from sklearn_asdf import make_lma_pipeline
from sklearn_asdf.datasets import make_dance_music

data = make_dance_music(n_clips=96, random_state=0)
lma = make_lma_pipeline(n_keyframes=10).set_output(transform="pandas")
table = lma.fit_transform(data.poses)
print(table.iloc[:, :5].round(3).head())

# %%
# The dance, and the five features of the windows between its keyframes. Lines are keyframes, orange
# poses those of the keyframes that have room, and grey poses stand between them. Lengths are in
# heights of the dancer (H).
import matplotlib.pyplot as plt

from sklearn_asdf.plotting import LMADisplay, PoseStripDisplay

feature_units = lma[-1].feature_units_
motion = lma[:-1].transform(data.poses)
figure, axes = plt.subplots(2, figsize=(10, 6), height_ratios=[1, 2], layout="constrained")
strip = PoseStripDisplay.from_motion(motion, clip=0, ax=axes[0])
curves = LMADisplay.from_features(table, motion, clip=0, units=feature_units, ax=axes[1])
axes[0].set_xlabel("")
limits_of_time = axes[1].set_xlim(axes[0].get_xlim())

# %%
# Which feature correlates with which factor of the dance? Rank correlations, strongest first. Of
# some sixty columns the three best are shown. How high would the best one be by chance? "By chance"
# is the median over 99 permutations of the performances. A column is named by what it measures in
# the movement, not by the factor: ``clip_tempo`` counts minima of speed, which may be twice or half
# as many as the beats of the music.
import numpy as np
import pandas as pd

factors = data.factors[["tempo", "vigour", "sharpness", "extent"]]
ranks = table.rank()
rng = np.random.default_rng(0)


def correlations(factor):
    """Rank correlations with all columns, strongest first."""
    return ranks.corrwith(factor.rank()).abs().sort_values(ascending=False)


for name, factor in factors.items():
    best = ", ".join(f"{feature} {rho:.2f}" for feature, rho in correlations(factor)[:3].items())
    # Each of 24 performances has four clips.
    clips = factor.to_numpy().reshape(24, 4)
    chance = [correlations(pd.Series(rng.permutation(clips).ravel())).iloc[0] for _ in range(99)]
    print(f"{name:9} {best}; by chance {np.median(chance):.2f}")

weight = table.filter(regex="^window[0-9]+_weight$").mean(axis=1)
print(f"mean weight and vigour: {weight.corr(factors['vigour'], method='spearman'):.2f}")

# %%
# The table works with any scikit-learn model. Here it predicts the vigour of held-out performances:
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

model = make_pipeline(StandardScaler(), RidgeCV([1.0, 10.0, 100.0]))
vigour = factors["vigour"]
predicted = cross_val_predict(model, table, vigour, groups=data.groups, cv=GroupKFold(4))

figure, ax = plt.subplots(figsize=(5, 4.5), layout="constrained")
ax.plot(vigour, predicted, "o", alpha=0.7)
ax.plot([0, 1], [0, 1], color="0.6", transform=ax.transAxes, zorder=0)
limits = (-0.2, 1.2)
title = f"held-out performances, R² = {r2_score(vigour, predicted):.2f}"
labels = ax.set(xlabel="vigour", ylabel="predicted", xlim=limits, ylim=limits, title=title)
