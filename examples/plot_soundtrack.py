"""
Play your own music for a dance
===============================

A dance and some music are enough: :func:`~sklearn_asdf.make_soundtrack` cuts the music at its beats
and joins it anew, on the beat of the dance, loud where it is vigorous. Nothing has to be learned
from pairs of both.

On the command line, with a video and a folder of music::

    sklearn-asdf soundtrack my_dance.mp4 --music my_music -o with_music.mp4

In the user guide: :doc:`/guide/soundtrack`.
"""

# %%
# A synthetic dance of 24 s that becomes wilder and calmer, and rests. For a video, use
# :func:`~sklearn_asdf.video.estimate_poses`, for a file :func:`~sklearn_asdf.io.read_poses`.
import numpy as np
from IPython.display import Audio

from sklearn_asdf import make_soundtrack, make_soundtrack_pipeline
from sklearn_asdf.datasets import make_dance_music

dance = make_dance_music(1, clip_duration=24.0, courses=True, random_state=3).poses

# %%
# The music: two characters of those that the package synthesizes. In their place, give paths of
# sound files, or a folder.
pipe = make_soundtrack_pipeline(["calm", "driving"], poses=dance, random_state=0)
piece = make_soundtrack(dance, pipe, random_state=0)[0]

# %%
# Does it follow? The level of the music and the speed of the movement, in steps of
# half a second, smoothed over a second:
import matplotlib.pyplot as plt
from scipy.ndimage import gaussian_filter1d

from sklearn_asdf.metrics import music_curves

level = music_curves(piece.audio, sr=piece.sr, smoothing=1.0)[:, 0]
moving = np.linalg.norm(np.diff(dance.position[0], axis=0), axis=-1).mean(axis=1) * dance.fps
speed = gaussian_filter1d(np.append(moving, moving[-1]).reshape(48, 15).mean(axis=1), 2)
print(f"correlation {np.corrcoef(level, np.log(speed))[0, 1]:.2f}")

figure, axes = plt.subplots(2, figsize=(10, 4), sharex=True, layout="constrained")
for ax, curve, name in zip(axes, (speed, level), ("speed (pixels/s)", "level (dB)")):
    ax.plot(np.arange(0.25, 24, 0.5), curve)
    ax.set_ylabel(name)
label = axes[-1].set_xlabel("time (s)")

# %%
# The dance with its keyframes, what the model reads from it, and the music.
from sklearn_asdf.plotting import PerformanceDisplay

# sphinx_gallery_thumbnail_number = 2
display = PerformanceDisplay.from_pipeline(pipe, dance, {"music": piece.audio})

# %%
Audio(piece.audio, rate=piece.sr)

# %%
# Another number, another piece. With ``closeness=0`` only the beat is that of the dance.
Audio(make_soundtrack(dance, pipe, random_state=1)[0].audio, rate=piece.sr)
