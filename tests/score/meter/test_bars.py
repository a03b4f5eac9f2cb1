"""Bars that the meter network hears: they are taken, and what a user knows rules over them."""

import numpy as np
import pytest
import torch

from pianotrans.score.beats.decoding import decode_beats
from pianotrans.score.beats.grid import BeatGrid
from pianotrans.score.beats.hints import BeatHints, GivenBeats, TimeSignature
from pianotrans.score.beats.notes import Array
from pianotrans.score.beats.potentials import BeatPotentials
from pianotrans.score.meter.network import PLACES, MeterLogits
from tests.score.beats.test_decoding import STEP_S, network_says

N_MOMENTS = 65
WALTZ = BeatHints(meters=((1, TimeSignature(3, 4)),))


def hear_threes(beats_s: Array, first: int = 1) -> MeterLogits:
    """Bars of three, the first of which begins with the beat `first`."""
    n = len(beats_s)
    position = (torch.arange(n) - first) % 3
    place = torch.zeros(n, len(PLACES))
    place[torch.arange(n), torch.tensor([PLACES.index((3, int(p))) for p in position])] = 8.0
    return MeterLogits(place, torch.where(position == 0, 4.0, -4.0))


def find(hints: BeatHints | None = None, *, sure: float = 4.0) -> BeatGrid:
    """The first network knows beats, and nothing of bars."""
    says = network_says(N_MOMENTS, sure=sure)._replace(downbeat=torch.zeros(N_MOMENTS))
    return decode_beats(STEP_S * np.arange(N_MOMENTS), says, BeatPotentials(), hints, hear_threes)


def test_bars_are_those_that_are_heard():
    grid = find()
    np.testing.assert_allclose(grid.times_s, np.arange(0, 16.1, 0.5))
    assert {beat.n_beats for beat in grid.beats} == {3}
    np.testing.assert_allclose(grid.downbeats_s, np.arange(0.5, 16.1, 1.5))
    assert [beat.bar for beat in grid.beats[:5]] == [0, 1, 1, 1, 2]
    assert all(0 <= beat.downbeat_confidence <= beat.confidence <= 1 for beat in grid.beats)
    begin, other = (
        [beat.downbeat_confidence for beat in grid.beats if beat.is_downbeat is is_downbeat]
        for is_downbeat in (True, False)
    )
    assert min(begin) > 0.6 > 0.3 > max(other)  # even what sounds certain may be wrong throughout


@pytest.mark.parametrize("n_beats", [2, 4, 5])
def test_a_given_meter_rules_over_what_is_heard(n_beats: int):
    grid = find(BeatHints(meters=((1, TimeSignature(n_beats, 4)),)))
    assert {beat.n_beats for beat in grid.beats} == {n_beats}


@pytest.mark.parametrize("downbeat_s", [0.0, 1.0, 4.5, 4.1])
def test_a_given_downbeat_rules_and_others_follow(downbeat_s: float):
    grid = find(BeatHints(downbeats_s=(downbeat_s,)))
    assert downbeat_s in grid.downbeats_s
    given = next(beat for beat in grid.beats if beat.time_s == downbeat_s)
    assert given.downbeat_confidence == pytest.approx(given.confidence)
    assert sum(beat.n_beats == 3 for beat in grid.beats) > 0.6 * len(grid.beats)


@pytest.mark.parametrize("pickup", [0, 2])
def test_a_given_pickup_rules(pickup: int):
    grid = find(BeatHints(pickup=pickup, meters=WALTZ.meters))
    assert int(np.flatnonzero(grid.is_downbeat)[0]) == pickup


def test_given_beats_are_kept_and_bars_heard_in_them():
    times_s = np.arange(0.01, 15, 0.5)
    grid = find(BeatHints(beats=GivenBeats(times_s)))
    np.testing.assert_array_equal(grid.times_s, times_s)
    np.testing.assert_allclose(grid.downbeats_s, times_s[1::3])


def test_meters_change_at_their_bars():
    grid = find(BeatHints(meters=((1, TimeSignature(2, 4)), (4, TimeSignature(3, 4)))))
    assert {beat.n_beats for beat in grid.beats if beat.bar < 4} == {2}
    assert {beat.n_beats for beat in grid.beats if beat.bar >= 4} == {3}


def test_tempo_hints_move_beats_and_bars_are_heard_anew():
    grid = find(BeatHints(bpm=60), sure=0.0)
    assert grid.bpm == pytest.approx(60)
    assert {beat.n_beats for beat in grid.beats} == {3}
