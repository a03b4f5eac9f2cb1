"""What TensorBoard shows of a run."""

from collections.abc import Mapping
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.loop import StepReport
from pianotrans.training.runs.task import TOTAL, Validation

_EVERY_STEPS = 10
_EARLY_STEPS = 100  # all of these


class Journal:
    """Watches a loop and writes scalars and pictures into a folder."""

    def __init__(self, folder: Path, first_step: int):
        """What an earlier run wrote about steps after `first_step` is not shown any more."""
        self._writer = SummaryWriter(str(folder), purge_step=first_step + 1 if first_step else None)

    def stepped(self, report: StepReport) -> None:
        """Losses, the gradient's norm, the rate and the speed."""
        if report.step > _EARLY_STEPS and report.step % _EVERY_STEPS:
            return
        self._write(
            report.step,
            {
                f"loss/{TOTAL}": report.loss,
                **{f"loss/{name}": loss for name, loss in report.losses.items()},
                "gradient/norm": report.gradient_norm,
                "gradient/clipped at": report.clipped_at,
                "speed/learning rate": report.rate,
                "speed/seconds per step": report.took_s,
            },
        )

    def saved(self, checkpoint: Checkpoint) -> None:  # noqa: ARG002 - as every watcher's
        """Write out what there is, so that the log is as far as the checkpoint."""
        self._writer.flush()

    def validated(self, step: int, validation: Validation) -> None:
        """Figures, and a picture; in that of a piano roll red was missed, blue was not played."""
        self._write(step, {f"validation/{name}": score for name, score in validation.scores.items()})
        if validation.picture is not None:
            self._writer.add_image("validation/roll", validation.picture, step, dataformats="HWC")
        self._writer.flush()

    def ended(self) -> None:
        """Write the rest."""
        self._writer.close()

    def _write(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name.replace(" ", "_"), value, step)
