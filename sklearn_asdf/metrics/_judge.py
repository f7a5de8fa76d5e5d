"""A judge that tells which music belongs to which dance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .._validation import Integral, Interval, Real, validate_parameters
from ..functional.canonical import canonical_directions, pair_log_odds
from ..functional.pairing import group_retrieval
from ..motion.container import Motion
from ..motion.stage import on_fitted_clock, validate_motion
from ..music.clips import AudioClips
from ._features import dance_features, music_features
from ._groups import check_groups

__all__ = ["DanceMusicJudge"]

# Nats by which one music must fit better than another for the judge to prefer it: a twentieth of
# the odds. Without it, a model that plays the same to all is found by differences nobody hears.
INDIFFERENCE = 0.05


class DanceMusicJudge(BaseEstimator):
    """Judge how well music and dances fit, by the canonical correlations of simple features.

    Fitted to pairs of some pieces, it scores pairs of others; it never hears what it judges.

    Parameters
    ----------
    n_components : int, default=3
        Number of canonical correlations.
    alpha : float, default=0.3
        Ridge on either side, as a share of the mean variance.
    fps : float, default=30.0
        Frames a second of dances that are not a Motion (Hz).
    sr : int, default=22050
        Sampling rate of arrays of music in Hz.

    Attributes
    ----------
    correlations_ : ndarray of shape (`n_components`,)
        Canonical correlations of the pairs in `fit`, which flatter: see `canonical_correlations`.
    dance_directions_ : ndarray of shape (n_dance_features, `n_components`)
        Directions in the standardised features of the dances.
    music_directions_ : ndarray of shape (n_music_features, `n_components`)
        Directions in the standardised features of the music.
    fps_ : float
        Frame rate of the dances in `fit` in Hz, to which others are resampled.
    n_features_in_ : int
        Columns of a table, or joints times axes.
    n_joints_in_, n_axes_in_ : int
        Joints and axes of the dances in `fit`.
    skeleton_ : Skeleton or None
        The joints of the dances in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if dances came as a DataFrame.

    See Also
    --------
    dance_features, music_features : What is compared.
    retrieval : The judge's verdict on many pieces, with its significance.

    Notes
    -----
    Features are standardised over the clips in `fit`; what is not known of a dance, a joint that is
    never seen, counts as the mean. The similarity of a pair is the log-likelihood ratio of a pair
    to strangers under Gaussian canonical scores. Between two musics that differ by less than 0.05
    nats the judge has no preference, and their order is random: what nobody hears counts for
    nothing.

    References
    ----------
    H. Hotelling, "Relations between two sets of variates", Biometrika 28, 1936.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import DanceMusicJudge
    >>> data = make_dance_music(60, n_performances=30, random_state=0)
    >>> new = data.groups >= 22
    >>> judge = DanceMusicJudge().fit(data.poses[~new], data.audio[~new])
    >>> judge.similarity(data.poses[new], data.audio[new]).shape
    (16, 16)
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "fps": [Interval(Real, 0, None, closed="neither")],
        "sr": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, n_components=3, *, alpha=0.3, fps=30.0, sr=22050):
        self.n_components = n_components
        self.alpha = alpha
        self.fps = fps
        self.sr = sr

    def fit(self, X, y):
        """Learn from pairs of dance and music.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Dances.
        y : AudioClips or array-like of shape (n_clips, n_samples)
            Their music.

        Returns
        -------
        self : DanceMusicJudge
            The fitted judge.
        """
        validate_parameters(self)
        if y is None:
            raise ValueError(
                "DanceMusicJudge requires y to be passed, but the target y is None: give the music."
            )
        motion, y = self._dances(X, reset=True), _as_clips(y)
        if len(motion) != len(y):
            raise ValueError(
                f"expected one music clip for each dance, got {len(motion)} of dance and {len(y)} "
                "of music: cut both on one clock (datasets.load_folder does)"
            )
        if len(motion) < 2:
            raise ValueError("expected at least two pairs to learn from, got n_samples = 1")
        return self._fit_tables(dance_features(motion), music_features(y, sr=self.sr))

    def similarity(self, X, y):
        """Return how well each dance and each music fit.

        Parameters
        ----------
        X : Motion or array-like of shape (n_dances, n_frames, n_joints, n_axes)
            Dances, with the joints of those in `fit`.
        y : AudioClips or array-like of shape (n_musics, n_samples)
            Music.

        Returns
        -------
        similarity : ndarray of shape (n_dances, n_musics)
            Log-likelihood ratio in nats; above 0 speaks for a pair.
        """
        return self._similarity(*self._tables(X, y))

    def canonical_correlations(self, X, y):
        """Return the correlations of the canonical scores of other pairs.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Dances.
        y : AudioClips or array-like of shape (n_clips, n_samples)
            Their music.

        Returns
        -------
        correlations : ndarray of shape (`n_components`,)
            Pearson's; 0 where one side does not vary.
        """
        u, v = self._scores(*self._tables(X, y))
        u, v = u - u.mean(axis=0), v - v.mean(axis=0)
        size = np.sqrt((u**2).sum(axis=0) * (v**2).sum(axis=0))
        return np.divide((u * v).sum(axis=0), size, out=np.zeros(len(size)), where=size > 0)

    def score(self, X, y, groups=None):
        """Return the mean reciprocal rank at which dances find their own music.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Dances.
        y : AudioClips or array-like of shape (n_clips, n_samples)
            Their music.
        groups : array-like of shape (n_clips,), default=None
            Performance of each clip: a dance then chooses among its own clip and one of each other
            performance. None takes each clip for a performance.

        Returns
        -------
        score : float
            As in `retrieval`, at most 1; chance is the mean of the reciprocals of 1 to the number
            of performances.
        """
        tables = self._tables(X, y)
        groups = np.arange(len(tables[0])) if groups is None else groups
        groups = check_groups(groups, len(tables[0]), at_least=2)
        if len(tables[1]) != len(groups):
            raise ValueError(
                f"expected one music clip for each dance, got {len(tables[1])} for {len(groups)}"
            )
        similarity = self._relative_similarity(*tables)
        _, reciprocal = group_retrieval(similarity, groups, tolerance=INDIFFERENCE)
        return float(np.diag(reciprocal).mean())

    def _dances(self, X: Any, *, reset: bool) -> Motion:
        motion = validate_motion(self, X, reset=reset)
        motion = motion if isinstance(X, Motion) else replace(motion, fps=self.fps)
        if reset:
            self.fps_ = motion.fps
        # What the judge compares depends a little on the frame rate.
        return on_fitted_clock(self, motion)

    def _tables(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        check_is_fitted(self)
        dances = self._dances(X, reset=False)
        return dance_features(dances), music_features(_as_clips(y), sr=self.sr)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # A joint that is not seen.
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags

    def _fit_tables(self, dances: np.ndarray, music: np.ndarray) -> DanceMusicJudge:
        self._scaling = [_scaling(table) for table in (dances, music)]
        left, right, correlations = canonical_directions(
            _standardized(dances, self._scaling[0]),
            _standardized(music, self._scaling[1]),
            n_components=self.n_components,
            alpha=self.alpha,
        )
        self.dance_directions_ = left
        self.music_directions_ = right
        self.correlations_ = correlations
        return self

    def _scores(self, dances: np.ndarray, music: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (
            _standardized(dances, self._scaling[0]) @ self.dance_directions_,
            _standardized(music, self._scaling[1]) @ self.music_directions_,
        )

    def _similarity(self, dances: np.ndarray, music: np.ndarray) -> np.ndarray:
        return pair_log_odds(*self._scores(dances, music), self.correlations_)

    def _relative_similarity(self, dances: np.ndarray, music: np.ndarray) -> np.ndarray:
        """Similarity about the means: a colour that all the music has is no clue."""
        u, v = self._scores(dances, music)
        return pair_log_odds(u - u.mean(axis=0), v - v.mean(axis=0), self.correlations_)


def _as_clips(y: Any) -> Any:
    """Music, of which one dimension is one sample a clip, as for `AudioTargetRegressor`."""
    if isinstance(y, AudioClips):
        return y
    y = np.asarray(y)
    return y[:, None] if y.ndim == 1 else y


def _scaling(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and deviations of what is known of each column."""
    known = ~np.isnan(table)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, table, 0.0).sum(axis=0) / count
    deviation = np.sqrt((np.where(known, table - mean, 0.0) ** 2).sum(axis=0) / count)
    # What is left of a constant column is rounding.
    varies = deviation > 1e-9 * (1 + np.abs(mean))
    return mean, np.where(varies, deviation, np.inf)


def _standardized(table: np.ndarray, scaling: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return np.nan_to_num((table - scaling[0]) / scaling[1])
