"""Deviations of matched notes, and the bands of registers and loudness."""

import numpy as np
import pytest

from pianotrans.evaluation.deviations import LOUDNESS, REGISTERS, MatchedNotes, Spread, bands
from pianotrans.evaluation.matching import match_events
from pianotrans.evaluation.tables import EventTable

from .making import crowd, heard, note, table


def matched(reference: EventTable, estimate: EventTable) -> MatchedNotes:
    return MatchedNotes.of_pairs(reference, estimate, match_events(reference, estimate, onset_tolerance_s=0.05))


def test_deviations_are_estimate_minus_reference():
    notes = matched(
        table(note(1.0, 2.0, velocity=60), note(5.0, 6.0)), table(note(1.02, 1.5, velocity=70), note(7.0, 8.0))
    )
    assert notes.onset_deviations_s == pytest.approx([0.02])
    assert notes.offset_deviations_s == pytest.approx([-0.5])
    assert notes.velocity_deviations == pytest.approx([10])
    assert notes.is_matched.tolist() == [True, False]


def test_spread_against_sorting():
    spread = Spread.of(np.array([4.0, -10.0, 0.0, 2.0, 1.0]))
    assert (spread.lower_quartile, spread.median, spread.upper_quartile) == (0.0, 1.0, 2.0)
    assert spread.absolute_95 == pytest.approx(4 + 0.8 * (10 - 4))
    assert Spread.of(np.array([])) is None
    assert Spread.of(np.array([3.0])) == Spread(3.0, 3.0, 3.0, 3.0)


def test_registers_and_loudness_leave_nothing_out():
    assert sorted(key for keys in REGISTERS.values() for key in keys) == list(range(128))
    assert sorted(v for velocities in LOUDNESS.values() for v in velocities) == list(range(1, 128))


def test_bands_add_up_to_all_notes():
    played = crowd(2, n_notes=200, duration_s=30.0, n_keys=30)
    reference, estimate = EventTable.of_notes(played), EventTable.of_notes(heard(played, 2))
    everything, *rest = bands(matched(reference, estimate))
    assert (everything.n_reference, everything.n_estimate) == (len(reference), len(estimate))
    for names in (REGISTERS, LOUDNESS):
        parts = [band for band in rest if band.name in names]
        assert len(parts) == len(names)
        assert sum(band.n_reference for band in parts) == everything.n_reference
        assert sum(band.n_matched for band in parts) == everything.n_matched


def test_a_band_has_the_deviations_of_its_own_notes():
    low, high = note(1, 2, key=30, velocity=20), note(1, 2, key=90, velocity=120)
    notes = matched(table(low, high), table(note(1.01, 2, key=30), note(1.03, 2, key=90), note(4, 5, key=90)))
    by_name = {band.name: band for band in bands(notes)}
    assert by_name["below C3"].onset_s.median == pytest.approx(0.01)
    assert by_name["C5 and above"].onset_s.median == pytest.approx(0.03)
    assert by_name["C5 and above"].f1 == pytest.approx(2 / 3)
    assert by_name["velocity 96-127"].recall == 1.0
    assert by_name["velocity 96-127"].f1 is None
    empty = by_name["C3 to B4"]
    assert (empty.n_reference, empty.recall, empty.f1, empty.onset_s) == (0, None, None, None)


def test_pooling_is_scoring_together():
    pieces = []
    for seed in range(3):
        played = crowd(seed, n_notes=30, duration_s=10.0)
        pieces.append(matched(EventTable.of_notes(played), EventTable.of_notes(heard(played, seed))))
    everything = bands(MatchedNotes.pooled(pieces))[0]
    assert everything.n_matched == sum(int(piece.is_matched.sum()) for piece in pieces)
    together = np.concatenate([piece.onset_deviations_s for piece in pieces])
    assert everything.onset_s.median == pytest.approx(np.median(together))
    assert everything.onset_s.absolute_95 == pytest.approx(np.percentile(np.abs(together), 95))


def test_no_notes_at_all():
    assert [band.n_reference for band in bands(matched(table(), table()))] == [0] * 8
