"""The settings of a run that trains a hand network."""

from dataclasses import dataclass, field

from pianotrans.errors import TrainingError
from pianotrans.tables import check_ranges
from pianotrans.training.annotated import AnnotatedCourse
from pianotrans.training.hands.augmentation import HandAugmentation
from pianotrans.training.runs.settings import ValidationSettings


def _validation() -> ValidationSettings:
    return ValidationSettings(every_steps=500, recordings=120, seconds_each=300.0)


@dataclass(frozen=True)
class HandCourse(AnnotatedCourse):
    """A whole run."""

    steps: int = 4000
    kind: str = "hands"
    notes_per_step: int = 2560
    cut: int = 320  # notes of a piece that are seen together
    augmentation: HandAugmentation = field(default_factory=HandAugmentation)
    validation: ValidationSettings = field(default_factory=_validation)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self, "", TrainingError, positive=("notes_per_step", "cut"))
