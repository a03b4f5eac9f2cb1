"""What is minimised: minus the log-probability of what was played, per second of audio (README §9)."""

import torch
from torch import Tensor, nn

from pianotrans.network import Model
from pianotrans.training.data.chunks import Batch
from pianotrans.training.objective import log_probability
from pianotrans.training.runs.task import TOTAL


class Objective(nn.Module):
    """A model together with its loss: all that a process computes in one forward pass."""

    def __init__(self, model: Model, precision: str = "float32"):
        super().__init__()
        self.model = model
        self._dtype = {"float32": None, "bfloat16": torch.bfloat16}[precision]

    def forward(self, batch: Batch, step: int = 0) -> dict[str, Tensor]:  # noqa: ARG002 - the same in every step
        """The mean over the clips of a batch, in nats per second of audio: the total and its two parts; scalars."""
        samples = batch.samples
        with torch.autocast(samples.device.type, self._dtype, enabled=self._dtype is not None):
            found = log_probability(self.model, samples, batch.labels)
        duration_s = samples.shape[-1] / self.model.config.spectrogram.sample_rate
        intervals, attributes = (
            -part.sum() / (len(samples) * duration_s) for part in (found.intervals, found.attributes)
        )
        return {TOTAL: intervals + attributes, "intervals": intervals.detach(), "attributes": attributes.detach()}
