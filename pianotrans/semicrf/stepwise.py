"""Decoding step by step: at every frame the likelier of something that begins there and nothing (README §6).

The best path is a single labelling, with its end frames. Where ends are in doubt, as they are under a sustained
pedal, many labellings share the probability of a note, and one without it may have more than each of them. Here the
ends are summed over before a begin is decided upon, and chosen afterwards. Axes: N tracks, T frames.
"""

import math

import torch

from pianotrans.semicrf.scores import IntervalScores, affinity
from pianotrans.semicrf.sweeps import Suffixes, sweep_back
from pianotrans.semicrf.viterbi import BestMoves

_LOG_2 = math.log(2)


@torch.inference_mode()
def decode_stepwise(scores: IntervalScores, suffixes: Suffixes | None = None) -> BestMoves:
    """The likeliest move from every frame that a path visits, on any device; O(N · T²) time.

    From a frame on, the probability that the next move is a gap is that of all labellings that have one there. If
    it is at least one half, the gap is taken, else the interval that is likeliest among those that begin there.
    `suffixes` are those of the scores, where they are known.
    """
    scores = scores.in_float()
    n_tracks, n_frames, device = scores.n_tracks, scores.n_frames, scores.query.device
    suffixes = suffixes or sweep_back(scores)
    next_frame = torch.arange(1, n_frames + 1, device=device).expand(n_tracks, -1).clone()
    is_interval = torch.zeros(n_tracks, n_frames, dtype=torch.bool, device=device)
    is_interval[:, :-1] = suffixes.weight[:, 1:] - suffixes.onward[:, :-1] < -_LOG_2
    frames = torch.arange(n_frames, device=device)
    for track in is_interval.any(dim=1).nonzero().flatten().tolist():  # few frames of each begin one
        begins = is_interval[track].nonzero().squeeze(1)
        length = frames - begins[:, None]  # (begins, T)
        inner = affinity(scores.key[track, begins][None], scores.query[track][None])[0]
        weight = inner * length + suffixes.weight[track]
        next_frame[track, begins] = weight.masked_fill(length < 1, -torch.inf).argmax(dim=1)
    arrays = (next_frame.to(torch.int32), is_interval, scores.singleton > 0)
    return BestMoves(*(array.cpu().numpy() for array in arrays))
