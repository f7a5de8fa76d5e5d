"""Beat tracking by a bar-pointer model (hidden tempo and phase), offline and causal."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import solveh_banded

__all__ = ["STEP_DURATION", "beat_states", "filter_beats", "viterbi_beats"]

# Number of phases of the beat, and the length of a step in s. Tempi are
# 1 / (_N_PHASES * STEP_DURATION) Hz apart, so that each
# advances the phase by a whole number of places in a step.
_N_PHASES, STEP_DURATION = 64, 2.0
# Standard deviations of what changes from one step to the next: the tempo, relative to itself and
# times the tightness, so that the states follow what the grid does; and the phase in cycles.
_TEMPO_CHANGE, _PHASE_CHANGE = 9.0, 0.01
_TIGHTNESS = 3000.0
_SHIFTS = np.arange(-2, 3)
_MOST_SHIFTS = 20
_NEWTON_STEPS = 8


def beat_states(tempo_range: tuple[float, float] = (40.0, 240.0)) -> np.ndarray:
    """Return the tempi between which :func:`viterbi_beats` chooses.

    Parameters
    ----------
    tempo_range : (float, float), default=(40, 240)
        Slowest and fastest tempo in BPM.

    Returns
    -------
    tempi : ndarray of shape (n_tempi,)
        In BPM, 0.47 BPM apart.

    Examples
    --------
    >>> from sklearn_asdf.functional.bar_pointer import beat_states
    >>> beat_states((90, 91)).round(2).tolist()
    [90.0, 90.47, 90.94]
    """
    rate = _N_PHASES * STEP_DURATION / 60
    low, high = np.ceil(tempo_range[0] * rate - 1e-9), np.floor(tempo_range[1] * rate + 1e-9)
    return np.arange(low, high + 1) / rate


def _observe(activation: np.ndarray, fps: float, tempi: np.ndarray, weight: float) -> np.ndarray:
    """Evidence of each step for each tempo and phase at its start, (n_steps, n_tempi, n_phases)."""
    size = max(round(STEP_DURATION * fps), 1)
    n_steps = max(int(np.ceil(len(activation) / size)), 1)
    padded = np.zeros(n_steps * size, dtype=complex)
    padded[: len(activation)] = activation
    time = np.arange(size) / fps
    wave = np.exp(-2j * np.pi * tempi[:, None] / 60 * time)
    matched = padded.reshape(n_steps, size) @ wave.T * (weight / fps)
    phase = np.exp(-2j * np.pi * np.arange(_N_PHASES) / _N_PHASES)
    return (matched[:, :, None] * phase).real


def _moves(
    tempi: np.ndarray, tightness: float = _TIGHTNESS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shifts of the tempo, their log-densities (n_tempi, n_shifts), and those of the phase.

    Those of the tempo are relative to that of no change, which is the same for all tempi: states
    are evenly spaced, so fast tempi have more of them within the same relative change.
    """
    spacing = 60 / (_N_PHASES * STEP_DURATION)
    change = _TEMPO_CHANGE / tightness * tempi[:, None] / spacing
    n = int(np.clip(np.ceil(2 * np.median(change)), 2, _MOST_SHIFTS))
    shifts = np.arange(-n, n + 1)
    moves = -0.5 * (shifts / change) ** 2, -0.5 * (_SHIFTS / (_N_PHASES * _PHASE_CHANGE)) ** 2
    return shifts, *moves


def _advance(tempi: np.ndarray) -> np.ndarray:
    """Where each phase of each tempo came from a step before, (n_tempi, n_phases)."""
    places = np.rint(tempi / 60 * STEP_DURATION * _N_PHASES).astype(int)
    return (np.arange(_N_PHASES) - places[:, None]) % _N_PHASES


def _shifted(values: np.ndarray, shift: int) -> np.ndarray:
    """Values (n_tempi, ...) of the tempo `shift` places below, -inf where there is none."""
    out = np.full_like(values, -np.inf)
    n = len(values)
    if shift >= 0:
        out[shift:] = values[: max(n - shift, 0)]
    else:
        out[:shift] = values[-shift:]
    return out


