"""What stands above, between and below the staves."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal
from xml.etree.ElementTree import Element


@dataclass(frozen=True)
class Direction:
    """A mark at a position, above or below a staff. `types` are the contents of its `direction-type` elements."""

    position: Fraction
    staff: int
    placement: Literal["above", "below"]
    types: tuple[Element, ...]
    bpm: float | None = None  # quarter notes a minute, for playback
