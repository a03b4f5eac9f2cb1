from itertools import pairwise

import pytest
from hypothesis import given

from pianotrans.errors import MidiError
from pianotrans.events import TICKS_PER_SECOND, Note, Pedal, Performance, quantise

from .strategies import fewer, performances


def in_ticks(*notes):
    """The notes of key 60 given in (fractional) ticks, quantised: (onset, offset, velocity)."""
    played = [Note(a / TICKS_PER_SECOND, b / TICKS_PER_SECOND, 60, velocity) for a, b, velocity in notes]
    return [(n.onset, n.offset, n.velocity) for n in quantise(Performance(tuple(played))).notes]


def test_times_are_rounded_to_the_nearest_tick():
    assert in_ticks((0.4, 9.6, 1), (20.6, 30.4, 2)) == [(0, 10, 1), (21, 30, 2)]


def test_a_short_note_lasts_one_tick():
    assert in_ticks((5.0, 5.3, 1)) == [(5, 6, 1)]


def test_touching_notes_stay_as_they_are():
    assert in_ticks((0, 5, 1), (5, 9, 2)) == [(0, 5, 1), (5, 9, 2)]


def test_an_overlapping_note_is_cut_where_the_next_begins():
    assert in_ticks((0, 20, 1), (5, 9, 2)) == [(0, 5, 1), (5, 9, 2)]


def test_a_short_note_before_the_next_tick_is_kept():
    assert in_ticks((4, 4.2, 1), (5, 9, 2)) == [(4, 5, 1), (5, 9, 2)]


def test_of_two_notes_on_one_tick_the_later_wins():
    assert in_ticks((4.8, 4.9, 1), (5.1, 9, 2)) == [(5, 9, 2)]


def test_of_two_notes_at_one_time_the_longer_wins():
    assert in_ticks((5, 12, 1), (5, 9, 2)) == [(5, 12, 1)]


def test_touching_pedals_survive_and_overlapping_ones_are_cut():
    pedals = [Pedal(0, 1, "sustain"), Pedal(1, 3, "sustain"), Pedal(2, 4, "sustain"), Pedal(0.5, 2, "soft")]
    assert quantise(Performance((), tuple(pedals))).pedals == (
        (0, 1920, 64),
        (960, 3840, 67),
        (1920, 3840, 64),
        (3840, 7680, 64),
    )


def test_the_end_is_the_recordings_or_the_last_events():
    note = Note(0, 1, 60, 64)
    assert quantise(Performance((note,), duration_s=2)).end == 3840
    assert quantise(Performance((note,), duration_s=0.5)).end == 1920
    assert quantise(Performance()).end == 0


@fewer
@given(performances)
def test_what_holds_for_every_performance(performance):
    ticks = quantise(performance)
    assert list(ticks.notes) == sorted(ticks.notes, key=lambda n: (n.onset, n.key))
    assert list(ticks.pedals) == sorted(ticks.pedals, key=lambda p: (p.onset, p.controller))
    tracks = {}
    for event in ticks.notes:
        tracks.setdefault(("key", event.key), []).append(event)
    for event in ticks.pedals:
        tracks.setdefault(("pedal", event.controller), []).append(event)
    for track in tracks.values():
        assert all(event.onset < event.offset <= ticks.end for event in track)
        assert all(before.offset <= after.onset for before, after in pairwise(track))

    onsets = {(round(n.onset_s * 1920), n.key) for n in performance.notes}
    assert {(n.onset, n.key) for n in ticks.notes} == onsets, "no tick of a key loses its note"
    given_notes = {(round(n.onset_s * 1920), n.key, n.velocity) for n in performance.notes}
    assert {(n.onset, n.key, n.velocity) for n in ticks.notes} <= given_notes


@pytest.mark.parametrize("hours", [39, 1e300])
def test_too_long_for_midi(hours):
    with pytest.raises(MidiError, match=r"performance: lasts .* h. A MIDI file can hold 38.8 h"):
        quantise(Performance(duration_s=hours * 3600))
    assert quantise(Performance(duration_s=38 * 3600)).end == 38 * 3600 * 1920
