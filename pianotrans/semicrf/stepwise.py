"""Decoding step by step: at every frame the likelier of something that begins there and nothing (README §6).

The best path is a single labelling, with its end frames. Where ends are in doubt, as they are under a sustained
pedal, many labellings share the probability of a note, and one without it may have more than each of them. Here
the ends are summed over before a begin is decided upon, and chosen afterwards, by how much lies about them.
Compiled, for scores on the CPU; `stepwise_torch` does the same on any device. Axes: N tracks, T frames.
"""

from collections.abc import Iterator

import numpy as np

from pianotrans.compiling import compiled
from pianotrans.semicrf.chances import Chances
from pianotrans.semicrf.confidence import Confidence, ConfidenceSums
from pianotrans.semicrf.scores import IntervalScores
from pianotrans.semicrf.tiles import Tile, frame_lengths, over_tiles, singletons
from pianotrans.semicrf.viterbi import BestMoves

# The tolerance of mir_eval: 50 ms, which are two frames of the models, or 20 % of the true duration. So the true
# end may lie up to a quarter of the chosen duration behind the chosen end, and a sixth before it.
TOLERANCE = 2
DURATIONS_BEHIND, DURATIONS_BEFORE = 4, 6
NEARLY_BEST = 0.02  # of the probability


def decode_stepwise(scores: IntervalScores) -> BestMoves:
    """The likeliest move from every frame that a path visits; O(N · T²) time.

    From a frame on, the probability that the next move is a gap is that of all labellings that have one there. If
    it is at least one half, the gap is taken, else an interval that begins there, to the end with the most
    probability within tolerance. Of ends that are as good within two hundredths, it is the nearest to the median
    of what the best one has about it: where the end is certain, that end is chosen and not a neighbour.
    """
    return _decode(scores, None)


def decode_stepwise_with_confidence(scores: IntervalScores) -> tuple[BestMoves, Confidence]:
    """Moves as by `decode_stepwise`, and how probable they are; little more time."""
    sums = ConfidenceSums(scores.n_tracks, scores.n_frames)
    return _decode(scores, sums), sums.confidence()


def _decode(scores: IntervalScores, sums: ConfidenceSums | None) -> BestMoves:
    moves = BestMoves.nothing(scores.n_tracks, scores.n_frames)
    singleton, lengths = singletons(scores), frame_lengths(scores)
    moves.has_singleton[:] = singleton > 0

    def decode_some(tracks: slice, tiles: Iterator[Tile]) -> None:
        chances = Chances(singleton[tracks])
        for first, tile in tiles:
            chances.extend(tile, first, lengths)
        _choose_moves(*chances.arrays, moves.next_frame[tracks], moves.is_interval[tracks])
        if sums is not None:
            sums.pass_on(tracks, chances, moves.arrays)

    over_tiles(decode_some, scores)
    return moves


# Arguments as in `Chances.arrays`; fills in where an interval is the likelier move.
@compiled()
def _choose_moves(gap, _, rows, ends, interval, next_frame, is_interval):  # type: ignore[no-untyped-def]
    n_tracks, n_frames = gap.shape
    until = np.empty(n_frames + 1)
    for n in range(n_tracks):
        for t in range(n_frames - 1):
            if gap[n, t] < 0.5:
                _add_up_ends(t, rows[n], ends, interval, until)
                next_frame[n, t], is_interval[n, t] = _choose_end(t, until), True


# until[e]: the probability, upon a visit to a frame, of an interval from there that ends before frame e. Where it
# is in doubt in which of two frames something begins, an interval of one frame with another behind it is a likely
# reading. No key is struck again so soon: the end of the second is the end of the first.
@compiled()
def _add_up_ends(begin, rows, ends, interval, until):  # type: ignore[no-untyped-def]
    until[:] = 0
    probability = until[1:]
    for k in range(rows[begin, 0], rows[begin, 1]):
        probability[ends[k]] = interval[k]
    at_once, again = probability[begin + 1], 0.0
    for k in range(rows[begin + 1, 0], rows[begin + 1, 1]):
        probability[ends[k]] += at_once * interval[k]
        again += interval[k]
    probability[begin + 1] = at_once * (1 - again)
    for e in range(begin + 1, len(probability)):
        probability[e] += probability[e - 1]


@compiled()
def _choose_end(begin, until):  # type: ignore[no-untyped-def]
    most, half = -1.0, 0.0
    for e in range(begin + 1, len(until) - 1):
        before, through = _around(begin, e, until)
        if through - before > most:
            most, half = through - before, (before + through) / 2
    median = int(np.searchsorted(until[1:], half))
    chosen, distance = begin + 1, len(until)
    for e in range(begin + 1, len(until) - 1):
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
