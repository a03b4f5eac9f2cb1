"""Bars that cover a whole performance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.score.bars import fixed_bars, lay_out_bars
from pianotrans.score.beats.grid import Beat, BeatGrid


def grid(*beats: tuple[float, int, int, int]) -> BeatGrid:
    return BeatGrid(tuple(Beat(t, bar, position, n, 0.9, 0.8) for t, bar, position, n in beats))


def steady(n: int, *, start_s: float = 1.0, period_s: float = 0.5, first: int = 0, meter: int = 4) -> BeatGrid:
    beats = []
    for i in range(n):
        bar, position = divmod(first + i, meter)
        beats.append((start_s + i * period_s, bar + (first == 0), position, meter))
    return grid(*beats)


def shape(found: BeatGrid, first_s: float, last_s: float) -> list[tuple[int, int, int, int]]:
    bars = lay_out_bars(found, first_s, last_s).bars
    return [(bar.number, bar.first_beat, bar.n_beats, bar.meter_beats) for bar in bars]


def test_whole_bars_stay_and_the_last_one_is_filled():
    assert shape(steady(6), 1.0, 3.6) == [(1, 0, 4, 4), (2, 4, 4, 4)]
    assert lay_out_bars(steady(6), 1.0, 3.6).beats_s.tolist() == pytest.approx([1 + i / 2 for i in range(9)])


def test_a_pickup_has_the_number_0():
    assert shape(steady(5, first=3), 1.0, 3.0)[:2] == [(0, 0, 1, 4), (1, 1, 4, 4)]


def test_notes_before_the_first_beat_get_beats_that_may_lie_before_0():
    bars = lay_out_bars(steady(4, start_s=0.4), 0.05, 2.0)
    assert bars.beats_s[0] == pytest.approx(-0.1)
    assert (bars.bars[0].number, bars.bars[0].n_beats) == (0, 1)
    assert bars.confidence[0] == 0


def test_an_onset_a_little_early_belongs_to_the_first_beat():
    assert lay_out_bars(steady(4), 0.85, 2.0).beats_s[0] == 1.0


def test_a_long_silence_is_filled_so_that_the_next_bar_begins_where_it_should():
    found = grid(*[(i * 0.5, 1, i, 4) for i in range(4)], *[(10.1 + i * 0.5, 2, i, 4) for i in range(4)])
    bars = lay_out_bars(found, 0.0, 11.6)
    assert {bar.n_beats for bar in bars.bars} == {4}
    assert 10.1 in bars.beats_s.tolist()
    assert np.all(np.diff(bars.beats_s) < 0.6)


def test_without_beats_the_tempo_is_fixed():
    assert lay_out_bars(BeatGrid(), 3.0, 4.7).beats_s.tolist() == fixed_bars(3.0, 4.7).beats_s.tolist()
    assert fixed_bars(3.0, 4.7).beats_s.tolist() == pytest.approx([3 + i / 2 for i in range(5)])


def test_beats_and_times_are_inverse():
    bars = lay_out_bars(grid((0, 1, 0, 2), (0.5, 1, 1, 2), (1.3, 2, 0, 2), (1.8, 2, 1, 2)), 0.0, 2.0)
    times_s = np.array([-0.3, 0.0, 0.25, 0.9, 1.5, 2.2])
    assert bars.beat_at(times_s).tolist()[:4] == pytest.approx([-0.6, 0.0, 0.5, 1.5])
    assert bars.time_at(bars.beat_at(times_s)).tolist() == pytest.approx(times_s.tolist())


@given(
    periods_s=st.lists(st.floats(0.17, 3.5), min_size=1, max_size=30),
    meter=st.integers(1, 6),
    first=st.integers(0, 5),
    start_s=st.floats(0, 20),
    before_s=st.floats(0, 10),
    behind_s=st.floats(-5, 10),
)
def test_bars_cover_everything_without_gaps(periods_s, meter, first, start_s, before_s, behind_s):
    times_s = np.concatenate([[start_s], start_s + np.cumsum(periods_s)])
    beats = [(t, 0, (first + i) % meter, meter) for i, t in enumerate(times_s.tolist())]
    first_s, last_s = max(0.0, start_s - before_s), max(start_s, times_s[-1] + behind_s)
    bars = lay_out_bars(grid(*beats), first_s, last_s)
    assert np.all(np.diff(bars.beats_s) > 0)
    assert set(times_s.tolist()) <= set(bars.beats_s.tolist())
    assert bars.beat_at(np.array([first_s]))[0] > -0.5
    assert last_s < bars.beats_s[-1]
    assert [bar.first_beat for bar in bars.bars] == np.cumsum([0, *[b.n_beats for b in bars.bars]]).tolist()[:-1]
    assert sum(bar.n_beats for bar in bars.bars) == bars.n_beats == len(bars.confidence)
    assert all(bar.n_beats == bar.meter_beats for bar in bars.bars if bar.number)
