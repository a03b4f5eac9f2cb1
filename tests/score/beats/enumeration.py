"""Every way to put beats on a few moments, one by one: what the recursions must agree with."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, pairwise, product

import numpy as np

from pianotrans.score.beats.lattice import BarStates, Lattice, Pairs, tempo_bin

Way = tuple[tuple[int, ...], tuple[int, ...]]


def random_lattice(
    seed: int, *, n_moments: int = 5, meters: tuple[int, ...] = (2, 3), forbidden: float = 0.2
) -> Lattice:
    """Random potentials, some of them forbidden."""
    random = np.random.default_rng(seed)
    bars = BarStates(meters)
    time_s = np.cumsum(random.uniform(0.05, 1.2, n_moments))
    index = Pairs.of(time_s)

    def draw(*shape: int) -> np.ndarray:
        return np.where(random.random(shape) < forbidden, -np.inf, random.normal(0, 2, shape))

    return Lattice(
        index,
        draw(n_moments, bars.n_states),
        draw(index.n_pairs),
        random.normal(0, 1, len(np.zeros(51))),
        bars.transitions(-1.0, -2.0),
        draw(n_moments),
        draw(n_moments),
        draw(bars.n_states),
    )


def all_ways(lattice: Lattice) -> Iterator[tuple[Way, float]]:
    """Every way and its score, where that is finite."""
    n_moments, n_states = lattice.nodes.shape
    index = lattice.pairs_index
    known = {(int(b), int(e)): p for p, (b, e) in enumerate(zip(index.begin, index.end, strict=True))}
    for n in range(2, n_moments + 1):
        for moments in combinations(range(n_moments), n):
            if not all(step in known for step in pairwise(moments)):
                continue
            pairs = [known[step] for step in pairwise(moments)]
            periods = index.log_period[pairs]
            score = lattice.start[moments[0]] + lattice.end[moments[-1]] + lattice.pairs[pairs].sum()
            score += lattice.tempo[tempo_bin(np.diff(periods))].sum()
            for states in product(range(n_states), repeat=n):
                moves = sum(lattice.transitions[a, b] for a, b in pairwise(states))
                total = score + lattice.nodes[list(moments), list(states)].sum() + moves
                total += lattice.first_states[states[0]]
                if np.isfinite(total):
                    yield (moments, states), total


def expected(lattice: Lattice) -> tuple[float, dict[str, np.ndarray]]:
    """The log partition and all expectations, by summing over every way."""
    ways = list(all_ways(lattice))
    scores = np.array([score for _, score in ways])
    log_partition = float(np.logaddexp.reduce(scores))
    index = lattice.pairs_index
    known = {(int(b), int(e)): p for p, (b, e) in enumerate(zip(index.begin, index.end, strict=True))}
    sums: dict[str, np.ndarray] = defaultdict(float)  # type: ignore[arg-type]
    sums["nodes"], sums["pairs"] = np.zeros_like(lattice.nodes), np.zeros_like(lattice.pairs)
    sums["tempo"], sums["transitions"] = np.zeros_like(lattice.tempo), np.zeros_like(lattice.transitions)
    for ((moments, states), _), share in zip(ways, np.exp(scores - log_partition), strict=True):
        pairs = [known[step] for step in pairwise(moments)]
        np.add.at(sums["nodes"], (list(moments), list(states)), share)
        np.add.at(sums["pairs"], pairs, share)
        np.add.at(sums["tempo"], tempo_bin(np.diff(index.log_period[pairs])), share)
        np.add.at(sums["transitions"], (list(states[:-1]), list(states[1:])), share)
    return log_partition, dict(sums)
