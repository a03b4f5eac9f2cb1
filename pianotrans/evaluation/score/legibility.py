"""How much a player has to read: signs per bar, beside those of the true score."""

from collections import defaultdict
from dataclasses import dataclass, fields

from pianotrans.evaluation.score.musicxml import WrittenScore


@dataclass(frozen=True, slots=True)
class Legibility:
    """Means over the bars of a score.

    `notes` are note heads, those of grace notes included; `ties` lead from one to the next; `tuplets` are groups
    with a number; `accidentals` and `rests` are those printed; `voices` is how many voices have notes in the bar,
    on all staves together.
    """

    notes: float
    ties: float
    tuplets: float
    voices: float
    accidentals: float
    rests: float

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """What is counted, in order."""
        return tuple(one.name for one in fields(cls))


def count_signs(score: WrittenScore) -> Legibility | None:
    """Count the signs of a score; None if it has no bars."""
    n_bars = len(score.measures)
    if not n_bars:
        return None
    voices: dict[int, set[tuple[int, str]]] = defaultdict(set)
    for note in score.notes:
        voices[note.measure].add((note.staff, note.voice))
    return Legibility(
        notes=len(score.notes) / n_bars,
        ties=sum(note.tied_on for note in score.notes) / n_bars,
        tuplets=score.n_tuplets / n_bars,
        voices=sum(map(len, voices.values())) / n_bars,
        accidentals=sum(note.has_accidental for note in score.notes) / n_bars,
        rests=len(score.rests) / n_bars,
    )
