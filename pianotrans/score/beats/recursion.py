"""The recursions over a lattice of beats, compiled: best path, log partition and marginals.

Both walk over the pairs that end at a moment i and those that begin there; with H of the one, K of the other and S
states a moment costs H·K·S. Sums are taken in the linear domain in float64, in units of a scale per moment.
"""

import numba
import numpy as np

from pianotrans.score.beats.lattice import (
    N_TEMPO_STEPS,
    TEMPO_STEP,
    BeatMarginals,
    BeatPath,
    Lattice,
)


def best_path(lattice: Lattice) -> BeatPath | None:
    """The way with the highest score; None if every way is forbidden. Ways have two beats or more."""
    index = lattice.pairs_index
    found = _best_path(
        index.first_pair,
        index.first_end,
        index.log_period,
        lattice.nodes,
        lattice.pairs,
        lattice.tempo,
        lattice.transitions,
        lattice.start,
        lattice.end,
        lattice.first_states,
    )
    moments, states, score = found
    return BeatPath(moments, states, score) if np.isfinite(score) else None


def sum_paths(lattice: Lattice) -> BeatMarginals | None:
    """The log partition and the marginals; None if every way is forbidden."""
    index = lattice.pairs_index
    log_partition, nodes, pairs, tempo, transitions = _sum_paths(
        index.first_pair,
        index.first_end,
        index.log_period,
        lattice.nodes,
        lattice.pairs,
        lattice.tempo,
        lattice.transitions,
        lattice.start,
        lattice.end,
        lattice.first_states,
    )
    if not np.isfinite(log_partition):
        return None
    return BeatMarginals(log_partition, nodes, pairs, tempo, transitions)


@numba.njit(inline="always")
def _bin(log_ratio):  # type: ignore[no-untyped-def]
    """As `lattice.tempo_bin`."""
    bin_ = int(np.floor(log_ratio / TEMPO_STEP + 0.5)) + N_TEMPO_STEPS
    return min(max(bin_, 0), 2 * N_TEMPO_STEPS)


@numba.njit(cache=True, nogil=True)
def _first_begins(first_pair, first_end):  # type: ignore[no-untyped-def]
    """For every moment the range of moments that pairs to it begin at, (n_moments, 2)."""
    n = len(first_end)
    ranges = np.zeros((n, 2), dtype=np.int64)
    low, high = 0, 0
    for i in range(n):
        while low < i and first_end[low] + first_pair[low + 1] - first_pair[low] <= i:
            low += 1
        while high < i and first_end[high] <= i:
            high += 1
        ranges[i, 0], ranges[i, 1] = low, max(low, high)
    return ranges


@numba.njit(cache=True, nogil=True)
def _best_path(  # type: ignore[no-untyped-def]
    first_pair, first_end, log_period, nodes, pairs, tempo, transitions, start, end, first_states
):
    n_moments, n_states = nodes.shape
    begins = _first_begins(first_pair, first_end)
    best = np.full((len(pairs), n_states), -np.inf)  # of ways up to a pair, in the state of its first beat
    from_begin = np.full((len(pairs), n_states), -1, dtype=np.int32)  # the beat before; -1: there is none
    from_state = np.zeros((len(pairs), n_states), dtype=np.int16)
    top, top_pair, top_state, top_before = -np.inf, -1, -1, -1
    most = 0
    for i in range(n_moments):
        most = max(most, begins[i, 1] - begins[i, 0])
    arrived = np.empty((most, n_states))
    arrived_from = np.empty((most, n_states), dtype=np.int16)
    for i in range(n_moments):
        low, n_before = begins[i, 0], begins[i, 1] - begins[i, 0]
        for h in range(n_before):
            begin = low + h
            pair = first_pair[begin] + i - first_end[begin]
            for s in range(n_states):
                value, source = -np.inf, -1
                for r in range(n_states):
                    x = best[pair, r] + transitions[r, s]
                    if x > value:
                        value, source = x, r
                arrived[h, s] = value + nodes[i, s]
                arrived_from[h, s] = source
                total = arrived[h, s] + end[i]
                if total > top:
                    top, top_pair, top_state, top_before = total, pair, s, source
        for pair in range(first_pair[i], first_pair[i + 1]):
            if pairs[pair] == -np.inf:
                continue
            for s in range(n_states):
                best[pair, s] = start[i] + nodes[i, s] + first_states[s]
            for h in range(n_before):
                before = first_pair[low + h] + i - first_end[low + h]
                bonus = tempo[_bin(log_period[pair] - log_period[before])]
                for s in range(n_states):
                    x = arrived[h, s] + bonus
                    if x > best[pair, s]:
                        best[pair, s] = x
                        from_begin[pair, s] = low + h
                        from_state[pair, s] = arrived_from[h, s]
            for s in range(n_states):
                best[pair, s] += pairs[pair]
    moments, states = [0], [0]
    moments.pop()
    states.pop()
    if top_pair < 0:
        return np.array(moments, dtype=np.int64), np.array(states, dtype=np.int64), -np.inf
    begin = np.searchsorted(first_pair, top_pair, side="right") - 1
    last = first_end[begin] + top_pair - first_pair[begin]
    moments.append(last)
    states.append(top_state)
    pair, state = top_pair, top_before
    while True:
        moments.append(begin)
        states.append(state)
        before, state_before = from_begin[pair, state], from_state[pair, state]
        if before < 0:
            break
        pair = first_pair[before] + begin - first_end[before]
        begin, state = before, state_before
    return np.array(moments[::-1], dtype=np.int64), np.array(states[::-1], dtype=np.int64), top


