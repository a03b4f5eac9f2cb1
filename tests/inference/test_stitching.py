"""Joining segments: the rules of README §8 one by one, then all of them against a plain reference.

One frame is one second here; segment i has the frames 0 … 8, which are the seconds 4i - 4 … 4i + 4.
"""

from dataclasses import replace
from itertools import pairwise, product
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pianotrans.inference.segments import SegmentPlan
from pianotrans.inference.stitching import DecodedSegment, Event, OtherEnds, Stitcher

PLAN = SegmentPlan(
    sample_rate=1, frame_samples=1, segment_samples=8, hop_frames=4, padding_samples=4, first_read_frame=4
)
N_FRAMES = 9


class Interval(NamedTuple):
    begin: int
    end: int
    velocity: int = 64
    onset_position: float = 0.0
    offset_position: float = 0.0
    onset_present: bool = False
    offset_present: bool = False
    confidence: float = 1.0
    onset_confidence: float = 1.0
    track: int = 0


def segment(*intervals: Interval) -> DecodedSegment:
    rows = list(intervals)
    return DecodedSegment(
        track=np.array([row.track for row in rows], np.int64),
        begin=np.array([row.begin for row in rows], np.int64),
        end=np.array([row.end for row in rows], np.int64),
        velocity=np.array([row.velocity for row in rows], np.int64),
        onset_position=np.array([row.onset_position for row in rows], np.float64),
        offset_position=np.array([row.offset_position for row in rows], np.float64),
        onset_present=np.array([row.onset_present for row in rows], np.bool_),
        offset_present=np.array([row.offset_present for row in rows], np.bool_),
        confidence=np.array([row.confidence for row in rows], np.float32),
        onset_confidence=np.array([row.onset_confidence for row in rows], np.float32),
    )


def stitched(*segments: DecodedSegment, n_tracks: int = 1) -> list[Event]:
    stitcher = Stitcher(PLAN, n_tracks)
    events = [event for one in segments for event in stitcher.push(one)]
    return events + stitcher.finish()


def spans(events: list[Event]) -> list[tuple[float, float]]:
    return [(event.onset_s, event.offset_s) for event in events]


NOTHING = segment()


# Times and presence


def test_nothing_gives_nothing():
    assert stitched() == []
    assert stitched(NOTHING, NOTHING, NOTHING, n_tracks=90) == []


@pytest.mark.parametrize(("padding", "expected"), [(0, [(0.0, 3.0)]), (4, [])])
def test_what_sounds_at_the_first_sample_begins_there_if_nothing_lies_before(padding, expected):
    plan = replace(PLAN, padding_samples=padding, first_read_frame=0)
    stitcher = Stitcher(plan, 1)
    assert spans(stitcher.push(segment(Interval(0, 3))) + stitcher.finish()) == expected
    second = Stitcher(plan, 1)
    second.push(NOTHING)
    assert second.push(segment(Interval(0, 3))) + second.finish() == []


def test_positions_refine_the_frames():
    events = stitched(segment(Interval(5, 7, 80, 0.25, -0.5)))
    assert spans(events) == [(1.25, 2.5)]
    assert events[0].velocity == 80


def test_every_segment_has_its_place_in_time():
    note = segment(Interval(5, 7))
    assert spans(stitched(note)) == [(1.0, 3.0)]
    assert spans(stitched(NOTHING, note)) == [(5.0, 7.0)]
    assert spans(stitched(NOTHING, NOTHING, note)) == [(9.0, 11.0)]


def test_an_onset_at_frame_0_is_real_only_if_it_is_said_to_be():
    assert stitched(NOTHING, segment(Interval(0, 3))) == []
    assert spans(stitched(NOTHING, segment(Interval(0, 3, onset_present=True)))) == [(0.0, 3.0)]
    assert spans(stitched(NOTHING, segment(Interval(1, 3)))) == [(1.0, 3.0)]


def sureness(events: list[Event]) -> list[tuple[float | None, float | None]]:
    return [(event.confidence, event.onset_confidence) for event in events]


def test_confidence_is_that_of_the_segment_that_was_kept():
    first = Interval(5, 7, confidence=0.5, onset_confidence=0.75)
    assert sureness(stitched(segment(first))) == [(0.5, 0.75)]
    again = Interval(1, 4, confidence=0.25, onset_confidence=0.5)  # the same, heard a little later: replaces it
    assert sureness(stitched(segment(first), segment(again))) == [(0.25, 0.5)]


