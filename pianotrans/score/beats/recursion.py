"""The recursions over a lattice of beats, compiled: best path, log partition and marginals.

Both walk over the pairs that end at a moment i and those that begin there; with H of the one, K of the other and S
states a moment costs H·K·S. Sums are taken in the linear domain in float64, in units of a scale per moment.

The compiled functions are plain loops over numbers, and arrays are made outside: sums, fills and maxima of array
slices would take twice as long to compile.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from pianotrans.compiling import compiled
from pianotrans.score.beats.lattice import (
    N_TEMPO_STEPS,
    TEMPO_STEP,
    BeatMarginals,
    BeatPath,
    Lattice,
)


class _Chain(NamedTuple):
    """A lattice as the compiled functions take it."""

    first_pair: Any
    first_end: Any
    log_period: Any
    begins: Any  # (n_moments, 2): the first moment that pairs to a moment begin at, and the one after the last
    nodes: Any
    pairs: Any
    tempo: Any
    moves: Any
    start: Any
    end: Any
    first_states: Any


def best_path(lattice: Lattice) -> BeatPath | None:
    """The way with the highest score; None if every way is forbidden. Ways have two beats or more."""
    chain = _chain(lattice)
    n_pairs, n_states = len(chain.pairs), chain.nodes.shape[1]
    from_begin = np.full((n_pairs, n_states), -1, dtype=np.int32)
    from_state = np.zeros((n_pairs, n_states), dtype=np.int16)
    best, arrived = np.full((n_pairs, n_states), -np.inf), np.empty((_most_before(chain), n_states))
    arrived_from = np.empty(arrived.shape, dtype=np.int16)
    score, pair, state, last = _best_moves(chain, best, arrived, arrived_from, from_begin, from_state)
    if not np.isfinite(score):
        return None
    before = int(last)
    begin, end = int(lattice.pairs_index.begin[pair]), int(lattice.pairs_index.end[pair])
    moments, states = [end, begin], [int(state), before]
    while (earlier := int(from_begin[pair, before])) >= 0:
        before = int(from_state[pair, before])
        pair = chain.first_pair[earlier] + begin - chain.first_end[earlier]
        begin = earlier
        moments.append(begin)
        states.append(before)
    return BeatPath(np.array(moments[::-1]), np.array(states[::-1]), float(score))


def sum_paths(lattice: Lattice) -> BeatMarginals | None:
    """The log partition and the marginals; None if every way is forbidden."""
    chain = _chain(lattice)._replace(moves=np.exp(lattice.transitions), tempo=np.exp(lattice.tempo))
    n_moments, n_states = chain.nodes.shape
    prefix, scale = np.zeros((len(chain.pairs), n_states)), np.full(n_moments, -np.inf)
    suffix, scale_after = np.zeros_like(prefix), np.full(n_moments, -np.inf)
    arrived = np.empty((_most_before(chain) + 1, n_states))
    log_partition = _sum_forward(chain, prefix, scale, arrived)
    if not np.isfinite(log_partition):
        return None
    shares = [np.zeros_like(x) for x in (chain.nodes, chain.pairs, chain.tempo, chain.moves)]
    ways = prefix, scale, suffix, scale_after
    _sum_backward(chain, *ways, log_partition, arrived, np.empty_like(arrived), *shares)
    return BeatMarginals(float(log_partition), *shares)


def _chain(lattice: Lattice) -> _Chain:
    index = lattice.pairs_index
    moments = np.arange(len(index.first_end))
    first_beyond = index.first_end + np.diff(index.first_pair)
    low = np.searchsorted(first_beyond, moments, "right")
    high = np.maximum(low, np.searchsorted(index.first_end, moments, "right"))
    return _Chain(
        index.first_pair,
        index.first_end,
        index.log_period,
        np.stack([low, high], axis=1),
        lattice.nodes,
        lattice.pairs,
        lattice.tempo,
        lattice.transitions,
        lattice.start,
        lattice.end,
        lattice.first_states,
    )


def _most_before(chain: _Chain) -> int:
    """How many pairs at most end at one moment."""
    return int(np.diff(chain.begins, axis=1).max(initial=0))


@numba.njit(inline="always")
def _bin(log_ratio):  # type: ignore[no-untyped-def]
    """As `lattice.tempo_bin`."""
    bin_ = int(np.floor(log_ratio / TEMPO_STEP + 0.5)) + N_TEMPO_STEPS
    return min(max(bin_, 0), 2 * N_TEMPO_STEPS)


@numba.njit(inline="always")
def _pair(chain, begin, end):  # type: ignore[no-untyped-def]
    return chain.first_pair[begin] + end - chain.first_end[begin]


@numba.njit(inline="always")
def _highest(nodes, i):  # type: ignore[no-untyped-def]
    top = nodes[i, 0]
    for s in range(nodes.shape[1]):
        top = max(top, nodes[i, s])
    return top


# The best path


@compiled()
def _best_moves(chain, best, arrived, arrived_from, from_begin, from_state):  # type: ignore[no-untyped-def]
    """For every pair and state of its first beat, the beat before (-1: none) and its state on the best way there.

    Returns the best score, the last pair of the best way, and the states of its last beat and of the one before.
    """
    top, top_pair, top_state, top_before = -np.inf, -1, -1, -1
    for i in range(len(chain.nodes)):
        low = chain.begins[i, 0]
        n_before = chain.begins[i, 1] - low
        for h in range(n_before):
            pair = _pair(chain, low + h, i)
            _best_arrival(chain, best[pair], i, arrived[h], arrived_from[h])
            for s in range(arrived.shape[1]):
                if arrived[h, s] + chain.end[i] > top:
                    top, top_pair, top_state = arrived[h, s] + chain.end[i], pair, s
                    top_before = arrived_from[h, s]
        for pair in range(chain.first_pair[i], chain.first_pair[i + 1]):
            if chain.pairs[pair] > -np.inf:
                _best_departure(
                    chain, i, pair, n_before, arrived, arrived_from, best[pair], from_begin[pair], from_state[pair]
                )
    return top, top_pair, top_state, top_before


@numba.njit(inline="always")
def _best_arrival(chain, best, i, arrived, arrived_from):  # type: ignore[no-untyped-def]
    """From the states of a beat to those of the next, i."""
    for s in range(len(best)):
        value, source = -np.inf, -1
        for r in range(len(best)):
            x = best[r] + chain.moves[r, s]
            if x > value:
                value, source = x, r
        arrived[s] = value + chain.nodes[i, s]
        arrived_from[s] = source


@numba.njit(inline="always")
def _best_departure(  # type: ignore[no-untyped-def]
    chain, i, pair, n_before, arrived, arrived_from, best, from_begin, from_state
):
    """From beat i onwards along a pair: as the first beat, or from the best of the beats before it."""
    low = chain.begins[i, 0]
    for s in range(len(best)):
        best[s] = chain.start[i] + chain.nodes[i, s] + chain.first_states[s]
    for h in range(n_before):
        bonus = chain.tempo[_bin(chain.log_period[pair] - chain.log_period[_pair(chain, low + h, i)])]
        for s in range(len(best)):
            x = arrived[h, s] + bonus
            if x > best[s]:
                best[s] = x
                from_begin[s] = low + h
                from_state[s] = arrived_from[h, s]
    for s in range(len(best)):
        best[s] += chain.pairs[pair]


# Sums. `moves` and `tempo` of the chain are no logarithms here.


@compiled()
def _sum_forward(chain, prefix, scale, arrived):  # type: ignore[no-untyped-def]
    """Fill `prefix` and `scale`; returns the log partition.

    `prefix` (n_pairs, n_states) is the ways up to each pair, its own potential left out, by the state of its first
    beat, in units of exp(scale[first beat]).
    """
    log_total = -np.inf
    for i in range(len(scale)):
        unit = _arrive(chain, i, prefix, scale, arrived)
        if unit == -np.inf:
            continue
        n_before, ended = chain.begins[i, 1] - chain.begins[i, 0], 0.0
        for h in range(n_before):
            for s in range(arrived.shape[1]):
                ended += arrived[h, s]
        if chain.end[i] > -np.inf and ended > 0:
            log_total = np.logaddexp(log_total, np.log(ended) + unit + chain.end[i])
        peak = _depart(chain, i, arrived, prefix)
        if peak > 0:
            for pair in range(chain.first_pair[i], chain.first_pair[i + 1]):
                for s in range(prefix.shape[1]):
                    prefix[pair, s] /= peak
            scale[i] = unit + np.log(peak)
    return log_total


@compiled()
def _arrive(chain, i, prefix, scale, arrived):  # type: ignore[no-untyped-def]
    """Fill rows of `arrived` with the ways up to beat i by the beat before it, in the order of `begins`.

    The row behind them holds the ways that begin with i. Returns the log of the rows' unit.
    """
    low, unit = chain.begins[i, 0], chain.start[i]
    n_before, n_states, highest = chain.begins[i, 1] - low, arrived.shape[1], _highest(chain.nodes, i)
    for h in range(n_before):
        unit = max(unit, scale[low + h] + chain.pairs[_pair(chain, low + h, i)])
    if unit == -np.inf or highest == -np.inf:
        return -np.inf
    for h in range(n_before):
        for s in range(n_states):
            arrived[h, s] = 0.0
        before = _pair(chain, low + h, i)
        share = np.exp(scale[low + h] + chain.pairs[before] - unit)
        for r in range(n_states):
            x = share * prefix[before, r]
            if x > 0:
                for s in range(n_states):
                    arrived[h, s] += x * chain.moves[r, s]
    for s in range(n_states):
        arrived[n_before, s] = np.exp(chain.start[i] - unit + chain.first_states[s])
        for h in range(n_before + 1):
            arrived[h, s] *= np.exp(chain.nodes[i, s] - highest)
    return unit + highest


@numba.njit(inline="always")
def _depart(chain, i, arrived, prefix):  # type: ignore[no-untyped-def]
    """Fill the rows of `prefix` of the pairs that begin at i; returns their maximum."""
    low, peak = chain.begins[i, 0], 0.0
    n_before, n_states = chain.begins[i, 1] - low, arrived.shape[1]
    for pair in range(chain.first_pair[i], chain.first_pair[i + 1]):
        for s in range(n_states):
            prefix[pair, s] = arrived[n_before, s]
        for h in range(n_before):
            weight = chain.tempo[_bin(chain.log_period[pair] - chain.log_period[_pair(chain, low + h, i)])]
            for s in range(n_states):
                prefix[pair, s] += weight * arrived[h, s]
        for s in range(n_states):
            peak = max(peak, prefix[pair, s])
    return peak


@compiled()
def _sum_backward(  # type: ignore[no-untyped-def]
    chain,
    prefix,
    scale,
    suffix,
    scale_after,
    log_total,
    arrived,
    follow,
    node_shares,
    pair_shares,
    tempo_counts,
    move_counts,
):
    """Fill `suffix` and `scale_after`, the marginals, and the expected counts of tempo ratios and transitions.

    `suffix` is the ways onwards from each pair, its own potential left out, by the state of its first beat, in
    units of exp(scale_after[second beat]).
    """
    n_moments, n_states = chain.nodes.shape
    for i in range(n_moments - 1, -1, -1):
        unit = _arrive(chain, i, prefix, scale, arrived)
        onward = _unit_after(chain, i, scale_after)
        if onward == -np.inf or unit == -np.inf:
            continue
        factor = np.exp(unit + onward - log_total)
        _follow(chain, i, onward, factor, suffix, scale_after, arrived, follow, pair_shares, tempo_counts)
        low, highest = chain.begins[i, 0], _highest(chain.nodes, i)
        n_before = chain.begins[i, 1] - low
        for s in range(n_states):
            share, here = 0.0, np.exp(chain.nodes[i, s] - highest)
            for h in range(n_before + 1):
                share += arrived[h, s] * follow[h, s]
                follow[h, s] *= here
            node_shares[i, s] = factor * share
        amount = onward + highest - log_total
        peak = _return(chain, i, prefix, scale, amount, follow, suffix, move_counts)
        if peak > 0:
            scale_after[i] = onward + highest + np.log(peak)
            for h in range(n_before):
                for s in range(n_states):
                    suffix[_pair(chain, low + h, i), s] /= peak


@numba.njit(inline="always")
def _unit_after(chain, i, scale_after):  # type: ignore[no-untyped-def]
    """The log of the largest unit of what may follow beat i."""
    onward = chain.end[i]
    for pair in range(chain.first_pair[i], chain.first_pair[i + 1]):
        onward = max(onward, chain.pairs[pair] + scale_after[chain.first_end[i] + pair - chain.first_pair[i]])
    return onward


@numba.njit(inline="always")
def _follow(  # type: ignore[no-untyped-def]
    chain, i, onward, factor, suffix, scale_after, arrived, follow, pair_shares, tempo_counts
):
    """What follows beat i by the beat before it (last row: none); adds up the shares of pairs and tempo ratios."""
    low, ended = chain.begins[i, 0], np.exp(chain.end[i] - onward)
    n_before, n_states = chain.begins[i, 1] - low, arrived.shape[1]
    for h in range(n_before + 1):
        for s in range(n_states):
            follow[h, s] = ended if h < n_before else 0.0
    for pair in range(chain.first_pair[i], chain.first_pair[i + 1]):
        k = chain.first_end[i] + pair - chain.first_pair[i]
        share = np.exp(chain.pairs[pair] + scale_after[k] - onward)
        if share == 0.0:
            continue
        through = 0.0
        for s in range(n_states):
            follow[n_before, s] += share * suffix[pair, s]
            through += arrived[n_before, s] * share * suffix[pair, s]
        for h in range(n_before):
            bin_ = _bin(chain.log_period[pair] - chain.log_period[_pair(chain, low + h, i)])
            weight, count = share * chain.tempo[bin_], 0.0
            for s in range(n_states):
                follow[h, s] += weight * suffix[pair, s]
                count += arrived[h, s] * weight * suffix[pair, s]
            through += count
            tempo_counts[bin_] += count * factor
        pair_shares[pair] = through * factor


@numba.njit(inline="always")
def _return(chain, i, prefix, scale, amount, follow, suffix, move_counts):  # type: ignore[no-untyped-def]
    """Fill the rows of `suffix` of the pairs that end at i, returns their maximum; adds up transitions."""
    low, peak = chain.begins[i, 0], 0.0
    n_states = follow.shape[1]
    for h in range(chain.begins[i, 1] - low):
        before = _pair(chain, low + h, i)
        lift = np.exp(scale[low + h] + chain.pairs[before] + amount)
        for r in range(n_states):
            total = 0.0
            for s in range(n_states):
                x = chain.moves[r, s] * follow[h, s]
                total += x
                move_counts[r, s] += lift * prefix[before, r] * x
            suffix[before, r] = total
            peak = max(peak, total)
    return peak
