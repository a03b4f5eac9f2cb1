"""The course of a training run: steps, the average of the weights, and its state in one file."""

from dataclasses import dataclass, field
from pathlib import Path

import torch

from pianotrans.score.hands.finding import HandModel
from pianotrans.score.hands.network import HandNetworkConfig
from pianotrans.training.hands.augmentation import HandAugmentation
from pianotrans.training.hands.objective import hand_loss
from pianotrans.training.hands.sampling import HandSampler
from pianotrans.training.optimisation.average import WeightAverage
from pianotrans.training.optimisation.muon import Muon

_LEAST_SPREAD = 0.05  # of a feature


@dataclass(frozen=True)
class HandCourse:
    """The settings of a run."""

    steps: int = 4000
    rate: float = 1.5e-3
    warm_up_steps: int = 50
    fall: float = 0.5  # the last part of the run, over which the rate falls to 0
    notes_per_step: int = 2560
    cut: int = 320  # notes of a piece that are seen together
    weight_decay: float = 0.1
    muon_rate: float = 2.0  # how much faster the matrices within blocks learn
    average_decay: float = 0.995
    gradient_norm: float = 1.0
    seed: int = 7
    augmentation: HandAugmentation = field(default_factory=HandAugmentation)
    network: HandNetworkConfig = field(default_factory=HandNetworkConfig)

    def rate_of(self, step: int) -> float:
        """The learning rate of a step: up, level, and down to 0."""
        up = (step + 1) / max(self.warm_up_steps, 1)
        down = (self.steps - step) / max(self.fall * self.steps, 1)
        return self.rate * min(1.0, up, down)


class HandRun:
    """A model that learns; the same course gives the same weights, on one machine and one thread."""

    def __init__(self, course: HandCourse):
        torch.manual_seed(course.seed)
        self.course = course
        self.step = 0
        self.model = HandModel(course.network)
        self.average = WeightAverage(self.model, course.average_decay)
        self._optimizers = self._make_optimizers()

    def _make_optimizers(self) -> list[torch.optim.Optimizer]:
        """Muon for the matrices within blocks, which learn faster by it (Jordan et al., 2024), AdamW for others."""
        course, network = self.course, self.model.network
        within = [w for w in network.blocks.parameters() if w.dim() > 1]
        ids = {id(w) for w in within}
        others = [w for w in network.parameters() if id(w) not in ids]
        groups = [
            {"params": [w for w in others if w.dim() > 1], "weight_decay": course.weight_decay, "factor": 1.0},
            {"params": [w for w in others if w.dim() <= 1], "weight_decay": 0.0, "factor": 1.0},
        ]
        muon = Muon(
            [{"params": within, "factor": course.muon_rate}], lr=course.rate, weight_decay=course.weight_decay
        )
        return [torch.optim.AdamW(groups, lr=course.rate, betas=(0.9, 0.98)), muon]

    def know_features(self, sampler: HandSampler, n_batches: int = 12) -> None:
        """Set the mean and spread of features by those of some batches."""
        batches = [sampler.batch(-1 - i) for i in range(n_batches)]
        features = torch.cat([batch.features[batch.is_there] for batch in batches])
        self.model.network.feature_mean.copy_(features.mean(dim=0))
        self.model.network.feature_scale.copy_(features.std(dim=0).clamp(min=_LEAST_SPREAD))

    def take_step(self, sampler: HandSampler) -> dict[str, float]:
        """Learn from the batch of this step; returns its loss by name."""
        batch = sampler.batch(self.step)
        self.model.train()
        rate = self.course.rate_of(self.step)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate * group["factor"]
        torch.manual_seed(self.course.seed * 1_000_003 + self.step)
        logits = self.model.network(batch.features, batch.time_s, batch.key, batch.is_there)
        loss = hand_loss(logits, batch.hand)
        self.model.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.course.gradient_norm)
        for optimizer in self._optimizers:
            optimizer.step()
        self.step += 1
        self.average.update(self.step)
        return {"hands": float(loss.detach())}

    def averaged_model(self) -> HandModel:
        """A model with the averaged weights, ready to find hands."""
        model = HandModel(self.course.network)
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
