"""How a user wants MIDI to be written."""

from dataclasses import dataclass
from typing import Any, Literal

from pianotrans.errors import UsageError
from pianotrans.events.conductor import TempoPer
from pianotrans.events.note_grid import NoteGrid

MidiFormat = Literal[0, 1]
"""A file of one track, or of several."""


@dataclass(frozen=True)
class MidiSettings:
    """With `tempo` "map", ticks are musical time where beats are found; with "fixed" the tempo is `bpm`, or 120.

    `hands` asks for a track for each hand, `grid` for notes moved towards it. `receiver` is who the file is for; it
    is only told in the file.

    Raises UsageError for another `format` than 0 and 1, and for hands in a file of one track.
    """

    tempo: Literal["map", "fixed"] = "map"
    bpm: float | None = None
    tempo_per: TempoPer = TempoPer.beat
    grid: NoteGrid | None = None
    hands: bool = False
    format: MidiFormat = 1
    receiver: str | None = None

    def __post_init__(self) -> None:
        if self.format not in (0, 1):
            raise UsageError(f"{self.format} given; it must be 0 or 1.", "midi_format")
        if self.format == 0 and self.hands:
            raise UsageError(
                "a file of format 0 has one track, and each hand needs its own. Use format 1, or hands off.",
                "midi_format",
                "hands",
            )

    def options(self) -> tuple[str, ...]:
        """What differs from the defaults, as the command line takes it."""
        options = [f"--for {self.receiver}"] if self.receiver else []
        options += ["--midi-format 0"] if self.format == 0 else []
        options += ["--hands"] if self.hands else []
        if self.tempo == "fixed":
            options.append("--tempo fixed" if self.bpm is None else f"--tempo fixed={self.bpm:g}")
        elif self.tempo_per is not TempoPer.beat:
            options.append(f"--tempo-per {self.tempo_per}")
        if self.grid is not None:
            triplets = ",triplets" if self.grid.triplets else ""
            options.append(f"--quantize {self.grid.step}{triplets},{float(self.grid.strength):g}")
        return tuple(options)

    def to_dict(self) -> dict[str, Any]:
        """As plain data; equal settings give equal data."""
        grid = self.grid and {
            "step": str(self.grid.step),
            "strength": float(self.grid.strength),
            "triplets": self.grid.triplets,
        }
        return {
            "tempo": self.tempo,
            "bpm": self.bpm,
            "tempo_per": self.tempo_per.value,
            "grid": grid,
            "hands": self.hands,
            "format": self.format,
            "receiver": self.receiver,
        }
