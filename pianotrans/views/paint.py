"""The colours of notes: by how hard they were struck, or by how they compare with what was played."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from pianotrans.events import Note
from pianotrans.views.comparison import Comparison

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

Colour = tuple[float, float, float, float]
"""Red, green, blue and opacity, each in [0, 1]."""

_SOFT_TO_LOUD = ("#3566b0", "#6a4fb3", "#b0338f", "#dd4a4a", "#f08a24", "#f7bf2f")
_MATCHED, _MISSED, _EXTRA = "#86add6", "#e67e00", "#b8003f"  # told apart by the colour-blind as well
_FAINTEST = 0.3  # a note whose end is in doubt is still a note: it must be seen


@dataclass(frozen=True, slots=True)
class Mark:
    """A note and its colour; one that `stands_out` must be found among thousands."""

    note: Note
    colour: Colour
    stands_out: bool = False


@dataclass(frozen=True, slots=True)
class Paint:
    """Marks in the order they are to be drawn, and a key to their colours: (label, colour), if they need one."""

    marks: tuple[Mark, ...]
    legend: tuple[tuple[str, str], ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes alone."""
        return tuple(mark.note for mark in self.marks)

    def between(self, start_s: float, end_s: float) -> Self:
        """Only what sounds between two times, cut there."""
        return replace(self, marks=tuple(self._cut(start_s, end_s)))

    def _cut(self, start_s: float, end_s: float) -> Iterator[Mark]:
        for mark in self.marks:
            onset_s, offset_s = max(mark.note.onset_s, start_s), min(mark.note.offset_s, end_s)
            if onset_s < offset_s:
                yield replace(mark, note=replace(mark.note, onset_s=onset_s, offset_s=offset_s))


def confidence_of(note: Note) -> float:
    """How sure the model is that a note begins there; 1 where it was not asked, or the note comes from elsewhere.

    Of the onset: where exactly a note ends is in doubt more often than whether there is one.
    """
    return 1.0 if note.onset_confidence is None else note.onset_confidence


def by_velocity(notes: tuple[Note, ...]) -> Paint:
    """Blue for soft, yellow for loud; opaque where sure."""
    colours = velocity_colours()
    return Paint(tuple(Mark(note, (*colours((note.velocity - 1) / 126)[:3], _opacity(note))) for note in notes))


def by_outcome(comparison: Comparison) -> Paint:
    """A colour each for matched, missed and extra notes; the wrong ones lie on top."""
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


@lru_cache(maxsize=1)
def velocity_colours() -> "Colormap":
    """From velocity 1 (at 0) to velocity 127 (at 1)."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("velocity", _SOFT_TO_LOUD)


def _opacity(note: Note) -> float:
    return _FAINTEST + (1 - _FAINTEST) * confidence_of(note)
