"""
New sound for a dance
=====================

The default preset plays excerpts of the training music. The paper's chain, an encoder of
spectrograms and a recurrent mixture density, makes sound that nobody recorded. Hear it in seconds
(the preset ``"codec"``) and in beats (the preset ``"synthesis"``).

Both are trained here on minutes of music and for a minute at most, so that this page builds
quickly. Longer training on half an hour of music sounds cleaner.

In the user guide: :doc:`/guide/music`.
"""

# %%
# Synthetic dances and their music: 40 performances of twelve seconds. The last one is held out.
import numpy as np
from IPython.display import Audio

from sklearn_asdf import Motion, make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music

data = make_dance_music(80, n_performances=40, hop_duration=4.0, random_state=0)
new = data.groups == data.groups[-1]
sr = data.audio.sr
audio = data.audio[~new]

# %%
# How music is encoded in beats
# -----------------------------
# Spectra are taken twelve times a beat and transposed to one key. A step of a quarter of a beat has
# 16 principal components of its envelope, the levels of wide bands in short windows, and 48 of the
# fine structure of its spectra:
from sklearn_asdf import BeatMelEncoder

encoder = BeatMelEncoder(random_state=0)
code = encoder.fit_transform(audio)
print(f"variance explained: {encoder.explained_variance_ratio_.sum():.2f}")
print(f"steps and numbers per step of a clip: {encoder.code_shape_}")
clip = data.audio[new][:1]
decoded = encoder.inverse_transform(encoder.transform(clip))[0]

# %%
# The held-out music, and what the encoder keeps of it. Nothing that the chain samples can sound
# better than this:
Audio(clip[0], rate=sr)

# %%
Audio(decoded, rate=sr)

# %%
# A code is played on any beat. The same steps, a fifth faster and three semitones up:
other = encoder.transform(clip)
other[:, -3] += np.log2(1.2)
other[:, -5] -= 3
Audio(encoder.inverse_transform(other)[0], rate=sr)

# %%
# Before: music in seconds
# ------------------------
# The preset ``"codec"`` samples the code of eight seconds at once, given the dance.
from sklearn_asdf.performance import perform

dance = Motion(np.concatenate(np.asarray(data.poses[new]))[None, :360], fps=30)
codec = make_dance_pipeline("codec", random_state=0)
codec.set_params(music__transformer__epochs=0, music__regressor__epochs=20)
codec.fit(data.poses[~new], audio)
before = perform(codec, dance, random_state=0).audio
Audio(before, rate=sr)

# %%
# After: music in beats
# ---------------------
# The preset ``"synthesis"`` finds the beat of the dance, and samples the music step by step, each
# given the dance and the steps before.
synthesis = make_dance_pipeline("synthesis", random_state=0)
# Smaller and shorter than the default, for this page.
synthesis.set_params(
    beats__max_iter=30,
    music__regressor__regressor__recurrent_layer_sizes=(128,),
    music__regressor__regressor__epochs=15,
)
synthesis.fit(data.poses[~new], audio)
after = perform(synthesis, dance, random_state=0).audio
Audio(after, rate=sr)

# %%
# Another sample has another key and other phrases:
Audio(perform(synthesis, dance, random_state=1).audio, rate=sr)

# %%
# Beats, keys and pulse of both, beside the true music:
import pandas as pd

from sklearn_asdf.metrics import beat_f70, key_clarity, music_beats, pulse_clarity

pieces = {"true": np.asarray(clip)[0], "before": before, "after": after}
table = pd.DataFrame(index=list(pieces))
sounds = np.stack([y[: clip.shape[1]] for y in pieces.values()])
beats, table["tempo"] = music_beats(sounds, sr=sr)
table["F70"] = [beat_f70(beats[:1], [b]) for b in beats]
table["key"] = key_clarity(sounds, sr=sr)
table["pulse"] = pulse_clarity(sounds, sr=sr)
print(table.round(2))

# %%
# The spectrograms: partials that hold, and attacks on the beat.
from sklearn_asdf.plotting import SpectrogramDisplay

display = SpectrogramDisplay.from_audio(pieces, sr=sr)
