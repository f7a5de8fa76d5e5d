"""
Use your own video
==================

From a video to poses, and from the poses to a video with new music. Two commands do that. The first
one plays your own music, and needs nothing else::

    sklearn-asdf soundtrack dance.mp4 --music my_music -o dance_with_music.mp4

:ref:`sphx_glr_auto_examples_plot_soundtrack.py` is the same in Python. The second one plays the
music of a model that has learned from dances with their music::

    sklearn-asdf generate my.zip dance.mp4 -o dance_with_music.mp4

This page does what the second command does, step by step. It needs the extras ``music`` and
``video``.

In the user guide: :doc:`/guide/videos`.
"""

# %%
# :func:`~sklearn_asdf.video.estimate_poses` finds the dancer in a video::
#
#     from sklearn_asdf.video import estimate_poses
#
#     take = estimate_poses("dance.mp4", verbose=1)
#
# It downloads its networks on the first call. Here a synthetic dance stands for your video;
# everything below is the same for the ``take`` of a video.
import tempfile
from pathlib import Path

import numpy as np

from sklearn_asdf import Motion, make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.plotting import PoseStripDisplay

data = make_dance_music(n_clips=36, n_performances=12, clip_duration=4.0, random_state=2)
new = data.groups == 11
take = Motion(np.concatenate(np.asarray(data.poses[new]))[None], fps=30, skeleton="coco17")
print(take)
display = PoseStripDisplay.from_motion(take)

# %%
# A model of other dances, which will play their music.
pipe = make_dance_pipeline(n_keyframes=6, random_state=0)
# Fewer trees than by default, which are enough for synthetic dances.
pipe.set_params(beats__max_iter=30)
pipe = pipe.fit(data.poses[~new], data.audio[~new])

# %%
# Music for the whole dance, about as loud as streaming services play it (-16 LUFS).
from sklearn_asdf.performance import perform

music = perform(pipe, take, random_state=0, loudness=-16.0).audio

# %%
# :func:`~sklearn_asdf.video.add_music` puts it onto the video, whose pictures stay as they are::
#
#     from sklearn_asdf.video import add_music
#
#     add_music("dance.mp4", music, "dance_with_music.mp4")
#
# Where there are only poses, :func:`~sklearn_asdf.video.write_stick_figure` makes a video of them.
from IPython.display import Video

from sklearn_asdf.video import write_stick_figure

folder = tempfile.TemporaryDirectory()
path = Path(folder.name, "dance.mp4")
write_stick_figure(take, path, audio=music, size=(360, 360))
Video(str(path), embed=True, width=360, html_attributes="controls")
