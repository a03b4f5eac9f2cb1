"""Small data sets of annotated performances, in the layouts of those that are shared."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pianotrans.events import Note, Performance
from pianotrans.events.midi import midi_bytes

BEAT_S = 0.6


def quavers(n_beats: int, n_in_bar: int) -> Performance:
    """Quavers with a bass on the beats and a chord on downbeats."""
    notes = [Note(0.3 * i, 0.3 * i + 0.25, 72, 64) for i in range(2 * n_beats)]
    notes += [Note(BEAT_S * i, BEAT_S * i + 0.25, 48, 64) for i in range(n_beats)]
    notes += [Note(BEAT_S * i, BEAT_S * i + 0.25, 36, 64) for i in range(0, n_beats, n_in_bar)]
    return Performance(tuple(notes))


def climbing(n_chords: int, n_in_bar: int) -> Performance:
    """A melody over octaves that climb into its register, so that no key divides the hands."""
    lows = [(BEAT_S * i, 40 + i % 24) for i in range(n_chords)]
    return Performance(tuple(Note(at_s, at_s + 0.3, low + up, 64) for at_s, low in lows for up in (0, 12, 19)))


def hands_of(performance: Performance) -> list[int]:
    """Of these performances: 1, the right hand, for the highest note of each time; 2 for the others."""
    top = {}
    for note in performance.notes:
        top[note.onset_s] = max(note.key, top.get(note.onset_s, 0))
    return [1 if note.key == top[note.onset_s] else 2 for note in performance.notes]


def _alignment(performance: Performance) -> bytes:
    columns = "onset_s key bar beat_in_bar after_beat duration score_onset_beats score_offset_beats staff voice"
    lines = [[*columns.split(), "spelling", "marks"]]
    for note, hand in zip(performance.notes, hands_of(performance), strict=True):
        lines.append([str(note.onset_s), str(note.key), "1", "1", "0", "1/8", "0", "0.5", str(hand), "1", "", ""])
    return gzip.compress("".join("\t".join(line) + "\n" for line in lines).encode())


def write_asap(root: Path) -> Path:
    """Two performances to learn from and one to be validated on, with their beats and staves."""
    for name in ("performances", "beats", "alignment"):
        (root / name).mkdir(parents=True)
    rows = ["id,composer,split,score"]
    for name, split, n_beats, n_in_bar in (
        ("a", "train", 24, 3),
        ("b", "train", 32, 4),
        ("c", "validation", 24, 2),
    ):
        rows.append(f"{name},Nobody,{split},{name}")
        (root / "performances" / f"{name}.mid").write_bytes(midi_bytes(quavers(n_beats, n_in_bar)))
        (root / "alignment" / f"{name}.tsv.gz").write_bytes(_alignment(quavers(n_beats, n_in_bar)))
        beats = [(BEAT_S * i, "b" if i % n_in_bar else "db") for i in range(n_beats)]
        lines = "".join(f"{time_s}\t{time_s}\t{label}\n" for time_s, label in beats)
        (root / "beats" / f"{name}.txt").write_text(lines)
    (root / "performances.csv").write_text("\n".join(rows) + "\n")
    return root


def write_piano_midi_de(root: Path, play: Callable[[int, int], Performance] = quavers) -> Path:
    """One piece to learn from, and one to be validated on, with their beats and hands."""
    root.mkdir(parents=True)
    pieces = [("d", "train", 30, 3), ("e", "validation", 20, 4)]
    played = [play(n_beats, n_in_bar) for _, _, n_beats, n_in_bar in pieces]
    notes = [performance.notes for performance in played]
    metas = [
        {"id": name, "composer": "Nobody", "title": name, "split": split, "ts": [[0.0, f"{n}/4"]], "ks": []}
        for name, split, _, n in pieces
    ]
    beats = [[(1200 * i, i % n_in_bar == 0) for i in range(n_beats)] for _, _, n_beats, n_in_bar in pieces]
    onsets = [np.round([2000 * note.onset_s for note in some]).astype(int) for some in notes]
    np.savez(
        root / "pieces.npz",
        onset_delta=np.concatenate([np.diff(some, prepend=0) for some in onsets]),
        dur=np.full(sum(map(len, notes)), 125),
        pv=np.array([(note.key, note.velocity) for some in notes for note in some], np.uint8),
        staff=np.concatenate([hands_of(performance) for performance in played]).astype(np.int8),
        off=np.cumsum([0, *map(len, notes)]),
        beats=np.concatenate(beats).astype(int),
        boff=np.cumsum([0, *map(len, beats)]),
        meta=json.dumps(metas),
    )
    return root
