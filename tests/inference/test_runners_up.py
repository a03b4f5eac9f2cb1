"""What else a segment may hold, on posteriors that are made up."""

import numpy as np

from pianotrans.events import Note
from pianotrans.inference.runners_up import choose_candidates, find_runners_up
from pianotrans.semicrf import Confidence, LikelyIntervals

N_FRAMES = 100


def confidence(*intervals: tuple[int, int, int, float]) -> Confidence:
    """A posterior in which these intervals (track, begin, end) have these probabilities, and no others any."""
    table = np.array([interval[:3] for interval in intervals], np.int32)
    probability = np.array([interval[3] for interval in intervals], np.float32)
    begin = np.zeros((3, N_FRAMES), np.float32)
    for (track, frame, _), p in zip(table, probability, strict=True):
        begin[track, frame - 1 : frame + 2] += p
    nothing = np.zeros((3, N_FRAMES), np.float32)
    return Confidence(nothing, nothing, begin, likely=LikelyIntervals.of([(0, table, probability)]))


def path(*intervals: tuple[int, int, int]) -> np.ndarray:
    return np.array(intervals, np.int64).reshape(-1, 3)


def test_other_ends_are_the_best_of_each_side_and_improbable_ones_are_left_out():
    known = confidence((0, 10, 30, 0.5), (0, 10, 20, 0.1), (0, 11, 21, 0.1), (0, 10, 15, 0.15), (0, 10, 50, 0.04))
    found = find_runners_up(known, path((0, 10, 30)))
    assert found.other_ends.tolist() == [[0, 10, 20]]
    assert found.row.tolist() == [0]
    assert found.other_probability.tolist() == [np.float32(0.2)]
    assert found.candidates.tolist() == []


def test_candidates_begin_where_nothing_was_decoded_and_do_not_overlap_each_other():
    known = confidence(
        (0, 10, 30, 0.6),
        (0, 12, 30, 0.3),  # the same onset, two frames later
        (1, 10, 30, 0.3),
        (1, 20, 40, 0.2),  # begins while a more probable one sounds
        (1, 30, 40, 0.1),
        (1, 60, 70, 0.04),
        (2, 5, 5, 0.2),
    )
    found = find_runners_up(known, path((0, 10, 30)))
    assert found.candidates.tolist() == [[1, 10, 30], [1, 30, 40], [2, 5, 5]]
    np.testing.assert_allclose(found.probability, [0.3, 0.1, 0.2], atol=1e-6)


def test_candidates_fit_between_the_onsets_of_their_key():
    notes = (Note(1, 2, 60, 64), Note(3, 4, 60, 64))
    struck_again, with_it, rounded, across, elsewhere = (
        Note(1.5, 2.5, 60, 64),
        Note(1.04, 2, 60, 64),
        Note(2.5, 3.02, 60, 64),
        Note(2.5, 3.5, 60, 64),
        Note(1, 2, 61, 64),
    )
    chosen = choose_candidates((struck_again, with_it, rounded, across, elsewhere), notes)
    assert chosen == (struck_again, Note(2.5, 3, 60, 64), elsewhere)
