"""Cutting a recording: against the plainest way of doing it, on the whole padded array."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pianotrans.inference.registry import find_model
from pianotrans.inference.segments import SegmentPlan, cut
from pianotrans.network import ModelConfig

PUBLISHED = SegmentPlan.of(ModelConfig())


def small_plan(segment: int, hop_frames: int, padding: int, frame: int, *, once: bool = False) -> SegmentPlan:
    seen = max(segment - hop_frames * frame, 0) if once else 0
    return SegmentPlan(10, frame, segment, hop_frames, padding, padding // frame, seen)


def naive_segments(samples: np.ndarray, plan: SegmentPlan) -> list[np.ndarray]:
    padded = np.pad(samples, ((0, 0), (plan.padding_samples, plan.padding_samples)))
    segments = []
    for start in range(0, padded.shape[1], plan.hop_samples):
        end_of_last = start - plan.hop_samples + plan.segment_samples
        if plan.seen_samples and segments and end_of_last >= padded.shape[1]:
            break
        segment = np.zeros((len(samples), plan.segment_samples), np.float32)
        part = padded[:, start : start + plan.segment_samples]
        segment[:, : part.shape[1]] = part
        segments.append(segment)
    return segments


def blocks_of(samples: np.ndarray, lengths: list[int]) -> list[np.ndarray]:
    """The samples in pieces of these lengths, which are used again and again."""
    blocks, start = [], 0
    while start < samples.shape[1]:
        length = lengths[len(blocks) % len(lengths)]
        blocks.append(samples[:, start : start + length])
        start += length
    return blocks


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    n_samples=st.integers(0, 200),
    n_channels=st.integers(1, 3),
    frame=st.integers(1, 7),
    hop_frames=st.integers(1, 12),
    overlap=st.integers(0, 40),
    padding=st.integers(0, 30),
    once=st.booleans(),
    lengths=st.lists(st.integers(1, 90), min_size=1, max_size=4),
)
def test_cut_is_the_naive_cut(n_samples, n_channels, frame, hop_frames, overlap, padding, once, lengths):
    plan = small_plan(hop_frames * frame + overlap, hop_frames, padding, frame, once=once)
    samples = 1 + np.arange(n_channels * n_samples, dtype=np.float32).reshape(n_channels, -1)
    segments = list(cut(blocks_of(samples, lengths), n_channels, plan))
    expected = naive_segments(samples, plan)
    assert len(segments) == len(expected) == plan.n_segments(n_samples)
    for segment_samples, expected_samples in zip(segments, expected, strict=True):
        np.testing.assert_array_equal(segment_samples, expected_samples)
        assert segment_samples.dtype == np.float32


def test_segments_stay_as_they_were_when_later_ones_are_cut():
    samples = np.arange(1, 101, dtype=np.float32)[None]
    plan = small_plan(20, 10, 10, 1)
    segments = list(cut([samples], 1, plan))
    np.testing.assert_array_equal(np.stack(segments), np.stack(naive_segments(samples, plan)))


def test_empty_blocks_change_nothing():
    plan = small_plan(20, 10, 10, 1)
    nothing, samples = np.zeros((1, 0), np.float32), np.ones((1, 33), np.float32)
    with_gaps = list(cut([nothing, samples, nothing], 1, plan))
    np.testing.assert_array_equal(np.stack(with_gaps), np.stack(naive_segments(samples, plan)))


@pytest.mark.parametrize("config", [ModelConfig(), find_model("tiny").config()], ids=["published", "tiny"])
@pytest.mark.parametrize("hop_share", [0.25, 0.5, 0.75, 0.875, 1.0])
@pytest.mark.parametrize("n_samples", [1, 441, 352_800, 352_801, 352_801 - 441, 1_764_000, 1_764_001])
def test_every_sample_is_heard_by_a_segment(config, hop_share, n_samples):
    plan = SegmentPlan.of(config, hop_share * config.segments.segment_s)
    samples = np.arange(1, n_samples + 1, dtype=np.float32)[None]
    segments = list(cut([samples], 1, plan))
    assert len(segments) == plan.n_segments(n_samples)
    assert {segment.shape for segment in segments} == {(1, plan.segment_samples)}
    is_heard = np.zeros(n_samples + 1, np.bool_)
    for segment in segments:
        numbers = segment.astype(np.int32)
        assert (numbers == segment).all()
        is_heard[numbers] = True
    assert is_heard.all()


@pytest.mark.parametrize(
    ("hop_s", "length_s", "n_segments"),
    [(8, 40, 7), (12, 39.9, 3), (14, 40, 3), (14, 14, 1), (14, 15.9, 1), (14, 16.1, 2)],
)
def test_a_long_hop_looks_once(hop_s, length_s, n_segments):
    assert SegmentPlan.of(ModelConfig(), hop_s).n_segments(round(length_s * 44_100)) == n_segments


def test_the_last_segment_is_filled_up_with_zeros():
    first, *_, last = cut([np.ones((2, 44_100), np.float32)], 2, PUBLISHED)
    assert first.shape == last.shape == (2, 705_600)
    assert not first[:, :352_800].any()
    assert first[:, 352_800 : 352_800 + 44_100].all()
    assert not last[:, 44_100:].any()


def test_one_sample_lies_where_the_recording_begins():
    first, *later = cut([np.ones((1, 1), np.float32)], 1, PUBLISHED)
    assert np.flatnonzero(first).tolist() == [352_800]
    assert len(later) == 1  # 705 601 samples with the padding, a hop of 353 280
    assert not later[0].any()


def test_numbers_of_the_published_model():
    assert PUBLISHED.hop_frames == 345
    assert PUBLISHED.last_frame == 689
    assert PUBLISHED.first_read_frame == 344
    assert PUBLISHED.padding_samples == 352_800
    assert PUBLISHED.segment_samples == 705_600
    assert PUBLISHED.hop_samples == 345 * 1024


def test_times_of_the_published_model():
    assert PUBLISHED.start_s(0) == -8.0
    for index in (1, 2, 500):
        assert PUBLISHED.start_s(index) == pytest.approx(index * 345 * 1024 / 44_100 - 8, abs=1e-9)
    times = PUBLISHED.frame_s(2, np.array([0.0, 1.0, 10.25]))
    np.testing.assert_allclose(
        times, PUBLISHED.start_s(2) + np.array([0, 1024, 10.25 * 1024]) / 44_100, rtol=0, atol=1e-9
    )


def test_frames_of_two_segments_are_the_same_times():
    later = PUBLISHED.frame_s(1, np.arange(100.0))
    np.testing.assert_allclose(later, PUBLISHED.frame_s(0, np.arange(345.0, 445.0)), rtol=0, atol=1e-9)


@pytest.mark.parametrize("hop_s", [0.5, 4.0, 8.0, 12.0, 15.9, 16.0])
def test_other_hops_share_the_time_axis(hop_s):
    plan = SegmentPlan.of(ModelConfig(), hop_s)
    padding_s = 16 - hop_s if hop_s <= 8 else 0
    assert plan.padding_samples == pytest.approx(padding_s * 44_100, abs=1)
    assert abs(plan.hop_samples - hop_s * 44_100) < 1024
    assert plan.hop_samples >= hop_s * 44_100 or hop_s == 16
    assert plan.hop_samples <= plan.segment_samples
    assert 0 <= plan.padding_samples - plan.first_read_frame * 1024 < 1024
    assert plan.start_s(0) == pytest.approx(-padding_s, abs=1 / 44_100)


@pytest.mark.parametrize("hop_s", [0.0, -1.0, 16.1, float("nan"), float("inf")])
def test_impossible_hops(hop_s):
    with pytest.raises(ValueError, match=r"hop_s: .* given; it must be more than 0 s and at most 16.0 s"):
        SegmentPlan.of(ModelConfig(), hop_s)
