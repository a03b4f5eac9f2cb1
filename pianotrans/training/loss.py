"""What is minimised: minus the log-probability of what was played, per second of audio (README §9)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pianotrans.network import Model
from pianotrans.training.data.labels import Labels
from pianotrans.training.objective import log_probability


class Loss(NamedTuple):
    """The loss of a batch: the mean over its clips, in nats per second of audio; all are scalars."""

    total: Tensor  # to be minimised
    intervals: Tensor  # its two parts, without gradients
    attributes: Tensor


class Objective(nn.Module):
    """A model together with its loss: all that a process computes in one forward pass."""

    def __init__(self, model: Model, precision: str = "float32"):
        super().__init__()
        self.model = model
        self._dtype = {"float32": None, "bfloat16": torch.bfloat16}[precision]

    def forward(self, samples: Tensor, labels: list[Labels]) -> Loss:
        """Loss of clips (C, A, n_samples) with their labels."""
        with torch.autocast(samples.device.type, self._dtype, enabled=self._dtype is not None):
            found = log_probability(self.model, samples, labels)
        duration_s = samples.shape[-1] / self.model.config.spectrogram.sample_rate
        intervals, attributes = (
            -part.sum() / (len(samples) * duration_s) for part in (found.intervals, found.attributes)
        )
        return Loss(intervals + attributes, intervals.detach(), attributes.detach())
