"""
Make music while somebody dances
================================

:class:`~sklearn_asdf.live.StreamingDancer` takes poses one by one, and returns features and music
while they come. A movement is heard a fraction of a second later, not a whole clip later.

In the user guide: :doc:`/guide/live`.
"""

# %%
# A model, and a dance that it has not seen.
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio

from sklearn_asdf import Motion, make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.live import StreamingDancer

data = make_dance_music(n_clips=36, n_performances=12, clip_duration=4.0, random_state=2)
new = data.groups == 11
pipe = make_dance_pipeline(n_keyframes=6, random_state=0)
# Fewer trees than by default, which are enough for synthetic dances.
pipe.set_params(beats__max_iter=30)
pipe = pipe.fit(data.poses[~new], data.audio[~new])
take = Motion(np.concatenate(np.asarray(data.poses[new]))[None], fps=30)

# %%
# In use, poses come from :class:`~sklearn_asdf.live.OSCReceiver` or from
# :func:`~sklearn_asdf.live.camera_poses`; here, from the recording, thirty per second. This page
# computes music every 0.5 s. The default of this model is 0.125 s, which is heard sooner.
live = StreamingDancer(pipe, hop_duration=0.5, random_state=0)
moments = [moment for pose in take.position[0] for moment in live.feed(pose)]
print(f"{len(moments)} moments; a movement is heard after {live.latency:g} s and computing")

# %%
# No frame of the future is needed, and nothing is lost: the features are those of the recording,
# clip by clip.
offline = pipe[:-1].transform(take.windows(clip_duration=4.0, hop_duration=0.5))
online = np.array([moment.features for moment in moments])
print("largest difference:", np.abs(online - np.asarray(offline)).max())

names = list(live.feature_names)
figure, axes = plt.subplots(2, figsize=(9, 4.5), sharex=True, layout="constrained")
for name, ax in zip(("clip_log_speed", "clip_hands_height"), axes):
    ax.plot([m.time for m in moments], online[:, names.index(name)], marker="o")
    ax.set_title(f"{name}, as it is computed")
label = axes[-1].set_xlabel("time (s)")

# %%
# The same on the command line, with a camera, or with poses that come by OSC in the addresses of
# Wekinator or of the AI-Toolbox::
#
#     sklearn-asdf live my.zip --input camera --play
#     sklearn-asdf live my.zip --play
#
# Its music beside the dance: it begins when the first clip is whole.
from sklearn_asdf.plotting import PoseStripDisplay, SpectrogramDisplay

silence = np.zeros(round(moments[0].time * live.sr), np.float32)
music = np.concatenate([silence, *(moment.audio for moment in moments)])
figure, axes = plt.subplots(2, figsize=(10, 4.5), sharex=True, layout="constrained")
strip = PoseStripDisplay.from_motion(take, ax=axes[0])
axes[0].set_xlabel("")
spectrogram = SpectrogramDisplay.from_audio({"music": music}, sr=live.sr, axes=axes[1:])
# sphinx_gallery_thumbnail_number = 2

# %%
Audio(music, rate=live.sr)