def viterbi_beats(
    activation: ArrayLike,
    *,
    fps: float,
    tempi: ArrayLike,
    log_prior: ArrayLike,
    weight: float = 5.0,
    tightness: float = _TIGHTNESS,
) -> np.ndarray:
    r"""Return the most likely beats of a whole dance.

    Parameters
    ----------
    activation : array-like of shape (n_frames,)
        How near a beat each frame is: 1 on it, -1 half way between two, 0 where it is unknown. A
        complex curve is the expected :math:`e^{i \phi}` of the phase :math:`\phi`.
    fps : float
        Frame rate in Hz.
    tempi : array-like of shape (n_tempi,)
        Neighboring tempi of :func:`beat_states`, in BPM.
    log_prior : array-like of shape (n_tempi,)
        Log-probability of each tempo at the beginning, in nats.
    weight : float, default=5.0
        Evidence in nats per second of an activation of 1.
    tightness : float, default=3000.0
        How steady the tempo is: the inverse of the relative change that is expected within 2 s.

    Returns
    -------
    beats : ndarray of shape (n_beats,)
        Times in s from the first frame, from the last beat at or before it to the first at or
        after the end.

    Notes
    -----
    A bar-pointer model [1]_ whose pointer runs through beats: the hidden state is the tempo and
    the phase, which advances by the tempo and changes little otherwise; relative changes of the
    tempo are as likely at all tempi. The log-likelihood of a frame z is
    :math:`w \Re(z e^{-i \phi})`. The Viterbi algorithm finds the best states in steps of 2 s.
    Within the resolution of the states the phase is then refined by Newton's method, with a penalty
    on its second difference: one grid goes through the whole dance, and its tempo may drift.

    References
    ----------
    .. [1] N. Whiteley, A. T. Cemgil and S. Godsill, "Bayesian modelling of temporal structure in
       musical audio", ISMIR 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.bar_pointer import beat_states, viterbi_beats
    >>> tempi = beat_states((60, 180))
    >>> curve = np.cos(2 * np.pi * 1.5 * (np.arange(300) / 30 - 0.2))
    >>> beats = viterbi_beats(curve, fps=30, tempi=tempi, log_prior=0 * tempi)
    >>> beats[1:4].round(1).tolist()
    [0.2, 0.9, 1.5]
    """
    activation, tempi = np.asarray(activation), np.asarray(tempi, dtype=float)
    observed = _observe(activation, fps, tempi, weight)
    source = _advance(tempi)
    shifts, tempo_moves, phase_moves = _moves(tempi, tightness)
    best = np.asarray(log_prior, dtype=float)[:, None] + observed[0]
    back = np.empty((len(observed) - 1, 2, *best.shape), dtype=np.int8)
    for step, evidence in enumerate(observed[1:]):
        best = np.take_along_axis(best, source, axis=1)
        options = np.stack(
            [_shifted(best + move[:, None], s) for s, move in zip(shifts, tempo_moves.T)]
        )
        back[step, 0] = options.argmax(axis=0)
        best = options.max(axis=0)
        options = np.stack([np.roll(best, s, axis=1) + m for s, m in zip(_SHIFTS, phase_moves)])
        back[step, 1] = options.argmax(axis=0)
        best = options.max(axis=0) + evidence
    tempo, phase = (int(i) for i in np.unravel_index(best.argmax(), best.shape))
    path = [(tempo, phase)]
    for by_tempo, by_phase in back[::-1]:
        phase = int(phase - _SHIFTS[by_phase[tempo, phase]]) % _N_PHASES
        tempo = int(tempo - shifts[by_tempo[tempo, phase]])
        phase = int(source[tempo, phase])
        path.append((tempo, phase))
    tempo, phase = np.array(path[::-1]).T
    return _grid(activation, fps, tempi[tempo] / 60, phase / _N_PHASES, weight, tightness)


def _grid(
    activation: np.ndarray,
    fps: float,
    frequency: np.ndarray,
    phase: np.ndarray,
    weight: float,
    tightness: float,
) -> np.ndarray:
    """Beats of a path, given as frequency in Hz and phase in cycles at the start of each step."""
    ahead = frequency[:-1] * STEP_DURATION
    jump = (np.diff(phase) - ahead + 0.5) % 1 - 0.5
    at = phase[0] + np.concatenate([[0.0], np.cumsum(ahead + jump)])
    knots = np.arange(len(at) + 1) * STEP_DURATION
    position = np.append(at, at[-1] + frequency[-1] * STEP_DURATION)
    time = np.arange(len(activation)) / fps
    for _ in range(_NEWTON_STEPS):
        turn = np.exp(-2j * np.pi * np.interp(time, knots, position))
        position = position + _correction(activation * turn, time, position, weight, tightness, fps)
    duration = len(activation) / fps
    end = np.interp(duration, knots, position)
    whole = np.arange(np.ceil(position[0] - 1e-9), np.floor(end + 1e-9) + 1)
    if not len(whole):
        whole = np.array([np.round(position[0])])
    lead, rest = frequency[[0, -1]]
    beats = np.interp(whole, position, knots)
    outside = whole < position[0], whole > position[-1]
    beats[outside[0]] = (whole[outside[0]] - position[0]) / lead
    beats[outside[1]] = knots[-1] + (whole[outside[1]] - position[-1]) / rest
    before = [beats[0] - 1 / lead] if beats[0] > 1e-9 else []
    after = [beats[-1] + 1 / rest] if beats[-1] < duration - 1e-9 else []
    return np.concatenate([before, beats, after])


