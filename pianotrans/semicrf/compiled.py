"""The recursions of `recursion` compiled for the CPU, for scores in float32.

The time goes into one exponential per interval, which is written so that it is computed for a vector of them.
"""

import math

import numba
import numpy as np

from pianotrans.compiling import compiled

# The parts of fast-math that let sums be vectorised: -inf keeps its meaning, NaN never occurs.
FAST_SUM = {"nnan", "nsz", "reassoc", "contract"}
_FAST_EXP = {"nnan", "nsz", "contract"}
LANES = 16  # maxima are not vectorised by themselves: this many are kept side by side
NO_CHANCE = 35.0  # e^-35 is the rounding of float64: such a part of a sum does not change it
_FLUSHED = 1e-18  # probabilities up to here count as none: numbers near the end of float32 are slow
_f32, _i32 = np.float32, np.int32


@numba.njit(inline="always", fastmath=_FAST_EXP)
def exp(x):  # type: ignore[no-untyped-def]
    """The exponential for x ≤ 0 or a little above, to 2e-7; below -40 it stays at 4e-18.

    x = n·ln 2 + r with |r| ≤ ln 2 / 2 (the conversion rounds towards zero), a polynomial for exp(r), and 2^n by
    writing its exponent bits.
    """
    x = max(x, _f32(-40.0))
    n = _i32(x * _f32(1.44269504) - _f32(0.5))
    r = x - _f32(n) * _f32(0.693359375)  # ln 2 in two parts
    r = r - _f32(n) * _f32(-2.12194440e-4)
    p = _f32(1 / 5040)
    p = p * r + _f32(1 / 720)
    p = p * r + _f32(1 / 120)
    p = p * r + _f32(1 / 24)
    p = p * r + _f32(1 / 6)
    p = p * r + _f32(1 / 2)
    p = p * r * r + r + _f32(1.0)
    return p * _i32(_i32(n + _i32(127)) << _i32(23)).view(np.float32)


@numba.njit(inline="always", fastmath=_FAST_EXP)
def highest(values, n, lanes):  # type: ignore[no-untyped-def]
    """The maximum of the first n values, -inf for none; `lanes` is room for `LANES` numbers."""
    lanes[:] = -np.inf
    whole = n - n % LANES
    for start in range(0, whole, LANES):
        for lane in range(LANES):
            lanes[lane] = max(lanes[lane], values[start + lane])
    most = -np.inf
    for lane in range(LANES):
        most = max(most, lanes[lane])
    for j in range(whole, n):
        most = max(most, values[j])
    return most


@numba.njit(inline="always")
def n_near(values, n, least, lanes):  # type: ignore[no-untyped-def]
    """How many of the first n values are left when blocks of nothing but lesser ones are cut off the end."""
    while n >= LANES and highest(values[n - LANES :], LANES, lanes) < least:
        n -= LANES
    return n


@compiled(fastmath=FAST_SUM)
def extend_suffix(strip, suffix, reach, bonus, first, lengths, log_cut):  # type: ignore[no-untyped-def]
    """As `recursion.extend_suffix`."""
    n_tracks, n_rows, n_columns = strip.shape
    moves, lanes = np.empty(n_columns), np.empty(LANES)
    for n in range(n_tracks):
        furthest = n_rows
        for i in range(n_rows - 1, -1, -1):
            t, n_ends = first + i, n_columns - i - 1
            if n_ends == 0:
                suffix[n, t] = bonus[n, t]
                continue
            row, rest = strip[n, i, i + 1 :], suffix[n, t + 1 :]
            for j in range(n_ends):
                moves[j] = row[j] * lengths[j + 1] + rest[j]
            peak = max(highest(moves, n_ends, lanes), rest[0])
            n_ends = n_near(moves, n_ends, peak - NO_CHANCE, lanes)
            total = _f32(0)
            for j in range(n_ends):
                total += exp(_f32(moves[j] - peak))
            onward = peak + math.log(total + math.exp(rest[0] - peak))
            suffix[n, t] = bonus[n, t] + onward
            j = n_ends - 1
            while i + 1 + j >= furthest and moves[j] - onward <= log_cut:
                j -= 1
            furthest = max(furthest, i + j + 2)
        reach[n] = furthest


@compiled(fastmath=FAST_SUM)
def pass_on(strip, visited, suffix, onward, lengths):  # type: ignore[no-untyped-def]
    """As `recursion.pass_on`."""
    n_tracks, n_rows, n_columns = strip.shape
    n_frames = suffix.shape[1]
    for n in range(n_tracks):
        for i in range(n_rows):
            n_ends = n_columns - i - 1
            strip[n, i, : i + 1] = 0
            if i == n_frames - 1:
                continue
            row, rest, flow = strip[n, i, i + 1 :], suffix[n, i + 1 :], visited[n, i + 1 :]
            total = _f32(0)
            for j in range(n_ends):
                row[j] = exp(_f32(row[j] * lengths[j + 1] + rest[j] - onward[n, i]))
                total += row[j]
            gap = math.exp(rest[0] - onward[n, i])
            share = visited[n, i] / (total + gap)
            flow[0] += share * gap
            factor = _f32(share) if share > _FLUSHED else _f32(0)
            for j in range(n_ends):
                passed = row[j] * factor
                row[j] = passed if passed > _FLUSHED else _f32(0)
                flow[j] += row[j]
