"""Translation of parameter names in messages to options of the command line."""

from __future__ import annotations

import re

__all__ = ["in_words"]

# Parameters that the command names otherwise, or has no option for.
_TERMS = {
    "pose_fps": "--fps",
    "models": "--pose-model",
    "n_held_out": "--held-out",
    "held_out": "--held-out",
    "n_keyframes": "--n-keyframes",
    "n_clips": "--n-clips",
    "clip_duration": "--clip-duration",
    "hop_duration": "--hop-duration",
    "random_state": "--random-state",
    "pose_model": "--pose-model",
    "or see datasets.load_folder for many takes": "for one dance is taken at a time",
    "datasets.load_folder": "a folder of takes",
    "sklearn_asdf.save": "'fit' or 'demo'",
    "pass Motion(array, skeleton=Skeleton([...]))": "use a pose format that names them",
    "pass joints": "give --joints",
    "pass image_size=(width, height)": "give --image-size WxH",
    "Name the joints (Motion(..., skeleton=...)), pass the markers of each joint (joints=), or "
    "choose weights (lma__joint_weights)": "Give the markers of each joint with --joints",
    "leave these frames out (Motion.frames)": "cut these frames off (--start, --end)",
    "Motion": "dance",
}
_TERM = re.compile(
    # Not within quotation marks, where names of files stand, nor within a word or an option.
    r"'[^']*'|\"[^\"]*\"|(?<![\w/.-])(" + "|".join(map(re.escape, _TERMS)) + r")(?![\w/(.-])(=?)"
)


def in_words(sentence: str) -> str:
    """Return a sentence with options in place of parameters; what is quoted stays as it is.

    Examples
    --------
    >>> from sklearn_asdf.cli._wording import in_words
    >>> in_words("expected n_keyframes of at least 2, got clip_duration=1 in 'n_keyframes.csv'")
    "expected --n-keyframes of at least 2, got --clip-duration 1 in 'n_keyframes.csv'"
    """

    def word(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        return _TERMS[match[1]] + (" " if match[2] else "")

    return _TERM.sub(word, sentence)
