"""
Laban features of dances
========================

Movement features alone, as a table for any model. The dances are made up, so we know what drives
them and can see which features tell it.
"""

# %%
# Poses go in, a DataFrame comes out. Each row is a clip of eight seconds.
from sklearn_asdf import make_lma_pipeline
from sklearn_asdf.datasets import make_dance_music

data = make_dance_music(n_clips=96, random_state=0)
lma = make_lma_pipeline(n_keyframes=10).set_output(transform="pandas")
table = lma.fit_transform(data.poses)
print(table.iloc[:, :5].round(3).head())

# %%
# A strip of poses with the keyframes, and the five features of the windows between them.
import matplotlib.pyplot as plt

from sklearn_asdf.plotting import LMADisplay, PoseStripDisplay

motion = lma[:-1].transform(data.poses)
figure, axes = plt.subplots(2, figsize=(10, 5), sharex=True, layout="constrained")
PoseStripDisplay.from_motion(motion, clip=0, ax=axes[0])
LMADisplay.from_features(table, motion, clip=0, ax=axes[1])

# %%
# Which feature goes with which factor of the dance? Rank correlations, strongest first.
factors = data.factors[["tempo", "vigour", "sharpness", "extent"]]
for name, factor in factors.items():
    strength = table.corrwith(factor, method="spearman").abs().sort_values(ascending=False)
    best = ", ".join(f"{feature} {rho:.2f}" for feature, rho in strength.head(3).items())
    print(f"{name:9} {best}")

# %%
# The table serves any scikit-learn model. Vigour of dances that were not trained on:
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

model = make_pipeline(StandardScaler(), RidgeCV([1.0, 10.0, 100.0]))
scores = cross_val_score(
    model, table, factors["vigour"], groups=data.groups, cv=GroupKFold(4), scoring="r2"
)
print("R2 on held-out performances:", scores.round(2))

plt.show()
