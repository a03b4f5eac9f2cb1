"""Clefs: which staff is read in treble and which in bass, and where that changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Clef = Literal["treble", "bass"]

_CLEFS: tuple[Clef, Clef] = ("treble", "bass")
_LINES = {"treble": (30, 38), "bass": (18, 26)}
"""The lowest and highest line of each, in steps from C0: E4 and F5, G2 and A3."""
_UNUSUAL = 8.0  # what it costs that a piece begins with the other clef


@dataclass(frozen=True, slots=True)
class ClefPlace:
    """A place where a clef may change, at a cost; `heights` are the notes up to the next, in steps from C0."""

    position: Fraction
    cost: float
    heights: tuple[int, ...]


def choose_clefs(places: Iterable[ClefPlace], usual: Clef) -> list[tuple[Fraction, Clef]]:
    """The clefs with the fewest ledger lines and changes, each from a position on, by dynamic programming."""
    places = list(places)
    best = {clef: 0.0 if clef == usual else _UNUSUAL for clef in _CLEFS}
    back: list[dict[Clef, Clef]] = []
    for i, place in enumerate(places):
        came: dict[Clef, Clef] = {}
        now: dict[Clef, float] = {}
        for clef in _CLEFS:
            other = _CLEFS[1 - _CLEFS.index(clef)]
            changes = i > 0 and best[other] + place.cost < best[clef]
            came[clef] = other if changes else clef
            now[clef] = (best[other] + place.cost if changes else best[clef]) + find_strain(place.heights, clef)
        best = now
        back.append(came)
    clef = min(_CLEFS, key=lambda clef: (best[clef], clef != usual))
    path: list[tuple[Fraction, Clef]] = []
    for place, came in zip(reversed(places), reversed(back), strict=True):
        path.append((place.position, clef))
        clef = came[clef]
    path.reverse()
    return [path[i] for i in range(len(path)) if i == 0 or path[i][1] != path[i - 1][1]]


def find_strain(heights: Iterable[int], clef: Clef) -> float:
    """What ledger lines cost a reader: one hardly anything, four a lot."""
    low, high = _LINES[clef]
    n_lines = [max(0, (low - height) // 2, (height - high) // 2) for height in heights]
    return sum(0.05 * n + 0.25 * n * (n - 1) for n in n_lines)
