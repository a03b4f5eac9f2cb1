"""The score of a performance: measures, and notes that know where they were played.

All positions and durations are exact, in quarter notes; positions count from the beginning of the first measure,
which may be a pickup.
"""

from dataclasses import dataclass
from fractions import Fraction

from pianotrans.events import Performance
from pianotrans.score.beats.grid import BeatGrid
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

    `grid` holds the beats that were found. Where none were found (`grid.is_found` is False), measures have a fixed
    tempo and mean nothing.
    """

    performance: Performance
    grid: BeatGrid
    measures: tuple[Measure, ...]
    notes: tuple[ScoreNote, ...]
    title: str = ""
