"""Measure key signatures, spellings, durations and voices on the test pieces of (n)ASAP, one performance of each.

    python -m tests.benchmarks.notes_on_paper ASAP [--split test]

Positions, hands and, for the spelling, key signatures are the true ones of the alignments; releases are as played.
Pieces whose bars cannot be read off the alignment are left out of durations and voices. The voices of a staff are
compared as MV2H does, by the links from notes to those that follow; beside them stand those of partitura (VoSA,
Chew & Wu 2004), which is told the true durations as well.
"""

import argparse
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np

from pianotrans.datasets.alignments import match_notes, read_alignment
from pianotrans.datasets.asap import list_asap
from pianotrans.evaluation.score.mv2h import TimedScore, ValuedNote, compute_mv2h
from pianotrans.score.keys.keys import find_keys
from pianotrans.score.pitch import KeySignature
from pianotrans.score.spelling.spelling import spell
from pianotrans.score.voices.meter import BarSpan
from pianotrans.score.voices.voices import assign_voices

_PLACES = {step: i - 1 for i, step in enumerate("FCGDAEB")}


def read_piece(root: Path, piece):
    """What is measured: arrays of notes, in order of onset, with true positions in quarter notes."""
    performance = piece.load()
    matched = match_notes(performance, read_alignment(root / "alignment" / f"{piece.name}.tsv.gz"))
    indices = sorted(matched)
    notes = [matched[i] for i in indices]
    offset_s = np.array([performance.notes[i].offset_s for i in indices])
    units = [
        4 * float(n.duration) / (n.offset_beats - n.onset_beats)
        for n in notes
        if n.offset_beats > n.onset_beats + 0.05
    ]
    unit = float(np.median(units)) if units else 1.0
    beats = np.array([n.onset_beats for n in notes])
    position = [Fraction(unit * (b - beats.min())).limit_denominator(96) for b in beats.tolist()]
    return notes, position, offset_s


def released(notes, position, offset_s):
    """When keys are let go, in quarter notes."""
    at = np.array(position, dtype=float)
    known = np.unique(at)
    onset_s = np.array([n.onset_s for n in notes])
    times = np.maximum.accumulate([np.median(onset_s[at == p]) for p in known]) + 1e-6 * np.arange(len(known))
    return np.interp(offset_s, times, known)


def true_place(name: str) -> int | None:
    match = re.fullmatch(r"([A-G])(#*|b*)-?\d+", name)
    return _PLACES[match[1]] + 7 * (match[2].count("#") - match[2].count("b")) if match else None


def measure(root: Path, piece) -> Counter:
    notes, position, offset_s = read_piece(root, piece)
    changes = piece.beats.key_signatures
    if not notes or not changes:
        return Counter()
    key = np.array([n.key for n in notes])
    release = released(notes, position, offset_s)
    onset_s = np.array([n.onset_s for n in notes])
    downbeats = piece.beats.downbeats_s
    bar = np.clip(np.searchsorted(downbeats, onset_s + 0.05) - 1, 0, None)
    n_bars = int(bar.max()) + 1
    start_s = downbeats[:n_bars] if len(downbeats) >= n_bars else np.zeros(n_bars)
    at = np.searchsorted([c.time_s for c in changes], start_s + 0.05) - 1
    fifths = np.array([changes[max(i, 0)].fifths for i in at.tolist()])
    sounding = np.maximum(release - np.array(position, dtype=float), 0.05)
    found = np.array([k.fifths for k in find_keys(key, sounding, bar, n_bars)])
    result = Counter(pieces=1, first=int(found[0] == fifths[0]))
    result["longest"] = int(np.bincount(found + 7).argmax() == np.bincount(fifths + 7).argmax())
    result["bars"], result["bars_right"] = n_bars, int((found == fifths).sum())
    staff = np.array([n.staff or 1 for n in notes])
    truth = [true_place(n.spelling) for n in notes]
    for name, signatures in (("spelled", fifths), ("spelled_found", found)):
        spelled = spell(key, position, staff, bar, [KeySignature(int(f)) for f in signatures])
        result[name] = sum(t == s.fifths for t, s in zip(truth, spelled, strict=True))
    result["spellings"] = sum(t is not None for t in truth)
    result.update(measure_voices(piece, notes, position, release, key, staff))
    return result


