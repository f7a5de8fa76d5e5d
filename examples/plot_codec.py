"""
Compress music to a code and play it back
=========================================

:class:`~sklearn_asdf.MelEncoder` compresses eight seconds of music to a code of some numbers, and
decodes it to sound. How many numbers does a melody need?

In the user guide: :doc:`/guide/music`.
"""

# %%
# Synthetic music. Whole pieces are held out, never single clips.
import numpy as np
from IPython.display import Audio

from sklearn_asdf import MelEncoder
from sklearn_asdf.datasets import make_dance_music

data = make_dance_music(n_clips=60, n_performances=20, random_state=0)
new = data.groups >= 16
codes = {
    size: MelEncoder(code_size=size, steps=8, epochs=0, random_state=0).fit(data.audio[~new])
    for size in (16, 64, 256)
}

# %%
# The mean squared error of the spectrograms, and the baseline, the mean of all training
# spectrograms. Below 0.0035, the paper's listeners heard a melody.
known = np.stack([codes[16].spectrogram(data.audio[~new])]).mean(axis=(0, 1))
baseline = np.square(codes[16].spectrogram(data.audio[new]) - known).mean()
print(f"the mean of the training clips: {baseline:.4f}")
for size, encoder in codes.items():
    error = encoder.reconstruction_error(data.audio[new]).mean()
    print(f"{size:4} numbers a clip: {error:.4f}" + (", a melody" if error < 0.0035 else ""))

# %%
# One clip, encoded and decoded by each of them.
from sklearn_asdf.plotting import SpectrogramDisplay

clip = data.audio[new][:1]
encoder = codes[256]
pictures = {"true": encoder.spectrogram(clip)[0]}
pictures |= {f"{n} numbers": e.decode(e.transform(clip))[0] for n, e in codes.items()}
display = SpectrogramDisplay(pictures, sr=encoder.sr, hop_length=encoder.hop_length).plot()

# %%
# The clip itself:
Audio(clip[0], rate=encoder.sr)

# %%
# Decoded from 16, 64 and 256 numbers. Phases are not in the code: they are estimated.
Audio(codes[16].inverse_transform(codes[16].transform(clip))[0], rate=encoder.sr)

# %%
Audio(codes[64].inverse_transform(codes[64].transform(clip))[0], rate=encoder.sr)

# %%
Audio(codes[256].inverse_transform(codes[256].transform(clip))[0], rate=encoder.sr)
