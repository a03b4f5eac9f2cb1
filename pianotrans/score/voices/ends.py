"""Where the notes of an onset may end on paper, and what each end costs."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from pianotrans.score.beats.notes import Array
from pianotrans.score.voices.meter import MetricGrid

_MOST_JUMPED = 8  # onsets of the hand that a held note may last through
_BEATS_TRIED = 4

FEATURES = (
    "held",  # it lasts through a later onset of the hand
    "short",  # a rest follows
    "ties",
    "dotted",
    "jumped",  # onsets that it lasts through
    "held_elsewhere",  # it is held, and nothing begins where it ends
    "over_bar",  # it is held over a barline
    "off_beat_rest",  # a rest follows that does not begin on a beat
    "rest",  # the rest's share of the time to the next onset
    "held_on_beat",  # it is held and begins on a beat
    "held_usual",  # it is held where all notes around it are, as with a pedal: how far beyond the next onset
    "filled_early",  # the key is up before the end, as a share of the duration: where the note lasts to the next …
    "held_early",  # … through the next onset, …
    "short_early",  # … or not so far
    "filled_late",  # the key is down after the end, likewise; at most twice the duration
    "held_late",
    "short_late",
    "held_down",  # it is held: for which share of the time behind the next onset the key is down
    "crossed",  # it is held: which share of the onsets passed has notes beyond it, on the better side
    "near",  # it is held: how near the notes passed come, 0 an octave, 1 the same key
    "goes_on",  # it is held: where it ends, its line goes on, beyond all notes passed
)
_N_COMMON = FEATURES.index("filled_early")


@dataclass(frozen=True, eq=False)
class Onset:
    """Notes of one staff that begin together, from low to high.

    `notes` are indices of the caller's notes, `keys` MIDI numbers, `releases` ticks. `ends` are the candidates in
    order of time, the first `n_short` of them not after `following`, where the staff goes on. `features` (n_notes,
    n_ends, n_features) describe them, `above` and `below` (n_notes, n_ends) count the notes beyond a held one;
    `possible` (n_notes, n_ends) is False where the same key is struck again before the end.
    """

    start: int
    following: int
    notes: tuple[int, ...]
    keys: tuple[int, ...]
    ends: tuple[int, ...]
    n_short: int
    features: Array
    above: Array
    below: Array
    possible: np.ndarray


def list_onsets(meter: MetricGrid, ticks: list[int], releases: list[float], keys: list[int]) -> list[Onset]:
    """The onsets of the notes of one staff, in order of time."""
    together = defaultdict(list)
    for note, tick in enumerate(ticks):
        together[tick].append(note)
    starts = sorted(together)
    groups = [sorted(together[start], key=lambda note: keys[note]) for start in starts]
    chords = [tuple(keys[note] for note in group) for group in groups]
    downs = [np.array([releases[note] for note in group]) for group in groups]
    usual = _usual_overlap(starts, downs)
    onsets = []
    for i, (start, group) in enumerate(zip(starts, groups, strict=True)):
        later = starts[i + 1 : i + 2 + _MOST_JUMPED]
        following = later[0] if later else max(meter.bar_end(start), meter.shortest_end(start))
        short, held = _short_ends(meter, start, following), _held_ends(meter, start, later)
        ends = (*short, *held)
        common = [_describe_end(meter, start, following, end, later, usual[i]) for end in ends]
        passing = _Passing(later, chords[i + 1 : i + 1 + len(later)], following)
        described = _describe(start, ends, np.array(common), chords[i], downs[i], passing)
        onsets.append(Onset(start, following, tuple(group), chords[i], ends, len(short), *described))
    return onsets


def _usual_overlap(starts: list[int], downs: list[Array]) -> list[float]:
    """How far the notes around each onset are held beyond the next one, as a share of the time to it; at most 2."""
    gaps = np.diff(starts)
    overlap = [float(np.median(down)) - start for start, down in zip(starts, downs, strict=True)][:-1]
    share = np.clip(np.array(overlap) / np.maximum(gaps, 1) - 1, 0, 2) if len(gaps) else np.zeros(0)
    return [float(np.mean(share[max(i - 4, 0) : i + 5])) if len(share) else 0.0 for i in range(len(starts))]


def _short_ends(meter: MetricGrid, start: int, following: int) -> list[int]:
    """Ends up to the next onset of the staff: the onset, beats before it, a step or half a step of the grid."""
    grid = meter.grid(start)
    tried = {following, meter.bar_end(start), start + grid}
    if not meter.is_tuplet(start):
        tried |= {start + grid // 2} if 2 * grid >= meter.ticks_per_quarter else set()
        tried |= {start + meter.ticks_per_quarter * n // 2 for n in (1, 2, 3, 4, 6, 8)}
    beat = start
    for _ in range(_BEATS_TRIED):
        beat = meter.beat(beat)[1]
        tried.add(beat)
    ends = sorted(end for end in tried if start < end <= following and meter.parts(start, end) is not None)
    return ends or [min(following, meter.shortest_end(start))]


def _held_ends(meter: MetricGrid, start: int, later: list[int]) -> list[int]:
    """Ends behind the next onset of the staff: later onsets, and the bar's end."""
    if not later:
        return []
    tried = {*later[1:]}
    if later[0] < meter.bar_end(start) and (meter.bar_end(start) <= later[-1] or len(later) <= _MOST_JUMPED):
        tried.add(meter.bar_end(start))
    return sorted(end for end in tried if meter.parts(start, end) is not None)


