from . import bar_pointer as bar_pointer
from . import beat_grid as beat_grid
from . import beats as beats
from . import body as body
from . import canonical as canonical
from . import choice as choice
from . import curvature as curvature
from . import filters as filters
from . import fluidity as fluidity
from . import frames as frames
from . import gaps as gaps
from . import geometry as geometry
from . import griffinlim as griffinlim
from . import keyframes as keyframes
from . import kinematics as kinematics
from . import kmeans as kmeans
from . import limiter as limiter
from . import lma as lma
from . import mel as mel
from . import one_euro as one_euro
from . import overlap as overlap
from . import pairing as pairing
from . import patches as patches
from . import periodicity as periodicity
from . import resampling as resampling
from . import salience as salience
from . import stretch as stretch
from . import tempo as tempo
from . import tonality as tonality
from . import windows as windows

__all__ = [
    "bar_pointer",
    "beat_grid",
    "beats",
    "body",
    "canonical",
    "choice",
    "curvature",
    "filters",
    "fluidity",
    "frames",
    "gaps",
    "geometry",
    "griffinlim",
    "keyframes",
    "kinematics",
    "kmeans",
    "limiter",
    "lma",
    "mel",
    "one_euro",
    "overlap",
    "pairing",
    "patches",
    "periodicity",
    "resampling",
    "salience",
    "stretch",
    "tempo",
    "tonality",
    "windows",
]