@numba.njit(cache=True, nogil=True)
def _sum_paths(  # type: ignore[no-untyped-def]
    first_pair, first_end, log_period, nodes, pairs, tempo, transitions, start, end, first_states
):
    n_moments, n_states = nodes.shape
    begins = _first_begins(first_pair, first_end)
    move = np.exp(transitions)
    ratio = np.exp(tempo)
    first = np.exp(first_states)
    most = 0
    for i in range(n_moments):
        most = max(most, begins[i, 1] - begins[i, 0])
    # prefix[p, s]: ways up to the pair p, its own potential left out, in the state s of its first beat; in units of
    # exp(scale[first beat]). suffix[p, s]: ways onwards from it, its own potential left out, in units of
    # exp(scale_after[second beat]).
    prefix = np.zeros((len(pairs), n_states))
    scale = np.full(n_moments, -np.inf)
    arrived = np.empty((most + 1, n_states))
    log_total = -np.inf
    for i in range(n_moments):
        n_before, unit = _arrive(
            i, begins, first_pair, first_end, pairs, prefix, scale, move, nodes, start, first, arrived
        )
        if unit == -np.inf:
            continue
        if end[i] > -np.inf:
            total = 0.0
            for h in range(n_before):
                for s in range(n_states):
                    total += arrived[h, s]
            if total > 0:
                log_total = np.logaddexp(log_total, np.log(total) + unit + end[i])
        peak = 0.0
        for pair in range(first_pair[i], first_pair[i + 1]):
            for s in range(n_states):
                prefix[pair, s] = arrived[n_before, s]
            for h in range(n_before):
                before = first_pair[begins[i, 0] + h] + i - first_end[begins[i, 0] + h]
                weight = ratio[_bin(log_period[pair] - log_period[before])]
                for s in range(n_states):
                    prefix[pair, s] += weight * arrived[h, s]
            for s in range(n_states):
                peak = max(peak, prefix[pair, s])
        if peak > 0:
            for pair in range(first_pair[i], first_pair[i + 1]):
                for s in range(n_states):
                    prefix[pair, s] /= peak
            scale[i] = unit + np.log(peak)

    node_shares = np.zeros((n_moments, n_states))
    pair_shares = np.zeros(len(pairs))
    tempo_counts = np.zeros(len(tempo))
    move_counts = np.zeros((n_states, n_states))
    if log_total == -np.inf:
        return log_total, node_shares, pair_shares, tempo_counts, move_counts

    suffix = np.zeros((len(pairs), n_states))
    scale_after = np.full(n_moments, -np.inf)
    for i in range(n_moments - 1, -1, -1):
        n_before, unit = _arrive(
            i, begins, first_pair, first_end, pairs, prefix, scale, move, nodes, start, first, arrived
        )
        low = begins[i, 0]
        # the largest unit of what follows
        onward = end[i]
        for pair in range(first_pair[i], first_pair[i + 1]):
            k = first_end[i] + pair - first_pair[i]
            if pairs[pair] > -np.inf:
                onward = max(onward, pairs[pair] + scale_after[k])
        if onward == -np.inf:
            continue
        known = unit > -np.inf
        factor = np.exp(unit + onward - log_total) if known else 0.0
        follow = np.zeros((n_before + 1, n_states))  # what follows beat i, by the beat before it
        for h in range(n_before):
            for s in range(n_states):
                follow[h, s] = np.exp(end[i] - onward)
        for pair in range(first_pair[i], first_pair[i + 1]):
            k = first_end[i] + pair - first_pair[i]
            share = np.exp(pairs[pair] + scale_after[k] - onward) if scale_after[k] > -np.inf else 0.0
            if share == 0.0:
                continue
            through = 0.0
            for s in range(n_states):
                x = share * suffix[pair, s]
                follow[n_before, s] += x
                through += arrived[n_before, s] * x
            for h in range(n_before):
                before = first_pair[low + h] + i - first_end[low + h]
                bin_ = _bin(log_period[pair] - log_period[before])
                weight = ratio[bin_]
                count = 0.0
                for s in range(n_states):
                    x = weight * share * suffix[pair, s]
                    follow[h, s] += x
                    count += arrived[h, s] * x
                through += count
                tempo_counts[bin_] += count * factor
            pair_shares[pair] = through * factor
        if known:
            for h in range(n_before + 1):
                for s in range(n_states):
                    node_shares[i, s] += arrived[h, s] * follow[h, s] * factor
        # suffixes of the pairs that end here
        peak = 0.0
        emitted = np.exp(nodes[i] - nodes[i].max()) if nodes[i].max() > -np.inf else np.zeros(n_states)
        for h in range(n_before):
            before = first_pair[low + h] + i - first_end[low + h]
            for r in range(n_states):
                x = 0.0
                for s in range(n_states):
                    x += move[r, s] * emitted[s] * follow[h, s]
                suffix[before, r] = x
                peak = max(peak, x)
        if peak == 0.0:
            continue
        scale_after[i] = onward + nodes[i].max() + np.log(peak)
        for h in range(n_before):
            before = first_pair[low + h] + i - first_end[low + h]
            begin = low + h
            lift = scale[begin] + pairs[before] + onward + nodes[i].max() - log_total
            amount = np.exp(lift) if scale[begin] > -np.inf and pairs[before] > -np.inf else 0.0
            for r in range(n_states):
                for s in range(n_states):
                    move_counts[r, s] += prefix[before, r] * move[r, s] * emitted[s] * follow[h, s] * amount
                suffix[before, r] /= peak
    return log_total, node_shares, pair_shares, tempo_counts, move_counts


