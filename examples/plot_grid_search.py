"""
Search the parameters of the whole pipeline
===========================================

The way from poses to sound is one scikit-learn pipeline, so all its parameters can be searched.
Splits are by performance, and the audio encoder is trained once per split, not once per candidate.

In the user guide: :doc:`/guide/scale`.
"""

# %%
import tempfile

import pandas as pd
from sklearn.model_selection import GridSearchCV, GroupKFold

from sklearn_asdf import make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.metrics import get_scorer

data = make_dance_music(n_clips=36, clip_duration=4.0, random_state=0)
cache = tempfile.TemporaryDirectory()
pipe = make_dance_pipeline("tiny", random_state=0, memory=cache.name)
search = GridSearchCV(
    pipe,
    {"keyframes__n_keyframes": [4, 6, 10], "music__regressor__n_mixtures": [1, 3]},
    cv=GroupKFold(4),
    scoring=get_scorer("information_gain"),
)
search = search.fit(data.poses, data.audio, groups=data.groups)

# %%
# The winner, and its score: what the dance adds to the log-likelihood of the true music's code, in
# nats per dimension, on performances that were held out. Above 0, the model uses the dance.
for name, value in search.best_params_.items():
    print(f"{name} = {value}")
print(f"gain {search.best_score_:.3f}")

# %%
# All candidates. Without ``scoring`` the scores would be R² of the predicted code, which ignores
# the density around a prediction.
results = pd.DataFrame(search.cv_results_)
results.columns = results.columns.str.replace(r"^param_.*__", "", regex=True)
columns = {"mean_test_score": "gain", "std_test_score": "std", "rank_test_score": "rank"}
table = results.rename(columns=columns)[["n_keyframes", "n_mixtures", *columns.values()]]
print(table.sort_values("rank").round(3).to_string(index=False))
cache.cleanup()

# %%
# Does the winner win? All candidates have the same splits, so each split compares it with the
# others: a candidate is clearly worse if all its points are below 0, whatever the spread of the
# scores. With four splits that is a hint, not a proof.
import matplotlib.pyplot as plt

splits = results.filter(regex="split._test_score").to_numpy()
beside = splits - splits[search.best_index_]
names = [f"{row.n_keyframes} keyframes, {row.n_mixtures} Gaussian(s)" for row in table.itertuples()]
order = table["rank"].argsort()[::-1]
figure, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
for place, candidate in enumerate(order):
    color = "#d55e00" if candidate == search.best_index_ else "#0072b2"
    ax.plot(beside[candidate], [place] * beside.shape[1], "o", alpha=0.6, color=color)
    ax.plot(beside[candidate].mean(), place, "|", markersize=18, color=color)
ax.axvline(0, color="0.6", zorder=0)
ax.set_yticks(range(len(order)), [names[candidate] for candidate in order])
label = ax.set_xlabel("gain beyond the winner's, split by split (nats per dimension)")

# %%
# One Gaussian is enough here: these nine synthetic performances have one kind of music for each
# movement, and a tiny code. That says nothing about real music, of which many kinds fit one
# movement, nor about the default preset, whose mixture chooses its size by the data. And the spread
# over splits is as large as the gain itself: with nine performances, prefer the simplest candidate
# that is not clearly worse.
#
# Likelihoods of codes of different encoders cannot be compared: search over the density and the
# motion stages by the likelihood or the gain, over regressors with and without a density by R²,
# and over the parameters of the encoder by a score of the sound, such as ``neg_mel_distance`` of
# :func:`~sklearn_asdf.metrics.get_scorer`. Custom steps are searched in the same way:
# :doc:`/guide/own_estimators`.
