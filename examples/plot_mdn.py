"""
Predict a density where one input has several answers
=====================================================

In Bishop's inverse problem, one input has up to three right answers. A regressor that predicts one
number predicts their mean, which is none of them. :class:`~sklearn_asdf.MDNRegressor` predicts the
density of all answers.

In the user guide: :doc:`/guide/music`.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from sklearn_asdf import MDNRegressor


def sample(n, seed):
    """Forward, `x` is a function of `y`; backward it is not one."""
    rng = np.random.default_rng(seed)
    y = rng.uniform(0, 1, n)
    return (y + 0.3 * np.sin(2 * np.pi * y) + rng.uniform(-0.1, 0.1, n))[:, None], y


X, y = sample(1000, 0)
X_test, y_test = sample(1000, 1)
model = MDNRegressor(n_mixtures=5, random_state=0).fit(X, y)

# %%
# The density of each column of the picture, the mean (a line that runs between the answers), and
# samples.
grid, levels = np.linspace(0, 1, 150)[:, None], np.linspace(-0.1, 1.1, 200)
density = model.predict_dist(grid)
height = np.exp([density.log_prob(np.full(len(grid), level)) for level in levels])
fig, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
axes[0].pcolormesh(grid[:, 0], levels, height, vmax=8, shading="nearest", cmap="viridis")
axes[0].plot(grid[:, 0], density.mean[:, 0], color="white", label="mean")
axes[0].set(title="predicted density", xlabel="x", ylabel="y")
axes[0].legend(facecolor="0.3", labelcolor="white")
axes[1].plot(X_test[:, 0], y_test, ".", ms=2, label="held-out data")
samples = model.sample_y(X_test, random_state=0)[:, 0]
axes[1].plot(X_test[:, 0], samples, ".", ms=2, label="samples")
axes[1].set(title="data and samples", xlabel="x", xlim=(0, 1))
axes[1].legend(markerscale=5)

# %%
# Is it right about how sure it is? Where the density is true, the share of targets below each
# predicted quantile is that quantile, and intervals hold as many targets as they claim.
pit = np.sort(model.predict_dist(X_test).cdf(y_test)[:, 0])
fig, ax = plt.subplots(figsize=(4, 4), layout="constrained")
ax.plot([0, 1], [0, 1], color="0.7")
ax.plot(pit, np.linspace(0, 1, len(pit)))
ax.set(xlabel="predicted probability", ylabel="share of targets", title="calibration")
for coverage in (0.5, 0.9):
    low, high = model.predict_dist(X_test).interval(coverage)
    inside = np.mean((low[:, 0] < y_test) & (y_test < high[:, 0]))
    print(f"{coverage:.0%} intervals hold {inside:.1%} of the held-out targets")

# %%
# What the input adds, in nats: the log-likelihood minus that of a mixture fitted to the targets
# alone. With shuffled inputs it is nothing.
shuffled = MDNRegressor(n_mixtures=5, random_state=0)
shuffled.fit(np.random.default_rng(0).permutation(X), y)
gains = model.information_gain(X_test, y_test), shuffled.information_gain(X_test, y_test)
print(f"gain {gains[0]:.2f} nats, with shuffled inputs {gains[1]:.2f}")

# %%
# A lower temperature samples closer to the peaks of the density, a higher one farther from them.
middle = np.array([[0.5]])
for temperature in (0.1, 1.0, 3.0):
    some = model.sample_y(middle, 500, random_state=0, temperature=temperature)[0]
    print(f"temperature {temperature}: samples from {some.min():.2f} to {some.max():.2f}")

# %%
# The density for one input, its components, the central interval of 90 %, and a held-out target.
from sklearn_asdf.plotting import MixtureDisplay, TrainingDisplay

row = int(np.abs(X_test[:, 0] - 0.5).argmin())
display = MixtureDisplay.from_distribution(
    model.predict_dist(X_test), row=row, y=y_test[:, None], name=f"y at x = {X_test[row, 0]:.2f}"
)

# %%
# And how the network was trained.
display = TrainingDisplay.from_estimator(model)
