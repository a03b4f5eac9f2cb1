"""The fast matching is mir_eval's on the whole, pair for pair; velocities and overlaps are mir_eval's too."""

from dataclasses import replace

import mir_eval
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.evaluation import matching
from pianotrans.evaluation.matching import match_events, overlap_ratios, velocities_agree
from pianotrans.evaluation.tables import EventTable
from tests.events.strategies import fewer, performances

from .making import crowd, heard, note, table


def as_mir_eval(events: EventTable):
    return events.spans_s, mir_eval.util.midi_to_hz(events.keys)


def whole(reference: EventTable, estimate: EventTable, **options):
    """mir_eval's matching of the tables as they are."""
    return mir_eval.transcription.match_notes(*as_mir_eval(reference), *as_mir_eval(estimate), **options)


def pairs_of(found) -> list[tuple[int, int]]:
    return [tuple(pair) for pair in found.tolist()]


@pytest.fixture(params=[1, 7, 200], ids="parts of {}".format)
def part_size(request, monkeypatch):
    monkeypatch.setattr(matching, "_PART_SIZE", request.param)


@pytest.mark.parametrize("offset_ratio", [None, 0.2, 0.0])
@pytest.mark.parametrize("seed", range(12))
def test_crowds_of_notes_are_matched_as_by_mir_eval(seed, offset_ratio, part_size):
    played = crowd(seed, n_notes=150, duration_s=(1.0, 5.0, 30.0)[seed % 3])
    reference, estimate = EventTable.of_notes(played), EventTable.of_notes(heard(played, seed))
    found = match_events(reference, estimate, onset_tolerance_s=0.05, offset_ratio=offset_ratio)
    assert len(found) > 20
    assert pairs_of(found) == whole(reference, estimate, offset_ratio=offset_ratio)


def test_other_tolerances_reach_mir_eval(part_size):
    played = crowd(3, n_notes=200, duration_s=8.0)
    reference, estimate = EventTable.of_notes(played), EventTable.of_notes(heard(played, 4))
    ours = match_events(reference, estimate, onset_tolerance_s=0.011, offset_ratio=0.1, offset_tolerance_s=0.003)
    theirs = whole(reference, estimate, onset_tolerance=0.011, offset_ratio=0.1, offset_min_tolerance=0.003)
    assert pairs_of(ours) == theirs
    assert len(ours) < len(match_events(reference, estimate, onset_tolerance_s=0.05))


@fewer
@given(performances, performances, st.sampled_from([None, 0.2]))
def test_any_two_performances_are_matched_as_by_mir_eval(played, transcribed, offset_ratio):
    reference, estimate = EventTable.of_notes(played), EventTable.of_notes(transcribed)
    found = match_events(reference, estimate, onset_tolerance_s=0.05, offset_ratio=offset_ratio)
    assert pairs_of(found) == whole(reference, estimate, offset_ratio=offset_ratio)


def test_an_alternating_chain_needs_a_true_maximum():
    reference = table(*(note(0.08 * i, 0.08 * i + 0.05) for i in range(400)))
    estimate = table(*(note(0.08 * i + 0.04, 0.08 * i + 0.1) for i in range(-1, 399) if i >= 0))
    found = match_events(reference, estimate, onset_tolerance_s=0.05)
    assert len(found) == len(estimate)
    assert pairs_of(found) == whole(reference, estimate, offset_ratio=None)


