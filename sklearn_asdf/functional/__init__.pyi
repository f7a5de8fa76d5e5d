from . import band_levels as band_levels
from . import bar_pointer as bar_pointer
from . import beat_grid as beat_grid
from . import beat_scores as beat_scores
from . import beat_spectra as beat_spectra
from . import body as body
from . import boosted_trees as boosted_trees
from . import canonical as canonical
from . import compiled as compiled
from . import curvature as curvature
from . import filters as filters
from . import fluidity as fluidity
from . import frames as frames
from . import gaps as gaps
from . import geometry as geometry
from . import griffinlim as griffinlim
from . import hip_centers as hip_centers
from . import jumps as jumps
from . import keyframe_candidates as keyframe_candidates
from . import keyframes as keyframes
from . import kinematics as kinematics
from . import kmeans as kmeans
from . import limiter as limiter
from . import lma as lma
from . import mel as mel
from . import mel_bins as mel_bins
from . import one_euro as one_euro
from . import overlap as overlap
from . import pairing as pairing
from . import patches as patches
from . import periodicity as periodicity
from . import phase_gradient as phase_gradient
from . import phase_recurrence as phase_recurrence
from . import resampling as resampling
from . import rests as rests
from . import stretch as stretch
from . import tapped_beats as tapped_beats
from . import tempo as tempo
from . import ties as ties
from . import tonality as tonality
from . import unit_selection as unit_selection
from . import view as view
from . import windows as windows

__all__ = [
    "band_levels",
    "bar_pointer",
    "beat_grid",
    "beat_scores",
    "beat_spectra",
    "body",
    "boosted_trees",
    "canonical",
    "compiled",
    "curvature",
    "filters",
    "fluidity",
    "frames",
    "gaps",
    "geometry",
    "griffinlim",
    "hip_centers",
    "jumps",
    "keyframe_candidates",
    "keyframes",
    "kinematics",
    "kmeans",
    "limiter",
    "lma",
    "mel",
    "mel_bins",
    "one_euro",
    "overlap",
    "pairing",
    "patches",
    "periodicity",
    "phase_gradient",
    "phase_recurrence",
    "resampling",
    "rests",
    "stretch",
    "tapped_beats",
    "tempo",
    "ties",
    "tonality",
    "unit_selection",
    "view",
    "windows",
]
