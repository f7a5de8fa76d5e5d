"""
Measure whether the music follows the dance
===========================================

:func:`~sklearn_asdf.metrics.evaluate` scores a model on dances that it has not learned from, beside
what chance and trivial methods get.

In the user guide: :doc:`/guide/scores`.
"""

# %%
# A model learns from twenty-four performances; eight others are held out, whole.
import matplotlib.pyplot as plt
from IPython.display import Audio

from sklearn_asdf import make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.metrics import evaluate

data = make_dance_music(n_clips=64, n_performances=32, clip_duration=4.0, random_state=0)
new = data.groups >= 24
pipe = make_dance_pipeline(n_keyframes=6, random_state=0)
# Fewer trees than by default, which are enough for synthetic dances.
pipe.set_params(beats__max_iter=30)
pipe = pipe.fit(data.poses[~new], data.audio[~new])

# %%
# The training set is the reference, from which a judge learns which dances and music go together.
table = evaluate(
    pipe,
    data.poses[new],
    data.audio[new],
    data.groups[new],
    reference=(data.poses[~new], data.audio[~new]),
    temperature=0.1,
    max_responses=8,
    random_state=0,
)
columns = {
    "retrieval_mrr": "retrieval",
    "f70_music": "beat",
    "distance_ratio": "distance ratio",
    "key_clarity": "key clarity",
    "pulse_clarity": "pulse clarity",
    "log_gain": "gain (nats)",
}
short = table[list(columns)].rename(columns=columns)
print(short.round(2).to_string(na_rep="-"))

# %%
# A number means something only beside its baselines. ``real`` is the score of the real music, a
# reference: it is below 1 where the judge errs, and a model may exceed it. ``shuffled pairs`` is
# real music of other dances: being music is enough for its score. ``metronome`` has a pulse,
# whatever the dance. ``unconditional`` is one sample of the model without a dance, which may be
# near the right music by chance: with few dances, look at the p-values below.
colors = {"model": "#d55e00", "real": "black"}
figure, axes = plt.subplots(2, 3, figsize=(11, 5), layout="constrained", sharey=True)
for ax, (name, values) in zip(axes.flat, short.items()):
    values = values[::-1]
    ax.barh(values.index, values, color=[colors.get(row, "silver") for row in values.index])
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_title(name)

# %%
# The p-values come from random permutations of whole performances, never of clips, since clips of
# one performance are alike. A retrieval with a large p-value may be chance, however high it is.
print(table.loc["model", ["retrieval_p", "mantel_p", "log_gain_p"]].round(3).to_string())

# %%
# Does the music react? The dance is made four times as large, reversed, or slowed to half the
# tempo. The change of the music is given as a share of the difference of two samples for one dance.
# Above 1, the music reacts.
print(table.loc["model"].filter(like="_response").round(2).to_string())

# %%
# The same on the command line, for dances and music in folders::
#
#     sklearn-asdf evaluate my.zip --poses new/poses --audio new/audio -o scores.csv
#
# No table replaces listening. The first of these dances has this music:
Audio(data.audio[new][0], rate=data.audio.sr)

# %%
# The model's music for it:
dance = pipe[:-1].transform(data.poses[new][:1])
generated = pipe[-1].sample_y(dance, temperature=0.1, random_state=0).ravel()
Audio(generated, rate=data.audio.sr)

# %%
# Both as pictures:
from sklearn_asdf.plotting import SpectrogramDisplay

display = SpectrogramDisplay.from_audio(
    {"real music": data.audio[new][0], "generated music": generated}
)
