"""Decoding step by step on whatever device the scores are on, by torch alone (README §6).

As the compiled `stepwise`, for a track at a time. Axes: N tracks, T frames, B begin frames of a track.
"""

import math

import torch
from torch import Tensor

from pianotrans.semicrf.scores import IntervalScores, affinity
from pianotrans.semicrf.stepwise import DURATIONS_BEFORE, DURATIONS_BEHIND, NEARLY_BEST, TOLERANCE
from pianotrans.semicrf.sweeps import Suffixes, sweep_back
from pianotrans.semicrf.viterbi import BestMoves

_LOG_2 = math.log(2)


@torch.inference_mode()
def decode_stepwise_on_device(scores: IntervalScores, suffixes: Suffixes | None = None) -> BestMoves:
    """As `decode_stepwise`; `suffixes` are those of the scores, where they are known."""
    scores = scores.in_float()
    n_tracks, n_frames, device = scores.n_tracks, scores.n_frames, scores.query.device
    suffixes = suffixes or sweep_back(scores)
    next_frame = torch.arange(1, n_frames + 1, device=device).expand(n_tracks, -1).clone()
    is_interval = torch.zeros(n_tracks, n_frames, dtype=torch.bool, device=device)
    is_interval[:, :-1] = suffixes.weight[:, 1:] - suffixes.onward[:, :-1] < -_LOG_2
    for track in is_interval.any(dim=1).nonzero().flatten().tolist():  # few frames of each begin one
        begins = is_interval[track].nonzero().squeeze(1)
        next_frame[track, begins] = choose_ends(_ends_of_one_stroke(scores, suffixes, track, begins), begins)
    arrays = (next_frame.to(torch.int32), is_interval, scores.singleton > 0)
    return BestMoves(*(array.cpu().numpy() for array in arrays))


def choose_ends(probability: Tensor, begins: Tensor) -> Tensor:
    """For every begin the end with the most probability within tolerance, (B,); `probability` is (B, T).

    Of ends that are as good within two hundredths, it is the nearest to the median of what the best one has about
    it: where the end is certain, that end is chosen and not a neighbour.
    """
    n_frames = probability.shape[1]
    frames = torch.arange(n_frames, device=begins.device)
    length = frames - begins[:, None]  # (B, T)
    until = torch.nn.functional.pad(probability.cumsum(dim=1), (1, 0))  # (B, T + 1), of the frames before each
    first = (frames - (length // DURATIONS_BEFORE).clamp(min=TOLERANCE)).clamp(min=0)
    stop = (frames + (length // DURATIONS_BEHIND).clamp(min=TOLERANCE) + 1).clamp(max=n_frames)
    before, through = until.gather(1, first), until.gather(1, stop)
    about = (through - before).masked_fill(length < 1, -1)
    most, best = about.max(dim=1, keepdim=True)
    half = (before.gather(1, best) + through.gather(1, best)) / 2
    median = torch.searchsorted(until[:, 1:].contiguous(), half)  # (B, 1)
    is_good = about >= most - NEARLY_BEST
    return (frames - median).abs().masked_fill(~is_good, n_frames).argmin(dim=1)


def _ends_of_one_stroke(scores: IntervalScores, suffixes: Suffixes, track: int, begins: Tensor) -> Tensor:
    """The probability of every end of an interval from each begin, upon a visit, (B, T).

    Where it is in doubt in which of two frames something begins, an interval of one frame with another behind it is
    a likely reading. No key is struck again so soon: the end of the second is the end of the first.
    """
    soon = begins + 1
    ends, again = (_chances(scores, suffixes, track, frames) for frames in (begins, soon))
    at_once = ends.gather(1, soon[:, None])
    nothing_behind = at_once * (1 - again.sum(dim=1, keepdim=True))
    return (ends + at_once * again).scatter(1, soon[:, None], nothing_behind)


def _chances(scores: IntervalScores, suffixes: Suffixes, track: int, begins: Tensor) -> Tensor:
    """The probability that an interval to each frame follows upon a visit to each begin, (B, T) in `exact_type`."""
    length = torch.arange(scores.n_frames, device=begins.device) - begins[:, None]
    inner = affinity(scores.key[track, begins][None], scores.query[track][None])[0]
    weight = inner * length + suffixes.weight[track] - suffixes.onward[track, begins][:, None]
    return weight.masked_fill(length < 1, -torch.inf).exp()
