"""The settings of a run that trains a meter network."""

from dataclasses import dataclass, field

from pianotrans.errors import TrainingError
from pianotrans.tables import check_ranges
from pianotrans.training.annotated import AnnotatedCourse
from pianotrans.training.meter.augmentation import MeterAugmentation
from pianotrans.training.runs.settings import ValidationSettings


def _validation() -> ValidationSettings:
    return ValidationSettings(every_steps=200, recordings=60, seconds_each=600.0)


@dataclass(frozen=True)
class MeterCourse(AnnotatedCourse):
    """A whole run."""

    steps: int = 2000
    kind: str = "meter"
    warm_up_steps: int = 60
    pieces_per_step: int = 8
    cut: int = 512  # beats of a piece that are seen together
    weight_decay: float = 0.05
    augmentation: MeterAugmentation = field(default_factory=MeterAugmentation)
    validation: ValidationSettings = field(default_factory=_validation)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self, "", TrainingError, positive=("pieces_per_step", "cut"))
