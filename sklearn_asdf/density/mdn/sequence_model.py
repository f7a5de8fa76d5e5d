"""The density of sequences of a trained network: scores by the chain rule, samples step by step."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from ..._threads import one_blas_thread
from ...nets.backend import LOCK
from ...nets.mixture_output import scale_of_numpy, split_output
from ...nets.recurrent import RecurrentNetwork
from ..mixtures import GaussianMixtures
from ..sampling import Temperature, sample_mixtures
from .scaling import ColumnScaling
from .sequences import Sequences

__all__ = ["SequenceModel", "SequenceState", "network_inputs"]

# Numbers of the network's output that are in memory at once.
_MOST_NUMBERS = 2**24


@dataclass(frozen=True, eq=False, repr=False)
class SequenceState:
    """The memory of a density of sequences between two steps.

    Parameters
    ----------
    memory : list of tuple of ndarray of shape (n, n_units)
        Output and cell of each LSTM layer.
    code : ndarray of shape (n, n_modelled)
        Scaled targets of the last step, 0 where they are unknown.
    known : ndarray of shape (n, 1)
        Whether these are known: 1 or 0.
    generator : Generator, default=None
        Source of random numbers of the samples so far.
    """

    memory: list[tuple[np.ndarray, np.ndarray]]
    code: np.ndarray
    known: np.ndarray
    generator: np.random.Generator | None = None

    def __len__(self) -> int:
        return len(self.code)

    def __repr__(self) -> str:
        return f"SequenceState({len(self)} sequence{'s' * (len(self) != 1)})"

    def repeated(self, n: int) -> SequenceState:
        """Return a state of `n` sequences.

        Parameters
        ----------
        n : int
            Number of sequences, a multiple of those of this state.

        Returns
        -------
        SequenceState
            Each sequence repeated as often.
        """
        if n == len(self):
            return self
        if n % len(self):
            raise ValueError(
                f"expected a state of {n} sequences (or of a divisor of it), got one of {len(self)}"
            )
        times = n // len(self)
        return SequenceState(
            [(np.repeat(h, times, axis=0), np.repeat(c, times, axis=0)) for h, c in self.memory],
            np.repeat(self.code, times, axis=0),
            np.repeat(self.known, times, axis=0),
            self.generator,
        )


def network_inputs(
    sequences: Sequences, scaling: ColumnScaling, state: SequenceState | None = None
) -> np.ndarray:
    """Return the inputs of each step: its features, the targets before it, whether they are known.

    Parameters
    ----------
    sequences : Sequences
        With targets.
    scaling : ColumnScaling
        Scaling of the columns.
    state : SequenceState, default=None
        State before the first step.

    Returns
    -------
    ndarray of shape (n, n_steps, n_features + n_modelled + 1)
        Scaled; 0 where unknown.
    """
    y = sequences.targets
    n, n_steps = y.shape[:2]
    scaled = scaling.scale_targets(y.reshape(n * n_steps, -1), dtype="float64")
    scaled = scaled.reshape(n, n_steps, -1)
    before = np.zeros_like(scaled)
    known = np.zeros((n, n_steps, 1))
    before[:, 1:] = np.nan_to_num(scaled[:, :-1])
    known[:, 1:, 0] = sequences.scored[:, :-1]
    if state is not None:
        before[:, 0], known[:, 0] = state.code, state.known
    return np.concatenate([_features(sequences, scaling), before, known], axis=2)


def _features(sequences: Sequences, scaling: ColumnScaling) -> np.ndarray:
    X = sequences.X
    flat = scaling.scale_inputs(X.reshape(-1, X.shape[2]), recurrent=False, dtype="float64")
    return flat.reshape(X.shape)


@dataclass(frozen=True, eq=False)
class SequenceModel:
    """A trained density of sequences.

    Parameters
    ----------
    network : RecurrentNetwork
        The network.
    scaling : ColumnScaling
        Scaling of the columns.
    n_mixtures, rank : int
        Components, and factors of a covariance.
    """

    network: RecurrentNetwork
    scaling: ColumnScaling
    n_mixtures: int
    rank: int

    def start(self, n: int) -> SequenceState:
        """Return the state before the first step.

        Parameters
        ----------
        n : int
            Number of sequences.

        Returns
        -------
        SequenceState
            No memory, nothing known.
        """
        code = np.zeros((n, self.scaling.n_modelled))
        return SequenceState(self.network.start(n), code, np.zeros((n, 1)))

    def densities(self, sequences: Sequences) -> GaussianMixtures:
        """Return the density of each step, given the targets before it.

        Parameters
        ----------
        sequences : Sequences
            With targets.

        Returns
        -------
        GaussianMixtures
            One row per step, sequence by sequence, without padding.
        """
        with LOCK, one_blas_thread():
            inputs = network_inputs(sequences, self.scaling)
            output, _ = self.network.run(inputs, self.network.start(len(inputs)))
        return self._densities(output[sequences.within])

    def log_prob(self, sequences: Sequences) -> np.ndarray:
        """Return the log density of the targets of each step, given those before it.

        Parameters
        ----------
        sequences : Sequences
            With targets.

        Returns
        -------
        ndarray of shape (n, n_steps)
            In nats; 0 where all targets are unknown. Their sum over the steps is the joint log
            density, by the chain rule.
        """
        found = np.zeros(sequences.known.shape[:2])
        for rows in self._batches(sequences):
            part = sequences.take(rows)
            within = part.within
            values = np.zeros(within.shape)
            values[within] = self.densities(part).known_log_prob(part.targets[within])
            found[rows] = values
        return found

    def mean_path(self, sequences: Sequences) -> GaussianMixtures:
        """Return the density of each step, given the means of the densities before it.

        Parameters
        ----------
        sequences : Sequences
            Features.

        Returns
        -------
        GaussianMixtures
            One row per step, sequence by sequence, without padding.
        """
        outputs = []

        def mean(output: np.ndarray) -> np.ndarray:
            outputs.append(output)
            logits, means, _ = split_output(output, self.n_mixtures)
            return np.einsum("nk,nkd->nd", softmax(logits, axis=1), means)

        self._advance(sequences, self.start(len(sequences)), mean)
        return self._densities(np.stack(outputs, axis=1)[sequences.within])

    def sample(
        self,
        sequences: Sequences,
        n_samples: int,
        temperature: Temperature,
        state: SequenceState,
        generator: np.random.Generator,
        n_averaged: int = 0,
    ) -> tuple[np.ndarray, SequenceState]:
        """Sample step by step, each given the samples before it.

        Parameters
        ----------
        sequences : Sequences
            Features.
        n_samples : int
            Samples per sequence.
        temperature : Temperature
            Of each step.
        state : SequenceState
            State before the first step, of as many sequences, or of as many times `n_samples`.
        generator : Generator
            Source of random numbers; it is not changed.
        n_averaged : int, default=0
            First targets of a step whose deviation from the mean of the mixture has the
            temperature.

        Returns
        -------
        samples : ndarray of shape (n, n_steps, n_targets, n_samples)
            In the unit of the targets.
        state : SequenceState
            State after the last step.
        """
        generator = copy.deepcopy(generator)
        relative = self._relative
        # Targets that do not vary are not modelled.
        n_averaged = int(self.scaling.varies[:n_averaged].sum())

        def draw(output: np.ndarray) -> np.ndarray:
            logits, means, raw = split_output(output, self.n_mixtures)
            scales = scale_of_numpy(raw, self.scaling.activation, self.scaling.min_scale)
            return sample_mixtures(
                softmax(logits, axis=1),
                means,
                scales,
                None if relative is None else scales[..., None] * relative,
                n_samples=1,
                generator=generator,
                temperature=temperature,
                n_averaged=n_averaged,
            )[:, 0]

        n = len(sequences)
        many = sequences.take(np.repeat(np.arange(n), n_samples))
        codes, after = self._advance(many, state.repeated(n * n_samples), draw)
        samples = self.scaling.restore_targets(codes)
        samples = np.moveaxis(samples.reshape(n, n_samples, *samples.shape[1:]), 1, -1)
        return samples, SequenceState(after.memory, after.code, after.known, generator)

    def read(self, sequences: Sequences, state: SequenceState) -> SequenceState:
        """Return the state after sequences whose targets are given.

        Parameters
        ----------
        sequences : Sequences
            With targets.
        state : SequenceState
            State before the first step.

        Returns
        -------
        SequenceState
            State after the last step of each sequence.
        """
        y = sequences.targets
        scaled = self.scaling.scale_targets(y.reshape(-1, y.shape[2]), dtype="float64")
        scaled = scaled.reshape(*y.shape[:2], -1)
        known = sequences.scored
        steps = iter(range(scaled.shape[1]))
        state = state.repeated(len(sequences))

        def given(output: np.ndarray) -> np.ndarray:
            return scaled[:, next(steps)]

        _, after = self._advance(sequences, state, given)
        last = known[np.arange(len(known)), sequences.lengths - 1]
        return SequenceState(
            after.memory, np.nan_to_num(after.code), last[:, None].astype(float), state.generator
        )

    def _advance(
        self,
        sequences: Sequences,
        state: SequenceState,
        choose: Callable[[np.ndarray], np.ndarray],
    ) -> tuple[np.ndarray, SequenceState]:
        """Run step by step; return the scaled targets that were chosen, and the last state."""
        x = _features(sequences, self.scaling)
        within = sequences.within
        codes = np.empty((*x.shape[:2], state.code.shape[1]))
        memory, code, known = state.memory, state.code, state.known
        with LOCK, one_blas_thread():
            for t in range(x.shape[1]):
                fed_back = np.nan_to_num(code)
                output, later = self.network.step(np.hstack([x[:, t], fed_back, known]), memory)
                chosen = codes[:, t] = choose(output)
                if within[:, t].all():
                    memory, code = later, chosen
                else:
                    # A sequence that has ended keeps its last state.
                    live = within[:, t, None]
                    memory = [
                        (np.where(live, h, h0), np.where(live, c, c0))
                        for (h, c), (h0, c0) in zip(later, memory, strict=True)
                    ]
                    code = np.where(live, chosen, code)
                known = np.where(np.isnan(code).all(axis=1, keepdims=True), 0.0, 1.0)
        return codes, SequenceState(memory, code, known)

    @property
    def _relative(self) -> np.ndarray | None:
        """Factors (K, D, R) in units of the scales."""
        if self.network.factors is None:
            return None
        return self.network.factors.reshape(self.n_mixtures, -1, self.rank)

    def _densities(self, output: np.ndarray) -> GaussianMixtures:
        return self.scaling.densities(
            output, n_mixtures=self.n_mixtures, relative=self._relative, baseline=0.0
        )

    def _batches(self, sequences: Sequences) -> Iterator[slice]:
        n_outputs = self.n_mixtures * (1 + 2 * len(self.scaling.target_loc))
        size = max(_MOST_NUMBERS // (n_outputs * sequences.X.shape[1]), 1)
        for first in range(0, len(sequences), size):
            yield slice(first, first + size)
