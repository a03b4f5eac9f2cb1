"""The course of a training run: steps, the average of the weights, and its state in one file."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from pianotrans.score.beats.lattice import BarStates
from pianotrans.score.beats.network import BeatNetworkConfig
from pianotrans.score.beats.tracking import BeatModel
from pianotrans.training.beats.augmentation import BeatAugmentation
from pianotrans.training.beats.examples import BeatBatch
from pianotrans.training.beats.likelihood import batch_loss
from pianotrans.training.beats.objective import beat_losses, total
from pianotrans.training.beats.sampling import BeatSampler
from pianotrans.training.optimisation.average import WeightAverage

TRAINED_METERS = BarStates((2, 3, 4))


@dataclass(frozen=True)
class BeatCourse:
    """The settings of a run."""

    steps: int = 4000
    rate: float = 1.2e-3
    warm_up_steps: int = 100
    fall: float = 0.35  # the last part of the run, over which the rate falls to 0
    moments_per_step: int = 4600
    cuts: tuple[int, ...] = (512, 512, 512, 2048)  # moments of a piece; drawn for each step
    weight_decay: float = 0.02
    potentials_rate: float = 5.0  # how much faster the few weights of the lattice learn
    likelihood_weight: float = 0.5
    average_decay: float = 0.995
    gradient_norm: float = 1.0
    seed: int = 7
    augmentation: BeatAugmentation = field(default_factory=BeatAugmentation)
    network: BeatNetworkConfig = field(default_factory=BeatNetworkConfig)

    def rate_of(self, step: int) -> float:
        """The learning rate of a step: up, level, and down to 0."""
        up = (step + 1) / max(self.warm_up_steps, 1)
        down = (self.steps - step) / max(self.fall * self.steps, 1)
        return self.rate * min(1.0, up, down)


class BeatRun:
    """A model that learns; the same course gives the same weights, on one machine and one thread."""

    def __init__(self, course: BeatCourse):
        torch.manual_seed(course.seed)
        self.course = course
        self.step = 0
        self.model = BeatModel(course.network)
        self.average = WeightAverage(self.model, course.average_decay)
        self._optimizer = self._make_optimizer()

    def _make_optimizer(self) -> torch.optim.Optimizer:
        weights = list(self.model.network.parameters())
        groups = [
            {
                "params": [w for w in weights if w.dim() > 1],
                "weight_decay": self.course.weight_decay,
                "factor": 1.0,
            },
            {"params": [w for w in weights if w.dim() <= 1], "weight_decay": 0.0, "factor": 1.0},
            {
                "params": list(self.model.potentials.parameters()),
                "weight_decay": 0.0,
                "factor": self.course.potentials_rate,
            },
        ]
        return torch.optim.AdamW(groups, lr=self.course.rate, betas=(0.9, 0.98))

    def take_step(self, sampler: BeatSampler) -> dict[str, float]:
        """Learn from the batch of this step; returns its losses by name."""
        batch = sampler.batch(self.step)
        self.model.train()
        rate = self.course.rate_of(self.step)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        torch.manual_seed(self.course.seed * 1_000_003 + self.step)
        losses = self.losses(batch)
        loss = total(losses) + self.course.likelihood_weight * losses["likelihood"]
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.course.gradient_norm)
        self._optimizer.step()
        self.step += 1
        self.average.update(self.step)
        return {name: float(value.detach()) for name, value in losses.items()}

    def losses(self, batch: BeatBatch) -> dict[str, Tensor]:
        """All losses of a batch; "likelihood" is that of the lattice, in nats per beat."""
        logits = self.model.network(batch.features, batch.time_s, batch.is_there)
        likelihood = batch_loss(logits, batch, self.model.potentials, TRAINED_METERS)
        return {**beat_losses(logits, batch), "likelihood": likelihood}

    def averaged_model(self) -> BeatModel:
        """A model with the averaged weights, ready to find beats."""
        model = BeatModel(self.course.network)
        model.load_state_dict(self.average.tensors())
        return model.requires_grad_(False).eval()

    def save(self, path: Path) -> None:
        """Write all that continuing needs."""
        state = {
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self.average.tensors(),
            "optimizer": self._optimizer.state_dict(),
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def restore(self, path: Path) -> None:
        """Go on from what `save` wrote."""
        state = torch.load(path, weights_only=True)
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        self.average.restore(state["average"])
        self._optimizer.load_state_dict(state["optimizer"])
