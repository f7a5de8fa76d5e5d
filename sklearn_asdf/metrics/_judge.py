"""A judge of which music belongs to which dance, by canonical correlation analysis."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from .._validation import Integral, Interval, Real, validate_parameters
from ..functional.canonical import canonical_directions, pair_log_odds
from ..functional.pairing import group_retrieval
from ..motion.container import Motion
from ..motion.stage import on_fitted_clock, validate_motion
from ..music.clips import AudioClips
from ._features import dance_features, music_features
from ._groups import check_groups
from ._scaling import column_scaling, standardize

__all__ = ["INDIFFERENCE", "DanceMusicJudge"]

# Difference in nats below which two clips fit equally well. Without it, a model that generates
# nearly the same music for all dances would be ranked by inaudible differences.
INDIFFERENCE = 0.05


class DanceMusicJudge(BaseEstimator):
    """Judge how well music fits dances, by canonical correlations of simple features.

    Fit it to pairs of dance and music of some performances, and score pairs of others.

    Parameters
    ----------
    n_components : int, default=3
        Number of canonical correlations.
    alpha : float, default=0.3
        Ridge penalty of both covariance matrices, relative to the mean variance.
    fps : float, default=30.0
        Frame rate in Hz of dances that are not a Motion.
    sr : int, default=22050
        Sampling rate in Hz of arrays of music.

    Attributes
    ----------
    correlations_ : ndarray of shape (`n_components`,)
        Canonical correlations of the pairs in `fit`, which are biased upwards: use
        `canonical_correlations` on other pairs.
    dance_directions_ : ndarray of shape (n_dance_features, `n_components`)
        Directions in the standardized features of the dances.
    music_directions_ : ndarray of shape (n_music_features, `n_components`)
        Directions in the standardized features of the music.
    fps_ : float
        Frame rate of the dances in `fit` in Hz, to which others are resampled.
    n_features_in_ : int
        Number of columns of a table, or of joints times axes.
    n_joints_in_, n_axes_in_ : int
        Numbers of joints and axes of the dances in `fit`.
    skeleton_ : Skeleton or None
        The joints of the dances in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the dances were a DataFrame.

    See Also
    --------
    dance_features, music_features : The features that are compared.
    retrieval : Ranks of many clips under the judge, with a p-value.

    Notes
    -----
    Features are standardized over the clips in `fit`; missing features, of a joint that is missing
    in a whole clip, are replaced by the mean. The similarity is the log-likelihood ratio of a true
    pair to independent dance and music under Gaussian canonical scores. In rankings, clips whose
    similarities differ by less than 0.05 nats are tied, so that inaudible differences do not count.

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

    def __init__(
        self, n_components: int = 3, *, alpha: float = 0.3, fps: float = 30.0, sr: int = 22050
    ) -> None:
        self.n_components = n_components
        self.alpha = alpha
        self.fps = fps
        self.sr = sr

    def fit(self, X: Any, y: Any) -> Self:
        """Fit to pairs of dance and music.

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
                "DanceMusicJudge requires y to be passed, but the target y is None: pass the music."
            )
        motion, y = self._dances(X, reset=True), _as_clips(y)
        if len(motion) != len(y):
            raise ValueError(
                f"expected one music clip for each dance, got {len(motion)} of dance and {len(y)} "
                "of music: cut both into the same clips, as datasets.load_folder does"
            )
        if len(motion) < 2:
            raise ValueError(
                "expected at least two pairs to fit to, got n_samples = 1: pass more clips"
            )
        return self.fit_features(dance_features(motion), music_features(y, sr=self.sr))

    def fit_features(self, dances: np.ndarray, music: np.ndarray) -> Self:
        """Fit to features of pairs that are already computed.

        Parameters
        ----------
        dances : ndarray of shape (n_clips, n_dance_features)
            Features of the dances (`dance_features`).
        music : ndarray of shape (n_clips, n_music_features)
            Features of their music (`music_features`).

        Returns
        -------
        self : DanceMusicJudge
            The fitted judge.
        """
        self._scaling = [column_scaling(table) for table in (dances, music)]
        left, right, correlations = canonical_directions(
            standardize(dances, *self._scaling[0]),
            standardize(music, *self._scaling[1]),
            n_components=self.n_components,
            alpha=self.alpha,
        )
        self.dance_directions_ = left
        self.music_directions_ = right
        self.correlations_ = correlations
        return self

    def transform_features(
        self, dances: np.ndarray, music: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the canonical scores of features that are already computed.

        Parameters
        ----------
        dances : ndarray of shape (n_dances, n_dance_features)
            Features of dances (`dance_features`).
        music : ndarray of shape (n_musics, n_music_features)
            Features of music (`music_features`).

        Returns
        -------
        dance_scores : ndarray of shape (n_dances, `n_components`)
            Canonical scores of the dances.
        music_scores : ndarray of shape (n_musics, `n_components`)
            Canonical scores of the music.
        """
        check_is_fitted(self)
        return (
            standardize(dances, *self._scaling[0]) @ self.dance_directions_,
            standardize(music, *self._scaling[1]) @ self.music_directions_,
        )

    def similarity_of_features(
        self, dances: np.ndarray, music: np.ndarray, *, center: bool = False
    ) -> np.ndarray:
        """Return the similarity of features that are already computed.

        Parameters
        ----------
        dances : ndarray of shape (n_dances, n_dance_features)
            Features of dances (`dance_features`).
        music : ndarray of shape (n_musics, n_music_features)
            Features of music (`music_features`).
        center : bool, default=False
            As in `similarity`.

        Returns
        -------
        similarity : ndarray of shape (n_dances, n_musics)
            Log-likelihood ratio in nats.
        """
        u, v = self.transform_features(dances, music)
        if center:
            u, v = u - u.mean(axis=0), v - v.mean(axis=0)
        return pair_log_odds(u, v, self.correlations_)

    def similarity(self, X: Any, y: Any, *, center: bool = False) -> np.ndarray:
        """Return the similarity of each dance and each music clip.

        Parameters
        ----------
        X : Motion or array-like of shape (n_dances, n_frames, n_joints, n_axes)
            Dances, with the joints of those in `fit`.
        y : AudioClips or array-like of shape (n_musics, n_samples)
            Music.
        center : bool, default=False
            Whether to subtract the mean canonical scores of these dances and of this music, so that
            a bias common to all the music has no influence.

        Returns
        -------
        similarity : ndarray of shape (n_dances, n_musics)
            Log-likelihood ratio in nats; above 0 if they are more likely a pair than not.
        """
        return self.similarity_of_features(*self._features(X, y), center=center)

    def canonical_correlations(self, X: Any, y: Any) -> np.ndarray:
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
            Pearson correlations; 0 where one side is constant.
        """
        u, v = self.transform_features(*self._features(X, y))
        u, v = u - u.mean(axis=0), v - v.mean(axis=0)
        size = np.sqrt((u**2).sum(axis=0) * (v**2).sum(axis=0))
        return np.divide((u * v).sum(axis=0), size, out=np.zeros(len(size)), where=size > 0)

    def score(self, X: Any, y: Any, groups: ArrayLike | None = None) -> float:
        """Return the mean reciprocal rank of the music of each dance.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Dances.
        y : AudioClips or array-like of shape (n_clips, n_samples)
            Their music.
        groups : array-like of shape (n_clips,), default=None
            Performance of each clip. The music of a dance is ranked among itself and one clip of
            each other performance. If None, each clip is a performance of its own.

        Returns
        -------
        score : float
            `mrr` of `retrieval`, at most 1. Chance is the mean of 1 / k for k from 1 to the number
            of performances.
        """
        similarity = self.similarity(X, y, center=True)
        n_dances, n_musics = similarity.shape
        groups = np.arange(n_dances) if groups is None else groups
        groups = check_groups(groups, n_dances, at_least=2)
        if n_musics != n_dances:
            raise ValueError(
                f"expected one music clip for each dance, got {n_musics} for {n_dances}: pass the "
                "same clips of both"
            )
        _, reciprocal = group_retrieval(similarity, groups, tolerance=INDIFFERENCE)
        return float(np.diag(reciprocal).mean())

    def _dances(self, X: Any, *, reset: bool) -> Motion:
        motion = validate_motion(self, X, reset=reset)
        motion = motion if isinstance(X, Motion) else replace(motion, fps=self.fps)
        if reset:
            self.fps_ = motion.fps
        # Features depend slightly on the frame rate.
        return on_fitted_clock(self, motion)

    def _features(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        check_is_fitted(self)
        dances = self._dances(X, reset=False)
        return dance_features(dances), music_features(_as_clips(y), sr=self.sr)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # Missing joints.
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags


def _as_clips(y: Any) -> Any:
    """Return music as clips; a 1-D array is one sample per clip, as in `AudioTargetRegressor`."""
    if isinstance(y, AudioClips):
        return y
    y = np.asarray(y)
    return y[:, None] if y.ndim == 1 else y
