"""
Make music for a dance
======================

Fit a model to dances with their music, make music for a dance that it has not seen, and compare
both with your eyes and ears.

In the user guide: :doc:`/guide/music`.
"""

# %%
# Synthetic dances and their music: sixteen performances of twelve seconds, in clips of four
# seconds. The last performance is held out. :func:`~sklearn_asdf.datasets.load_folder` reads your
# own.
import numpy as np
from IPython.display import Audio

from sklearn_asdf import Motion, make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music

data = make_dance_music(
    n_clips=48, n_performances=16, clip_duration=4.0, hop_duration=4.0, random_state=0
)
new = data.groups == data.groups[-1]
pipe = make_dance_pipeline(n_keyframes=6, random_state=0)
# Synthetic beats are learned in fewer rounds than those of real dances.
pipe.set_params(beats__max_iter=30)
pipe.fit(data.poses[~new], data.audio[~new])

# %%
# Music for the whole dance. Each seed gives another piece.
from sklearn_asdf.performance import perform

take = Motion(np.concatenate(np.asarray(data.poses[new]))[None], fps=30)
piece = perform(pipe, take, random_state=0).audio
true = np.concatenate(list(data.audio[new]))

# %%
# What the dance adds: the log-likelihood of the true music's code minus that of a density that sees
# no dance.
gain = pipe[-1].information_gain(pipe[:-1].transform(data.poses[new]), data.audio[new])
print(f"information gain: {gain:.2f} nats per code dimension")

# %%
# The dance with its keyframes, what the model reads from it, and the music.
from sklearn_asdf.plotting import PerformanceDisplay

display = PerformanceDisplay.from_pipeline(
    pipe, take, {"true music": true, "generated music": piece}
)

# %%
# The true music, which the model has not heard:
Audio(true, rate=data.audio.sr)

# %%
# The generated music. It is cut from the music of the other performances, and its tempo, beat,
# loudness and brightness follow this dance:
Audio(piece, rate=data.audio.sr)
