"""The course of a training run: steps, the average of the weights, and its state in one file."""

from dataclasses import dataclass, field
from pathlib import Path

import torch

from pianotrans.score.beats.lattice import BarStates
from pianotrans.score.beats.network import BeatLogits, BeatNetworkConfig
from pianotrans.score.beats.tracking import BeatModel
from pianotrans.training.beats.augmentation import BeatAugmentation
from pianotrans.training.beats.likelihood import batch_loss
from pianotrans.training.beats.objective import beat_losses, total
from pianotrans.training.beats.sampling import BeatSampler
from pianotrans.training.optimisation.average import WeightAverage
from pianotrans.training.optimisation.muon import Muon

TRAINED_METERS = BarStates((2, 3, 4))
_LEAST_SPREAD = 0.05  # of a feature


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
    muon_rate: float = 2.0  # how much faster the matrices within blocks learn
    potentials_rate: float = 5.0  # how much faster the few weights of the lattice learn
    likelihood_weight: float = 0.5
    likelihood_from: float = 0.7  # the part of the run after which the likelihood teaches the network, too
    potentials_every: int = 4  # steps; before that it only teaches the weights of the lattice, now and then
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
        self._optimizers = self._make_optimizers()

    def _make_optimizers(self) -> list[torch.optim.Optimizer]:
        """Muon for the matrices within blocks, which learn faster by it (Jordan et al., 2024), AdamW for others."""
        course, named = self.course, dict(self.model.network.named_parameters())
        within = {n for n, w in named.items() if n.startswith(("before", "across", "after")) and w.dim() > 1}
        others = [w for name, w in named.items() if name not in within]
        groups = [
            {"params": [w for w in others if w.dim() > 1], "weight_decay": course.weight_decay, "factor": 1.0},
            {"params": [w for w in others if w.dim() <= 1], "weight_decay": 0.0, "factor": 1.0},
            {
                "params": list(self.model.potentials.parameters()),
                "weight_decay": 0.0,
                "factor": course.potentials_rate,
            },
        ]
        matrices = {"params": [named[name] for name in sorted(within)], "factor": course.muon_rate}
        muon = Muon([matrices], lr=course.rate, weight_decay=course.weight_decay)
        return [torch.optim.AdamW(groups, lr=course.rate, betas=(0.9, 0.98)), muon]

    def know_features(self, sampler: BeatSampler, n_batches: int = 12) -> None:
        """Set the mean and spread of features by those of some batches."""
        batches = [sampler.batch(-1 - i) for i in range(n_batches)]
        features = torch.cat([batch.features[batch.is_there] for batch in batches])
        self.model.network.feature_mean.copy_(features.mean(dim=0))
        self.model.network.feature_scale.copy_(features.std(dim=0).clamp(min=_LEAST_SPREAD))

    def take_step(self, sampler: BeatSampler) -> dict[str, float]:
        """Learn from the batch of this step; returns its losses by name, the likelihood's where it was taken.

        The gradient of the likelihood is noisy, as a batch has few pieces: at first it would drown what there is
        to learn about tempo and meter.
        """
        batch = sampler.batch(self.step)
        self.model.train()
        rate = self.course.rate_of(self.step)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate * group["factor"]
        torch.manual_seed(self.course.seed * 1_000_003 + self.step)
        logits = self.model.network(batch.features, batch.time_s, batch.is_there)
        losses = beat_losses(logits, batch)
        loss = total(losses)
        is_late = self.step >= self.course.likelihood_from * self.course.steps
        if is_late or self.step % self.course.potentials_every == 0:
            seen = logits if is_late else BeatLogits(*(x.detach() for x in logits))
            losses["likelihood"] = batch_loss(seen, batch, self.model.potentials, TRAINED_METERS)
            loss = loss + self.course.likelihood_weight * losses["likelihood"]
        self.model.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.course.gradient_norm)
        for optimizer in self._optimizers:
            optimizer.step()
        self.step += 1
        self.average.update(self.step)
        return {name: float(value.detach()) for name, value in losses.items()}

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
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def restore(self, path: Path) -> None:
        """Go on from what `save` wrote."""
        state = torch.load(path, weights_only=True)
        self.step = state["step"]
        self.model.load_state_dict(state["model"])
        self.average.restore(state["average"])
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