@dataclass(frozen=True, slots=True)
class _Passing:
    """The onsets behind one, and what is struck there; `following` is the first, or the staff's end."""

    starts: list[int]
    chords: list[tuple[int, ...]]
    following: int


def _describe_end(
    meter: MetricGrid, start: int, following: int, end: int, later: list[int], usual: float
) -> list[float]:
    """The features that all notes of an onset share."""
    parts = meter.parts(start, end) or (end - start,)
    is_held, is_short = end > following, end < following
    return [
        is_held,
        is_short,
        len(parts) - 1,
        any(meter.quarters(part).numerator % 3 == 0 for part in parts),
        sum(tick < end for tick in later) if is_held else 0,
        is_held and end not in later,
        is_held and end > meter.bar_end(start),
        is_short and meter.beat(end)[0] != end,
        (following - end) / (following - start) if is_short else 0,
        is_held and meter.beat(start)[0] == start,
        usual if is_held else 0,
    ]


def _describe(
    start: int, ends: tuple[int, ...], common: Array, chord: tuple[int, ...], down: Array, passing: _Passing
) -> tuple[Array, Array, Array, np.ndarray]:
    shape = (len(chord), len(ends))
    end = np.array(ends, dtype=float)
    features = np.zeros((*shape, len(FEATURES)))
    features[:, :, :_N_COMMON] = common
    kind = np.where(end < passing.following, 2, np.where(end > passing.following, 1, 0))
    column, length = np.arange(len(ends)), end - start
    features[:, column, _N_COMMON + kind] = np.clip((end - down[:, None]) / length, 0, 1)
    features[:, column, _N_COMMON + 3 + kind] = np.clip((down[:, None] - end) / length, 0, 2)
    above, below = np.zeros((2, *shape))
    possible = np.ones(shape, dtype=bool)
    first_held = int(np.searchsorted(end, passing.following, side="right"))
    for i, key in enumerate(chord if first_held < len(ends) else ()):
        for j in range(first_held, len(ends)):
            passed = [keys for tick, keys in zip(passing.starts, passing.chords, strict=True) if tick < ends[j]]
            highest, lowest = [keys[-1] for keys in passed], [keys[0] for keys in passed]
            above[i, j] = sum(other > key for other in highest) / len(passed)
            below[i, j] = sum(other < key for other in lowest) / len(passed)
            is_upper = above[i, j] <= below[i, j]
            near = max(highest) if is_upper else min(lowest)
            goes_on = False
            if ends[j] in passing.starts:
                reached = passing.chords[passing.starts.index(ends[j])]
                goes_on = reached[-1] > near if is_upper else reached[0] < near
            features[i, j, -4:] = [
                min(max((down[i] - passing.following) / (ends[j] - passing.following), 0.0), 1.0),
                min(above[i, j], below[i, j]),
                1 - min(abs(key - near), 12) / 12,
                goes_on,
            ]
            possible[i, j] = not any(key in keys for keys in passed)
    return features, above, below, possible
