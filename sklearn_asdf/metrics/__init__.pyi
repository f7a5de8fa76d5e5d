from ._alignment import bas_aist as bas_aist
from ._alignment import bas_bailando as bas_bailando
from ._alignment import bas_corrected as bas_corrected
from ._alignment import dance_beats as dance_beats
from ._copying import data_copying as data_copying
from ._copying import nearest_segments as nearest_segments
from ._counterfactuals import amplify as amplify
from ._counterfactuals import hold_still as hold_still
from ._counterfactuals import reverse as reverse
from ._counterfactuals import slow_down as slow_down
from ._curves import curve_correlations as curve_correlations
from ._curves import music_curves as music_curves
from ._densities import density_scores as density_scores
from ._differences import paired_differences as paired_differences
from ._distances import distance_ratio as distance_ratio
from ._distances import mel_distances as mel_distances
from ._evaluate import evaluate as evaluate
from ._factors import factor_correlations as factor_correlations
from ._factors import musical_factors as musical_factors
from ._features import dance_features as dance_features
from ._features import music_features as music_features
from ._following import mantel_test as mantel_test
from ._following import retrieval as retrieval
from ._judge import DanceMusicJudge as DanceMusicJudge
from ._quality import MusicStatistics as MusicStatistics
from ._quality import frechet_distance as frechet_distance
from ._quality import key_clarity as key_clarity
from ._quality import pulse_clarity as pulse_clarity
from ._rhythm import beat_f70 as beat_f70
from ._rhythm import beat_scores_d2m as beat_scores_d2m
from ._rhythm import beat_scores_loris as beat_scores_loris
from ._rhythm import music_beats as music_beats
from ._rhythm import onset_f1_5hz as onset_f1_5hz
from ._rhythm import tempo_difference as tempo_difference
from ._scorers import get_scorer as get_scorer
from ._scorers import get_scorer_names as get_scorer_names
from ._sound import consistency as consistency
from ._sound import harmonic_error as harmonic_error
from ._sound import spectral_distance as spectral_distance
from ._stops import accent_response as accent_response
from ._stops import stop_response as stop_response
from ._visqol import visqol as visqol

__all__ = [
    "DanceMusicJudge",
    "MusicStatistics",
    "accent_response",
    "amplify",
    "bas_aist",
    "bas_bailando",
    "bas_corrected",
    "beat_f70",
    "beat_scores_d2m",
    "beat_scores_loris",
    "consistency",
    "curve_correlations",
    "dance_beats",
    "dance_features",
    "data_copying",
    "density_scores",
    "distance_ratio",
    "evaluate",
    "factor_correlations",
    "frechet_distance",
    "get_scorer",
    "get_scorer_names",
    "harmonic_error",
    "hold_still",
    "key_clarity",
    "mantel_test",
    "mel_distances",
    "music_beats",
    "music_curves",
    "music_features",
    "musical_factors",
    "nearest_segments",
    "onset_f1_5hz",
    "paired_differences",
    "pulse_clarity",
    "retrieval",
    "reverse",
    "slow_down",
    "spectral_distance",
    "stop_response",
    "tempo_difference",
    "visqol",
]
