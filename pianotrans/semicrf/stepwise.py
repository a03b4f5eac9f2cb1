"""Decoding step by step: at every frame the likelier of something that begins there and nothing (README §6).

The best path is a single labelling, with its end frames. Where ends are in doubt, as they are under a sustained
pedal, many labellings share the probability of a note, and one without it may have more than each of them. Here
the ends are summed over before a begin is decided upon, and chosen afterwards, by how much lies about them.
Compiled, for scores on the CPU; `stepwise_torch` does the same on any device. Axes: N tracks, T frames.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pianotrans.compiling import compiled
from pianotrans.semicrf.chances import Chances
from pianotrans.semicrf.confidence import Confidence, ConfidenceSums
from pianotrans.semicrf.scores import IntervalScores
from pianotrans.semicrf.tiles import Tile, frame_lengths, over_tiles, singletons
from pianotrans.semicrf.viterbi import BestMoves

Integers = NDArray[np.int64]

# The tolerance of mir_eval: 50 ms, which are two frames of the models, or 20 % of the true duration. So the true
# end may lie up to a quarter of the chosen duration behind the chosen end, and a sixth before it.
TOLERANCE = 2
DURATIONS_BEHIND, DURATIONS_BEFORE = 4, 6
NEARLY_BEST = 0.02  # of the probability


def decode_stepwise(scores: IntervalScores, begin_frames: Integers | None = None) -> BestMoves:
    """The likeliest move from every frame that a path visits; O(N · T²) time.

    From a frame on, the probability that the next move is a gap is that of all labellings that have one there. If
    it is at least one half, the gap is taken, else an interval that begins there, to the end with the most
    probability within tolerance. Of ends that are as good within two hundredths, it is the nearest to the median
    of what the best one has about it: where the end is certain, that end is chosen and not a neighbour.

    `begin_frames` (N,) says of each track in how many frames a begin counts as the same one, if not in 1: then an
    interval begins if that is likelier than not in any of them, in their median. It lasts that long at least, and
    there are no singletons.
    """
    return _decode(scores, _or_ones(begin_frames, scores.n_tracks), None)


def decode_stepwise_with_confidence(
    scores: IntervalScores, begin_frames: Integers | None = None
) -> tuple[BestMoves, Confidence]:
    """Moves as by `decode_stepwise`, and how probable they are; little more time."""
    sums = ConfidenceSums(scores.n_tracks, scores.n_frames)
    return _decode(scores, _or_ones(begin_frames, scores.n_tracks), sums), sums.confidence()


def find_begins(gap: NDArray[np.float64], begin_frames: Integers) -> NDArray[np.bool_]:
    """Where an interval begins, (N, T), given the probability of the gap at each frame; see `decode_stepwise`."""
    begins = np.zeros(gap.shape, np.bool_)
    _find_begins(gap, begin_frames, begins)
    return begins


def _or_ones(begin_frames: Integers | None, n_tracks: int) -> Integers:
    return np.ones(n_tracks, np.int64) if begin_frames is None else begin_frames


def _decode(scores: IntervalScores, begin_frames: Integers, sums: ConfidenceSums | None) -> BestMoves:
    moves = BestMoves.nothing(scores.n_tracks, scores.n_frames)
    singleton, lengths = singletons(scores), frame_lengths(scores)
    moves.has_singleton[:] = (singleton > 0) & (begin_frames[:, None] == 1)

    def decode_some(tracks: slice, tiles: Iterator[Tile]) -> None:
        chances = Chances(singleton[tracks])
        for first, tile in tiles:
            chances.extend(tile, first, lengths)
        begins = find_begins(chances.gap, begin_frames[tracks])
        moves.is_interval[tracks] = begins
        _choose_ends(*chances.intervals, begin_frames[tracks], begins, moves.next_frame[tracks])
        if sums is not None:
            sums.pass_on(tracks, chances, moves.arrays)

    over_tiles(decode_some, scores)
    return moves


@compiled()
def _find_begins(gap, begin_frames, begins):  # type: ignore[no-untyped-def]
    n_tracks, n_frames = gap.shape
    for n in range(n_tracks):
        for t in range(n_frames - 1):
            stop = min(t + begin_frames[n], n_frames - 1)
            nothing = np.prod(gap[n, t:stop])
            if nothing < 0.5 and not begins[n, t:stop].any():
                begins[n, _median_begin(gap[n], t, nothing)] = True


# The frame from t on up to which an interval has begun in half of all cases in which one does so soon.
@compiled()
def _median_begin(gap, t, nothing_soon):  # type: ignore[no-untyped-def]
    nothing = gap[t]
    while nothing > (1 + nothing_soon) / 2:
        t += 1
        nothing *= gap[t]
    return t


# Arguments as in `Chances.intervals`; fills in where the intervals that begin somewhere end.
@compiled()
def _choose_ends(rows, ends, interval, begin_frames, begins, next_frame):  # type: ignore[no-untyped-def]
    n_tracks, n_frames = begins.shape
    until = np.empty(n_frames + 1)
    for n in range(n_tracks):
        for t in np.flatnonzero(begins[n]):
            _add_up_ends(t, begin_frames[n], rows[n], ends, interval, until)
            next_frame[n, t] = _choose_end(t, begin_frames[n], until)


# until[e]: the probability, upon a visit to a frame, of an interval from there that ends before frame e. Where it
# is in doubt in which of some frames something begins, a short interval with another behind it is a likely reading.
# No key is struck again so soon: the end of the second is the end of the first.
@compiled()
def _add_up_ends(begin, n_begin, rows, ends, interval, until):  # type: ignore[no-untyped-def]
    until[:] = 0
    probability = until[1:]
    for k in range(rows[begin, 0], rows[begin, 1]):
        probability[ends[k]] = interval[k]
    for soon in range(begin + 1, min(begin + 1 + n_begin, len(probability))):
        at_once, again = probability[soon], 0.0
        for k in range(rows[soon, 0], rows[soon, 1]):
            probability[ends[k]] += at_once * interval[k]
            again += interval[k]
        probability[soon] = at_once * (1 - again)
    for e in range(begin + 1, len(probability)):
        probability[e] += probability[e - 1]


@compiled()
def _choose_end(begin, least_length, until):  # type: ignore[no-untyped-def]
    n_frames = len(until) - 1
    soonest = min(begin + least_length, n_frames - 1)
    most, half = -1.0, 0.0
    for e in range(soonest, n_frames):
        before, through = _around(begin, e, until)
        if through - before > most:
            most, half = through - before, (before + through) / 2
    median = int(np.searchsorted(until[1:], half))
    chosen, distance = soonest, len(until)
    for e in range(soonest, n_frames):
        before, through = _around(begin, e, until)
        if through - before >= most - NEARLY_BEST and abs(e - median) < distance:
            chosen, distance = e, abs(e - median)
    return chosen


# The probability of the ends before those within tolerance of an end, and of those before and within it.
@compiled()
def _around(begin, end, until):  # type: ignore[no-untyped-def]
    length = end - begin
    first = end - max(length // DURATIONS_BEFORE, TOLERANCE)
    stop = end + max(length // DURATIONS_BEHIND, TOLERANCE) + 1
    return until[max(first, 0)], until[min(stop, len(until) - 1)]