def measure_voices(piece, notes, position, release, key, staff) -> Counter:
    signatures = piece.beats.time_signatures
    if len(signatures) != 1 or any(p.denominator > 24 for p in position):
        return Counter()
    n, d = signatures[0].numerator, signatures[0].denominator
    length = Fraction(4 * n, d)
    beat = length / signatures[0].n_beats
    # the first bar begins where a note stands on its first beat
    first = next(
        (p for p, note in zip(position, notes, strict=True) if note.beat == 1 and note.after_beat == 0), None
    )
    if first is None:
        return Counter()
    shift = -first % length
    position = [p + shift for p in position]
    spans = [BarSpan(i * length, length, beat) for i in range(int(max(position) / length) + 2)]
    grace = np.array([note.is_grace for note in notes])
    found = assign_voices(position, release + float(shift), key, staff, grace, spans)
    result = Counter()
    true_voices, found_voices = {}, {}
    for i, note in enumerate(notes):
        if grace[i]:
            continue
        place = int(position[i] / length), int(staff[i])
        true_voices.setdefault(place, set()).add(note.voice)
        found_voices.setdefault(place, set()).add(int(found.voice[i]))
        result["durations"] += 1
        result["durations_right"] += found.duration[i] == 4 * note.duration
    true = [4 * note.duration for note in notes]
    result["voice_pieces"] = 1
    for name, durations, voices in (
        ("voice", found.duration, found.voice),
        ("voice_vosa", true, voices_of_partitura(position, true, key, staff, grace)),
    ):
        links = (
            links_of(notes, position, d, v, staff, grace)
            for d, v in ((true, [note.voice for note in notes]), (durations, voices))
        )
        result[name] = compute_mv2h(*links).voice
    result["staff_bars"] = len(true_voices)
    result["true_voices"] = sum(map(len, true_voices.values()))
    result["found_voices"] = sum(map(len, found_voices.values()))
    return result


def links_of(notes, position, duration, voice, staff, grace) -> TimedScore:
    """The notes, but for grace notes, as MV2H takes them; only their voices are to be compared."""
    valued = tuple(
        ValuedNote(note.key, note.onset_s, start, start + length, 0.0, f"{hand} {one}")
        for note, start, length, one, hand, is_grace in zip(
            notes, position, duration, voice, staff, grace, strict=True
        )
        if not is_grace
    )
    return TimedScore(valued, np.empty((0, 2)), (), 0.0)


def voices_of_partitura(position, duration, key, staff, grace):
    """The voices of each staff by itself."""
    from partitura.musicanalysis import estimate_voices

    kinds = [("onset_beat", "f4"), ("duration_beat", "f4"), ("pitch", "i4"), ("id", "U16")]
    voice = np.ones(len(key), dtype=np.int64)
    for hand in (1, 2):
        chosen = np.flatnonzero((staff == hand) & ~grace).tolist()
        if chosen:
            rows = [(float(position[i]), float(duration[i]), int(key[i]), f"n{i}") for i in chosen]
            voice[chosen] = estimate_voices(np.array(rows, dtype=kinds), monophonic_voices=False)
    return voice


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("--split", default="test")
    arguments = parser.parse_args()
    pieces = {p.score: p for p in list_asap(arguments.root) if p.split == arguments.split}.values()
    total: Counter = Counter()
    for piece in pieces:
        if (arguments.root / "alignment" / f"{piece.name}.tsv.gz").exists():
            total.update(measure(arguments.root, piece))
    for name, part, whole in (
        ("key signature, first", "first", "pieces"),
        ("key signature, longest", "longest", "pieces"),
        ("key signature, bars", "bars_right", "bars"),
        ("spelling, true signatures", "spelled", "spellings"),
        ("spelling, signatures found", "spelled_found", "spellings"),
        ("duration", "durations_right", "durations"),
        ("voice", "voice", "voice_pieces"),
        ("voice, partitura", "voice_vosa", "voice_pieces"),
    ):
        print(f"{name:28s} {100 * total[part] / max(total[whole], 1):5.1f} %  of {total[whole]}")
    for name, part in (("voices of a staff in a bar", "found_voices"), ("… in the edition", "true_voices")):
        print(f"{name:28s} {total[part] / max(total['staff_bars'], 1):5.2f}")


if __name__ == "__main__":
    main()