def _correction(
    turned: np.ndarray,
    time: np.ndarray,
    position: np.ndarray,
    weight: float,
    tightness: float,
    fps: float,
) -> np.ndarray:
    """One step of Newton's method for the positions at the knots, in cycles."""
    n = len(position)
    place = time / STEP_DURATION
    low = np.minimum(place.astype(int), n - 2)
    share = place - low
    slope = 2 * np.pi * turned.imag * weight / fps
    # The size of the evidence instead of its curvature, which may be negative.
    bend = (2 * np.pi) ** 2 * np.abs(turned) * weight / fps
    gradient = np.bincount(low, slope * (1 - share), n) + np.bincount(low + 1, slope * share, n)
    main = np.bincount(low, bend * (1 - share) ** 2, n) + np.bincount(low + 1, bend * share**2, n)
    side = np.bincount(low, bend * share * (1 - share), n)
    banded = np.zeros((3, n))
    banded[2], banded[1, 1:] = main + 1e-6, side[:-1]
    # Changes of tempo: second differences, in cycles per step and relative to the median tempo.
    stiff = (tightness / max(np.median(np.diff(position)), 1e-3)) ** 2
    second = np.diff(position, 2)
    for offset, c in enumerate((1.0, -2.0, 1.0)):
        inner = slice(offset, offset + n - 2)
        gradient[inner] -= stiff * c * second
        banded[2, inner] += stiff * c * c
    if n > 2:
        banded[1, 1 : n - 1] -= 2 * stiff
        banded[1, 2:n] -= 2 * stiff
        banded[0, 2:n] += stiff
    return solveh_banded(banded, gradient)


def filter_beats(
    activation: ArrayLike,
    *,
    fps: float,
    tempi: ArrayLike,
    log_prior: ArrayLike,
    weight: float = 5.0,
    evidence: ArrayLike | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return beats, each predicted from the frames before it (causal tracking).

    Parameters
    ----------
    activation : array-like of shape (n_frames,)
        How near a beat each frame is, as for :func:`viterbi_beats`.
    fps : float
        Frame rate in Hz.
    tempi : array-like of shape (n_tempi,)
        Neighboring tempi of :func:`beat_states`, in BPM.
    log_prior : array-like of shape (n_tempi,)
        Log-probability of each tempo at the beginning, in nats.
    weight : float, default=5.0
        Evidence in nats per second of an activation of 1.
    evidence : array-like of shape (n_steps, n_tempi), default=None
        Further log-likelihood of each tempo, known at the end of each step of 2 s, in nats.

    Returns
    -------
    beats : ndarray of shape (n_beats,)
        Times in s from the first frame.
    probability : ndarray of shape (n_steps, n_tempi)
        Posterior of the tempo at the end of each step of 2 s; rows sum to 1.

    Notes
    -----
    The forward algorithm. The beats of the first step follow the prior and its own end; those of
    each later step go on at the most probable tempo and phase at the end of the one before.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.bar_pointer import beat_states, filter_beats
    >>> tempi = beat_states((60, 180))
    >>> curve = np.cos(2 * np.pi * 1.5 * np.arange(600) / 30)
    >>> beats, probability = filter_beats(curve, fps=30, tempi=tempi, log_prior=0 * tempi)
    >>> float(tempi[probability[-1].argmax()].round(1))
    90.0
    """
    activation, tempi = np.asarray(activation), np.asarray(tempi, dtype=float)
    observed = _observe(activation, fps, tempi, weight)
    if evidence is not None:
        observed = observed + np.asarray(evidence, dtype=float)[:, :, None]
    source = _advance(tempi)
    shifts, tempo_moves, phase_moves = _moves(tempi)
    tempo_moves, phase_moves = (
        m - np.logaddexp.reduce(m, axis=-1, keepdims=True) for m in (tempo_moves, phase_moves)
    )
    state = np.asarray(log_prior, dtype=float)[:, None] + observed[0]
    beats, probability = [], []
    for step in range(len(observed)):
        if step:
            moved = [_shifted(state + m[:, None], s) for s, m in zip(shifts, tempo_moves.T)]
            state = np.logaddexp.reduce(moved, axis=0)
            moved = [np.roll(state, s, axis=1) + m for s, m in zip(_SHIFTS, phase_moves)]
            state = np.logaddexp.reduce(moved, axis=0) + observed[step]
        state = np.take_along_axis(state - state.max(), source, axis=1)
        shares = np.exp(state).sum(axis=1)
        probability.append(shares / shares.sum())
        tempo, place = np.unravel_index(state.argmax(), state.shape)
        frequency, phase = tempi[tempo] / 60, place / _N_PHASES
        # The step just heard, where it is the first, and the one to come.
        low = -STEP_DURATION if step == 0 else 0.0
        high = STEP_DURATION if step < len(observed) - 1 else 0.0
        whole = np.arange(np.ceil(phase + low * frequency), np.ceil(phase + high * frequency))
        beats.append((step + 1) * STEP_DURATION + (whole - phase) / frequency)
    together = np.concatenate(beats)
    return together[together < len(activation) / fps], np.array(probability)
