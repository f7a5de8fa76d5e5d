"""
Write a page that plays a performance
=====================================

:func:`~sklearn_asdf.report.write_report` puts a dance, its music and its features on one page that
plays, in one file that needs no network.

On the command line::

    sklearn-asdf report my.zip dance.mp4 -o page.html

In the user guide: :doc:`/guide/videos`.
"""

# %%
# A model, and a dance that it has not seen.
import html
import tempfile
from pathlib import Path

import numpy as np

from sklearn_asdf import Motion, make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.report import write_report

data = make_dance_music(n_clips=36, n_performances=12, clip_duration=4.0, random_state=2)
new = data.groups == 11
pipe = make_dance_pipeline(n_keyframes=6, random_state=0)
# Fewer trees than by default, which are enough for synthetic dances.
pipe.set_params(beats__max_iter=30)
pipe = pipe.fit(data.poses[~new], data.audio[~new])
# sphinx_gallery_thumbnail_path = 'static/report.png'

# %%
# One whole dance, and its music. With ``video=``, the page also shows
# the video that the poses were estimated from.
take = Motion(np.concatenate(np.asarray(data.poses[new]))[None], fps=30, skeleton="coco17")
music = np.concatenate(list(data.audio[new]))
folder = tempfile.TemporaryDirectory()
page = Path(folder.name, "dance.html")
write_report(page, pipe, take, audio=music, title="A held-out dance", random_state=0)
print(f"{page.stat().st_size / 1e6:.1f} MB")

# %%
# Play it, click a keyframe, read values at the cursor, and compare the two sounds. The verdict
# stands above, the evidence for and against it below, and
# :func:`~sklearn_asdf.report.write_movement_report` writes the page without music.
from IPython.display import HTML

content = html.escape(page.read_text(encoding="utf-8"))
style = "width: 100%; height: 1500px; border: 0"
HTML(f'<iframe title="report" style="{style}" srcdoc="{content}"></iframe>')
