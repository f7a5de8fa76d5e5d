"""The stages joined: from poses to features, and from poses to sound."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ._validation import check_choice
from .motion.beats import DanceBeatTracker
from .motion.keyframes import KeyframeSegmenter
from .motion.kinematics import KinematicsTransformer
from .motion.lma import BEAT_COLUMNS, LMAFeaturizer
from .motion.smoothing import PoseSmoother

__all__ = ["make_dance_pipeline", "make_lma_pipeline"]

PRESETS = ("default", "codec", "paper", "tiny", "units")
# What `examples/dance_to_music_study.py` found best on performances held out.
_DEFAULT = "units"
# A table for any other model: its y is seldom music, from which a beat could be learned.
_DEFAULT_TABLE = "codec"


def make_lma_pipeline(
    *,
    preset="default",
    n_keyframes=10,
    cutoff=3.0,
    memory=None,
    verbose=False,
):
    """Return the way from poses to a table of Laban features.

    It needs no neural network library: poses are smoothed, differentiated, cut at keyframes and
    described window by window.

    Parameters
    ----------
    preset : {"default", "codec", "paper", "tiny", "units"}, default="default"
        `"paper"` follows [1]_ to the letter: raw pixels, curvature as it is, features scaled
        within each clip. `"default"` measures in body lengths, so that a dancer nearer to the
        camera is not a wilder dancer, keeps the curvature finite where the speed vanishes, and adds
        the level and the periodicity of the motion; `"codec"` and `"tiny"` are the same. `"units"`
        adds the beat, which it learns if `fit` gets the music.
    n_keyframes : int, default=10
        Keyframes of a clip; they bound `n_keyframes - 1` windows.
    cutoff : float, default=3.0
        Cut-off frequency of the smoothing, in Hz.
    memory : str or joblib.Memory, default=None
        Folder in which the results of the stages are kept.
    verbose : bool, default=False
        Whether the pipeline tells the time of each stage.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        With the steps `smooth`, `kinematics`, `keyframes` and `lma`; in the preset `"units"` with
        `beats` before `keyframes`.

    References
    ----------
    .. [1] S. B. Olsen, D. M. Woodward and J. A. Moreno, "ASDF-RNN: An Investigation Into Raw
       Audio Synthesis From Dance Features Using a Probabilistic Deep Encoder-RNN-Decoder
       Topology", Aalborg University, 2019.

    Examples
    --------
    >>> from sklearn_asdf import make_lma_pipeline
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> poses = make_dance_music(n_clips=4, random_state=0).poses
    >>> lma = make_lma_pipeline(n_keyframes=4).set_output(transform="pandas")
    >>> table = lma.fit_transform(poses)
    >>> list(table.columns[:5])
    ['window1_weight', 'window1_time', 'window1_space', 'window1_flow', 'window1_shape']
    """
    preset = check_choice(preset, PRESETS, name="preset")
    preset = _DEFAULT_TABLE if preset == "default" else preset
    steps = _motion_steps(preset)
    pipeline = Pipeline(list(steps.items()), memory=memory, verbose=verbose)
    return pipeline.set_params(keyframes__n_keyframes=n_keyframes, smooth__cutoff=cutoff)


def make_dance_pipeline(
    preset="default",
    *,
    n_keyframes=10,
    random_state=None,
    memory=None,
    verbose=0,
):
    """Return the whole way from poses to sound: a plain scikit-learn pipeline.

    Parameters
    ----------
    preset : {"default", "codec", "paper", "tiny", "units"}, default="default"
        `"units"`, the default, learns the beat of the dances, and plays real music of the training
        set, chosen by what the dance tells, on that beat: the fitted model holds that music.
        `"codec"` learns a code that keeps time, which decodes to new sound, and a mixture density
        sized to the data; `"paper"` builds the networks of [1]_ to the letter, with their failings;
        `"tiny"` trains in seconds, for tests and first tries. A preset is nothing but parameters:
        `get_params` shows all of it, `set_params` changes any.
    n_keyframes : int, default=10
        Keyframes of a clip; they bound `n_keyframes - 1` windows.
    random_state : int, RandomState instance or None, default=None
        Seed of everything random: pass an int for the same model on each fit.
    memory : str or joblib.Memory, default=None
        Folder in which motion stages and fitted audio encoders are kept between fits.
    verbose : int, default=0
        Above 0, the trainings show their progress.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        With the steps `smooth`, `kinematics`, `beats` (in the preset `"units"` alone), `keyframes`,
        `lma`, `scale` and `music`.

    References
    ----------
    .. [1] S. B. Olsen, D. M. Woodward and J. A. Moreno, "ASDF-RNN: An Investigation Into Raw
       Audio Synthesis From Dance Features Using a Probabilistic Deep Encoder-RNN-Decoder
       Topology", Aalborg University, 2019.

    Examples
    --------
    >>> from sklearn_asdf import make_dance_pipeline
    >>> pipe = make_dance_pipeline("paper")
    >>> list(pipe.named_steps)
    ['smooth', 'kinematics', 'keyframes', 'lma', 'scale', 'music']
    >>> pipe.get_params()["music__regressor__n_mixtures"]
    10
    """
    preset = check_choice(preset, PRESETS, name="preset")
    preset = _DEFAULT if preset == "default" else preset
    steps = _motion_steps(preset, random_state)
    # The paper scales within each clip, in its featurizer, and not over the training set; where
    # tempo and beat are taken over as they are, the density scales for itself.
    steps["scale"] = "passthrough" if preset in ("paper", "units") else StandardScaler()
    if "beats" in steps:
        # By their names the density finds tempo and beat.
        steps["lma"].set_output(transform="pandas")
    steps["music"] = _music_step(preset, random_state=random_state, memory=memory, verbose=verbose)
    pipeline = Pipeline(list(steps.items()), memory=memory)
    return pipeline.set_params(keyframes__n_keyframes=n_keyframes)


def _motion_steps(preset: str, random_state: Any = None) -> dict[str, Any]:
    """Smoothing to features, by preset."""
    if preset == "paper":
        return {
            # The paper interpolates every frame without a dancer, however long the gap.
            "smooth": PoseSmoother(max_gap=np.inf),
            "kinematics": KinematicsTransformer(scale=None, curvature_regularization=0.0),
            "keyframes": KeyframeSegmenter(refine=False),
            "lma": LMAFeaturizer(
                groups=("effort", "shape"),
                joint_weights="paper",
                space="path_ratio",
                normalize="clip",
            ),
        }
    groups: tuple[str, ...] = ("effort", "shape", "level", "periodicity")
    steps = {"smooth": PoseSmoother(), "kinematics": KinematicsTransformer(scale="body")}
    if preset == "units":
        steps["beats"] = DanceBeatTracker(n_jobs=-1, random_state=random_state)
        groups = (*groups, "beat")
    return steps | {"keyframes": KeyframeSegmenter(), "lma": LMAFeaturizer(groups=groups)}


def _music_step(preset: str, *, random_state, memory, verbose):
    """Audio code and density, by preset."""
    from .density.mdn import MDNRegressor
    from .density.on_beat import OnBeatRegressor
    from .music.mel import MelEncoder
    from .music.units import UnitEncoder
    from .target import AudioTargetRegressor

    common = {"random_state": random_state, "verbose": verbose}
    if preset == "paper":
        encoder = MelEncoder(architecture="paper", validation_fraction=0.2, **common)
        density = MDNRegressor(architecture="paper", step_size=5, **common)
    elif preset == "tiny":
        bands = {"n_mels": 40, "n_fft": 2048}
        encoder = MelEncoder(code_size=64, steps=8, epochs=0, n_iter=8, **bands, **common)
        density = MDNRegressor(
            2, linear_baseline=True, hidden_layer_sizes=(16,), epochs=5, **common
        )
    elif preset == "units":
        encoder = UnitEncoder()
        rest = MDNRegressor(3, linear_baseline=True, **common)
        density = OnBeatRegressor(rest, beat_columns=BEAT_COLUMNS, restore_variance=True)
    else:
        encoder = MelEncoder(**common)
        # Of a code's thousand numbers a dance tells few, such as the level: those get a map.
        density = MDNRegressor(3, linear_baseline=True, **common)
    return AudioTargetRegressor(density, encoder, memory=memory)
