"""Every choice of a training run, each with its default: after the published recipe (DESIGN §9)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from pianotrans.errors import TrainingError
from pianotrans.training.data.chunks import ChunkSettings


@dataclass(frozen=True)
class OptimisationSettings:
    """How gradients change the weights, and how these are averaged."""

    optimizer: Literal["adabelief", "adamw"] = "adabelief"
    peak_rate: float = 2e-4
    warm_up: float = 0.05  # of all steps, from 0 to 1
    weight_decay: float = 1e-4  # none on biases, norms, residual scales and embeddings
    mean_decay: float = 0.9
    deviation_decay: float = 0.999
    epsilon: float = 1e-16
    clip_quantile: float = 0.8  # of the gradient's norm over its own history; 1: as long as any before
    clip_history: int = 10_000
    average_decay: float = 0.999  # of the running average that is validated and exported; 0: no average

    def __post_init__(self) -> None:
        _check("optimisation", self, positive=("peak_rate", "epsilon", "clip_history"))
        _check("optimisation", self, part=("warm_up", "clip_quantile"), below_one=("mean_decay", "deviation_decay"))
        _check("optimisation", self, below_one=("average_decay",), not_negative=("weight_decay",))


@dataclass(frozen=True)
class ValidationSettings:
    """What is transcribed now and then, to see how good the model is."""

    split: str = "validation"
    every_steps: int = 5000  # 0: never
    recordings: int = 24  # at most
    seconds_each: float = 60.0  # at most

    def __post_init__(self) -> None:
        _check("validation", self, not_negative=("every_steps",), positive=("recordings", "seconds_each"))


@dataclass(frozen=True)
class TrainingSettings:
    """A whole run. The defaults are those of the published model, `transkun-v2`."""

    model: str = ""  # a name, or a folder with a config.toml; empty: the folder that these settings lie in
    seed: int = 0
    steps: int = 180_000
    clips_per_step: int = 12  # by all processes together
    accumulation: int = 1  # parts that a process computes its clips of a step in: less memory, more time
    recompute: bool = False  # parts of the network instead of keeping them: less memory, more time
    precision: Literal["float32", "bfloat16"] = "float32"  # of the network; the objective is float32 always
    attribute_dropout: float = 0.1
    split: str = "train"
    workers: int = 4  # that read chunks for each process; 0: none but itself
    save_every_steps: int = 1000
    keep: int = 3  # checkpoints, besides the best one
    chunks: ChunkSettings = field(default_factory=ChunkSettings)
    optimisation: OptimisationSettings = field(default_factory=OptimisationSettings)
    validation: ValidationSettings = field(default_factory=ValidationSettings)

    def __post_init__(self) -> None:
        _check("", self, positive=("steps", "clips_per_step", "accumulation", "save_every_steps", "keep"))
        _check("", self, not_negative=("seed", "workers"), below_one=("attribute_dropout",))


_RANGES: dict[str, tuple[Callable[[float], bool], str]] = {
    "positive": (lambda x: x > 0, "more than 0"),
    "not_negative": (lambda x: x >= 0, "0 or more"),
    "part": (lambda x: 0 <= x <= 1, "0 to 1"),
    "below_one": (lambda x: 0 <= x < 1, "at least 0 and less than 1"),
}


def _check(group: str, settings: object, **names: tuple[str, ...]) -> None:
    """Raise TrainingError for the first of these settings that is out of its range, a key of _RANGES."""
    for kind, some in names.items():
        is_good, needed = _RANGES[kind]
        for name in some:
            value = getattr(settings, name)
            if not is_good(value):
                full_name = f"{group}.{name}" if group else name
                raise TrainingError(f"{full_name}: {value} given; it must be {needed}.")
