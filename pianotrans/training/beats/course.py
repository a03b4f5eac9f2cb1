"""The settings of a run that trains a beat network."""

from dataclasses import dataclass, field

from pianotrans.errors import TrainingError
from pianotrans.tables import check_ranges
from pianotrans.training.annotated import AnnotatedCourse
from pianotrans.training.beats.augmentation import BeatAugmentation
from pianotrans.training.runs.settings import ValidationSettings


def _validation() -> ValidationSettings:
    return ValidationSettings(every_steps=500, recordings=50, seconds_each=300.0)


@dataclass(frozen=True)
class BeatCourse(AnnotatedCourse):
    """A whole run."""

    steps: int = 4000
    kind: str = "beats"
    warm_up_steps: int = 100
    fall: float = 0.35
    moments_per_step: int = 4600
    cuts: tuple[int, ...] = (512, 512, 512, 2048)  # moments of a piece; drawn for each step
    weight_decay: float = 0.02
    potentials_rate: float = 5.0  # how much faster the few weights of the lattice learn
    likelihood_weight: float = 0.5
    likelihood_from: float = 0.7  # the part of the run after which the likelihood teaches the network, too
    potentials_every: int = 4  # steps; before that it only teaches the weights of the lattice, now and then
    augmentation: BeatAugmentation = field(default_factory=BeatAugmentation)
    validation: ValidationSettings = field(default_factory=_validation)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(
            self,
            "",
            TrainingError,
            positive=("moments_per_step", "potentials_every"),
            not_negative=("potentials_rate", "likelihood_weight"),
            part=("likelihood_from",),
        )
        if not self.cuts or min(self.cuts) < 1:
            raise TrainingError(f"cuts: {list(self.cuts)} given; numbers of moments, at least one, are needed.")

    def teaches_network(self, step: int) -> bool:
        """Whether the likelihood of a step teaches the network, too."""
        return step >= self.likelihood_from * self.steps

    def takes_likelihood(self, step: int) -> bool:
        """Whether a step takes the likelihood at all."""
        return self.teaches_network(step) or step % self.potentials_every == 0
