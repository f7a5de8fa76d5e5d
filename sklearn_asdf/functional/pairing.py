"""Tests of the dependence of pairs: retrieval, permutation test and Mantel test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

__all__ = ["group_means", "group_retrieval", "mantel", "pairing_test", "partners"]


def partners(groups: ArrayLike) -> np.ndarray:
    """Return the item at the same relative position in every other group.

    Parameters
    ----------
    groups : array-like of int, shape (n_items,)
        Group of each item, a place from 0 up; items of a group are in order.

    Returns
    -------
    partner : ndarray of int of shape (n_items, n_groups)
        Item i's counterpart in each group; in its own group, i itself.

    Examples
    --------
    >>> from sklearn_asdf.functional.pairing import partners
    >>> partners([0, 0, 1, 1, 1, 1]).tolist()
    [[0, 2], [1, 4], [0, 2], [0, 3], [1, 4], [1, 5]]
    """
    groups = np.asarray(groups)
    members = [np.flatnonzero(groups == g) for g in range(groups.max() + 1)]
    out = np.empty((len(groups), len(members)), dtype=np.intp)
    for rows in members:
        share = np.arange(len(rows)) / len(rows)
        for h, others in enumerate(members):
            # A tolerance against rounding below an integer.
            out[rows, h] = others[np.floor(share * len(others) + 1e-9).astype(np.intp)]
    return out


def group_retrieval(
    similarity: ArrayLike, groups: ArrayLike, *, tolerance: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    r"""How well each query finds its own item among one of each group, and how well another's.

    Parameters
    ----------
    similarity : array-like of shape (n_items, n_items)
        Of each query (row) to each item (column); greater is nearer.
    groups : array-like of int, shape (n_items,)
        Group of each query and of its own item, a place from 0 up.
    tolerance : float, default=0.0
        An item that is more similar than the own one by no more than this is equal to it, and so
        is one that is less similar by no more.

    Returns
    -------
    first : ndarray of shape (n_groups, n_groups)
        Place (g, h): the share of group g's queries that rank first the item of group h that is
        their partner (`partners`), among that and one item of each other group.
    reciprocal : ndarray of shape (n_groups, n_groups)
        The same of the mean reciprocal rank.

    Notes
    -----
    The diagonal is the retrieval of true partners; `pairing_test` gives its significance. The items
    of other groups are sampled at random, and the values are expectations in closed form: if a
    share :math:`q_h` of group :math:`h` is more similar than the own item, it comes first with
    probability :math:`\prod_h (1 - q_h)`, and the expected reciprocal rank is
    :math:`\int_0^1 \prod_h (1 - q_h + q_h t)\,dt`, exact by Gauss-Legendre quadrature. Equally
    similar items are in random order, so equal items give exactly chance; similarities that differ
    by less than 1e-9 of the largest are treated as equal.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.pairing import group_retrieval
    >>> first, reciprocal = group_retrieval(np.zeros((4, 4)), [0, 1, 2, 3])
    >>> first[0].round(2), reciprocal[0].round(2)
    (array([0.25, 0.25, 0.25, 0.25]), array([0.52, 0.52, 0.52, 0.52]))
    """
    similarity, groups = np.asarray(similarity, dtype=float), np.asarray(groups)
    tolerance = max(tolerance, 1e-9 * np.abs(similarity).max())
    partner = partners(groups)
    n_items, n_groups = partner.shape
    own = np.take_along_axis(similarity, partner, axis=1)
    greater = np.empty((n_groups, n_items, n_groups))
    equal = np.empty((n_groups, n_items, n_groups))
    for h in range(n_groups):
        those = similarity[:, groups == h, None]
        beyond = those - own[:, None]
        greater[h] = (beyond > tolerance).mean(axis=1)
        equal[h] = (np.abs(beyond) <= tolerance).mean(axis=1)
        # An item does not compete with its own group.
        greater[h, :, h] = equal[h, :, h] = 0.0
    node, weight = np.polynomial.legendre.leggauss(n_groups // 2 + 1)
    node, weight = (node + 1) / 2, weight / 2
    first = np.zeros((n_items, n_groups))
    reciprocal = np.zeros((n_items, n_groups))
    for u, w in zip(node, weight):
        # u: position of the own item in the random order of equal ones.
        nearer = greater + (1 - u) * equal
        first += w * np.prod(1 - nearer, axis=0)
        for t, v in zip(node, weight):
            reciprocal += w * v * np.prod(1 - nearer * (1 - t), axis=0)
    return _by_group(first, groups), _by_group(reciprocal, groups)


def _by_group(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    return np.stack([values[groups == g].mean(axis=0) for g in range(groups.max() + 1)])


def group_means(values: ArrayLike, groups: ArrayLike) -> np.ndarray:
    """Return the mean of a matrix over each pair of groups.

    Parameters
    ----------
    values : array-like of shape (n_items, n_items)
        Of each pair.
    groups : array-like of int, shape (n_items,)
        Group of each item, a place from 0 up.

    Returns
    -------
    means : ndarray of shape (n_groups, n_groups)
        Mean over the pairs of each two groups.

    Examples
    --------
    >>> from sklearn_asdf.functional.pairing import group_means
    >>> group_means([[0, 1, 3], [1, 0, 5], [3, 5, 0]], [0, 0, 1]).tolist()
    [[0.5, 4.0], [4.0, 0.0]]
    """
    groups = np.asarray(groups)
    return _by_group(_by_group(np.asarray(values, dtype=float), groups).T, groups).T


def pairing_test(
    scores: ArrayLike | Sequence[Any], *, n_permutations: int = 999, random_state: Any = None
) -> tuple[float, float]:
    """Test whether items score higher with their own partner than with a permuted one.

    Parameters
    ----------
    scores : array-like of shape (n, n), or a list of such
        Score of each item with each partner, its own on the diagonal. In a list, partners are
        permuted within each matrix.
    n_permutations : int, default=999
        Number of random permutations.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same permutations on each call.

    Returns
    -------
    mean : float
        Mean of the diagonal.
    p : float
        Share of the permutations, including the true one, whose mean is as high: at least
        ``1 / (n_permutations + 1)``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.pairing import pairing_test
    >>> pairing_test(np.eye(8), n_permutations=999, random_state=0)
    (1.0, 0.001)
    """
    matrices = _matrices(scores)
    rng = check_random_state(random_state)
    true = sum(np.trace(m) for m in matrices)
    permuted = np.zeros(n_permutations)
    for m in matrices:
        order = np.array([rng.permutation(len(m)) for _ in range(n_permutations)])
        permuted += m[np.arange(len(m)), order.reshape(n_permutations, len(m))].sum(axis=1)
    # Sums of the same numbers in another order differ by rounding errors.
    as_high = (permuted >= true - 1e-12 * max(abs(true), 1.0)).sum()
    n = sum(len(m) for m in matrices)
    return float(true / n), float((1 + as_high) / (1 + n_permutations))


def _matrices(scores: Any) -> list[np.ndarray]:
    if not isinstance(scores, (list, tuple)) or np.ndim(scores[0]) == 1:
        scores = [scores]
    return [np.asarray(m, dtype=float) for m in scores]


def mantel(
    left: ArrayLike, right: ArrayLike, *, n_permutations: int = 999, random_state: Any = None
) -> tuple[float, float]:
    """Return the correlation of two distance matrices and its significance (Mantel test).

    Parameters
    ----------
    left, right : array-like of shape (n, n)
        Distances, symmetric; the diagonal is not used.
    n_permutations : int, default=999
        Number of random orders of the things on one side.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same orders on each call.

    Returns
    -------
    correlation : float
        Pearson's; 0 where one side's distances are all equal.
    p : float
        Share of orders, the true one among them, whose correlation is as high.

    References
    ----------
    N. Mantel, "The detection of disease clustering and a generalized regression approach", Cancer
    Research 27, 1967.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.pairing import mantel
    >>> place = np.array([0.0, 1.0, 4.0, 9.0, 16.0, 30.0, 50.0])
    >>> distance = np.abs(place[:, None] - place)
    >>> r, p = mantel(distance, 2 * distance, random_state=0)
    >>> round(r, 3), p <= 0.01
    (1.0, True)
    """
    left, right = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    rng = check_random_state(random_state)
    above = np.triu_indices(len(left), k=1)
    x = _standardized(left[above])

    def correlation(order: np.ndarray) -> float:
        return float(x @ _standardized(right[np.ix_(order, order)][above]) / max(len(x), 1))

    true = correlation(np.arange(len(left)))
    orders = (rng.permutation(len(left)) for _ in range(n_permutations))
    as_high = sum(correlation(order) >= true - 1e-12 for order in orders)
    return true, float((1 + as_high) / (1 + n_permutations))


def _standardized(x: np.ndarray) -> np.ndarray:
    if not x.size:
        return x
    rest = x - x.mean()
    deviation = rest.std()
    # Deviations of equal distances are rounding errors.
    return rest / deviation if deviation > 1e-9 * np.abs(x).max() else np.zeros_like(x)
