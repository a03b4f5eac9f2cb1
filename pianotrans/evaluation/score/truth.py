"""What the score says of every performed note, from the alignments of (n)ASAP."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from pianotrans.datasets.alignments import AlignedNote
from pianotrans.datasets.beats import BeatAnnotation

_FINEST = 1024  # parts of a beat to which onsets are rounded
_ROUNDING = Fraction(1, 100)  # of a quarter note
_BEATS_PER_QUARTER = 16  # every beat begins at such a part
_UNITS = tuple(Fraction(n, 8) for n in (32, 16, 12, 8, 6, 4, 3, 2, 1))  # lengths that the annotation counts in
_SAME_S = 0.05  # a time signature holds for notes that come so much before its annotated time


@dataclass(frozen=True, slots=True)
class TrueNote:
    """A performed note as the score writes it; lengths in quarter notes.

    `position` counts from the first barline, through all repeats. `in_bar` is the position within the bar, of which
    a pickup is the end; None in other incomplete bars, for example around repeats. `bar_length` is that of the time
    signature. `duration` includes tied notes. `staff` is 1 or 2, None where it is not known.
    """

    onset_s: float
    key: int
    position: Fraction
    duration: Fraction
    in_bar: Fraction | None
    bar_length: Fraction
    staff: int | None
    voice: str
    spelling: str
    is_grace: bool


def true_notes(aligned: Sequence[AlignedNote], beats: BeatAnnotation) -> tuple[TrueNote, ...]:
    """The truth for aligned notes, in their order.

    The alignment counts bars and beats, and onsets also in beats from the first barline on. What these beats are
    differs between scores and between the two, so both are found out: the latter from the durations, which are also
    given in whole notes, the former from notes of one bar.
    """
    positions = _positions(aligned)
    beat_lengths = _beat_lengths(aligned, positions)
    in_bar = [
        (note.beat - 1) * length + 4 * note.after_beat for note, length in zip(aligned, beat_lengths, strict=True)
    ]
    starts = [position - within for position, within in zip(positions, in_bar, strict=True)]
    bars = sorted(set(starts))
    following = dict(pairwise(bars))
    found = []
    for note, position, within, start in zip(aligned, positions, in_bar, starts, strict=True):
        length = _bar_length(beats, note.onset_s)
        here: Fraction | None = within
        if start in following and following[start] - start < length:
            here = within + length - (following[start] - start) if start == bars[0] else None
        if here is not None and not 0 <= here < length:
            here = None
        found.append(
            TrueNote(
                onset_s=note.onset_s,
                key=note.key,
                position=position,
                duration=Fraction(0) if note.is_grace else max(4 * note.duration, Fraction(0)),
                in_bar=here,
                bar_length=length,
                staff=note.staff,
                voice=note.voice,
                spelling=note.spelling,
                is_grace=note.is_grace,
            )
        )
    return tuple(found)


def _positions(aligned: Sequence[AlignedNote]) -> list[Fraction]:
    """Onsets in quarter notes, from those in beats whose length changes on the way."""
    lengths: dict[float, Counter[Fraction]] = {note.onset_beats: Counter() for note in aligned}
    for note in aligned:
        if note.offset_beats - note.onset_beats > 0.05 and note.duration:
            ratio = 4 * float(note.duration) / (note.offset_beats - note.onset_beats)
            nearest = min(_UNITS, key=lambda unit: abs(float(unit) / ratio - 1))
            if abs(float(nearest) / ratio - 1) < 0.02:
                lengths[note.onset_beats][nearest] += 1
    onsets = sorted(lengths)
    unit = next((_usual(lengths[onset]) for onset in onsets if lengths[onset]), Fraction(1))
    positions: dict[float, Fraction] = {}
    since, before = 0.0, Fraction(0)  # where the present unit began, in beats and in quarter notes
    for onset in onsets:
        positions[onset] = before + _fraction(onset - since) * unit
        if lengths[onset] and _usual(lengths[onset]) != unit:
            since, before, unit = onset, positions[onset], _usual(lengths[onset])
    return [_on_a_beat(positions[note.onset_beats] - 4 * note.after_beat) + 4 * note.after_beat for note in aligned]


def _on_a_beat(position: Fraction) -> Fraction:
    """The beginning of a beat: onsets are rounded to 1/1024 in the data set, what follows the beat is exact."""
    snapped = Fraction(round(position * _BEATS_PER_QUARTER), _BEATS_PER_QUARTER)
    return snapped if abs(snapped - position) < _ROUNDING else position


def _beat_lengths(aligned: Sequence[AlignedNote], positions: Sequence[Fraction]) -> list[Fraction]:
    """For each note, the length of the beats that its bar is counted in: what most notes of the bar agree on.

    A bar in which all is on one beat takes the length of the last bar before it that has more.
    """
    beginnings: dict[int, set[tuple[Fraction, int]]] = {}  # of the beats that notes are on or follow
    for note, position in zip(aligned, positions, strict=True):
        beginnings.setdefault(note.bar, set()).add((position - 4 * note.after_beat, note.beat))
    votes: dict[int, Counter[Fraction]] = {}
    for bar, beats in beginnings.items():
        for (position, beat), (later, other) in pairwise(sorted(beats)):
            if other > beat and (later - position) / (other - beat) in _UNITS:
                votes.setdefault(bar, Counter())[(later - position) / (other - beat)] += 1
    known = {bar: _usual(counts) for bar, counts in votes.items()}
    bars = sorted(known)
    found = []
    for note in aligned:
        place = max(bisect_right(bars, note.bar) - 1, 0)
        found.append(known[bars[place]] if bars else Fraction(1))
    return found


def _bar_length(beats: BeatAnnotation, time_s: float) -> Fraction:
    """In quarter notes, by the time signature at a time; four where there is none."""
    holding = [one for one in beats.time_signatures if one.time_s <= time_s + _SAME_S]
    chosen = holding[-1] if holding else next(iter(beats.time_signatures), None)
    return Fraction(4 * chosen.numerator, chosen.denominator) if chosen else Fraction(4)


def _usual(counts: Counter[Fraction]) -> Fraction:
    return counts.most_common(1)[0][0]


def _fraction(decimal: float) -> Fraction:
    """A number of beats."""
    return Fraction(decimal).limit_denominator(_FINEST)
