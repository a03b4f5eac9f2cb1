"""The likelihood of the annotated beats and bars under the lattice, with exact gradients."""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pianotrans.score.beats.lattice import BarStates, Lattice, Pairs, tempo_bin
from pianotrans.score.beats.network import BeatLogits
from pianotrans.score.beats.notes import Array, Integers
from pianotrans.score.beats.periods import LONGEST_S, SHORTEST_S
from pianotrans.score.beats.potentials import BeatPotentials, Potentials
from pianotrans.score.beats.recursion import sum_paths
from pianotrans.training.beats.examples import BeatBatch

_FEWEST = 4  # beats in a row, for a likelihood to be of use


class TrueStretch(NamedTuple):
    """Annotated beats in a row that the lattice can hold: the moments of the beats, and their states."""

    moments: Integers
    states: Integers


def true_stretches(
    time_s: Array, is_beat: NDArray[np.bool_], beats_in_bar: Integers, position: Integers, bars: BarStates
) -> list[TrueStretch]:
    """Cut the annotated beats where the lattice cannot hold them.

    All but `bars` are (n_moments,); meter and position count where `is_beat`, and are -1 where they are unknown.
    """
    moments = np.flatnonzero(is_beat)
    meter, position = beats_in_bar[moments], position[moments]
    is_known = np.isin(meter, bars.meters) & (position >= 0) & (position < meter)
    period_s = np.diff(time_s[moments])
    is_joined = is_known[1:] & is_known[:-1] & (period_s >= SHORTEST_S) & (period_s <= LONGEST_S)
    states = np.array([bars.index(m, p) if ok else -1 for m, p, ok in zip(meter, position, is_known, strict=True)])
    moves = bars.transitions(0.0, 0.0)
    if len(states) > 1:
        is_joined &= np.isfinite(moves[states[:-1], states[1:]])
    parts = np.split(np.arange(len(moments)), np.flatnonzero(~is_joined) + 1)
    return [TrueStretch(moments[p], states[p]) for p in parts if len(p) >= _FEWEST]


def negative_log_likelihood(
    time_s: Array, logits: BeatLogits, potentials: BeatPotentials, bars: BarStates, stretch: TrueStretch
) -> Tensor:
    """Minus the log-probability of a stretch, between its first beat and its last, in nats per beat."""
    first, last = int(stretch.moments[0]), int(stretch.moments[-1])
    part = slice(first, last + 1)
    index = Pairs.of(time_s[part])
    here = potentials(BeatLogits(*(x[part] for x in logits)), index, bars)
    log_partition: Tensor = _PathSum.apply(*here, index)  # type: ignore[no-untyped-call]
    return (log_partition - _score(here, index, stretch.moments - first, stretch.states)) / len(stretch.moments)


def _score(here: Potentials, index: Pairs, moments: Integers, states: Integers) -> Tensor:
    pairs = index.find(moments[:-1], moments[1:])
    ratios = tempo_bin(np.diff(index.log_period[pairs]))
    return (
        here.nodes[torch.as_tensor(moments), torch.as_tensor(states)].sum()
        + here.pairs[torch.as_tensor(pairs)].sum()
        + here.tempo[torch.as_tensor(ratios)].sum()
        + here.transitions[torch.as_tensor(states[:-1]), torch.as_tensor(states[1:])].sum()
    )


def batch_loss(logits: BeatLogits, batch: BeatBatch, potentials: BeatPotentials, bars: BarStates) -> Tensor:
    """The mean over all annotated beats of a batch that the lattice can hold, in nats per beat."""
    total, n_beats = logits.beat.new_zeros(()), 0
    for row in range(len(batch.time_s)):
        n = int(batch.is_there[row].sum())
        time_s = batch.time_s[row, :n].double().numpy()
        meter, position = batch.beat_meter[row, :n].numpy(), batch.beat_position[row, :n].numpy()
        is_beat = batch.beat[row, :n].numpy() > 0
        here = BeatLogits(*(x[row, :n] for x in logits))
        for stretch in true_stretches(time_s, is_beat, meter, position, bars):
            loss = negative_log_likelihood(time_s, here, potentials, bars, stretch)
            total = total + len(stretch.moments) * loss
            n_beats += len(stretch.moments)
    return total / max(n_beats, 1)


class _PathSum(torch.autograd.Function):
    """The log partition of ways from the first moment to the last; its gradients are the marginals."""

    @staticmethod
    def forward(ctx: Any, nodes: Tensor, pairs: Tensor, tempo: Tensor, transitions: Tensor, index: Pairs) -> Tensor:
        n_moments, n_states = nodes.shape
        start, end = np.full(n_moments, -np.inf), np.full(n_moments, -np.inf)
        start[0], end[-1] = 0, 0
        node, pair, ratio, move = (x.detach().double().numpy() for x in (nodes, pairs, tempo, transitions))
        marginals = sum_paths(Lattice(index, node, pair, ratio, move, start, end, np.zeros(n_states)))
        assert marginals is not None
        found = (marginals.nodes, marginals.pairs, marginals.tempo, marginals.transitions)
        ctx.save_for_backward(*(torch.from_numpy(x).to(nodes.dtype) for x in found))
        return nodes.new_tensor(marginals.log_partition)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return (*(grad * x for x in ctx.saved_tensors), None)
