"""How a user wants MIDI to be written."""

from dataclasses import dataclass
from typing import Any, Literal

from pianotrans.events.conductor import TempoPer
from pianotrans.events.note_grid import NoteGrid


@dataclass(frozen=True)
class MidiSettings:
    """With `tempo` "map", ticks are musical time where beats are found; with "fixed" the tempo is `bpm`, or 120.

    `hands` asks for a track for each hand, `grid` for notes moved towards it.
    """

    tempo: Literal["map", "fixed"] = "map"
    bpm: float | None = None
    tempo_per: TempoPer = TempoPer.beat
    grid: NoteGrid | None = None
    hands: bool = False

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
        }
