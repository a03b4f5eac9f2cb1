"""Octave lines (8va, 8vb): passages written an octave nearer to the staff than they sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from pianotrans.score.keys.keys import best_chain
from pianotrans.score.notation.clefs import Clef, find_strain

_OCTAVE = 7  # steps
_SHIFTS = (0, 1, -1)  # none, 8va, 8vb
_ALLOWED: dict[int, Clef] = {1: "treble", -1: "bass"}
_BEGIN_OR_END = {0: 0.0, 1: 9.0, -1: 14.0}
"""What an end of a line costs, in the measure of `find_strain`: pianists know the low ledger lines better."""
_NEEDLESS, _LITTLE = 2.0, 0.1  # what a quarter costs below a line that needs none: a rest, a note of little strain
_NEVER = -1e9
_TYPES = {1: "down", -1: "up"}  # where the notes go


@dataclass(frozen=True, slots=True)
class OctavePlace:
    """What a voice has from `start` to `end`, in the order of places; `heights` are its notes, in steps from C0.

    No line ends before a place that is not `is_free`, as its notes are tied, or covers one that is not `is_alone`:
    readers disagree on which notes a line moves where a staff has two voices.
    """

    start: Fraction
    end: Fraction
    heights: tuple[int, ...]
    clef: Clef
    is_free: bool = True
    is_alone: bool = True


@dataclass(frozen=True, slots=True)
class OctaveLine:
    """Notes from `start` to `end` sound `shift` octaves from where they are written: 1 is 8va, -1 is 8vb."""

    start: Fraction
    end: Fraction
    shift: int

    def mark(self, staff: int, *, is_end: bool) -> Element:
        """Its first or its last mark."""
        placement = "above" if self.shift > 0 else "below"
        direction = Element("direction", {"placement": placement})
        kind = "stop" if is_end else _TYPES[self.shift]
        place = SubElement(direction, "direction-type")
        SubElement(place, "octave-shift", {"type": kind, "size": "8", "number": str(staff)})
        SubElement(direction, "staff").text = str(staff)
        return direction


def find_octave_lines(places: Sequence[OctavePlace]) -> list[OctaveLine]:
    """The lines that spare a reader most, by dynamic programming over the shifts of all places."""
    groups: list[list[OctavePlace]] = []
    for place in places:
        if place.is_free or not groups:
            groups.append([])
        groups[-1].append(place)
    if not groups:
        return []
    scores = np.array([[-sum(_cost(place, shift) for place in group) for shift in _SHIFTS] for group in groups])
    ends = np.array([_BEGIN_OR_END[shift] for shift in _SHIFTS])
    scores[-1] -= ends
    steps = -(ends[:, None] + ends) * (1 - np.eye(len(_SHIFTS)))
    lines: list[OctaveLine] = []
    for group, state in zip(groups, best_chain(scores, -ends, steps).tolist(), strict=True):
        shift, start, end = _SHIFTS[state], group[0].start, group[-1].end
        if shift and lines and (lines[-1].end, lines[-1].shift) == (start, shift):
            lines[-1] = OctaveLine(lines[-1].start, end, shift)
        elif shift:
            lines.append(OctaveLine(start, end, shift))
    return lines


def _cost(place: OctavePlace, shift: int) -> float:
    if shift and (not place.is_alone or place.clef != _ALLOWED[shift]):
        return -_NEVER
    is_needless = shift and find_strain(place.heights, place.clef) < _LITTLE
    needless = _NEEDLESS * max(1.0, float(place.end - place.start)) if is_needless else 0.0
    return needless + find_strain([height - shift * _OCTAVE for height in place.heights], place.clef)
