"""Make the picture and the sound at the top of the README: `python docs/make_teaser.py`.

A model learns from synthetic dances and makes music for one that it has not seen. The command
writes to `docs/static` the dance with its keyframes above the spectrogram of that music
(`teaser.webp`), the music (`teaser.mp3`), and both together (`teaser.mp4`), and the music that the
dance was synthesized with (`teaser_true.mp3`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import av
import numpy as np
from matplotlib import colormaps
from PIL import Image, ImageDraw, ImageFont

from sklearn_asdf import KeyframeSegmenter, Motion, PoseSmoother, make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.functional.mel import melspectrogram, power_to_db
from sklearn_asdf.music.loudness import at_loudness
from sklearn_asdf.music.sound_file import write_sound
from sklearn_asdf.performance import perform
from sklearn_asdf.video import add_music

STATIC = Path(__file__).parent / "static"
WIDTH, HEIGHT, LEFT, RIGHT = 960, 480, 70, 890
# Heights of the floor and of the spectrogram, in pixels.
FLOOR, TOP, BOTTOM = 258, 300, 452
DANCER = 205
BACKGROUND, TEXT, QUIET = (18, 20, 28), (226, 228, 234), (130, 134, 146)
# Light enough for the dark background; left is lighter than right.
COLORS = {"left": (255, 192, 77), "right": (61, 155, 214), None: (217, 217, 217)}
HEAD = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
# Drawn twice as large and then made smaller, which smooths the edges.
FINER = 2


def performance(seed):
    """Return a dance outside the training set, its keyframes in s, both musics and their rate."""
    data = make_dance_music(
        n_clips=48, n_performances=16, clip_duration=4.0, hop_duration=4.0, random_state=seed
    )
    # Large and strong movements are easier to see.
    lively = data.factors[["vigour", "extent"]].min(axis=1).argmax()
    new = data.groups == data.groups[lively]
    pipe = make_dance_pipeline(n_keyframes=6, random_state=0)
    # Synthetic beats are learned in fewer rounds than those of real dances.
    pipe.set_params(beats__max_iter=30)
    pipe.fit(data.poses[~new], data.audio[~new])
    take = Motion(np.concatenate(np.asarray(data.poses[new]))[None], fps=30, skeleton="coco17")
    sr = int(data.audio.sr)
    music = perform(pipe, take, random_state=0, loudness=-16.0).audio
    true = at_loudness(np.concatenate(list(data.audio[new])), -16.0, sr=sr)
    smooth = PoseSmoother().fit_transform(take)
    keyframes = KeyframeSegmenter(n_keyframes=12).fit_transform(smooth).keyframes[0] / take.fps
    return take, keyframes, music, true, sr


def x_of(time, duration):
    """Return the place of a time, in pixels."""
    return LEFT + (RIGHT - LEFT) * time / duration


class Teaser:
    """The pictures, one for each time."""

    def __init__(self, take, keyframes, music, sr):
        self.take, self.keyframes = take, keyframes
        self.duration = take.n_frames / take.fps
        position = np.asarray(take.position[0], dtype=float)
        hips = [take.skeleton.index(f"{side}_hip") for side in ("left", "right")]
        # The dancer goes with the time: most of the steps to the sides are left out.
        position[..., 0] -= 0.7 * position[:, hips, 0].mean(axis=1, keepdims=True)
        middle = position[:, hips, 0].mean()
        floor = np.percentile(position[..., 1], 99.5)
        scale = DANCER / np.percentile(floor - position[..., 1].min(axis=1), 90)
        # The floor is 0, and y points down.
        self.pose = (position - [middle, floor]) * scale
        self.spectrogram = self._spectrogram(music, sr)
        self.still = self._still()

    def _spectrogram(self, music, sr):
        power = melspectrogram(music, sr=sr, n_fft=2048, hop_length=256, n_mels=96)
        level = np.clip(1 + power_to_db(power, ref=power.max(), top_db=None) / 70, 0, 1)
        picture = Image.fromarray((colormaps["magma"](level[::-1])[..., :3] * 255).astype(np.uint8))
        return picture.resize((RIGHT - LEFT, BOTTOM - TOP), Image.Resampling.BICUBIC)

    def _still(self):
        """What is the same in all pictures."""
        picture = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
        pen = ImageDraw.Draw(picture)
        font = ImageFont.load_default(size=16)
        pen.text((LEFT, 12), "a dance that the model has not seen, and its keyframes", TEXT, font)
        pen.text((LEFT, TOP - 26), "the music that the model makes for it", TEXT, font)
        pen.line([(LEFT, FLOOR), (RIGHT, FLOOR)], fill=(52, 56, 70), width=1)
        dim = Image.blend(
            Image.new("RGB", self.spectrogram.size, BACKGROUND), self.spectrogram, 0.4
        )
        picture.paste(dim, (LEFT, TOP))
        small = ImageFont.load_default(size=13)
        for second in range(0, int(self.duration) + 1, 2):
            x = x_of(second, self.duration)
            anchor = "la" if not second else "ra" if second == self.duration else "ma"
            pen.text((x, BOTTOM + 6), f"{second} s", QUIET, small, anchor=anchor)
        return picture

    def _dancer(self, pen, time, strength):
        """Draw the pose at a time, where the spectrogram has that time."""
        frame = min(round(time * self.take.fps), len(self.pose) - 1)
        pose = (self.pose[frame] + [x_of(time, self.duration), FLOOR]) * FINER
        skeleton = self.take.skeleton

        def color(*names):
            sides = {skeleton.side(name) for name in names}
            side = sides.pop() if len(sides) == 1 else None
            return tuple(
                round(b + strength * (c - b)) for b, c in zip(BACKGROUND, COLORS[side], strict=True)
            )

        width = round((2 + 2 * strength) * FINER)
        for a, b in skeleton.bones:
            if a not in HEAD and b not in HEAD:
                ends = [tuple(pose[skeleton.index(joint)]) for joint in (a, b)]
                pen.line(ends, fill=color(a, b), width=width)
                for x, y in ends:
                    r = width / 2
                    pen.ellipse([x - r, y - r, x + r, y + r], fill=color(a, b))
        shoulders = [pose[skeleton.index(f"{side}_shoulder")] for side in ("left", "right")]
        head, neck = pose[skeleton.index("nose")], np.mean(shoulders, axis=0)
        pen.line([tuple(neck), tuple(head)], fill=color(), width=width)
        r = 0.065 * DANCER * FINER
        pen.ellipse([head[0] - r, head[1] - r, head[0] + r, head[1] + r], fill=color())

    def draw(self, time):
        """Return the picture at a time in seconds."""
        picture = self.still.copy()
        x = round(x_of(time, self.duration))
        heard = self.spectrogram.crop((0, 0, x - LEFT, BOTTOM - TOP))
        picture.paste(heard, (LEFT, TOP))
        stage = (0, 36, WIDTH, FLOOR + 8)
        large = picture.crop(stage)
        large = large.resize((large.width * FINER, large.height * FINER))
        pen = ImageDraw.Draw(large)
        self.pose[..., 1] -= stage[1]
        for keyframe in self.keyframes:
            past = time - keyframe
            self._dancer(pen, keyframe, 0.1 if past < 0 else max(0.22, 0.5 - 0.06 * past))
        self._dancer(pen, time, 1.0)
        self.pose[..., 1] += stage[1]
        picture.paste(large.resize((WIDTH, stage[3] - stage[1]), Image.Resampling.BOX), stage[:2])
        pen = ImageDraw.Draw(picture)
        for keyframe in self.keyframes:
            if keyframe <= time:
                at = x_of(keyframe, self.duration)
                pen.line([(at, FLOOR + 2), (at, FLOOR + 10)], fill=(255, 192, 77), width=2)
        pen.line([(x, TOP - 4), (x, BOTTOM + 4)], fill=(255, 255, 255), width=2)
        return picture


def write_webp(teaser, path, fps=12):
    """Write a picture that moves and begins again."""
    pictures = [teaser.draw(t) for t in np.arange(0, teaser.duration, 1 / fps)]
    pictures[0].save(
        path,
        save_all=True,
        append_images=pictures[1:],
        duration=round(1000 / fps),
        loop=0,
        quality=70,
        method=4,
        minimize_size=True,
    )


def write_mp4(teaser, music, sr, path, fps=24):
    """Write a video with the music."""
    silent = path.with_name("silent.mp4")
    with av.open(str(silent), "w") as out:
        stream = out.add_stream("libx264", rate=fps, options={"crf": "26", "preset": "slow"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for time in np.arange(0, teaser.duration, 1 / fps):
            out.mux(stream.encode(av.VideoFrame.from_image(teaser.draw(time))))
        out.mux(stream.encode())
    try:
        add_music(silent, music, path, sr=sr)
    finally:
        silent.unlink()


def main():
    """Fit the model, draw and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=STATIC)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    take, keyframes, music, true, sr = performance(options.seed)
    write_sound(options.out / "teaser.mp3", music, sr=sr)
    write_sound(options.out / "teaser_true.mp3", true, sr=sr)
    teaser = Teaser(take, keyframes, music, sr)
    write_webp(teaser, options.out / "teaser.webp")
    write_mp4(teaser, music, sr, options.out / "teaser.mp4")


if __name__ == "__main__":
    main()
