"""What defines a model: every number that shapes its parameters or the meaning of its frames."""

import dataclasses
import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Self

from pianotrans.errors import ModelError
from pianotrans.network.tracks import N_TRACKS

ARCHITECTURE = "non-hierarchical-transformer"


class _Table:
    """A group of settings that refuses names it does not know and values of another type."""

    @classmethod
    def from_table(cls, table: Any, where: str) -> Self:
        """Build the group from a TOML table; `where` names the table in errors."""
        if not isinstance(table, dict):
            raise ModelError(f"{where}: a table of settings was expected, got {table!r}.")
        fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(table) - set(fields))
        if unknown:
            raise ModelError(f"{where}: unknown setting {', '.join(unknown)}. Known: {', '.join(fields)}.")
        return cls(
            **{name: _converted(value, fields[name].type, f"{where}.{name}") for name, value in table.items()}
        )


def _converted(value: Any, kind: Any, where: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ModelError(f"{where}: {kind.__name__} expected, got {value!r}.")
    if value <= 0:
        raise ModelError(f"{where}: a positive number expected, got {value!r}.")
    return value


@dataclass(frozen=True)
class SpectrogramConfig(_Table):
    """The audio frontend (published model: DESIGN §2, §3)."""

    sample_rate: int = 44_100
    hop_samples: int = 1024
    window_samples: int = 4096
    n_mels: int = 229
    min_hz: float = 30.0
    max_hz: float = 8000.0
    n_learned_windows: int = 5

    @property
    def n_windows(self) -> int:
        """Analysis windows: the Hann window, then the learned ones."""
        return 1 + self.n_learned_windows

    @property
    def n_bins(self) -> int:
        """FFT bins that reach `max_hz`; those above do not contribute and are never computed with."""
        return min(math.ceil(self.max_hz * self.window_samples / self.sample_rate), self.window_samples // 2) + 1

    @property
    def frames_per_second(self) -> Fraction:
        """Frame rate, exactly."""
        return Fraction(self.sample_rate, self.hop_samples)

    def n_frames(self, n_samples: int) -> int:
        """Frames of a segment of `n_samples` samples: one per hop begun, and one that closes it."""
        return math.ceil(n_samples / self.hop_samples) + 1


@dataclass(frozen=True)
class TransformerConfig(_Table):
    """The stem and the non-hierarchical transformer (DESIGN §4).

    What makes smaller models is off by default: several tracks on one token, fewer mel tokens, longer time steps,
    the same blocks applied more than once, and a narrower context.
    """

    width: int = 256
    n_heads: int = 8
    n_layers: int = 6  # blocks with weights of their own
    n_passes: int = 1  # through all of them
    feed_forward_factor: int = 4
    frames_per_step: int = 8
    mels_per_token: int = 4
    tracks_per_token: int = 1  # neighbours
    context_width: int = 0  # of a track at a frame; 0: as wide as a token

    def __post_init__(self) -> None:
        if self.width % 16 or self.width % self.n_heads:
            raise ModelError(
                f"transformer.width: {self.width} given; it must divide by 16 and n_heads ({self.n_heads})."
            )
        if N_TRACKS % self.tracks_per_token:
            raise ModelError(
                f"transformer.tracks_per_token: {self.tracks_per_token} given; it must divide {N_TRACKS} tracks."
            )
        for name, least in (("frames_per_step", 8), ("mels_per_token", 4)):
            if getattr(self, name) not in (least, 2 * least):
                raise ModelError(
                    f"transformer.{name}: {getattr(self, name)} given; it may be {least} or {2 * least}."
                )

    @property
    def context(self) -> int:
        """Width of the context."""
        return self.context_width or self.width


@dataclass(frozen=True)
class AttributesConfig(_Table):
    """The heads for velocity and sub-frame position (DESIGN §7)."""

    hidden: int = 512


@dataclass(frozen=True)
class SegmentsConfig(_Table):
    """How a recording is cut (DESIGN §8)."""

    segment_s: float = 16.0
    hop_s: float = 8.0

    def __post_init__(self) -> None:
        if self.hop_s > self.segment_s:
            raise ModelError(
                f"segments.hop_s: {self.hop_s} given; at most segment_s ({self.segment_s}) is possible."
            )


@dataclass(frozen=True)
class ModelConfig:
    """A whole model. The defaults are the published model, `transkun-v2`."""

    spectrogram: SpectrogramConfig = field(default_factory=SpectrogramConfig)
    transformer: TransformerConfig = field(default_factory=TransformerConfig)
    attributes: AttributesConfig = field(default_factory=AttributesConfig)
    segments: SegmentsConfig = field(default_factory=SegmentsConfig)

    @classmethod
    def from_dict(cls, table: dict[str, Any], where: str = "config") -> Self:
        """Read a parsed `config.toml`. Raises ModelError on unknown keys or another architecture."""
        architecture = table.get("architecture")
        if architecture != ARCHITECTURE:
            raise ModelError(
                f"{where}: architecture {architecture!r} given; this version runs {ARCHITECTURE!r} only. "
                "Pass the folder of a model made for it."
            )
        groups = {f.name: f.default_factory for f in dataclasses.fields(cls)}
        unknown = sorted(set(table) - set(groups) - {"architecture"})
        if unknown:
            raise ModelError(f"{where}: unknown table {', '.join(unknown)}. Known: {', '.join(groups)}.")
        return cls(
            **{
                name: group.from_table(table[name], f"{where}: {name}")  # type: ignore[union-attr]
                for name, group in groups.items()
                if name in table
            }
        )