def test_a_prolonged_event_is_as_sure_as_both_its_ends():
    begun = Interval(6, 8, confidence=0.5, onset_confidence=0.75)
    rest = Interval(0, 6, confidence=0.5, onset_confidence=0.125)
    events = stitched(segment(begun), segment(rest))
    assert spans(events) == [(2.0, 6.0)]
    assert sureness(events) == [(0.25, 0.75)]
    shorter = Interval(0, 3, confidence=0.5)
    events = stitched(segment(begun), segment(shorter))
    assert spans(events) == [(2.0, 4.0)]
    assert sureness(events) == [(0.5, 0.75)]


def test_without_confidence_nothing_is_known():
    unknown = [
        replace(segment(row), confidence=None, onset_confidence=None) for row in (Interval(6, 8), Interval(0, 6))
    ]
    assert sureness(stitched(*unknown)) == [(None, None)]


# Runners-up


def with_others(one: DecodedSegment, *others: tuple[int, float, float]) -> DecodedSegment:
    """Other ends: which interval, where (in frames), how probable."""
    row, position, probability = (np.array(column) for column in zip(*others, strict=True))
    return replace(one, other_ends=OtherEnds(row, position, probability))


def others(event: Event) -> list[tuple[float, float]]:
    return [(x.offset_s, x.probability) for x in event.other_offsets]


def test_other_offsets_have_the_times_of_their_segment_and_end_where_the_next_onset_is():
    notes = segment(Interval(4, 6), Interval(7, 8))
    first, second = stitched(NOTHING, with_others(notes, (0, 5.0, 0.25), (0, 7.5, 0.125), (1, 7.5, 0.5)))
    assert others(first) == [(5.0, 0.25), (7.0, 0.125)]
    assert others(second) == [(7.5, 0.5)]
    (touching, _) = stitched(NOTHING, with_others(segment(Interval(4, 7), Interval(7, 8)), (0, 8.0, 0.25)))
    assert others(touching) == [], "it cannot last longer"


def test_other_offsets_before_the_recording_are_none():
    (event,) = stitched(with_others(segment(Interval(2, 6)), (0, 3.0, 0.5), (0, 5.0, 0.25)))
    assert others(event) == [(1.0, 0.25)]


def test_of_a_prolonged_event_the_best_other_offset_of_each_side_is_told():
    begun = with_others(segment(Interval(5, 8, confidence=0.5)), (0, 6.0, 0.25))
    rest = segment(Interval(0, 6, confidence=0.5))
    (event,) = stitched(begun, with_others(rest, (0, 5.0, 0.25), (0, 7.0, 0.5)))
    assert others(event) == [(2.0, 0.25), (7.0, 0.25)]
    (event,) = stitched(begun, with_others(rest, (0, 5.0, 0.75)))
    assert others(event) == [(5.0, 0.375)]


def test_each_candidate_is_told_by_the_segment_with_more_around_it():
    """The middle of what the first and the second segment hear is at 2 s."""
    candidates = [
        segment(Interval(5, 6, velocity=1), Interval(6, 8, velocity=1)),
        segment(Interval(1, 2), Interval(2, 4)),
    ]
    told = [replace(NOTHING, candidates=one) for one in candidates]
    stitcher = Stitcher(PLAN, 1)
    assert [(e.onset_s, e.velocity, e.is_written) for e in stitcher.push(told[0])] == [(1.0, 1, False)]
    assert spans(stitcher.push(told[1])) == [(2.0, 4.0)]
    assert stitcher.finish() == []
    alone = Stitcher(PLAN, 1)
    alone.push(told[0])
    assert spans(alone.finish()) == [(2.0, 4.0)], "nobody knows better"


@pytest.mark.parametrize(("end", "present", "is_kept"), [(7, False, True), (8, False, False), (8, True, True)])
def test_an_offset_in_the_last_frame_is_real_only_if_it_is_said_to_be(end, present, is_kept):
    first = segment(Interval(4, end, offset_present=present))
    later = segment(Interval(6, 7))  # so that the first event is not the last one
    assert spans(stitched(first, later)) == [(0.0, end - 4.0)] * is_kept + [(6.0, 7.0)]


