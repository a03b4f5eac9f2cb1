"""What is minimised: minus the log-probability of what was played, per second of audio (README §9)."""

import torch
from torch import Tensor, nn

from pianotrans.network import Model
from pianotrans.training.data.chunks import Batch
from pianotrans.training.objective import log_probability
from pianotrans.training.runs.settings import TrainingSettings
from pianotrans.training.runs.task import TOTAL


class Objective(nn.Module):
    """A model together with its loss: all that a process computes in one forward pass."""

    def __init__(self, model: Model, settings: TrainingSettings | None = None):
        super().__init__()
        self.model, self._settings = model, settings or TrainingSettings()
        self._dtype = {"float32": None, "bfloat16": torch.bfloat16}[self._settings.precision]

    def forward(self, batch: Batch, step: int = 0) -> dict[str, Tensor]:
        """The mean over the clips of a batch, in nats per second of audio: the total and its parts; scalars.

        Frames count in the total with the weight that they have in this step; their own loss is told without it.
        """
        weight = self._settings.frames.weight_of(step, self._settings.steps)
        samples = batch.samples
        with torch.autocast(samples.device.type, self._dtype, enabled=self._dtype is not None):
            found = log_probability(self.model, samples, batch.labels, with_frames=weight > 0)
        heard = batch.heard(self.model.config.tracks).to(samples.device)
        seconds = len(samples) * samples.shape[-1] / self.model.config.spectrogram.sample_rate
        losses = {name: -(part * heard).sum() / seconds for name, part in vars(found).items()}
        total = losses["intervals"] + losses["attributes"] + weight * losses["frames"]
        shown = losses if weight else {name: loss for name, loss in losses.items() if name != "frames"}
        return {TOTAL: total, **{name: loss.detach() for name, loss in shown.items()}}
