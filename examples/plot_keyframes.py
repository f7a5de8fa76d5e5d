"""
Find the keyframes of a dance
=============================

:class:`~sklearn_asdf.KeyframeSegmenter` finds the moments at which the limbs change direction. The
Laban features describe the windows between them.

In the user guide: :doc:`/guide/motion`, and :doc:`/guide/definitions` for what is computed in the
windows.
"""

# %%
# The angles of the limbs to the spine (eq. 9 of the paper), their mean over the limbs, and the
# poses where they turn most sharply: the paper's figure 3.
import matplotlib.pyplot as plt
import numpy as np

from sklearn_asdf import KeyframeSegmenter, PoseSmoother
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.plotting import KeyframeDisplay

dance = make_dance_music(n_clips=8, random_state=1).poses
smooth = PoseSmoother().fit_transform(dance)
motion = KeyframeSegmenter(n_keyframes=10).fit_transform(smooth)
figure, ax = plt.subplots(figsize=(10, 4), layout="constrained")
display = KeyframeDisplay.from_motion(motion, clip=0, ax=ax)

# %%
# Fewer keyframes are no subset of more: the clusters are computed anew, and most of them move.
figure, axes = plt.subplots(2, figsize=(10, 6), layout="constrained")
for n_keyframes, ax in zip((4, 7), axes):
    few = KeyframeSegmenter(n_keyframes=n_keyframes).fit_transform(smooth)
    display = KeyframeDisplay.from_motion(few, clip=0, ax=ax)
    ax.set_title(f"{n_keyframes} keyframes")

# %%
# How much of the movement do they explain? Interpolate the poses linearly between the keyframes,
# and measure how far the dance is from that, beside keyframes at equal distances.


def deviation(motion):
    """Mean distance of all joints from the lines between keyframes, in pixels."""
    total = []
    for position, keyframes in zip(motion.position, motion.keyframes):
        at = np.arange(len(position))
        flat = position.reshape(len(position), -1)
        lines = np.stack(
            [np.interp(at, keyframes, flat[keyframes, i]) for i in range(flat.shape[1])]
        )
        total.append(np.abs(lines.T - flat).mean())
    return np.mean(total)


counts = [4, 6, 8, 10, 14, 20]
figure, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for marker, method in zip("os", ("salience", "uniform")):
    apart = [
        deviation(KeyframeSegmenter(n_keyframes=n, method=method).fit_transform(smooth))
        for n in counts
    ]
    ax.plot(counts, apart, marker=marker, label=method)
ax.set(xlabel="keyframes", ylabel="deviation (pixels)", ylim=(0, None))
legend = ax.legend()

# %%
# On these synthetic dances, keyframes explain no more of the movement than frames at equal
# distances, and with few of them less: they lie where limbs turn, not where lines fit best. If
# windows of one duration matter more to you than turns, take ``method="uniform"``, in a pipeline
# ``make_lma_pipeline().set_params(keyframes__method="uniform")``.