def test_times_before_the_recording_are_clipped():
    assert spans(stitched(segment(Interval(4, 6, onset_position=-0.5)))) == [(0.0, 2.0)]
    assert stitched(segment(Interval(2, 4))) == []


# Within one segment


def test_a_later_onset_waits_for_the_offset_before():
    events = stitched(segment(Interval(4, 6, offset_position=0.5), Interval(6, 7, onset_position=-0.25)))
    assert spans(events) == [(0.0, 2.5), (2.5, 3.0)]


def test_an_offset_comes_after_its_onset():
    events = stitched(segment(Interval(5, 5, onset_position=0.25, offset_position=-0.25)))
    assert spans(events) == [(1.25, 1.25 + 1e-8)]


def test_tracks_do_not_know_each_other():
    one, other = Interval(4, 6, offset_position=0.5, track=1), Interval(6, 7, onset_position=-0.5, track=2)
    events = stitched(segment(one, other), n_tracks=3)
    assert [(event.track, *span) for event, span in zip(events, spans(events), strict=True)] == [
        (1, 0.0, 2.5),
        (2, 1.5, 3.0),
    ]


# Joining segments


def test_an_overlapping_event_with_an_onset_replaces_the_last_one():
    first = segment(Interval(5, 8, velocity=10))
    second = segment(Interval(2, 5, velocity=20))
    (event,) = stitched(first, second)
    assert spans([event]) == [(2.0, 5.0)]
    assert event.velocity == 20


def test_an_overlapping_event_without_onset_prolongs_the_last_one():
    first = segment(Interval(6, 8, velocity=10))
    second = segment(Interval(0, 6, velocity=20), Interval(7, 7, offset_position=0.5))
    event, _ = stitched(first, second)
    assert spans([event]) == [(2.0, 6.0)]
    assert (event.velocity, event.has_offset) == (10, True)


def test_what_follows_a_prolonged_event_is_another_one():
    first = segment(Interval(5, 8))
    second = segment(Interval(0, 2), Interval(2, 5))  # ended earlier than the first segment had it
    assert spans(stitched(first, second)) == [(1.0, 2.0), (2.0, 5.0)]


def test_prolonging_takes_the_latest_end():
    first = segment(Interval(6, 8))
    second = segment(Interval(0, 2))
    assert spans(stitched(first, second)) == [(2.0, 4.0)]


def test_prolonging_takes_over_whether_the_offset_is_real():
    ends = segment(Interval(6, 8))
    goes_on = segment(Interval(0, 8))
    other = segment(Interval(6, 7))
    assert spans(stitched(ends, goes_on, other)) == [(10.0, 11.0)]  # it never ended: dropped
    assert spans(stitched(ends, goes_on)) == [(2.0, 8.0)]  # the last one of its track counts as ended


def test_an_event_without_onset_that_overlaps_nothing_is_dropped():
    first = segment(Interval(5, 7, offset_position=0.5))
    assert spans(stitched(first, NOTHING, segment(Interval(0, 3)))) == [(1.0, 3.5)]


def test_an_event_that_begins_where_the_last_one_ends_is_another_one():
    first = segment(Interval(5, 7))
    second = segment(Interval(3, 6))
    assert spans(stitched(first, second)) == [(1.0, 3.0), (3.0, 6.0)]


def test_a_note_longer_than_three_segments():
    begin, middle, end = segment(Interval(6, 8)), segment(Interval(0, 8)), segment(Interval(0, 5))
    for n in range(6):
        assert spans(stitched(begin, *[middle] * n, end)) == [(2.0, 4.0 * n + 5.0)]


