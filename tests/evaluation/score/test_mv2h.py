"""MV2H against its authors' own figures, and against values worked out by hand."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.evaluation.score.mv2h import (
    HeldKey,
    Mv2h,
    TimedScore,
    ValuedNote,
    compute_mv2h,
    key_agreement,
    match_groupings,
)

Row = tuple[int, float, float, str]  # key, begin and end in seconds, voice


G_MAJOR = (HeldKey(0.0, 1, "major"),)


def timed(rows: list[Row], groupings_s=(), keys=G_MAJOR, end_s: float = 12.0) -> TimedScore:
    notes = [
        ValuedNote(key, begin_s, Fraction(begin_s), Fraction(end_s), end_s - begin_s, voice)
        for key, begin_s, end_s, voice in rows
    ]
    return TimedScore(tuple(notes), np.array(groupings_s, dtype=float).reshape(-1, 2), tuple(keys), end_s)


def bars(n_beats: int, n_parts: int, bar_s: float = 3.0, n_bars: int = 4) -> list[tuple[float, float]]:
    """Groupings of equal bars, their beats and the parts of beats."""
    return [
        (i * length_s, (i + 1) * length_s)
        for length_s in (bar_s, bar_s / n_beats, bar_s / n_beats / n_parts)
        for i in range(round(n_bars * bar_s / length_s))
    ]


def line(voice: str, start_s: float, *notes: tuple[int, float]) -> list[Row]:
    """Notes (key, seconds) that follow one another; key 0 is a rest."""
    rows: list[Row] = []
    for key, seconds in notes:
        if key:
            rows.append((key, start_s, start_s + seconds, voice))
        start_s += seconds
    return rows


# Four bars of Petzold's Minuet in G: the example in the README of the authors' program, with its results for two
# transcriptions, which are described here by what they change.
BASS = line("0", 0, (55, 2), (57, 1), (59, 3), (60, 3), (59, 3))
CHORD = [(59, 0.0, 2.0, "1"), (62, 0.0, 2.0, "2")]
MELODY = line(
    "3",
    0,
    *((74, 1), (67, 0.5), (69, 0.5), (71, 0.5), (72, 0.5), (74, 1), (67, 1), (67, 1)),
    *((76, 1), (72, 0.5), (74, 0.5), (76, 0.5), (77, 0.5), (79, 1), (67, 1), (67, 1)),
)
MINUET = timed(BASS + CHORD + MELODY, bars(3, 2))


def changed(row: Row) -> list[Row]:
    """What the first transcription makes of a note: three are missing, five too long or short, one is elsewhere."""
    key, begin_s, end_s, voice = row
    if (key, begin_s) in {(67, 1), (72, 7), (67, 11)}:
        return []
    ends_s = {(74, 0): 1.5, (67, 4): 6, (76, 6): 7.5, (67, 10): 12, (59, 3): 4.5, (60, 6): 7.5}
    return [(key, begin_s, ends_s.get((key, begin_s), end_s), "0" if (key, begin_s) == (67, 5) else voice)]


def test_the_first_example_of_the_authors():
    rows = [new for row in BASS + CHORD + MELODY for new in changed(row)]
    scores = compute_mv2h(MINUET, timed(rows, bars(2, 3)))
    assert scores.multi_pitch == pytest.approx(0.9302325581395349)
    assert scores.voice == pytest.approx(0.8125)
    assert scores.meter == pytest.approx(0.7368421052631577)
    assert scores.value == pytest.approx(0.9642857142857143)
    assert scores.harmony == 1
    assert scores.mean == pytest.approx(0.8887720755376813)


def test_the_second_example_of_the_authors():
    missing = {(55, 0), (62, 0)}
    keys = {(57, 2): 64, (59, 9): 47, (67, 1): 79, (79, 9): 71}
    rows = [
        (keys.get((key, begin_s), key), begin_s, end_s, voice)
        for key, begin_s, end_s, voice in BASS + CHORD + MELODY
        if (key, begin_s) not in missing
    ]
    scores = compute_mv2h(MINUET, timed(rows, bars(3, 2), [HeldKey(0.0, 2, "major")]))
    assert scores.multi_pitch == pytest.approx(0.7727272727272727)
    assert (scores.voice, scores.meter, scores.value, scores.harmony) == (1, 1, 1, 0.5)
    assert scores.mean == pytest.approx(0.8545454545454545)


def test_a_score_agrees_with_itself():
    assert compute_mv2h(MINUET, MINUET) == Mv2h(1, 1, 1, 1, 1)


def test_nothing_is_found():
    nothing = timed([], [], [])
    assert compute_mv2h(MINUET, nothing) == Mv2h(0, 0, 0, 0, 0)
    assert compute_mv2h(nothing, MINUET) == Mv2h(0, 0, 0, 0, None)
    assert compute_mv2h(nothing, nothing).mean == 0


def test_clusters_weigh_as_much_as_single_notes():
    # Truth: a chord of two, then one note. The estimate puts one note of the chord into another voice.
    truth = timed([(60, 0, 1, "a"), (64, 0, 1, "a"), (65, 1, 2, "a")])
    made = timed([(60, 0, 1, "b"), (64, 0, 1, "a"), (65, 1, 2, "a")])
    # 64: one link in both, right; clusters of 2 and 1: weight 1 / 1 / 1.5, counted 2 of 2 → 4/3 of 4/3.
    # 60: one true link, none made: mean ½; weight 2 / 1.5, counted 0 of 1 → 0 of 4/3.
    assert compute_mv2h(truth, made).voice == pytest.approx(1 / 2)


def test_a_voice_goes_on_after_a_rest_and_where_a_note_ends():
    # The long note links to what begins where it ends, not to the notes that began before.
    truth = timed([(60, 0, 2, "a"), (64, 0, 1, "a"), (65, 1, 2, "a"), (67, 3, 4, "a")])
    made = timed([(60, 0, 1, "a"), (64, 0, 1, "a"), (65, 1, 2, "a"), (67, 3, 4, "a")])
    # True links: 60→67, 64→65, 65→67. Made: 60→65, 64→65 from a cluster of two, 65→67.
    # 60: 0 of 2, sizes 1 and 2: weight 1 / 1.5. 64: 2 of 2, the same weight. 65: 2 of 2, weight 1.
    right, links = 2 / 1.5 + 2, 2 / 1.5 + 2 / 1.5 + 2
    scores = compute_mv2h(truth, made)
    assert scores.voice == pytest.approx(right / links)
    # Values are judged of 64, 65 and 67, all right; not of 60, whose link is wrong.
    assert scores.value == 1


@pytest.mark.parametrize(
    ("made_s", "value"), [(1.1, 1.0), (1.2, 0.8), (0.5, 0.5), (2.5, 0.0)], ids=lambda x: f"{x:g}"
)
def test_values_are_right_within_a_tenth_of_a_second(made_s: float, value: float):
    truth, made = timed([(60, 0, 1, "a")]), timed([(60, 0, made_s, "a")])
    assert compute_mv2h(truth, made).value == pytest.approx(value)


def test_grace_notes_have_no_length():
    truth = timed([(60, 0, 0, "a"), (62, 0, 1, "a"), (64, 1, 2, "a")])
    same = compute_mv2h(truth, truth)
    assert (same.voice, same.value) == (1, 1)
    longer = timed([(60, 0, 0.5, "a"), (62, 0, 1, "a"), (64, 1, 2, "a")])
    assert compute_mv2h(truth, longer).value == 1  # the grace note leads elsewhere and is not judged


def test_groupings_agree_at_both_ends_whatever_their_level():
    truth = np.array([[0, 1], [1, 2], [0, 2]])
    assert match_groupings(truth, np.array([[0, 2.05], [2, 4]])) == pytest.approx(2 / 5)
    assert match_groupings(truth, np.array([[0, 2.06]])) == 0
    # Bars of one beat: two equal groupings are two.
    assert match_groupings(np.array([[0, 1], [0, 1]]), np.array([[0, 1]])) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("true", "made", "agreement"),
    [
        ((0, "major"), (0, "major"), 1),
        ((0, "major"), (1, "major"), 0.5),
        ((0, "minor"), (-1, "minor"), 0.5),
        ((0, "major"), (0, "minor"), 0.3),
        ((0, "major"), (-3, "minor"), 0.2),
        ((-3, "minor"), (0, "major"), 0.2),
        ((0, "major"), (3, "minor"), 0),
        ((0, "major"), (2, "major"), 0),
        ((6, "major"), (-6, "major"), 1),
        ((7, "major"), (-5, "major"), 1),
        ((0, None), (0, "minor"), 1),
        ((2, "minor"), (1, None), 0.5),
    ],
)
def test_keys(true, made, agreement):
    assert key_agreement(HeldKey(0, *true), HeldKey(0, *made)) == agreement


def test_keys_count_by_how_long_they_hold():
    # C for 6 s, then G for 6 s; the estimate changes 3 s too late: 6 + 3 · 0.5 + 3 of 12 s.
    truth = timed([(60, 0, 12, "a")], keys=[HeldKey(0, 0), HeldKey(6, 1)])
    made = timed([(60, 0, 12, "a")], keys=[HeldKey(0, 0), HeldKey(9, 1)])
    assert compute_mv2h(truth, made).harmony == pytest.approx(10.5 / 12)


rows = st.lists(
    st.tuples(st.integers(60, 64), st.integers(0, 6), st.integers(1, 3), st.sampled_from("ab")), max_size=12
).map(lambda found: [(key, float(begin), float(begin + length), voice) for key, begin, length, voice in found])


@given(rows, rows)
def test_every_part_is_a_share(truth: list[Row], made: list[Row]):
    scores = compute_mv2h(timed(truth, bars(3, 2)), timed(made, bars(4, 2)))
    assert all(0 <= part <= 1 for part in (scores.multi_pitch, scores.voice, scores.value, scores.mean))


@given(rows, rows)
def test_the_order_of_notes_does_not_matter(truth: list[Row], made: list[Row]):
    made = list({(key, begin): (key, begin, end, voice) for key, begin, end, voice in made}.values())
    truth = list({(key, begin): (key, begin, end, voice) for key, begin, end, voice in truth}.values())
    one, other = compute_mv2h(timed(truth), timed(made)), compute_mv2h(timed(truth[::-1]), timed(made[::-1]))
    assert one.voice == pytest.approx(other.voice)
    assert one.value == pytest.approx(other.value)


@given(rows)
def test_names_of_voices_do_not_matter(truth: list[Row]):
    score = timed(truth)
    renamed = replace(score, notes=tuple(replace(note, voice=f"{note.voice}2") for note in score.notes))
    assert compute_mv2h(score, renamed) == compute_mv2h(score, score)
