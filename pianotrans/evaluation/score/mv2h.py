"""MV2H: multi-pitch, voice, meter, value and harmony, and their mean.

McLeod & Steedman, "Evaluating Automatic Polyphonic Music Transcription", ISMIR 2018, with the voices of chords as
version 2.1 of its authors' description has them ("Homophonic Voice Evaluation Procedure"). A mistake counts in one
part only: voices are judged on notes that were found, values on notes whose voice goes on rightly.

Both scores are on one axis of time. The alignment by dynamic time warping that McLeod ("Evaluating non-aligned
musical score transcriptions with MV2H", 2019) puts before is not needed: a score of a performance knows when its
notes were played, and the true score is aligned with the performance.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from pianotrans.evaluation.matching import match_events
from pianotrans.evaluation.tables import EventTable
from pianotrans.events import Note, Performance

_SAME_ONSET_S = 0.05
_SAME_GROUPING_S = 0.05
_SAME_DURATION_S = 0.1


@dataclass(frozen=True, slots=True)
class ValuedNote:
    """A note of a score on an axis of time.

    `onset_s` is when it is played. `start` and `end` are its written positions, in any unit that is common to the
    score; `duration_s` is how long its written duration lasts. `voice` names the voice, in the whole score.
    """

    key: int
    onset_s: float
    start: Fraction
    end: Fraction
    duration_s: float
    voice: str


@dataclass(frozen=True, slots=True)
class HeldKey:
    """From `time_s` on the key signature has `fifths` sharps, or minus as many flats; `mode` may be unknown."""

    time_s: float
    fifths: int
    mode: str | None = None


@dataclass(frozen=True, eq=False)
class TimedScore:
    """A score on an axis of time, which ends at `end_s`.

    `groupings_s` (n, 2) are the begin and the end of every bar, every beat and every part of a beat.
    """

    notes: tuple[ValuedNote, ...]
    groupings_s: np.ndarray
    keys: tuple[HeldKey, ...]
    end_s: float


@dataclass(frozen=True, slots=True)
class Mv2h:
    """The five parts, 0 … 1; `harmony` is None where the true key is not known."""

    multi_pitch: float
    voice: float
    meter: float
    value: float
    harmony: float | None

    @property
    def mean(self) -> float:
        """Of the parts that are known."""
        parts = (self.multi_pitch, self.voice, self.meter, self.value, self.harmony)
        known = [part for part in parts if part is not None]
        return sum(known) / len(known)


def compute_mv2h(reference: TimedScore, estimate: TimedScore) -> Mv2h:
    """Compare two scores on one axis of time.

    * Multi-pitch: F1 of notes of the same key within 50 ms.
    * Voice: F1 of the links from notes to those that follow in their voice, among the notes found. Notes of a voice
      that begin and end together form a cluster; it is linked to the clusters that begin where it ends, or else to
      the next. What is counted for a note is divided by the mean number of its links and the mean size of its
      cluster in both scores.
    * Meter: F1 of groupings whose begins and ends both agree within 50 ms, whatever their level.
    * Value: the mean over notes with a right link, or which rightly end their voice, of 1 where durations agree
      within 100 ms, and else of 1 minus the relative error, at least 0. Which link is right is seen among all true
      notes, so that a note is not judged whose true successor was missed.
    * Harmony: the agreement of keys over time: 1 for the same, 0.5 for a fifth off, 0.3 for the relative key, 0.2
      for the parallel one. Where a mode is unknown, keys are compared as signatures, as if all were major. Chords
      are not compared: no score here names them.

    A part in which there is nothing to find, and nothing right, is 0. Cost: about linear in the notes.
    """
    pairs = _match_notes(reference.notes, estimate.notes)
    n_notes = len(reference.notes) + len(estimate.notes)
    voice, to_judge = _compare_voices(reference.notes, estimate.notes, pairs)
    values = [_value(reference.notes[i], estimate.notes[j]) for i, j in to_judge]
    return Mv2h(
        multi_pitch=2 * len(pairs) / n_notes if n_notes else 0.0,
        voice=voice,
        meter=match_groupings(reference.groupings_s, estimate.groupings_s),
        value=sum(values) / len(values) if values else 0.0,
        harmony=_compare_keys(reference, estimate),
    )


def _match_notes(reference: Sequence[ValuedNote], estimate: Sequence[ValuedNote]) -> list[tuple[int, int]]:
    """Indices of a largest set of pairs of notes of the same key and time."""
    ref_order, ref_table = _table(reference)
    est_order, est_table = _table(estimate)
    matched = match_events(ref_table, est_table, onset_tolerance_s=_SAME_ONSET_S)
    return [(ref_order[i], est_order[j]) for i, j in matched.tolist()]


def _table(notes: Sequence[ValuedNote]) -> tuple[list[int], EventTable]:
    """Notes as a table, and the index of the note in each of its rows."""
    order = sorted(range(len(notes)), key=lambda i: (notes[i].key, notes[i].onset_s))
    earliest_s = min((note.onset_s for note in notes), default=0.0)
    events = tuple(Note(note.onset_s - earliest_s, note.onset_s - earliest_s + 1, note.key, 1) for note in notes)
    return order, EventTable.of_notes(Performance(events)).shifted(earliest_s)


@dataclass(frozen=True, slots=True)
class _Links:
    """For each note that takes part, by its index: the notes that it is linked to, and the size of its cluster."""

    following: dict[int, frozenset[int]]
    size: dict[int, int]


def _link(notes: Sequence[ValuedNote], chosen: Sequence[int]) -> _Links:
    """The links among the chosen notes."""
    following: dict[int, frozenset[int]] = {}
    size: dict[int, int] = {}
    voices: dict[str, dict[tuple[Fraction, Fraction], list[int]]] = defaultdict(lambda: defaultdict(list))
    for i in chosen:
        voices[notes[i].voice][notes[i].start, notes[i].end].append(i)
    for clusters in voices.values():
        starting: dict[Fraction, list[tuple[Fraction, Fraction]]] = defaultdict(list)
        for span in clusters:
            starting[span[0]].append(span)
        starts = sorted(starting)
        place = np.searchsorted([float(start) for start in starts], [float(end) for _, end in clusters])
        for (span, cluster), k in zip(clusters.items(), place.tolist(), strict=True):
            after = [one for one in starting[starts[k]] if one != span] if k < len(starts) else []
            if not after and k + 1 < len(starts) and starts[k] == span[0]:  # a note of no duration meets itself
                after = starting[starts[k + 1]]
            linked = frozenset(i for one in after for i in clusters[one])
            for i in cluster:
                following[i], size[i] = linked, len(cluster)
    return _Links(following, size)


def _compare_voices(
    reference: Sequence[ValuedNote], estimate: Sequence[ValuedNote], pairs: list[tuple[int, int]]
) -> tuple[float, list[tuple[int, int]]]:
    """F1 of links, and the pairs whose values are to be judged."""
    among_found = _link(reference, [i for i, _ in pairs])
    found = _link(estimate, [j for _, j in pairs])
    among_all = _link(reference, range(len(reference)))
    of_estimate = {j: i for i, j in pairs}
    right = links = 0.0
    to_judge = []
    for i, j in pairs:
        true = among_found.following[i]
        made = {of_estimate[k] for k in found.following[j]}
        if true or made:
            weight = 2 / (len(true) + len(made)) * 2 / (among_found.size[i] + found.size[j])
            right += 2 * len(true & made) * weight
            links += (len(true) + len(made)) * weight
        wanted = among_all.following[i]
        if wanted & made or not (wanted or made):
            to_judge.append((i, j))
    return right / links if links else 0.0, to_judge


def _value(true: ValuedNote, made: ValuedNote) -> float:
    error_s = abs(true.duration_s - made.duration_s)
    if error_s <= _SAME_DURATION_S + 1e-9:
        return 1.0
    return max(0.0, 1 - error_s / true.duration_s) if true.duration_s > 0 else 0.0


def match_groupings(reference_s: np.ndarray, estimate_s: np.ndarray) -> float:
    """F1 of groupings (n, 2) that agree within 50 ms at both ends; 0 if there are none."""
    if not len(reference_s) or not len(estimate_s):
        return 0.0
    limit_s = _SAME_GROUPING_S + 1e-9
    reference_s = reference_s[np.lexsort(reference_s.T[::-1])]
    is_free = np.ones(len(reference_s), dtype=bool)
    for begin_s, end_s in estimate_s[np.lexsort(estimate_s.T[::-1])]:
        first, last = np.searchsorted(reference_s[:, 0], [begin_s - limit_s, begin_s + limit_s])
        near = np.abs(reference_s[first:last, 1] - end_s) <= limit_s
        candidates = np.flatnonzero(near & is_free[first:last])
        if len(candidates):
            is_free[first + candidates[0]] = False
    return float(2 * (~is_free).sum() / (len(reference_s) + len(estimate_s)))


def _compare_keys(reference: TimedScore, estimate: TimedScore) -> float | None:
    """The agreement of keys over the time of the true ones; None without true ones."""
    if not reference.keys:
        return None
    begin_s, end_s = reference.keys[0].time_s, reference.end_s
    if end_s <= begin_s:
        return 0.0
    times_s = {begin_s, end_s, *(key.time_s for key in (*reference.keys, *estimate.keys))}
    cuts_s = sorted(time_s for time_s in times_s if begin_s <= time_s <= end_s)
    agreed_s = 0.0
    for from_s, to_s in pairwise(cuts_s):
        true, made = _key_at(reference.keys, from_s), _key_at(estimate.keys, from_s)
        if true and made:
            agreed_s += (to_s - from_s) * key_agreement(true, made)
    return agreed_s / (end_s - begin_s)


def _key_at(keys: Sequence[HeldKey], time_s: float) -> HeldKey | None:
    return next((key for key in reversed(keys) if key.time_s <= time_s), None)


def key_agreement(true: HeldKey, made: HeldKey) -> float:
    """1 for the same key, 0.5 a fifth off in the same mode, 0.3 for the relative key, 0.2 for the parallel one."""
    apart = abs(true.fifths - made.fifths) % 12  # enharmonic keys sound the same
    apart = min(apart, 12 - apart)
    if None in (true.mode, made.mode) or true.mode == made.mode:
        return {0: 1.0, 1: 0.5}.get(apart, 0.0)
    minor, major = (true, made) if true.mode == "minor" else (made, true)
    return {0: 0.3, 3: 0.2}.get((major.fifths - minor.fifths) % 12, 0.0)
