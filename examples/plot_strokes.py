"""
Draw strokes from Laban efforts, step by step
=============================================

:class:`~sklearn_asdf.MDNRegressor` learns densities of sequences, of music or of anything else
that goes on step by step: sketches, gestures, control signals. Here it draws. A pen moves in
small offsets; each offset depends on the effort of the movement and on the offsets before it.
This is a mixture density recurrent network, as in the sketches of Ha and Eck [1]_ and in the
musical instruments of Martin and Torresen [2]_.

In the user guide: :doc:`/guide/music`.
"""

# %%
# Synthetic strokes: coils that move to the right, like those that warm up a hand for writing.
# Their efforts are those of Laban. Strong weight makes them large, and sudden time makes the pen
# rush and rest; indirect space lets their direction wander, and free flow opens the coils.
import matplotlib.pyplot as plt
import numpy as np

from sklearn_asdf import MDNRegressor

EFFORTS = ("weight", "time", "space", "flow")
N_STEPS = 70


def draw(efforts, seed):
    """Return the offsets of the pen for efforts in [0, 1], (n_strokes, 2 * N_STEPS)."""
    rng = np.random.default_rng(seed)
    weight, time, space, flow = efforts.T[:, :, None]
    steps = np.arange(N_STEPS)
    # A sudden movement is fast in one part of each turn.
    turn = 2 * np.pi * steps / 14 + rng.uniform(0, 2 * np.pi, (len(efforts), 1))
    turn = turn + 0.9 * time * np.sin(turn)
    size = (0.4 + weight) * (1 + 0.05 * rng.normal(size=turn.shape))
    wander = np.cumsum(0.35 * space * rng.normal(size=turn.shape), axis=1)
    heading = np.exp(1j * wander) * (0.1 + 0.5 * flow)
    coil = size * np.exp(-1j * turn)
    offsets = np.diff(coil, axis=1, prepend=coil[:, :1]) + heading * size / 4
    offsets += 0.01 * (rng.normal(size=turn.shape) + 1j * rng.normal(size=turn.shape))
    return np.stack([offsets.real, offsets.imag], axis=2).reshape(len(efforts), -1)


rng = np.random.default_rng(0)
X, X_test = rng.uniform(size=(300, 4)), rng.uniform(size=(60, 4))
y, y_test = draw(X, 1), draw(X_test, 2)

# %%
# All steps of a stroke share its four efforts (`step_size` is None), and a step is the offset in
# two directions. Noise on the offsets that are fed back makes the network robust against its own
# small errors.
model = MDNRegressor(
    n_mixtures=3,
    target_step_size=2,
    recurrent_layer_sizes=(48,),
    hidden_layer_sizes=(32,),
    dropout=0.0,
    feedback_noise=0.05,
    learning_rate=5e-3,
    epochs=25,
    random_state=0,
).fit(X, y)
memoryless = MDNRegressor(
    n_mixtures=3, hidden_layer_sizes=(32,), dropout=0.0, epochs=5, random_state=0
).fit(np.repeat(X, N_STEPS, axis=0), y.reshape(-1, 2))
rows = np.repeat(X_test, N_STEPS, axis=0), y_test.reshape(-1, 2)
print(f"log-likelihood of new strokes, {model.log_likelihood(X_test, y_test):.2f} nats per number;")
print(f"if each step is predicted from the efforts alone, {memoryless.log_likelihood(*rows):.2f}")

# %%
# Strokes of four efforts: real ones, ones that the model draws, and one that it takes over after
# the first 25 steps of a real one. A temperature below 1 draws a calmer hand.
wanted = np.array(
    [[0.1, 0.2, 0.05, 0.9], [0.9, 0.2, 0.05, 0.3], [0.5, 0.9, 0.1, 0.6], [0.5, 0.2, 0.9, 0.6]]
)
titles = ["light and free", "strong and bound", "sudden", "indirect"]
real = draw(wanted, 5)
drawn = model.sample_y(wanted, 2, random_state=1, temperature=0.5)
begun = real[:, : 2 * 25]
state = model.state_after(wanted, begun)
rest = model.sample_y(wanted, random_state=1, temperature=0.5, n_steps=N_STEPS - 25, state=state)[
    ..., 0
]

fig, axes = plt.subplots(4, 4, figsize=(10, 7), layout="constrained")
table = [real, drawn[..., 0], drawn[..., 1], np.hstack([begun, rest])]
for row, strokes, name in zip(axes, table, ["real", "drawn", "drawn again", "continued"]):
    for ax, stroke in zip(row, strokes):
        path = np.cumsum(stroke.reshape(-1, 2), axis=0)
        ax.plot(*path.T, color="black", lw=1.5)
        if name == "continued":
            ax.plot(*path[:25].T, color="tab:orange", lw=2.5)
        ax.set(aspect="equal", xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    row[0].set_ylabel(name)
for ax, title in zip(axes[0], titles):
    ax.set_title(title)

# %%
# .. [1] D. Ha and D. Eck, "A neural representation of sketch drawings", ICLR 2018.
# .. [2] C. P. Martin and J. Torresen, "An interactive musical prediction system with mixture
#    density recurrent neural networks", NIME 2019.
