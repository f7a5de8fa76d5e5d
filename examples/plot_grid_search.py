"""
Grid search over the whole pipeline
===================================

The way from poses to sound is one scikit-learn pipeline, so its parameters can be searched. Splits
are by performance, and the audio encoder is trained once for each split, not once for each
candidate.
"""

# %%
import tempfile

import pandas as pd
from sklearn.model_selection import GridSearchCV, GroupKFold

from sklearn_asdf import make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.metrics import get_scorer

data = make_dance_music(n_clips=48, random_state=0)
cache = tempfile.TemporaryDirectory()
pipe = make_dance_pipeline("tiny", random_state=0, memory=cache.name)
search = GridSearchCV(
    pipe,
    {"keyframes__n_keyframes": [6, 10], "music__regressor__n_mixtures": [1, 3]},
    cv=GroupKFold(3),
    scoring=get_scorer("log_likelihood"),
)
search.fit(data.poses, data.audio, groups=data.groups)

# %%
# The scores are log-likelihoods of the true music's code per dimension, in nats, on performances
# that were not trained on. Without `scoring` they would be R² of the predicted code, which knows
# nothing of the density around a prediction.
columns = ["param_keyframes__n_keyframes", "param_music__regressor__n_mixtures", "mean_test_score"]
print(pd.DataFrame(search.cv_results_)[columns].round(3))

# %%
# Likelihoods of codes of different encoders cannot be compared: search over the density and the
# motion stages by the likelihood, over regressors with and without a density by R², and over the
# parameters of the encoder by a score of the sound, such as
# ``sklearn_asdf.metrics.get_scorer("neg_mel_distance")``.
cache.cleanup()
