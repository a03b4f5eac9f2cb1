"""Every choice of a run with its default: of any run, and of a transcription model's (README §9)."""

from dataclasses import dataclass, field
from typing import Literal

from pianotrans.errors import TrainingError
from pianotrans.tables import check_ranges
from pianotrans.training.data.chunks import ChunkSettings


@dataclass(frozen=True)
class OptimisationSettings:
    """How gradients change the weights, and how these are averaged."""

    optimizer: Literal["adabelief", "adamw", "muon"] = "adabelief"  # muon: for matrices within blocks; AdamW else
    peak_rate: float = 2e-4
    warm_up: float = 0.05  # part of all steps, from 0 to 1
    weight_decay: float = 1e-4  # none on biases, norms, residual scales and embeddings
    mean_decay: float = 0.9
    deviation_decay: float = 0.999
    epsilon: float = 1e-16
    clip_quantile: float = 0.8  # quantile of earlier gradient norms to clip at; 1: the longest so far
    clip_history: int = 10_000
    average_decay: float = 0.999  # decay of the averaged weights, which are validated and exported; 0: no average

    def __post_init__(self) -> None:
        check_ranges(self, "optimisation", TrainingError, positive=("peak_rate", "epsilon", "clip_history"))
        check_ranges(
            self,
            "optimisation",
            TrainingError,
            part=("warm_up", "clip_quantile"),
            below_one=("mean_decay", "deviation_decay"),
        )
        check_ranges(
            self, "optimisation", TrainingError, below_one=("average_decay",), not_negative=("weight_decay",)
        )


@dataclass(frozen=True)
class FrameSettings:
    """How much it counts, beside the likelihood of whole intervals, what happens at each frame by itself.

    A small network learns by it where notes are before it learns which onset belongs to which offset.
    """

    weight: float = 0.0  # at the beginning of a run; 0: it never counts
    fall: float = 0.2  # part of all steps in which the weight falls to `last_weight`
    last_weight: float = 0.0

    def __post_init__(self) -> None:
        check_ranges(self, "frames", TrainingError, not_negative=("weight", "last_weight"), part=("fall",))

    def weight_of(self, step: int, n_steps: int) -> float:
        """The weight in a step of a run."""
        left = max(0.0, 1 - step / (self.fall * n_steps)) if self.fall else 0.0
        return self.last_weight + (self.weight - self.last_weight) * left


@dataclass(frozen=True)
class ValidationSettings:
    """Which recordings or performances show during training how good the model is, and how often."""

    split: str = "validation"
    every_steps: int = 5000  # 0: never
    recordings: int = 24  # at most
    seconds_each: float = 60.0  # at most

    def __post_init__(self) -> None:
        check_ranges(
            self,
            "validation",
            TrainingError,
            not_negative=("every_steps",),
            positive=("recordings", "seconds_each"),
        )


@dataclass(frozen=True)
class RunSettings:
    """What every run has, whatever kind of model it trains."""

    model: str = ""  # a name, or a folder with a config.toml; empty: the folder that these settings lie in
    seed: int = 0
    steps: int = 1000
    kind: str = "transcription"  # of model
    split: str = "train"
    save_every_steps: int = 1000
    keep: int = 3  # checkpoints, besides the best one
    validation: ValidationSettings = field(default_factory=ValidationSettings)

    def __post_init__(self) -> None:
        check_ranges(
            self, "", TrainingError, positive=("steps", "save_every_steps", "keep"), not_negative=("seed",)
        )


@dataclass(frozen=True)
class TrainingSettings(RunSettings):
    """A whole run of a transcription model. The defaults are those of the published one, `transkun-v2`."""

    steps: int = 180_000
    clips_per_step: int = 12  # by all processes together
    accumulation: int = 1  # parts that a process computes its clips of a step in: less memory, more time
    recompute: bool = False  # parts of the network instead of keeping them: less memory, more time
    precision: Literal["float32", "bfloat16"] = "float32"  # of the network; the objective is float32 always
    attribute_dropout: float = 0.1
    workers: int = 4  # processes that read chunks for each training process; 0: it reads them itself
    chunks: ChunkSettings = field(default_factory=ChunkSettings)
    frames: FrameSettings = field(default_factory=FrameSettings)
    optimisation: OptimisationSettings = field(default_factory=OptimisationSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self, "", TrainingError, positive=("clips_per_step", "accumulation"))
        check_ranges(self, "", TrainingError, not_negative=("workers",), below_one=("attribute_dropout",))
