"""What defines a model of the architecture `harmonic`."""

import math
from dataclasses import dataclass, field

from pianotrans.errors import ModelError
from pianotrans.network.config import AttributesConfig, SegmentsConfig, TracksConfig
from pianotrans.tables import check_ranges

HARMONIC = "harmonic"

_LEAST_WIDTH = 16  # three numbers of what happens in a frame, eight that point to an onset, some others
_A4_HZ, _A4_KEY = 440.0, 69


@dataclass(frozen=True)
class LogSpectrogramConfig:
    """A frontend with equally many bins for every semitone, under windows of several lengths."""

    sample_rate: int = 22_050
    hop_samples: int = 512
    windows_samples: tuple[int, ...] = (8192, 2048, 1024)  # long ones resolve the bass, short ones the attacks
    bins_per_semitone: int = 3
    lowest_key: int = 21  # of the first row of bins
    max_hz: float = 10_000.0

    def __post_init__(self) -> None:
        numbers = tuple(name for name in vars(self) if name != "windows_samples")
        check_ranges(self, "spectrogram", ModelError, positive=numbers)
        if not self.windows_samples or min(self.windows_samples) < 2:
            raise ModelError(
                f"spectrogram.windows_samples: {list(self.windows_samples)} given; each must be 2 or more."
            )
        if self.max_hz > self.sample_rate / 2:
            raise ModelError(
                f"spectrogram.max_hz: {self.max_hz} given; it must be at most half of {self.sample_rate}."
            )
        if self.n_rows < 1:
            raise ModelError(f"spectrogram.max_hz: {self.max_hz} given; it lies below key {self.lowest_key}.")

    @property
    def n_windows(self) -> int:
        """Analysis windows."""
        return len(self.windows_samples)

    @property
    def window_samples(self) -> int:
        """The longest window."""
        return max(self.windows_samples)

    @property
    def n_rows(self) -> int:
        """Semitones, from the lowest key on."""
        highest = math.floor(_A4_KEY + 12 * math.log2(self.max_hz / _A4_HZ))
        return highest - self.lowest_key + 1

    @property
    def n_bins(self) -> int:
        """Bins of a frame: those of each semitone lie around its pitch."""
        return self.n_rows * self.bins_per_semitone

    @property
    def centers_hz(self) -> tuple[float, ...]:
        """The middle of every bin."""
        per_semitone = self.bins_per_semitone
        keys = (self.lowest_key + (i - (per_semitone - 1) / 2) / per_semitone for i in range(self.n_bins))
        return tuple(_A4_HZ * 2 ** ((key - _A4_KEY) / 12) for key in keys)

    def n_frames(self, n_samples: int) -> int:
        """Frames of a segment of `n_samples` samples: one for each hop begun, and one that closes it."""
        return (n_samples + self.hop_samples - 1) // self.hop_samples + 1  # written so that it can be exported


@dataclass(frozen=True)
class HarmonicConfig:
    """The stem, the blocks that gather harmonics, and the width of what they tell of a track at a frame."""

    stem_width: int = 16
    width: int = 48  # of a key at a frame, and of its context
    gathered_width: int = 24  # what a key takes from each of its harmonics
    hidden_width: int = 96
    dilations: tuple[int, ...] = (1, 2, 3, 3)  # of each block: how far its neighbours in time lie apart, in frames
    harmonics: tuple[int, ...] = (12, 19, 24, 28, 31, 34, 36)  # semitones up; the second to the eighth partial
    subharmonics: tuple[int, ...] = (12, 19, 24, 28)  # semitones down: keys that this one may be a harmonic of
    neighbours: tuple[int, ...] = (1,)  # semitones up and down
    key_embedding: bool = True  # lets keys differ: the bass from the treble

    def __post_init__(self) -> None:
        positive = ("stem_width", "width", "gathered_width", "hidden_width")
        check_ranges(self, "harmonic", ModelError, positive=positive)
        if self.width < _LEAST_WIDTH:
            raise ModelError(f"harmonic.width: {self.width} given; at least {_LEAST_WIDTH} is needed.")
        if not self.dilations:
            raise ModelError("harmonic.dilations: none given; there must be one for each block.")
        for name in ("dilations", "harmonics", "subharmonics", "neighbours"):
            if min(getattr(self, name), default=1) < 1:
                raise ModelError(f"harmonic.{name}: {list(getattr(self, name))} given; each must be 1 or more.")

    @property
    def semitones(self) -> tuple[int, ...]:
        """Where a key gathers, in semitones from itself."""
        near = (*(-n for n in self.neighbours), *self.neighbours)
        return (0, *self.harmonics, *(-n for n in self.subharmonics), *near)


@dataclass(frozen=True)
class HarmonicModelConfig:
    """A whole model of the architecture `harmonic`."""

    spectrogram: LogSpectrogramConfig = field(default_factory=LogSpectrogramConfig)
    harmonic: HarmonicConfig = field(default_factory=HarmonicConfig)
    attributes: AttributesConfig = field(default_factory=lambda: AttributesConfig(96))
    segments: SegmentsConfig = field(default_factory=lambda: SegmentsConfig(10.0, 8.0))
    tracks: TracksConfig = field(default_factory=TracksConfig)

    def __post_init__(self) -> None:
        if self.spectrogram.lowest_key > self.tracks.lowest_key or self.tracks.highest_key > self.highest_row:
            raise ModelError(
                f"tracks: keys {self.tracks.lowest_key} to {self.tracks.highest_key} given; the spectrogram has "
                f"those from {self.spectrogram.lowest_key} to {self.highest_row}."
            )

    decodes_stepwise = True  # it knows onsets well, and ends less well than it knows that it does not
    reads_median_velocity = True  # its most probable ones are few, those that were often trained on

    @property
    def highest_row(self) -> int:
        """The key of the highest row of the spectrogram."""
        return self.spectrogram.lowest_key + self.spectrogram.n_rows - 1

    @property
    def context_width(self) -> int:
        """Width of the context of a track at a frame."""
        return self.harmonic.width
