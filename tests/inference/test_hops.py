"""Any hop gives back what was played, if every segment is heard perfectly: nothing lost or doubled at a border.

Frames count from the first sample of the first segment; all segments lie on the same grid of frames.
"""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pianotrans.inference.segments import SegmentPlan
from pianotrans.inference.stitching import DecodedSegment, Stitcher
from pianotrans.network import ModelConfig

CONFIG = ModelConfig()
N_FRAMES = CONFIG.spectrogram.n_frames(SegmentPlan.of(CONFIG).segment_samples)  # of one segment
HOPS_S = [4, 5, 6.5, 8, 9, 10, 12, 13.7, 14, 15, 15.9, 16]

Played = list[tuple[int, int]]  # begin and end frame of the notes of one key, in order


def heard(
    played: Played, first_frame: int, start_frame: int, last_frame: int, rng: np.random.Generator | None
) -> DecodedSegment:
    """What a listener reads in a segment from a start frame on: notes cut at the segment's ends.

    The last frame of all lies behind the last sample: notes end there that go on, none begins there. Perfect
    without `rng`; with it, positions inside the frames are as good as random.
    """
    rows = [(begin - first_frame, end - first_frame) for begin, end in played]
    seen = [(b, e) for b, e in rows if e > 0 and b <= last_frame and max(b, 0) >= start_frame]
    begin = np.array([max(b, 0) for b, _ in seen], np.int64)
    end = np.array([min(e, N_FRAMES - 1) for _, e in seen], np.int64)
    positions = rng.uniform(-0.4, 0.4, (2, len(seen))) if rng else np.zeros((2, len(seen)))
    return DecodedSegment(
        track=np.zeros(len(seen), np.int64),
        begin=begin,
        end=end,
        velocity=np.full(len(seen), 64),
        onset_position=positions[0],
        offset_position=positions[1],
        onset_present=np.array([b >= 0 for b, _ in seen], np.bool_),
        offset_present=np.array([e <= last_frame for _, e in seen], np.bool_),
    )


def transcribed(played: Played, plan: SegmentPlan, rng: np.random.Generator | None = None) -> Played:
    """The same notes after cutting, hearing, and stitching."""
    n_samples = (
        max([plan.first_read_frame, *(end for _, end in played)]) + 1
    ) * plan.frame_samples - plan.padding_samples
    stitcher = Stitcher(plan, 1)
    events = []
    for index in range(plan.n_segments(n_samples)):
        start_frame = int(stitcher.start_frames[0])
        segment = heard(played, index * plan.hop_frames, start_frame, plan.last_frame, rng)
        events += stitcher.push(segment)
    events += stitcher.finish()
    return [(frame_of(event.onset_s, plan), frame_of(event.offset_s, plan)) for event in events]


def frame_of(time_s: float, plan: SegmentPlan) -> int:
    return round((time_s - plan.start_s(0)) * plan.sample_rate / plan.frame_samples)


def borders(plan: SegmentPlan, n_segments: int) -> list[int]:
    """First and last frames of the segments, and those where events count as ended, with their neighbours."""
    starts = [index * plan.hop_frames for index in range(n_segments)]
    exact = [start + frame for start in starts for frame in (0, plan.last_frame, N_FRAMES - 1)]
    return sorted({frame + d for frame in exact for d in (-1, 0, 1)})


@pytest.mark.parametrize("hop_s", HOPS_S)
def test_notes_that_begin_and_end_exactly_on_borders(hop_s):
    plan = SegmentPlan.of(CONFIG, hop_s)
    frames = [frame for frame in borders(plan, 6) if frame > plan.first_read_frame]
    touching = list(pairwise(frames))
    assert transcribed(touching, plan) == touching
    for alternating in (touching[::2], touching[1::2]):
        assert transcribed(alternating, plan) == alternating
    for alone in touching:
        assert transcribed([alone], plan) == [alone]


@pytest.mark.parametrize("hop_s", HOPS_S)
@pytest.mark.parametrize("n_segments", [3.2, 7, 20])
def test_a_note_that_sounds_longer_than_three_segments(hop_s, n_segments):
    plan = SegmentPlan.of(CONFIG, hop_s)
    begin = plan.first_read_frame + 10
    end = begin + round(n_segments * N_FRAMES)
    assert transcribed([(begin, end)], plan) == [(begin, end)]
    with_others = [(begin - 5, begin), (begin, end), (end + 3, end + 50)]
    assert transcribed(with_others, plan) == with_others


@st.composite
def performances(draw: st.DrawFn, plan: SegmentPlan, shortest: int) -> Played:
    """Notes of one key, many of which touch, and many of which begin or end on borders."""
    anywhere = st.integers(plan.first_read_frame + 1, 6 * N_FRAMES)
    on_a_border = st.sampled_from([frame for frame in borders(plan, 6) if frame > plan.first_read_frame])
    frames = sorted(draw(st.sets(anywhere | on_a_border, min_size=2, max_size=30)))
    notes = [note for note in pairwise(frames) if note[1] - note[0] >= shortest]
    return [note for note in notes if draw(st.booleans())]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), hop_s=st.floats(4, 16))
def test_whatever_is_played_comes_back(data, hop_s):
    plan = SegmentPlan.of(CONFIG, hop_s)
    played = data.draw(performances(plan, shortest=1))
    assert transcribed(played, plan) == played


@settings(max_examples=150, deadline=None)
@given(data=st.data(), hop_s=st.floats(4, 15.5), seed=st.integers(0, 2**32))
def test_a_listener_who_is_not_perfect_loses_and_doubles_nothing(data, hop_s, seed):
    plan = SegmentPlan.of(CONFIG, hop_s)
    played = data.draw(performances(plan, shortest=5))
    came_back = transcribed(played, plan, np.random.default_rng(seed))
    assert len(came_back) == len(played)
    np.testing.assert_allclose(np.array(came_back), np.array(played), atol=1)
