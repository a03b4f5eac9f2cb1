"""Which notes hang on one beam."""

from fractions import Fraction
from itertools import groupby
from typing import Literal

from pianotrans.score.notation.elements import Written
from pianotrans.score.score import Measure

Stroke = Literal["begin", "continue", "end", "forward hook", "backward hook"]
"""What a beam does at a note."""

_EIGHTH = Fraction(1, 2)


def beam_groups(measure: Measure, voice: list[Written]) -> list[tuple[int, ...]]:
    """The groups of a voice as indices of its elements: two or more notes with flags, side by side within a beat.

    Where there are only eighths, a group fills two beats of quarters, or a whole bar of three. Rests end a group.
    """
    cell = _cell(measure)
    origin = measure.position - (_whole(measure) - measure.length)
    cells = [_cell_of(written, cell, origin) for written in voice]
    joined = _join(measure, voice, cells) if cell == 1 else cells
    groups: list[tuple[int, ...]] = []
    for (_, has_flag), members in groupby(range(len(voice)), lambda i: (joined[i], _has_flag(voice[i]))):
        group = tuple(members)
        if has_flag and len(group) > 1:
            groups.append(group)
    return groups


def beam_strokes(flags: list[int], starts: list[Fraction]) -> list[list[Stroke]]:
    """For every note of one group, what each of its beams does, the eighth's first.

    `flags` are how many beams each has, `starts` where it stands in written lengths from the group's beginning.
    """
    strokes: list[list[Stroke]] = []
    for i, n_flags in enumerate(flags):
        before = flags[i - 1] if i else 0
        after = flags[i + 1] if i + 1 < len(flags) else 0
        strokes.append([_stroke(level, before, after, starts[i]) for level in range(1, n_flags + 1)])
    return strokes


def _stroke(level: int, before: int, after: int, start: Fraction) -> Stroke:
    if before >= level and after >= level:
        return "continue"
    if after >= level:
        return "begin"
    if before >= level:
        return "end"
    is_early = before == 0 or (after > 0 and start % (Fraction(4) / 2**level) == 0)
    return "forward hook" if is_early else "backward hook"


def _cell(measure: Measure) -> Fraction:
    """How long a group may be."""
    beat = measure.beat_length
    if beat > 1 and beat.numerator == 3:
        return beat if beat < 3 else Fraction(3, 2)
    if beat >= 1:
        return Fraction(1)
    n_beats = measure.time_signature.n_beats
    if beat.numerator == 3:
        return beat
    return beat * n_beats if n_beats <= 3 else beat * 2


def _cell_of(written: Written, cell: Fraction, origin: Fraction) -> Fraction:
    tuplet = written.tuplet
    if tuplet and tuplet.end - tuplet.start > cell:
        return tuplet.start
    return (written.start - origin) // cell * cell


def _join(measure: Measure, voice: list[Written], cells: list[Fraction]) -> list[Fraction]:
    """Beats of nothing but eighths joined: the halves of a bar of even length, or all of a bar of three."""
    whole = _whole(measure)
    span = Fraction(3) if whole == 3 else Fraction(2)
    if whole % span:
        return cells
    joined = list(cells)
    for start in range(0, int(whole), int(span)):
        members = [i for i, cell in enumerate(cells) if start <= cell < start + span]
        if len(members) == 2 * span and all(_is_eighth(voice[i]) for i in members):
            for i in members:
                joined[i] = Fraction(start)
    return joined


def _whole(measure: Measure) -> Fraction:
    return max(measure.length, measure.beat_length * measure.time_signature.n_beats)


def _has_flag(written: Written) -> bool:
    return bool(written.notes and written.value and written.value.n_flags)


def _is_eighth(written: Written) -> bool:
    return bool(written.notes) and written.tuplet is None and written.end - written.start == _EIGHTH
