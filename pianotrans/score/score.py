"""The score of a performance: measures, and notes that know where they were played.

All positions and durations are exact, in quarter notes; positions count from the beginning of the first measure,
which may be a pickup.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from pianotrans.events import Performance
from pianotrans.events.midi_settings import MidiSettings
from pianotrans.events.tempo_map import TempoMap
from pianotrans.score.bars import BarGrid
from pianotrans.score.beats.grid import Beat, BeatGrid
from pianotrans.score.beats.hints import TimeSignature
from pianotrans.score.pitch import KeySignature, Spelling
from pianotrans.score.rhythm.positions import Ornament


@dataclass(frozen=True, slots=True)
class Measure:
    """A bar from `position` on, `length` quarter notes long; it is played from `start_s` to `end_s`.

    `number` is 0 for a pickup, which is shorter than its time signature; others count from 1. `beat_length` is the
    length of a beat in quarter notes: 3/2 in 6/8. `confidence` is the probability that the bar begins there.
    """

    number: int
    position: Fraction
    length: Fraction
    time_signature: TimeSignature
    key_signature: KeySignature
    start_s: float
    end_s: float
    confidence: float

    @property
    def beat_length(self) -> Fraction:
        """Of one beat, in quarter notes."""
        whole = Fraction(4 * self.time_signature.numerator, self.time_signature.denominator)
        return whole / self.time_signature.n_beats

    @property
    def end(self) -> Fraction:
        """The position at which the next measure begins."""
        return self.position + self.length


@dataclass(frozen=True, slots=True)
class ScoreNote:
    """A written note.

    `performed` are the notes that it stands for, as indices of `Score.performance.notes`: one, or all of a trill.
    `duration` is 0 for a grace note, which stands before the notes at its position. A note may go beyond its
    measure: it is tied when it is printed. `staff` is 1 for the right hand, 2 for the left; `voice` is 1 or 2
    within its staff, 1 the upper one. Notes of one voice either begin and end together, or follow one another.
    """

    performed: tuple[int, ...]
    position: Fraction
    duration: Fraction
    staff: int
    voice: int
    spelling: Spelling
    is_grace: bool = False
    is_arpeggiated: bool = False
    ornament: Ornament | None = None
    hand_confidence: float = 1.0
    position_confidence: float = 1.0

    @property
    def end(self) -> Fraction:
        """The position at which it ends."""
        return self.position + self.duration


@dataclass(frozen=True)
class Score:
    """A performance as it is written: measures in order, without gaps, and notes in order of position.

    `grid` holds the beats that were found, `bars` those and the ones added to cover the whole performance. Where no
    beats were found (`is_found` is False), measures have a fixed tempo and mean nothing.
    """

    performance: Performance
    grid: BeatGrid
    bars: BarGrid
    measures: tuple[Measure, ...]
    notes: tuple[ScoreNote, ...]
    title: str = ""

    @property
    def is_found(self) -> bool:
        """Whether beats were found with enough certainty for bars to mean something."""
        return self.grid.is_found

    @property
    def beats(self) -> tuple[Beat, ...]:
        """The beats that were found, in order of time."""
        return self.grid.beats

    @cached_property
    def tempo_map(self) -> TempoMap:
        """Where each beat, bar and key lies in time."""
        positions: list[Fraction] = []
        for bar, measure in zip(self.bars.bars, self.measures, strict=True):
            positions += [measure.position + measure.length * i / bar.n_beats for i in range(bar.n_beats)]
        positions.append(self.measures[-1].end)
        meters = [
            (m.position, m.time_signature.numerator, m.time_signature.denominator)
            for m in _changes(self.measures, lambda measure: (measure.time_signature, measure.number == 0))
        ]
        keys = [
            (m.position, m.key_signature.fifths, m.key_signature.mode)
            for m in _changes(self.measures, lambda measure: measure.key_signature)
        ]
        return TempoMap(tuple(positions), tuple(self.bars.beats_s.tolist()), tuple(meters), tuple(keys))

    @property
    def hands(self) -> tuple[int, ...]:
        """For every performed note, 1 for the right hand and 2 for the left."""
        staff = [1] * self.performance.n_notes
        for note in self.notes:
            for i in note.performed:
                staff[i] = note.staff
        return tuple(staff)

    def to_midi(self, settings: MidiSettings | None = None) -> bytes:
        """The performance as MIDI, in musical time where beats were found; see `score_midi`."""
        from pianotrans.score.midi import score_midi

        return score_midi(self, settings)

    def to_musicxml(self) -> bytes:
        """The score as MusicXML 4.0."""
        from pianotrans.score.notation import musicxml

        return musicxml(self)

    def to_svg(self) -> tuple[str, ...]:
        """The engraved pages, each as SVG. Raises ExtraError without the extra `score`."""
        from pianotrans.score.engraving import engrave

        return engrave(self).pages

    def to_pdf(self) -> bytes:
        """The engraved pages as PDF. Raises ExtraError without the extra `score`."""
        from pianotrans.score.engraving import pdf

        return pdf(self.to_svg())

    def to_dict(self) -> dict[str, Any]:
        """The score as plain lists, numbers and strings.

        Positions and durations are fractions of a quarter note as text: "3/2". `note` counts the notes of the
        performance from 0, `beat` the beats of the bar from 1.
        """
        return {
            "found": self.is_found,
            "certainty": round(self.grid.certainty, 4),
            "bpm": None if self.grid.bpm is None else round(self.grid.bpm, 2),
            "beats": [_beat(beat) for beat in self.beats],
            "measures": [_measure(measure) for measure in self.measures],
            "notes": sorted(
                (_note(i, note, self.measure_of(note)) for note in self.notes for i in note.performed),
                key=lambda row: row["note"],
            ),
        }

    def measure_of(self, note: ScoreNote) -> Measure:
        """The measure in which a note begins."""
        return self.measures[bisect_right(self._starts, note.position) - 1]

    @cached_property
    def _starts(self) -> list[Fraction]:
        return [measure.position for measure in self.measures]


def _changes(measures: tuple[Measure, ...], value: Callable[[Measure], object]) -> Iterator[Measure]:
    """The first measure, and those whose value differs from the one before."""
    last: object = None
    for measure in measures:
        if value(measure) != last:
            yield measure
        last = value(measure)


def _beat(beat: Beat) -> dict[str, Any]:
    return {
        "time_s": round(beat.time_s, 4),
        "bar": beat.bar,
        "beat": beat.position + 1,
        "n_beats": beat.n_beats,
        "confidence": round(beat.confidence, 4),
        "downbeat_confidence": round(beat.downbeat_confidence, 4),
    }


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "bar": measure.number,
        "position": str(measure.position),
        "length": str(measure.length),
        "time_signature": str(measure.time_signature),
        "fifths": measure.key_signature.fifths,
        "mode": measure.key_signature.mode,
        "start_s": round(measure.start_s, 4),
        "end_s": round(measure.end_s, 4),
        "confidence": round(measure.confidence, 4),
    }


def _note(index: int, note: ScoreNote, measure: Measure) -> dict[str, Any]:
    pickup = measure.time_signature.n_beats * measure.beat_length - measure.length if measure.number == 0 else 0
    marks = {"grace": note.is_grace, "arpeggio": note.is_arpeggiated, "ornament": note.ornament}
    return {
        "note": index,
        "bar": measure.number,
        "beat": str((note.position - measure.position + pickup) / measure.beat_length + 1),
        "duration": str(note.duration),
        "staff": note.staff,
        "voice": note.voice,
        "spelling": note.spelling.name,
        "hand_confidence": round(note.hand_confidence, 4),
        "position_confidence": round(note.position_confidence, 4),
        **{name: value for name, value in marks.items() if value},
    }
