"""Move notes towards a grid of musical time."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from pianotrans.errors import UsageError
from pianotrans.events.performance import Note, Pedal, Performance
from pianotrans.events.tempo_map import TempoMap

_COARSEST, _FINEST = Fraction(4), Fraction(1, 192)
_LEAST = Fraction(1, 4)  # of a step: how close strikes of a key may come, and how short notes may become
_SHORTEST_S = 1e-6


@dataclass(frozen=True)
class NoteGrid:
    """Lines a `step` apart, in whole notes (1/16), counted anew in every bar; with `triplets`, also two thirds.

    `strength` is how far notes are moved: 1 onto the grid, 0.5 half of the way.
    Raises UsageError for a step that is not 1/192 to 4 whole notes, and for a strength outside 0…1.
    """

    step: Fraction
    strength: float = 1.0
    triplets: bool = False

    def __post_init__(self) -> None:
        if not _FINEST <= self.step <= _COARSEST:
            raise UsageError(f"a grid of {self.step}; it must be from {_FINEST} to {_COARSEST}.", "quantize")
        if not 0 <= self.strength <= 1:
            raise UsageError(f"a strength of {self.strength:g}; it must be from 0 to 1.", "quantize")

    @property
    def steps(self) -> tuple[float, ...]:
        """In quarter notes."""
        step = 4 * self.step
        return (float(step), float(step * 2 / 3))[: 1 + self.triplets]

    @property
    def least(self) -> float:
        """How close strikes of a key may come, in quarter notes, and how short notes may become."""
        return float(4 * self.step * _LEAST)


def quantise_to_grid(performance: Performance, tempo_map: TempoMap, grid: NoteGrid) -> Performance:
    """Move onsets and offsets towards the grid; pedals go with the onsets around them.

    All notes remain, and none overtakes another. A note becomes no shorter than a quarter of a step, unless it was.
    Of two strikes of a key that would fall together, the later one stays as far behind as it was, up to a quarter
    of a step.
    """
    notes = quantise_notes(performance.notes, tempo_map, grid)
    return replace(performance, notes=notes, pedals=_with_onsets(performance.pedals, performance.notes, notes))


def quantise_notes(notes: Sequence[Note], tempo_map: TempoMap, grid: NoteGrid) -> tuple[Note, ...]:
    """Notes in order of onset as `quantise_to_grid` moves them, each in its old place."""
    by_key: dict[int, list[int]] = {}
    for i, note in enumerate(notes):
        by_key.setdefault(note.key, []).append(i)
    move = _Move(tempo_map, grid)
    moved = list(notes)
    for indices in by_key.values():
        for i, note in zip(indices, move.of_key([notes[i] for i in indices]), strict=True):
            moved[i] = note
    return tuple(moved)


class _Move:
    """From where notes were played to where they stand on the grid; all positions in quarter notes."""

    def __init__(self, tempo_map: TempoMap, grid: NoteGrid) -> None:
        self._map, self._grid = tempo_map, grid
        self._bars = [float(line) for line in tempo_map.bar_lines()] or [0.0]
        self._earliest = tempo_map.quarter_at(0.0)

    def of_key(self, notes: Sequence[Note]) -> Iterator[Note]:
        """The notes of one key, given in order of onset."""
        played = [(self._map.quarter_at(note.onset_s), self._map.quarter_at(note.offset_s)) for note in notes]
        onsets = self._onsets([onset for onset, _ in played])
        followers = [*onsets[1:], math.inf]
        for note, (begin, end), onset, following in zip(notes, played, onsets, followers, strict=True):
            offset = max(self._towards(end), onset + min(end - begin, self._grid.least))
            if onset < following < offset:
                offset = following
            onset_s = max(self._map.time_at(onset), 0.0)
            offset_s = max(self._map.time_at(offset), onset_s + _SHORTEST_S)
            yield replace(note, onset_s=onset_s, offset_s=offset_s, other_offsets=())

    def _onsets(self, played: Sequence[float]) -> list[float]:
        onsets = [max(self._towards(onset), self._earliest) for onset in played]
        for i in range(1, len(onsets)):
            gap = min(played[i] - played[i - 1], self._grid.least)
            onsets[i] = max(onsets[i], onsets[i - 1] + gap)
        return onsets

    def _towards(self, quarter: float) -> float:
        """The position, moved towards the nearest line. Keeps the order of positions."""
        bar = bisect_right(self._bars, quarter)
        begin = self._bars[max(bar - 1, 0)]
        end = self._bars[bar] if 0 < bar < len(self._bars) else math.inf
        lines = [min(begin + round((quarter - begin) / step) * step, end) for step in self._grid.steps]
        nearest = min([*lines, end], key=lambda line: abs(line - quarter))
        return quarter + self._grid.strength * (nearest - quarter)


def _with_onsets(pedals: Sequence[Pedal], notes: Sequence[Note], moved: Sequence[Note]) -> tuple[Pedal, ...]:
    """Pedals, moved as far as the onsets around them; one that would last no time keeps its length."""
    if not notes:
        return tuple(pedals)
    onsets_s, index = np.unique([note.onset_s for note in notes], return_index=True)
    moved_s = np.maximum.accumulate(np.array([note.onset_s for note in moved])[index])

    def move(time_s: float) -> float:
        return max(time_s + float(np.interp(time_s, onsets_s, moved_s - onsets_s)), 0.0)

    spans = [(move(pedal.onset_s), move(pedal.offset_s)) for pedal in pedals]
    return tuple(
        replace(
            pedal,
            onset_s=onset_s,
            offset_s=offset_s if offset_s > onset_s else onset_s + pedal.offset_s - pedal.onset_s,
        )
        for pedal, (onset_s, offset_s) in zip(pedals, spans, strict=True)
    )
