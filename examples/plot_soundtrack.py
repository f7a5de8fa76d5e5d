"""
Your own music for a dance
==========================

:func:`~sklearn_asdf.make_soundtrack` plays music for a dance, without recordings of dances with
their music: loud where the dance is vigorous, on its beat.

In the user guide: :doc:`/guide/soundtrack`.
"""

# %%
# A synthetic dance whose vigour changes, with rests, and music in two characters, which the package
# synthesizes. In use, the dance comes from :func:`~sklearn_asdf.video.estimate_poses` or
# :func:`~sklearn_asdf.io.read_poses`, and the music is a folder of files.
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio

from sklearn_asdf import make_soundtrack, make_soundtrack_pipeline
from sklearn_asdf.datasets import make_dance_music, make_music
from sklearn_asdf.metrics import curve_correlations, music_curves

data = make_dance_music(1, clip_duration=24, courses=True, random_state=6)
dance, course = data.poses, data.courses[0]
music = make_music(["playful", "driving"], duration=40, random_state=0)
pipe = make_soundtrack_pipeline(music, poses=dance)

# %%
# Two pieces: the second one follows less closely, and prefers the wild parts of the music.
close = make_soundtrack(dance, pipe, random_state=0)[0]
wild = make_soundtrack(dance, pipe, closeness=0.4, intensity=0.8, random_state=1)[0]
Audio(close.audio, rate=close.sr)

# %%
# The level of the music beside the vigour of the dance, which the mapping was not told:
figure, (above, below) = plt.subplots(2, figsize=(9, 4.5), sharex=True, layout="constrained")
above.plot(course["time"], course["vigour"] * course["moving"])
above.set_title("vigour of the dance, 0 in rests")
for name, take in (("closeness 1", close), ("closeness 0.4, intensity 0.8", wild)):
    level = music_curves(take.audio, sr=take.sr)[:, 0]
    below.plot((np.arange(len(level)) + 0.5) * 0.5, level, label=name)
below.set(title="level of the music", xlabel="time (s)", ylabel="dB")
legend = below.legend()

# %%
# How far the level follows, as the correlation with that of the music to which the figure danced:
for name, take in (("closely", close), ("less", wild)):
    r = curve_correlations([data.audio.recordings[0]], [take.audio], random_state=0)
    print(f"{name}: r = {r.loc['level', 'r']:.2f}")

# %%
# On the command line::
#
#     sklearn-asdf soundtrack dance.mp4 --music my_music -o dance_new.mp4
