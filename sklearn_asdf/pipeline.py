"""Pipelines of the stages: from poses to features, and from poses to sound."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ._defaults import PRESETS
from ._validation import check_choice
from .motion.canonical_pose import PoseCanonicalizer
from .motion.container import DEFAULT_FPS
from .motion.keyframes import KeyframeSegmenter
from .motion.kinematics import KinematicsTransformer
from .motion.lma import BEAT_COLUMNS, LMAFeaturizer
from .motion.smoothing import PoseSmoother

__all__ = ["make_dance_pipeline", "make_lma_pipeline"]

# The best preset in `examples/dance_to_music_study.py`, on performances held out.
_DEFAULT = "units"
# For tables, whose y is usually not music, from which the beat could be learned.
_DEFAULT_TABLE = "codec"
# Presets whose density takes tempo and beat over from the dance.
_WITH_BEAT = ("synthesis", "units")
# Duration in s of the steps in which the music of these follows the dance.
_STEP_DURATION = 0.25


def make_lma_pipeline(
    *,
    preset: str = "default",
    n_keyframes: int = 10,
    cutoff: float = 3.0,
    fps: float | None = DEFAULT_FPS,
    memory: Any = None,
    verbose: bool = False,
) -> Pipeline:
    """Return a pipeline from poses to a table of Laban features.

    Poses are smoothed, differentiated, cut at keyframes and described window by window. No neural
    network library is needed.

    Parameters
    ----------
    preset : {"default", "codec", "paper", "synthesis", "tiny", "units"}, default="default"
        `"paper"` follows [1]_ exactly: pixels, curvature without regularization, features scaled
        within each clip. `"default"` measures in heights of the dancer, so that speeds do not
        depend on the distance to the camera, reduces the curvature of joints at rest, and adds the
        level and the periodicity of the motion; `"codec"` and `"tiny"` are the same. `"units"` adds
        the beat, which is learned if `fit` gets the music; so does `"synthesis"`.
    n_keyframes : int, default=10
        Number of keyframes of a clip, which bound `n_keyframes - 1` windows.
    cutoff : float, default=3.0
        Cut-off frequency of the smoothing, in Hz.
    fps : float or None, default=30.0
        Frame rate of the analysis in Hz, to which the first stage resamples all poses. So one dance
        gives the same table whatever the rate of its file. None is the rate of the poses in `fit`.
    memory : str or joblib.Memory, default=None
        Folder in which the results of the stages are cached.
    verbose : bool, default=False
        Whether the pipeline prints the time of each stage.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        With the steps `smooth`, `kinematics`, `keyframes` and `lma`; in the presets `"units"` and
        `"synthesis"` with `beats` before `keyframes`.

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
    return pipeline.set_params(
        keyframes__n_keyframes=n_keyframes, smooth__cutoff=cutoff, smooth__fps=fps
    )


