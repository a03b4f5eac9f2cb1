import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.events import (
    FrameGrid,
    Note,
    Performance,
    load_midi,
    midi_bytes,
)

from .strategies import quick

GRID = FrameGrid(44_100, 1024)
grids = st.builds(FrameGrid, st.sampled_from([8000, 16_000, 44_100, 48_000]), st.integers(1, 4096))

gaps_and_lengths = st.lists(
    st.tuples(st.one_of(st.just(0.0), st.floats(0, 5)), st.one_of(st.floats(0.05, 1), st.floats(0.05, 300))),
    max_size=16,
)
"""In frames: events of one track that touch, share frames, lie within one, or span many."""

tracks_s = gaps_and_lengths.map(
    lambda pairs: np.cumsum(np.array(pairs).ravel()).reshape(-1, 2) * GRID.hop_samples / GRID.sample_rate
)


@quick
@given(grids, st.lists(st.floats(0, 40_000)))
def test_seconds_round_trip(grid, seconds):
    frame, remainder = grid.positions(seconds)
    assert frame.shape == remainder.shape == (len(seconds),)
    assert np.all(np.abs(remainder) <= 0.5)
    np.testing.assert_allclose(grid.seconds(frame, remainder), seconds, rtol=0, atol=1e-9)


def test_frame_t_is_centred_on_sample_t_times_hop():
    frame, remainder = GRID.positions([0, 1024 / 44_100, 1280 / 44_100, 1536.1 / 44_100])
    assert frame.tolist() == [0, 1, 1, 2]
    np.testing.assert_allclose(remainder, [0, 0, 0.25, -0.4999], atol=1e-4)
    assert GRID.seconds(345) == 345 * 1024 / 44_100


@quick
@given(tracks_s)
def test_events_to_frames_and_back(spans):
    intervals = GRID.to_intervals(spans)
    assert np.all(intervals.begin <= intervals.end)
    assert np.all(intervals.end[:-1] <= intervals.begin[1:])
    np.testing.assert_allclose(GRID.to_spans(intervals), spans, rtol=0, atol=1e-6)


@quick
@given(tracks_s)
def test_events_to_frames_to_midi_and_back(spans):
    """Within half a tick."""
    intervals = GRID.to_intervals(spans)
    onset_s = GRID.seconds(intervals.begin, intervals.onset)
    offset_s = GRID.seconds(intervals.end, intervals.offset)
    notes = tuple(Note(a, b, 60, 64) for a, b in zip(onset_s, offset_s, strict=True))
    loaded = load_midi(io.BytesIO(midi_bytes(Performance(notes))))
    ours = np.array([(note.onset_s, note.offset_s) for note in loaded.notes]).reshape(-1, 2)
    np.testing.assert_allclose(ours, spans, rtol=0, atol=0.5 / 1920 + 1e-9)


def test_a_short_event_is_a_singleton_and_touching_events_share_a_frame():
    hop_s = 1024 / 44_100
    intervals = GRID.to_intervals([(3.8 * hop_s, 4.1 * hop_s), (4.1 * hop_s, 7 * hop_s), (7 * hop_s, 9 * hop_s)])
    assert list(zip(intervals.begin, intervals.end, strict=True)) == [(4, 4), (4, 7), (7, 9)]
    np.testing.assert_allclose(intervals.onset, [-0.2, 0.1, 0], atol=1e-9)
    np.testing.assert_allclose(intervals.offset, [0.1, 0, 0], atol=1e-9)


def test_no_events():
    intervals = GRID.to_intervals([])
    assert intervals.begin.shape == intervals.offset.shape == (0,)
    assert GRID.to_spans(intervals).shape == (0, 2)


@pytest.mark.parametrize("spans", [[(0, 2), (1, 3)], [(2, 3), (0, 1)], [(2, 1)], [(0, np.nan)]])
def test_events_out_of_order_are_refused(spans):
    with pytest.raises(ValueError, match="events of one track: they must be in order and must not overlap"):
        GRID.to_intervals(spans)


def test_an_impossible_grid_is_refused():
    with pytest.raises(ValueError, match="frames of 0 samples at 44100 Hz: both must be positive"):
        FrameGrid(44_100, 0)
