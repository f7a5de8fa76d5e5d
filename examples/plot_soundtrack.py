"""
Play your own music for a dance
===============================

A dance and some music are enough: :func:`~sklearn_asdf.make_soundtrack` cuts the music at its beats
and joins it anew, on the beat of the dance, loud where it is vigorous. No dances with their music
are needed to learn from.

On the command line, with a video and a folder of music::

    sklearn-asdf soundtrack my_dance.mp4 --music my_music -o with_music.mp4

In the user guide: :doc:`/guide/soundtrack`.
"""

# %%
# A synthetic dance of 24 s that becomes a little wilder and calmer. For a video of yours, use
# :func:`~sklearn_asdf.video.estimate_poses`, for a file :func:`~sklearn_asdf.io.read_poses`. The
# music: two characters of those that the package synthesizes. In their place, give paths of sound
# files, or a folder.
import tempfile
from pathlib import Path

from IPython.display import Audio, Video

from sklearn_asdf import make_soundtrack, make_soundtrack_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.video import write_stick_figure

dance = make_dance_music(1, clip_duration=24.0, courses=True, random_state=3).poses
pipe = make_soundtrack_pipeline(["calm", "driving"], poses=dance, random_state=0)
piece = make_soundtrack(dance, pipe, random_state=0)[0]

folder = tempfile.TemporaryDirectory()
path = Path(folder.name, "dance.mp4")
write_stick_figure(dance, path, audio=piece.audio, size=(360, 360))
Video(str(path), embed=True, width=360, html_attributes="controls")

# %%
# Of a real video, :func:`~sklearn_asdf.video.add_music` keeps the pictures. The music alone:
Audio(piece.audio, rate=piece.sr)

# %%
# Another seed, another piece of the same music:
Audio(make_soundtrack(dance, pipe, random_state=1)[0].audio, rate=piece.sr)

# %%
# How closely should the music follow? At 0 it keeps the beat of the dance, and its loud and calm
# parts come at any time:
Audio(make_soundtrack(dance, pipe, closeness=0.0, random_state=0)[0].audio, rate=piece.sr)

# %%
# At 2, it follows the movement more closely than by default:
Audio(make_soundtrack(dance, pipe, closeness=2.0, random_state=0)[0].audio, rate=piece.sr)

# %%
# The dance with its keyframes, what the model reads from it, and the music.
from sklearn_asdf.plotting import PerformanceDisplay

display = PerformanceDisplay.from_pipeline(pipe, dance, {"music": piece.audio})

# %%
# Does it follow? The level of the music and the speed of the movement, in steps of half a second,
# smoothed over a second. Loudness is heard by ratios, so the speed is drawn in octaves: each one is
# twice as fast.
import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import gaussian_filter1d

from sklearn_asdf.metrics import music_curves

level = music_curves(piece.audio, sr=piece.sr, smoothing=1.0)[:, 0]
moving = np.linalg.norm(np.diff(dance.position[0], axis=0), axis=-1).mean(axis=1) * dance.fps
speed = gaussian_filter1d(np.append(moving, moving[-1]).reshape(48, 15).mean(axis=1), 2)
print(f"correlation {np.corrcoef(level, np.log(speed))[0, 1]:.2f}")
print(f"the speed changes by {np.ptp(np.log2(speed)):.2f} octaves")

figure, axes = plt.subplots(2, figsize=(10, 4), sharex=True, layout="constrained")
for ax, curve, name in zip(axes, (np.log2(speed), level), ("speed (octaves)", "level (dB)")):
    ax.plot(np.arange(0.25, 24, 0.5), curve)
    ax.set_ylabel(name)
label = axes[-1].set_xlabel("time (s)")

# %%
# Both rise and fall together, but not in every half second. This dance changes its speed by less
# than an octave, and the music has accents of its own, since each of its beats is played to the
# end. In a filmed dance the correlation was .85 (:doc:`/guide/soundtrack_study`).
