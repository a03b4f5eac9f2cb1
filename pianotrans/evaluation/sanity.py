"""What trivial transcriptions would score on the same pieces: they make every other figure readable."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pianotrans.datasets import knows_velocity, load_reference
from pianotrans.evaluation.piece import PieceScores, part_of, score_piece
from pianotrans.evaluation.settings import EvaluationSettings
from pianotrans.events import Performance, retime
from pianotrans.processes import work_on

_VELOCITY = 64
_CHORD_S = 0.05  # onsets that follow within this time belong to one chord


@dataclass(frozen=True, slots=True)
class SanityRow:
    """One trivial transcription of all pieces, and its scores."""

    name: str
    pieces: tuple[PieceScores, ...]


def _nothing(played: Performance) -> Performance:
    return replace(played, notes=(), pedals=())


def _one_velocity(played: Performance) -> Performance:
    return replace(played, notes=tuple(replace(note, velocity=_VELOCITY) for note in played.notes))


def _until_the_next_onset(played: Performance) -> Performance:
    """Every note ends where the next one begins that is not of its chord; the last ones, where everything ends."""
    onsets_s = [note.onset_s for note in played.notes]
    notes = []
    for note in played.notes:
        following = bisect_right(onsets_s, note.onset_s + _CHORD_S)
        notes.append(note.ending_at(onsets_s[following] if following < len(onsets_s) else played.end_s))
    return replace(played, notes=tuple(notes))


def _late(played: Performance, by_s: float) -> Performance:
    return retime(played, lambda time_s: time_s + by_s)


def _itself(played: Performance) -> Performance:
    return played


TRIVIAL: dict[str, Callable[[Performance], Performance]] = {
    "nothing": _nothing,
    "one velocity": _one_velocity,
    "offsets at next onset": _until_the_next_onset,
    "25 ms late": partial(_late, by_s=0.025),
    "50 ms late": partial(_late, by_s=0.05),
    "reference itself": _itself,
}
"""Trivial transcriptions by name, each made of what was played. What a name does not speak of is the truth."""


def score_trivial(
    references: Mapping[str, Path], settings: EvaluationSettings, *, n_jobs: int = 1
) -> tuple[SanityRow, ...]:
    """Every one of `TRIVIAL`, scored on references by the names of their pieces; all can be read."""
    found = dict(work_on(partial(_score_all, settings=settings), [*references.items()], n_jobs))
    return tuple(SanityRow(name, tuple(found[item][name] for item in references.items())) for name in TRIVIAL)


def _score_all(item: tuple[str, Path], settings: EvaluationSettings) -> dict[str, PieceScores]:
    """The part that counts is taken first, so that what is late does not fall out of it."""
    piece, path = item
    played = part_of(load_reference(path), settings)
    whole = replace(settings, start_s=0.0, limit_s=None)
    return {
        name: score_piece(played, make(played), whole, name=piece, knows_velocity=knows_velocity(path))
        for name, make in TRIVIAL.items()
    }