@pytest.mark.parametrize("border", [4, 8])
def test_a_note_that_begins_exactly_on_a_border_of_segments(border):
    """Second 4 is frame 8, the last one, of segment 0, frame 4 of segment 1 and frame 0 of segment 2."""
    at = {0: Interval(8, 8), 1: Interval(4, 6), 2: Interval(0, 2, onset_present=True)}
    shift = [NOTHING] * (border // 4 - 1)
    expected = [(float(border), border + 2.0)]
    assert spans(stitched(*shift, segment(at[0]), segment(at[1]), segment(at[2]))) == expected
    assert spans(stitched(*shift, NOTHING, segment(at[1]), NOTHING)) == expected
    assert spans(stitched(*shift, NOTHING, NOTHING, segment(at[2]))) == expected


def test_a_note_that_ends_exactly_on_a_border_of_segments():
    told = segment(Interval(5, 8, offset_present=True))
    untold = segment(Interval(5, 8))
    assert spans(stitched(told)) == spans(stitched(untold)) == [(1.0, 4.0)]
    assert spans(stitched(untold, segment(Interval(1, 4)))) == [(1.0, 4.0)]
    assert spans(stitched(untold, segment(Interval(0, 4)))) == [(1.0, 4.0)]


def test_of_the_events_whose_offset_never_came_only_the_last_stays():
    open_end = segment(Interval(6, 8))
    assert spans(stitched(open_end, NOTHING, open_end, NOTHING, open_end)) == [(18.0, 20.0)]


def test_a_note_that_still_overlaps_the_next_of_its_key_is_cut_there():
    first = segment(Interval(5, 7, offset_position=0.25), Interval(7, 8))
    second = segment(Interval(3, 5, onset_position=-0.25))  # replaces the last; begins before the first ends
    assert spans(stitched(first, second)) == [(1.0, 2.75), (2.75, 5.0)]


def test_a_note_is_not_cut_by_an_event_that_is_dropped():
    first = segment(Interval(5, 7, offset_position=0.25), Interval(7, 8))
    second = segment(Interval(3, 8, onset_position=-0.25))  # replaces the last; its own offset never comes
    third = segment(Interval(5, 6))
    assert spans(stitched(first, second, third)) == [(1.0, 3.25), (9.0, 10.0)]


def test_a_note_is_cut_across_one_that_is_shorter_than_a_frame():
    short = Interval(7, 7, onset_position=0.25, offset_position=0.375)
    first = segment(Interval(5, 7, offset_position=0.125), short, Interval(7, 8))
    second = segment(Interval(3, 5, onset_position=-0.25))  # begins before `short`, which vanishes
    assert spans(stitched(first, second)) == [(1.0, 2.75), (2.75, 5.0)]


def test_events_come_out_as_soon_as_three_stand_behind_them():
    stitcher = Stitcher(PLAN, 1)
    assert stitcher.push(segment(Interval(4, 4), Interval(4, 5), Interval(5, 6))) == []
    assert spans(stitcher.push(segment(Interval(6, 7)))) == [(0.0, 1e-8), (1e-8, 1.0), (1.0, 2.0)]
    assert spans(stitcher.finish()) == [(6.0, 7.0)]
    assert stitcher.finish() == []
    four = segment(Interval(4, 4), Interval(4, 5), Interval(5, 6), Interval(6, 7))
    assert spans(Stitcher(PLAN, 1).push(four)) == [(0.0, 1e-8)]


def test_events_come_out_once_they_have_ended_before_the_next_segment():
    stitcher = Stitcher(PLAN, 2)
    early, late = Interval(2, 3, 80), Interval(5, 6, track=1)
    assert stitcher.push(NOTHING) == []
    assert spans(stitcher.push(segment(early, late))) == [(2.0, 3.0)]
    assert stitcher.final_s == 3.5
    assert spans(stitcher.push(NOTHING)) == [(5.0, 6.0)]


# Where reading goes on


def test_reading_starts_where_the_recording_does():
    np.testing.assert_array_equal(Stitcher(PLAN, 3).start_frames, [4, 4, 4])


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ((), 0),
        ((Interval(4, 7),), 3),
        ((Interval(4, 6), Interval(6, 8)), 2),
        ((Interval(4, 6), Interval(6, 8, offset_present=True)), 4),
        ((Interval(1, 2),), 0),
        ((Interval(7, 7, onset_present=True),), 3),
    ],
)
def test_reading_goes_on_behind_the_last_event_that_ended(intervals, expected):
    stitcher = Stitcher(PLAN, 2)
    stitcher.push(segment(*intervals))
    np.testing.assert_array_equal(stitcher.start_frames, [expected, 0])
    stitcher.push(NOTHING)
    np.testing.assert_array_equal(stitcher.start_frames, [0, 0])


# All rules at once, on the whole recording, in the plainest words


