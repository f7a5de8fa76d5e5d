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
    cv=GroupKFold(3),
    scoring=get_scorer("log_likelihood"),
)
search = search.fit(data.poses, data.audio, groups=data.groups)

# %%
# The scores are log-likelihoods of the true music's code per dimension, in nats, on performances
# that were held out. Without ``scoring`` they would be R² of the predicted code, which ignores the
# density around a prediction.
results = pd.DataFrame(search.cv_results_)
results.columns = results.columns.str.replace(r"^param_.*__", "", regex=True)
print(results[["n_keyframes", "n_mixtures", "mean_test_score", "std_test_score"]].round(3))
cache.cleanup()

# %%
# Differences between candidates mean something where they are larger than the spread over the
# splits. Likelihoods of codes of different encoders cannot be compared: search over the density
# and the motion stages by the likelihood, over regressors with and without a density by R², and
# over the parameters of the encoder by a score of the sound, such as
# ``sklearn_asdf.metrics.get_scorer("neg_mel_distance")``.
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for marker, shift, (n_mixtures, rows) in zip("os", (-0.1, 0.1), results.groupby("n_mixtures")):
    ax.errorbar(
        rows["n_keyframes"] + shift,
        rows["mean_test_score"],
        rows["std_test_score"],
        marker=marker,
        capsize=4,
        label=f"{n_mixtures} mixtures" if n_mixtures > 1 else "1 mixture",
    )
ax.set(xlabel="keyframes per clip", ylabel="log-likelihood (nats per dimension)")
legend = ax.legend()
