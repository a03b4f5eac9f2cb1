"""Interval scores in factors."""

import torch

from pianotrans.semicrf import IntervalScores


def test_a_bias_counts_the_frames_of_every_interval():
    torch.manual_seed(0)
    query, key = torch.randn(2, 3, 7, 5, dtype=torch.float64)
    scores = IntervalScores(query, key, torch.randn(3, 7, dtype=torch.float64))
    bias = torch.tensor([0.5, 0.0, -2.0])
    track, begin, end = (x.flatten() for x in torch.meshgrid(*map(torch.arange, (3, 7, 7)), indexing="ij"))
    some = begin <= end
    track, begin, end = track[some], begin[some], end[some]
    expected = scores.of(track, begin, end) + bias[track] * (end - begin)
    torch.testing.assert_close(scores.with_bias(bias).of(track, begin, end), expected)
