"""
One model for each style
========================

Dances of different styles go with different music. :class:`~sklearn_asdf.StyleRegressor` learns one
model for each style and a classifier of styles; for a new dance the classifier tells the style from
its Laban features, and that style's model plays.

Here the styles are the places of the beat in synthetic dances: moments of rest, hits, and bounces.

In the user guide: :doc:`/guide/travel`.
"""

# %%
# Dances and their styles
# -----------------------
#
# Whole performances are held out. The styles are labels, one per clip.

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from sklearn_asdf import StyleRegressor, UnitEncoder, make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music

data = make_dance_music(
    60, n_performances=30, clip_duration=6.0, styles=("rest", "hit", "bounce"), random_state=0
)
new = data.groups >= 24
pd.Series(data.styles[~new]).value_counts()

# %%
# Training
# --------
#
# The styles share one audio encoder: the regressor of codes has one model for each style. Labels
# and groups are metadata of `fit`; groups are kept apart where the classifier is evaluated. With
# ``StyleRegressor(AudioTargetRegressor(...))`` as the last step, each style would also have
# recordings of its own.

pipe = make_dance_pipeline(random_state=0)
pipe.set_params(
    beats="passthrough",
    lma__groups=("effort", "shape", "level", "periodicity", "posture"),
    music__regressor=StyleRegressor(Ridge(100.0)),
    music__transformer=UnitEncoder(),
)
pipe.fit(
    data.poses[~new],
    data.audio[~new],
    music__style=data.styles[~new],
    music__groups=data.groups[~new],
)

# %%
# Which style a dance has
# -----------------------
#
# `confusion_` counts training performances that were held out from the classifier, by their true
# style (rows) and the style that was found (columns).

styles = pipe["music"].regressor_
pd.DataFrame(styles.confusion_, index=styles.classes_, columns=styles.classes_)

# %%
# The style of a new dance is found from all its clips.

X = pipe[:-1].transform(data.poses[new])
told = styles.predict_style(X, groups=data.groups[new])
probability = pd.DataFrame(styles.predict_style_proba(X), columns=styles.classes_).round(2)
probability.assign(true=data.styles[new], found=told).head(9)

# %%
# Its share of right answers, by performance:

first = np.unique(data.groups[new], return_index=True)[1]
print(f"{np.mean(told[first] == data.styles[new][first]):.2f}")

# %%
# Music
# -----
#
# The pipeline predicts, composes and is saved as any other. One held-out dance of each style, and
# the music of its style's model:

from IPython.display import Audio

from sklearn_asdf.performance import perform
from sklearn_asdf.plotting import SpectrogramDisplay

rows = [int(np.flatnonzero(data.styles[new] == style)[0]) for style in styles.classes_]
pieces = {
    f"a dance of the style {style}, found: {found}": perform(
        pipe, data.poses[new][[row]], temperature=None
    ).audio
    for style, row, found in zip(styles.classes_, rows, told[rows])
}
sr = data.audio.sr
display = SpectrogramDisplay.from_audio(pieces, sr=sr)

# %%
# The first of them:

Audio(next(iter(pieces.values())), rate=sr)
