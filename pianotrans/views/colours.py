"""The colours of notes in pictures: by velocity, or by how they compare with a reference.

Colours that the report and the web page have, too, come from their palette, `assets/shared/palette.css`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Self

from pianotrans.events import Note
from pianotrans.views.comparison import Comparison

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

Colour = tuple[float, float, float, float]
"""Red, green, blue and opacity, each in [0, 1]."""

_MATCHED, _MISSED, _EXTRA = "#86add6", "#e67e00", "#b8003f"  # colour-blind people can tell them apart, too


@dataclass(frozen=True, slots=True)
class Mark:
    """A note and its colour; a note that `stands_out` is easy to find among thousands."""

    note: Note
    colour: Colour
    stands_out: bool = False


@dataclass(frozen=True, slots=True)
class Paint:
    """Marks in the order of drawing, and a legend of their colours as (label, colour), if they need one."""

    marks: tuple[Mark, ...]
    legend: tuple[tuple[str, str], ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes alone."""
        return tuple(mark.note for mark in self.marks)

    def between(self, start_s: float, end_s: float) -> Self:
        """The notes that sound between two times, cut there."""
        return replace(self, marks=tuple(self._cut(start_s, end_s)))

    def _cut(self, start_s: float, end_s: float) -> Iterator[Mark]:
        for mark in self.marks:
            onset_s, offset_s = max(mark.note.onset_s, start_s), min(mark.note.offset_s, end_s)
            if onset_s < offset_s:
                yield replace(mark, note=replace(mark.note, onset_s=onset_s, offset_s=offset_s))


def confidence_of(note: Note) -> float:
    """The confidence of the onset; 1 where it is unknown.

    Not that of the whole note: it is more often in doubt where a note ends than whether there is one.
    """
    return 1.0 if note.onset_confidence is None else note.onset_confidence


def by_velocity(notes: tuple[Note, ...]) -> Paint:
    """Blue for soft, yellow for loud, paler where less certain."""
    colours = velocity_colours()
    return Paint(tuple(Mark(note, (*colours((note.velocity - 1) / 126)[:3], _opacity(note))) for note in notes))


def by_outcome(comparison: Comparison) -> Paint:
    """One colour each for matched, missed and extra notes; missed and extra ones lie on top."""
    from matplotlib.colors import to_rgba

    groups = (
        ("matched", comparison.matched, _MATCHED),
        ("missed", comparison.missed, _MISSED),
        ("extra", comparison.extra, _EXTRA),
    )
    marks = [
        Mark(note, to_rgba(colour, _opacity(note)), stands_out=name != "matched")
        for name, notes, colour in groups
        for note in notes
    ]
    return Paint(tuple(marks), tuple((f"{name} ({len(notes)})", colour) for name, notes, colour in groups))


@cache
def velocity_colours() -> "Colormap":
    """From velocity 1 (at 0) to velocity 127 (at 1)."""
    from matplotlib.colors import LinearSegmentedColormap

    steps = [colour for name, colour in palette().items() if name.startswith("velocity-")]
    return LinearSegmentedColormap.from_list("velocity", steps)


@cache
def palette() -> Mapping[str, str]:
    """The values of the shared palette by name, those for light ground, in its order: `velocity-0` is "#3566b0"."""
    text = (files("pianotrans.views") / "assets" / "shared" / "palette.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([\w-]+): (?:light-dark\()?([#\w.]+)", text))


def _opacity(note: Note) -> float:
    faintest = float(palette()["faintest"])
    return faintest + (1 - faintest) * confidence_of(note)
