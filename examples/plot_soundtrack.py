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
# half a second, smoothed over a second. The speed is drawn as its logarithm, as loudness is heard:
import matplotlib.pyplot as plt
from scipy.ndimage import gaussian_filter1d

from sklearn_asdf.metrics import music_curves

level = music_curves(piece.audio, sr=piece.sr, smoothing=1.0)[:, 0]
moving = np.linalg.norm(np.diff(dance.position[0], axis=0), axis=-1).mean(axis=1) * dance.fps
speed = gaussian_filter1d(np.append(moving, moving[-1]).reshape(48, 15).mean(axis=1), 2)
print(f"correlation {np.corrcoef(level, np.log(speed))[0, 1]:.2f}")

figure, axes = plt.subplots(2, figsize=(10, 4), sharex=True, layout="constrained")
for ax, curve, name in zip(axes, (np.log2(speed), level), ("speed (octaves)", "level (dB)")):
    ax.plot(np.arange(0.25, 24, 0.5), curve)
    ax.set_ylabel(name)
label = axes[-1].set_xlabel("time (s)")

# %%
# The dance with its keyframes, what the model reads from it, and the music.
from sklearn_asdf.plotting import PerformanceDisplay

# sphinx_gallery_thumbnail_number = 2
display = PerformanceDisplay.from_pipeline(pipe, dance, {"music": piece.audio})

# %%
# The dance with this music. Of a real video, :func:`~sklearn_asdf.video.add_music` keeps the
# pictures.
import tempfile
from pathlib import Path

from IPython.display import Video

from sklearn_asdf.video import write_stick_figure

folder = tempfile.TemporaryDirectory()


def dancing(music, name):
    """A video of the dance with a piece of music."""
    path = Path(folder.name, name)
    write_stick_figure(dance, path, audio=music, size=(360, 360))
    return Video(str(path), embed=True, width=360, html_attributes="controls")


dancing(piece.audio, "dance.mp4")

# %%
# The music alone:
Audio(piece.audio, rate=piece.sr)

# %%
# Another seed, another piece of the same music:
Audio(make_soundtrack(dance, pipe, random_state=1)[0].audio, rate=piece.sr)

# %%
# How closely should the music follow? At 0 only its beat does, and loud and calm parts come as they
# like:
Audio(make_soundtrack(dance, pipe, closeness=0.0, random_state=0)[0].audio, rate=piece.sr)

# %%
# At 2, it follows the movement more closely than by default:
Audio(make_soundtrack(dance, pipe, closeness=2.0, random_state=0)[0].audio, rate=piece.sr)
