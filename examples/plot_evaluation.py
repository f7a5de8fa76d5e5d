"""
Does the music follow the dance?
================================

:func:`~sklearn_asdf.metrics.evaluate` scores a model on dances that it has not learned from, beside
what chance and trivial methods get.
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
pipe.fit(data.poses[~new], data.audio[~new])

# %%
# One call. The training set is the reference: on it a judge learns which dances and which music go
# together.
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
# A number says something only beside its floors. Read each column from the bottom: ``real`` is what
# music for these dances can get, since the judge, too, errs. ``shuffled pairs`` is real music, of
# other dances: what it gets, being music is enough for. ``metronome`` has a pulse, and hears
# nothing. ``unconditional`` is the model without a dance: what the model gets beyond it, it owes to
# the dance.
colours = {"model": "tab:red", "real": "black"}
figure, axes = plt.subplots(2, 3, figsize=(11, 5), layout="constrained", sharey=True)
for ax, (name, values) in zip(axes.flat, short.items()):
    values = values[::-1]
    ax.barh(values.index, values, color=[colours.get(row, "silver") for row in values.index])
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_title(name)

# %%
# The p-values come from dealing whole performances at random, never clips: clips of one performance
# are alike. A retrieval with a large p-value could be luck, however high it is.
print(table.loc["model", ["retrieval_p", "mantel_p", "log_gain_p"]].round(3).to_string())

# %%
# And does it react? The dance four times as large, backwards, or at half the tempo: how much other
# the music is, as a share of how much two draws for one dance differ. Above 1, it reacts.
print(table.loc["model"].filter(like="_response").round(2).to_string())

# %%
# No table replaces listening. What the model plays to the first of these dances:
dance = pipe[:-1].transform(data.poses[new][:1])
Audio(pipe[-1].sample_y(dance, temperature=0.1, random_state=0).ravel(), rate=data.audio.sr)

# %%
# And the real music.
Audio(data.audio[new][0], rate=data.audio.sr)

# %%
# The same at the command line, for dances and music in folders::
#
#     sklearn-asdf evaluate my.zip --poses new/poses --audio new/audio -o scores.csv
plt.show()
