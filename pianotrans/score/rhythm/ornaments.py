"""Notes that are played but take no time of their own in the score, and chords that are broken."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pianotrans.score.beats.notes import Array, Integers
from pianotrans.score.rhythm.positions import Ornament
from pianotrans.score.rhythm.recursion import SKIPPED

_STEP_KEYS = 2  # a trill alternates between keys no farther apart than this
_SHORTEST_TRILL = 3  # notes after the leader; fewer are a mordent or grace notes
_GRACE_S, _GRACE_BEATS = 0.35, 0.5  # a grace note is followed by its main note within this
_ROLLED_S, _BETWEEN_S, _LEAST_ROLLED = 0.06, 0.012, 3  # an arpeggio: its length, its gaps, its notes


class PlayedHand(NamedTuple):
    """The notes of one hand in order of time, all (n_notes,): seconds, MIDI numbers, and beats as played."""

    onset_s: Array
    key: Integers
    beat: Array


@dataclass
class WrittenHand:
    """As `Positions`, for the notes of one hand; `leader` counts within the hand."""

    onset: list[Fraction]
    leader: Integers
    is_grace: NDArray[np.bool_]
    ornament: list[Ornament | None] = field(default_factory=list)


def resolve_skipped(played: PlayedHand, placed: Integers, divisions: Integers) -> WrittenHand:
    """Give every note its position, and say what the notes become that have no point of their own.

    `placed` (n_notes, 2) is beat and point, or MEMBER or SKIPPED; `divisions` (n_beats,) are those of the beats.
    Notes that alternate with the one before them are its ornament; others are grace notes of the note that
    follows; what is neither is written at the nearest point.
    """
    n_notes = len(played.key)
    written = WrittenHand(
        [Fraction(0)] * n_notes, np.arange(n_notes), np.zeros(n_notes, dtype=bool), [None] * n_notes
    )
    is_skipped = placed[:, 1] == SKIPPED
    for i in np.flatnonzero(~is_skipped).tolist():
        beat, point = placed[i].tolist()
        written.onset[i] = (
            beat + Fraction(point, int(divisions[beat])) if point >= 0 else _chord(written, is_skipped, i)
        )
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_skipped.astype(np.int64), [0]])))
    for start, end in edges.reshape(-1, 2).tolist():
        start += _ornament(played, written, start, end)
        for i in range(start, end):
            if end < n_notes and _leads_to(played, i, end):
                written.onset[i], written.is_grace[i] = written.onset[end], True
            else:
                written.onset[i] = _nearest_point(played.beat[i], divisions)
    return written


def _chord(written: WrittenHand, is_skipped: NDArray[np.bool_], i: int) -> Fraction:
    """Where the written note before this one stands."""
    before = i - 1
    while is_skipped[before]:
        before -= 1
    return written.onset[before]


def _ornament(played: PlayedHand, written: WrittenHand, start: int, end: int) -> int:
    """How many of the notes start … end - 1 are an ornament of the note before them."""
    if start == 0:
        return 0
    main = int(played.key[start - 1])
    other = int(played.key[start])
    n = 0
    while start + n < end and played.key[start + n] == (other, main)[n % 2]:
        n += 1
    name: Ornament
    if n >= _SHORTEST_TRILL and other != main:
        name = "trill" if abs(other - main) <= _STEP_KEYS else "tremolo"
    elif n == 2 and 0 < abs(other - main) <= _STEP_KEYS:
        name = "mordent" if other < main else "inverted mordent"
    else:
        return 0
    written.ornament[start - 1] = name
    for i in range(start, start + n):
        written.leader[i], written.onset[i] = start - 1, written.onset[start - 1]
    return n


def _leads_to(played: PlayedHand, i: int, main: int) -> bool:
    return bool(
        played.onset_s[main] - played.onset_s[i] <= _GRACE_S * (main - i)
        and played.beat[main] - played.beat[i] <= _GRACE_BEATS
    )


def _nearest_point(beat: float, divisions: Integers) -> Fraction:
    whole = int(np.clip(np.floor(beat), 0, len(divisions) - 1))
    n = int(divisions[whole])
    return whole + Fraction(min(max(round((beat - whole) * n), 0), n), n)


def rolled_chords(played: PlayedHand, written: WrittenHand) -> NDArray[np.bool_]:
    """Which notes are of chords whose notes come one after another, all upwards or all downwards."""
    is_rolled = np.zeros(len(played.key), dtype=bool)
    chords: dict[Fraction, list[int]] = {}
    for i, onset in enumerate(written.onset):
        if not written.is_grace[i] and written.leader[i] == i:
            chords.setdefault(onset, []).append(i)
    for chord in chords.values():
        gaps_s, steps = np.diff(played.onset_s[chord]), np.diff(played.key[chord])
        is_line = np.all(steps > 0) or np.all(steps < 0)
        if len(chord) >= _LEAST_ROLLED and is_line and gaps_s.sum() >= _ROLLED_S and gaps_s.min() >= _BETWEEN_S:
            is_rolled[chord] = True
    return is_rolled
