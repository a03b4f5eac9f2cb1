"""Beats from what a network says, and from what a user knows."""

import numpy as np
import pytest
import torch

from pianotrans.errors import ScoreError
from pianotrans.score.beats.decoding import decode_beats
from pianotrans.score.beats.grid import BeatGrid
from pianotrans.score.beats.hints import BeatHints, GivenBeats, TimeSignature
from pianotrans.score.beats.network import N_METERS, N_PHASES, BeatLogits
from pianotrans.score.beats.periods import N_PERIODS
from pianotrans.score.beats.potentials import BeatPotentials

STEP_S = 0.25
STRONG = 4.0


def network_says(
    n_moments: int, *, beat_every: int = 2, downbeat_every: int = 8, sure: float = STRONG
) -> BeatLogits:
    """Beats and downbeats at regular moments, nothing about period and meter."""
    moments = torch.arange(n_moments)
    return BeatLogits(
        torch.where(moments % beat_every == 0, sure, -sure),
        torch.where(moments % downbeat_every == 0, sure, -sure),
        torch.zeros(n_moments, N_PERIODS),
        torch.zeros(n_moments, N_METERS),
        torch.zeros(n_moments, N_PHASES),
    )


def find(
    hints: BeatHints | None = None, *, n_moments: int = 65, time_s: np.ndarray | None = None, **says
) -> BeatGrid:
    time_s = STEP_S * np.arange(n_moments) if time_s is None else time_s
    return decode_beats(time_s, network_says(len(time_s), **says), BeatPotentials(), hints)


def test_clear_beats_are_found_with_their_bars():
    grid = find()
    np.testing.assert_allclose(grid.times_s, np.arange(0, 16.1, 0.5))
    np.testing.assert_allclose(grid.downbeats_s, np.arange(0, 16.1, 2.0))
    assert [beat.bar for beat in grid.beats[:9]] == [1, 1, 1, 1, 2, 2, 2, 2, 3]
    assert [beat.position for beat in grid.beats[:5]] == [0, 1, 2, 3, 0]
    assert grid.usual_n_beats == 4
    assert grid.bpm == pytest.approx(120)
    assert grid.is_found
    assert min(beat.confidence for beat in grid.beats) > 0.9


@pytest.mark.parametrize("n_beats", [2, 3, 4])
def test_the_meter_follows_the_downbeats(n_beats: int):
    assert find(downbeat_every=2 * n_beats).usual_n_beats == n_beats


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.25])
def test_scaling_time_scales_beats(factor: float):
    scaled = find(time_s=factor * STEP_S * np.arange(65))
    np.testing.assert_allclose(scaled.times_s, factor * find().times_s)


def test_confidence_falls_where_the_network_is_unsure():
    assert find(sure=0.2).certainty < find(sure=1.0).certainty < find().certainty


@pytest.mark.parametrize("n_moments", [0, 1, 2])
def test_few_moments_give_few_beats(n_moments: int):
    assert len(find(n_moments=n_moments).beats) in (0, 2)


def test_a_long_silence_divides_the_piece_and_bars_go_on():
    time_s = np.concatenate([STEP_S * np.arange(17), 100 + STEP_S * np.arange(8, 25)])
    grid = decode_beats(
        time_s, BeatLogits(*(torch.cat([x[:17], x[8:25]]) for x in network_says(65))), BeatPotentials()
    )
    assert np.max(np.diff(grid.times_s)) > 90
    bars = [beat.bar for beat in grid.beats]
    assert bars == sorted(bars)
    assert max(bars) == 6


# Hints


@pytest.mark.parametrize("bpm", [60, 120, 240])
def test_a_tempo_decides_where_the_network_does_not(bpm: float):
    grid = find(BeatHints(bpm=bpm), sure=0.0)
    assert grid.bpm == pytest.approx(bpm)


def test_half_and_double_tempo():
    assert find(BeatHints(tempo_factor=0.5), sure=1.0).bpm == pytest.approx(60)
    assert find(BeatHints(tempo_factor=2.0), sure=1.0).bpm == pytest.approx(240)


def test_a_given_meter_holds_throughout():
    grid = find(BeatHints(meters=((1, TimeSignature(3, 4)),)))
    assert {beat.n_beats for beat in grid.beats} == {3}


