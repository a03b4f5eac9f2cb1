"""What well-known libraries and simple rules reach on annotated performances: the rows beside ours in the tables.

    python -m tests.benchmarks.score_baselines ASAP [--split test] [--one-each] [--limit N] [--seconds 90]

Beats: pretty_midi (one tempo for the piece), partitura (multi-agent tracking), librosa (PLP on the onsets). None of
them finds bars, so every fourth beat is taken as a downbeat. Hands: a split at middle C, and a moving mean of keys.
Keys: the profiles of Krumhansl and Schmuckler in partitura, those of Aarden and Essen in music21. Spelling: ps13 in
partitura, and the names that music21 gives the keys of the piano. The truth and the measures are those of
`pianotrans evaluate score`.
"""

import argparse
import statistics
import sys
from collections import defaultdict
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from pianotrans.datasets.asap import list_asap
from pianotrans.datasets.beats import BeatAnnotation
from pianotrans.evaluation.score import score_beats
from pianotrans.evaluation.score.collection import choose_pieces
from pianotrans.evaluation.score.piece import PieceTruth
from pianotrans.evaluation.score.signatures import longest
from pianotrans.events import Performance
from pianotrans.score.beats.grid import Beat, BeatGrid

_SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}


def grid(times_s: np.ndarray) -> BeatGrid:
    """Beats in bars of four."""
    times_s = np.unique(times_s[times_s >= 0])
    return BeatGrid(tuple(Beat(float(time_s), i // 4 + 1, i % 4, 4, 1, 1) for i, time_s in enumerate(times_s)))


def beats_of_pretty_midi(played: Performance) -> BeatGrid:
    midi = played.to_midi()
    period_s = 60 / midi.estimate_tempo()
    return grid(np.arange(midi.estimate_beat_start(), played.end_s, period_s))


def beats_of_partitura(played: Performance) -> BeatGrid:
    import partitura.musicanalysis

    return grid(np.asarray(partitura.musicanalysis.estimate_time(note_array(played))["beats"], dtype=float))


def beats_of_librosa(played: Performance) -> BeatGrid:
    """PLP of an envelope of onsets, each as loud as its velocity and 20 ms wide."""
    import librosa

    rate, hop = 22050, 512
    frames_s = np.arange(0, played.end_s + 1, hop / rate)
    envelope = np.zeros(len(frames_s))
    for note in played.notes:
        i = int(note.onset_s * rate / hop)
        near = slice(max(i - 4, 0), i + 5)
        envelope[near] += note.velocity * np.exp(-0.5 * ((frames_s[near] - note.onset_s) / 0.02) ** 2)
    pulse = librosa.beat.plp(onset_envelope=envelope, sr=rate, hop_length=hop)
    return grid(frames_s[: len(pulse)][librosa.util.localmax(pulse)])


def note_array(played: Performance) -> np.ndarray:
    """The notes as partitura takes them."""
    kinds = [("onset_sec", "f4"), ("duration_sec", "f4"), ("pitch", "i4"), ("velocity", "i4"), ("id", "U16")]
    rows = [
        (note.onset_s, note.offset_s - note.onset_s, note.key, note.velocity, f"n{i}")
        for i, note in enumerate(played.notes)
    ]
    return np.array(rows, dtype=kinds)


def split_at_middle_c(keys: np.ndarray) -> np.ndarray:
    return np.where(keys >= 60, 1, 2)


def moving_mean(keys: np.ndarray, n_around: int = 12) -> np.ndarray:
    """Above the mean of the notes around, as many before as behind, is the right hand."""
    sums = np.concatenate([[0], np.cumsum(keys)])
    i = np.arange(len(keys))
    first, last = np.maximum(i - n_around, 0), np.minimum(i + n_around + 1, len(keys))
    return np.where(keys >= (sums[last] - sums[first]) / (last - first), 1, 2)


def spellings_of_partitura(played: Performance) -> list[str]:
    import partitura.musicanalysis

    spelt = partitura.musicanalysis.estimate_spelling(note_array(played))
    return [f"{one['step']}{_SIGNS[int(one['alter'])]}{one['octave']}" for one in spelt]


def spellings_of_music21(played: Performance) -> list[str]:
    from music21.pitch import Pitch

    return [Pitch(note.key).nameWithOctave.replace("-", "b") for note in played.notes]


def shares_of_notes(truth: PieceTruth) -> dict[str, float]:
    """Hands and spelling."""
    keys = np.array([note.key for note in truth.performance.notes])
    known = [(i, note.staff) for i, note in truth.notes.items() if note.staff]
    found = {}
    if not known:
        return found
    for name, hands in {"split at C4": split_at_middle_c(keys), "moving mean": moving_mean(keys)}.items():
        found[f"staff, {name}"] = statistics.fmean(hands[i] == staff for i, staff in known)
    for name, spell in {"ps13": spellings_of_partitura, "music21": spellings_of_music21}.items():
        spelt = spell(truth.performance)
        found[f"spelling, {name}"] = statistics.fmean(spelt[i] == note.spelling for i, note in truth.notes.items())
    return found


def key_of_partitura(played: Performance) -> int:
    """Its sharps, or minus its flats."""
    import partitura.musicanalysis
    from partitura.utils import key_name_to_fifths_mode

    return int(key_name_to_fifths_mode(partitura.musicanalysis.estimate_key(note_array(played)))[0])


def key_of_music21(played: Performance) -> int:
    from music21.note import Note
    from music21.stream import Stream

    stream = Stream()
    for note in played.notes:
        stream.insert(note.onset_s, Note(note.key, quarterLength=max(note.offset_s - note.onset_s, 0.01)))
    return int(stream.analyze("key").sharps)


def shares_of_keys(truth: PieceTruth) -> dict[str, float]:
    """The key of the whole piece, as the first and as the longest."""
    keys = [(one.time_s, one.fifths) for one in truth.piece.beats.key_signatures]
    if not keys:
        return {}
    main = longest(keys, float(truth.piece.beats.times_s[-1]))
    found = {}
    for name, find in {"partitura": key_of_partitura, "music21": key_of_music21}.items():
        fifths = find(truth.performance)
        found[f"first key, {name}"] = float(fifths == keys[0][1])
        found[f"longest key, {name}"] = float(fifths == main)
    return found


TRACKERS = {
    "pretty_midi": beats_of_pretty_midi,
    "partitura": beats_of_partitura,
    "librosa PLP": beats_of_librosa,
}


def cut(truth: PieceTruth, seconds: float) -> tuple[BeatAnnotation, Performance]:
    """The beginning of a piece."""
    beats, played = truth.piece.beats, truth.performance
    kept = beats.times_s <= seconds
    part = replace(
        beats,
        times_s=beats.times_s[kept],
        is_downbeat=beats.is_downbeat[kept],
        is_certain=beats.is_certain[kept],
    )
    notes = tuple(note for note in played.notes if note.onset_s <= seconds)
    return part, Performance(notes, duration_s=min(played.end_s, seconds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--one-each", action="store_true", help="one performance of each composition")
    parser.add_argument("--limit", type=int, help="the first so many")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th of them")
    parser.add_argument("--seconds", type=float, default=np.inf, help="beats of the beginning only")
    arguments = parser.parse_args()

    figures: dict[str, list[float]] = defaultdict(list)
    pieces = choose_pieces(list_asap(arguments.root), arguments.split, arguments.one_each)
    for piece in pieces[:: arguments.every][: arguments.limit]:
        truth = PieceTruth.load(arguments.root, piece)
        beats, played = cut(truth, arguments.seconds)
        for name, track in TRACKERS.items():
            if (scores := score_beats(beats, track(played))) is not None:
                for figure, value in asdict(scores).items():
                    figures[f"{figure}, {name}"].append(value)
        for figure, value in (shares_of_notes(truth) | shares_of_keys(truth)).items():
            figures[figure].append(value)
    for figure, values in sorted(figures.items()):
        print(f"{figure:24s} {100 * statistics.fmean(values):5.1f}  ({len(values)} pieces)")


if __name__ == "__main__":
    sys.exit(main())
