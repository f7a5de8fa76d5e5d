"""
Dance in, music out
===================

The whole way: fit on some performances, make music for another one, and look at both.
"""

# %%
import numpy as np

from sklearn_asdf import make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music

data = make_dance_music(n_clips=48, random_state=0)
new = data.groups == data.groups[-1]
pipe = make_dance_pipeline(random_state=0).fit(data.poses[~new], data.audio[~new])

# %%
# One clip of sound for each clip of dance, or one continuous piece for the successive clips of
# one dance.
music = pipe.predict(data.poses[new])
features = pipe[:-1].transform(data.poses[new])
piece = pipe[-1].compose(features, hop_duration=1.0)
print("clips:", music.shape, " piece:", np.round(len(piece) / data.audio.sr, 1), "s")

# %%
# What the dance adds: the log-likelihood of the true music's code less that of a density
# that sees no dance.
gain = pipe[-1].information_gain(features, data.audio[new])
print(f"information gain: {gain:.3f} nats per code dimension")

# %%
from sklearn_asdf.plotting import SpectrogramDisplay

SpectrogramDisplay.from_audio({"true music": data.audio[new][0], "generated music": music[0]})