@numba.njit(cache=True, nogil=True)
def _arrive(  # type: ignore[no-untyped-def]
    i, begins, first_pair, first_end, pairs, prefix, scale, move, nodes, start, first, arrived
):
    """Ways up to beat i by the beat before it, rows of `arrived` in the order of `begins`; in the row behind them the
    ways that begin with i. Returns how many rows are before that one, and the log of their unit.
    """
    n_states = nodes.shape[1]
    low, n_before = begins[i, 0], begins[i, 1] - begins[i, 0]
    highest = nodes[i].max()
    unit = start[i]
    for h in range(n_before):
        before = first_pair[low + h] + i - first_end[low + h]
        unit = max(unit, scale[low + h] + pairs[before])
    if unit == -np.inf or highest == -np.inf:
        arrived[: n_before + 1] = 0.0
        return n_before, -np.inf
    for h in range(n_before):
        before = first_pair[low + h] + i - first_end[low + h]
        share = np.exp(scale[low + h] + pairs[before] - unit)
        for s in range(n_states):
            x = 0.0
            if share > 0:
                for r in range(n_states):
                    x += prefix[before, r] * move[r, s]
            arrived[h, s] = x * share * np.exp(nodes[i, s] - highest)
    for s in range(n_states):
        arrived[n_before, s] = np.exp(start[i] - unit) * first[s] * np.exp(nodes[i, s] - highest)
    return n_before, unit + highest
