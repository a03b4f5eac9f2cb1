"""Events to labels and back: within half a millisecond, clipped to the chunk."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pianotrans.events import SOFT, SUSTAIN, FrameGrid, Note, Pedal, Performance
from pianotrans.inference.stitching import Event
from pianotrans.inference.transcriber import performance_of
from pianotrans.network import ModelConfig
from pianotrans.training.data.labels import Labels, labels_of

CONFIG = ModelConfig()
HOP_S = 1024 / 44_100
N_SAMPLES = 4 * 44_100 + 77
CHUNK_S = N_SAMPLES / 44_100
TOLERANCE_S = 0.0005

starts_s = st.one_of(st.sampled_from([-4.5, -1.0, 0.0, 1.0, 7.7]), st.floats(-5, 10))
gaps_and_lengths = st.lists(
    st.tuples(
        st.one_of(st.just(0.0), st.floats(0, 3)),
        st.one_of(st.floats(0.001, 0.1), st.floats(0.001, 8)),
        st.integers(1, 127),
    ),
    max_size=12,
)
"""Seconds: events of one track that touch, share a frame, or span the whole chunk."""


@st.composite
def performances(draw, shortest_s: float = 0.0):
    """Several tracks of events that may touch and never overlap, both pedals among them."""
    notes: list[Note] = []
    pedals: list[Pedal] = []
    for what in draw(st.sets(st.sampled_from([21, 60, 108, SUSTAIN, SOFT]))):
        now_s = 0.0
        for gap_s, length_s, velocity in draw(gaps_and_lengths):
            onset_s = now_s + gap_s
            now_s = onset_s + length_s + shortest_s
            if isinstance(what, str):
                pedals.append(Pedal(onset_s, now_s, what))
            else:
                notes.append(Note(onset_s, now_s, what, velocity))
    return Performance(tuple(notes), tuple(pedals))


def events_of(labels: Labels, start_s: float) -> Performance:
    """The events that labels stand for; the inverse of `labels_of` for what lies inside the chunk."""
    grid = FrameGrid(CONFIG.spectrogram.sample_rate, CONFIG.spectrogram.hop_samples)
    onset_s = np.maximum(start_s + grid.seconds(labels.begin, labels.onset_position), 0)
    offset_s = np.maximum(start_s + grid.seconds(labels.end, labels.offset_position), onset_s + 1e-8)
    events = [
        Event(int(track), float(onset), float(offset), int(velocity))
        for track, onset, offset, velocity in zip(labels.track, onset_s, offset_s, labels.velocity, strict=True)
    ]
    duration_s = max((event.offset_s for event in events), default=0.0)
    return performance_of(events, CONFIG.tracks.numbers, duration_s)


def rows(performance: Performance) -> np.ndarray:
    """(track, onset, offset, velocity), by track and time; pedals count as velocity 127."""
    track = CONFIG.tracks.numbers.index
    notes = [(track(note.key), note.onset_s, note.offset_s, note.velocity) for note in performance.notes]
    pedals = [(track(-pedal.controller), pedal.onset_s, pedal.offset_s, 127) for pedal in performance.pedals]
    return np.array(sorted(notes + pedals)).reshape(-1, 4)


def clipped(performance: Performance, start_s: float) -> np.ndarray:
    """The rows of a performance cut to the chunk."""
    inside = rows(performance)
    inside = inside[(inside[:, 2] > start_s) & (inside[:, 1] < start_s + CHUNK_S)]
    inside[:, 1:3] = np.clip(inside[:, 1:3], start_s, start_s + CHUNK_S)
    return inside


def check_is_labelling(labels: Labels) -> None:
    """Sorted, inside the chunk, and on every track without overlap or repetition."""
    n_frames = CONFIG.spectrogram.n_frames(N_SAMPLES)
    assert np.all((labels.track >= 0) & (labels.track < CONFIG.tracks.n_tracks))
    assert np.all((labels.begin >= 0) & (labels.begin <= labels.end) & (labels.end < n_frames))
    assert np.all(np.abs(labels.onset_position) <= 0.5)
    assert np.all(np.abs(labels.offset_position) <= 0.5)
    assert np.all(np.diff(labels.track) >= 0)
    together = np.diff(labels.track) == 0
    assert np.all((labels.end[:-1] <= labels.begin[1:])[together])
    repeated = (labels.begin[:-1] == labels.begin[1:]) & (labels.end[:-1] == labels.end[1:])
    assert not np.any(repeated & together)


@given(performances(shortest_s=1.01 * HOP_S), starts_s)
@settings(deadline=None)
def test_round_trip_of_events_longer_than_a_frame(performance, start_s):
    labels = labels_of(performance, start_s, CONFIG, N_SAMPLES)
    check_is_labelling(labels)
    expected = clipped(performance, start_s)
    # clipping may leave a sliver beside a border: where that shares a frame with a neighbour, it may be merged
    if np.all(expected[:, 2] - expected[:, 1] > 1.01 * HOP_S):
        found = rows(events_of(labels, start_s))
        np.testing.assert_array_equal(found[:, [0, 3]], expected[:, [0, 3]])
        np.testing.assert_allclose(found[:, 1:3], expected[:, 1:3], rtol=0, atol=TOLERANCE_S)
        whole = rows(performance)
        whole = whole[(whole[:, 2] > start_s) & (whole[:, 1] < start_s + CHUNK_S)]
        np.testing.assert_array_equal(labels.onset_present, whole[:, 1] >= start_s)
        np.testing.assert_array_equal(labels.offset_present, whole[:, 2] - start_s < CHUNK_S)


@given(performances(), starts_s)
@settings(deadline=None)
def test_round_trip_of_events_of_any_length(performance, start_s):
    """What comes back is a run of one or more events, from the onset of the first to the offset of the last."""
    labels = labels_of(performance, start_s, CONFIG, N_SAMPLES)
    check_is_labelling(labels)
    found, expected = rows(events_of(labels, start_s)), clipped(performance, start_s)
    position = 0
    for track, onset_s, offset_s, velocity in found:
        first = expected[position]
        assert (track, velocity) == (first[0], first[3])
        assert onset_s == pytest.approx(first[1], abs=TOLERANCE_S)
        while abs(expected[position, 2] - offset_s) > 1e-6:
            position += 1
            assert expected[position, 0] == track
        assert offset_s - onset_s <= HOP_S + 1e-6 or np.array_equal(first, expected[position])
        position += 1
    # slivers shorter than what is compared may remain at the end of a run
    assert np.all(expected[position:, 2] - expected[position:, 1] < 1e-6)


def test_frames_and_remainders():
    performance = Performance((Note(3.8 * HOP_S, 6.25 * HOP_S, 60, 80),), (Pedal(0, HOP_S, SUSTAIN),))
    labels = labels_of(performance, 0.0, CONFIG, N_SAMPLES)
    assert [CONFIG.tracks.numbers[track] for track in labels.track] == [-64, 60]
    assert labels.begin.tolist() == [0, 4]
    assert labels.end.tolist() == [1, 6]
    assert labels.velocity.tolist() == [127, 80]
    np.testing.assert_allclose(labels.onset_position, [0, -0.2], atol=1e-9)
    np.testing.assert_allclose(labels.offset_position, [0, 0.25], atol=1e-9)
    assert labels.onset_present.all()
    assert labels.offset_present.all()


def test_clipped_sides_are_not_present():
    notes = (Note(0, 2, 60, 1), Note(2, 3, 60, 2), Note(3, 99, 60, 3), Note(0, 99, 61, 4), Note(0, 1, 62, 5))
    labels = labels_of(Performance(notes), 1.0, CONFIG, N_SAMPLES)
    assert labels.velocity.tolist() == [1, 2, 3, 4], "what ends where the chunk starts is not heard"
    assert labels.onset_present.tolist() == [False, True, True, False]
    assert labels.offset_present.tolist() == [True, True, False, False]
    assert labels.begin[[0, 3]].tolist() == [0, 0]
    assert labels.end[[2, 3]].tolist() == [round(N_SAMPLES / 1024)] * 2


def test_a_chunk_that_starts_before_the_recording():
    labels = labels_of(Performance((Note(0, 1, 60, 64),)), -2.0, CONFIG, N_SAMPLES)
    assert labels.begin.tolist() == [round(2 / HOP_S)]
    assert labels.onset_present.all()


def test_events_inside_one_frame_become_one():
    at = 100 * HOP_S
    spans = [(-0.4, -0.3), (-0.2, -0.1), (0.1, 0.2), (0.3, 5.0)]
    notes = tuple(Note(at + a * HOP_S, at + b * HOP_S, 60, 10 + i) for i, (a, b) in enumerate(spans))
    labels = labels_of(Performance(notes), 0.0, CONFIG, N_SAMPLES)
    assert list(zip(labels.begin, labels.end, strict=True)) == [(100, 100), (100, 105)]
    assert labels.velocity.tolist() == [10, 13]
    np.testing.assert_allclose(labels.onset_position, [-0.4, 0.3], atol=1e-9)
    np.testing.assert_allclose(labels.offset_position, [0.2, 0.0], atol=1e-9)


def test_overlapping_notes_of_a_key_end_where_the_next_begins():
    notes = (Note(0, 3, 60, 1), Note(1, 2, 60, 2), Note(1, 2.5, 60, 3), Note(0.5, 2.5, 61, 4))
    labels = labels_of(Performance(notes), 0.0, CONFIG, N_SAMPLES)
    found = rows(events_of(labels, 0.0))
    np.testing.assert_allclose(found, [(41, 0, 1, 1), (41, 1, 2.5, 3), (42, 0.5, 2.5, 4)], atol=1e-6)


def test_keys_without_a_track_are_left_out():
    labels = labels_of(Performance((Note(0, 1, 20, 64), Note(0, 1, 109, 64))), 0.0, CONFIG, N_SAMPLES)
    assert len(labels) == 0


def test_silence():
    for labels in (labels_of(Performance(), 0.0, CONFIG, N_SAMPLES), Labels.nothing()):
        assert len(labels) == 0
        assert events_of(labels, 0.0) == Performance()