def make_dance_pipeline(
    preset: str = "default",
    *,
    n_keyframes: int = 10,
    random_state: int | np.random.RandomState | None = None,
    memory: Any = None,
    verbose: int = 0,
) -> Pipeline:
    """Return a pipeline from poses to sound.

    Parameters
    ----------
    preset : {"default", "codec", "paper", "synthesis", "tiny", "units"}, default="default"
        `"units"`, the default, learns the beat of the dances and plays music of the training set on
        that beat, selected by features predicted from the dance; level and accents follow the dance
        in steps of a quarter of a second, and where it stops, the music is silent. The fitted model
        contains that music. `"codec"` learns a code with a time axis, which decodes to new sound,
        and a mixture density whose size depends on the data. `"synthesis"` has codes in beats and a
        density of sequences, which samples new sound step by step, on the beat of the dance; the
        fitted model contains no music. `"paper"` builds the networks of [1]_ exactly; `"tiny"`
        trains in seconds, for tests. A preset only sets parameters: see `get_params` and
        `set_params`.
    n_keyframes : int, default=10
        Number of keyframes of a clip, which bound `n_keyframes - 1` windows.
    random_state : int, RandomState instance or None, default=None
        Seed of all stages: pass an int for the same model on each fit.
    memory : str or joblib.Memory, default=None
        Folder in which results of the motion stages and fitted audio encoders are cached.
    verbose : int, default=0
        If above 0, progress is shown on standard error (needs tqdm).

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        With the steps `canonical` (not in the preset `"paper"`), `smooth`, `kinematics`, `beats`
        (in the presets `"units"` and `"synthesis"`), `keyframes`, `lma`, `scale` and `music`. With
        `canonical` it plays for dances of any skeleton and camera, see :class:`PoseCanonicalizer`.

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
    steps = _motion_steps(preset, random_state, verbose)
    if preset != "paper":
        steps = {"canonical": PoseCanonicalizer(), **steps}
    if preset in _WITH_BEAT:
        steps["lma"].set_params(step_duration=_STEP_DURATION)
    # The paper scales within each clip, in its featurizer, and not over the training set; the
    # density of these needs tempo and beat unscaled, and scales the other columns itself.
    steps["scale"] = "passthrough" if preset in ("paper", *_WITH_BEAT) else StandardScaler()
    if "beats" in steps:
        # The density finds tempo and beat by the names of their columns.
        steps["lma"].set_output(transform="pandas")
    steps["music"] = _music_step(preset, random_state=random_state, memory=memory, verbose=verbose)
    pipeline = Pipeline(list(steps.items()), memory=memory)
    return pipeline.set_params(keyframes__n_keyframes=n_keyframes)


def _motion_steps(preset: str, random_state: Any = None, verbose: int = 0) -> dict[str, Any]:
    """Return the stages from poses to features of a preset."""
    if preset == "paper":
        return {
            # The paper interpolates gaps of any length.
            "smooth": PoseSmoother(max_gap=np.inf),
            "kinematics": KinematicsTransformer(scale=None, slow_speed=0.0),
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
    if preset in _WITH_BEAT:
        # A table of features needs nothing of what reads music.
        from .motion.beats import DanceBeatTracker

        steps["beats"] = DanceBeatTracker(random_state=random_state, verbose=verbose)
        # How short movements are predicts the articulation of the music.
        groups = (*groups, *(("sharpness",) if preset == "units" else ()), "beat")
    # Speeds and accelerations are in heights of the dancer.
    featurizer = LMAFeaturizer(groups=groups, length_unit="H")
    if preset == "units":
        featurizer.set_params(step_groups=(*featurizer.step_groups, "stillness"))
    return steps | {"keyframes": KeyframeSegmenter(), "lma": featurizer}


def _music_step(
    preset: str, *, random_state: int | np.random.RandomState | None, memory: Any, verbose: int
) -> Any:
    """Return the last step of a preset: density and audio encoder."""
    from .density.beat_sequence import SEQUENCE_DENSITY, BeatSequenceRegressor
    from .density.mdn import MDNRegressor
    from .density.on_beat import OnBeatRegressor
    from .density.step_regressor import StepRegressor
    from .music.analysis import STEP_DESCRIPTORS, STEP_SILENCE
    from .music.beat_mel import BeatMelEncoder
    from .music.mel import MelEncoder
    from .music.units import UnitEncoder
    from .target import AudioTargetRegressor

    common: dict[str, Any] = {"random_state": random_state, "verbose": verbose}
    if preset == "paper":
        encoder = MelEncoder(architecture="paper", validation_fraction=0.2, **common)
        density = MDNRegressor(architecture="paper", step_size=5, **common)
    elif preset == "tiny":
        bands: dict[str, Any] = {"n_mels": 40, "n_fft": 2048}
        encoder = MelEncoder(code_size=64, steps=8, epochs=0, n_iter=8, **bands, **common)
        density = MDNRegressor(
            2, linear_baseline=True, hidden_layer_sizes=(16,), epochs=5, **common
        )
    elif preset == "units":
        encoder = UnitEncoder(step_duration=_STEP_DURATION, verbose=verbose)
        rest = MDNRegressor(3, linear_baseline=True, **common)
        on_beat = OnBeatRegressor(
            rest, beat_columns=BEAT_COLUMNS, restore_variance=True, unconditional_weight=0.2
        )
        density = StepRegressor(
            on_beat,
            n_channels=len(STEP_DESCRIPTORS),
            restore_variance=True,
            rest_feature="speed",
            latest_rest_feature="pose_speed",
            rest_value=STEP_SILENCE,
            random_state=random_state,
        )
    elif preset == "synthesis":
        encoder = BeatMelEncoder(**common)
        steps = MDNRegressor(12, **SEQUENCE_DENSITY, **common)
        density = BeatSequenceRegressor(steps, beat_columns=BEAT_COLUMNS)
    else:
        encoder = MelEncoder(**common)
        # Few of a code's numbers can be predicted from a dance, such as the level: by a linear map.
        density = MDNRegressor(3, linear_baseline=True, **common)
    return AudioTargetRegressor(density, encoder, memory=memory)
