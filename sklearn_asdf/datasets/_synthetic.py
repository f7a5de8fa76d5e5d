"""`make_dance_music`: synthetic dances with music, similar to scikit-learn's ``make_*``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch, check_random_state

from ..motion.container import Motion
from ..music.clips import AudioClips
from ._performance import means_of_clip, perform
from ._synthetic_checks import check_factors, check_sizes, check_styles

__all__ = ["make_dance_music"]

_DESCR = """\
Synthetic dances with music
---------------------------
Stick figures with the 17 joints of COCO and human proportions dance; several voices play music for
them. Six factors, sampled for each performance independently of each other, drive both:

factor     distribution                  in the dance                       in the music
tempo      80 to 140 BPM, log-uniform    one gesture and one step a beat    the beat
metre      4 (60 %), 3 (40 %)            weight of gestures, knee bends     pattern of the accents
vigour     uniform, 0 to 1               speed of hands, height of bounce   loudness, percussion
sharpness  uniform, 0 to 1               share of the beat that moves       articulation, attack
extent     uniform, 0 to 1               reach, height of arms, steps       register, brightness
mode       major or minor                upright and direct, or bowed and   scale and chords
                                         in detours

On each beat the melody follows the height of the hands. Nothing else in the music follows from
the dance: key, chord progression, and the figure and rhythm of the accompaniment are sampled
independently.
"""


def make_dance_music(
    n_clips: int = 96,
    *,
    n_performances: int | None = None,
    clip_duration: float = 8.0,
    hop_duration: float = 1.0,
    fps: float = 30.0,
    sr: int = 22050,
    coordinates: str = "pixel",
    noise: float = 0.0,
    dropout: float = 0.0,
    factors: Any = None,
    courses: bool = False,
    styles: str | Sequence[str] = "rest",
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Generate synthetic dances with music that depend on common factors.

    Stick figures with human proportions repeat a phrase of eight bars. The music has a bass,
    chords, a melody and light percussion. Six factors, which are sampled independently for each
    performance, determine both dance and music; see the Notes.

    Parameters
    ----------
    n_clips : int, default=96
        Number of clips.
    n_performances : int, default=None
        Number of performances, from which the clips are cut as evenly as possible. None cuts four
        clips from each performance, and the remaining ones from the last.
    clip_duration : float, default=8.0
        Duration of a clip in seconds.
    hop_duration : float, default=1.0
        Time between the starts of successive clips of a performance, in seconds. Clips overlap if
        it is shorter than `clip_duration`.
    fps : float, default=30.0
        Frame rate of the poses in Hz.
    sr : int, default=22050
        Sampling rate of the music in Hz.
    coordinates : {"pixel", "metre"}, default="pixel"
        "pixel" gives two axes, projected to a picture of 1280 x 720 pixels, y pointing down.
        "metre" gives three: x to the viewer's right, y up from the floor, z towards the viewer.
    noise : float, default=0.0
        Standard deviation of the tracker's errors as a share of the body height: 0.005 is about
        2 pixels, or 9 mm. The errors of hands and feet are 1.5 times as large. One in 200
        positions of joints is an outlier with an error six times as large.
    dropout : float, default=0.0
        Expected share of joints that the tracker loses, in [0, 1). They are NaN for a quarter of a
        second on average.
    factors : dict, default=None
        Fixed factors, which are not sampled: one value for all performances, or one for each. All
        other samples are the same, so two calls with the same `random_state` differ by this factor
        alone: for example the same choreography and score at another tempo.
    courses : bool, default=False
        Whether vigour, sharpness, extent and tempo change in time within each performance, with
        rests and accents; see the notes. Factors are then the values about which they change.
        Otherwise factors are constant, but for the drift of the tempo.
    styles : {"rest", "hit", "offbeat", "bounce"} or sequence of these, default="rest"
        Relation of the movement to the beat. Gestures of the arms come to rest on the beat, are
        fastest on it, or come to rest half way between two beats. In "bounce", arms and feet move
        at half the tempo while the knees bend on every beat. If several are given, one is sampled
        for each performance.
    random_state : int, RandomState instance or None, default=None
        Determines the random samples. Pass an int for bit-identical output on each call.

    Returns
    -------
    Bunch
        poses : :class:`~sklearn_asdf.Motion` of shape (n_clips, n_frames, 17, n_axes)
            The dances, with the skeleton "coco17".
        audio : :class:`~sklearn_asdf.AudioClips` of shape (n_clips, n_samples)
            The music; overlapping clips share their samples. Whole performances are in
            ``audio.recordings``.
        groups : ndarray of int of shape (n_clips,)
            Performance of each clip, as an index into `names`. Use it as groups for splits.
        names : ndarray of str of shape (n_performances,)
            Names of the performances.
        starts : ndarray of shape (n_clips,)
            Start of each clip in its performance, in seconds.
        factors : DataFrame of n_clips rows
            The six factors, where those that change are means over the clip without its rests,
            and the properties of the music that depend on them: loudness (dB), articulation,
            attack (s), register (MIDI note number), tilt (dB per octave). Also the key, which does
            not depend on the dance.
        courses : list of DataFrame
            For each performance, one row per frame: time (s), tempo (BPM), vigour, sharpness,
            extent, moving (0 in rests, else 1), and what the music makes of them: loudness (dB, -80
            in rests), articulation, attack, tilt. They are constant without `courses`.
        beats, downbeats : list of ndarray
            Times of the beats and of the first beats of bars in each clip, in seconds from its
            start.
        styles : ndarray of str of shape (n_clips,)
            The style of each clip.
        DESCR : str
            Summary of the model.

    See Also
    --------
    load_folder : Pairs of real dances and music.

    Notes
    -----
    ========= ============================== ===================================================
    factor    distribution                   effect
    ========= ============================== ===================================================
    tempo     log-uniform, 80 to 140 BPM     *dance:* one gesture of the arms and one step a
                                             beat, arriving on it. *music:* the beat. In both it
                                             drifts together by up to 1.5 %.
    metre     4 with probability 0.6, else 3 *dance:* size of the gestures and depth of the knee
                                             bends within a bar. *music:* accents, bass on strong
                                             beats, a chord a bar.
    vigour    uniform, 0 to 1                *dance:* mean speed of the hands about the shoulders,
                                             0.1 + 0.4 vigour body heights a second whatever the
                                             tempo; depth of the knee bends, lift of the feet.
                                             *music:* RMS level of a performance's first clip,
                                             -32 + 16 vigour dB re 1; share of percussion.
    sharpness uniform, 0 to 1                *dance:* each gesture is a minimum-jerk move [2]_ in
                                             the last 1 - 0.7 sharpness of the beat, after a hold;
                                             steps are less sudden (0.42 instead of 0.7).
                                             *music:* notes sound for 1 - 0.7 sharpness of their
                                             place, with attacks of 64 ms (0) to 4 ms (1); a
                                             sustained pad fades out.
    extent    uniform, 0 to 1                *dance:* arms from low and bent (on average 31
                                             degrees from hanging) to high and straight (115
                                             degrees); width of stance and steps, reach of the
                                             path on the floor. *music:* center of the melody
                                             from A3 to G5, the other voices with it; partials
                                             fall by about 18 to 8 dB an octave.
    mode      major or minor, evenly         *dance:* major is upright and its gestures take the
                                             straight way in the angles of the joints; in minor,
                                             trunk and head are bowed (by 15 and 23 degrees more)
                                             and gestures make detours half as wide as their way
                                             is long. *music:* scale and chords.
    ========= ============================== ===================================================

    On each beat, the pitch of the melody depends on the height of the hands in the pose of that
    beat: 4 semitones per standard deviation plus noise of 1 semitone, rounded to the nearest note
    of the chord or scale. The rest of the music is independent of the dance: key, progression,
    figure of the accompaniment and rhythm of the melody. In the dance, these are independent of the
    music: the poses and their order, body height (1.55 to 1.9 m), path and camera (distance 4 to
    7 m, body 250 to 500 pixels tall). The lengths of body segments are those of [1]_, and constant
    over time in metres.

    With `courses`, each performance is a sequence of segments of 6, 8 or 12 beats. In each of them,
    vigour, sharpness and extent go to new values, sampled within 0.6 of those of the performance,
    linearly over the segment (a phrase swells or fades) or within a beat. Before a segment, the
    dancer rests with probability 0.3 for 1.5 to 4 s, rounded up to whole beats: the figure freezes
    in the pose of a beat, the music stops except for its reverberation, and both continue where
    they stopped, on a beat.
    With probability 0.12 the tempo changes by a factor of 0.84 to 1.19 within two beats, and with
    probability 0.5 one beat of the segment is an accent, a gesture with 0.5 more vigour. The level
    of the music follows vigour at each moment, -32 + 16 vigour dB, its articulation sharpness and
    its brightness extent note by note; the register is that of the performance.

    A fixed metre may also be 2. In every style the feet land and the knees bend on the beat, so the
    beat can be estimated from the dance. The table above describes the style `"rest"`.

    Performance k depends only on `random_state` and k, not on the number of performances: with more
    clips the first ones stay the same. Each part has its own random stream, so noise, for example,
    does not change the music. Performances start anywhere in the phrase, so the phase of the beat
    differs between clips. Clips and their audio start at whole frames, ``round(k * hop_duration *
    fps)``.

    References
    ----------
    .. [1] D. A. Winter, "Biomechanics and Motor Control of Human Movement", 4th ed., Wiley, 2009,
       figure 4.1, after R. Drillis and R. Contini, "Body Segment Parameters", 1966.
    .. [2] T. Flash and N. Hogan, "The coordination of arm movements: an experimentally confirmed
       mathematical model", Journal of Neuroscience 5 (7), 1985, 1688-1703.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> data = make_dance_music(4, clip_duration=2, factors={"tempo": 120}, random_state=0)
    >>> data.poses
    Motion(4 clips x 60 frames (2 s at 30 fps) x 17 joints (coco17) x 2 axes, float64)
    >>> data.audio
    AudioClips(4 clips of 2 s from 1 recording, sr=22050)
    >>> len(data.beats[0])
    4
    """
    sizes = check_sizes(
        n_clips, n_performances, clip_duration, hop_duration, fps, sr, coordinates, noise, dropout
    )
    if not isinstance(courses, bool | np.bool_):
        raise TypeError(f"expected courses to be True or False, got {courses!r}")
    fixed = check_factors(factors, len(sizes))
    styles = check_styles(styles)
    entropy = check_random_state(random_state).randint(2**31 - 1, size=4).tolist()

    n_frames = round(clip_duration * fps)
    n_samples = round(clip_duration * sr)
    position: list[np.ndarray] = []
    recordings, rows, beats, downbeats, starts_in, styles_of = [], [], [], [], [], []
    curves: list[pd.DataFrame] = []
    for k, size in enumerate(sizes):
        first_frames = np.round(np.arange(size) * hop_duration * fps).astype(int)
        starts = first_frames / fps
        total = first_frames[-1] + n_frames
        performance = perform(
            np.random.SeedSequence(entropy, spawn_key=(k,)),
            {name: values[k] for name, values in fixed.items()},
            n_frames=total,
            duration=max(total / fps, starts[-1] + n_samples / sr) + 1 / sr,
            clip_duration=clip_duration,
            fps=fps,
            sr=sr,
            coordinates=coordinates,
            noise=noise,
            dropout=dropout,
            courses=courses,
            styles=styles,
        )
        styles_of += [performance.style] * size
        curves.append(performance.courses)
        position.extend(performance.joints[first : first + n_frames] for first in first_frames)
        recordings.append(performance.music)
        starts_in.append(np.round(starts * sr).astype(int))
        clock = performance.clock
        for start in starts:
            played = clock.position(start + clip_duration) - clock.position(start)
            means = means_of_clip(performance.courses, start, clip_duration) if courses else {}
            rows.append(performance.factors | {"tempo": 60 * played / clip_duration} | means)
            beat = clock.beats(start, start + clip_duration)
            beats.append(clock.time(beat) - start)
            downbeats.append(beats[-1][beat % clock.metre == 0])

    groups = np.repeat(np.arange(len(sizes)), sizes)
    onsets = np.concatenate(starts_in)
    return Bunch(
        poses=Motion(np.stack(position), fps=fps, skeleton="coco17"),
        audio=AudioClips(recordings, groups, onsets, n_samples, sr=sr),
        groups=groups,
        names=np.array([f"performance{k}" for k in range(len(sizes))]),
        starts=onsets / sr,
        factors=pd.DataFrame(rows),
        courses=curves,
        beats=beats,
        downbeats=downbeats,
        styles=np.array(styles_of),
        DESCR=_DESCR,
    )
