"""
A film of your own dance
========================

From a film to poses, and from music back onto the film. It needs the extra ``video``.
"""

# %%
# :func:`~sklearn_asdf.video.estimate_poses` finds the dancer in any film::
#
#     from sklearn_asdf.video import estimate_poses
#
#     take = estimate_poses("dance.mp4", verbose=1)
#
# The networks that find her are fetched on the first call. So that this page can be made without
# them, the dance is made up; everything below is the same for ``take``.
import base64
import tempfile
from pathlib import Path

import numpy as np

from sklearn_asdf import Motion, make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music

data = make_dance_music(n_clips=36, n_performances=12, clip_duration=4.0, random_state=2)
new = data.groups == 11
take = Motion(np.concatenate(np.asarray(data.poses[new]))[None], fps=30)
print(take)

# %%
# A model of other dances, whose music it will play.
pipe = make_dance_pipeline(n_keyframes=6, random_state=0)
pipe.fit(data.poses[~new], data.audio[~new])

# %%
# Music for the whole dance: clips that overlap by half, composed to one piece.
clips = take.windows(clip_duration=4.0, hop_duration=2.0)
music = pipe[-1].compose(
    pipe[:-1].transform(clips), hop_duration=2.0, temperature=0.1, random_state=0
)

# %%
# :func:`~sklearn_asdf.video.add_music` puts it onto the film, whose pictures are not touched::
#
#     from sklearn_asdf.video import add_music
#
#     add_music("dance.mp4", music, "dance_with_music.mp4")
#
# Where there are only poses, :func:`~sklearn_asdf.video.write_stick_figure` makes a film of them.
from sklearn_asdf.video import probe, write_stick_figure

folder = tempfile.TemporaryDirectory()
film = Path(folder.name, "dance.mp4")
write_stick_figure(take, film, audio=music.clip(-1, 1), size=(360, 360))
print(probe(film))


class Film:
    """A film for this page."""

    def __init__(self, path):
        self.content = base64.b64encode(Path(path).read_bytes()).decode()

    def _repr_html_(self):
        return f'<video controls width="360" src="data:video/mp4;base64,{self.content}"></video>'


Film(film)
