"""Decoding step by step: at every frame the likelier of something that begins there and nothing (README §6).

The best path is a single labelling, with its end frames. Where ends are in doubt, as they are under a sustained
pedal, many labellings share the probability of a note, and one without it may have more than each of them. Here the
ends are summed over before a begin is decided upon, and chosen afterwards. Axes: N tracks, T frames.
"""

import math

import torch

from pianotrans.semicrf.scores import IntervalScores
from pianotrans.semicrf.sweeps import FRAMES_PER_STRIP, sweep_back
from pianotrans.semicrf.viterbi import BestMoves

_LOG_2 = math.log(2)


@torch.inference_mode()
def decode_stepwise(scores: IntervalScores) -> BestMoves:
    """The likeliest move from every frame that a path visits, on any device; O(N · T²) time.

    From a frame on, the probability that the next move is a gap is that of all labellings that have one there. If
    it is at least one half, the gap is taken, else the interval that is likeliest among those that begin there.
    """
    scores = scores.in_float()
    n_tracks, n_frames, device = scores.n_tracks, scores.n_frames, scores.query.device
    suffixes = sweep_back(scores)
    next_frame = torch.arange(1, n_frames + 1, device=device).expand(n_tracks, -1).clone()
    is_interval = torch.zeros(n_tracks, n_frames, dtype=torch.bool, device=device)
    is_interval[:, :-1] = suffixes.weight[:, 1:] - suffixes.onward[:, :-1] < -_LOG_2
    lengths = torch.arange(n_frames, device=device)
    for begin in range(0, n_frames - 1, FRAMES_PER_STRIP):
        begins = slice(begin, min(begin + FRAMES_PER_STRIP, n_frames - 1))
        tracks = is_interval[:, begins].any(dim=1).nonzero().squeeze(1)
        if not len(tracks):
            continue
        few = IntervalScores(scores.query[tracks], scores.key[tracks], scores.singleton[tracks])
        length = lengths[begins.start :] - lengths[begins, None]  # (begins, ends)
        weight = few.affinity(slice(None), begins) * length + suffixes.weight[tracks, None, begins.start :]
        end = weight.masked_fill(length < 1, -torch.inf).argmax(dim=2) + begins.start
        next_frame[tracks, begins] = torch.where(is_interval[tracks, begins], end, next_frame[tracks, begins])
    arrays = (next_frame.to(torch.int32), is_interval, scores.singleton > 0)
    return BestMoves(*(array.cpu().numpy() for array in arrays))