@pytest.mark.parametrize(("n_reference", "n_estimate"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_few_or_no_notes(n_reference, n_estimate):
    one = note(1.0, 2.0)
    found = match_events(table(*[one] * n_reference), table(*[one] * n_estimate), onset_tolerance_s=0.05)
    assert pairs_of(found) == [(0, 0)] * (n_reference * n_estimate)


@pytest.mark.parametrize(("deviation_s", "matches"), [(0.05, 1), (0.05004, 1), (0.0501, 0), (-0.05, 1)])
def test_the_tolerance_itself_counts_as_within(deviation_s, matches, part_size):
    found = match_events(table(note(1.0, 2.0)), table(note(1.0 + deviation_s, 2.0)), onset_tolerance_s=0.05)
    assert len(found) == matches


def test_doubled_notes_match_only_doubled_ones():
    one = note(1.0, 2.0)
    assert len(match_events(table(one, one), table(one), onset_tolerance_s=0.05)) == 1
    assert len(match_events(table(one, one), table(one, one), onset_tolerance_s=0.05)) == 2


def test_keys_beyond_the_piano_match_their_own_kind():
    reference = table(note(1, 2, key=0), note(1, 2, key=127))
    estimate = table(note(1, 2, key=1), note(1, 2, key=127))
    assert pairs_of(match_events(reference, estimate, onset_tolerance_s=0.05)) == [(1, 1)]


@pytest.mark.parametrize("offset_ratio", [None, 0.2])
@pytest.mark.parametrize("seed", range(8))
def test_velocities_and_overlaps_are_mir_evals(seed, offset_ratio):
    played = crowd(seed, n_notes=80, duration_s=10.0)
    reference, estimate = EventTable.of_notes(played), EventTable.of_notes(heard(played, seed))
    rng = np.random.default_rng(seed)
    noisy = np.clip(estimate.velocities + rng.integers(-30, 30, len(estimate)), 1, 127)
    estimate = replace(estimate, velocities=noisy)
    pairs = match_events(reference, estimate, onset_tolerance_s=0.05, offset_ratio=offset_ratio)
    agree = velocities_agree(reference, estimate, pairs, tolerance=0.1)
    assert 0 < agree.sum() < len(pairs)
    theirs = mir_eval.transcription_velocity.match_notes(
        *as_mir_eval(reference),
        reference.velocities,
        *as_mir_eval(estimate),
        estimate.velocities,
        offset_ratio=offset_ratio,
        velocity_tolerance=0.1,
    )
    assert pairs_of(pairs[agree]) == theirs
    ratio = mir_eval.transcription.average_overlap_ratio(reference.spans_s, estimate.spans_s, theirs)
    assert overlap_ratios(reference, estimate, pairs[agree]).mean() == pytest.approx(ratio, abs=1e-12)


def test_velocities_of_one_loudness_and_of_no_pairs():
    reference = table(note(1, 2, velocity=64), note(3, 4, velocity=64))
    estimate = table(note(1, 2, velocity=10), note(3, 4, velocity=90))
    pairs = match_events(reference, estimate, onset_tolerance_s=0.05)
    assert velocities_agree(reference, estimate, pairs, tolerance=0.1).tolist() == [True, True]
    assert velocities_agree(reference, estimate, pairs[:0], tolerance=0.1).tolist() == []


def test_parts_cover_everything_that_could_match(part_size):
    played = crowd(9, n_notes=120, duration_s=6.0)
    reference, estimate = EventTable.of_notes(played), EventTable.of_notes(heard(played, 9))
    part_of_ref, part_of_est = {}, {}
    for number, (refs, ests) in enumerate(matching._independent_parts(reference, estimate, 0.05)):
        assert not set(refs.tolist()) & part_of_ref.keys()
        part_of_ref |= dict.fromkeys(refs.tolist(), number)
        part_of_est |= dict.fromkeys(ests.tolist(), number)
    for i in range(len(reference)):
        for j in range(len(estimate)):
            near = abs(reference.onsets_s[i] - estimate.onsets_s[j]) <= 0.05
            if near and reference.keys[i] == estimate.keys[j]:
                assert part_of_ref[i] == part_of_est[j]


def test_small_parts_hold_one_key_each(monkeypatch):
    monkeypatch.setattr(matching, "_PART_SIZE", 1)
    events = EventTable.of_notes(crowd(2, n_notes=60, duration_s=1.0, n_keys=6))
    parts = list(matching._independent_parts(events, events, 0.05))
    assert len(parts) >= 6
    for refs, ests in parts:
        assert len(set(events.keys[refs]) | set(events.keys[ests])) == 1
