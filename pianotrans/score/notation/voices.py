"""The notes of each voice, cut at barlines."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby

from pianotrans.score.score import Measure, Score, ScoreNote

_TOGETHER_S = 0.03  # grace notes struck within this are a chord

Place = tuple[int, int, int]
"""Index of a measure, staff, voice."""


@dataclass(frozen=True, slots=True)
class Sounding:
    """Notes that begin and end together, or the part of them that lies in one measure.

    `is_begun` and `is_continued` say whether they are tied to what comes before and after. `graces` are the grace
    notes before them: a chord after another, in order of time.
    """

    start: Fraction
    end: Fraction
    notes: tuple[ScoreNote, ...]
    is_begun: bool = False
    is_continued: bool = False
    graces: tuple[tuple[ScoreNote, ...], ...] = ()


def lay_out(score: Score) -> dict[Place, list[Sounding]]:
    """What sounds in every measure, staff and voice, in order; where nothing does, there is no entry.

    A lone second voice counts as the first of its staff. Grace notes without a note to lean on are sounding notes
    of no length.
    """
    by_voice: dict[tuple[int, int], list[ScoreNote]] = defaultdict(list)
    for note in merge_unisons(score.notes):
        by_voice[note.staff, note.voice].append(note)
    found: dict[Place, list[Sounding]] = defaultdict(list)
    for (staff, voice), notes in sorted(by_voice.items()):
        chords = _chords(notes, score)
        for i, part in _cut(chords, score.measures):
            found[i, staff, voice].append(part)
    for i, staff, voice in list(found):
        if voice == 2 and (i, staff, 1) not in found:
            found[i, staff, 1] = found.pop((i, staff, 2))
    return found


def merge_unisons(notes: Iterable[ScoreNote]) -> list[ScoreNote]:
    """The notes, of which those that would stand on each other in a voice are one, performed more than once."""
    merged: dict[tuple[object, ...], ScoreNote] = {}
    for note in notes:
        place = (note.position, note.staff, note.voice, note.spelling.key)
        if not note.duration:  # grace notes follow one another
            merged[*place, note.performed] = note
        elif other := merged.get(place):
            longer = max(other.duration, note.duration)
            merged[place] = replace(other, performed=other.performed + note.performed, duration=longer)
        else:
            merged[place] = note
    return list(merged.values())


def _chords(notes: list[ScoreNote], score: Score) -> list[Sounding]:
    """The chords of one voice, each ending where the next begins at the latest."""
    chords: list[Sounding] = []
    for position, group in groupby(sorted(notes, key=lambda note: note.position), lambda note: note.position):
        together = list(group)
        main = sorted((n for n in together if n.duration > 0), key=lambda n: (n.spelling.key, n.performed))
        end = max((note.end for note in main), default=position)
        graces = _grace_chords([note for note in together if note.duration == 0], score)
        if chords and chords[-1].end > position:
            chords[-1] = replace(chords[-1], end=position)
        chords.append(Sounding(position, end, tuple(main), graces=graces))
    return chords


def _grace_chords(notes: list[ScoreNote], score: Score) -> tuple[tuple[ScoreNote, ...], ...]:
    def onset_s(note: ScoreNote) -> float:
        return score.performance.notes[note.performed[0]].onset_s

    chords: list[list[ScoreNote]] = []
    for note in sorted(notes, key=onset_s):
        if chords and onset_s(note) - onset_s(chords[-1][0]) <= _TOGETHER_S:
            chords[-1].append(note)
        else:
            chords.append([note])
    return tuple(tuple(sorted(chord, key=lambda note: note.spelling.key)) for chord in chords)


def _cut(chords: list[Sounding], measures: tuple[Measure, ...]) -> Iterator[tuple[int, Sounding]]:
    """The parts of chords with the index of the measure that each lies in.

    Notes behind the last measure are left out, grace notes at its end belong to it.
    """
    i = 0
    for chord in chords:
        while i + 1 < len(measures) and measures[i].end <= chord.start:
            i += 1
        if chord.start >= measures[i].end:
            chord = replace(chord, start=measures[i].end, end=measures[i].end, notes=())
        j, start, is_begun = i, chord.start, False
        while True:
            end = min(chord.end, measures[j].end)
            is_continued = end < chord.end and j + 1 < len(measures)
            graces = () if is_begun else chord.graces
            yield j, Sounding(start, end, chord.notes, is_begun, is_continued, graces)
            if not is_continued:
                break
            j, start, is_begun = j + 1, end, True
