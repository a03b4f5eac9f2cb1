"""The written notes and rests of a voice in a measure: values, ties, tuplets."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from pianotrans.score.notation.tuplets import Tuplet, find_tuplets
from pianotrans.score.notation.values import Metre, NoteValue, bar_metre
from pianotrans.score.notation.voices import Sounding
from pianotrans.score.score import Measure, ScoreNote


@dataclass(frozen=True, slots=True)
class Written:
    """One chord, rest or empty stretch as it stands on the page, from `start` to `end`.

    `is_hidden` is an empty stretch. `value` is None for a rest that fills its measure, for an empty stretch unless
    it ends the measure, and for grace notes that nothing follows. `notes` are empty for a rest. `tuplet` is the
    group that it belongs to.
    """

    start: Fraction
    end: Fraction
    value: NoteValue | None
    notes: tuple[ScoreNote, ...] = ()
    is_tied_back: bool = False
    is_tied_on: bool = False
    tuplet: Tuplet | None = None
    graces: tuple[tuple[ScoreNote, ...], ...] = ()
    is_hidden: bool = False


def write_voice(measure: Measure, parts: list[Sounding], *, shows_rests: bool) -> list[Written]:
    """One voice of a measure from its beginning to its end; starts and ends are positions in the score.

    Without `shows_rests`, silence is left empty, as in a second voice, except within tuplets.
    """
    writer = _BarWriter(measure, shows_rests)
    is_empty = not any(part.notes or part.start > measure.position for part in parts)
    if is_empty and shows_rests and writer.length == measure.length:
        graces = tuple(chord for part in parts for chord in part.graces)
        return [Written(measure.position, measure.end, None, graces=graces)]
    return list(writer.write(parts))


@dataclass(frozen=True)
class _BarWriter:
    measure: Measure
    shows_rests: bool

    @property
    def origin(self) -> Fraction:
        """The position at which a whole bar would have begun: a pickup lacks its beginning."""
        return self.measure.end - self.length

    @property
    def length(self) -> Fraction:
        """Of a whole bar; that of the measure where it is longer."""
        return max(self.measure.length, self.measure.beat_length * self.measure.time_signature.n_beats)

    def write(self, parts: list[Sounding]) -> Iterator[Written]:
        filled = list(self._fill(parts))
        origin, beat = self.origin, self.measure.beat_length
        n_beats = self.length / beat
        metre = bar_metre(self.length, n_beats.numerator if n_beats.denominator == 1 else 1)
        spans = [(part.start - origin, part.end - origin) for part in filled]
        tuplets = find_tuplets(spans, self.length, beat)
        for part in filled:
            if part.start == part.end:
                yield Written(part.start, part.end, None, graces=part.graces)
            else:
                yield from self._pieces(part, metre, tuplets)

    def _fill(self, parts: list[Sounding]) -> Iterator[Sounding]:
        """The parts with silence between them."""
        now = self.measure.position
        for part in parts:
            if part.start > now:
                yield Sounding(now, part.start, ())
            yield part
            now = part.end
        if now < self.measure.end:
            yield Sounding(now, self.measure.end, ())

    def _pieces(self, part: Sounding, metre: Metre, tuplets: list[Tuplet]) -> Iterator[Written]:
        """A note or rest as the values it takes, inside tuplets and between them."""
        origin = self.origin
        start, end = part.start - origin, part.end - origin
        inside = [tuplet for tuplet in tuplets if tuplet.start < end and start < tuplet.end]
        now = start
        for tuplet in inside:
            if now < tuplet.start:
                yield from self._values(part, now, tuplet.start, metre, None)
            now = max(now, tuplet.start)
            until = min(end, tuplet.end)
            yield from self._values(part, now, until, tuplet.metre, tuplet)
            now = until
        if now < end:
            yield from self._values(part, now, end, metre, None)

    def _values(
        self, part: Sounding, start: Fraction, end: Fraction, metre: Metre, tuplet: Tuplet | None
    ) -> Iterator[Written]:
        origin = self.origin
        is_hidden = not part.notes and not self.shows_rests and tuplet is None
        if is_hidden and end + origin < self.measure.end:
            yield Written(start + origin, end + origin, None, graces=part.graces, is_hidden=True)
            return
        base, stretch = (tuplet.start, tuplet.stretch) if tuplet else (Fraction(0), Fraction(1))
        cut = metre.note_pieces if part.notes else metre.rest_pieces
        now = start
        for place in cut((start - base) * stretch, (end - base) * stretch):
            then = base + place / stretch
            is_first, is_last = now + origin == part.start, then + origin == part.end
            yield Written(
                now + origin,
                then + origin,
                NoteValue.of((then - now) * stretch),
                part.notes,
                bool(part.notes) and (part.is_begun or not is_first),
                bool(part.notes) and (part.is_continued or not is_last),
                tuplet,
                part.graces if is_first else (),
                is_hidden,
            )
            now = then
