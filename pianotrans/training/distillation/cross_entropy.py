"""How probable a model finds, on average, what another one believes.

The log-probability of a labelling is the sum of the scores of its intervals (a gap has score 0) minus log Z, so its
mean over all labellings that the teacher thinks of is exact with no more than the teacher's marginals q:

    E[log p(labelling)] = sum over intervals of q[interval] · score[interval] - log Z

By a score its gradient is q minus the model's own marginal. Axes: C clips, N tracks.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from pianotrans.network import N_TRACKS
from pianotrans.semicrf import IntervalScores
from pianotrans.training.distillation.soft_labels import SoftLabels


def expected_log_probability(scores: IntervalScores, log_z: Tensor, labels: Sequence[SoftLabels]) -> Tensor:
    """For the C·N tracks of some clips, given their log partitions (C·N,); 0 for tracks that are not known."""
    device = log_z.device
    lengths = torch.tensor([len(some.track) for some in labels])
    first = torch.arange(len(labels)).repeat_interleave(lengths) * N_TRACKS
    track, begin, end, probability = (
        torch.cat([torch.from_numpy(getattr(some, name)) for some in labels])
        for name in ("track", "begin", "end", "probability")
    )
    is_known = torch.cat([torch.from_numpy(some.is_known) for some in labels]).to(device)
    track, begin, end = ((x.to(device)) for x in (track + first, begin, end))
    weighted = scores.of(track, begin, end) * probability.to(device)
    return torch.where(is_known, (-log_z).index_add(0, track, weighted.to(log_z.dtype)), 0)
