"""The settings of a run that trains a meter network."""

from dataclasses import dataclass, field

from pianotrans.errors import TrainingError
from pianotrans.tables import check_ranges
from pianotrans.training.meter.augmentation import MeterAugmentation
from pianotrans.training.optimisation.schedule import trapezoid
from pianotrans.training.runs.settings import RunSettings, ValidationSettings


def _validation() -> ValidationSettings:
    return ValidationSettings(every_steps=200, recordings=60, seconds_each=600.0)


@dataclass(frozen=True)
class MeterCourse(RunSettings):
    """A whole run."""

    steps: int = 2000
    seed: int = 7
    kind: str = "meter"
    save_every_steps: int = 100
    datasets: tuple[str, ...] = ("asap", "piano-midi-de")  # that it learns from
    rate: float = 1.5e-3
    warm_up_steps: int = 60
    fall: float = 0.5  # the last part of the run, over which the rate falls to 0
    pieces_per_step: int = 8
    cut: int = 512  # beats of a piece that are seen together
    weight_decay: float = 0.05
    muon_rate: float = 2.0  # how much faster the matrices within blocks learn
    average_decay: float = 0.995
    gradient_norm: float = 1.0
    augmentation: MeterAugmentation = field(default_factory=MeterAugmentation)
    validation: ValidationSettings = field(default_factory=_validation)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(
            self,
            "",
            TrainingError,
            positive=("rate", "pieces_per_step", "cut", "gradient_norm"),
            not_negative=("warm_up_steps", "weight_decay", "muon_rate"),
            part=("fall",),
            below_one=("average_decay",),
        )

    def rate_of(self, step: int) -> float:
        """The learning rate of a step: up, level, and down to 0."""
        return trapezoid(step, self.steps, self.rate, self.warm_up_steps, self.fall)
