"""The settings of a run that trains a beat network."""

from dataclasses import dataclass, field

from pianotrans.errors import TrainingError
from pianotrans.tables import check_ranges
from pianotrans.training.beats.augmentation import BeatAugmentation
from pianotrans.training.optimisation.schedule import trapezoid
from pianotrans.training.runs.settings import RunSettings, ValidationSettings


def _validation() -> ValidationSettings:
    return ValidationSettings(every_steps=500, recordings=50, seconds_each=300.0)


@dataclass(frozen=True)
class BeatCourse(RunSettings):
    """A whole run."""

    steps: int = 4000
    seed: int = 7
    kind: str = "beats"
    save_every_steps: int = 100
    datasets: tuple[str, ...] = ("asap", "piano-midi-de")  # that it learns from
    rate: float = 1.5e-3
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
    augmentation: BeatAugmentation = field(default_factory=BeatAugmentation)
    validation: ValidationSettings = field(default_factory=_validation)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(
            self,
            "",
            TrainingError,
            positive=("rate", "moments_per_step", "potentials_every", "gradient_norm"),
            not_negative=("warm_up_steps", "weight_decay", "muon_rate", "potentials_rate", "likelihood_weight"),
            part=("fall", "likelihood_from"),
            below_one=("average_decay",),
        )
        if not self.cuts or min(self.cuts) < 1:
            raise TrainingError(f"cuts: {list(self.cuts)} given; numbers of moments, at least one, are needed.")

    def rate_of(self, step: int) -> float:
        """The learning rate of a step: up, level, and down to 0."""
        return trapezoid(step, self.steps, self.rate, self.warm_up_steps, self.fall)

    def teaches_network(self, step: int) -> bool:
        """Whether the likelihood of a step teaches the network, too."""
        return step >= self.likelihood_from * self.steps

    def takes_likelihood(self, step: int) -> bool:
        """Whether a step takes the likelihood at all."""
        return self.teaches_network(step) or step % self.potentials_every == 0
