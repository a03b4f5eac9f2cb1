"""From windows to events: each note once, whenever the windows end, and nothing is taken back."""

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pianotrans.events import Note, Pedal
from pianotrans.live.decisions import Begun, Decider, Ended, decide

from .made import NUMBERS, PLAN, Span, heard

LENGTH = 300  # frames


def given_out(windows) -> list[Span]:
    """The notes of all events as (track, first frame, last frame), after checking that every one ends once."""
    open_s: dict[int, float] = {}
    spans = []
    for event in decide(windows, PLAN, NUMBERS):
        if isinstance(event, Begun):
            assert event.number not in open_s
            open_s[event.number] = event.onset_s
        else:
            assert open_s.pop(event.number) == event.played.onset_s
            frames = (round(x / PLAN.frame_s) for x in (event.played.onset_s, event.played.offset_s))
            spans.append((NUMBERS.index(event.number), *frames))
    assert not open_s
    return sorted(spans)


@st.composite
def performances(draw) -> list[Span]:
    """Notes of three tracks, no two of one track closer than 12 frames."""
    spans = []
    for track in range(3):
        frame = draw(st.integers(0, 40))
        while frame < LENGTH - 60:
            length = draw(st.integers(3, 150))
            spans.append((track, frame, min(frame + length, LENGTH)))
            frame += length + draw(st.integers(9, 100))
    return sorted(spans)


def ends(steps: list[int]) -> list[int]:
    """Ends of windows that lie so far apart, first the given steps, then regular ones."""
    frames = accumulate([*steps, *[PLAN.hop_frames] * LENGTH])
    return [*(frame for frame in frames if frame < LENGTH), LENGTH]


STEPS = st.lists(st.integers(1, PLAN.window_frames - PLAN.latest_frames), max_size=20).map(ends)


@settings(max_examples=50, deadline=None)
@given(performances(), STEPS)
def test_each_note_is_given_out_once_whenever_the_windows_end(spans, end_frames):
    assert given_out(heard(spans, end) for end in end_frames) == spans


@settings(max_examples=30, deadline=None)
@given(performances(), STEPS, st.randoms(use_true_random=False))
def test_a_note_that_later_windows_hear_elsewhere_is_not_given_out_again(spans, end_frames, random):
    shifts = [random.randint(0, 2) for _ in end_frames[:-1]]
    windows = [heard(spans, end, shift=shift) for end, shift in zip(end_frames, [*shifts, 1], strict=True)]
    found = given_out(windows)
    assert len(found) == len(spans)
    for (track, begin, _), (true_track, true_begin, _) in zip(found, spans, strict=True):
        assert track == true_track
        assert abs(begin - true_begin) <= 2


def test_what_is_probable_is_given_out_sooner():
    note = [(1, 50, 90)]

    def first_end(confidence: float) -> int | None:
        decider = Decider(PLAN, NUMBERS)
        for end in range(51, 90):
            if decider.push(heard(note, end, confidence=confidence)):
                return end
        return None

    assert [first_end(p) for p in (0.95, 0.6, 0.4)] == [54, 60, None]


def test_nothing_is_given_out_long_after_it_sounded():
    decider = Decider(PLAN, NUMBERS)
    decider.push(heard([], 100))
    assert not decider.push(heard([(1, 100 - PLAN.latest_frames - 1, 99)], 105))
    assert decider.push(heard([(1, 100 - PLAN.latest_frames, 99), (2, 90, 99)], 106))


def test_a_note_that_later_windows_do_not_hear_ends():
    decider = Decider(PLAN, NUMBERS)
    (begin,) = decider.push(heard([(1, 80, 200)], 100))
    assert begin == Begun(60, pytest.approx(0.8), 64, 1.0)
    (end,) = decider.push(heard([], 105))
    assert end == Ended(60, Note(0.8, 1.0, 60, 64, onset_confidence=1.0))
    assert not decider.push(heard([(1, 80, 200)], 110)), "it was given out already"


def test_the_same_key_struck_again_ends_the_note_before():
    decider = Decider(PLAN, NUMBERS)
    decider.push(heard([(1, 80, 200)], 100))
    end, begin = decider.push(heard([(1, 80, 110), (1, 110, 200)], 120))
    assert (end.played.offset_s, begin.onset_s) == (pytest.approx(1.1), pytest.approx(1.1))


def test_a_pedal_is_one():
    down, up = decide([heard([(0, 20, 40)], 100)], PLAN, NUMBERS)
    assert (down.number, up.played) == (-64, Pedal(0.2, 0.4, "sustain", onset_confidence=1.0))


def test_at_the_end_all_that_was_heard_is_certain():
    events = [*decide([heard([(1, 97, 200)], 100, confidence=0.6)], PLAN, NUMBERS)]
    assert [type(event) for event in events] == [Begun, Ended]
    assert events[1].played.offset_s == pytest.approx(1.0)


def test_without_windows_there_is_nothing():
    assert not [*decide([], PLAN, NUMBERS)]
