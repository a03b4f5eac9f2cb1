"""Exact decoding on whatever device the scores are on, by torch alone (README §6).

The same recursion as the compiled one in `viterbi`, vectorised over the tracks of all segments of a batch, so that
a frame costs a handful of kernel launches however many there are. Axes: N tracks, T frames.
"""

import torch

from pianotrans.semicrf.scores import IntervalScores, exact_type
from pianotrans.semicrf.viterbi import BestMoves

_FRAMES_PER_TILE = 64  # of 2880 tracks (32 segments) at T = 691: 0.5 GB


@torch.inference_mode()
def decode_on_device(scores: IntervalScores) -> BestMoves:
    """Best moves under scores in factors, gap scores zero; one copy to the host at the end.

    Equal to `decode_factored` but for ties between intervals.
    """
    n_tracks, n_frames, device = scores.n_tracks, scores.n_frames, scores.query.device
    exact = exact_type(device)
    best = torch.zeros(n_tracks, n_frames, dtype=exact, device=device)
    next_frame = torch.arange(1, n_frames + 1, device=device).expand(n_tracks, -1).clone()
    is_interval = torch.zeros(n_tracks, n_frames, dtype=torch.bool, device=device)
    lengths = torch.arange(n_frames, dtype=scores.query.dtype, device=device)
    bonus = scores.singleton.to(exact).clamp(min=0)
    for stop in range(n_frames, 0, -_FRAMES_PER_TILE):
        begins = slice(max(stop - _FRAMES_PER_TILE, 0), stop)
        tile = scores.affinity(slice(None), begins)
        for t in range(stop - 1, begins.start - 1, -1):
            if t == n_frames - 1:
                best[:, t] = bonus[:, t]
                continue
            row = tile[:, t - begins.start, t + 1 - begins.start :]
            highest, end = (row * lengths[1 : n_frames - t] + best[:, t + 1 :]).max(dim=1)
            skip = best[:, t + 1]
            taken = highest > skip
            best[:, t] = bonus[:, t] + torch.where(taken, highest, skip)
            next_frame[:, t] = torch.where(taken, end + t + 1, next_frame[:, t])
            is_interval[:, t] = taken
    arrays = (next_frame.to(torch.int32), is_interval, scores.singleton > 0)
    return BestMoves(*(array.cpu().numpy() for array in arrays))
