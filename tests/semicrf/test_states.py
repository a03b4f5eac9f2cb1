"""Decoding by states, against the list of all labellings."""

import numpy as np
import pytest
import torch

from pianotrans.semicrf import IntervalScores, Posterior, decode_states
from pianotrans.semicrf.states import SHORTEST_RUN
from tests.semicrf import enumeration
from tests.semicrf.dense import score_map


def some_scores(n_frames: int, seed: int, size: float = 1.5) -> IntervalScores:
    generator = torch.Generator().manual_seed(seed)
    query, key = (size * torch.randn(3, n_frames, 4, generator=generator) for _ in range(2))
    return IntervalScores(query, key, torch.randn(3, n_frames, generator=generator))


@pytest.mark.parametrize("n_frames", range(1, 7))
@pytest.mark.parametrize("seed", range(5))
def test_what_is_more_probably_within_an_interval(n_frames: int, seed: int):
    scores = some_scores(n_frames, seed)
    full = score_map(scores).double().numpy()
    moves, known = decode_states(Posterior.under(scores))
    assert not moves.has_singleton.any()
    for track in range(3):
        within = np.zeros(n_frames - 1)
        total = 0.0
        for labelling in enumeration.labellings(n_frames):
            weight = np.exp(sum(full[track, b, e] for b, e in labelling))
            total += weight
            for b, e in labelling:
                within[b:e] += weight
        within /= total
        path = [row[1:] for row in moves.read(np.zeros(3, np.int64)).tolist() if row[0] == track]
        assert path == runs((within > 0.5).tolist())
        for begin, end in path:
            assert known.interval[track, begin] == pytest.approx(within[begin:end].mean(), abs=1e-5)
            assert known.begin[track, begin] == pytest.approx(within[begin], abs=1e-5)


def runs(is_within: list[bool]) -> list[list[int]]:
    """First and last frame of what lasts long enough, frame by frame."""
    found, first = [], None
    for frame, sounds in enumerate([*is_within, False]):
        if sounds and first is None:
            first = frame
        if not sounds and first is not None:
            found.append([first, frame])
            first = None
    return [[first, end] for first, end in found if end - first >= SHORTEST_RUN]


def test_from_within_a_run_the_rest_of_it_is_read():
    n_frames, improbable = 12, -30.0
    query, key = torch.zeros(1, n_frames, 2), torch.zeros(1, n_frames, 2)
    query[..., 1], query[0, 9], key[..., 0], key[..., 1] = improbable, torch.tensor([1.0, 0.0]), improbable, 1.0
    key[0, 2, 0] = -improbable  # all but [2, 9] is improbable
    scores = IntervalScores(query, key, torch.full((1, n_frames), -50.0))
    moves, _ = decode_states(Posterior.under(scores))
    read = [moves.read(np.array([start])).tolist() for start in (0, 2, 5, 8, 9)]
    assert read == [[[0, 2, 9]], [[0, 2, 9]], [[0, 5, 9]], [[0, 8, 9]], []]
