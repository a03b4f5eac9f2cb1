"""Scores on an axis of time, for MV2H: the true one of a performance, an estimated one, and one from a file."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from pianotrans.datasets.beats import BeatAnnotation
from pianotrans.evaluation.score.musicxml import WrittenScore
from pianotrans.evaluation.score.mv2h import HeldKey, TimedScore, ValuedNote
from pianotrans.evaluation.score.truth import TrueNote
from pianotrans.score.beats.notes import Array
from pianotrans.score.score import Score

QUARTER_S = 0.5
"""How long a quarter note of a score file lasts: files have no times."""


def timed_truth(notes: Sequence[TrueNote], beats: BeatAnnotation) -> TimedScore:
    """The true score of a performance.

    Notes that stand in the score but were not played are not in it. Written durations last from the time at which
    notes of their position were played to that of their end, with steady tempo between onsets.
    """
    by_position: dict[Fraction, list[float]] = {}
    for note in notes:
        if not note.is_grace:
            by_position.setdefault(note.position, []).append(note.onset_s)
    positions = sorted(by_position)
    onsets_s = np.maximum.accumulate([float(np.median(by_position[one])) for one in positions] or [0.0])
    clock = _Clock(np.array(positions or [Fraction(0)], dtype=float), onsets_s)
    valued = tuple(
        ValuedNote(
            key=note.key,
            onset_s=note.onset_s,
            start=note.position,
            end=note.position + note.duration,
            duration_s=clock.lasts_s(note.position, note.duration),
            voice=f"{note.staff} {note.voice}",
        )
        for note in notes
    )
    parts = [_parts_of_beat(*_signature_at(beats, time_s)) for time_s in beats.times_s.tolist()[:-1]]
    return TimedScore(
        valued,
        find_groupings(beats.times_s, np.flatnonzero(beats.is_downbeat), parts),
        tuple(HeldKey(key.time_s, key.fifths) for key in beats.key_signatures),
        max([*beats.times_s.tolist()[-1:], *(note.onset_s for note in notes)], default=0.0),
    )


def timed_score(score: Score) -> TimedScore:
    """An estimated score, whose notes have the onsets of the performance and the durations of its beats."""
    if not score.measures:
        return TimedScore((), np.empty((0, 2)), (), 0.0)
    clock = _Clock(np.array(score.tempo_map.positions, dtype=float), np.array(score.tempo_map.times_s))
    played = score.performance.notes
    valued = tuple(
        ValuedNote(
            key=played[note.performed[0]].key,
            onset_s=played[note.performed[0]].onset_s,
            start=note.position,
            end=note.end,
            duration_s=clock.lasts_s(note.position, note.duration),
            voice=f"{note.staff} {note.voice}",
        )
        for note in score.notes
    )
    bars = score.bars.bars
    parts = [
        _parts_of_beat(measure.time_signature.numerator, measure.time_signature.denominator)
        for bar, measure in zip(bars, score.measures, strict=True)
        for _ in range(bar.n_beats)
    ]
    starts = np.array([bar.first_beat for bar in bars if bar.number] + [score.bars.n_beats])
    keys = [
        HeldKey(one.start_s, one.key_signature.fifths, one.key_signature.mode)
        for i, one in enumerate(score.measures)
        if i == 0 or one.key_signature != score.measures[i - 1].key_signature
    ]
    keys[0] = HeldKey(-np.inf, keys[0].fifths, keys[0].mode)  # also of what is before the first bar
    groupings_s = find_groupings(score.bars.beats_s, starts, parts)
    return TimedScore(valued, groupings_s, tuple(keys), score.measures[-1].end_s)


def timed_file(score: WrittenScore) -> TimedScore:
    """A score file as if it were played at a steady tempo, without repeats."""
    quarter_s = QUARTER_S
    valued = tuple(
        ValuedNote(
            key=note.spelling.key,
            onset_s=float(note.position) * quarter_s,
            start=note.position,
            end=note.position + note.duration,
            duration_s=float(note.duration) * quarter_s,
            voice=f"{note.staff} {note.voice}",
        )
        for note in score.joined_notes()
    )
    beats: list[Fraction] = []
    starts, parts = [], []
    for measure in score.measures:
        if measure.is_complete:
            starts.append(len(beats))
        n_whole, rest = divmod(measure.length, measure.beat_length)
        first = measure.position + rest  # a pickup is the end of a bar
        beats += [first + i * measure.beat_length for i in range(int(n_whole))]
        parts += [_parts_of_beat(*measure.time_signature)] * int(n_whole)
    end = score.measures[-1].position + score.measures[-1].length if score.measures else Fraction(0)
    starts.append(len(beats))
    times_s = np.array([*beats, end], dtype=float) * quarter_s
    keys = [
        HeldKey(float(one.position) * quarter_s, one.fifths, one.mode)
        for i, one in enumerate(score.measures)
        if i == 0 or (one.fifths, one.mode) != (score.measures[i - 1].fifths, score.measures[i - 1].mode)
    ]
    return TimedScore(valued, find_groupings(times_s, np.array(starts), parts), tuple(keys), float(end) * quarter_s)


def find_groupings(beats_s: Array, bar_starts: np.ndarray, parts: Sequence[int]) -> np.ndarray:
    """Bars, beats and parts of beats as (begin, end), (n, 2).

    `beats_s` (n_beats + 1,) end with the end of the last beat; `bar_starts` are indices into it, `parts` (n_beats,)
    how many equal parts each beat has.
    """
    if len(beats_s) < 2:
        return np.empty((0, 2))
    begins_s, ends_s = beats_s[:-1], beats_s[1:]
    starts_s = beats_s[bar_starts] if len(bar_starts) else np.empty(0)
    edges_s: Iterable[Array] = (
        np.linspace(begin_s, end_s, n + 1) for begin_s, end_s, n in zip(begins_s, ends_s, parts, strict=True)
    )
    return np.concatenate(
        [
            np.stack([starts_s[:-1], starts_s[1:]], axis=-1),
            np.stack([begins_s, ends_s], axis=-1),
            *(np.stack([edges[:-1], edges[1:]], axis=-1) for edges in edges_s),
        ]
    )


class _Clock:
    """Positions in quarter notes as seconds, linear between those known; the tempo at both ends goes on."""

    def __init__(self, positions: Array, times_s: Array):
        self._positions, self._times_s = positions, times_s

    def time_s(self, position: float) -> float:
        if len(self._positions) < 2:
            return float(self._times_s[0]) + QUARTER_S * (position - float(self._positions[0]))
        i = int(np.clip(np.searchsorted(self._positions, position, side="right") - 1, 0, len(self._positions) - 2))
        slope = (self._times_s[i + 1] - self._times_s[i]) / (self._positions[i + 1] - self._positions[i])
        return float(self._times_s[i] + slope * (position - self._positions[i]))

    def lasts_s(self, position: Fraction, duration: Fraction) -> float:
        return self.time_s(float(position + duration)) - self.time_s(float(position))


def _signature_at(beats: BeatAnnotation, time_s: float) -> tuple[int, int]:
    holding = [one for one in beats.time_signatures if one.time_s <= time_s + 1e-6]
    chosen = holding[-1] if holding else next(iter(beats.time_signatures), None)
    return (chosen.numerator, chosen.denominator) if chosen else (4, 4)


def _parts_of_beat(numerator: int, _denominator: int) -> int:
    """Three in compound meters, else two."""
    return 3 if numerator > 3 and numerator % 3 == 0 else 2
