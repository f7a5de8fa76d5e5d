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
# Fewer trees than by default, which are enough for synthetic dances.
pipe.set_params(beats__max_iter=30)
pipe = pipe.fit(data.poses[~new], data.audio[~new])

# %%
# Music for the whole dance. Each seed gives another piece.
from sklearn_asdf.performance import perform

take = Motion(np.concatenate(np.asarray(data.poses[new]))[None], fps=30)
piece = perform(pipe, take, random_state=0).audio
true = np.concatenate(list(data.audio[new]))

# %%
# Is the music on the beat of the dance? A beat tracker finds the beats of both pieces. The tempo is
# that of the mean time between them; the tempo that the tracker itself returns is a coarse one.
from sklearn_asdf.metrics import beat_f70, music_beats

beats, _ = music_beats(np.stack([true, piece]), sr=data.audio.sr)
tempo = [60 / np.diff(times).mean() for times in beats]
agreement = beat_f70(beats[:1], beats[1:])
print(f"tempo: true {tempo[0]:.0f} BPM, generated {tempo[1]:.0f} BPM")
print(f"F-measure of the beats (70 ms): {agreement:.2f}")

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

# %%
# The dance with the generated music:
import tempfile
from pathlib import Path

from IPython.display import Video

from sklearn_asdf.video import write_stick_figure

folder = tempfile.TemporaryDirectory()
path = Path(folder.name, "dance.mp4")
write_stick_figure(take, path, audio=piece, size=(360, 360))
Video(str(path), embed=True, width=360, html_attributes="controls")
