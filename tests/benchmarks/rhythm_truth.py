"""What the alignments of (n)ASAP say about rhythm: bars, hands and positions in beats."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from pianotrans.datasets.alignments import AlignedNote, match_notes, read_alignment
from pianotrans.datasets.beats import AnnotatedPiece, BeatAnnotation
from pianotrans.events import Performance
from pianotrans.score.bars import Bar, BarGrid
from pianotrans.score.hands.hands import RIGHT, Hands

_UNITS = (Fraction(1, 4), Fraction(1, 8), Fraction(1, 2), Fraction(3, 8), Fraction(1, 16))


@dataclass(frozen=True, eq=False)
class RhythmTruth:
    """A performance, its annotated bars, its hands, and the position of every note that has one.

    `is_grace` and `is_matched` (n_notes,): the score writes it as a grace note; the alignment knows it at all.
    `annotated` is the range of the beats of `bars` that are annotated, `signatures` one for each bar.
    """

    performance: Performance
    bars: BarGrid
    hands: Hands
    onset: list[Fraction | None]
    is_grace: np.ndarray
    is_matched: np.ndarray
    annotated: range
    signatures: list[tuple[int, int]]


def read_truth(root: Path, piece: AnnotatedPiece) -> RhythmTruth | None:
    """None where there is no alignment, or one that does not agree with the beats."""
    path = root / "alignment" / f"{piece.name}.tsv.gz"
    if not path.exists() or len(piece.beats.times_s) < 10:
        return None
    performance = piece.load()
    aligned = match_notes(performance, read_alignment(path))
    if not aligned:
        return None
    onset_s = np.array([note.onset_s for note in performance.notes])
    bars, annotated = _annotated_bars(piece.beats, onset_s)
    beats_s = piece.beats.times_s
    lengths = [_beat_length(piece.beats, float(t)) for t in np.clip(bars.beats_s, beats_s[0], beats_s[-1])]
    onset, error = _positions(bars.beat_at(onset_s), lengths, aligned)
    if error > 0.2:
        return None
    n_notes = len(onset_s)
    return RhythmTruth(
        performance,
        bars,
        _hands(performance, aligned),
        [onset.get(i) for i in range(n_notes)],
        np.array([i in aligned and aligned[i].is_grace for i in range(n_notes)]),
        np.array([i in aligned for i in range(n_notes)]),
        annotated,
        [_signature(piece.beats, float(bars.beats_s[bar.first_beat])) for bar in bars.bars],
    )


def _annotated_bars(beats: BeatAnnotation, onset_s: np.ndarray) -> tuple[BarGrid, range]:
    """The annotated beats, carried on to both ends of the performance; and the range of those annotated."""
    keep = np.diff(beats.times_s, prepend=-np.inf) > 0.02
    times_s, is_downbeat = beats.times_s[keep], beats.is_downbeat[keep]
    first_s, last_s = np.median(np.diff(times_s)[:4]), np.median(np.diff(times_s)[-4:])
    n_before = max(0, int(np.ceil((times_s[0] - onset_s.min()) / first_s + 0.5)))
    n_after = max(1, int(np.ceil((onset_s.max() - times_s[-1]) / last_s + 0.5)))
    all_s = np.concatenate(
        [
            times_s[0] - first_s * np.arange(n_before, 0, -1),
            times_s,
            times_s[-1] + last_s * np.arange(1, n_after + 1),
        ]
    )
    n_beats = len(all_s) - 1
    starts = sorted(
        {0, *(int(i) + n_before for i in np.flatnonzero(is_downbeat) if i + n_before < n_beats), n_beats}
    )
    usual = Counter(np.diff(starts).tolist()).most_common(1)[0][0]
    bars = [Bar(i, a, b - a, usual if i == 0 else b - a) for i, (a, b) in enumerate(pairwise(starts))]
    certain = np.ones(n_beats)
    return BarGrid(all_s, tuple(bars), certain, certain), range(n_before, n_before + len(times_s) - 1)


def _signature(beats: BeatAnnotation, time_s: float) -> tuple[int, int]:
    changes = beats.time_signatures
    current = [change for change in changes if change.time_s <= time_s + 1e-4] or list(changes[:1])
    return (current[-1].numerator, current[-1].denominator) if current else (4, 4)


def _beat_length(beats: BeatAnnotation, time_s: float) -> Fraction:
    """In whole notes."""
    upper, lower = _signature(beats, time_s)
    n_beats = upper // 3 if upper > 3 and upper % 3 == 0 else upper
    return Fraction(upper, lower) / n_beats


def _positions(
    beat: np.ndarray, lengths: list[Fraction], aligned: dict[int, AlignedNote]
) -> tuple[dict[int, Fraction], float]:
    """Positions in beats, and how far notes are from them on average.

    The fraction comes from the score and the whole beat from the time. Which note `beat` in a bar counts is the one
    that fits best. Bars that do not fit, such as incomplete ones, are left out.
    """

    def away(i: int, unit: Fraction) -> tuple[Fraction, float]:
        length = lengths[min(max(int(beat[i] + 0.1), 0), len(lengths) - 1)]
        fraction = (((aligned[i].beat - 1) * unit + aligned[i].after_beat) % length) / length
        whole = round(beat[i] - float(fraction))
        return whole + fraction, float(beat[i] - float(fraction) - whole)

    def misfit(unit: Fraction) -> float:
        return float(np.mean([abs(away(i, unit)[1]) if aligned[i].after_beat < unit else 0.5 for i in aligned]))

    error, unit = min((misfit(unit), unit) for unit in _UNITS)
    by_bar = defaultdict(list)
    for i, note in aligned.items():
        by_bar[note.bar].append((i, *away(i, unit)))
    found = {}
    for notes in by_bar.values():
        if abs(np.median([off for *_, off in notes])) <= 0.2:
            found |= {i: position for i, position, off in notes if abs(off) < 0.4}
    return found, error


def _hands(performance: Performance, aligned: dict[int, AlignedNote]) -> Hands:
    """The staff; notes that the alignment does not know are played by the hand that is near."""
    onset_s = np.array([note.onset_s for note in performance.notes])
    key = np.array([note.key for note in performance.notes])
    staff = np.array([(aligned[i].staff or 0) if i in aligned else 0 for i in range(len(key))])
    known = np.flatnonzero(staff)
    for i in np.flatnonzero(staff == 0).tolist():
        near = known[np.argsort(np.abs(onset_s[known] - onset_s[i]))[:12]]
        far = np.abs(key[near] - key[i]) + 2 * np.abs(onset_s[near] - onset_s[i])
        staff[i] = staff[near[np.argmin(far)]] if len(near) else RIGHT
    return Hands(staff, np.ones(len(staff)))
