"""The recursions against every way one by one."""

import numpy as np
import pytest

from pianotrans.score.beats.lattice import BarStates, Pairs
from pianotrans.score.beats.recursion import best_path, sum_paths
from tests.score.beats.enumeration import all_ways, expected, random_lattice

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_path_is_the_best_of_all_ways(seed: int):
    lattice = random_lattice(seed)
    ways = dict(all_ways(lattice))
    path = best_path(lattice)
    if not ways:
        assert path is None
        return
    assert path is not None
    assert path.score == pytest.approx(max(ways.values()))
    assert ways[tuple(path.moments), tuple(path.states)] == pytest.approx(path.score)


@pytest.mark.parametrize("seed", SEEDS)
def test_sums_agree_with_all_ways(seed: int):
    lattice = random_lattice(seed)
    found = sum_paths(lattice)
    if not any(True for _ in all_ways(lattice)):
        assert found is None
        return
    assert found is not None
    log_partition, sums = expected(lattice)
    assert found.log_partition == pytest.approx(log_partition)
    for name, values in sums.items():
        np.testing.assert_allclose(getattr(found, name), values, atol=1e-9, err_msg=name)


def test_large_scores_neither_overflow_nor_vanish():
    lattice = random_lattice(3, n_moments=200, forbidden=0.0)
    lattice.nodes[...] *= 40
    found = sum_paths(lattice)
    assert found is not None
    path = best_path(lattice)
    assert path is not None
    assert path.score <= found.log_partition < path.score + 100
    assert np.all(found.nodes.sum(axis=1) <= 1 + 1e-6)
    assert found.pairs.sum() == pytest.approx(found.nodes.sum() - 1)


@pytest.mark.parametrize("n_moments", [0, 1, 2])
def test_very_few_moments(n_moments: int):
    lattice = random_lattice(0, n_moments=n_moments, forbidden=0.0)
    assert (sum_paths(lattice) is None) == (n_moments < 2)
    assert (best_path(lattice) is None) == (n_moments < 2)


def test_pairs_have_the_periods_a_beat_may_have():
    time_s = np.array([0.0, 0.1, 0.2, 1.0, 3.0, 9.0, 9.5])
    pairs = Pairs.of(time_s)
    found = sorted(zip(pairs.begin.tolist(), pairs.end.tolist(), strict=True))
    assert found == [(0, 2), (0, 3), (0, 4), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4), (5, 6)]
    np.testing.assert_allclose(2**pairs.log_period, (time_s[pairs.end] - time_s[pairs.begin]))
    assert pairs.find(pairs.begin, pairs.end).tolist() == list(range(pairs.n_pairs))


def test_bars_go_on_in_their_meter_unless_it_changes():
    bars = BarStates((2, 3))
    table = bars.transitions(-1.0, -5.0)
    at = bars.index
    assert table[at(2, 0), at(2, 1)] == table[at(2, 1), at(2, 0)] == table[at(3, 2), at(3, 0)] == 0
    assert table[at(2, 1), at(3, 0)] == -1
    assert table[at(3, 1), at(3, 0)] == -5
    assert table[at(3, 0), at(2, 0)] == -6
    assert table[at(3, 0), at(3, 2)] == table[at(2, 0), at(3, 1)] == -np.inf
