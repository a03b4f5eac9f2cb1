"""The likelihood of annotated beats: its value and gradients against all ways one by one."""

import numpy as np
import pytest
import torch

from pianotrans.score.beats.lattice import BarStates, Pairs
from pianotrans.score.beats.network import N_METERS, N_PHASES, BeatLogits
from pianotrans.score.beats.periods import N_PERIODS
from pianotrans.score.beats.potentials import BeatPotentials
from pianotrans.training.beats.likelihood import TrueStretch, negative_log_likelihood, true_stretches

BARS = BarStates((2, 3))


def random_logits(n_moments: int, seed: int) -> BeatLogits:
    torch.manual_seed(seed)
    shapes = [(), (), (N_PERIODS,), (N_METERS,), (N_PHASES,)]
    return BeatLogits(*(torch.randn(n_moments, *shape, dtype=torch.float64).requires_grad_() for shape in shapes))


def all_stretches(time_s: np.ndarray, first: int, last: int) -> list[TrueStretch]:
    """Every way from the first moment to the last."""
    index = Pairs.of(time_s)
    steps = set(zip(index.begin.tolist(), index.end.tolist(), strict=True))
    moves = BARS.transitions(0.0, 0.0)
    ways = [[(first, state)] for state in range(BARS.n_states)]
    found = []
    while ways:
        way = ways.pop()
        moment, state = way[-1]
        if moment == last:
            found.append(TrueStretch(*map(np.array, zip(*way, strict=True))))
            continue
        ways += [
            [*way, (i, s)]
            for i in range(moment + 1, last + 1)
            for s in range(BARS.n_states)
            if (moment, i) in steps and np.isfinite(moves[state, s])
        ]
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_probabilities_of_all_ways_sum_to_one(seed: int):
    time_s = np.cumsum(np.random.default_rng(seed).uniform(0.1, 1.0, 4))
    logits, potentials = random_logits(4, seed), BeatPotentials().double()
    total = sum(
        torch.exp(-len(way.moments) * negative_log_likelihood(time_s, logits, potentials, BARS, way)).item()
        for way in all_stretches(time_s, 0, 3)
    )
    assert total == pytest.approx(1, abs=1e-6)


def test_gradients_are_those_of_small_differences():
    time_s = np.arange(8) * 0.4
    logits, potentials = random_logits(8, 1), BeatPotentials().double()
    way = TrueStretch(np.array([0, 2, 3, 5, 7]), np.array([0, 1, 0, 1, 2]))

    def loss() -> torch.Tensor:
        return negative_log_likelihood(time_s, logits, potentials, BARS, way)

    loss().backward()
    for tensor in (*logits[:4], *potentials.parameters()):
        flat, gradient = tensor.data.view(-1), tensor.grad.view(-1)
        for i in range(0, len(flat), max(1, len(flat) // 5)):
            before, step = flat[i].item(), 1e-5
            values = []
            for sign in (1, -1):
                flat[i] = before + sign * step
                values.append(loss().item())
            flat[i] = before
            assert gradient[i].item() == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-6)


def test_annotated_beats_are_cut_where_the_lattice_cannot_hold_them():
    position = np.array([0, 1, 0, 1, 0, 1, 2, 0, 1, 2, 3, 4, 0, 1, 0, 1])
    meter = np.array([2, 2, 2, 2, 3, 3, 3, 5, 5, 5, 5, 5, 2, 2, 2, 2])
    time_s = np.arange(16.0)
    found = true_stretches(time_s, np.ones(16, dtype=bool), meter, position, BARS)
    assert [stretch.moments.tolist() for stretch in found] == [list(range(7)), list(range(12, 16))]
    assert found[0].states.tolist() == [0, 1, 0, 1, 2, 3, 4]
    time_s[14:] += 10
    assert len(true_stretches(time_s, np.ones(16, dtype=bool), meter, position, BARS)) == 1