def test_meters_change_at_their_bars():
    logits = network_says(65)._replace(downbeat=torch.zeros(65))
    hints = BeatHints(meters=((1, TimeSignature(2, 4)), (4, TimeSignature(5, 4))))
    grid = decode_beats(STEP_S * np.arange(65), logits, BeatPotentials(), hints)
    assert {beat.n_beats for beat in grid.beats if beat.bar in (1, 2, 3)} == {2}
    assert {beat.n_beats for beat in grid.beats if beat.bar >= 4} == {5}


@pytest.mark.parametrize("downbeat_s", [0.5, 1.0, 4.5])
def test_from_one_downbeat_the_others_follow(downbeat_s: float):
    hints = BeatHints(downbeats_s=(downbeat_s,), meters=((1, TimeSignature(4, 4)),))
    logits = network_says(65)._replace(downbeat=torch.zeros(65))
    grid = decode_beats(STEP_S * np.arange(65), logits, BeatPotentials(), hints)
    assert np.all((grid.downbeats_s - downbeat_s) % 2.0 == 0)


def test_a_downbeat_may_be_given_where_nothing_is_struck():
    grid = find(BeatHints(downbeats_s=(4.1,)))
    assert 4.1 in grid.downbeats_s


@pytest.mark.parametrize("pickup", [0, 1, 3])
def test_a_pickup_comes_before_the_first_bar(pickup: int):
    logits = network_says(65)._replace(downbeat=torch.zeros(65))
    hints = BeatHints(pickup=pickup, meters=((1, TimeSignature(4, 4)),))
    grid = decode_beats(STEP_S * np.arange(65), logits, BeatPotentials(), hints)
    assert int(np.flatnonzero(grid.is_downbeat)[0]) == pickup
    assert grid.beats[0].bar == (0 if pickup else 1)


def test_given_beats_are_kept_and_bars_found():
    times_s = np.arange(0.01, 15, 0.5)
    grid = find(BeatHints(beats=GivenBeats(times_s)))
    np.testing.assert_array_equal(grid.times_s, times_s)
    np.testing.assert_allclose(grid.downbeats_s, np.arange(0.01, 15, 2.0))


def test_given_downbeats_are_kept_as_they_are():
    is_downbeat = np.array([False, True, False, False, True, False, False, False, False, False, True])
    grid = find(BeatHints(beats=GivenBeats(np.arange(11.0), is_downbeat)))
    assert grid.is_downbeat.tolist() == is_downbeat.tolist()
    assert [beat.n_beats for beat in grid.beats] == [3, 3, 3, 3, 6, 6, 6, 6, 6, 6, 1]
    assert grid.beats[0].position == 2


def test_hints_that_contradict_each_other_are_named():
    with pytest.raises(ScoreError, match="downbeats_s"):
        find(BeatHints(downbeats_s=(1.0, 1.1)))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda: BeatHints(bpm=3), "bpm"),
        (lambda: BeatHints(bpm=float("nan")), "bpm"),
        (lambda: BeatHints(tempo_factor=3), "tempo_factor"),
        (lambda: BeatHints(bpm=90, tempo_factor=2), "tempo_factor"),
        (lambda: BeatHints(downbeats_s=(-1.0,)), "downbeats_s"),
        (lambda: BeatHints(pickup=8), "pickup"),
        (lambda: BeatHints(pickup=3, meters=((1, TimeSignature(3, 4)),)), "pickup"),
        (lambda: BeatHints(meters=((2, TimeSignature(3, 4)),)), "bar 1"),
        (lambda: TimeSignature(0, 4), "0/4"),
        (lambda: TimeSignature(4, 3), "4/3"),
        (lambda: TimeSignature(13, 8), "13 beats"),
        (lambda: GivenBeats(np.array([1.0])), "two or more"),
        (lambda: GivenBeats(np.array([-1.0, 1.0])), "0 s or later"),
        (lambda: GivenBeats(np.array([1.0, 1.0])), "follows"),
        (lambda: GivenBeats(np.array([1.0, np.inf])), "finite"),
        (lambda: GivenBeats(np.array([1.0, 2.0]), np.array([True])), "one for each"),
    ],
)
def test_impossible_hints_are_refused(wrong, named: str):
    with pytest.raises(ScoreError, match=named):
        wrong()


@pytest.mark.parametrize(
    ("text", "n_beats"), [("3/4", 3), ("6/8", 2), ("3/8", 3), ("9/8", 3), ("12/16", 4), ("2/2", 2)]
)
def test_compound_meters_count_three_notes_as_a_beat(text: str, n_beats: int):
    numerator, denominator = map(int, text.split("/"))
    meter = TimeSignature(numerator, denominator)
    assert (str(meter), meter.n_beats) == (text, n_beats)