def reference_events(track: int, segments: list[list[Interval]]) -> list[Event]:
    kept: list[Event] = []
    for index, intervals in enumerate(segments):
        previous_offset = -np.inf
        is_next = False
        for one in intervals:
            onset = max(4 * index - 4 + one.begin + one.onset_position, previous_offset)
            offset = max(4 * index - 4 + one.end + one.offset_position, onset + 1e-8)
            previous_offset = offset
            has_onset = one.begin > 0 or one.onset_present
            has_offset = one.end < 8 or one.offset_present
            sure = (one.confidence, one.onset_confidence)
            event = Event(track, onset, offset, one.velocity, has_onset, has_offset, *sure)
            if kept and onset < kept[-1].offset_s:
                if has_onset and is_next:
                    kept.append(event)
                elif has_onset:
                    kept[-1] = event
                else:
                    later = max(kept[-1].offset_s, offset)
                    both = kept[-1].confidence * (one.confidence if offset > kept[-1].offset_s else 1)
                    kept[-1] = replace(kept[-1], offset_s=later, has_offset=has_offset, confidence=both)
                is_next = True
            elif has_onset:
                kept.append(event)
                is_next = True
    if kept:
        kept[-1] = replace(kept[-1], has_offset=True)
    ended = [event for event in kept if event.has_offset]
    cut = []
    for i, event in enumerate(ended):
        offset = min([event.offset_s] + [later.onset_s for later in ended[i + 1 :]])
        cut.append(replace(event, onset_s=max(event.onset_s, 0.0), offset_s=offset))
    return [event for event in cut if event.offset_s > event.onset_s]


def reference_start_frame(segments: list[list[Interval]]) -> int:
    ends = [
        4 * index + one.end
        for index, intervals in enumerate(segments)
        for one in intervals
        if one.end < 8 or one.offset_present
    ]
    return max([4, *ends, 4 * len(segments)]) - 4 * len(segments)


POSITIONS = (-0.5, -0.25, 0.0, 0.125, 0.5)  # exact in binary: results can be compared by ==
PRESENT = (False, True)
CONFIDENCES = (0.0, 0.25, 0.5, 1.0)
VELOCITIES = (0, 64, 127)  # they are only passed on
ATTRIBUTES = st.sampled_from(  # all of them in one decision: drawing them one by one takes most of the time
    list(product(VELOCITIES, POSITIONS, POSITIONS, PRESENT, PRESENT, CONFIDENCES, CONFIDENCES))
)
STEPS = st.lists(st.sampled_from(list(product(range(6), PRESENT))), max_size=6)


@st.composite
def paths(draw: st.DrawFn, start_frame: int) -> list[Interval]:
    """What a decoder may read from a start frame on: closed intervals that share no more than an end point."""
    intervals: list[Interval] = []
    frame = start_frame
    for length, has_singleton in draw(STEPS):
        if frame >= N_FRAMES:
            break
        end = min(frame + length, N_FRAMES - 1)
        if has_singleton:
            intervals.append(Interval(frame, frame, *draw(ATTRIBUTES)))
        if end > frame:
            intervals.append(Interval(frame, end, *draw(ATTRIBUTES)))
        frame = max(end, frame + 1)
    return intervals


@settings(max_examples=120, deadline=None)
@given(data=st.data(), n_segments=st.integers(0, 6), n_tracks=st.integers(1, 2))
def test_streaming_gives_what_the_whole_recording_would(data, n_segments, n_tracks):
    stitcher = Stitcher(PLAN, n_tracks)
    read: list[list[list[Interval]]] = [[] for _ in range(n_tracks)]
    events = []
    for _ in range(n_segments):
        expected_starts = [reference_start_frame(segments) for segments in read]
        np.testing.assert_array_equal(stitcher.start_frames, expected_starts)
        rows: list[Interval] = []
        for track, start_frame in enumerate(expected_starts):
            read[track].append(data.draw(paths(start_frame)))
            rows += [one._replace(track=track) for one in read[track][-1]]
        events += stitcher.push(segment(*rows))
        for track in range(n_tracks):
            n_out = sum(event.track == track for event in events)
            assert len(reference_events(track, read[track])) - n_out <= 3, "no more than three of a track are held"
    events += stitcher.finish()
    for track in range(n_tracks):
        assert [event for event in events if event.track == track] == reference_events(track, read[track])
    assert all(0 <= event.onset_s < event.offset_s for event in events)
    for track in range(n_tracks):
        own = [event for event in events if event.track == track]
        for one, following in pairwise(own):
            assert one.offset_s <= following.onset_s
