"""The loop: steps, checkpoints, validations; and how it ends when something goes wrong."""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import methodcaller
from typing import Protocol, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from pianotrans.errors import Cancelled, DatasetError, TrainingError
from pianotrans.files import write_atomically
from pianotrans.inference.registry import CONFIG_FILE
from pianotrans.training.runs.checkpoints import Checkpoint, Checkpoints
from pianotrans.training.runs.state import TrainingState
from pianotrans.training.runs.task import TOTAL, Part, TrainingTask, Validation


@dataclass(frozen=True)
class StepReport:
    """One step. Losses are means over all processes."""

    step: int  # from 1
    loss: float  # that was minimised
    losses: Mapping[str, float]  # what it consists of
    gradient_norm: float
    clipped_at: float
    rate: float
    took_s: float


class LoopWatcher(Protocol):
    """Is told what happens, in the first process only."""

    def stepped(self, report: StepReport) -> None:
        """A step has been taken."""

    def saved(self, checkpoint: Checkpoint) -> None:
        """A checkpoint was written."""

    def validated(self, step: int, validation: Validation) -> None:
        """A checkpoint was validated."""

    def ended(self) -> None:
        """The loop has ended, for whatever reason."""


@dataclass
class Loop:
    """Takes steps from where the state is to the end of the run.

    `parts` are those of each step to come. `is_stopping` tells whether to stop.
    """

    fabric: Fabric
    task: TrainingTask
    state: TrainingState
    checkpoints: Checkpoints
    parts: Iterator[Sequence[Part]]
    config_text: bytes  # the model's config.toml
    watchers: tuple[LoopWatcher, ...] = ()
    is_stopping: Callable[[], bool] = lambda: False

    def __post_init__(self) -> None:
        self.settings = self.task.settings
        self._objective = self.fabric.setup_module(self.task.make_objective(self.state.model))

    def run(self) -> None:
        """Train.

        Raises TrainingError if the loss is not a number any more, DatasetError if a recording cannot be read any
        more, OutputError if a checkpoint cannot be written, Cancelled when asked to stop. Before DatasetError and
        Cancelled a checkpoint is saved.
        """
        try:
            self._run()
        finally:
            self._tell(methodcaller("ended"))

    def _run(self) -> None:
        self._validate_if_due()
        while self.state.step < self.settings.steps:
            report, stopping = self._take_step()
            self._tell(methodcaller("stepped", report))
            if stopping or self._is_due(self.settings.save_every_steps) or self._is_validation_due():
                self._save()
            self._validate_if_due()
            if stopping and self.state.step < self.settings.steps:
                raise Cancelled(f"stopped after step {self.state.step}, which is saved. --resume continues.")

    def _take_step(self) -> tuple[StepReport, bool]:
        """One step; returns its report, and whether any process wants to stop."""
        start_s = time.perf_counter()
        parts = self._read()
        state, rate = self.state, self.task.rate(self.state.step)
        for group in state.optimizer.param_groups:
            group["lr"] = rate * group.get("factor", 1.0)
        self._seed()
        try:
            losses = self._gradients(parts)
        except torch.OutOfMemoryError as error:
            raise TrainingError(f"device: its memory does not hold a step. {self.task.remedy}") from error
        norm, bound = state.clip.apply(state.model.parameters())
        *values, stopping = self._mean([*(float(loss) for loss in losses.values()), float(self.is_stopping())])
        means = dict(zip(losses, values, strict=True))
        total = means.pop(TOTAL)
        if not math.isfinite(total) or not math.isfinite(norm):
            self._explain_nan(parts, total, norm)
        state.optimizer.step()
        state.optimizer.zero_grad()
        state.step += 1
        state.average.update(state.step)
        took_s = time.perf_counter() - start_s
        report = StepReport(state.step, total, means, norm, bound, rate, took_s)
        return report, stopping > 0

    def _mean(self, values: list[float]) -> list[float]:
        """The mean over all processes."""
        mean = self.fabric.all_reduce(torch.tensor(values, device=self.fabric.device))
        return [float(value) for value in cast("Tensor", mean)]

    def _read(self) -> Sequence[Part]:
        """The parts of the next step; saves before it gives up over a recording."""
        try:
            return next(self.parts)
        except DatasetError:
            if self.fabric.world_size == 1:  # others would wait for this process, not write
                self._save()
            raise

    def _gradients(self, parts: Sequence[Part]) -> dict[str, Tensor]:
        """Add up the gradients of all parts; returns the mean losses by their names."""
        means: dict[str, Tensor] = {}
        for number, part in enumerate(parts, 1):
            with self.fabric.no_backward_sync(self._objective, enabled=number < len(parts)):
                losses = self._objective(part.to(self.fabric.device), self.state.step)
                self.fabric.backward(losses[TOTAL] / len(parts))
            for name, loss in losses.items():
                means[name] = means.get(name, 0.0) + loss.detach() / len(parts)
        return means

    def _seed(self) -> None:
        """What is random in the network, dropout, depends on seed, step and process, not on what came before."""
        key = [self.settings.seed, self.state.step, self.fabric.global_rank]
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0]))

    def _explain_nan(self, parts: Sequence[Part], loss: float, norm: float) -> None:
        """Write down what the step was made of, and stop."""
        step, rank = self.state.step, self.fabric.global_rank
        found = {"step": step, "process": rank, "loss": str(loss), "gradient_norm": str(norm)}
        found["examples"] = [identity for part in parts for identity in part.identities]
        path = self.checkpoints.folder.parent / f"nan-step-{step:08d}-process-{rank}.json"
        write_atomically(path, json.dumps(found, indent=1).encode(), overwrite=True)
        last = self.checkpoints.last()
        raise TrainingError(
            f"step {step}: loss {loss}, gradient norm {norm}. The examples it was made of are in {path}. "
            f"The last checkpoint is of step {last.step if last else 0}; go on from it with a lower rate, or "
            "without these recordings."
        )

    def _is_due(self, every_steps: int) -> bool:
        return self.state.step == self.settings.steps or (every_steps > 0 and self.state.step % every_steps == 0)

    def _is_validation_due(self) -> bool:
        every_steps = self.settings.validation.every_steps
        return every_steps > 0 and self.state.step > 0 and self._is_due(every_steps)

    def _save(self) -> None:
        """Write a checkpoint, unless there is one of this step already."""
        last = self.checkpoints.last()
        if self.fabric.is_global_zero and self.state.step != (last.step if last else 0):
            checkpoint = self.checkpoints.save(self.state.step, self._files())
            self._tell(methodcaller("saved", checkpoint))
            self.checkpoints.prune(self.settings.keep)
        self.fabric.barrier()

    def _files(self) -> dict[str, bytes]:
        """The files of a checkpoint, which is a model's folder, too."""
        return {CONFIG_FILE: self.config_text, **self.state.files()}

    def _validate_if_due(self) -> None:
        """Score the last checkpoint if its turn has come and it has no scores; it may be from before a kill."""
        checkpoint = self.checkpoints.last()
        if checkpoint is None or not self._is_validation_due():
            return
        if checkpoint.step != self.state.step or checkpoint.scores is not None:
            return
        validation = self.task.validate(checkpoint.folder)
        if self.fabric.is_global_zero:
            checkpoint.add_scores(validation.scores)
            self._tell(methodcaller("validated", checkpoint.step, validation))
        self.fabric.barrier()

    def _tell(self, tell: Callable[[LoopWatcher], None]) -> None:
        if self.fabric.is_global_zero:
            for watcher in self.watchers:
                tell(watcher)
