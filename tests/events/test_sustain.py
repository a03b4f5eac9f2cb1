from hypothesis import given

from pianotrans.events import Note, Pedal, Performance, extend_by_pedal
from tests.work import n_instructions

from .strategies import fewer, performances


def extended(notes, pedals):
    """Offsets after extension, for (onset, offset) notes of key 60 and (onset, offset) sustain pedals."""
    performance = Performance(
        tuple(Note(*span, 60, 64) for span in notes), tuple(Pedal(*span, "sustain") for span in pedals), 20
    )
    return [note.offset_s for note in extend_by_pedal(performance).notes]


def test_a_release_under_the_pedal_lasts_until_it_goes_up():
    assert extended([(0, 1)], [(0.5, 3)]) == [3]


def test_a_release_without_the_pedal_stays():
    assert extended([(0, 1)], [(1.5, 3)]) == [1]
    assert extended([(2, 4)], [(1.5, 3)]) == [4]
    assert extended([(0, 1)], []) == [1]


def test_a_release_as_the_pedal_moves_stays():
    assert extended([(0, 1)], [(1, 3)]) == [1]
    assert extended([(0, 1)], [(0.5, 1), (1, 3)]) == [1]


def test_the_next_strike_of_the_key_ends_the_note():
    assert extended([(0, 1), (2, 2.5)], [(0.5, 3)]) == [2, 3]
    assert extended([(0, 3), (2, 2.5)], []) == [2, 2.5]


def test_doubled_notes_both_last_until_the_next_strike():
    assert extended([(0, 1), (0, 1.5), (2, 4)], [(0.5, 3)]) == [2, 2, 4]


def test_overlapping_pedals_hold_together():
    assert extended([(0, 1)], [(0.5, 2), (1.5, 4)]) == [4]
    assert extended([(0, 2)], [(0.5, 3), (1, 2), (2, 2.5)]) == [3]


def test_other_keys_do_not_end_a_note_and_only_the_sustain_pedal_goes():
    performance = Performance(
        (Note(0, 1, 60, 64), Note(2, 2.5, 61, 32)), (Pedal(0.5, 3, "sustain"), Pedal(0, 5, "soft")), 7
    )
    assert extend_by_pedal(performance) == Performance(
        (Note(0, 3, 60, 64), Note(2, 3, 61, 32)), (Pedal(0, 5, "soft"),), 7
    )


@fewer
@given(performances)
def test_what_holds_for_every_performance(performance):
    result = extend_by_pedal(performance)
    assert not result.pedals_of("sustain")
    assert result.pedals_of("soft") == performance.pedals_of("soft")
    assert sorted((n.onset_s, n.key) for n in result.notes) == [(n.onset_s, n.key) for n in performance.notes]
    assert extend_by_pedal(result) == result, "nothing is left to extend"


def test_notes_that_differ_in_nothing_but_their_confidence_keep_their_order():
    notes = (Note(0.0, 1.0, 60, 64, onset_confidence=0.5), Note(0.0, 1.0, 60, 64))
    for some in (notes, notes[::-1]):
        assert extend_by_pedal(Performance(some, (), 2.0)).notes == some


def test_the_work_grows_with_the_length_and_not_with_its_square():
    def played(n: int) -> Performance:
        notes = tuple(Note(i * 0.1, i * 0.1 + 0.05, 21 + i % 88, 64) for i in range(n))
        pedals = tuple(Pedal(i * 0.1 + 0.02, i * 0.1 + 0.09, "sustain") for i in range(n))
        return Performance(notes, pedals, n * 0.1)

    short, long = played(100), played(400)
    assert n_instructions(lambda: extend_by_pedal(long)) < 4.5 * n_instructions(lambda: extend_by_pedal(short))
