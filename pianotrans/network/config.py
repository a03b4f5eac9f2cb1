"""What defines a model: every number that shapes its parameters or the meaning of its frames and tracks.

Those of the architecture `harmonic` are in `harmonic/config.py`.
"""

import math
from dataclasses import dataclass, field

from pianotrans.errors import ModelError
from pianotrans.piano import CONTROLLERS, HIGHEST_KEY, LOWEST_KEY, SOFT, SUSTAIN, PedalKind
from pianotrans.tables import check_ranges

TRANSFORMER = "non-hierarchical-transformer"


@dataclass(frozen=True)
class TracksConfig:
    """The tracks that a model decodes side by side: its pedals, then its keys (README §2).

    A track is known to the network by a number: minus the controller of a pedal, the MIDI number of a key.
    """

    pedals: tuple[PedalKind, ...] = (SUSTAIN, SOFT)
    lowest_key: int = LOWEST_KEY
    highest_key: int = HIGHEST_KEY

    def __post_init__(self) -> None:
        if len(set(self.pedals)) < len(self.pedals):
            raise ModelError(f"tracks.pedals: {', '.join(self.pedals)} given; each may stand there once.")
        if not 0 <= self.lowest_key <= self.highest_key <= 127:
            raise ModelError(
                f"tracks.lowest_key, tracks.highest_key: {self.lowest_key} and {self.highest_key} given; "
                "they must be MIDI numbers from 0 to 127, the lowest first."
            )

    @property
    def numbers(self) -> tuple[int, ...]:
        """The number of every track, in order."""
        keys = range(self.lowest_key, self.highest_key + 1)
        return (*(-CONTROLLERS[kind] for kind in self.pedals), *keys)

    @property
    def n_tracks(self) -> int:
        """How many tracks there are."""
        return len(self.numbers)


@dataclass(frozen=True)
class SpectrogramConfig:
    """The audio frontend (README §3)."""

    sample_rate: int = 44_100
    hop_samples: int = 1024
    window_samples: int = 4096
    n_mels: int = 229
    min_hz: float = 30.0
    max_hz: float = 8000.0
    n_learned_windows: int = 5

    def __post_init__(self) -> None:
        check_ranges(self, "spectrogram", ModelError, positive=tuple(vars(self)))

    @property
    def n_windows(self) -> int:
        """Analysis windows: the Hann window, then the learned ones."""
        return 1 + self.n_learned_windows

    @property
    def windows_samples(self) -> tuple[int, ...]:
        """The length of every window."""
        return (self.window_samples,) * self.n_windows

    @property
    def n_bins(self) -> int:
        """FFT bins that reach `max_hz`; those above do not contribute and are never computed with."""
        return min(math.ceil(self.max_hz * self.window_samples / self.sample_rate), self.window_samples // 2) + 1

    def n_frames(self, n_samples: int) -> int:
        """Frames of a segment of `n_samples` samples: one for each hop begun, and one that closes it."""
        return (n_samples + self.hop_samples - 1) // self.hop_samples + 1  # written so that it can be exported


@dataclass(frozen=True)
class TransformerConfig:
    """The stem and the non-hierarchical transformer (README §4)."""

    width: int = 256
    n_heads: int = 8
    n_layers: int = 6
    feed_forward_factor: int = 4

    def __post_init__(self) -> None:
        check_ranges(self, "transformer", ModelError, positive=tuple(vars(self)))
        if self.width % 16 or self.width % self.n_heads:
            raise ModelError(
                f"transformer.width: {self.width} given; it must divide by 16 and n_heads ({self.n_heads})."
            )


@dataclass(frozen=True)
class AttributesConfig:
    """The heads for velocity and sub-frame position (README §7)."""

    hidden: int = 512

    def __post_init__(self) -> None:
        check_ranges(self, "attributes", ModelError, positive=("hidden",))


@dataclass(frozen=True)
class SegmentsConfig:
    """How a recording is cut (README §8)."""

    segment_s: float = 16.0
    hop_s: float = 8.0

    def __post_init__(self) -> None:
        check_ranges(self, "segments", ModelError, positive=("segment_s", "hop_s"))
        if self.hop_s > self.segment_s:
            raise ModelError(
                f"segments.hop_s: {self.hop_s} given; at most segment_s ({self.segment_s}) is possible."
            )


@dataclass(frozen=True)
class ModelConfig:
    """A whole model of the architecture of the published one. The defaults are that, `transkun-v2`."""

    spectrogram: SpectrogramConfig = field(default_factory=SpectrogramConfig)
    transformer: TransformerConfig = field(default_factory=TransformerConfig)
    attributes: AttributesConfig = field(default_factory=AttributesConfig)
    segments: SegmentsConfig = field(default_factory=SegmentsConfig)
    tracks: TracksConfig = field(default_factory=TracksConfig)

    decodes_stepwise = False  # but looks for the best path
    reads_median_velocity = False  # but the most probable one

    @property
    def context_width(self) -> int:
        """Width of the context of a track at a frame."""
        return self.transformer.width
